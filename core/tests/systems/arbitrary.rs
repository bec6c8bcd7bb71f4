//! Any document at all: `check` makes a plan of it that is simulated, or says at which place and field what is wrong.
//!
//! The generator reads the catalog, so that what is new is tried without a change here.
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::sim::{Command, Simulation};
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{
    Class, Edge, Fault, Happening, Host, Node, Params, Place, Plan, RoundTrip, Topology, Value, Workload,
    catalog,
    catalog::{Form, Kind, Param},
    check, link,
};

/// How much a document may cost here: the limits allow runs that take hours.
const EVENTS: u64 = 40_000;

/// Makes documents. `wild` is the share of values that are drawn without regard for what they should be.
struct Generator {
    rng: Rng,
    wild: f64,
}

const ODD: [&str; 14] = [
    "",
    "-1",
    "0s",
    "NaN",
    "1e300",
    "exp -5ms",
    "none",
    "all",
    "#.*.#",
    "8ms",
    "2k/s",
    "ünï",
    "hyperexp 2ms cv2 4",
    "1h",
];

impl Generator {
    fn chance(&mut self, share: f64) -> bool {
        self.rng.unit() < share
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.below(of.len() as u64) as usize]
    }

    /// From `min` to `max`, small ones as often as large ones.
    fn number(&mut self, min: f64, max: f64) -> f64 {
        let small = max.min(min + 10.0);
        match self.rng.below(8) {
            0 => min,
            1 => max,
            2 => min + (max - min) * self.rng.unit(),
            _ => min + (small - min) * self.rng.unit(),
        }
    }

    fn odd(&mut self) -> Value {
        match self.rng.below(4) {
            0 => Value::Flag(self.chance(0.5)),
            1 => Value::Number(self.number(-1e12, 1e12)),
            _ => Value::from(self.pick(&ODD)),
        }
    }

    /// A value that this row accepts.
    fn sound(&mut self, param: &Param) -> Value {
        let text = match param.form {
            Form::Count { min, max } => return Value::Number(self.number(min as f64, max as f64).floor()),
            Form::Number { min, max } => return Value::Number(self.number(min, max)),
            Form::Span { min_ns, max_ns } => {
                let long = self.number(min_ns as f64, (max_ns as f64).min(min_ns as f64 + 2e9)) as u64;
                format!("{long}ns")
            }
            Form::Rate => format!("{}/s", self.pick(&[0.5, 20.0, 700.0, 9_000.0, 200_000.0])),
            Form::Limit => self.pick(&["none", "5/s", "300/s", "1k/s"]).to_owned(),
            Form::Bytes { min, max } => return Value::Number(self.number(min as f64, max as f64).floor()),
            Form::Classes => self.pick(&["all", "all", "a", "a,b", "b,c"]).to_owned(),
            Form::Id => self.pick(&["n0", "n1", "n2", "n3", "n4", "n5", "z0", "z1", ""]).to_owned(),
            Form::Pattern => self.pick(&["", "#", "*", "a.*", "a.b", "#.b"]).to_owned(),
            Form::Law => {
                let laws = [
                    "0s",
                    "1ms",
                    "exp 5ms",
                    "lognormal 2ms p99 9ms",
                    "erlang 3 2ms",
                    "uniform 1ms..3ms",
                    "exp 2s",
                ];
                self.pick(&laws).to_owned()
            }
            Form::Choice(choices) => choices[self.rng.below(choices.len() as u64) as usize].0.to_owned(),
        };
        Value::Text(text)
    }

    /// Some of these parameters; the more so, the more of them.
    fn params(&mut self, rows: &'static [Param], share: f64) -> Params {
        let mut params = Params::new();
        for param in rows {
            if self.chance(share) {
                let wild = self.chance(self.wild);
                params.insert(param.name.to_owned(), if wild { self.odd() } else { self.sound(param) });
            }
        }
        if self.chance(self.wild) {
            params.insert("stranger".to_owned(), self.odd());
        }
        params
    }

    fn name(&mut self, letter: char, count: u64) -> String {
        if self.chance(self.wild / 4.0) {
            return self.pick(&ODD).to_owned();
        }
        format!("{letter}{}", self.rng.below(count.max(1)))
    }

    fn place(&mut self, letter: char, count: u64) -> String {
        if count == 0 || self.chance(0.4) { String::new() } else { self.name(letter, count) }
    }

    fn node(&mut self, i: usize, kind: &'static Kind, zones: u64, hosts: u64) -> Node {
        let hosted = ["service", "workers", "database", "cache", "load_balancer"].contains(&kind.name);
        Node {
            id: if self.chance(self.wild / 4.0) { self.name('n', 8) } else { format!("n{i}") },
            kind: if self.chance(self.wild / 4.0) { "quantum".to_owned() } else { kind.name.to_owned() },
            zone: self.place('z', zones),
            host: if hosted || self.chance(self.wild) { self.place('h', hosts) } else { String::new() },
            at: self.chance(0.5).then(|| [self.number(-1e6, 1e6), 0.0]),
            params: self.params(kind.params, 0.2),
            ..Node::default()
        }
    }

    /// Nodes in an order in which each may call later ones: clients first.
    fn kinds(&mut self) -> Vec<&'static Kind> {
        let mut kinds: Vec<&'static Kind> = (0..3 + self.rng.below(9))
            .map(|_| &catalog::KINDS[self.rng.below(catalog::KINDS.len() as u64) as usize])
            .collect();
        if !self.chance(self.wild) {
            kinds.insert(0, catalog::kind("clients").unwrap());
            kinds.push(catalog::kind("monitoring").unwrap());
        }
        let order = ["clients", "dns", "cdn", "load_balancer", "service", "queue", "workers", "cache"];
        kinds.sort_by_key(|kind| order.iter().position(|name| *name == kind.name).unwrap_or(order.len()));
        kinds
    }

    fn edges(&mut self, kinds: &[&'static Kind]) -> Vec<Edge> {
        let mut edges = Vec::new();
        for from in 0..kinds.len() {
            let may = |to: &usize| kinds[from].may_call(kinds[*to]);
            let callees: Vec<usize> = (from + 1..kinds.len()).filter(may).collect();
            // Clients and CDNs call exactly one, caches at most one.
            let one = ["clients", "cdn", "cache"].contains(&kinds[from].name);
            let skip = self.rng.below(callees.len().max(1) as u64) as usize;
            for (place, &to) in callees.iter().enumerate() {
                if if one { place == skip } else { self.chance(0.6) } {
                    let params = self.params(catalog::EDGE, 0.15);
                    edges.push(Edge { from: format!("n{from}"), to: format!("n{to}"), params });
                }
            }
        }
        while self.chance(self.wild / 2.0) {
            let params = self.params(catalog::EDGE, 0.1);
            edges.push(Edge { from: self.name('n', 12), to: self.name('n', 12), params });
        }
        edges
    }

    /// Something that happens to one that it can happen to, most often.
    fn happening(&mut self, kinds: &[&'static Kind], zones: u64) -> Option<Happening> {
        let action = &catalog::ACTIONS[self.rng.below(catalog::ACTIONS.len() as u64) as usize];
        let mut params = self.params(action.params, 0.8);
        if !self.chance(self.wild) {
            let fits: &[&str] = match action.name {
                "flush" => &["cache", "cdn"],
                "promote" | "add_shard" => &["database"],
                "deploy" => &["service", "workers", "load_balancer"],
                _ => {
                    &["service", "workers", "load_balancer", "database", "cache", "cdn", "queue", "external"]
                }
            };
            let whom: Vec<usize> = (0..kinds.len()).filter(|&i| fits.contains(&kinds[i].name)).collect();
            for param in action.params {
                let text = match param.name {
                    "node" if whom.is_empty() => return None,
                    "node" => format!("n{}", self.pick(&whom)),
                    "zone" | "other" if zones == 0 => return None,
                    "zone" | "other" => format!("z{}", self.rng.below(zones)),
                    "instance" | "shard" => "1".to_owned(),
                    _ => continue,
                };
                params.insert(param.name.to_owned(), Value::Text(text));
            }
        }
        let wild = self.chance(self.wild);
        Some(Happening {
            at: if wild { self.pick(&ODD).to_owned() } else { format!("{}ms", self.rng.below(1_900)) },
            action: if self.chance(self.wild / 4.0) { "explode".to_owned() } else { action.name.to_owned() },
            params,
        })
    }

    /// Ten million keys are looked at one by one where a shard is added, which takes a second; here there are fewer, most often.
    fn class(&mut self, name: &str) -> Class {
        let mut params = self.params(catalog::CLASS, 0.3);
        if let Some(Value::Number(keys)) = params.get_mut("keys")
            && !self.chance(0.01)
        {
            *keys = keys.min(200_000.0);
        }
        Class { name: name.to_owned(), params }
    }

    fn document(&mut self) -> Topology {
        let (zones, hosts) = (self.rng.below(3), self.rng.below(3));
        let kinds = self.kinds();
        let edges = self.edges(&kinds);
        let classes = ["a", "b", "c"].map(|name| self.class(name));
        let mut workload = self.params(catalog::ARRIVALS, 0.3);
        if !self.chance(self.wild) {
            let users = Value::Number(self.number(1.0, 5_000.0).floor());
            workload.insert("users".to_owned(), users);
        }
        Topology {
            loadpath: 1,
            name: "anything".to_owned(),
            zones: (0..zones)
                .map(|i| loadpath_core::topology::Zone {
                    id: format!("z{i}"),
                    label: String::new(),
                    area: None,
                    params: self.params(catalog::ZONE, 0.5),
                })
                .collect(),
            round_trips: (0..self.rng.below(zones + 1))
                .map(|_| RoundTrip {
                    from: self.name('z', zones),
                    to: self.name('z', zones),
                    params: self.params(catalog::ROUND_TRIP, 0.7),
                })
                .collect(),
            hosts: (0..hosts)
                .map(|i| Host {
                    id: format!("h{i}"),
                    label: String::new(),
                    area: None,
                    params: self.params(catalog::HOST, 0.5),
                })
                .collect(),
            nodes: kinds.iter().enumerate().map(|(i, kind)| self.node(i, kind, zones, hosts)).collect(),
            edges,
            workload: Workload { classes: classes.to_vec(), params: workload },
            timeline: (0..self.rng.below(7)).filter_map(|_| self.happening(&kinds, zones)).collect(),
            objectives: self.params(catalog::OBJECTIVES, 0.2),
            prices: self.params(catalog::PRICES, 0.1),
        }
    }
}

/// A fault names a place that exists in the document, and a field where the place has several.
fn is_told(document: &Topology, fault: &Fault) -> bool {
    let exists = match fault.place {
        Place::Document | Place::Workload | Place::Objectives | Place::Prices => true,
        Place::Node(i) => i < document.nodes.len(),
        Place::Edge(i) => i < document.edges.len(),
        Place::Zone(i) => i < document.zones.len(),
        Place::RoundTrip(i) => i < document.round_trips.len(),
        Place::Host(i) => i < document.hosts.len(),
        Place::Class(i) => i < document.workload.classes.len(),
        Place::Timeline(i) => i < document.timeline.len(),
    };
    let named = match fault.place {
        // The whole document, and how nodes are wired, have no field.
        Place::Document | Place::Node(_) | Place::Edge(_) => true,
        _ => fault.field.is_some(),
    };
    exists && named && !fault.called.is_empty() && !fault.what.is_empty() && !fault.what.ends_with('.')
}

/// Two simulated seconds, or as many events as are paid for; what is shown of it makes sense.
fn simulate(plan: &Plan, seed: u64) {
    let mut simulation = Simulation::new(plan, Seed(seed));
    simulation.run_some(Time::ZERO + Span::from_millis(2_000), EVENTS);
    let snapshot = simulation.snapshot();
    for node in &snapshot.nodes {
        assert!(node.utilization.is_none_or(|u| (0.0..=1.0).contains(&u)), "{node:?}");
        assert!(node.hit_ratio.is_none_or(|h| (0.0..=1.0).contains(&h)), "{node:?}");
    }
    let run = simulation.run("anything");
    let ended: u64 = run.series.iter().map(|second| second.outcomes.total()).sum();
    assert!(ended <= run.outcomes().total());
    assert_eq!(loadpath_core::run::Run::from_json(&run.to_json()).unwrap().digest(), run.digest());
}

/// Everything dies and comes back, one after the other, with the work under way.
fn harass(plan: &Plan, seed: u64) {
    let mut simulation = Simulation::new(plan, Seed(seed));
    for node in &plan.nodes {
        let id = || node.id.clone();
        let step = |simulation: &mut Simulation| {
            simulation.run_some(simulation.now() + Span::from_millis(30), EVENTS / 20);
        };
        step(&mut simulation);
        for command in [
            Command::Kill { node: id(), instance: 0 },
            Command::Promote { node: id(), shard: 0 },
            Command::Flush { node: id() },
            Command::Restore { node: id(), instance: 0 },
            Command::Deploy { node: id(), pause_ns: 1_000_000 },
            Command::AddShard { node: id(), rate: 1_000.0 },
        ] {
            // Which of them a node refuses is told elsewhere.
            let _ = simulation.command(&command);
            step(&mut simulation);
        }
    }
}

fn try_documents(seeds: std::ops::Range<u64>, wild: f64) -> (u32, u32) {
    let (mut sound, mut faulty) = (0, 0);
    for seed in seeds {
        let document = Generator { rng: Seed(seed).stream("documents"), wild }.document();
        match check(&document) {
            Ok(plan) => {
                sound += 1;
                simulate(&plan, seed);
                harass(&plan, seed);
            }
            Err(faults) => {
                faulty += 1;
                assert!(!faults.is_empty(), "{}", document.to_json());
                for fault in faults {
                    assert!(is_told(&document, &fault), "{fault:?} {}", document.to_json());
                }
            }
        }
        assert_eq!(Topology::from_json(&document.to_json()).unwrap(), document);
        assert_eq!(link::decode(&link::encode(&document)).unwrap(), document);
    }
    (sound, faulty)
}

#[test]
fn a_document_of_sound_values_is_simulated_or_its_wiring_is_faulted() {
    // Policies that mean nothing on their edge are faults, and chance draws many of them.
    let (sound, faulty) = try_documents(0..500, 0.0);
    assert!(sound > 100 && faulty > 10, "{sound} {faulty}");
}

#[test]
fn a_document_of_any_values_is_simulated_or_told_what_is_wrong() {
    let (sound, faulty) = try_documents(1_000..2_000, 0.03);
    assert!(sound > 10 && faulty > 500, "{sound} {faulty}");
}

/// Found by the generator: a breaker was asked on an edge that has none, by which a balancer had sent a retry.
#[test]
fn a_retry_may_go_by_an_edge_that_has_no_policy() {
    let text = r#""nodes":[{"id":"users","kind":"clients"},{"id":"lb","kind":"load_balancer","check_interval":"10s"},
        {"id":"a","kind":"service"},{"id":"b","kind":"service"}],
        "edges":[{"from":"users","to":"lb"},{"from":"lb","to":"a","retries":2,"breaker":0.9},{"from":"lb","to":"b"}],
        "workload":{"rate":"200/s","classes":[{"name":"read"}]}"#;
    let mut lab = crate::Lab::new(text);
    lab.kill("a", 0).run_to(5.0);
    // Whom the dead one was to serve is retried, half of the time by the other way, until the dead one's breaker opens.
    assert!(lab.counter("lb", "retries") > 20 && lab.counter("lb", "broken_circuit") > 20);
    // The other way has none, and serves its half of the thousand requests throughout.
    assert!(lab.run().outcomes().ok > 500 - 4 * 16);
}
