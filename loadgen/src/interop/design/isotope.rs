//! isotope: services with a script of sleeps and calls, some of them at the same time.
use super::guess::Guess;
use super::sketch::Sketch;
use super::{Drawn, NotRead, build, loose};
use loadpath_core::time::Span;
use serde_json::Value;

pub(super) fn read(file: &Value) -> Result<Drawn, NotRead> {
    let mut sketch = Sketch::new("isotope", "isotope");
    let services = file.get("services").and_then(Value::as_array).cloned().unwrap_or_default();
    // Its README says "default", its code reads "defaults".
    let defaults = file.get("defaults").or_else(|| file.get("default")).cloned().unwrap_or_default();
    let of = |service: &Value, key: &str| service.get(key).or_else(|| defaults.get(key)).cloned();
    for service in &services {
        let Some(name) = service.get("name").and_then(loose::text) else {
            sketch.left_out("a service without a name".to_owned());
            continue;
        };
        let place = sketch.part(&name, || Guess::known("service"))?;
        let part = &mut sketch.parts[place];
        part.entry = service.get("isEntrypoint").and_then(Value::as_bool).unwrap_or(false);
        if let Some(replicas) = of(service, "numReplicas").as_ref().and_then(loose::count) {
            part.params.insert("instances".to_owned(), f64::from(replicas.max(1)).into());
        }
        if let Some(percent) = of(service, "errorRate").as_ref().and_then(loose::number).filter(|n| *n > 0.0)
        {
            // A number is a share, a text like "1%" a percentage.
            let is_percent = of(service, "errorRate").is_some_and(|rate| rate.is_string());
            let share = if is_percent { percent / 100.0 } else { percent };
            part.params.insert("error_share".to_owned(), share.clamp(0.0, 1.0).into());
        }
    }
    for service in &services {
        let Some(from) = service.get("name").and_then(loose::text).and_then(|name| sketch.find(&name)) else {
            continue;
        };
        let script = of(service, "script").and_then(|script| script.as_array().cloned()).unwrap_or_default();
        steps(&mut sketch, from, &script)?;
    }
    build::build(sketch)
}

fn steps(sketch: &mut Sketch, from: usize, script: &[Value]) -> Result<(), NotRead> {
    let mut slept = 0u64;
    for step in script {
        match step {
            Value::Array(together) => {
                for step in together {
                    slept += one(sketch, from, step, together.len() > 1)?;
                }
            }
            step => slept += one(sketch, from, step, false)?,
        }
    }
    // A sleep takes no core.
    let name = sketch.parts[from].name.clone();
    if slept > 0 {
        let pause = Span(slept.min(600 * Span::SECOND.0));
        sketch.parts[from].params.insert("pause".to_owned(), pause.to_string().as_str().into());
        sketch.understood(format!("\"{name}\" sleeps {pause}"));
    }
    sketch.parts[from].params.insert("service_time".to_owned(), "exp 200us".into());
    sketch.assumed(format!(
        "\"{name}\" works for some 200us on a request besides: isotope's own work is not in its file"
    ));
    Ok(())
}

/// A step; how long it sleeps, in nanoseconds.
fn one(sketch: &mut Sketch, from: usize, step: &Value, together: bool) -> Result<u64, NotRead> {
    if let Some(sleep) = step.get("sleep").and_then(loose::text) {
        let span = sleep.parse::<Span>();
        if span.is_err() {
            sketch.left_out(format!("a sleep of \"{sleep}\", which is no length of time"));
        }
        return Ok(span.map_or(0, |span| span.0.min(600 * Span::SECOND.0)));
    }
    let Some(call) = step.get("call") else {
        sketch.left_out(format!("a step of \"{}\" that neither sleeps nor calls", sketch.parts[from].name));
        return Ok(0);
    };
    let name = loose::text(call).or_else(|| call.get("service").and_then(loose::text)).unwrap_or_default();
    let Some(to) = sketch.find(&name).filter(|to| *to != from) else {
        sketch
            .left_out(format!("a call of \"{}\" to \"{name}\", which is not there", sketch.parts[from].name));
        return Ok(0);
    };
    let probability =
        call.get("probability").and_then(loose::number).unwrap_or(100.0).clamp(0.0, 100.0) / 100.0;
    let link = sketch.link(from, to)?;
    let before = if let Some(loadpath_core::topology::Value::Number(calls)) = link.params.get("calls") {
        *calls
    } else {
        0.0
    };
    link.params.insert("calls".to_owned(), (before + probability).min(100.0).into());
    if together {
        link.params.insert("mode".to_owned(), "parallel".into());
    }
    Ok(0)
}
