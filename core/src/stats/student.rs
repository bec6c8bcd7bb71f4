//! Student's t for any number of replications: its quantile, exact also where there are only two.
use crate::math;
use std::f64::consts::PI;

/// Beyond so many degrees of freedom the expansion in 1/n is as exact as the normal quantile that it rests on.
const MANY: u32 = 200;

/// The quantile of `p` in (0, 1) of Student's law with `freedom` ≥ 1 degrees of freedom; within 10^-8 of its value.
///
/// # Panics
/// If `p` is outside (0, 1) or there is no degree of freedom: only a programmer can cause that.
pub fn student_quantile(p: f64, freedom: u32) -> f64 {
    assert!(p > 0.0 && p < 1.0 && freedom > 0, "a t quantile needs p in (0, 1) and a degree of freedom");
    if p < 0.5 {
        return -student_quantile(1.0 - p, freedom);
    }
    match freedom {
        1 => libm::tan(PI * (p - 0.5)),
        2 => (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt(),
        3..=MANY => invert(p, freedom),
        _ => math::student_quantile(p, freedom),
    }
}

/// Newton's method from the expansion. The law is concave above zero: from the left each step stays on the left.
fn invert(p: f64, freedom: u32) -> f64 {
    let n = f64::from(freedom);
    let height = math::gamma((n + 1.0) / 2.0) / (math::gamma(n / 2.0) * (n * PI).sqrt());
    let mut t = math::student_quantile(p, freedom).max(0.0);
    for _ in 0..64 {
        let density = height * math::pow(1.0 + t * t / n, -(n + 1.0) / 2.0);
        let step = (p - below(t, freedom)) / density;
        t = (t + step).max(0.0);
        if step.abs() <= 1e-12 * (1.0 + t) {
            break;
        }
    }
    t
}

/// The probability of less than `t` ≥ 0: the finite series of Abramowitz & Stegun (1964), 26.7.3 and 26.7.4.
fn below(t: f64, freedom: u32) -> f64 {
    let n = f64::from(freedom);
    let (sine, cosine2) = (t / (n + t * t).sqrt(), n / (n + t * t));
    let odd = freedom % 2 == 1;
    let (mut term, mut sum) = (1.0, 1.0);
    let mut k = if odd { 3 } else { 2 };
    while k < freedom {
        term *= cosine2 * f64::from(k - 1) / f64::from(k);
        sum += term;
        k += 2;
    }
    let central =
        if odd { 2.0 / PI * (libm::atan(t / n.sqrt()) + sine * cosine2.sqrt() * sum) } else { sine * sum };
    0.5 + central / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_tables() {
        // Abramowitz & Stegun (1964), table 26.10, to its three decimals.
        for (p, freedom, t) in [
            (0.975, 1, 12.706),
            (0.995, 1, 63.657),
            (0.975, 2, 4.303),
            (0.995, 2, 9.925),
            (0.975, 3, 3.182),
            (0.995, 3, 5.841),
            (0.9995, 4, 8.610),
            (0.975, 5, 2.571),
            (0.995, 9, 3.250),
            (0.975, 30, 2.042),
            (0.995, 60, 2.660),
            (0.995, 120, 2.617),
        ] {
            let found = student_quantile(p, freedom);
            assert!((found - t).abs() < 6e-4, "t({p}, {freedom}) = {found}, not {t}");
            assert_eq!(student_quantile(1.0 - p, freedom).signum(), -1.0);
        }
    }

    #[test]
    fn the_quantile_inverts_the_law() {
        for freedom in [3, 4, 7, 16, 31, 99, 200] {
            for p in [0.5, 0.6, 0.9, 0.95, 0.99, 0.999, 0.9999] {
                assert!((below(student_quantile(p, freedom), freedom) - p).abs() < 1e-12, "{p}, {freedom}");
            }
        }
    }

    #[test]
    fn the_expansion_goes_on_where_the_inversion_ends() {
        for p in [0.975, 0.995, 0.9995] {
            assert!((invert(p, MANY) - math::student_quantile(p, MANY)).abs() < 1e-7);
        }
    }
}
