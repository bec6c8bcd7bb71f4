//! What a balancer is made to do, and what it is asked.
use super::Outlier;
use crate::time::Span;

/// How a target is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// Each in turn, as often as its weight says, smoothly.
    Weighted,
    /// At random, as often as its weight says.
    Random,
    /// The fewest in flight, for its weight.
    LeastConnections,
    /// The less busy of two at random.
    PowerOfTwo,
    /// Of two at random the one that has answered faster lately, times what it has in flight.
    PeakEwma,
    /// By client.
    IpHash,
    /// By key, on a ring with virtual nodes.
    HashRing,
    /// By key, on a ring, but past those that have more than their share in flight.
    BoundedLoad,
    /// By key, in a table that all share evenly.
    Maglev,
    /// By key: the target that scores highest for it.
    Rendezvous,
    /// By key, without any table.
    Jump,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::RoundRobin,
        Self::Weighted,
        Self::Random,
        Self::LeastConnections,
        Self::PowerOfTwo,
        Self::PeakEwma,
        Self::IpHash,
        Self::HashRing,
        Self::BoundedLoad,
        Self::Maglev,
        Self::Rendezvous,
        Self::Jump,
    ];
}

/// What a balancer is made to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How a target is picked.
    pub policy: Policy,
    /// The weight of each target, ≥ 1; empty if all are equal. Round robin and jump know no weights.
    pub weights: Vec<u32>,
    /// How many targets the power of two choices looks at, ≥ 1.
    pub choices: u16,
    /// Whether it may look at one twice.
    pub repeats: bool,
    /// A target that returns begins with a tenth of its weight and has all of it after this time; zero for at once. Policies
    /// that pick by key or client do not ramp: that would move keys twice.
    pub slow_start: Span,
    /// When a target that fails is left alone for a while; `None` for never.
    pub outlier: Option<Outlier>,
    /// Of [`Policy::BoundedLoad`]: how many times the mean a target may have in flight, > 1.
    pub bounded_load: f64,
    /// Whether a session stays with the target that it was given first.
    pub sticky: bool,
}

impl Default for Settings {
    /// Round robin over equals, and nothing else.
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            weights: Vec::new(),
            choices: 2,
            repeats: false,
            slow_start: Span::ZERO,
            outlier: None,
            bounded_load: 1.25,
            sticky: false,
        }
    }
}

impl From<Policy> for Settings {
    /// The policy over equals, and nothing else.
    fn from(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }
}

/// What is known of a request before it is given to a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What it is about.
    pub key: u64,
    /// Where it comes from: an address, or the number of a user.
    pub client: u64,
    /// The session that it belongs to.
    pub session: Option<u64>,
}
