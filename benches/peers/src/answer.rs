//! What an engine says of a network: the mean response, how sure that is, and what it cost.
use crate::network::Network;
use serde::Deserialize;

/// Batches of equal size that a run is cut into.
const BATCHES: u64 = 32;
/// The first of them are warm-up.
const WARM_UP: usize = 2;
/// How many standard errors an answer may be off. With 30 batches, one in 2,600 right answers is by chance (Student).
const BOUND: f64 = 4.0;

/// The responses of a run, in batches.
#[derive(Debug)]
pub(crate) struct Responses {
    size: u64,
    in_batch: u64,
    sum: f64,
    means: Vec<f64>,
}

impl Responses {
    pub(crate) fn of(customers: u64) -> Self {
        Self { size: customers.div_ceil(BATCHES), in_batch: 0, sum: 0.0, means: Vec::new() }
    }

    /// A customer was in the network for `seconds`.
    pub(crate) fn add(&mut self, seconds: f64) {
        self.sum += seconds;
        self.in_batch += 1;
        if self.in_batch == self.size {
            self.means.push(self.sum / self.size as f64);
            (self.in_batch, self.sum) = (0, 0.0);
        }
    }

    pub(crate) fn answer(&self, network: &Network, customers: u64, cpu_seconds: f64) -> Answer {
        Answer::from_batches(&self.means, network.mean_response(), customers, cpu_seconds)
    }
}

/// What a run says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    /// Mean response, in seconds, and its standard error.
    pub(crate) mean: f64,
    pub(crate) error: f64,
    /// What the mean response is, in seconds.
    pub(crate) exact: f64,
    pub(crate) customers: u64,
    pub(crate) cpu_seconds: f64,
}

/// What a program in another language prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Printed {
    pub(crate) cpu_seconds: f64,
    /// The mean response of each batch, in seconds.
    pub(crate) means: Vec<f64>,
    /// The exact mean response, where its model is another one than it was asked for.
    pub(crate) exact: Option<f64>,
}

impl Answer {
    /// From the means of equal batches, of which the first are warm-up.
    pub(crate) fn from_batches(means: &[f64], exact: f64, customers: u64, cpu_seconds: f64) -> Self {
        let means = means.get(WARM_UP..).unwrap_or_default();
        let n = means.len() as f64;
        let mean = means.iter().sum::<f64>() / n;
        let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
        Self { mean, error: (variance / n).sqrt(), exact, customers, cpu_seconds }
    }

    pub(crate) fn nanoseconds_each(&self) -> f64 {
        self.cpu_seconds * 1e9 / self.customers as f64
    }

    /// By how many standard errors the mean is off.
    pub(crate) fn off(&self) -> f64 {
        (self.mean - self.exact) / self.error
    }

    /// Whether the mean is the exact one, as far as this run can tell. Not a number is no answer.
    pub(crate) fn is_right(&self) -> bool {
        self.off().abs() <= BOUND
    }
}
