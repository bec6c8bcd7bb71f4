//! Names to addresses: which target a name stands for, and for how long one may believe it.
mod cache;
mod resolver;

pub use cache::ResolverCache;
pub use resolver::{Answer, NamingPolicy, Resolver};
