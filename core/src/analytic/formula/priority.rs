//! Classes that go before others, at one server, without interrupting whoever is served (Cobham 1954).
use super::ServiceTime;

/// Mean wait of each class in seconds, highest priority first, from each class's arrival rate and service time (M/G/1,
/// FCFS inside a class). `None` for a class, and all below it, that the classes up to it saturate.
pub fn priority_waits(classes: &[(f64, ServiceTime)]) -> Vec<Option<f64>> {
    let residual: f64 = classes.iter().map(|(rate, service)| rate * service.second / 2.0).sum();
    let mut above = 0.0;
    let wait = |&(rate, service): &(f64, ServiceTime)| {
        let before = above;
        above += rate * service.mean;
        (above < 1.0).then(|| residual / ((1.0 - before) * (1.0 - above)))
    };
    classes.iter().map(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_class_gains_what_the_low_one_loses() {
        let exp = ServiceTime::exponential(1.0);
        let waits = priority_waits(&[(0.4, exp), (0.4, exp)]);
        assert!((waits[0].unwrap() - 4.0 / 3.0).abs() < 1e-12);
        assert!((waits[1].unwrap() - 20.0 / 3.0).abs() < 1e-12);
        // Kleinrock's conservation law: Σ ρ_k W_k is what FCFS would give, 0.8 · 4.
        let kept: f64 = waits.iter().map(|wait| 0.4 * wait.unwrap()).sum();
        assert!((kept - 3.2).abs() < 1e-12);
        assert_eq!(priority_waits(&[(0.5, exp), (0.5, exp)])[1], None);
    }
}
