//! Single stations.

use anyhow::{Result, bail};
use loadpath_core::run::Run;

use super::super::case::Case;
use super::super::measure::{Effort, Measured, Probe, probe, simulate};
use super::super::reason::is_measured;
use super::UNIT;

/// A document with one station behind open arrivals, over a network that takes no time. The rates are per unit.
pub(super) fn station(rate: f64, arrivals: &str, parameters: &str, classes: &str) -> String {
    format!(
        r#"{{"loadpath": 1, "name": "station",
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "station", "kind": "service", {parameters}}}],
            "edges": [{{"from": "users", "to": "station", "latency": "0s"}}],
            "workload": {{"arrivals": "{arrivals}", "rate": "{}/s", "users": 1, "classes": [{classes}]}}}}"#,
        rate / UNIT
    )
}

pub(super) const JOB: &str = r#"{"name": "job", "keys": 1}"#;

/// A length of so many units, as a document writes it.
pub(super) fn span(units: f64) -> String {
    format!("{}ns", units * UNIT * 1e9)
}

/// Mean response of a class in units.
pub(super) fn mean(run: &Run, class: usize) -> f64 {
    let class = &run.classes[class];
    // The exact mean of whole batches; the histogram's is rounded by its buckets.
    class.mean.map_or_else(|| class.response.mean().as_secs(), |mean| mean.value) / UNIT
}

pub(super) fn quantile(run: &Run, q: f64) -> f64 {
    run.classes[0].response.quantile(q).as_secs() / UNIT
}

/// The share of the station's servers that is busy.
pub(super) fn busy(run: &Run) -> f64 {
    run.nodes[1].utilization.unwrap_or(f64::NAN)
}

/// Mean time in the station's queue in units, of all that came: in long tails it varies less than the response without the work.
pub(super) fn mean_wait(run: &Run) -> f64 {
    run.nodes[1].mean_wait.unwrap_or(f64::NAN) / UNIT
}

/// The share of calls to the station that waited at all.
pub(super) fn waited(run: &Run) -> f64 {
    let station = &run.nodes[1];
    station.waited.map_or(f64::NAN, |waited| waited as f64 / station.outcomes.total() as f64)
}

/// A quantile of the wait in units; nothing for those who do not wait, which is less than a histogram tells.
fn wait_quantile(run: &Run, q: f64) -> f64 {
    if waited(run) <= 1.0 - q { 0.0 } else { run.nodes[1].wait.quantile(q).as_secs() / UNIT }
}

/// So many requests that what a queue remembers is short against them (Whitt 1989: some 4/(1-ρ)² customers).
pub(super) fn batch(utilization: f64) -> f64 {
    20_000.0 + 1_000.0 / (1.0 - utilization) / (1.0 - utilization)
}

/// What every queue without loss has: numbers follow from times and rate (Little 1961), and how the number is spread over time
/// is counted. The service time is one.
fn probes(case: &Case, rate: f64, servers: u32) -> Vec<Probe> {
    let variance = |run: &Run| run.nodes[1].wait.variance() / UNIT / UNIT;
    let mut probes = vec![
        probe("rho", busy),
        probe("a", move |run| busy(run) * f64::from(servers)),
        probe("W", |run| mean(run, 0)),
        probe("Wq", mean_wait),
        probe("Wq_var", variance),
        probe("Wq_std", move |run| variance(run).sqrt()),
        probe("L", move |run| rate * mean(run, 0)),
        probe("Lq", move |run| rate * mean_wait(run)),
        // Who comes meets all servers busy as often as that is so (Wolff 1982), or as the law of gaps has it.
        probe("erlang_c", waited),
        probe("sigma", waited),
        probe("P0", |run| run.nodes[1].in_flight.share(0)),
        probe("P_N_ge_10", |run| run.nodes[1].in_flight.share_from(10)),
    ];
    for (name, q) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)] {
        probes.push(probe(&format!("W_{name}"), move |run| quantile(run, q)));
        probes.push(probe(&format!("Wq_{name}"), move |run| wait_quantile(run, q)));
    }
    probes.retain(|probe| is_measured(case, &probe.name));
    probes
}

/// A station whose service time is one unit in the document, whatever it is in the case: a histogram tells microseconds apart,
/// and no less. `law` is given the mean as a document writes it.
fn fcfs(case: &Case, effort: &Effort, servers: u32, service: f64, law: &str) -> Result<Measured> {
    let rate = if case.expect.contains_key("sigma") {
        1.0 / case.number("interarrival")
    } else {
        case.number("lambda_")
    };
    let arrivals = if case.expect.contains_key("sigma") { "constant" } else { "poisson" };
    let load = rate * service;
    let parameters = format!(r#""workers": {servers}, "queue": 1000000, "service_time": "{law}""#);
    let document = station(load, arrivals, &parameters, JOB);
    let mut measured =
        simulate(&document, batch(load / f64::from(servers)), effort, &probes(case, load, servers))?;
    for (name, estimate) in measured.iter_mut().filter(|(name, _)| name.starts_with('W')) {
        let scale = if name.ends_with("_var") { service * service } else { service };
        estimate.value *= scale;
        estimate.half_width *= scale;
    }
    Ok(measured)
}

/// M/M/1 and M/M/c.
pub(super) fn exponential(case: &Case, effort: &Effort) -> Result<Measured> {
    let (servers, law) = (case.count("c").max(1), format!("exp {}", span(1.0)));
    let mut measured = fcfs(case, effort, servers, 1.0 / case.number("mu"), &law)?;
    if case.expect.contains_key("erlang_b") {
        // The same servers under the same load, and nowhere to wait.
        let load = case.number("lambda_") / case.number("mu");
        let parameters = format!(r#""workers": {servers}, "queue": 0, "service_time": "{law}""#);
        let lost = [probe("erlang_b", |run: &Run| run.outcomes().error_share())];
        measured.append(&mut simulate(&station(load, "poisson", &parameters, JOB), 50_000.0, effort, &lost)?);
    }
    Ok(measured)
}

pub(super) fn deterministic(case: &Case, effort: &Effort) -> Result<Measured> {
    fcfs(case, effort, 1, case.number("D"), &span(1.0))
}

pub(super) fn hyperexponential(case: &Case, effort: &Effort) -> Result<Measured> {
    let law = format!("hyperexp {} cv2 {}", span(1.0), case.number("cv2"));
    fcfs(case, effort, 1, case.number("mean"), &law)
}

pub(super) fn lognormal(case: &Case, effort: &Effort) -> Result<Measured> {
    const Z99: f64 = 2.326_347_874_040_841;
    let (service, sigma) = (case.number("mean"), case.number("sigma_ln"));
    let p99 = loadpath_core::math::exp(sigma * Z99 - sigma * sigma / 2.0);
    fcfs(case, effort, 1, service, &format!("lognormal {} p99 {}", span(1.0), span(p99)))
}

pub(super) fn erlang(case: &Case, effort: &Effort) -> Result<Measured> {
    fcfs(case, effort, 1, case.number("mean"), &format!("erlang {} {}", case.count("k"), span(1.0)))
}

/// D/M/1.
pub(super) fn even_arrivals(case: &Case, effort: &Effort) -> Result<Measured> {
    exponential(case, effort)
}

/// M/M/c/K.
pub(super) fn bounded(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, service, servers) = (case.number("lambda_"), 1.0 / case.number("mu"), case.count("c"));
    let room = case.count("K") - servers;
    let parameters =
        format!(r#""workers": {servers}, "queue": {room}, "service_time": "exp {}""#, span(service));
    let document = station(rate, "poisson", &parameters, JOB);
    let lost = |run: &Run| run.outcomes().error_share();
    // Who is refused is answered at once: all the time spent is of those accepted.
    let accepted = move |run: &Run| {
        run.classes[0].response.mean().as_secs() / UNIT / (1.0 - run.outcomes().error_share())
    };
    let mut probes = vec![
        probe("P_block", lost),
        probe("throughput", move |run| rate * (1.0 - lost(run))),
        probe("utilisation", busy),
        probe("W_accepted", accepted),
        probe("L", move |run| rate * (1.0 - lost(run)) * accepted(run)),
        // Who is refused has not waited.
        probe("Wq_accepted", move |run| mean_wait(run) / (1.0 - lost(run))),
        probe("Lq", move |run| rate * mean_wait(run)),
        probe("P0", |run| run.nodes[1].in_flight.share(0)),
    ];
    probes.retain(|probe| is_measured(case, &probe.name));
    simulate(&document, 50_000.0, effort, &probes)
}

/// M/M/c+M: who waits leaves after an exponential patience.
pub(super) fn impatient(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, service, servers) = (case.number("lambda_"), 1.0 / case.number("mu"), case.count("c"));
    let parameters = format!(
        r#""workers": {servers}, "queue": 1000000, "service_time": "exp {}", "patience": "exp {}""#,
        span(service),
        span(1.0 / case.number("theta"))
    );
    let document = station(rate, "poisson", &parameters, JOB);
    let left = |run: &Run| run.outcomes().error_share();
    let probes = [
        probe("P_wait", waited),
        probe("P_abandon", left),
        probe("Wq_all", mean_wait),
        probe("Lq", move |run| rate * mean_wait(run)),
        probe("utilisation", busy),
        probe("throughput", move |run| rate * (1.0 - left(run))),
    ];
    simulate(&document, 50_000.0, effort, &probes)
}

/// How many requests in ten are of one size, where the law of the others does not matter.
const TAGGED: u32 = 1;

/// M/G/1 under processor sharing: two services on one core, one with a law of large variation, one whose work is always two. The
/// mean must not mind, nor what those of one size wait.
pub(super) fn sharing(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, service) = (case.number("lambda_"), case.number("mean"));
    let others = (10.0 * service - 2.0 * f64::from(TAGGED)) / f64::from(10 - TAGGED);
    if others <= 0.0 {
        bail!("work of a mean of {service} has no tenth of requests of size 2");
    }
    let web = |id: &str, law: &str| {
        format!(
            r#"{{"id": "{id}", "kind": "service", "host": "box", "workers": 4096, "queue": 1000000, "service_time": "{law}"}}"#
        )
    };
    let document = format!(
        r#"{{"loadpath": 1, "hosts": [{{"id": "box", "cores": 1}}],
            "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}},
                      {{"id": "lb", "kind": "load_balancer", "policy": "random", "cores": 256, "service_time": "0s",
                        "check_interval": "1m"}}, {}, {}],
            "edges": [{{"from": "users", "to": "lb", "latency": "0s"}},
                      {{"from": "lb", "to": "any", "latency": "0s", "weight": {}}},
                      {{"from": "lb", "to": "two", "latency": "0s", "weight": {TAGGED}}}],
            "workload": {{"rate": "{}/s", "users": 1, "classes": [{JOB}]}}}}"#,
        web("any", &format!("hyperexp {} cv2 4", span(others))),
        web("two", &span(2.0)),
        10 - TAGGED,
        rate / UNIT
    );
    let probes = [
        probe("W", |run| mean(run, 0)),
        probe("L", move |run| rate * mean(run, 0)),
        probe("W_given_size_2", |run| run.nodes[3].response.mean().as_secs() / UNIT),
    ];
    simulate(&document, batch(rate * service), effort, &probes)
}

/// M/G/∞: more servers than ever are busy.
pub(super) fn endless(case: &Case, effort: &Effort) -> Result<Measured> {
    let (rate, service) = (case.number("lambda_"), case.number("mean"));
    let parameters = format!(r#""workers": 4096, "service_time": "hyperexp {} cv2 4""#, span(service));
    let document = station(rate, "poisson", &parameters, JOB);
    let mut probes = vec![
        probe("L", |run| 4096.0 * busy(run)),
        probe("P0", |run| run.nodes[1].in_flight.share(0)),
        probe("std", |run| run.nodes[1].in_flight.variance().unwrap_or(f64::NAN).sqrt()),
        probe("p99", |run| f64::from(run.nodes[1].in_flight.quantile(0.99))),
    ];
    probes.retain(|probe| is_measured(case, &probe.name));
    simulate(&document, 50_000.0, effort, &probes)
}

/// Two classes before one server.
pub(super) fn priority(case: &Case, effort: &Effort) -> Result<Measured> {
    let (high, low, service) = (case.number("lambda1"), case.number("lambda2"), 1.0 / case.number("mu"));
    let classes = format!(
        r#"{{"name": "high", "keys": 1, "weight": {high}, "priority": 9}}, {{"name": "low", "keys": 1, "weight": {low}, "priority": 0}}"#
    );
    let parameters = format!(
        r#""workers": 1, "queue": 1000000, "queue_order": "priority", "service_time": "exp {}""#,
        span(service)
    );
    let document = station(high + low, "poisson", &parameters, &classes);
    let both = move |run: &Run| (high * mean(run, 0) + low * mean(run, 1)) / (high + low);
    let probes = [
        probe("Wq_high", move |run| mean(run, 0) - service),
        probe("Wq_low", move |run| mean(run, 1) - service),
        // Priority moves waits from one class to the other, and keeps their mean.
        probe("Wq_fcfs", move |run| both(run) - service),
    ];
    simulate(&document, batch((high + low) * service), effort, &probes)
}
