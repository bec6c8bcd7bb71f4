//! What processes say of themselves.
use super::deployment::{Deployment, number};
use super::order::ProcessNumber;
use super::probe;
use loadpath_core::id::NodeIndex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an instance says of itself, counted since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    /// Nanoseconds that were taken of its workers, or of the cores that they share.
    pub busy_ns: u64,
    /// How many workers there are, or such cores.
    pub workers: u32,
    /// Nanoseconds that were taken of its workers, also by waiting for a core: what monitoring sees.
    pub taken_ns: u64,
    /// How many workers there are, whoever shares cores.
    pub hands: u32,
    /// How many requests are in it.
    pub in_flight: u64,
    /// How many of them wait for a worker.
    pub backlog: u64,
    /// Of a queue: how many messages wait for each node of workers, by its id.
    #[serde(default)]
    pub waiting_for: BTreeMap<String, u64>,
    /// What else was counted of it, by the names that runs show.
    #[serde(default)]
    pub counters: BTreeMap<String, u64>,
}

impl Deployment {
    /// What each instance says of itself, in the document's order; none for those that do not answer.
    pub async fn stats(&self) -> Vec<(NodeIndex, Option<Stats>)> {
        let asked: Vec<_> = (0..self.instances.len())
            .map(|i| {
                let address = self.desk(number(i));
                tokio::spawn(async move {
                    let answer = probe::get(address?, "/__stats").await.ok()?;
                    serde_json::from_str::<Stats>(&answer).ok()
                })
            })
            .collect();
        let mut stats = Vec::with_capacity(asked.len());
        for (place, (instance, answer)) in self.instances.iter().zip(asked).enumerate() {
            let said = answer.await.unwrap_or(None);
            // What is not meant to be there has no workers that could be idle.
            let nothing = || (!self.roster()[place].in_service).then(Stats::default);
            stats.push((instance.node, said.or_else(nothing)));
        }
        stats
    }

    /// How many requests are in a process; none when it does not answer.
    pub(super) async fn in_flight(&self, process: ProcessNumber) -> u64 {
        let Some(address) = self.desk(process) else { return 0 };
        let stats = probe::get(address, "/__stats").await.ok();
        let stats: Option<Stats> = stats.and_then(|stats| serde_json::from_str(&stats).ok());
        stats.map_or(0, |stats| stats.in_flight)
    }
}
