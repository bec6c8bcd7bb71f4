//! Caches: what is remembered, for how long, and what is forgotten first.
//!
//! A [`Cache`] is the one door. The entries are the same for all policies; a policy is a file that says in which order they
//! go. What a write does to a cache is its caller's business (`topology::Writes`), and a [`Coalescer`] makes one call of
//! many equal misses.
//!
//! ```
//! use loadpath_core::component::cache::{Cache, Capacity, Eviction, Ttl};
//! use loadpath_core::rng::Seed;
//! use loadpath_core::time::{Span, Time};
//!
//! let mut rng = Seed(1).stream("cache");
//! let mut cache = Cache::new(Eviction::Lru, Capacity::Entries(2), Ttl::fixed(Span::SECOND));
//! for key in [7, 8, 9] {
//!     cache.insert(Time::ZERO, key, 100, &mut rng);
//! }
//! assert!(!cache.get(Time::ZERO, 7), "least recently used");
//! assert!(cache.get(Time::ZERO, 9));
//! assert!(!cache.get(Time::ZERO + Span::SECOND, 9), "expired");
//! ```
mod clock;
mod coalescer;
mod door;
mod entries;
mod fifo;
mod ghost;
mod hand;
mod lfu;
mod list;
mod lru;
mod order;
mod places;
mod s3_fifo;
mod settings;
mod sieve;
mod sketch;
#[cfg(test)]
mod theory;
mod tiny_lfu;
#[cfg(test)]
mod twin;

pub use coalescer::{Coalescer, Joined};
pub use door::Cache;
pub use settings::{Capacity, Evicted, Eviction, Ttl};
