//! Work that takes longer when more is worked on at once: the contention term of Gunther's universal scalability law (2007, §4.4),
//! S(N) = S(1)·(1 + σ·(N - 1)), for N calls in work at an instance.
use super::fit::{Fitting, Seen};
use super::moments::Moments;
use serde::{Deserialize, Serialize};

/// A slope must be so many of its standard errors.
const SURE: f64 = 2.5;
/// And change the work by this share over the loads that were measured.
const WORTH_A_WORD: f64 = 0.03;
/// Loads must lie so far apart, relative to their mean: runs of one load differ by chance alone.
const APART: f64 = 0.2;
/// What a mean of work is off by for other reasons than chance, relative to it.
const SYSTEMATIC: f64 = 0.005;

/// What was found for a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contention {
    /// The node's id.
    pub node: String,
    /// σ: by which share each further call in work lengthens all; negative where work gets shorter under load.
    pub sigma: f64,
    /// Its 95 % half-width.
    pub half_width: f64,
    /// How many calls an instance had in work on average at the loads that were measured.
    pub in_work: f64,
    /// The arrival rate at which it had so many, per second.
    pub rate: f64,
}

impl Contention {
    /// How many times longer the work takes at an arrival rate than on average at the loads that were measured.
    pub(super) fn factor(&self, rate: f64) -> f64 {
        let slope = self.sigma / (1.0 + self.sigma * (self.in_work - 1.0));
        (1.0 + slope * self.in_work * (rate / self.rate - 1.0)).max(0.1)
    }
}

/// The nodes whose work grows or shrinks with the load, beyond chance; none of a single load.
pub(super) fn contention(fitting: &Fitting, cv2: &[f64], seen: &[Seen]) -> Vec<Contention> {
    let nodes = fitting.plan.nodes.iter().enumerate();
    nodes
        .filter_map(|(place, node)| {
            let runs = fitting.observed.iter().zip(seen);
            let points = runs.filter_map(|(one, run)| Some((one.run.offered_rate, run[place]?)));
            let points: Vec<(f64, (Moments, Moments))> =
                points.filter(|(_, (m, s))| m.from_workers && s.own > 0.0).collect();
            slope(&node.id, cv2[place], &points)
        })
        .collect()
}

/// By least squares, each run weighted by how sure its mean is.
fn slope(node: &str, cv2: f64, points: &[(f64, (Moments, Moments))]) -> Option<Contention> {
    let each = points.iter().map(|(rate, (m, s))| {
        // The simulation has the same draws: half of the chance of two independent means at most.
        let error = 0.5 * (cv2 / m.calls).sqrt() + SYSTEMATIC;
        Point { weight: 1.0 / (error * error), in_work: m.in_work, longer: m.own / s.own, rate: *rate }
    });
    let each: Vec<Point> = each.collect();
    let sum = |of: &dyn Fn(&Point) -> f64| each.iter().map(|p| p.weight * of(p)).sum::<f64>();
    let weight = sum(&|_| 1.0);
    let (x, y, rate) = (sum(&|p| p.in_work) / weight, sum(&|p| p.longer) / weight, sum(&|p| p.rate) / weight);
    let spread = sum(&|p| (p.in_work - x) * (p.in_work - x));
    let slope = sum(&|p| (p.in_work - x) * (p.longer - y)) / spread;
    let error = 1.0 / spread.sqrt();
    let range = |of: &dyn Fn(&Point) -> f64| {
        let (low, high) = each.iter().map(of).fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
        high - low
    };
    let found = range(&|p| p.rate) > APART * rate
        && slope.abs() > SURE * error
        && (slope * range(&|p| p.in_work)).abs() > WORTH_A_WORD * y;
    // The work of one call alone, by the line.
    let alone = y - slope * (x - 1.0);
    (found && alone > 0.0).then(|| Contention {
        node: node.to_owned(),
        sigma: slope / alone,
        half_width: 1.96 * error / alone,
        in_work: x,
        rate,
    })
}

/// A run, as a point of the line.
struct Point {
    weight: f64,
    in_work: f64,
    /// How many times longer the work took than the model says.
    longer: f64,
    rate: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs at these rates, of a node whose work grows by a twentieth for each further call.
    fn points(rates: [f64; 3]) -> Vec<(f64, (Moments, Moments))> {
        let at = |own: f64, in_work: f64| Moments { own, in_work, calls: 1e5, ..Moments::default() };
        [1.0, 2.0, 3.0]
            .iter()
            .zip(rates)
            .map(|(&n, rate)| (rate, (at(1.0 + 0.05 * (n - 1.0), n), at(1.0, n))))
            .collect()
    }

    #[test]
    fn contention_is_found_between_loads_and_not_between_runs_of_one() {
        let found = slope("web", 1.0, &points([10.0, 20.0, 30.0])).unwrap();
        assert!((found.sigma - 0.05).abs() < 0.005, "{found:?}");
        assert_eq!(slope("web", 1.0, &points([20.0, 20.0, 20.0])), None);
    }
}
