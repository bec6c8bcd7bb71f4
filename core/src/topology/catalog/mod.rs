//! The one table of kinds: palette, inspector, validation, command-line help and documentation all read it.
//!
//! A row of [`KINDS`] is a kind of node; its parameters, and those of edges ([`EDGE`]), classes ([`CLASS`]), arrivals
//! ([`ARRIVALS`]), zones, hosts, objectives and prices, are rows of [`Param`]; what can happen on a timeline is a row of
//! [`ACTIONS`]. A new kind is a file in `topology/kind/`, one in `sim/node/` and one in the agent's `deploy/`.
mod rows;

use super::kind;
use super::reader::read;
use super::spec::{Params, Value};
pub use rows::{ACTIONS, ARRIVALS, CLASS, EDGE, HOST, OBJECTIVES, PRICES, ROUND_TRIP, ZONE};

/// What a kind is grouped under in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Where requests come from and how they find their way.
    Traffic,
    /// What works on them.
    Compute,
    /// What remembers.
    Data,
    /// What watches.
    Operations,
}

impl Group {
    /// All groups, in the palette's order.
    pub const ALL: [Self; 4] = [Self::Traffic, Self::Compute, Self::Data, Self::Operations];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Traffic => "Traffic",
            Self::Compute => "Compute",
            Self::Data => "Data",
            Self::Operations => "Operations",
        }
    }
}

/// A kind of node.
#[derive(Debug)]
pub struct Kind {
    /// Its name in documents.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Where it stands in the palette.
    pub group: Group,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// The names of the kinds that it may call.
    pub calls: &'static [&'static str],
    /// Its parameters.
    pub params: &'static [Param],
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name in documents.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it does, in a sentence, with its unit.
    pub about: &'static str,
    /// What may stand there.
    pub form: Form,
    /// What stands there when nothing is written, as it would be written.
    pub default: &'static str,
    /// What it is shown with.
    pub section: Section,
    /// When it has an effect.
    pub when: When,
}

/// Parameters that belong together, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What most designs write.
    Essential,
    /// How much it can do.
    Capacity,
    /// Who waits, and how long.
    Queueing,
    /// Where requests go.
    Routing,
    /// How it notices what is down.
    Health,
    /// What is kept, and for how long.
    Entries,
    /// How keys are spread.
    Sharding,
    /// Copies.
    Replication,
    /// How many there are, by itself.
    Scaling,
    /// What is sent again, or twice.
    Retries,
    /// What fails, and what then.
    Failures,
    /// The most that is let through.
    Limits,
    /// What is between.
    Network,
    /// What only a live run acts on.
    Live,
    /// The rest.
    More,
}

impl Section {
    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Essential => "Essential",
            Self::Capacity => "Capacity",
            Self::Queueing => "Queueing",
            Self::Routing => "Routing",
            Self::Health => "Health checks",
            Self::Entries => "Entries",
            Self::Sharding => "Sharding",
            Self::Replication => "Replication",
            Self::Scaling => "Autoscaling",
            Self::Retries => "Retries and hedging",
            Self::Failures => "Failures",
            Self::Limits => "Limits",
            Self::Network => "Network",
            Self::Live => "Live run",
            Self::More => "More",
        }
    }
}

/// When a parameter has an effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Always.
    Always,
    /// When the row of this name, which has an effect itself, stands at one of these values.
    Is(&'static str, &'static [&'static str]),
    /// When the row of this name, which has an effect itself, stands at none of these values.
    Not(&'static str, &'static [&'static str]),
}

/// What may stand as a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A whole number in `min..=max`.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number in `min..=max`.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// A length of time in `min_ns..=max_ns`, like "12ms".
    Span {
        /// The shortest, in nanoseconds.
        min_ns: u64,
        /// The longest, in nanoseconds.
        max_ns: u64,
    },
    /// A number per second, like "2k/s", above zero and at most ten million.
    Rate,
    /// As `Rate`, or "none".
    Limit,
    /// A number of bytes in `min..=max`, like "64KiB".
    Bytes {
        /// The fewest.
        min: u64,
        /// The most.
        max: u64,
    },
    /// Names of classes with commas between them, or "all".
    Classes,
    /// The id of a node, a zone or a host; empty for none.
    Id,
    /// Words with dots between them, where `*` stands for one word and `#` for any number.
    Pattern,
    /// A law of time, like "exp 8ms", with a mean of at most an hour.
    Law,
    /// One of these names, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
}

/// The highest arrival rate a document may ask for, per second.
pub const MAX_RATE: f64 = 1e7;

pub(super) const SECOND_NS: u64 = 1_000_000_000;
pub(super) const HOUR_NS: u64 = 3_600 * SECOND_NS;

/// The kinds of node, in the palette's order.
pub static KINDS: &[Kind] = &[
    kind::clients::KIND,
    kind::dns::KIND,
    kind::cdn::KIND,
    kind::load_balancer::KIND,
    kind::service::KIND,
    kind::queue::KIND,
    kind::workers::KIND,
    kind::cache::KIND,
    kind::database::KIND,
    kind::object_store::KIND,
    kind::external::KIND,
    kind::monitoring::KIND,
];

/// What can happen on a timeline.
#[derive(Debug)]
pub struct ActionKind {
    /// Its name in documents.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
}

impl Param {
    /// A row.
    pub(super) const fn new(
        name: &'static str,
        title: &'static str,
        about: &'static str,
        form: Form,
        default: &'static str,
    ) -> Self {
        Self { name, title, about, form, default, section: Section::More, when: When::Always }
    }

    /// A row that most designs write.
    pub(super) const fn essential(self) -> Self {
        self.under(Section::Essential)
    }

    /// A row that is shown in a section.
    pub(super) const fn under(mut self, section: Section) -> Self {
        self.section = section;
        self
    }

    /// A row that has an effect at some values of another row only.
    pub(super) const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Whether it has an effect beside what is written of the other `rows`. O(rows).
    pub fn applies(&self, rows: &'static [Self], written: &Params) -> bool {
        let (name, values, wanted) = match self.when {
            When::Always => return true,
            When::Is(name, values) => (name, values, true),
            When::Not(name, values) => (name, values, false),
        };
        // A row that nobody has any more hides nothing.
        let Some(row) = param(rows, name) else { return true };
        if !row.applies(rows, written) {
            return false;
        }
        let now = written.get(name).cloned().unwrap_or_else(|| row.default.into());
        let means = |value: &Value| read(row, value).ok();
        // What cannot be read may come to mean anything.
        let Some(now) = means(&now) else { return true };
        values.iter().any(|value| means(&Value::from(*value)) == Some(now)) == wanted
    }
}

/// A count's form.
pub(super) const fn count(min: u64, max: u64) -> Form {
    Form::Count { min, max }
}

/// A number's form.
pub(super) const fn number(min: f64, max: f64) -> Form {
    Form::Number { min, max }
}

/// A span's form.
pub(super) const fn span(min_ns: u64, max_ns: u64) -> Form {
    Form::Span { min_ns, max_ns }
}

/// A switch: "off" or "on".
pub(super) const SWITCH: Form = Form::Choice(&[("off", "no"), ("on", "yes")]);

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The parameter of this name in a list.
pub fn param(params: &'static [Param], name: &str) -> Option<&'static Param> {
    params.iter().find(|param| param.name == name)
}

impl Kind {
    /// Whether a node of this kind may call a node of that kind.
    pub fn may_call(&self, other: &Self) -> bool {
        self.calls.contains(&other.name)
    }

    /// The parameter that says how many instances a node of this kind has, if it can have several.
    pub fn instances_param(&self) -> Option<&'static Param> {
        param(self.params, "instances").or_else(|| param(self.params, "shards"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of every bag.
    fn lists() -> impl Iterator<Item = &'static [Param]> {
        let rest = [EDGE, ARRIVALS, CLASS, ZONE, ROUND_TRIP, HOST, OBJECTIVES, PRICES];
        let actions = ACTIONS.iter().map(|action| action.params);
        KINDS.iter().map(|kind| kind.params).chain(rest).chain(actions)
    }

    #[test]
    fn every_default_is_a_value_that_its_own_row_accepts() {
        for param in lists().flatten() {
            let read = read(param, &Value::from(param.default));
            assert!(read.is_ok(), "{}: {read:?}", param.name);
        }
    }

    #[test]
    fn a_row_has_an_effect_only_at_values_that_the_other_row_can_have() {
        for rows in lists() {
            for row in rows {
                let (When::Is(name, values) | When::Not(name, values)) = row.when else { continue };
                let other = param(rows, name);
                let other =
                    other.unwrap_or_else(|| panic!("{} depends on {name}, and there is none", row.name));
                let can = |value: &&str| read(other, &Value::from(*value)).is_ok();
                assert!(values.iter().all(can), "{}: {values:?}", row.name);
            }
        }
    }

    #[test]
    fn every_bag_begins_with_a_few_essential_rows() {
        for kind in KINDS {
            let essential = kind.params.iter().filter(|row| row.section == Section::Essential).count();
            assert!((1..=7).contains(&essential), "{}: {essential}", kind.name);
        }
    }

    #[test]
    fn a_replicas_rows_have_an_effect_once_there_is_one_however_its_number_is_written() {
        let rows = kind("database").expect("there are databases").params;
        let lag = param(rows, "replica_lag").expect("replicas lag");
        let session = param(rows, "session").expect("sessions read");
        let with = |name: &str, value: Value| Params::from([(name.to_owned(), value)]);
        assert!(!lag.applies(rows, &Params::new()));
        assert!(!lag.applies(rows, &with("replicas", 0.0.into())));
        assert!(!lag.applies(rows, &with("replicas", "0".into())));
        assert!(lag.applies(rows, &with("replicas", 2.0.into())));
        assert!(lag.applies(rows, &with("replicas", "two".into())), "it may come to be a number");
        // Who reads has no effect itself where there are no replicas.
        assert!(!session.applies(rows, &with("reads", "all".into())));
    }

    #[test]
    fn every_kind_that_is_called_exists_and_names_are_unique() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(kind.calls.iter().all(|name| super::kind(name).is_some()), "{}", kind.name);
            assert!(KINDS[..i].iter().all(|other| other.name != kind.name), "{}", kind.name);
        }
    }
}
