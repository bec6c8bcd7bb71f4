//! Closed loops: a fixed number of users who think, ask, wait for the answer, and think again.
//!
//! Exact mean value analysis (Reiser & Lavenberg 1980) where every station has one server. Stations of several servers have
//! rates that depend on their queue: the load-dependent recursion of MVA loses all digits near saturation (Reiser 1981), so
//! those networks are solved by convolution (Buzen 1973) without the thinking users, and these are put on top as a birth-death
//! chain (Chandy, Herzog, Woo 1975): positive terms only. Schweitzer's and Bard's approximation (1979) serves any
//! number of users. FCFS stations must be exponential; processor sharing may have any law.
use super::markov::{expect, stationary};

/// Stations that users visit in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedNetwork {
    /// Mean think time Z in seconds, ≥ 0.
    pub think: f64,
    /// Each station's demand (visits times service time, in seconds, > 0) and servers (≥ 1).
    pub stations: Vec<(f64, u32)>,
}

/// What a closed network does with some number of users.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedSolution {
    /// X, requests per second.
    pub throughput: f64,
    /// R, mean seconds from asking to the answer.
    pub response: f64,
    /// Each station's utilization.
    pub utilization: Vec<f64>,
}

impl ClosedNetwork {
    /// Exact. O(stations · users) with single servers, else O(stations · users²).
    pub fn exact(&self, users: u32) -> ClosedSolution {
        if self.stations.iter().all(|&(_, servers)| servers == 1) {
            self.solution(users, self.mean_value(users))
        } else {
            self.solution(users, self.by_convolution(users))
        }
    }

    fn solution(&self, users: u32, throughput: f64) -> ClosedSolution {
        let utilization = |&(demand, servers): &(f64, u32)| throughput * demand / f64::from(servers);
        ClosedSolution {
            throughput,
            // The response-time law (Denning & Buzen 1978).
            response: if throughput > 0.0 { f64::from(users) / throughput - self.think } else { 0.0 },
            utilization: self.stations.iter().map(utilization).collect(),
        }
    }

    /// An arrival sees the network with one user less (Reiser & Lavenberg 1980).
    fn mean_value(&self, users: u32) -> f64 {
        let mut queues = vec![0.0; self.stations.len()];
        let mut throughput = 0.0;
        for n in 1..=users {
            let responses: Vec<f64> = self
                .stations
                .iter()
                .zip(&queues)
                .map(|((demand, _), queue)| demand * (1.0 + queue))
                .collect();
            throughput = f64::from(n) / (self.think + responses.iter().sum::<f64>());
            queues = responses.iter().map(|response| throughput * response).collect();
        }
        throughput
    }

    fn by_convolution(&self, users: u32) -> f64 {
        let rates = self.rates_without_thinking(users as usize);
        if self.think == 0.0 {
            return rates[users as usize];
        }
        let birth = |n: usize| (users as usize - n) as f64 / self.think;
        let states = stationary(users as usize + 1, birth, |n| rates[n]);
        expect(&states, |n| rates[n])
    }

    /// The throughput of the stations alone with n = 0..=users in them: the quotient of neighbouring normalising constants.
    fn rates_without_thinking(&self, users: usize) -> Vec<f64> {
        // In units of the bottleneck's time per request, so that the constants grow no faster than a power of n.
        let unit = self.slowest();
        let mut constants = vec![0.0; users + 1];
        constants[0] = 1.0;
        for &(demand, servers) in &self.stations {
            let mut weights = vec![1.0; users + 1];
            for n in 1..=users {
                weights[n] = weights[n - 1] * demand / unit / n.min(servers as usize) as f64;
            }
            let sum = |n: usize| (0..=n).map(|k| constants[n - k] * weights[k]).sum();
            constants = (0..=users).map(sum).collect();
        }
        (0..=users).map(|n| if n == 0 { 0.0 } else { constants[n - 1] / constants[n] / unit }).collect()
    }

    /// The bottleneck's seconds per request.
    fn slowest(&self) -> f64 {
        self.stations.iter().map(|&(demand, servers)| demand / f64::from(servers)).fold(0.0, f64::max)
    }

    fn demand(&self) -> f64 {
        self.stations.iter().map(|(demand, _)| demand).sum()
    }

    /// Schweitzer's and Bard's approximation (1979), several servers after Seidmann, Schweitzer, Shalev-Oren (1987): one
    /// server c times as fast, and a delay for the rest. Within some per cent; O(stations) a round, any number of users.
    pub fn approximate(&self, users: f64) -> ClosedSolution {
        let delay = |&(demand, servers): &(f64, u32)| demand * (1.0 - 1.0 / f64::from(servers));
        let think = self.think + self.stations.iter().map(delay).sum::<f64>();
        let demands: Vec<f64> = self.stations.iter().map(|&(demand, c)| demand / f64::from(c)).collect();
        let mut queues = vec![users / demands.len().max(1) as f64; demands.len()];
        let mut throughput = 0.0;
        for _ in 0..10_000 {
            let seen = (users - 1.0).max(0.0) / users;
            let responses: Vec<f64> =
                demands.iter().zip(&queues).map(|(demand, queue)| demand * (1.0 + seen * queue)).collect();
            let before = throughput;
            throughput = users / (think + responses.iter().sum::<f64>());
            queues = responses.iter().map(|response| throughput * response).collect();
            if (throughput - before).abs() <= 1e-12 * throughput {
                break;
            }
        }
        let utilization = |&(demand, servers): &(f64, u32)| throughput * demand / f64::from(servers);
        ClosedSolution {
            throughput,
            response: users / throughput - self.think,
            utilization: self.stations.iter().map(utilization).collect(),
        }
    }

    /// No number of users can do more than this, per second: min(N/(Z+D), 1/D_max) (Denning & Buzen 1978).
    pub fn bound(&self, users: f64) -> f64 {
        (users / (self.think + self.demand())).min(1.0 / self.slowest())
    }

    /// The number of users at which the two bounds meet: more of them only wait.
    pub fn knee(&self) -> f64 {
        (self.think + self.demand()) / self.slowest()
    }
}

/// Machine repair: `machines` that each fail at `failure_rate` and wait for one of `repairers` (Palm 1947). The finite-source
/// queue M/M/c//N.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineRepair {
    failure_rate: f64,
    repairers: u32,
    /// P(n are down), n = 0..=machines.
    pub down: Vec<f64>,
}

impl MachineRepair {
    /// `None` unless both rates are > 0 and there is a machine and a repairer. O(machines).
    pub fn new(machines: u32, repairers: u32, failure_rate: f64, repair_rate: f64) -> Option<Self> {
        if !(machines > 0 && repairers > 0 && failure_rate > 0.0 && repair_rate > 0.0) {
            return None;
        }
        let birth = |n: usize| (machines as usize - n) as f64 * failure_rate;
        let death = |n: usize| n.min(repairers as usize) as f64 * repair_rate;
        let down = stationary(machines as usize + 1, birth, death);
        Some(Self { failure_rate, repairers, down })
    }

    fn machines(&self) -> f64 {
        (self.down.len() - 1) as f64
    }

    /// Mean number that is down.
    pub fn mean_down(&self) -> f64 {
        expect(&self.down, |n| n as f64)
    }

    /// Mean share that is up.
    pub fn up_share(&self) -> f64 {
        1.0 - self.mean_down() / self.machines()
    }

    /// Repairs per second.
    pub fn throughput(&self) -> f64 {
        self.failure_rate * (self.machines() - self.mean_down())
    }

    /// Mean seconds from failure to repair.
    pub fn response(&self) -> f64 {
        self.mean_down() / self.throughput()
    }

    /// Mean seconds until a repairer comes.
    pub fn wait(&self) -> f64 {
        expect(&self.down, |n| n.saturating_sub(self.repairers as usize) as f64) / self.throughput()
    }
}

/// The number of users that keeps `rate` requests per second going with this response and think time (Little 1961).
pub fn users_for(rate: f64, response: f64, think: f64) -> f64 {
    rate * (response + think)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web3() -> ClosedNetwork {
        ClosedNetwork { think: 1.0, stations: vec![(0.005, 1), (0.008, 1), (0.002, 1)] }
    }

    #[test]
    fn single_servers_have_the_exact_figures() {
        // Computed with 30 digits.
        for (users, throughput, response) in
            [(1, 0.985_221_675, 0.015), (125, 115.429_602, 0.082_911_123_2), (400, 125.0, 2.2)]
        {
            let solution = web3().exact(users);
            assert!((solution.throughput / throughput - 1.0).abs() < 1e-8, "{users}");
            assert!((solution.response / response - 1.0).abs() < 1e-7, "{users}: {}", solution.response);
            // Convolution is another way to the same numbers.
            assert!((web3().by_convolution(users) / throughput - 1.0).abs() < 1e-8, "{users}");
        }
        assert!((web3().knee() - 126.875).abs() < 1e-9);
    }

    #[test]
    fn several_servers_have_the_exact_figures_and_the_approximation_is_near() {
        let network = ClosedNetwork { think: 2.0, stations: vec![(0.08, 4), (0.05, 2), (0.01, 1)] };
        for (users, throughput, response) in
            [(50, 23.052_939_9, 0.168_920_761), (100, 39.324_015_1, 0.542_975_325)]
        {
            let exact = network.exact(users);
            assert!((exact.throughput / throughput - 1.0).abs() < 1e-8);
            assert!((exact.response / response - 1.0).abs() < 1e-7);
            // Published errors of the approximation stay below 10 % of the throughput.
            let near = network.approximate(f64::from(users));
            assert!((near.throughput / throughput - 1.0).abs() < 0.1, "{users}: {}", near.throughput);
        }
        let many = web3().approximate(1e6);
        assert!((many.throughput - 125.0).abs() < 1e-3, "{many:?}");
    }

    #[test]
    fn machines_wait_for_their_repairer() {
        // Computed with 30 digits.
        let shop = MachineRepair::new(20, 3, 0.2, 1.0).unwrap();
        let got = [shop.down[0], shop.mean_down(), shop.throughput(), shop.response(), shop.wait()];
        let exact = [0.010_729_740_9, 5.997_865_91, 2.800_426_82, 2.141_768_49, 1.141_768_49];
        got.iter()
            .zip(exact)
            .for_each(|(got, exact)| assert!((got / exact - 1.0).abs() < 1e-8, "{got} {exact}"));
    }
}
