//! The one table of kinds: palette, inspector, validation, command-line help and documentation all read it.
//!
//! A row of [`KINDS`] is a kind of node; its parameters, and those of edges ([`EDGE`]), classes ([`CLASS`]), arrivals
//! ([`ARRIVALS`]), zones, hosts, objectives and prices, are rows of [`Param`]; what can happen on a timeline is a row of
//! [`ACTIONS`]. A new kind is a file in `topology/kind/`, one in `sim/node/` and one in the agent's `deploy/`.
mod rows;

use super::kind;
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
        Self { name, title, about, form, default }
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
    use super::super::reader::read;
    use super::super::spec::Value;
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_own_row_accepts() {
        let rest = [EDGE, ARRIVALS, CLASS, ZONE, ROUND_TRIP, HOST, OBJECTIVES, PRICES];
        let actions = ACTIONS.iter().map(|action| action.params);
        let lists = KINDS.iter().map(|kind| kind.params).chain(rest).chain(actions);
        for param in lists.flatten() {
            let read = read(param, &Value::from(param.default));
            assert!(read.is_ok(), "{}: {read:?}", param.name);
        }
    }

    #[test]
    fn every_kind_that_is_called_exists_and_names_are_unique() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(kind.calls.iter().all(|name| super::kind(name).is_some()), "{}", kind.name);
            assert!(KINDS[..i].iter().all(|other| other.name != kind.name), "{}", kind.name);
        }
    }
}
