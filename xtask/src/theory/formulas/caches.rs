//! Keys: caches, hashing, balancing.

use loadpath_core::analytic::formula::cache::{
    fifo_hit, fifo_hit_exact, lru_hit, lru_hit_exact, renewal_hit, sliding_ttl_hit, ttl_hit, ttl_origin_rate,
};
use loadpath_core::analytic::formula::hashing::{
    RingSpread, bounded_load, bounded_load_moves, bucket_cv, fullest_bucket, moved_by_adding,
    moved_by_modulo, moved_by_removing,
};
use loadpath_core::analytic::formula::{
    Gim1, Mm1, Mmc, Popularity, PowerOfChoices, rank_points, zipf_head, zipf_sum,
};
use loadpath_core::math::pow;

use super::super::case::Case;
use super::Values;

/// What the formulas about keys say; `None` for other families.
pub(super) fn of(case: &Case) -> Option<Values> {
    match case.family.as_str() {
        "Zipf shares" => Some(zipf(case)),
        "caches under IRM/Zipf, exact small" | "caches under IRM/Zipf, exact medium" => {
            Some(small_caches(case))
        }
        "caches under IRM/Zipf, Che approximation" => large_caches(case),
        "TTL cache, one key, Poisson requests" => Some(one_key(case)),
        "TTL cache, periodic requests" => Some(periodic(case)),
        "TTL cache, Zipf keys" => Some(many_keys(case)),
        "consistent hashing ring" => Some(ring(case)),
        "jump consistent hash" => Some(jump(case)),
        "consistent hashing with bounded loads" => Some(bounded(case)),
        "load balancing, n servers mu=1, exact" => balanced(case),
        _ => None,
    }
}

fn zipf(case: &Case) -> Values {
    let (keys, skew) = (u64::from(case.count("N")), case.number("alpha"));
    let head = |top: u64| zipf_head(keys, skew, top);
    vec![
        ("p1", head(1)),
        ("top10", head(10)),
        ("top100", head(100)),
        ("top1000", head(1_000)),
        ("top1pct", head(keys / 100)),
        ("top10pct", head(keys / 10)),
        ("H", zipf_sum(keys, skew)),
    ]
}

fn small_caches(case: &Case) -> Values {
    let (keys, skew, capacity) = (case.count("N"), case.number("alpha"), case.count("C"));
    let total: f64 = (1..=keys).map(|k| pow(f64::from(k), -skew)).sum();
    let shares: Vec<f64> = (1..=keys).map(|k| pow(f64::from(k), -skew) / total).collect();
    let popularity = Popularity::of(&shares);
    let of_room = f64::from(capacity);
    let hit = |solution: Option<loadpath_core::analytic::formula::cache::CheSolution>| {
        solution.map_or(f64::NAN, |solution| solution.hit_ratio)
    };
    vec![
        ("LRU_hit", lru_hit_exact(&shares, capacity as usize)),
        ("FIFO_RANDOM_hit", fifo_hit_exact(&shares, capacity as usize)),
        ("LFU_ideal_hit", shares[..capacity as usize].iter().sum()),
        ("LRU_che", hit(lru_hit(&popularity, of_room))),
        ("FIFO_char_time", hit(fifo_hit(&popularity, of_room))),
    ]
}

fn large_caches(case: &Case) -> Option<Values> {
    let (keys, skew, capacity) = (u64::from(case.count("N")), case.number("alpha"), case.number("C"));
    let popularity = Popularity::zipf(keys, skew);
    let lru = lru_hit(&popularity, capacity)?;
    Some(vec![
        ("LRU_hit", lru.hit_ratio),
        ("characteristic_time", lru.time),
        ("FIFO_RANDOM_hit", fifo_hit(&popularity, capacity)?.hit_ratio),
        ("LFU_ideal_hit", zipf_head(keys, skew, capacity as u64)),
    ])
}

fn one_key(case: &Case) -> Values {
    let (rate, ttl) = (case.number("lambda_"), case.number("T"));
    vec![
        ("hit_fixed_ttl", ttl_hit(rate, ttl)),
        ("hit_sliding_ttl", sliding_ttl_hit(rate, ttl)),
        ("origin_rate_fixed", ttl_origin_rate(rate, ttl)),
    ]
}

fn periodic(case: &Case) -> Values {
    vec![("hit_fixed_ttl", renewal_hit((case.number("T") / case.number("interval")).floor()))]
}

fn many_keys(case: &Case) -> Values {
    let (keys, skew) = (u64::from(case.count("N")), case.number("alpha"));
    let (rate, ttl) = (case.number("total_rate"), case.number("T"));
    let total = zipf_sum(keys, skew);
    let points = rank_points(keys, &[], 6);
    let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
        points.iter().map(|point| point.keys * of(pow(point.rank, -skew) / total)).sum()
    };
    vec![
        ("hit_fixed_ttl", sum(&|share| share * ttl_hit(rate * share, ttl))),
        ("hit_sliding_ttl", sum(&|share| share * sliding_ttl_hit(rate * share, ttl))),
        ("mean_items_sliding", sum(&|share| sliding_ttl_hit(rate * share, ttl))),
        ("mean_items_fixed", sum(&|share| ttl_hit(rate * share, ttl))),
    ]
}

fn ring(case: &Case) -> Values {
    let nodes = case.count("nodes");
    let ring = RingSpread { nodes, points: case.count("vnodes") };
    vec![
        ("max_over_mean", ring.max_over_mean()),
        ("min_over_mean", ring.min_over_mean()),
        ("cv", ring.cv()),
        ("moved_on_add", moved_by_adding(nodes)),
        ("moved_on_remove", moved_by_removing(nodes)),
        ("moved_mod_hash_add", moved_by_modulo(nodes)),
    ]
}

fn jump(case: &Case) -> Values {
    let (buckets, keys) = (case.count("buckets"), case.number("keys"));
    vec![
        ("moved_on_add", moved_by_adding(buckets)),
        ("cv_of_bucket_load", bucket_cv(buckets, keys)),
        ("expected_max_over_mean_gauss", fullest_bucket(buckets, keys)),
    ]
}

fn bounded(case: &Case) -> Values {
    let c = case.number("c");
    vec![
        ("max_load", bounded_load(case.count("servers"), case.count("balls"), c)),
        ("expected_moves_bound", bounded_load_moves(c)),
    ]
}

/// What has a closed form; the shortest queue and power of two have none.
fn balanced(case: &Case) -> Option<Values> {
    let (n, rho) = (case.count("n"), case.number("rho"));
    Some(vec![
        ("W_random", Mm1::new(rho, 1.0)?.response()),
        ("W_round_robin", Gim1::erlang(n, 1.0 / rho, 1.0)?.response()),
        ("W_central_queue", Mmc::new(rho * f64::from(n), 1.0, n)?.response()),
    ])
}

/// The mean field, which has a tail for each length of a queue.
pub(super) fn power_of_choices(case: &Case) -> Option<Vec<(String, f64)>> {
    if case.family != "power of d choices, n -> infinity (mu=1)" {
        return None;
    }
    let load = case.number("lambda_per_server");
    let mut values = vec![("W_d1".to_owned(), Mm1::new(load, 1.0)?.response())];
    for choices in [2, 3, 5] {
        values.push((format!("W_d{choices}"), PowerOfChoices::new(load, 1, choices)?.response()));
    }
    let tails = PowerOfChoices::new(load, 1, 2)?.tails;
    values.extend(tails.iter().take(7).enumerate().map(|(i, tail)| (format!("tail2_ge{}", i + 1), *tail)));
    Some(values)
}
