//! Exponential and normal draws by the ziggurat method (Marsaglia & Tsang 2000), 256 layers.
//!
//! The area under the density is cut into layers of equal area; most draws land in the rectangle inside a layer and need
//! one multiplication. Edges and tail are drawn exactly. The tables come from `libm`, so they are the same everywhere.
use crate::math;
use crate::rng::Rng;
use std::sync::OnceLock;

const LAYERS: usize = 256;
/// Where the tail begins, and the area of a layer, for 256 layers (Marsaglia & Tsang 2000; Doornik 2005, table 1).
const EXPONENTIAL: (f64, f64) = (7.697_117_470_131_05, 3.949_659_822_581_572e-3);
const NORMAL: (f64, f64) = (3.654_152_885_361_009, 4.928_673_233_992_36e-3);

/// Right edges of the layers from the base up, and the density there.
struct Table {
    x: [f64; LAYERS + 1],
    f: [f64; LAYERS + 1],
}

impl Table {
    fn new((tail, area): (f64, f64), density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Self {
        let mut x = [0.0; LAYERS + 1];
        // The base layer is as wide as a rectangle of its area would be, the tail's area included.
        x[0] = area / density(tail);
        x[1] = tail;
        for i in 2..LAYERS {
            x[i] = inverse(area / x[i - 1] + density(x[i - 1]));
        }
        Self { x, f: x.map(density) }
    }
}

/// Exponential with mean one.
#[inline]
pub(super) fn exponential(rng: &mut Rng) -> f64 {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE.get_or_init(|| Table::new(EXPONENTIAL, |x| math::exp(-x), |y| -math::ln(y)));
    let (layer, unit) = split(rng.bits());
    let x = unit * table.x[layer];
    // 98.9 % of all draws.
    if x < table.x[layer + 1] { x } else { exponential_at_edge(table, layer, x, rng) }
}

/// A draw that did not land in the rectangle inside its layer.
#[cold]
fn exponential_at_edge(table: &Table, mut layer: usize, mut x: f64, rng: &mut Rng) -> f64 {
    while x >= table.x[layer + 1] {
        if layer == 0 {
            return EXPONENTIAL.0 - math::ln(rng.unit_positive());
        }
        if is_below(table, layer, rng, math::exp(-x)) {
            return x;
        }
        let unit;
        (layer, unit) = split(rng.bits());
        x = unit * table.x[layer];
    }
    x
}

/// Standard normal.
pub(super) fn normal(rng: &mut Rng) -> f64 {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE
        .get_or_init(|| Table::new(NORMAL, |x| math::exp(-x * x / 2.0), |y| (-2.0 * math::ln(y)).sqrt()));
    loop {
        let (layer, unit) = split(rng.bits());
        let x = (2.0 * unit - 1.0) * table.x[layer];
        if x.abs() < table.x[layer + 1] {
            return x;
        }
        if layer == 0 {
            return normal_tail(rng).copysign(x);
        }
        if is_below(table, layer, rng, math::exp(-x * x / 2.0)) {
            return x;
        }
    }
}

/// Beyond the tail's beginning (Marsaglia 1964).
fn normal_tail(rng: &mut Rng) -> f64 {
    loop {
        let x = -math::ln(rng.unit_positive()) / NORMAL.0;
        let y = -math::ln(rng.unit_positive());
        if 2.0 * y >= x * x {
            return NORMAL.0 + x;
        }
    }
}

/// A layer from the low 8 bits, a number in [0, 1) from the high 53: they share no bit.
fn split(bits: u64) -> (usize, f64) {
    ((bits & 0xff) as usize, (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64))
}

/// Whether a point drawn evenly between the layer's lower and upper edge lies below the density.
fn is_below(table: &Table, layer: usize, rng: &mut Rng, density: f64) -> bool {
    table.f[layer + 1] + (table.f[layer] - table.f[layer + 1]) * rng.unit() < density
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    const N: u32 = 4_000_000;

    /// Means of powers of the draws, and the share beyond `edge`.
    fn moments(draw: fn(&mut Rng) -> f64, edge: f64) -> ([f64; 4], f64) {
        let mut rng = Seed(11).stream("ziggurat");
        let (mut sums, mut beyond) = ([0.0; 4], 0u32);
        for _ in 0..N {
            let x = draw(&mut rng);
            let mut power = 1.0;
            for sum in &mut sums {
                power *= x;
                *sum += power;
            }
            beyond += u32::from(x > edge);
        }
        (sums.map(|sum| sum / f64::from(N)), f64::from(beyond) / f64::from(N))
    }

    /// Five standard errors of a mean whose terms have this variance.
    fn five_errors(variance: f64) -> f64 {
        5.0 * (variance / f64::from(N)).sqrt()
    }

    #[test]
    fn the_layers_close_at_the_top() {
        let table = Table::new(EXPONENTIAL, |x| math::exp(-x), |y| -math::ln(y));
        let top = EXPONENTIAL.1 / table.x[LAYERS - 1] + table.f[LAYERS - 1];
        assert!((top - 1.0).abs() < 1e-9, "{top}");
        let table = Table::new(NORMAL, |x| math::exp(-x * x / 2.0), |y| (-2.0 * math::ln(y)).sqrt());
        let top = NORMAL.1 / table.x[LAYERS - 1] + table.f[LAYERS - 1];
        assert!((top - 1.0).abs() < 1e-9, "{top}");
    }

    #[test]
    fn the_exponential_has_its_moments_and_its_tail() {
        // The k-th moment is k!, of variance (2k)! - k!²; beyond 9, in the tail, lies e^-9.
        let (m, tail) = moments(exponential, 9.0);
        for (moment, exact, variance) in [(m[0], 1.0, 1.0), (m[1], 2.0, 20.0), (m[2], 6.0, 684.0)] {
            assert!((moment - exact).abs() < five_errors(variance), "{moment} for {exact}");
        }
        let exact = math::exp(-9.0);
        assert!((tail - exact).abs() < five_errors(exact), "{tail} for {exact}");
    }

    #[test]
    fn the_normal_has_its_moments_and_its_tail() {
        let (m, tail) = moments(normal, 4.0);
        for (moment, exact, variance) in
            [(m[0], 0.0, 1.0), (m[1], 1.0, 2.0), (m[2], 0.0, 15.0), (m[3], 3.0, 96.0)]
        {
            assert!((moment - exact).abs() < five_errors(variance), "{moment} for {exact}");
        }
        // P(Z > 4) from the tables.
        let exact = 3.167_124e-5;
        assert!((tail - exact).abs() < five_errors(exact), "{tail} for {exact}");
    }
}
