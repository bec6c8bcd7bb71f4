//! What a write does to a cache and to what stands behind it.

/// Who writes where, and when. The cache itself only remembers; whoever drives it does what the mode says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// The caller looks in the cache, reads the database on a miss and fills the cache. It writes to the database and then
    /// forgets the key in the cache (Nishtala et al. 2013, §2). A fill that was read before a write may come after it and stays
    /// stale until it expires.
    #[default]
    CacheAside,
    /// The cache itself reads the database on a miss. Writes are as in cache-aside: to the database, and the key is forgotten.
    ReadThrough,
    /// The cache passes each write to the database and remembers the value once that has taken it. Reads after a write hit;
    /// a write takes as long as the database.
    WriteThrough,
    /// The cache takes a write and answers; the database gets it when the entry is flushed or evicted. A crash loses what was
    /// dirty.
    WriteBack,
    /// Writes go to the database past the cache, which drops what it has of the key. What is written and not read again takes
    /// no room; the first read after a write misses.
    WriteAround,
}

impl WriteMode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::CacheAside, Self::ReadThrough, Self::WriteThrough, Self::WriteBack, Self::WriteAround];
}
