//! Queues and networks.

use loadpath_core::analytic::formula::{
    ClosedNetwork, ErlangA, Gim1, InFlight, MachineRepair, Md1, Mg1, Mh21, Mm1, Mmc, Mmck, Overload,
    ServiceTime, erlang_b, kingman, kingman_bound, open_network, priority_waits, processor_sharing_response,
    sum_quantile, variance_of_mean_wait,
};

use super::super::case::Case;
use super::Values;

/// What the formulas of queues say; `None` for other families.
pub(super) fn of(case: &Case) -> Option<Values> {
    match case.family.as_str() {
        "M/M/1" => mm1(case),
        "M/M/c" => mmc(case),
        "M/M/c/K" => mmck(case),
        "M/D/1" => md1(case),
        "M/G/1 hyperexponential" => hyperexponential(case),
        "M/G/1 lognormal" => {
            let cv = case.number("cv");
            mg1(case, ServiceTime::lognormal(case.number("mean"), cv * cv))
        }
        "M/G/1 Erlang-k" => mg1(case, ServiceTime::erlang(case.count("k"), case.number("mean"))),
        "M/G/1-PS" => sharing(case),
        "M/G/inf (in-flight requests)" => in_flight(case),
        "M/M/1 non-preemptive priority" => priority(case),
        "D/M/1" => dm1(case),
        "round robin over n servers mu=1" => round_robin(case),
        "Kingman bound / approximation G/G/1" => gg1(case),
        "M/M/c+M (Erlang A, abandonment)" => abandonment(case),
        "machine repair (finite source)" => repair(case),
        "overload then scale out (fluid)" => Some(overload(case)),
        "statistical tolerance: mean wait of M/M/1 over n customers (mu=1)" => tolerance(case),
        _ => None,
    }
}

fn mm1(case: &Case) -> Option<Values> {
    let queue = Mm1::new(case.number("lambda_"), case.number("mu"))?;
    let mut values = vec![
        ("rho", queue.utilization()),
        ("L", queue.in_flight()),
        ("Lq", queue.backlog()),
        ("W", queue.response()),
        ("Wq", queue.wait()),
        ("P0", 1.0 - queue.utilization()),
        ("P_N_ge_10", queue.at_least(10)),
    ];
    values.extend(percentiles(|q| queue.response_quantile(q), |q| queue.wait_quantile(q)));
    Some(values)
}

/// The percentiles that cases have of responses and of waits.
fn percentiles(response: impl Fn(f64) -> f64, wait: impl Fn(f64) -> f64) -> Values {
    let of_responses = [("W_p50", 0.5), ("W_p90", 0.9), ("W_p95", 0.95), ("W_p99", 0.99), ("W_p999", 0.999)];
    let of_waits = [("Wq_p50", 0.5), ("Wq_p90", 0.9), ("Wq_p95", 0.95), ("Wq_p99", 0.99), ("Wq_p999", 0.999)];
    let responses = of_responses.map(|(name, q)| (name, response(q)));
    responses.into_iter().chain(of_waits.map(|(name, q)| (name, wait(q)))).collect()
}

fn mmc(case: &Case) -> Option<Values> {
    let queue = Mmc::new(case.number("lambda_"), case.number("mu"), case.count("c"))?;
    let mut values = vec![
        ("a", queue.load()),
        ("rho", queue.utilization()),
        ("erlang_b", erlang_b(case.count("c"), queue.load())),
        ("erlang_c", queue.probability_of_wait()),
        ("Wq", queue.wait()),
        ("W", queue.response()),
        ("Lq", queue.backlog()),
        ("L", queue.in_flight()),
    ];
    values.extend(percentiles(|q| queue.response_quantile(q), |q| queue.wait_quantile(q)));
    Some(values)
}

fn mmck(case: &Case) -> Option<Values> {
    let queue = Mmck::new(case.number("lambda_"), case.number("mu"), case.count("c"), case.count("K"))?;
    Some(vec![
        ("P_block", queue.loss()),
        ("throughput", queue.throughput()),
        ("L", queue.in_flight()),
        ("Lq", queue.backlog()),
        ("W_accepted", queue.response()),
        ("Wq_accepted", queue.wait()),
        ("utilisation", queue.utilization()),
        ("P0", queue.states()[0]),
    ])
}

fn of_mg1(queue: &Mg1) -> Values {
    vec![
        ("rho", queue.utilization()),
        ("Wq", queue.wait()),
        ("W", queue.response()),
        ("Lq", queue.backlog()),
        ("L", queue.in_flight()),
        ("Wq_var", queue.wait_variance()),
        ("Wq_std", queue.wait_variance().sqrt()),
    ]
}

fn mg1(case: &Case, service: ServiceTime) -> Option<Values> {
    Some(of_mg1(&Mg1::new(case.number("lambda_"), service)?))
}

fn md1(case: &Case) -> Option<Values> {
    let queue = Md1::new(case.number("lambda_"), case.number("D"))?;
    let quantiles = [("Wq_p90", queue.wait_quantile(0.9)), ("Wq_p99", queue.wait_quantile(0.99))];
    Some(of_mg1(&queue.queue).into_iter().chain(quantiles).collect())
}

fn hyperexponential(case: &Case) -> Option<Values> {
    let rates = [case.number("mu1"), case.number("mu2")];
    let queue = Mh21::new(case.number("lambda_"), case.number("p"), rates)?;
    let quantiles = [("Wq_p90", 0.9), ("Wq_p99", 0.99), ("Wq_p999", 0.999)];
    let quantiles = quantiles.map(|(name, q)| (name, queue.wait_quantile(q)));
    Some(of_mg1(&queue.queue).into_iter().chain(quantiles).collect())
}

fn sharing(case: &Case) -> Option<Values> {
    let response = processor_sharing_response(case.number("lambda_"), case.number("mean"))?;
    let slowdown = response / case.number("mean");
    Some(vec![("W", response), ("L", case.number("lambda_") * response), ("W_given_size_2", 2.0 * slowdown)])
}

fn in_flight(case: &Case) -> Option<Values> {
    let flight = InFlight { mean: case.number("lambda_") * case.number("mean") };
    Some(vec![
        ("L", flight.mean),
        ("std", flight.mean.sqrt()),
        ("P0", flight.none()),
        ("p99", f64::from(flight.quantile(0.99))),
    ])
}

fn priority(case: &Case) -> Option<Values> {
    let service = ServiceTime::exponential(1.0 / case.number("mu"));
    let (high, low) = (case.number("lambda1"), case.number("lambda2"));
    let waits = priority_waits(&[(high, service), (low, service)]);
    let both = Mm1::new(high + low, case.number("mu"))?;
    Some(vec![("Wq_high", waits[0]?), ("Wq_low", waits[1]?), ("Wq_fcfs", both.wait())])
}

fn dm1(case: &Case) -> Option<Values> {
    let queue = Gim1::deterministic(case.number("interarrival"), case.number("mu"))?;
    Some(vec![
        ("sigma", queue.sigma),
        ("Wq", queue.wait()),
        ("W", queue.response()),
        ("W_p99", queue.response_quantile(0.99)),
    ])
}

fn round_robin(case: &Case) -> Option<Values> {
    let (n, rho) = (case.count("n"), case.number("rho"));
    let queue = Gim1::erlang(n, 1.0 / rho, 1.0)?;
    Some(vec![
        ("sigma", queue.sigma),
        ("W", queue.response()),
        ("W_random", Mm1::new(rho, 1.0)?.response()),
        ("W_central_queue", Mmc::new(rho * f64::from(n), 1.0, n)?.response()),
    ])
}

fn gg1(case: &Case) -> Option<Values> {
    let (rho, ca2, cs2) = (case.number("rho"), case.number("ca2"), case.number("cs2"));
    Some(vec![
        ("Wq_kingman_approx", kingman(rho, ca2, cs2, 1.0)?),
        ("Wq_upper_bound", kingman_bound(rho, ca2, cs2, 1.0)?),
    ])
}

fn abandonment(case: &Case) -> Option<Values> {
    let queue =
        ErlangA::new(case.number("lambda_"), case.number("mu"), case.count("c"), case.number("theta"))?;
    Some(vec![
        ("P_wait", queue.probability_of_wait()),
        ("P_abandon", queue.abandonment()),
        ("Lq", queue.backlog()),
        ("Wq_all", queue.wait()),
        ("utilisation", queue.utilization()),
        ("throughput", queue.throughput()),
    ])
}

fn repair(case: &Case) -> Option<Values> {
    let shop =
        MachineRepair::new(case.count("N"), case.count("c"), case.number("lambda_"), case.number("mu"))?;
    Some(vec![
        ("P0", shop.down[0]),
        ("L_down", shop.mean_down()),
        ("throughput", shop.throughput()),
        ("W", shop.response()),
        ("Wq", shop.wait()),
        ("up_fraction", shop.up_share()),
        ("P_all_down", shop.down[shop.down.len() - 1]),
    ])
}

fn overload(case: &Case) -> Values {
    let overload = Overload {
        arrival_rate: case.number("lambda_"),
        capacity: case.number("c") * case.number("mu"),
        lasts: case.number("overload_s"),
        capacity_after: case.number("c_after") * case.number("mu"),
    };
    vec![
        ("backlog", overload.backlog()),
        ("drain_s", overload.drain()),
        ("max_wait_s", overload.wait_when_helped()),
        ("mean_extra_wait_s_of_affected", overload.mean_wait()),
    ]
}

fn tolerance(case: &Case) -> Option<Values> {
    let rho = case.number("rho");
    let variance = variance_of_mean_wait(rho)?;
    let relative = variance.sqrt() / Mm1::new(rho, 1.0)?.wait();
    // 1.96 standard deviations in one per cent.
    let enough = (196.0 * relative) * (196.0 * relative);
    Some(vec![
        ("n_times_var_mean_Wq", variance),
        ("rel_sd_n1e6", relative / 1e3),
        ("n_for_1pct_95ci", enough),
    ])
}

/// Open networks: totals, and each station under its number.
pub(super) fn jackson(case: &Case) -> Option<Vec<(String, f64)>> {
    let servers = case.numbers("c").into_iter().map(|c| c as u32);
    let stations: Vec<_> = case.numbers("mu").into_iter().zip(servers).collect();
    let network = open_network(&case.numbers("gamma"), &case.rows("P"), &stations)?;
    let mut values =
        vec![("W_total".to_owned(), network.response), ("L_total".to_owned(), network.in_flight)];
    let mut slacks = Vec::new();
    for (i, ((rate, queue), (mu, _))) in network.stations.iter().zip(&stations).enumerate() {
        let queue = (*queue)?;
        let each = [
            ("lambda_", *rate),
            ("rho", queue.utilization()),
            ("L", queue.in_flight()),
            ("W", queue.response()),
        ];
        values.extend(each.map(|(name, value)| (format!("station{i}.{name}"), value)));
        slacks.push(mu - rate);
    }
    if stations.iter().all(|&(_, c)| c == 1) {
        let quantiles = [("W_p50", 0.5), ("W_p90", 0.9), ("W_p99", 0.99)];
        values.extend(quantiles.map(|(name, q)| (name.to_owned(), sum_quantile(&slacks, q))));
    }
    Some(values)
}

/// Closed networks. A station's utilization is its throughput times its demand, over its servers (the utilization law).
pub(super) fn closed(case: &Case) -> Vec<(String, f64)> {
    let servers = case.numbers("servers").into_iter().map(|c| c as u32);
    let stations = case.numbers("demands").into_iter().zip(servers).collect();
    let network = ClosedNetwork { think: case.number("Z"), stations };
    let solution = network.exact(case.count("N"));
    let busy = network.stations.iter().enumerate().map(|(i, &(demand, servers))| {
        (format!("utilisations[{i}]"), solution.throughput * demand / f64::from(servers))
    });
    let whole = [
        ("X", solution.throughput),
        ("R", solution.response),
        ("X_bound", network.bound(case.number("N"))),
        ("N_star", network.knee()),
    ];
    whole.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(busy).collect()
}
