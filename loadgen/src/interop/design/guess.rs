//! What a part is, by its image, or else by its name.

/// What a part is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// The kind in the catalog.
    pub(super) kind: &'static str,
    /// By which word; none where nothing said so.
    pub(super) by: Option<&'static str>,
}

impl Guess {
    /// What is taken for a service because nothing says otherwise.
    pub(super) const SERVICE: Self = Self { kind: "service", by: None };

    pub(super) const fn known(kind: &'static str) -> Self {
        Self { kind, by: None }
    }
}

/// Words of images and their kinds; the first that occurs decides.
const IMAGES: [(&str, &str); 38] = [
    ("redis", "cache"),
    ("valkey", "cache"),
    ("memcached", "cache"),
    ("dragonfly", "cache"),
    ("keydb", "cache"),
    ("postgres", "database"),
    ("postgis", "database"),
    ("timescale", "database"),
    ("pgvector", "database"),
    ("mysql", "database"),
    ("mariadb", "database"),
    ("percona", "database"),
    ("mongo", "database"),
    ("cassandra", "database"),
    ("scylla", "database"),
    ("cockroach", "database"),
    ("clickhouse", "database"),
    ("elasticsearch", "database"),
    ("opensearch", "database"),
    ("neo4j", "database"),
    ("mssql", "database"),
    ("etcd", "database"),
    ("rabbitmq", "queue"),
    ("kafka", "queue"),
    ("redpanda", "queue"),
    ("nats", "queue"),
    ("activemq", "queue"),
    ("pulsar", "queue"),
    ("haproxy", "load_balancer"),
    ("traefik", "load_balancer"),
    ("envoy", "load_balancer"),
    ("caddy", "load_balancer"),
    ("nginx", "load_balancer"),
    ("varnish", "cdn"),
    ("minio", "object_store"),
    ("seaweedfs", "object_store"),
    ("prometheus", "monitoring"),
    ("grafana", "monitoring"),
];

/// Words of names, beside those of images.
const NAMES: [(&str, &str); 18] = [
    ("cache", "cache"),
    ("database", "database"),
    ("db", "database"),
    ("sql", "database"),
    ("queue", "queue"),
    ("broker", "queue"),
    ("mq", "queue"),
    ("worker", "workers"),
    ("workers", "workers"),
    ("consumer", "workers"),
    ("celery", "workers"),
    ("sidekiq", "workers"),
    ("lb", "load_balancer"),
    ("balancer", "load_balancer"),
    ("cdn", "cdn"),
    ("s3", "object_store"),
    ("user", "clients"),
    ("users", "clients"),
];

/// What a part of this image is.
pub(super) fn by_image(image: &str) -> Option<Guess> {
    // A registry's name and a tag say nothing.
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default().to_ascii_lowercase();
    // An exporter watches what it is called after.
    if name.contains("exporter") {
        return Some(Guess { kind: "monitoring", by: Some("exporter") });
    }
    let found = IMAGES.iter().find(|(word, _)| name.contains(word))?;
    Some(Guess { kind: found.1, by: Some(found.0) })
}

/// What a part of this name is: a service, unless a whole word of it says otherwise.
pub(super) fn by_name(name: &str) -> Guess {
    let lower = name.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric());
    let is = |word: &str| {
        words().any(|own| own.trim_end_matches(|c: char| c.is_ascii_digit()) == word || own == word)
    };
    let found = IMAGES.iter().chain(&NAMES).find(|(word, _)| is(word));
    found.map_or(Guess::SERVICE, |(word, kind)| Guess { kind, by: Some(word) })
}
