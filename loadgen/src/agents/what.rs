//! What a task asks: requests as a command line has them, a journey, or what the clients of a design send.
use crate::attack::{Attack, Paths, Target};
use loadpath_core::topology::{self, Topology};
use serde::{Deserialize, Serialize};

/// A message is at most a mebibyte, and an answer holds two histograms for each class.
pub(super) const MOST_CLASSES: usize = 64;
/// As with classes; an answer holds two coarse histograms for each node.
pub(super) const MOST_NODES: usize = 200;
/// A name in a task that is longer is none.
const MOST_NAME: usize = 200;

/// What is asked, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// Requests, when they are due.
    Requests(Asked),
    /// Users go on journeys, as many as there are connections: the text of a journey file.
    Journey(String),
    /// What the clients of a design send.
    Design(Box<Workload>),
}

/// What is asked, as the command line has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// "NAME[:WEIGHT] METHOD PATH".
    pub classes: Vec<String>,
    /// How the URL is asked.
    pub method: Option<String>,
    /// "[@CLASS] NAME: VALUE".
    pub headers: Vec<String>,
    /// "[@CLASS] TEXT".
    pub bodies: Vec<String>,
    /// "[@CLASS] CHECK".
    pub checks: Vec<String>,
    /// How many keys there are.
    pub keys: Option<u64>,
    /// How unevenly they are asked for.
    pub skew: Option<f64>,
    /// Rows of CSV or JSON lines.
    pub rows: Option<String>,
}

/// The workload of a design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// The design.
    pub document: Topology,
    /// What the streams of chance of its requests are called.
    pub source: String,
    /// The node whose answers are seen; none where what is sent to stands for clients.
    pub entry: Option<String>,
    /// Whether `/c/CLASS/KEY` is asked for, as our own nodes understand, and not the URL's path.
    pub per_class: bool,
    /// Whether the users of a closed loop set the rate, as the design says, and not the task.
    pub thinks: bool,
}

impl What {
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Requests(asked) if asked.classes.len() > MOST_CLASSES => {
                Err(format!("it has more than {MOST_CLASSES} classes"))
            }
            Self::Design(workload) if workload.names().any(|name| name.len() > MOST_NAME) => {
                Err(format!("a name in it is longer than {MOST_NAME} bytes"))
            }
            Self::Requests(_) | Self::Journey(_) | Self::Design(_) => Ok(()),
        }
    }
}

impl Workload {
    /// Of an attack that was made from this document.
    pub fn of(document: &Topology, attack: &Attack) -> Self {
        Self {
            document: document.clone(),
            source: attack.source.clone(),
            entry: attack.entry.clone(),
            per_class: attack.target.paths == Paths::PerClass,
            thinks: attack.closed.is_some(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.source.as_str()), self.entry.as_deref()].into_iter().flatten()
    }

    /// The whole attack on a target, at this rate where users do not set it.
    pub(super) fn attack(&self, mut target: Target, rate: f64) -> Result<Attack, String> {
        let plan = topology::check(&self.document).map_err(|faults| {
            let first = faults.first().map_or_else(String::new, ToString::to_string);
            format!("its design has {} faults, the first: {first}", faults.len())
        })?;
        if self.per_class {
            target.paths = Paths::PerClass;
        }
        let mut attack = Attack { entry: self.entry.clone(), ..Attack::of_plan(&plan, target, &self.source) };
        attack.arrivals.rate = rate;
        attack.closed = attack.closed.filter(|_| self.thinks);
        Ok(attack)
    }
}
