//! A bill: lines of what is paid for, and what was assumed.
use crate::topology::Place;
use serde::{Deserialize, Serialize};

/// Hours of a month: 8,760 of a year by twelve.
pub const MONTH_HOURS: f64 = 730.0;
/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Cores, by the hour.
    Cores,
    /// Memory of caches, by GiB and hour.
    Cache,
    /// Cores of databases, by the hour.
    DatabaseCores,
    /// Disk, by GiB and month.
    Storage,
    /// Answers to users, by GiB.
    Egress,
    /// Answers of a CDN to users, by GiB.
    Cdn,
    /// Calls from zone to zone, by GiB.
    Zones,
    /// Requests to managed parts, by the million.
    Requests,
    /// Load balancers, by the hour.
    Balancers,
}

impl Item {
    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cores => "Cores",
            Self::Cache => "Cache memory",
            Self::DatabaseCores => "Database cores",
            Self::Storage => "Storage",
            Self::Egress => "Traffic to users",
            Self::Cdn => "CDN traffic",
            Self::Zones => "Traffic between zones",
            Self::Requests => "Requests",
            Self::Balancers => "Load balancers",
        }
    }

    /// The unit of its amount a month.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Cores | Self::DatabaseCores => "core h",
            Self::Cache => "GiB h",
            Self::Storage | Self::Egress | Self::Cdn | Self::Zones => "GiB",
            Self::Requests => "million",
            Self::Balancers => "h",
        }
    }
}

/// A line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The node, or the host.
    pub place: Place,
    /// Its id.
    pub id: String,
    /// What is paid for.
    pub item: Item,
    /// How much of it a month, in the item's unit.
    pub amount: f64,
    /// Dollars for one.
    pub price: f64,
    /// Dollars a month.
    pub dollars: f64,
}

/// What a design costs a month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// Hosts, then nodes, in the document's order; what costs nothing is left out.
    pub lines: Vec<Line>,
    /// What was assumed, a sentence each.
    pub assumptions: Vec<String>,
}

impl Bill {
    /// Dollars a month.
    pub fn total(&self) -> f64 {
        self.lines.iter().map(|line| line.dollars).sum()
    }

    /// Dollars a month of one node or host.
    pub fn of(&self, place: &Place) -> f64 {
        self.lines.iter().filter(|line| &line.place == place).map(|line| line.dollars).sum()
    }
}
