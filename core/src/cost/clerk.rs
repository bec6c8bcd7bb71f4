//! Who writes the bill: from a plan and its traffic to lines.
use super::bill::{Bill, Item, Line, MONTH_HOURS};
use super::wiring::Wiring;
use crate::analytic::Flow;
use crate::id::EdgeIndex;
use crate::run::Run;
use crate::topology::{DatabaseNode, NodeKind, Place, Plan, PlanNode, Work};
use crate::workload::Operation;

const MONTH_SECONDS: f64 = MONTH_HOURS * 3_600.0;
const GIB: f64 = (1u64 << 30) as f64;
/// Connections that keep a database's core busy: the PostgreSQL wiki, "Number Of Database Connections", has twice the cores.
const CONNECTIONS_PER_CORE: u32 = 2;

/// Writes a bill.
pub(super) struct Clerk<'a> {
    plan: &'a Plan,
    run: Option<&'a Run>,
    /// What flows; nothing in a closed loop that was not run.
    flow: Option<Flow>,
    wiring: Wiring,
    bill: Bill,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(plan: &'a Plan, run: Option<&'a Run>) -> Self {
        let flow = match run {
            Some(run) => Some(Flow::of_run(plan, run)),
            None if plan.think_time.is_some() => None,
            None => Some(Flow::at_rate(plan, plan.arrivals.rate)),
        };
        Self { plan, run, flow, wiring: Wiring::of(plan), bill: Bill::default() }
    }

    pub(super) fn bill(mut self) -> Bill {
        let core = self.plan.prices.core_hour;
        for (i, host) in self.plan.hosts.iter().enumerate() {
            let hours = f64::from(host.cores) * host.speed * MONTH_HOURS;
            self.line(Place::Host(i), &host.id, Item::Cores, hours, core);
        }
        for i in 0..self.plan.nodes.len() {
            self.node(i);
            self.traffic(i);
        }
        self.assume();
        self.bill
    }

    fn line(&mut self, place: Place, id: &str, item: Item, amount: f64, price: f64) {
        let dollars = amount * price;
        if dollars > 0.0 {
            self.bill.lines.push(Line { place, id: id.to_owned(), item, amount, price, dollars });
        }
    }

    fn node_line(&mut self, node: usize, item: Item, amount: f64, price: f64) {
        let plan = self.plan;
        self.line(Place::Node(node), &plan.nodes[node].id, item, amount, price);
    }

    /// What a node costs by being there.
    fn node(&mut self, i: usize) {
        let (node, prices) = (&self.plan.nodes[i], self.plan.prices);
        let own = node.host.is_none();
        match &node.kind {
            NodeKind::LoadBalancer(balancer) if own => {
                let hours = f64::from(balancer.instances) * MONTH_HOURS;
                self.node_line(i, Item::Balancers, hours, prices.balancer_hour);
            }
            NodeKind::Service(service) if own => {
                let hours = cores(&service.work) * f64::from(service.instances) * MONTH_HOURS;
                self.node_line(i, Item::Cores, hours, prices.core_hour);
            }
            NodeKind::Workers(workers) if own => {
                let hours = cores(&workers.work) * f64::from(workers.instances) * MONTH_HOURS;
                self.node_line(i, Item::Cores, hours, prices.core_hour);
            }
            NodeKind::Cache(cache) if own => {
                let entries = f64::from(cache.capacity) * f64::from(cache.instances);
                let gib = entries * self.mean_size(i) / GIB;
                self.node_line(i, Item::Cache, gib * MONTH_HOURS, prices.cache_gib_hour);
            }
            NodeKind::Database(database) => {
                if own {
                    let hours = database_cores(database) * MONTH_HOURS;
                    self.node_line(i, Item::DatabaseCores, hours, prices.database_core_hour);
                }
                let gib = self.stored(false) * f64::from(database.copies()) / GIB;
                self.node_line(i, Item::Storage, gib, prices.storage_gib_month);
            }
            NodeKind::ObjectStore(_) => {
                let gib = self.stored(true) / GIB;
                self.node_line(i, Item::Storage, gib, prices.storage_gib_month);
            }
            _ => {}
        }
    }

    /// What a node costs by being used.
    fn traffic(&mut self, i: usize) {
        let Some(flow) = self.flow.take() else { return };
        let prices = self.plan.prices;
        let node = &self.plan.nodes[i];
        let requests = match &node.kind {
            NodeKind::Dns(dns) => self.lookups(&flow, i, dns.ttl.as_secs()),
            NodeKind::Cdn(_) | NodeKind::ObjectStore(_) => self.calls(&flow, i),
            // Taken in, and handed out.
            NodeKind::Queue(_) => {
                self.calls(&flow, i) + node.out.iter().map(|edge| sum(&flow.edges[edge.index()])).sum::<f64>()
            }
            _ => 0.0,
        };
        let millions = requests * MONTH_SECONDS / 1e6;
        self.node_line(i, Item::Requests, millions, prices.million_requests);
        let gib = self.to_users(&flow, i) * MONTH_SECONDS / GIB;
        if matches!(node.kind, NodeKind::Cdn(_)) {
            self.node_line(i, Item::Cdn, gib, prices.cdn_gib);
        } else {
            self.node_line(i, Item::Egress, gib, prices.egress_gib);
        }
        let gib = self.to_other_zones(&flow, i) * MONTH_SECONDS / GIB;
        self.node_line(i, Item::Zones, gib, prices.zone_gib);
        self.flow = Some(flow);
    }

    /// Calls to a node per second.
    fn calls(&self, flow: &Flow, node: usize) -> f64 {
        let seen = self.run.and_then(|run| {
            let seen = run.nodes.iter().find(|seen| seen.id == self.plan.nodes[node].id)?;
            Some(seen.outcomes.total() as f64 / run.duration.as_secs().max(1e-9))
        });
        seen.unwrap_or_else(|| flow.total(node))
    }

    /// Names that are looked up per second: each resolver asks once in a time to live, if it is asked itself.
    fn lookups(&self, flow: &Flow, node: usize, ttl: f64) -> f64 {
        let asked = self.wiring.incoming[node].iter().map(|edge| {
            let caller = self.plan.node(self.plan.edge(*edge).from);
            let seen = self.run.and_then(|run| {
                let seen = run.nodes.iter().find(|seen| seen.id == caller.id)?;
                Some(*seen.counters.get("dns_lookups")? as f64 / run.duration.as_secs().max(1e-9))
            });
            seen.unwrap_or_else(|| {
                let resolvers = resolvers(caller);
                let rate = sum(&flow.edges[edge.index()]) / resolvers;
                resolvers * rate / (1.0 + rate * ttl)
            })
        });
        asked.sum()
    }

    /// Bytes per second from a node to users: answers to calls that come from clients, by DNS or without.
    fn to_users(&self, flow: &Flow, node: usize) -> f64 {
        if matches!(self.plan.nodes[node].kind, NodeKind::Dns(_)) {
            return 0.0;
        }
        let reached = self.wiring.incoming[node].iter().filter(|&&edge| self.is_from_users(edge));
        reached.map(|edge| self.bytes(&flow.edges[edge.index()], true)).sum()
    }

    fn is_from_users(&self, edge: EdgeIndex) -> bool {
        matches!(self.plan.node(self.plan.edge(edge).from).kind, NodeKind::Clients(_) | NodeKind::Dns(_))
    }

    /// Bytes per second that answer calls from other zones.
    fn to_other_zones(&self, flow: &Flow, node: usize) -> f64 {
        let here = self.plan.nodes[node].zone;
        let crosses = |edge: &&EdgeIndex| {
            let there = self.plan.node(self.plan.edge(**edge).from).zone;
            !self.is_from_users(**edge) && here.is_some() && there.is_some() && there != here
        };
        let reached = self.wiring.incoming[node].iter().filter(crosses);
        reached.map(|edge| self.bytes(&flow.edges[edge.index()], false)).sum()
    }

    /// Bytes per second of calls by class. Users get bytes only with good answers.
    fn bytes(&self, calls: &[f64], only_good: bool) -> f64 {
        let classes = self.plan.classes.iter().zip(calls);
        classes
            .map(|(class, calls)| {
                let good = self.run.filter(|_| only_good).and_then(|run| {
                    let seen = run.classes.iter().find(|seen| seen.name == class.name)?;
                    Some(1.0 - seen.outcomes.error_share())
                });
                calls * f64::from(class.size) * good.unwrap_or(1.0)
            })
            .sum()
    }

    /// Mean bytes of what a cache keeps: of the classes it is asked for, by their rates; of all reads where nothing flows.
    fn mean_size(&self, node: usize) -> f64 {
        let reads = || self.plan.classes.iter().enumerate().filter(|(_, c)| c.operation == Operation::Read);
        let mean = |rate: &dyn Fn(usize) -> f64| {
            let (bytes, all) = reads().fold((0.0, 0.0), |(bytes, all), (i, class)| {
                (bytes + rate(i) * f64::from(class.size), all + rate(i))
            });
            (all > 0.0).then(|| bytes / all)
        };
        let flowing = self.flow.as_ref().and_then(|flow| mean(&|class| flow.nodes[node][class]));
        flowing.or_else(|| mean(&|class| self.plan.classes[class].weight)).unwrap_or(0.0)
    }

    /// Bytes of all files, or of all values: as many as the class with the most keys has, each as large as the largest.
    fn stored(&self, files: bool) -> f64 {
        let kept = |operation: Operation| (operation == Operation::Static) == files;
        let classes = self.plan.classes.iter().filter(|class| kept(class.operation));
        let (keys, size) =
            classes.fold((0, 0), |(keys, size), class| (class.keys.max(keys), class.size.max(size)));
        keys as f64 * f64::from(size)
    }

    fn assume(&mut self) {
        let has = |fits: fn(&PlanNode) -> bool| self.plan.nodes.iter().any(fits);
        let from = match (self.run, &self.flow) {
            (Some(run), _) => format!("Traffic is what the run \"{}\" had, all month long.", run.name),
            (None, Some(_)) => {
                "Traffic is what the document asks for, all month long; nothing is lost.".to_owned()
            }
            (None, None) => {
                "A closed loop finds its own rate: traffic is priced only after a run.".to_owned()
            }
        };
        let found = [
            (true, "A month has 730 hours."),
            (
                has(|node| matches!(node.kind, NodeKind::Service(_) | NodeKind::Workers(_))),
                "An instance has a core for each worker where no cores are stated; a core that is twice as fast costs twice as much.",
            ),
            (
                has(|node| node.kind.most_instances() > node.kind.instances()),
                "What scales automatically is priced at the instances that are drawn.",
            ),
            (
                has(|node| matches!(node.kind, NodeKind::Database(_))),
                "A database server has a core for every two connections.",
            ),
            (
                has(|node| matches!(node.kind, NodeKind::Database(_) | NodeKind::ObjectStore(_))),
                "As many values are stored as the class with the most keys has, each as large as the largest.",
            ),
            (
                has(|node| matches!(node.kind, NodeKind::Cache(_))),
                "A cache is as large as its entries times the mean answer.",
            ),
            (
                has(|node| matches!(node.kind, NodeKind::Cdn(_))),
                "A CDN pulls from its origin without charge.",
            ),
            (
                has(|node| matches!(node.kind, NodeKind::External(_))),
                "What a third party charges is not counted.",
            ),
            (
                self.plan.zones.len() > 1,
                "Between zones the answers are counted; the requests and replication are not.",
            ),
            (!self.plan.hosts.is_empty(), "What stands on a host costs nothing besides it, except for disk."),
        ];
        let said = found.iter().filter(|(holds, _)| *holds).map(|(_, sentence)| (*sentence).to_owned());
        self.bill.assumptions = std::iter::once(from).chain(said).collect();
    }
}

/// Cores of an instance, as many as would be bought of normal speed.
fn cores(work: &Work) -> f64 {
    let cores = if work.cores == 0 { work.workers } else { work.cores };
    f64::from(cores) * work.speed
}

/// Cores of all servers of a database.
fn database_cores(database: &DatabaseNode) -> f64 {
    let servers = f64::from(database.shards) * f64::from(database.copies());
    servers * f64::from(database.connections.div_ceil(CONNECTIONS_PER_CORE))
}

fn resolvers(node: &PlanNode) -> f64 {
    if let NodeKind::Clients(clients) = &node.kind { f64::from(clients.resolvers) } else { 1.0 }
}

fn sum(rates: &[f64]) -> f64 {
    rates.iter().sum()
}

#[cfg(test)]
mod tests;
