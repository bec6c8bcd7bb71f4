//! The draws of a run: the same generator and laws for every engine in Rust, so that what differs is the engine.
use crate::network::Network;
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::time::Span;

pub(crate) struct Chance {
    rng: Rng,
    gap: Sampler,
    service: Vec<Sampler>,
    choices: Vec<u16>,
}

impl Chance {
    /// For all of a network's draws.
    pub(crate) fn new(network: &Network) -> Self {
        Self::of(network, "all")
    }

    /// For the draws of one part of it, where parts share nothing.
    pub(crate) fn of(network: &Network, part: &str) -> Self {
        Self {
            rng: Seed(1).stream(&format!("{}/{part}", network.name)),
            gap: exponential(1.0 / network.rate),
            service: network.legs.iter().map(|leg| exponential(leg.service)).collect(),
            choices: network.legs.iter().map(|leg| leg.choices).collect(),
        }
    }

    /// Seconds until the next arrival.
    pub(crate) fn gap(&mut self) -> f64 {
        seconds(self.gap.sample(&mut self.rng))
    }

    /// Seconds of service on a leg.
    pub(crate) fn service(&mut self, leg: usize) -> f64 {
        seconds(self.service[leg].sample(&mut self.rng))
    }

    /// One of a leg's stations.
    pub(crate) fn choice(&mut self, leg: usize) -> usize {
        match self.choices[leg] {
            1 => 0,
            choices => self.rng.below(u64::from(choices)) as usize,
        }
    }
}

fn exponential(mean: f64) -> Sampler {
    Law::Exponential(Span::from_secs(mean)).sampler()
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e9
}
