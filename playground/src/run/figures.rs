//! The figures of one subject of a run: the whole, a class of requests, or a node. Simulated and measured are cut alike.
use crate::geometry::percentile_place;
use loadpath_core::run::{Outcomes, Run};
use loadpath_core::sim::CurvePoint;
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::topology::Topology;
use serde::{Deserialize, Serialize};

/// What figures are of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// All requests, as their clients see them.
    #[default]
    All,
    /// A class of requests, by name.
    Class(String),
    /// A node, as its callers see it, by id.
    Node(String),
}

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What they are of.
    pub subject: Subject,
    /// How many requests ended.
    pub count: u64,
    /// Requests per second.
    pub rate: f64,
    /// The share that did not end well, in [0, 1].
    pub error_share: f64,
    /// 50 %, 90 %, 99 % and 99.9 % of the requests were not slower than this, in seconds.
    pub quantiles: [f64; 4],
    /// The half-widths of their 95 % intervals, where they are known.
    #[serde(default)]
    pub quantile_widths: [Option<f64>; 4],
    /// That of the rate.
    #[serde(default)]
    pub rate_width: Option<f64>,
    /// That of the share of errors.
    #[serde(default)]
    pub error_width: Option<f64>,
    /// Half and 99 % of the first bytes were there so soon after the actual send, in seconds; measured of requests alone.
    #[serde(default)]
    pub first_byte: Option<[f64; 2]>,
    /// Response by percentile.
    pub curve: Vec<CurvePoint>,
}

/// The quantiles of [`Figures::quantiles`], with their names.
pub(crate) const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// Points of a curve over the percentile axis.
const POINTS: usize = 96;

impl Figures {
    /// The figures of a subject of a run; none when the run does not know it or nothing was answered.
    pub fn of(run: &Run, subject: &Subject) -> Option<Self> {
        let mut first_byte = Histogram::new(Precision::Fine);
        let (outcomes, response) = match subject {
            Subject::All => {
                run.classes.iter().for_each(|class| first_byte.merge(&class.breakdown.first_byte));
                (run.outcomes(), run.response())
            }
            Subject::Class(name) => {
                let class = run.classes.iter().find(|class| class.name == *name)?;
                first_byte.merge(&class.breakdown.first_byte);
                (class.outcomes, class.response.clone())
            }
            Subject::Node(id) => {
                let node = run.nodes.iter().find(|node| node.id == *id)?;
                (node.outcomes, node.response.clone())
            }
        };
        let figures = Self::cut(subject, outcomes, &response, run.duration.as_secs())?;
        let quantile = |q| first_byte.quantile(q).as_secs();
        Some(Self {
            first_byte: (!first_byte.is_empty()).then(|| [quantile(0.5), quantile(0.99)]),
            ..figures
        })
    }

    fn cut(subject: &Subject, outcomes: Outcomes, response: &Histogram, seconds: f64) -> Option<Self> {
        if response.is_empty() || seconds <= 0.0 {
            return None;
        }
        Some(Self {
            subject: subject.clone(),
            count: outcomes.total(),
            rate: outcomes.total() as f64 / seconds,
            error_share: outcomes.error_share(),
            quantiles: QUANTILES.map(|(_, q)| response.quantile(q).as_secs()),
            curve: curve(response),
            ..Self::default()
        })
    }
}

/// Response by percentile, evenly over the percentile axis, up to what so few values can tell.
fn curve(response: &Histogram) -> Vec<CurvePoint> {
    let last = percentile_place(1.0 - 1.0 / response.count() as f64);
    let quantile = |i: usize| 1.0 - 10f64.powf(-4.0 * last * i as f64 / POINTS as f64);
    let point = |quantile| CurvePoint { quantile, seconds: response.quantile(quantile).as_secs() };
    (0..=POINTS).map(quantile).map(point).collect()
}

/// What a design's figures can be of: all, the classes, the nodes that are called.
pub fn subjects(document: &Topology) -> Vec<Subject> {
    let classes = document.workload.classes.iter().map(|class| Subject::Class(class.name.clone()));
    let called = document.nodes.iter().filter(|node| node.kind != "clients");
    let nodes = called.map(|node| Subject::Node(node.id.clone()));
    std::iter::once(Subject::All).chain(classes).chain(nodes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::{ClassRun, Outcome, Source};
    use loadpath_core::time::Span;

    fn run() -> Run {
        let mut run = Run::new("x", Source::Simulated { seed: 1 }, 100.0);
        let mut class = ClassRun::named("read");
        for i in 1..=1_000 {
            class.response.record(Span::from_micros(i * 10));
            class.outcomes.add(Outcome::Ok);
        }
        run.classes.push(class);
        run.duration = Span::from_millis(10_000);
        run
    }

    #[test]
    fn a_run_of_one_class_has_the_same_figures_in_all_and_in_the_class() {
        let run = run();
        let all = Figures::of(&run, &Subject::All).unwrap();
        let class = Figures::of(&run, &Subject::Class("read".to_owned())).unwrap();
        assert_eq!((all.count, all.rate), (1_000, 100.0));
        assert_eq!(all.quantiles, class.quantiles);
        assert!((all.quantiles[0] - 0.005).abs() < 0.000_02, "{:?}", all.quantiles);
        assert_eq!(all.first_byte, None, "a simulated answer has one instant");
        assert_eq!(Figures::of(&run, &Subject::Node("web".to_owned())), None);
    }

    #[test]
    fn first_bytes_are_told_where_they_were_measured() {
        let mut run = run();
        (1..=100).for_each(|i| run.classes[0].breakdown.first_byte.record(Span::from_micros(i * 10)));
        for subject in [Subject::All, Subject::Class("read".to_owned())] {
            let [half, nearly_all] = Figures::of(&run, &subject).unwrap().first_byte.unwrap();
            assert!(
                (half - 0.000_5).abs() < 5e-6 && (nearly_all - 0.000_99).abs() < 1e-5,
                "{half} {nearly_all}"
            );
        }
    }

    #[test]
    fn a_curve_rises_and_ends_where_the_values_end() {
        let curve = Figures::of(&run(), &Subject::All).unwrap().curve;
        assert!(curve.windows(2).all(|pair| pair[0].seconds <= pair[1].seconds));
        let last = curve[curve.len() - 1];
        assert!((last.quantile - 0.999).abs() < 1e-6 && last.seconds <= 0.010_01, "{last:?}");
    }

    #[test]
    fn clients_are_no_subject_for_nobody_calls_them() {
        let subjects = subjects(&loadpath_core::topology::three_tier());
        assert_eq!(subjects.len(), 1 + 2 + 4);
        assert!(!subjects.contains(&Subject::Node("users".to_owned())));
    }
}
