//! Why agents did not come together.
use std::fmt;

/// Why agents did not come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentsFault {
    /// No connection to NATS came about, or it broke.
    Nats(String),
    /// One of them does not do what was asked.
    Refused {
        /// Which.
        name: String,
        /// What it says.
        why: String,
    },
    /// One of them went before the load began.
    LostBefore(String),
    /// Their connections were not open in time.
    NotReady(Vec<String>),
    /// It was stopped before the load began.
    Stopped,
    /// The coordinator says nothing any longer.
    Alone,
    /// The load itself could not be driven.
    Attack(String),
}

impl fmt::Display for AgentsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nats(why) => write!(f, "NATS: {why}"),
            Self::Refused { name, why } => write!(f, "agent {name} refuses: {why}"),
            Self::LostBefore(name) => {
                write!(f, "agent {name} was lost before the load began: nothing was sent; start it again")
            }
            Self::NotReady(names) => {
                write!(f, "these agents had no connections to the target in time: {}", names.join(", "))
            }
            Self::Stopped => f.write_str("stopped before the first request was sent: nothing was measured"),
            Self::Alone => f.write_str(
                "the coordinator said nothing for ten seconds: the load was ended, because nobody could stop it",
            ),
            Self::Attack(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for AgentsFault {}
