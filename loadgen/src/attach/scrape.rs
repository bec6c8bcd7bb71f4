//! Reads pages of Prometheus' text format, within bounds of time and size.
use super::Told;
use super::buckets::{Buckets, spread};
use super::mapping::Metrics;
use crate::attack::{Target, fetch};
use loadpath_core::run::Outcome;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How long a page may take.
const WITHIN: Duration = Duration::from_secs(5);
/// A larger page is not read.
const MOST_BYTES: usize = 16 << 20;
/// The text format, by its version.
const ACCEPTED: &str = "text/plain;version=0.0.4";

/// A page that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Whose it is.
    pub node: String,
    why: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the metrics of \"{}\" were not read: {}", self.node, self.why)
    }
}

impl std::error::Error for Unread {}

/// Follows a node's histogram from reading to reading.
#[derive(Debug)]
pub struct Scraper {
    metrics: Metrics,
    target: Target,
    metric: Option<String>,
    last: Option<Buckets>,
    grown: BTreeMap<u64, f64>,
}

impl Scraper {
    /// One that has read nothing yet. The target was resolved, and may be asked.
    pub fn new(metrics: Metrics, target: Target, metric: Option<String>) -> Self {
        Self { metrics, target, metric, last: None, grown: BTreeMap::new() }
    }

    /// Whose histogram it is.
    pub fn node(&self) -> &str {
        &self.metrics.node
    }

    /// Reads the page; what happened since the last reading counts.
    ///
    /// # Errors
    /// When the page cannot be had, or has no such histogram. What was counted before stays.
    pub async fn read(&mut self) -> Result<(), Unread> {
        let page =
            tokio::time::timeout(WITHIN, fetch(&self.target, self.target.path(), ACCEPTED, MOST_BYTES)).await;
        let page = page.unwrap_or_else(|_| Err(format!("no answer within {} s", WITHIN.as_secs())));
        let unread = |why: String| Unread { node: self.metrics.node.clone(), why };
        let read = Buckets::read(&page.map_err(unread)?, self.metric.as_deref(), &self.metrics.labels);
        if read.is_empty() {
            let what = self.metric.as_deref().unwrap_or("histogram of requests under a known name");
            return Err(unread(format!(
                "the page has no {what} with these labels: name it with --histogram"
            )));
        }
        if let Some(last) = &self.last {
            for (end, count) in read.since(last) {
                *self.grown.entry(end).or_default() += count;
            }
        }
        self.last = Some(read);
        Ok(())
    }

    /// Counts from the last reading on.
    pub fn begin(&mut self) {
        self.grown.clear();
    }

    /// What happened from where it began to the last reading.
    pub fn told(&self) -> Told {
        let mut told = Told { response: spread(&self.grown), ..Told::default() };
        let count = told.response.count();
        told.add(Outcome::Ok, count);
        told
    }
}
