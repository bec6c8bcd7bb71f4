//! The load that a design asks for over time: the rate that is written, and what the timeline makes of it.
use loadpath_core::order;
use loadpath_core::time::Span;
use loadpath_core::topology::catalog::{self, ARRIVALS};
use loadpath_core::topology::{Topology, parse_rate};

/// How long the picture is when nothing happens, in seconds.
const LEAST: f64 = 60.0;

/// The rate over time, in an open loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// From when on which rate is planned, in seconds and per second; the first is at zero.
    pub steps: Vec<(f64, f64)>,
    /// Where the picture ends, in seconds.
    pub end: f64,
    /// The standard deviation of a second's arrivals over the square root of their mean: 0 for even ones, 1 for Poisson.
    pub spread: f64,
}

impl Load {
    /// From a document; none for a closed loop, whose rate follows from the design, and for what cannot be read.
    pub fn of(document: &Topology) -> Option<Self> {
        let written = |name: &str| {
            let value = document.workload.params.get(name).map(ToString::to_string);
            value.or_else(|| Some(catalog::param(ARRIVALS, name)?.default.to_owned()))
        };
        let spread = match written("arrivals")?.as_str() {
            "constant" => 0.0,
            "poisson" => 1.0,
            // A renewal process: the variance of a count over its mean tends to the gaps' cv2 (Cox 1962, §4.2).
            "bursty" => written("burstiness")?.parse::<f64>().ok().filter(|cv2| *cv2 >= 1.0)?.sqrt(),
            _ => return None,
        };
        let mut steps = vec![(0.0, parse_rate(&written("rate")?).ok()?)];
        let mut changes: Vec<(f64, f64)> = document
            .timeline
            .iter()
            .filter(|what| what.action == "set_rate")
            .filter_map(|what| {
                let at: Span = what.at.parse().ok()?;
                Some((at.as_secs(), parse_rate(&what.params.get("rate")?.to_string()).ok()?))
            })
            .collect();
        order::sort_by(&mut changes, |a, b| a.0.total_cmp(&b.0));
        steps.extend(changes);
        let last = steps.last().map_or(0.0, |(at, _)| *at);
        Some(Self { end: (last * 1.25).max(LEAST), steps, spread })
    }

    /// The highest rate, with what chance adds to a second of it.
    pub fn most(&self) -> f64 {
        self.steps.iter().map(|(_, rate)| self.around(*rate).1).fold(0.0, f64::max)
    }

    /// Between what a second's arrivals mostly lie: two standard deviations about their mean.
    pub fn around(&self, rate: f64) -> (f64, f64) {
        let off = 2.0 * self.spread * rate.sqrt();
        ((rate - off).max(0.0), rate + off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{Happening, Params, three_tier};

    #[test]
    fn what_the_timeline_changes_is_a_step_in_order() {
        let mut document = three_tier();
        for (at, rate) in [("90s", "2k/s"), ("30s", "1k/s")] {
            let params = Params::from([("rate".to_owned(), rate.into())]);
            document.timeline.push(Happening { at: at.into(), action: "set_rate".into(), params });
        }
        let load = Load::of(&document).unwrap();
        assert_eq!(load.steps, [(0.0, 400.0), (30.0, 1_000.0), (90.0, 2_000.0)]);
        assert!(load.end > 90.0 && load.most() > 2_000.0);
    }

    #[test]
    fn even_arrivals_have_no_spread_and_a_closed_loop_has_no_rate() {
        let mut document = three_tier();
        let mut of = |arrivals: &str| {
            document.workload.params.insert("arrivals".into(), arrivals.into());
            Load::of(&document)
        };
        let even = of("constant").unwrap();
        assert_eq!(even.around(400.0), (400.0, 400.0));
        // 400 a second: a standard deviation of 20.
        assert_eq!(of("poisson").unwrap().around(400.0), (360.0, 440.0));
        assert!(of("bursty").unwrap().spread > 2.0);
        assert_eq!(of("closed"), None);
    }
}
