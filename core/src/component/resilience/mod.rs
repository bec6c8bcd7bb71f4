//! What keeps a failure small: limits, retries that end, hedges, breakers, deadlines, shedding.
//!
//! Each is a decision about one call. The caller says what happened and when; what it gets back is whether to go on,
//! and how long to wait. None of them sends anything.
mod backoff;
mod circuit_breaker;
mod concurrency_limit;
mod deadline;
mod hedge;
mod load_shedder;
mod retry;
mod retry_budget;
mod token_bucket;
mod window;

pub use backoff::{Backoff, Jitter};
pub use circuit_breaker::{BreakerState, CircuitBreaker, Pass, Trip};
pub use concurrency_limit::{Adaptation, ConcurrencyLimit};
pub use deadline::{CannotMakeIt, Deadline};
pub use hedge::{Hedge, HedgeDelay};
pub use load_shedder::LoadShedder;
pub use retry::RetryPolicy;
pub use retry_budget::RetryBudget;
pub use token_bucket::TokenBucket;
