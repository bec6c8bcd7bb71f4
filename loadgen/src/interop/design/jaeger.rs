//! Jaeger's dependencies (`GET /api/dependencies`): who called whom, how often. No rates, no times.
use super::guess;
use super::sketch::Sketch;
use super::{Drawn, NotRead, build, loose};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Answer { data: Vec<Link> },
    Bare(Vec<Link>),
}

#[derive(Deserialize)]
struct Link {
    parent: String,
    child: String,
    #[serde(rename = "callCount")]
    calls: f64,
}

pub(super) fn read(text: &str) -> Result<Drawn, NotRead> {
    let file: File = serde_json::from_str(text).map_err(|why| {
        NotRead(format!("this looks like dependencies of Jaeger, but {}", loose::short(&why.to_string())))
    })?;
    let (File::Answer { data } | File::Bare(data)) = file;
    let mut sketch = Sketch::new("Jaeger's dependencies", "jaeger");
    let mut counts = Counts::new();
    for Link { parent, child, calls } in data {
        if !calls.is_finite() || calls < 0.0 {
            return Err(NotRead(format!("{calls} calls cannot be counted")));
        }
        let from = sketch.part(&parent, || guess::by_name(&parent))?;
        let to = sketch.part(&child, || guess::by_name(&child))?;
        if from == to {
            sketch.left_out(format!("calls of \"{}\" to itself", sketch.parts[from].name));
            continue;
        }
        sketch.link(from, to)?;
        *counts.entry((from, to)).or_default() += calls;
    }
    ratios(&mut sketch, &counts);
    sketch.assumed("no rate is told: requests come at 100/s".to_owned());
    build::build(sketch)
}

/// Calls by who calls and who is called.
pub(super) type Counts = BTreeMap<(usize, usize), f64>;

/// Calls for each request that came to the caller: what was counted into it; of who is called by nobody that is not known, and its
/// callee most called is taken to be called once for each request.
pub(super) fn ratios(sketch: &mut Sketch, counts: &Counts) {
    let (mut into, mut most) = (vec![0.0; sketch.parts.len()], vec![0.0f64; sketch.parts.len()]);
    for (&(from, to), &calls) in counts {
        into[to] += calls;
        most[from] = most[from].max(calls);
    }
    for (&(from, to), &calls) in counts {
        let came = if into[from] > 0.0 { into[from] } else { most[from] };
        let ratio = ((calls / came * 1e4).round() / 1e4).clamp(0.0, 100.0);
        if !ratio.is_finite() {
            continue;
        }
        let (caller, called) = (sketch.parts[from].name.clone(), sketch.parts[to].name.clone());
        if let Ok(link) = sketch.link(from, to) {
            link.params.insert("calls".to_owned(), ratio.into());
            sketch.understood(format!("\"{caller}\" calls \"{called}\" {ratio} times for each request"));
        }
    }
}
