//! What the formulas say about a design, and what they took for granted.
use std::fmt;

/// An estimate of a design under its workload, at once and without a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Each class, in the plan's order.
    pub classes: Vec<ClassEstimate>,
    /// All classes together; none when a node on the way of one is saturated.
    pub response: Option<ResponseEstimate>,
    /// Each node, in the plan's order.
    pub nodes: Vec<NodeEstimate>,
    /// What saturates first, and when; none where nothing does below a billion times the load.
    pub bottleneck: Option<Bottleneck>,
}

/// Requests of a class, as their clients see them. Times count from the send to the answer, network included.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassEstimate {
    /// Arrivals per second.
    pub rate: f64,
    /// Response; none when a node on the way is saturated and waits have no limit.
    pub response: Option<ResponseEstimate>,
    /// What of this the design does not keep.
    pub assumptions: Vec<Assumption>,
}

/// A response time in seconds. The mean is added up along the way; the percentiles are those of the gamma law with the same
/// mean and variance, which is exact for a single M/M/1 and a guess for everything else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponseEstimate {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEstimate {
    /// Calls to it per second, fills and deletes of caches included.
    pub rate: f64,
    /// The share of its workers' time that is asked for; above one when it is saturated; none for clients.
    pub utilization: Option<f64>,
    /// The same of its busiest instance.
    pub hottest: Option<f64>,
    /// Mean time in its queue in seconds; none when it is saturated, and for clients.
    pub wait: Option<f64>,
    /// Mean response as its callers see it, network not counted; none when it or what it calls is saturated.
    pub response: Option<f64>,
    /// Mean share of its instances that are up, in (0, 1]; none where they do not fail by themselves. The rest of the estimate is
    /// for all of them.
    pub up: Option<f64>,
    /// The share of lookups answered from memory; none for what is not a cache.
    pub hit_ratio: Option<f64>,
    /// What of this the design does not keep.
    pub assumptions: Vec<Assumption>,
}

/// What gives way first when the load grows in proportion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bottleneck {
    /// The node's place in the plan. Where callers' workers all wait for a slow callee, it is the callee.
    pub node: usize,
    /// The factor on the load at which it saturates; below one when it has already. Good to three digits.
    pub scale: f64,
    /// The arrival rate then, all clients together, per second.
    pub rate: f64,
}

/// What a formula takes for granted and the design does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// Arrivals come independently of one another.
    PoissonArrivals,
    /// Service times of another law, or arrivals that a queue or a balancer has reshaped.
    TwoMoments,
    /// Fewer than one in a thousand meets a full queue.
    EndlessQueue,
    /// Clients wait for ever.
    Patience,
    /// Stations know nothing of one another.
    Independence,
    /// Balancing by what is in flight.
    RandomBalancing,
    /// Each worker has a core.
    OwnCores,
    /// Calls are made once, and end well.
    NoPolicies,
    /// Caches forget what was used least recently.
    LeastRecentlyUsed,
    /// Calls are made one after the other, to one server.
    OneAfterTheOther,
    /// Users do not wait for one another's answers.
    OpenLoop,
    /// Nothing changes over time.
    Constancy,
    /// Each request's key is independent of those before it.
    IndependentKeys,
    /// Keys beyond the first thousand are spread evenly.
    EvenTail,
    /// There is a stationary state.
    Stability,
}

impl Assumption {
    /// Where the design departs from it, in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::PoissonArrivals => "arrivals are not Poisson: they are evenly spaced, or in bursts",
            Self::TwoMoments => "waits rest on the mean and the variation of gaps and service times alone",
            Self::EndlessQueue => {
                "the queue is bounded and sometimes full; who is refused then is not taken off"
            }
            Self::Patience => {
                "timeouts cut the tail; work that nobody waits for any more goes on all the same"
            }
            Self::Independence => "workers are held during calls, so the stations are not independent",
            Self::RandomBalancing => {
                "targets are picked by what is in flight: the wait lies between one shared queue and separate ones"
            }
            Self::OwnCores => {
                "cores are shared: work on them is stretched as in one queue before all of them"
            }
            Self::NoPolicies => {
                "timeouts, retries, hedges, limits or errors on the way change the load, and are not counted"
            }
            Self::LeastRecentlyUsed => {
                "the cache forgets by another rule or shares fetches: its hit ratio is estimated as LRU's"
            }
            Self::OneAfterTheOther => "calls go out together: the slowest is estimated from two moments",
            Self::OpenLoop => "the loop is closed: the rate is where users, response and think time agree",
            Self::Constancy => {
                "instances fail or scale, or a timeline changes the design: the estimate is of its start"
            }
            Self::IndependentKeys => {
                "hit ratios are Che's approximation, for keys that are asked for independently"
            }
            Self::EvenTail => {
                "keys beyond the most popular thousand are taken as evenly spread over the instances"
            }
            Self::Stability => "it is saturated: its queue grows until it is full, and no mean wait exists",
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
