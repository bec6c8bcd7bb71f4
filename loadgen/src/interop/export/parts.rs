//! From a plan to its parts: which engine stands for which kind, and who needs whom.
use super::Images;
use super::config::{self, Behind};
use super::part::{File, Health, Image, Part, Setting, Site, variable};
use loadpath_core::component::balance::Policy;
use loadpath_core::component::cache::Eviction;
use loadpath_core::export::{label, parameter};
use loadpath_core::id::EdgeIndex;
use loadpath_core::topology::{
    CacheNode, DatabaseNode, NodeKind, Plan, QueueMode, QueueNode, Replication, Topology, Work, catalog,
};
use std::collections::BTreeSet;
use std::fmt;

/// More parts than this nobody reads.
const MOST_PARTS: usize = 1_000;
/// What one entry of Redis takes beside its value: its key, a header, its place in two tables.
const ENTRY_BYTES: u64 = 100;
/// What Redis takes without any entry, in MiB.
const REDIS_MIB: u64 = 16;

/// A design has more parts than anyone would deploy from one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(usize);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parts) = self;
        write!(
            f,
            "the design has {parts} parts, caches and databases counted one by one; at most {MOST_PARTS} are exported: use fewer"
        )
    }
}

impl std::error::Error for TooMany {}

/// All parts of a design, with what a person must know.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) supply: Vec<String>,
    pub(super) lost: Vec<String>,
}

struct Maker<'p> {
    document: &'p Topology,
    plan: &'p Plan,
    images: &'p Images,
    site: Site<'p>,
    /// The names of each node's parts, in the order in which they are asked: a database's primaries before its replicas.
    names: Vec<Vec<String>>,
    supply: BTreeSet<String>,
    lost: BTreeSet<String>,
}

/// The parts of a plan that `document` was checked to.
///
/// # Errors
/// When there are too many.
pub(super) fn parts(
    document: &Topology,
    plan: &Plan,
    images: &Images,
    site: Site<'_>,
) -> Result<Parts, TooMany> {
    let count = plan.nodes.iter().map(|node| separate(&node.kind)).sum();
    if count > MOST_PARTS {
        return Err(TooMany(count));
    }
    let names = names(plan);
    let mut maker =
        Maker { document, plan, images, site, names, supply: BTreeSet::new(), lost: BTreeSet::new() };
    let mut parts: Vec<Part> = (0..plan.nodes.len()).flat_map(|node| maker.parts(node)).collect();
    let entries = maker.entries();
    parts.iter_mut().for_each(|part| part.entry = entries.contains(&part.node) && part.port.is_some());
    in_order(&mut parts);
    maker.remark();
    Ok(Parts { parts, supply: maker.supply.into_iter().collect(), lost: maker.lost.into_iter().collect() })
}

/// How many parts a node is.
fn separate(kind: &NodeKind) -> usize {
    match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::External(_) => 0,
        NodeKind::Cache(_) | NodeKind::Database(_) => usize::from(kind.instances()),
        _ => 1,
    }
}

/// A DNS label for each part: the node's id, and a number where there are several.
fn names(plan: &Plan) -> Vec<Vec<String>> {
    let mut taken = BTreeSet::new();
    let mut take = |wanted: String| {
        let mut name = wanted.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{wanted}-x{number}");
            number += 1;
        }
        name
    };
    // Whole ids first: a node called "db-1" keeps its name beside the parts of "db".
    let whole: Vec<_> =
        plan.nodes.iter().map(|node| (separate(&node.kind) == 1).then(|| take(stem(&node.id)))).collect();
    let mut named = |(whole, node): (Option<String>, &loadpath_core::topology::PlanNode)| match whole {
        Some(name) => vec![name],
        None => (1..=separate(&node.kind)).map(|i| take(format!("{}-{i}", stem(&node.id)))).collect(),
    };
    whole.into_iter().zip(&plan.nodes).map(&mut named).collect()
}

/// An id as a DNS label, which ends in no hyphen.
fn stem(id: &str) -> String {
    id.trim_end_matches('-').to_owned()
}

impl Maker<'_> {
    fn parts(&mut self, node: usize) -> Vec<Part> {
        let plan = self.plan;
        let parts = match &plan.nodes[node].kind {
            NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::External(_) => Vec::new(),
            NodeKind::Cdn(_) => vec![self.cdn(node)],
            NodeKind::LoadBalancer(_) => vec![self.balancer(node)],
            NodeKind::Service(spec) => vec![self.own(node, &spec.work, true)],
            NodeKind::Workers(spec) => vec![self.own(node, &spec.work, false)],
            NodeKind::Queue(spec) => vec![self.queue(node, spec)],
            NodeKind::Cache(spec) => self.caches(node, spec),
            NodeKind::Database(spec) => self.databases(node, spec),
            NodeKind::ObjectStore(_) => vec![self.store(node)],
            NodeKind::Monitoring(spec) => vec![self.monitoring(node, spec.interval)],
        };
        // A design's own image is asked for where no engine stands for the kind, and taken wherever it is given.
        let given = self.images.get(&plan.nodes[node].id);
        parts
            .into_iter()
            .map(|mut part| {
                part.image = given.map_or(part.image, |image| Image::Of(image.clone()));
                part
            })
            .collect()
    }

    fn part(&self, node: usize, image: &str) -> Part {
        Part::new(self.names[node][0].clone(), node, Image::Of(image.to_owned()))
    }

    fn title(&self, node: usize) -> String {
        format!("\"{}\"", label(&self.document.nodes[node]))
    }

    /// What is called by a node, with the edges.
    fn called(&self, node: usize) -> Vec<(EdgeIndex, usize)> {
        self.plan.nodes[node].out.iter().map(|&edge| (edge, self.plan.edge(edge).to.index())).collect()
    }

    fn host(&self, name: &str) -> String {
        self.site.whole_name(name)
    }

    fn mean_bytes(&self) -> u64 {
        let weight: f64 = self.plan.classes.iter().map(|class| class.weight).sum();
        let bytes: f64 = self.plan.classes.iter().map(|class| class.weight * f64::from(class.size)).sum();
        (bytes / weight) as u64
    }

    fn balancer(&mut self, node: usize) -> Part {
        let NodeKind::LoadBalancer(spec) = &self.plan.nodes[node].kind else { unreachable!("by its kind") };
        let mut part = self.part(node, "haproxy:3.2-alpine").serving(8080, Health::Http(8404));
        let called = self.called(node);
        let behind = |&(edge, to): &(EdgeIndex, usize)| {
            let most = self.plan.nodes[to].kind.most_instances();
            let weight = self.plan.edge(edge).weight;
            let named = self.names[to].iter();
            named
                .map(|name| Behind { name: name.clone(), host: self.host(name), port: 8080, most, weight })
                .collect::<Vec<_>>()
        };
        let behind: Vec<Behind> = called.iter().flat_map(behind).collect();
        let edges = || called.iter().map(|(edge, _)| self.plan.edge(*edge));
        let timeout = edges().filter_map(|edge| edge.timeout).max();
        let retries = edges().map(|edge| edge.retries).max().unwrap_or(0);
        let content = config::haproxy(spec, &behind, timeout, retries);
        part.files.push(File { name: "haproxy.cfg", path: "/usr/local/etc/haproxy/haproxy.cfg", content });
        part.instances = spec.instances;
        part.cores = Some(spec.cores);
        part.after = called.iter().flat_map(|(_, to)| self.names[*to].clone()).collect();
        let instead = config::instead(spec.policy).map(|what| format!("{}: {what}", self.title(node)));
        self.lost.extend(instead);
        if spec.policy == Policy::PowerOfTwo && spec.repeats {
            self.lost.insert(format!("{}: HAProxy never looks at one target twice", self.title(node)));
        }
        part
    }

    fn cdn(&mut self, node: usize) -> Part {
        let NodeKind::Cdn(spec) = &self.plan.nodes[node].kind else { unreachable!("by its kind") };
        let mut part = self.part(node, "nginx:1.28-alpine").serving(8080, Health::Http(8080));
        let called = self.called(node);
        let origins: Vec<_> = called
            .iter()
            .flat_map(|(_, to)| self.names[*to].iter())
            .map(|name| (name.clone(), 8080))
            .collect();
        let content = config::cdn(spec, self.mean_bytes(), &origins);
        part.files.push(File { name: "nginx.conf", path: "/etc/nginx/nginx.conf", content });
        part.instances = spec.instances;
        part.after = origins.into_iter().map(|(name, _)| name).collect();
        if spec.eviction != Eviction::Lru {
            self.lost.insert(format!("{}: nginx forgets what was used least recently", self.title(node)));
        }
        part
    }

    /// A part that runs the person's own program.
    fn own(&mut self, node: usize, work: &Work, serves: bool) -> Part {
        let (kind, id) = (&self.plan.nodes[node].kind, &self.plan.nodes[node].id);
        let mut part = Part::new(self.names[node][0].clone(), node, Image::Missing);
        if serves {
            part = part.serving(8080, Health::Http(8080));
            part.set("PORT", "8080");
        }
        part.instances = kind.instances();
        part.set("WORKERS", work.workers.to_string());
        if self.plan.nodes[node].host.is_none() {
            part.cores = Some(if work.cores > 0 { work.cores } else { work.workers });
        }
        if !self.images.contains_key(id) {
            let does = if serves {
                ", which answers on port $PORT, and 200 at /healthz"
            } else {
                ", which takes messages from its queue"
            };
            self.supply.insert(format!("an image for {}{does}: --image {id}=IMAGE", self.title(node)));
        }
        for (edge, to) in self.called(node) {
            self.tell_of(&mut part, edge, to);
        }
        let published = self.plan.edges.iter().enumerate().filter(|(_, edge)| edge.to.index() == node);
        let from_queues: Vec<_> = published
            .filter(|(_, edge)| matches!(self.plan.node(edge.from).kind, NodeKind::Queue(_)))
            .map(|(i, edge)| (EdgeIndex(i as u16), edge.from.index()))
            .collect();
        for (edge, queue) in from_queues {
            self.tell_of(&mut part, edge, queue);
        }
        part
    }

    /// Tells a part in its environment where another is, and what the edge between them says.
    fn tell_of(&mut self, part: &mut Part, index: EdgeIndex, other: usize) {
        let (node, edge) = (&self.plan.nodes[other], self.plan.edge(index));
        let names = &self.names[other];
        let url = |of: &dyn Fn(&String) -> String| names.iter().map(of).collect::<Vec<_>>().join(",");
        let name = variable(&node.id, "_URL");
        match &node.kind {
            NodeKind::Cache(_) => part.set(&name, url(&|name| format!("redis://{name}:6379"))),
            NodeKind::Database(_) if self.is_relational(other) => {
                part.set(&name, url(&|name| format!("postgresql://app@{name}:5432/app")));
                part.environment.push(("PGPASSWORD".to_owned(), Setting::Secret("POSTGRES_PASSWORD")));
            }
            NodeKind::Database(_) => part.set(&name, names.join(",")),
            NodeKind::Queue(spec) => tell_of_queue(part, &node.id, &names[0], spec, &edge.binding),
            NodeKind::External(_) => {
                self.supply.insert(format!("where {} is: the variable {name}", self.title(other)));
                part.environment.push((name.clone(), Setting::Supplied(name)));
            }
            _ => part.set(&name, url(&|name| format!("http://{name}:8080"))),
        }
        if let Some(timeout) = edge.timeout {
            part.set(&variable(&node.id, "_TIMEOUT"), timeout.to_string());
        }
        for (suffix, number) in [("_RETRIES", edge.retries), ("_CONNECTIONS", edge.connections.unwrap_or(0))]
        {
            if number > 0 {
                part.set(&variable(&node.id, suffix), number.to_string());
            }
        }
        part.environment.dedup();
        part.after.extend(self.names[other].iter().cloned());
    }

    fn is_relational(&self, node: usize) -> bool {
        let kind = catalog::kind("database").expect("the catalog has databases");
        parameter(&self.document.nodes[node], kind, "model") == "relational"
    }

    fn queue(&mut self, node: usize, spec: &QueueNode) -> Part {
        if spec.mode == QueueMode::Log {
            let health = Health::Runs(vec!["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8222/healthz"]);
            let mut part = self.part(node, "nats:2-alpine").serving(4222, health);
            part.command = ["nats-server", "--jetstream", "--store_dir", "/data", "--http_port", "8222"]
                .map(str::to_owned)
                .to_vec();
            part.data = Some("/data");
            return part;
        }
        let mut part = self
            .part(node, "rabbitmq:4-alpine")
            .serving(5672, Health::Runs(vec!["rabbitmq-diagnostics", "-q", "ping"]));
        part.set("RABBITMQ_DEFAULT_USER", "app");
        part.environment.push(("RABBITMQ_DEFAULT_PASS".to_owned(), Setting::Secret("RABBITMQ_PASSWORD")));
        part.data = Some("/var/lib/rabbitmq");
        self.supply.insert("the secret RABBITMQ_PASSWORD".to_owned());
        part
    }

    fn caches(&mut self, node: usize, spec: &CacheNode) -> Vec<Part> {
        let policy = match spec.eviction {
            Eviction::Lru => "allkeys-lru",
            Eviction::Lfu | Eviction::TinyLfu => "allkeys-lfu",
            Eviction::Fifo | Eviction::Clock | Eviction::Sieve | Eviction::S3Fifo => {
                let title = self.title(node);
                self.lost.insert(format!(
                    "{title}: Redis has no such eviction; it forgets what was used least recently"
                ));
                "allkeys-lru"
            }
        };
        if !self.called(node).is_empty() {
            let title = self.title(node);
            self.lost.insert(format!(
                "{title}: Redis reads through to nothing; its callers must ask the database when it misses"
            ));
        }
        let mib = u64::from(spec.capacity) * (self.mean_bytes() + ENTRY_BYTES) / (1 << 20) + 1;
        let content = config::redis(mib, policy);
        let one = |name: &String| {
            let mut part = Part::new(name.clone(), node, Image::Of("redis:8-alpine".to_owned()));
            part = part.serving(6379, Health::Runs(vec!["redis-cli", "ping"]));
            part.files.push(File {
                name: "redis.conf",
                path: "/usr/local/etc/redis/redis.conf",
                content: content.clone(),
            });
            part.command = ["redis-server", "/usr/local/etc/redis/redis.conf"].map(str::to_owned).to_vec();
            // A half more than its entries: what is not freed yet, and buffers of its callers.
            part.memory_mib = Some(mib + mib / 2 + REDIS_MIB);
            part
        };
        self.names[node].iter().map(one).collect()
    }

    /// The servers of a database, as its instances stand: shard by shard, the primary first.
    fn databases(&mut self, node: usize, spec: &DatabaseNode) -> Vec<Part> {
        let copies = usize::from(spec.copies());
        if !self.is_relational(node) {
            let (title, id) = (self.title(node), &self.plan.nodes[node].id);
            if !self.images.contains_key(id) {
                self.supply.insert(format!("an image for the database {title}, and how its copies find one another: --image {id}=IMAGE"));
            }
            return self.names[node]
                .iter()
                .map(|name| Part::new(name.clone(), node, Image::Missing))
                .collect();
        }
        self.supply.insert("the secret POSTGRES_PASSWORD".to_owned());
        if spec.shards > 1 {
            let title = self.title(node);
            self.lost.insert(format!("{title}: which key is on which shard, its callers must know"));
        }
        if spec.replicas > 0 && spec.failover.0 > 0 {
            let title = self.title(node);
            self.lost.insert(format!("{title}: nobody promotes a replica when the primary dies"));
        }
        let names = self.names[node].clone();
        let server = |(i, name): (usize, &String)| {
            let (primary, is_primary) = (&names[i / copies * copies], i % copies == 0);
            postgres(name, node, spec, (!is_primary).then_some(primary.as_str()))
        };
        names.iter().enumerate().map(server).collect()
    }

    fn store(&mut self, node: usize) -> Part {
        let mut part = self.part(node, "nginx:1.28-alpine").serving(8080, Health::Http(8080));
        part.files.push(File { name: "nginx.conf", path: "/etc/nginx/nginx.conf", content: config::files() });
        part.data = Some("/srv/files");
        let title = self.title(node);
        self.supply.insert(format!("the files of {title}, in its volume"));
        part
    }

    fn monitoring(&mut self, node: usize, interval: loadpath_core::time::Span) -> Part {
        let mut part = self.part(node, "prom/prometheus:v3.5.0");
        part.port = Some(9090);
        part.health =
            Some(Health::Runs(vec!["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9090/-/healthy"]));
        let watched = self.plan.nodes.iter().enumerate().filter_map(|(i, other)| match other.kind {
            NodeKind::LoadBalancer(_) => Some((i, 8404)),
            NodeKind::Service(_) => Some((i, 8080)),
            _ => None,
        });
        let watched: Vec<_> =
            watched.map(|(i, port)| (self.names[i][0].clone(), self.host(&self.names[i][0]), port)).collect();
        let content = config::prometheus(interval, &watched);
        part.files.push(File { name: "prometheus.yml", path: "/etc/prometheus/prometheus.yml", content });
        part.data = Some("/prometheus");
        part
    }

    /// The nodes that users call, by themselves or by the names that DNS tells them.
    fn entries(&self) -> BTreeSet<usize> {
        let of = |wanted: fn(&NodeKind) -> bool| {
            let nodes = (0..self.plan.nodes.len()).filter(move |&i| wanted(&self.plan.nodes[i].kind));
            nodes.flat_map(|i| self.called(i).into_iter().map(|(_, to)| to).collect::<Vec<_>>())
        };
        of(|kind| matches!(kind, NodeKind::Clients(_)))
            .chain(of(|kind| matches!(kind, NodeKind::Dns(_))))
            .collect()
    }

    /// What is lost of any design.
    fn remark(&mut self) {
        let plan = self.plan;
        let rate = plan.arrivals.rate;
        let told = [
            (true, format!("the load, {rate}/s: `loadgen run --url` sends it")),
            (
                plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Dns(_))),
                "DNS' policy: the platform's own resolver tells the addresses".to_owned(),
            ),
            (!plan.timeline.is_empty(), "the timeline".to_owned()),
            (
                plan.edges.iter().any(|edge| edge.classes.count_ones() < plan.classes.len() as u32),
                "which classes go which way: the services know".to_owned(),
            ),
            (
                plan.edges.iter().any(|edge| {
                    edge.breaker.is_some() || edge.hedge_after.is_some() || edge.hedge_at.is_some()
                }),
                "circuit breakers and hedges: the services must have them".to_owned(),
            ),
        ];
        self.lost.extend(told.into_iter().filter_map(|(is_told, what)| is_told.then_some(what)));
    }
}

fn tell_of_queue(part: &mut Part, id: &str, name: &str, spec: &QueueNode, binding: &str) {
    let capacity = spec.capacity;
    if spec.mode == QueueMode::Log {
        part.set(&variable(id, "_URL"), format!("nats://{name}:4222"));
        part.set(&variable(id, "_PARTITIONS"), spec.partitions.to_string());
        let discard = if spec.drop_oldest { "old" } else { "new" };
        let stream = serde_json::json!({ "name": variable(id, ""), "subjects": [format!("{id}.>")], "max_msgs": capacity, "discard": discard });
        part.set(&variable(id, "_STREAM"), stream.to_string());
        return;
    }
    part.set(&variable(id, "_URL"), format!("amqp://app@{name}:5672/"));
    part.environment.push(("RABBITMQ_PASSWORD".to_owned(), Setting::Secret("RABBITMQ_PASSWORD")));
    let exchange = match spec.mode {
        QueueMode::Direct | QueueMode::Log => "direct",
        QueueMode::FanOut => "fanout",
        QueueMode::Topic => "topic",
    };
    part.set(&variable(id, "_EXCHANGE_TYPE"), exchange);
    if spec.mode == QueueMode::Topic {
        part.set(&variable(id, "_BINDING"), binding);
    }
    let overflow = if spec.drop_oldest { "drop-head" } else { "reject-publish" };
    let arguments = serde_json::json!({
        "x-queue-type": "quorum", "x-max-length": capacity, "x-overflow": overflow, "x-delivery-limit": spec.deliveries,
    });
    part.set(&variable(id, "_QUEUE_ARGUMENTS"), arguments.to_string());
}

/// A PostgreSQL server: a primary, or a replica of one.
fn postgres(name: &str, node: usize, spec: &DatabaseNode, primary: Option<&str>) -> Part {
    let health = Health::Runs(vec!["pg_isready", "--username=app", "--dbname=app"]);
    let mut part =
        Part::new(name.to_owned(), node, Image::Of("postgres:17-alpine".to_owned())).serving(5432, health);
    part.data = Some("/var/lib/postgresql/data");
    part.set("PGDATA", "/var/lib/postgresql/data/design");
    part.environment.push(("POSTGRES_PASSWORD".to_owned(), Setting::Secret("POSTGRES_PASSWORD")));
    // Three more for the superuser, as the default keeps.
    let connections =
        format!("max_connections={}", u64::from(spec.connections) + 3 + u64::from(spec.replicas));
    let senders = format!("max_wal_senders={}", u32::from(spec.replicas) * 2 + 2);
    let settings = ["-c", &connections, "-c", &senders, "-c", "wal_level=replica"].map(str::to_owned);
    if let Some(primary) = primary {
        part.set("PRIMARY", primary);
        part.user = Some(("postgres", 70));
        part.files.push(File {
            name: "replica.sh",
            path: "/etc/loadpath/replica.sh",
            content: config::postgres_replica(),
        });
        part.command = [&["sh".to_owned(), "/etc/loadpath/replica.sh".to_owned()], &settings[..]].concat();
        part.after.push(primary.to_owned());
        return part;
    }
    part.set("POSTGRES_USER", "app");
    part.set("POSTGRES_DB", "app");
    part.command = [&["postgres".to_owned()], &settings[..]].concat();
    if spec.replicas > 0 || spec.replication != Replication::Async {
        let content = config::postgres_primary(spec.replication, spec.replicas);
        part.files.push(File {
            name: "replication.sh",
            path: "/docker-entrypoint-initdb.d/replication.sh",
            content,
        });
    }
    part
}

/// Takes from `after` what would wait for itself in a ring, and what is said twice.
fn in_order(parts: &mut [Part]) {
    let place = |name: &str| parts.iter().position(|part| part.name == name);
    let graph: Vec<Vec<usize>> =
        parts.iter().map(|part| part.after.iter().filter_map(|name| place(name)).collect()).collect();
    let mut state = vec![0u8; parts.len()];
    let mut kept: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); parts.len()];
    for start in 0..parts.len() {
        if state[start] != 0 {
            continue;
        }
        let mut open = vec![(start, 0)];
        state[start] = 1;
        while let Some((part, next)) = open.last_mut() {
            let Some(&other) = graph[*part].get(*next) else {
                state[*part] = 2;
                open.pop();
                continue;
            };
            *next += 1;
            if state[other] == 1 {
                continue;
            }
            kept[*part].insert(other);
            if state[other] == 0 {
                state[other] = 1;
                open.push((other, 0));
            }
        }
    }
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    for (part, kept) in parts.iter_mut().zip(kept) {
        part.after = kept.into_iter().map(|i| names[i].clone()).collect();
    }
}
