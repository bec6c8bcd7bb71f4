//! A fixed 64-bit hash: the same on every machine and in every version, so that rings and shards are part of a document's
//! meaning.

/// Mixes 64 bits: the finalizer of SplitMix64 (Steele, Lea, Flood 2014). A bijection.
pub const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hash of a text: FNV-1a (Fowler, Noll, Vo 1991) over its bytes, then [`mix`]ed.
pub const fn text(text: &str) -> u64 {
    bytes(text.as_bytes())
}

/// Hash of bytes, as of a [`text`].
pub const fn bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    mix(hash)
}

/// Hash of two numbers, in order.
pub const fn pair(a: u64, b: u64) -> u64 {
    mix(mix(a) ^ b)
}

/// A running digest of numbers, in order: two runs are the same when their digests are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub u64);

impl Digest {
    /// Adds one number.
    pub fn add(&mut self, value: u64) {
        self.0 = pair(self.0, value);
    }
}
