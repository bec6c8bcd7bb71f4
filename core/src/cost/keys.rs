//! Hit ratios of caches from the popularity of keys.
use super::recall::looks_up;
use crate::math;
use crate::topology::{NodeKind, Plan};
use crate::workload::Operation;

/// So many of the most popular keys are looked at one by one; those behind them in blocks.
const HEAD: u64 = 64;
/// A block reaches so much further, relative to where it begins, as the one before.
const GROWTH: f64 = 0.2;

/// What remembers: so many copies, each of so many entries, for so long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Entries of a copy.
    capacity: f64,
    /// Each copy gets this share of the requests; the instances of a cache share the keys and are one copy.
    share: f64,
    /// Mean time to live in seconds.
    ttl: f64,
}

impl Memory {
    pub(super) fn of(kind: &NodeKind) -> Option<Self> {
        Some(match kind {
            NodeKind::Cache(cache) => Self {
                capacity: f64::from(cache.capacity) * f64::from(cache.instances),
                share: 1.0,
                ttl: cache.ttl.as_secs() * (1.0 - cache.ttl_jitter / 2.0),
            },
            NodeKind::Cdn(cdn) => Self {
                capacity: f64::from(cdn.capacity),
                share: 1.0 / f64::from(cdn.instances),
                ttl: cdn.ttl.as_secs() * (1.0 - cdn.ttl_jitter / 2.0),
            },
            _ => return None,
        })
    }
}

/// The popularity of keys, in blocks of keys that are about equally popular.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Keys of each block.
    counts: Vec<f64>,
    /// By class and block: the share of the class's requests for one key of the block.
    shares: Vec<Vec<f64>>,
}

/// A block of keys in a cache.
struct Block {
    keys: f64,
    /// Lookups of one key per second.
    reads: f64,
    /// How often one key is lost per second, by its time to live or a write.
    losses: f64,
}

impl Block {
    /// The share of lookups that hit when an entry that nobody asks for is evicted after `kept` seconds. By Che's
    /// approximation without losses; with them alone by renewal: one miss, then hits until the loss.
    fn hit(&self, kept: f64) -> f64 {
        if self.reads <= 0.0 {
            return 0.0;
        }
        let asked = -math::exp_m1(-self.reads * kept);
        asked.min(self.reads / (self.reads + self.losses))
    }
}

impl Keys {
    pub(super) fn of(plan: &Plan) -> Self {
        let most = plan.classes.iter().map(|class| class.keys).max().unwrap_or(1);
        let mut starts: Vec<u64> = (0..most.min(HEAD)).collect();
        let mut next = most.min(HEAD);
        while next < most {
            starts.push(next);
            next += ((next as f64 * GROWTH) as u64).max(1);
        }
        let ends = starts.iter().skip(1).copied().chain(std::iter::once(most));
        let blocks: Vec<(u64, u64)> = starts.iter().copied().zip(ends).collect();
        let share = |class: &crate::workload::Class| {
            let weight = |&(start, end): &(u64, u64)| {
                let end = end.min(class.keys);
                if end <= start {
                    return (0.0, 0.0);
                }
                let middle = f64::midpoint(start as f64, end as f64) + 0.5;
                (math::pow(middle, -class.skew), (end - start) as f64)
            };
            let weights: Vec<(f64, f64)> = blocks.iter().map(weight).collect();
            let total: f64 = weights.iter().map(|(weight, keys)| weight * keys).sum();
            weights
                .into_iter()
                .zip(&blocks)
                .map(|((weight, keys), (start, end))| {
                    // A class that ends within a block asks for a part of its keys.
                    weight / total * keys / (end - start) as f64
                })
                .collect()
        };
        Self {
            counts: blocks.iter().map(|(start, end)| (end - start) as f64).collect(),
            shares: plan.classes.iter().map(share).collect(),
        }
    }

    /// The share of lookups of each class that hit. `rates` arrive by class, `deletes` take values away.
    pub(super) fn hits(
        &self,
        plan: &Plan,
        node: usize,
        rates: &[f64],
        deletes: &[f64],
        memory: Memory,
    ) -> Vec<f64> {
        let is_file = |class: usize| plan.classes[class].operation == Operation::Static;
        // Files and values do not share keys.
        let spaces: Vec<Vec<Block>> = [false, true]
            .into_iter()
            .map(|files| {
                let asks = |class: usize| looks_up(plan, node, class) && is_file(class) == files;
                let reads: Vec<f64> =
                    (0..rates.len()).map(|c| if asks(c) { rates[c] } else { 0.0 }).collect();
                let none = vec![0.0; rates.len()];
                self.blocks(&reads, if files { &none } else { deletes }, memory)
            })
            .collect();
        let kept = kept_for(&spaces, memory.capacity);
        let hit = |class: usize| {
            if !looks_up(plan, node, class) {
                return 0.0;
            }
            let blocks = &spaces[usize::from(is_file(class))];
            let each = blocks.iter().zip(&self.shares[class]);
            each.map(|(block, share)| block.keys * share * block.hit(kept)).sum::<f64>().clamp(0.0, 1.0)
        };
        (0..rates.len()).map(hit).collect()
    }

    fn blocks(&self, reads: &[f64], deletes: &[f64], memory: Memory) -> Vec<Block> {
        let sum = |rates: &[f64], i: usize| -> f64 {
            rates.iter().zip(&self.shares).map(|(rate, shares)| rate * shares[i]).sum()
        };
        let block = |(i, &keys): (usize, &f64)| Block {
            keys,
            reads: sum(reads, i) * memory.share,
            losses: 1.0 / memory.ttl + sum(deletes, i),
        };
        self.counts.iter().enumerate().map(block).collect()
    }
}

/// How long an entry that nobody asks for stays: so long that as many entries are there as there is room for; for ever where
/// there is room for all.
fn kept_for(spaces: &[Vec<Block>], capacity: f64) -> f64 {
    // An entry is there for the share of time for which a lookup would hit: Poisson arrivals see time averages.
    let there =
        |kept: f64| -> f64 { spaces.iter().flatten().map(|block| block.keys * block.hit(kept)).sum() };
    if there(f64::INFINITY) <= capacity {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (1e-9f64, 1e9f64);
    // 24 halvings of 41 powers of e: to 3 millionths of itself.
    for _ in 0..24 {
        let middle = (low * high).sqrt();
        if there(middle) < capacity { low = middle } else { high = middle }
    }
    low
}
