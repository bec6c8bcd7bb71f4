//! Where a function crosses zero, and integrals: what the closed forms need when they do not close.

/// Halvings of a bracket, after which no float lies between its ends.
const HALVINGS: u32 = 200;

/// The argument in `[low, high]` at which `f` changes its sign, by bisection: as exact as a float can be, about 60 calls.
/// Where both ends have the same sign it gives the end that is nearer to zero.
pub fn root(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let (at_low, at_high) = (f(low), f(high));
    if at_low == 0.0 || at_low.signum() == at_high.signum() {
        return if at_low.abs() <= at_high.abs() { low } else { high };
    }
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if f(middle).signum() == at_low.signum() {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// The smallest `t` ≥ 0 at which the distribution function `cdf` reaches `q` in [0, 1); zero where it has already at zero.
/// `scale` > 0 is any length of the law's order: the bracket grows from it.
pub fn quantile(q: f64, scale: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    if cdf(0.0) >= q {
        return 0.0;
    }
    let mut high = scale;
    while cdf(high) < q && high < 1e12 * scale {
        high *= 2.0;
    }
    root(0.0, high, |t| cdf(t) - q)
}

/// The integral of `f` over `[low, high]` by Simpson's rule over `pieces` pieces of two steps each.
pub fn integral(low: f64, high: f64, pieces: u32, f: impl Fn(f64) -> f64) -> f64 {
    let step = (high - low) / f64::from(2 * pieces);
    let inner: f64 =
        (1..2 * pieces).map(|i| f(low + f64::from(i) * step) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (f(low) + inner + f(high)) * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_to_the_last_bit_and_a_cubic_is_integrated_exactly() {
        assert!((root(0.0, 2.0, |x| x * x - 2.0) - std::f64::consts::SQRT_2).abs() < 1e-15);
        assert_eq!(root(3.0, 9.0, |x| x * x - 2.0), 3.0);
        assert!((integral(0.0, 2.0, 1, |x| x * x * x) - 4.0).abs() < 1e-15);
        assert!((quantile(0.5, 1e-3, |t| t / (1.0 + t)) - 1.0).abs() < 1e-14);
    }
}
