//! The networks that every engine simulates, and their exact mean response.
use serde::Serialize;

/// An open network: Poisson arrivals that pass its legs in turn.
#[derive(Debug, Serialize)]
pub(crate) struct Network {
    pub(crate) name: &'static str,
    /// Arrivals per second.
    pub(crate) rate: f64,
    pub(crate) legs: &'static [Leg],
}

/// Alike stations, of which each customer takes one at random, and what follows.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Leg {
    pub(crate) choices: u16,
    /// Servers of each station, first come first served.
    pub(crate) servers: u16,
    /// Mean of the exponential service time, in seconds.
    pub(crate) service: f64,
    /// The constant time to what comes next, in seconds; at zero nothing is scheduled.
    pub(crate) hop: f64,
}

const fn leg(choices: u16, servers: u16, service: f64, hop: f64) -> Leg {
    Leg { choices, servers, service, hop }
}

/// One server at utilization 0.8.
pub(crate) const MM1: Network = Network { name: "M/M/1", rate: 1_000.0, legs: &[leg(1, 1, 0.0008, 0.0)] };

/// Three stations of four servers, each at utilization 0.8.
pub(crate) const TANDEM: Network =
    Network { name: "tandem", rate: 1_000.0, legs: &[leg(1, 4, 0.0032, 0.0); 3] };

/// A balancer that picks at random, four servers with four workers, a database with eight; half a millisecond to it and back.
pub(crate) const WEB: Network =
    Network { name: "web", rate: 1_000.0, legs: &[leg(4, 4, 0.008, 0.0005), leg(1, 8, 0.005, 0.0005)] };

pub(crate) const NETWORKS: [&Network; 3] = [&MM1, &TANDEM, &WEB];

impl Network {
    /// The exact mean time from arrival to departure, in seconds: each station is an M/M/c on its own (Jackson 1957).
    pub(crate) fn mean_response(&self) -> f64 {
        let of_leg = |leg: &Leg| leg.mean_response(self.rate / f64::from(leg.choices)) + leg.hop;
        self.legs.iter().map(of_leg).sum()
    }
}

impl Leg {
    /// Mean response of an M/M/c with `rate` arrivals per second (Erlang 1917): the wait is that of those who find all
    /// servers taken, which is Erlang C, from the recursion of Erlang B.
    fn mean_response(&self, rate: f64) -> f64 {
        let (offered, servers) = (rate * self.service, f64::from(self.servers));
        let mut blocked = 1.0;
        for c in 1..=self.servers {
            blocked = offered * blocked / (f64::from(c) + offered * blocked);
        }
        let waits = blocked / (1.0 - offered / servers * (1.0 - blocked));
        self.service + waits * self.service / (servers - offered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_answers_are_those_of_the_tables() {
        // Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory (4th ed.): 1/(mu - lambda), and
        // `jackson_tandem3_mm4` of tests/data/theory.json, which has nine digits.
        assert!((MM1.mean_response() - 0.004).abs() < 1e-12);
        assert!((TANDEM.mean_response() - 0.016_757_189_7).abs() < 0.5e-10);
    }
}
