//! Hit ratios: by Che's approximation for large caches, exactly for small ones, and for caches that forget by time.
mod che;
mod exact;
mod lifetime;
mod ttl;

pub use che::{CheSolution, fifo_hit, lru_hit};
pub use exact::{fifo_hit_exact, lru_hit_exact};
pub use lifetime::{Keyed, Refresh, characteristic_time, occupancy};
pub use ttl::{renewal_hit, sliding_ttl_hit, ttl_hit, ttl_origin_rate};
