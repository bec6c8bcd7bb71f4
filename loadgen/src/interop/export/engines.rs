//! The engines that stand for kinds: what runs, with which configuration, and what of the kind it cannot do.
use super::config::{self, Behind};
use super::part::{File, Health, Image, Part, Setting};
use super::parts::Maker;
use crate::configuration::{haproxy, nginx, redis};
use loadpath_core::component::balance::Policy;
use loadpath_core::component::cache::Eviction;
use loadpath_core::id::EdgeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{
    CacheNode, DatabaseNode, Engine, LoadBalancerNode, NodeKind, QueueMode, QueueNode, Replication,
};

const NGINX: &str = "nginx:1.28-alpine";
/// What Redis and memcached take without any entry, in MiB.
const ENGINE_MIB: u64 = 16;

impl Maker<'_> {
    pub(super) fn balancer(&mut self, node: usize) -> Part {
        let NodeKind::LoadBalancer(spec) = &self.plan.nodes[node].kind else { unreachable!("by its kind") };
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
        let is_nginx = spec.engine == Engine::Nginx;
        let mut part = if is_nginx {
            let content = config::nginx(spec, &behind, timeout, retries);
            let mut part = self.part(node, NGINX).serving(8080, Health::Http(8080));
            part.files.push(File { name: "nginx.conf", path: "/etc/nginx/nginx.conf", content });
            part
        } else {
            let content = config::haproxy(spec, &behind, timeout, retries);
            let mut part = self.part(node, "haproxy:3.2-alpine").serving(8080, Health::Http(8404));
            part.files.push(File {
                name: "haproxy.cfg",
                path: "/usr/local/etc/haproxy/haproxy.cfg",
                content,
            });
            part
        };
        part.instances = spec.instances;
        part.cores = Some(spec.cores);
        part.after = called.iter().flat_map(|(_, to)| self.names[*to].clone()).collect();
        let title = self.title(node);
        self.lost.extend(not_balanced(spec, is_nginx).map(|what| format!("{title}: {what}")));
        part
    }

    pub(super) fn cdn(&mut self, node: usize) -> Part {
        let NodeKind::Cdn(spec) = &self.plan.nodes[node].kind else { unreachable!("by its kind") };
        let mut part = self.part(node, NGINX).serving(8080, Health::Http(8080));
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

    pub(super) fn queue(&mut self, node: usize, spec: &QueueNode) -> Part {
        if is_nats(spec) {
            let health = Health::Runs(vec!["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8222/healthz"]);
            let mut part = self.part(node, "nats:2-alpine").serving(4222, health);
            part.command = ["nats-server", "--jetstream", "--store_dir", "/data", "--http_port", "8222"]
                .map(str::to_owned)
                .to_vec();
            part.data = Some("/data");
            if spec.engine == Engine::Rabbitmq {
                let title = self.title(node);
                self.lost.insert(format!("{title}: RabbitMQ as a log is not exported; NATS stands for it"));
            }
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

    pub(super) fn caches(&mut self, node: usize, spec: &CacheNode) -> Vec<Part> {
        let title = self.title(node);
        let is_memcached = spec.engine == Engine::Memcached;
        let engine = if is_memcached { "memcached" } else { "Redis" };
        let policy = redis::policy(spec.eviction);
        let evicts = if is_memcached { spec.eviction == Eviction::Lru } else { policy.is_some() };
        if !evicts {
            let instead =
                format!("{title}: {engine} has no such eviction; it forgets what was used least recently");
            self.lost.insert(instead);
        }
        if !self.called(node).is_empty() {
            self.lost.insert(format!(
                "{title}: {engine} reads through to nothing; its callers must ask the database when it misses"
            ));
        }
        let mib = redis::megabytes(spec.capacity, self.mean_bytes());
        let names = self.names[node].iter();
        if is_memcached {
            return names.map(|name| memcached(name, node, mib)).collect();
        }
        let content = redis::config(mib, policy.unwrap_or("allkeys-lru"));
        names.map(|name| redis_part(name, node, mib, &content)).collect()
    }

    /// The servers of a database, as its instances stand: shard by shard, the primary first.
    pub(super) fn databases(&mut self, node: usize, spec: &DatabaseNode) -> Vec<Part> {
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

    pub(super) fn store(&mut self, node: usize) -> Part {
        let mut part = self.part(node, NGINX).serving(8080, Health::Http(8080));
        part.files.push(File { name: "nginx.conf", path: "/etc/nginx/nginx.conf", content: config::files() });
        part.data = Some("/srv/files");
        let title = self.title(node);
        self.supply.insert(format!("the files of {title}, in its volume"));
        part
    }

    pub(super) fn monitoring(&mut self, node: usize, interval: Span) -> Part {
        let mut part = self.part(node, "prom/prometheus:v3.5.0");
        part.port = Some(9090);
        part.health =
            Some(Health::Runs(vec!["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9090/-/healthy"]));
        let watched = self.plan.nodes.iter().enumerate().filter_map(|(i, other)| match other.kind {
            // nginx has no figures of its own.
            NodeKind::LoadBalancer(ref spec) => (spec.engine != Engine::Nginx).then_some((i, 8404)),
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
}

/// Whether NATS stands for a queue, and not RabbitMQ: where it was chosen, and for a log.
pub(super) fn is_nats(spec: &QueueNode) -> bool {
    spec.engine == Engine::Nats || spec.mode == QueueMode::Log
}

fn redis_part(name: &str, node: usize, mib: u64, content: &str) -> Part {
    let mut part = Part::new(name.to_owned(), node, Image::Of("redis:8-alpine".to_owned()));
    part = part.serving(6379, Health::Runs(vec!["redis-cli", "ping"]));
    let path = "/usr/local/etc/redis/redis.conf";
    part.files.push(File { name: "redis.conf", path, content: content.to_owned() });
    part.command = ["redis-server", path].map(str::to_owned).to_vec();
    // A half more than its entries: what is not freed yet, and buffers of its callers.
    part.memory_mib = Some(mib + mib / 2 + ENGINE_MIB);
    part
}

fn memcached(name: &str, node: usize, mib: u64) -> Part {
    let answers = "printf 'version\\r\\nquit\\r\\n' | nc 127.0.0.1 11211 | grep -q VERSION";
    let mut part = Part::new(name.to_owned(), node, Image::Of("memcached:1.6-alpine".to_owned()));
    part = part.serving(11211, Health::Runs(vec!["sh", "-c", answers]));
    part.command = ["memcached".to_owned(), format!("--memory-limit={mib}")].to_vec();
    part.memory_mib = Some(mib + mib / 2 + ENGINE_MIB);
    part
}

/// What of a balancer its engine does not do.
fn not_balanced(spec: &LoadBalancerNode, is_nginx: bool) -> impl Iterator<Item = &'static str> {
    let looks_once = "nginx looks its targets up when it starts; reload it when they have changed";
    let never_twice = "HAProxy never looks at one target twice";
    let twice = spec.policy == Policy::PowerOfTwo && spec.repeats;
    let found = if is_nginx {
        [nginx::instead(spec), Some(looks_once)]
    } else {
        [haproxy::instead(spec.policy), twice.then_some(never_twice)]
    };
    found.into_iter().flatten()
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
