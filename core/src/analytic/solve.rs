//! From a plan to an [`Estimate`].
use super::estimate::{Assumption, Bottleneck, ClassEstimate, Estimate, NodeEstimate, ResponseEstimate};
use super::flow::{Asked, NodeFlow, by_class, flows};
use super::formula::MachineRepair;
use super::formula::special::{gamma_cdf, gamma_quantile};
use super::keys::{Keys, Placement, placements};
use super::length::{Length, mixture};
use super::response::{Loaded, NodeTimes};
use super::station::Station;
use super::wiring::Wiring;
use crate::component::cache::Eviction;
use crate::order;
use crate::topology::{Mode, NodeKind, Plan, PlanNode};
use crate::workload::Spacing;

/// A departure from an assumption that touches fewer than this share of requests is not worth a word.
const RARE: f64 = 1e-3;
/// How closely the load that saturates is found, relative to it, and after how many rounds the search ends.
const PRECISION: f64 = 5e-4;
const ROUNDS: u32 = 40;
/// Halvings until users, response and think time agree: six digits.
const CLOSED_HALVINGS: u32 = 20;
/// A callee this close to saturation is why its callers' workers are all taken.
const NEAR: f64 = 0.9;

/// Estimates a design under open arrivals: rates through the wiring with hit ratios by Che's approximation, waits by Allen
/// and Cunneen's formula with the variation of gaps after Whitt (1983), responses added up along the way, and the load at
/// which something saturates. About a microsecond a node and 50 µs a cache; the same on every machine.
pub fn solve(plan: &Plan) -> Estimate {
    let solver = Solver::of(plan);
    let rate = solver.rate();
    let flows = solver.flows(rate, None);
    let loaded = solver.loaded(&flows);
    let source = match plan.arrivals.spacing {
        Spacing::Poisson => 1.0,
        Spacing::Constant => 0.0,
        Spacing::Bursty(cv2) => cv2,
    };
    let gaps = loaded.gaps(&loaded.times_at_first(), source);
    let times = match plan.think_time {
        None => loaded.times(&gaps),
        Some(_) => loaded.times_for(f64::from(plan.users)),
    };
    let nodes: Vec<NodeEstimate> =
        (0..plan.nodes.len()).map(|node| solver.node(node, &flows[node], &times[node], gaps[node])).collect();
    let classes = (0..plan.classes.len()).map(|class| solver.class(class, &flows, &times, &nodes)).collect();
    let response = solver.response(&flows, &times);
    let bottleneck = solver.bottleneck(&(rate, flows));
    Estimate { classes, response, nodes, bottleneck }
}

struct Solver<'a> {
    plan: &'a Plan,
    wiring: Wiring,
    keys: Keys,
    placements: Vec<Placement>,
    stations: Vec<Option<Station>>,
}

impl<'a> Solver<'a> {
    fn of(plan: &'a Plan) -> Self {
        let (wiring, keys) = (Wiring::of(plan), Keys::of(plan));
        let placements = placements(plan, &keys);
        let stations = plan.nodes.iter().map(|node| Station::of(node, &plan.hosts)).collect();
        Self { plan, wiring, keys, placements, stations }
    }

    fn flows(&self, rate: f64, before: Option<&(f64, Vec<NodeFlow>)>) -> Vec<NodeFlow> {
        let asked = Asked { classes: &by_class(self.plan, rate), known: &[] };
        flows(self.plan, &self.wiring, &self.keys, &self.placements, &asked, before)
    }

    /// Arrivals per second of all clients together. In a closed loop: where N users, their response and their think time agree,
    /// an arrival meeting (N-1)/N of what is there (Bard 1979, Schweitzer 1979).
    fn rate(&self) -> f64 {
        let Some(think) = &self.plan.think_time else { return self.plan.arrivals.rate };
        let (users, think) = (f64::from(self.plan.users), think.mean().as_secs());
        let over = |rate: f64| {
            let flows = self.flows(rate, None);
            let times = self.loaded(&flows).times_for(users);
            let clients =
                (0..flows.len()).filter(|&i| matches!(self.plan.nodes[i].kind, NodeKind::Clients(_)));
            let each =
                clients.flat_map(|i| flows[i].classes.iter().copied().zip(times[i].classes.iter().copied()));
            rate * (think + mixture(each).mean) - users
        };
        let (mut low, mut high) = (0.0, users / think.max(1e-6));
        for _ in 0..CLOSED_HALVINGS {
            let middle = f64::midpoint(low, high);
            if over(middle) < 0.0 { low = middle } else { high = middle }
        }
        low.max(f64::MIN_POSITIVE)
    }

    fn loaded<'b>(&'b self, flows: &'b [NodeFlow]) -> Loaded<'b> {
        Loaded {
            plan: self.plan,
            wiring: &self.wiring,
            placements: &self.placements,
            stations: &self.stations,
            flows,
        }
    }

    fn node(&self, node: usize, flow: &NodeFlow, times: &NodeTimes, gaps: f64) -> NodeEstimate {
        let finite = |length: Length| length.mean.is_finite().then_some(length.mean);
        let Some(station) = &self.stations[node] else {
            return NodeEstimate {
                rate: flow.rates.total(),
                utilization: None,
                hottest: None,
                wait: None,
                response: None,
                up: None,
                hit_ratio: None,
                assumptions: Vec::new(),
            };
        };
        let response = mixture(flow.classes.iter().copied().zip(times.classes.iter().copied()));
        NodeEstimate {
            rate: flow.rates.total(),
            utilization: Some(times.waiting.utilization),
            hottest: Some(times.waiting.hottest),
            wait: finite(times.waiting.wait),
            response: finite(response),
            up: share_up(&self.plan.nodes[node]),
            hit_ratio: flow.hit_ratio,
            assumptions: self.assumptions(node, station, flow, times, gaps),
        }
    }

    fn assumptions(
        &self,
        node: usize,
        station: &Station,
        flow: &NodeFlow,
        times: &NodeTimes,
        gaps: f64,
    ) -> Vec<Assumption> {
        let waits = times.waiting.wait.mean > 0.0;
        let in_flight = flow
            .parts
            .iter()
            .any(|(edge, _)| matches!(self.placements[edge.index()], Placement::InFlight(_)));
        let calls = !self.plan.nodes[node].out.is_empty();
        let shaped = (gaps - 1.0).abs() > 1e-6
            || (times.held.cv2() - 1.0).abs() > 1e-6 && station.servers > 1
            || station.instances > 1 && !in_flight;
        let saturated = !times.waiting.wait.mean.is_finite();
        let found = [
            (shaped && waits && !saturated, Assumption::TwoMoments),
            (times.waiting.refused > RARE && !saturated, Assumption::EndlessQueue),
            (station.held && calls, Assumption::Independence),
            (in_flight && station.instances > 1, Assumption::RandomBalancing),
            (station.cores.is_some(), Assumption::OwnCores),
            (self.has_policies(node), Assumption::NoPolicies),
            (self.forgets_otherwise(node), Assumption::LeastRecentlyUsed),
            (self.asks_at_once(node), Assumption::OneAfterTheOther),
            (self.changes(node), Assumption::Constancy),
            (flow.hit_ratio.is_some(), Assumption::IndependentKeys),
            (!flow.instances.is_empty(), Assumption::EvenTail),
            (saturated, Assumption::Stability),
        ];
        found.iter().filter(|(departs, _)| *departs).map(|(_, assumption)| *assumption).collect()
    }

    fn has_policies(&self, node: usize) -> bool {
        let edges = self.wiring.incoming[node].iter().map(|&edge| self.plan.edge(edge));
        let errs = match &self.plan.nodes[node].kind {
            NodeKind::Service(spec) => {
                spec.work.error_share > 0.0 || spec.shedding || spec.deadlines || spec.stateful
            }
            NodeKind::Workers(spec) => spec.work.error_share > 0.0,
            NodeKind::ObjectStore(spec) => spec.error_share > 0.0,
            NodeKind::External(spec) => spec.error_share > 0.0 || spec.rate_limit.is_some(),
            NodeKind::LoadBalancer(spec) => spec.rate_limit.is_some(),
            _ => false,
        };
        errs || edges.into_iter().any(crate::topology::PlanEdge::has_policy)
    }

    fn forgets_otherwise(&self, node: usize) -> bool {
        match &self.plan.nodes[node].kind {
            NodeKind::Cache(spec) => spec.eviction != Eviction::Lru || spec.coalesce,
            NodeKind::Cdn(spec) => spec.eviction != Eviction::Lru || spec.coalesce,
            _ => false,
        }
    }

    fn asks_at_once(&self, node: usize) -> bool {
        let node = &self.plan.nodes[node];
        let joins = matches!(&node.kind, NodeKind::Database(spec) if spec.joins > 0.0 && spec.shards > 1);
        joins || node.out.iter().any(|&edge| self.plan.edge(edge).mode == Mode::Parallel)
    }

    fn changes(&self, node: usize) -> bool {
        let kind = &self.plan.nodes[node].kind;
        let fails = self.plan.nodes[node].reliability.is_some();
        !self.plan.timeline.is_empty() || fails || kind.most_instances() > kind.instances()
    }

    /// What clients see of all classes together.
    fn response(&self, flows: &[NodeFlow], times: &[NodeTimes]) -> Option<ResponseEstimate> {
        let clients = (0..flows.len()).filter(|&i| matches!(self.plan.nodes[i].kind, NodeKind::Clients(_)));
        let each =
            clients.flat_map(|i| flows[i].classes.iter().copied().zip(times[i].classes.iter().copied()));
        estimate(mixture(each))
    }

    fn class(
        &self,
        class: usize,
        flows: &[NodeFlow],
        times: &[NodeTimes],
        nodes: &[NodeEstimate],
    ) -> ClassEstimate {
        let clients = || {
            self.plan.nodes.iter().enumerate().filter_map(|(i, node)| match &node.kind {
                NodeKind::Clients(spec) => Some((i, spec)),
                _ => None,
            })
        };
        let rate: f64 = clients().map(|(i, _)| flows[i].classes[class]).sum();
        let response = mixture(clients().map(|(i, _)| (flows[i].classes[class], times[i].classes[class])));
        let late = |(i, spec): (usize, &crate::topology::ClientsNode)| {
            later_than(times[i].classes[class], spec.timeout.as_secs()) > RARE
        };
        let mut assumptions: Vec<Assumption> = nodes
            .iter()
            .zip(flows)
            .filter(|(_, flow)| flow.classes[class] > 0.0)
            .flat_map(|(node, _)| node.assumptions.iter().copied())
            .collect();
        if self.plan.arrivals.spacing != Spacing::Poisson {
            assumptions.push(Assumption::PoissonArrivals);
        }
        if self.plan.think_time.is_some() {
            assumptions.push(Assumption::OpenLoop);
        }
        if clients().any(late) {
            assumptions.push(Assumption::Patience);
        }
        order::sort_by_key(&mut assumptions, |&assumption| assumption);
        assumptions.dedup();
        ClassEstimate { rate, response: estimate(response), assumptions }
    }

    /// The busiest node at `rate`: its place and utilization, and what all nodes have.
    fn busiest(&self, rate: f64, before: &(f64, Vec<NodeFlow>)) -> (f64, Vec<f64>) {
        let flows = self.flows(rate, Some(before));
        let times = self.loaded(&flows).times_when_all_call();
        let each: Vec<f64> = times.iter().map(|node| node.waiting.hottest).collect();
        (each.iter().copied().fold(0.0, f64::max), each)
    }

    /// By false position after Illinois (Dowell & Jarratt 1971): utilization grows about as the load does.
    fn bottleneck(&self, solved: &(f64, Vec<NodeFlow>)) -> Option<Bottleneck> {
        let busy = |scale: f64| self.busiest(scale * solved.0, solved).0;
        let now = busy(1.0);
        if now <= 0.0 {
            return None;
        }
        let over = |busy: f64| (busy - 1.0).min(1.0);
        let (mut low, mut below, mut high, mut above) = (0.0, -1.0, 1.0, over(now));
        while above < 0.0 {
            (low, below) = (high, above);
            // A little beyond where a straight line would end.
            high = 1.001 * high / (1.0 + above);
            above = over(busy(high));
            if high > 1e9 {
                return None;
            }
        }
        for _ in 0..ROUNDS {
            if high - low <= PRECISION * high {
                break;
            }
            let next = (low * above - high * below) / (above - below);
            let at = over(busy(next));
            if at < 0.0 {
                (low, below, above) = (next, at, above / 2.0);
            } else {
                (high, above, below) = (next, at, below / 2.0);
            }
            // Close enough from one side: one step to the other ends it.
            if at.abs() <= PRECISION {
                (low, high) = (next, next);
            }
        }
        let scale = f64::midpoint(low, high);
        let each = self.busiest(scale * (1.0 - PRECISION) * solved.0, solved).1;
        Some(Bottleneck { node: self.deepest(&each), scale, rate: scale * solved.0 })
    }

    /// Of the nodes that are nearly saturated, the one that the others wait for: the last in calling order.
    fn deepest(&self, utilizations: &[f64]) -> usize {
        let highest = utilizations.iter().copied().fold(0.0, f64::max);
        let near = |node: &&usize| utilizations[**node] >= NEAR * highest;
        self.wiring.order.iter().rev().find(near).copied().unwrap_or(0)
    }
}

fn estimate(response: Length) -> Option<ResponseEstimate> {
    let quantile = |q: f64| gamma_quantile(response.mean, response.cv2(), q);
    response.mean.is_finite().then(|| ResponseEstimate {
        mean: response.mean,
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
    })
}

/// The share of responses longer than `limit` seconds, by the gamma law of the same two moments.
fn later_than(response: Length, limit: f64) -> f64 {
    if !response.mean.is_finite() {
        return 1.0;
    }
    let cv2 = response.cv2();
    if cv2 < 1e-9 {
        return if response.mean > limit { 1.0 } else { 0.0 };
    }
    1.0 - gamma_cdf(1.0 / cv2, limit / (response.mean * cv2))
}

/// Against what can be solved exactly, and against the simulator.
/// Mean share of a node's instances that are up, where they fail by themselves: the machine repair problem.
fn share_up(node: &PlanNode) -> Option<f64> {
    let spec = node.reliability?;
    let instances = u32::from(node.kind.instances());
    let repairers = if spec.repairers == 0 { instances } else { u32::from(spec.repairers) };
    let (failure, repair) = (1.0 / spec.mtbf.as_secs(), 1.0 / spec.mttr.as_secs());
    MachineRepair::new(instances, repairers, failure, repair).map(|shop| shop.up_share())
}

#[cfg(test)]
mod tests {
    use super::super::formula;
    use super::*;
    use crate::rng::Seed;
    use crate::sim::simulate;
    use crate::time::Span;
    use crate::topology::{Topology, check, three_tier};

    fn plan(nodes: &str, edges: &[(&str, &str)], workload: &str) -> Plan {
        let edges: Vec<String> = edges
            .iter()
            .map(|(from, to)| format!(r#"{{"from": "{from}", "to": "{to}", "latency": "0s"}}"#))
            .collect();
        let text = format!(
            r#"{{"loadpath": 1, "nodes": [{{"id": "users", "kind": "clients", "timeout": "10m"}}, {nodes}],
            "edges": [{}], "workload": {workload}}}"#,
            edges.join(", ")
        );
        check(&Topology::from_json(&text).unwrap()).unwrap()
    }

    const JOBS: &str = r#"{"rate": "80/s", "classes": [{"name": "job", "keys": 1}]}"#;

    fn station(id: &str, workers: u32, mean_ms: f64) -> String {
        format!(
            r#"{{"id": "{id}", "kind": "service", "workers": {workers}, "queue": 1000000, "service_time": "exp {mean_ms}ms"}}"#
        )
    }

    #[test]
    fn a_single_queue_is_exact() {
        let estimate = solve(&plan(&station("web", 1, 10.0), &[("users", "web")], JOBS));
        let response = estimate.classes[0].response.unwrap();
        // M/M/1 at 0.8: exponential with a mean of 50 ms.
        assert!((response.mean - 0.05).abs() < 1e-9 && (response.p99 - 0.230_258_509).abs() < 1e-8);
        let web = &estimate.nodes[1];
        assert!((web.utilization.unwrap() - 0.8).abs() < 1e-9 && (web.wait.unwrap() - 0.04).abs() < 1e-9);
        assert!(web.assumptions.is_empty(), "{:?}", web.assumptions);
        let bottleneck = estimate.bottleneck.unwrap();
        assert!((bottleneck.scale - 1.25).abs() < 1e-3 && bottleneck.node == 1);
        // M/M/4 at 0.8 with a service time of 40 ms: 5.5857 / 3.2 · 40 ms.
        let estimate = solve(&plan(&station("web", 4, 40.0), &[("users", "web")], JOBS));
        let mean = estimate.classes[0].response.unwrap().mean;
        assert!((mean - 0.069_821_623_6).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn a_tandem_of_spreaders_is_exact() {
        let balancer = |id: &str| {
            format!(
                r#"{{"id": "{id}", "kind": "load_balancer", "cores": 1, "queue": 1000000, "service_time": "exp 10ms"}}"#
            )
        };
        let nodes = [balancer("a"), balancer("b"), station("c", 1, 10.0)].join(", ");
        let estimate = solve(&plan(&nodes, &[("users", "a"), ("a", "b"), ("b", "c")], JOBS));
        let response = estimate.classes[0].response.unwrap();
        assert!((response.mean - 0.15).abs() < 1e-9);
        // Erlang's law of three stages is a gamma law: 42.0297 service times.
        assert!((response.p99 - 0.420_297_346).abs() < 1e-8, "{}", response.p99);
    }

    #[test]
    fn a_held_worker_waits_for_its_callee() {
        let nodes = [station("web", 16, 10.0), station("api", 1, 10.0)].join(", ");
        let estimate = solve(&plan(&nodes, &[("users", "web"), ("web", "api")], JOBS));
        let (web, api) = (&estimate.nodes[1], &estimate.nodes[2]);
        // 10 ms of its own and 50 ms of the other's, 80 times a second, over 16 workers.
        assert!((web.utilization.unwrap() - 0.3).abs() < 1e-9);
        assert!((api.response.unwrap() - 0.05).abs() < 1e-9);
        assert!(web.assumptions.contains(&Assumption::Independence));
        assert_eq!(estimate.bottleneck.unwrap().node, 2);
    }

    #[test]
    fn what_is_saturated_says_so_and_still_has_its_limit() {
        let nodes = [station("web", 16, 10.0), station("api", 1, 20.0)].join(", ");
        let estimate = solve(&plan(&nodes, &[("users", "web"), ("web", "api")], JOBS));
        assert_eq!(estimate.classes[0].response, None);
        assert!((estimate.nodes[2].utilization.unwrap() - 1.6).abs() < 1e-9);
        assert!(estimate.nodes[2].assumptions.contains(&Assumption::Stability));
        let bottleneck = estimate.bottleneck.unwrap();
        assert!((bottleneck.scale - 0.625).abs() < 0.002 && bottleneck.node == 2, "{bottleneck:?}");
    }

    /// The relative distance of the estimate of each class's mean and p99 from the simulated one, and the absolute one of the
    /// nodes' utilizations and hit ratios.
    fn distances(plan: &Plan) -> [f64; 4] {
        let estimate = solve(plan);
        let run = simulate(plan, Seed(7), Span::from_millis(100_000), Span::from_millis(200_000));
        let mut worst = [0.0f64; 4];
        for (class, run) in estimate.classes.iter().zip(&run.classes) {
            let response = class.response.unwrap();
            worst[0] = worst[0].max((response.mean / run.response.mean().as_secs() - 1.0).abs());
            worst[1] = worst[1].max((response.p99 / run.response.quantile(0.99).as_secs() - 1.0).abs());
        }
        for (node, run) in estimate.nodes.iter().zip(&run.nodes) {
            let off = |estimate: Option<f64>, truth: Option<f64>| match (estimate, truth) {
                (Some(estimate), Some(truth)) => (estimate - truth).abs(),
                _ => 0.0,
            };
            worst[2] = worst[2].max(off(node.utilization, run.utilization));
            worst[3] = worst[3].max(off(node.hit_ratio, run.hit_ratio));
        }
        worst
    }

    #[test]
    fn it_is_near_the_simulator_on_the_first_example() {
        let [mean, p99, utilization, hits] = distances(&check(&three_tier()).unwrap());
        assert!(mean < 0.05, "mean off by {mean}");
        assert!(p99 < 0.2, "p99 off by {p99}");
        assert!(utilization < 0.01 && hits < 0.01, "utilization off by {utilization}, hit ratio by {hits}");
    }

    const KEYED: &str = r#"{"rate": "900/s", "classes": [
    {"name": "read", "weight": 8, "keys": 200000, "skew": 0.9},
    {"name": "write", "operation": "write", "weight": 2, "keys": 50000, "skew": 1.1}]}"#;

    #[test]
    fn it_is_near_the_simulator_where_caches_shards_and_balancers_meet() {
        let nodes = r#"
        {"id": "lb", "kind": "load_balancer", "policy": "POLICY"},
        {"id": "web", "kind": "service", "instances": 3, "workers": 16, "service_time": "exp 8ms"},
        {"id": "cache", "kind": "cache", "instances": 2, "capacity": 4000, "ttl": "20s", "service_time": "exp 200us"},
        {"id": "db", "kind": "database", "shards": 4, "sharding": "modulo", "connections": 4}"#;
        for (policy, edges) in [
            ("round_robin", [("users", "lb"), ("lb", "web"), ("web", "cache"), ("web", "db")]),
            ("power_of_two", [("users", "lb"), ("lb", "web"), ("web", "cache"), ("cache", "db")]),
        ] {
            let plan = plan(&nodes.replace("POLICY", policy), &edges, KEYED);
            let [mean, p99, utilization, hits] = distances(&plan);
            assert!(mean < 0.08, "{policy}: mean off by {mean}");
            assert!(p99 < 0.25, "{policy}: p99 off by {p99}");
            assert!(
                utilization < 0.02 && hits < 0.02,
                "{policy}: utilization {utilization}, hit ratio {hits}"
            );
        }
    }

    #[test]
    fn the_load_that_saturates_is_where_the_simulator_begins_to_refuse() {
        let document = three_tier();
        let bottleneck = solve(&check(&document).unwrap()).bottleneck.unwrap();
        let errors = |scale: f64| {
            let mut document = document.clone();
            let rate = format!("{}/s", 400.0 * scale * bottleneck.scale);
            document.workload.params.insert("rate".to_owned(), rate.as_str().into());
            let plan = check(&document).unwrap();
            simulate(&plan, Seed(3), Span::from_millis(20_000), Span::from_millis(60_000))
                .outcomes()
                .error_share()
        };
        // A tenth below it nothing is lost; a tenth above it a tenth of eleven must be.
        assert!(errors(0.9) < 0.001, "{}", errors(0.9));
        assert!(errors(1.1) > 0.05, "{}", errors(1.1));
    }

    #[test]
    fn a_closed_loop_is_near_mean_value_analysis() {
        let closed = r#"{"arrivals": "closed", "users": 100, "think_time": "exp 1s",
        "classes": [{"name": "job", "keys": 1}]}"#;
        let estimate = solve(&plan(&station("web", 1, 8.0), &[("users", "web")], closed));
        let network = formula::ClosedNetwork { think: 1.0, stations: vec![(0.008, 1)] };
        let exact = network.exact(100);
        let class = &estimate.classes[0];
        // Published errors of Schweitzer's approximation stay below 10 % of the throughput.
        assert!((class.rate / exact.throughput - 1.0).abs() < 0.1, "{} {exact:?}", class.rate);
        assert!(class.assumptions.contains(&Assumption::OpenLoop));
    }

    #[test]
    fn it_is_near_the_simulator_where_many_kinds_meet() {
        let text = r#"{"loadpath": 1,
      "nodes": [
        {"id": "users", "kind": "clients", "timeout": "1m"},
        {"id": "cdn", "kind": "cdn", "instances": 2, "capacity": 500, "ttl": "30s"},
        {"id": "lb", "kind": "load_balancer", "policy": "least_connections"},
        {"id": "web", "kind": "service", "instances": 2, "workers": 32, "service_time": "exp 5ms", "cores": 4},
        {"id": "store", "kind": "object_store"},
        {"id": "queue", "kind": "queue"},
        {"id": "crew", "kind": "workers", "instances": 2, "service_time": "exp 30ms"},
        {"id": "cache", "kind": "cache", "capacity": 3000, "ttl": "20s", "writes": "through"},
        {"id": "db", "kind": "database", "shards": 2, "replicas": 1, "reads": "all", "connections": 4}],
      "edges": [
        {"from": "users", "to": "cdn", "latency": "5ms"}, {"from": "cdn", "to": "lb"}, {"from": "lb", "to": "web"},
        {"from": "web", "to": "store"}, {"from": "web", "to": "queue"}, {"from": "web", "to": "cache"},
        {"from": "web", "to": "db"}, {"from": "queue", "to": "crew"}, {"from": "crew", "to": "db", "calls": 2}],
      "workload": {"rate": "500/s", "classes": [
        {"name": "page", "weight": 5, "keys": 20000},
        {"name": "save", "operation": "write", "weight": 1, "keys": 20000},
        {"name": "file", "operation": "static", "weight": 3, "keys": 4000},
        {"name": "mail", "operation": "job", "weight": 1, "keys": 100}]}}"#;
        let plan = check(&Topology::from_json(text).unwrap()).unwrap();
        let [mean, p99, utilization, hits] = distances(&plan);
        assert!(mean < 0.1, "mean off by {mean}");
        assert!(p99 < 0.3, "p99 off by {p99}");
        assert!(utilization < 0.03 && hits < 0.02, "utilization off by {utilization}, hit ratio by {hits}");
    }
}
