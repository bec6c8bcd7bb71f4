//! What a design costs: dollars a month, line by line, each with how much of what at which price.
//!
//! Prices stand in the document. What they are multiplied by follows from the design and from its traffic: the arrivals that
//! the document asks for, or what a run has seen. Whatever had to be assumed is said in [`Bill::assumptions`].
//!
//! ```
//! use loadpath_core::{cost, topology};
//! let plan = topology::check(&topology::three_tier()).unwrap();
//! let bill = cost::cost(&plan, None);
//! // Two web servers of eight cores are the largest line: 2 × 8 × 730 h × $0.05.
//! assert_eq!(bill.lines.iter().map(|line| line.dollars).fold(0.0, f64::max), 584.0);
//! ```
mod bill;
mod clerk;
mod wiring;

pub use bill::{Bill, Item, Line, MONTH_HOURS};
pub use wiring::{Wiring, shares};

use crate::run::Run;
use crate::topology::Plan;

/// What a design costs a month. Rates come from the run when there is one, else from the plan's open arrivals; a closed loop
/// finds its own rate, so without a run its traffic is not priced.
pub fn cost(plan: &Plan, run: Option<&Run>) -> Bill {
    clerk::Clerk::new(plan, run).bill()
}
