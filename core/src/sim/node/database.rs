//! A database at work: each shard is a station whose workers are connections.
use super::super::call::Ask;
use crate::component::Shards;
use crate::dist::Sampler;
use crate::topology::DatabaseNode;

/// What a database knows.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Database {
    /// Which shard has which keys.
    pub(super) shards: Shards,
    read_time: Sampler,
    write_time: Sampler,
}

impl Database {
    pub(super) fn new(spec: &DatabaseNode) -> Self {
        Self {
            shards: Shards::new(spec.sharding, spec.shards),
            read_time: spec.read_time.sampler(),
            write_time: spec.write_time.sampler(),
        }
    }

    /// How long a query of this kind takes.
    pub(super) const fn time_of(&self, ask: Ask) -> &Sampler {
        match ask {
            Ask::Read => &self.read_time,
            Ask::Write | Ask::Fill | Ask::Delete => &self.write_time,
        }
    }
}
