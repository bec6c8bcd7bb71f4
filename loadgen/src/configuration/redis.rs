//! Redis as a cache that forgets.
use loadpath_core::component::cache::Eviction;

/// What one entry takes beside its value: its key, a header, its place in two tables.
const ENTRY_BYTES: u64 = 100;

/// Redis' configuration.
pub(crate) fn config(megabytes: u64, policy: &str) -> String {
    format!("maxmemory {megabytes}mb\nmaxmemory-policy {policy}\nsave \"\"\nappendonly no\n")
}

/// MiB of memory for so many entries with values of so many bytes.
pub(crate) fn megabytes(entries: u32, mean_bytes: u64) -> u64 {
    u64::from(entries) * (mean_bytes + ENTRY_BYTES) / (1 << 20) + 1
}

/// Its policy for an eviction; none when it has nothing of the kind.
pub(crate) const fn policy(eviction: Eviction) -> Option<&'static str> {
    match eviction {
        Eviction::Lru => Some("allkeys-lru"),
        Eviction::Lfu | Eviction::TinyLfu => Some("allkeys-lfu"),
        Eviction::Fifo | Eviction::Clock | Eviction::Sieve | Eviction::S3Fifo => None,
    }
}
