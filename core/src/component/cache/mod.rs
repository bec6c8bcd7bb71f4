//! Caches: what is remembered, for how long, and what is forgotten first.
mod lru;

pub use lru::LruCache;
