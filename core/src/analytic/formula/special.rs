//! Special functions behind the closed forms: gamma, normal and binomial distributions, harmonic numbers.
use super::root::root;
use crate::math::{exp, ln, pow};

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The binomial coefficient n over k; zero for k > n.
pub fn choose(n: u32, k: u32) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k.min(n - k)).map(|i| f64::from(n - i) / f64::from(i + 1)).product()
}

/// The harmonic number 1 + 1/2 + ... + 1/n; zero for n = 0.
pub fn harmonic(n: u32) -> f64 {
    (1..=n).rev().map(|i| 1.0 / f64::from(i)).sum()
}

/// The distribution function of the standard normal law.
pub fn normal_cdf(x: f64) -> f64 {
    libm::erfc(-x / std::f64::consts::SQRT_2) / 2.0
}

/// The distribution function at `x` of the gamma law of this shape > 0 and scale one: the regularised incomplete gamma
/// function P(shape, x), by series or continued fraction (Abramowitz & Stegun 1964, 6.5.29 and 6.5.31).
pub fn gamma_cdf(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = exp(shape * ln(x) - x - ln_gamma(shape));
    if x < shape + 1.0 { front * lower_series(shape, x) } else { 1.0 - front * upper_fraction(shape, x) }
}

fn lower_series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
    while term > sum * 1e-17 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// By Lentz's method (Thompson & Barnett 1986).
fn upper_fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let a = -f64::from(i) * (f64::from(i) - shape);
        b += 2.0;
        d = 1.0 / not_zero(a * d + b, TINY);
        c = not_zero(b + a / c, TINY);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

fn not_zero(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}

/// The quantile `q` in [0, 1) of the gamma law with this mean ≥ 0 and squared coefficient of variation ≥ 0.
pub fn gamma_quantile(mean: f64, cv2: f64, q: f64) -> f64 {
    if mean <= 0.0 || cv2 < 1e-9 {
        return mean.max(0.0);
    }
    let shape = 1.0 / cv2;
    super::root::quantile(q, shape + 1.0, |x| gamma_cdf(shape, x)) * mean / shape
}

/// P(N ≤ k) of a Poisson law with this mean ≥ 0.
pub fn poisson_cdf(mean: f64, k: u32) -> f64 {
    1.0 - gamma_cdf(f64::from(k) + 1.0, mean)
}

/// P(at least k of n), each alone with probability `p` in [0, 1].
pub fn at_least(k: u32, n: u32, p: f64) -> f64 {
    let term = |i: u32| choose(n, i) * pow(p, f64::from(i)) * pow(1.0 - p, f64::from(n - i));
    // The shorter side is the more exact one when it is tiny.
    if 2 * k > n { (k..=n).map(term).sum() } else { 1.0 - (0..k).map(term).sum::<f64>() }
}

/// The probability p at which [`at_least`]`(k, n, p)` is `q`: the quantile of the law Beta(k, n - k + 1).
pub fn at_least_inverse(k: u32, n: u32, q: f64) -> f64 {
    root(0.0, 1.0, |p| at_least(k, n, p) - q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_agree_with_the_tables() {
        // Abramowitz & Stegun 1964, tables 26.1, 26.7 (chi-squared: twice a gamma) and 6.1.
        assert!((normal_cdf(1.96) - 0.975_002_104_851_780).abs() < 1e-13);
        assert!((gamma_cdf(5.0, 18.307_038_053_275_15 / 2.0) - 0.95).abs() < 1e-13);
        assert!((gamma_cdf(0.5, 3.841_458_820_694_124 / 2.0) - 0.95).abs() < 1e-13);
        assert!((ln_gamma(10.0) - 12.801_827_480_081_469).abs() < 1e-13);
        assert!((harmonic(10) - 2.928_968_253_968_254).abs() < 1e-15);
        assert_eq!((choose(5, 2), choose(4, 5), choose(3, 0)), (10.0, 0.0, 1.0));
    }

    #[test]
    fn a_gamma_law_with_a_cv2_of_one_is_exponential() {
        assert!((gamma_quantile(2.0, 1.0, 0.99) - 2.0 * ln(100.0)).abs() < 1e-12);
        assert_eq!(gamma_quantile(2.0, 0.0, 0.99), 2.0);
    }

    #[test]
    fn poisson_and_binomial_sums_agree_with_their_terms() {
        let direct: f64 =
            (0..=7).map(|k| exp(-4.0) * pow(4.0, f64::from(k)) / libm::tgamma(f64::from(k) + 1.0)).sum();
        assert!((poisson_cdf(4.0, 7) - direct).abs() < 1e-14);
        // Two of three: 3p² - 2p³.
        assert!((at_least(2, 3, 0.9) - 0.972).abs() < 1e-15);
        assert!((at_least_inverse(2, 3, 0.972) - 0.9).abs() < 1e-14);
    }
}
