//! Configurations of the engines, filled with numbers and DNS labels alone.
use crate::configuration::haproxy::{self, KnownBy};
use crate::configuration::{line, nginx};
use loadpath_core::time::Span;
use loadpath_core::topology::{CdnNode, LoadBalancerNode, Replication};

/// Who stands behind a balancer.
pub(super) struct Behind {
    /// The part's name.
    pub(super) name: String,
    /// The name that a resolver finds it by.
    pub(super) host: String,
    pub(super) port: u16,
    /// How many addresses it can come to have.
    pub(super) most: u16,
    pub(super) weight: u32,
}

/// How long a balancer waits where the design sets no limit.
const NO_LIMIT: Span = Span(3_600 * Span::SECOND.0);

/// HAProxy's configuration of a balancer.
pub(super) fn haproxy(
    spec: &LoadBalancerNode,
    behind: &[Behind],
    timeout: Option<Span>,
    retries: u32,
) -> String {
    let server = timeout.unwrap_or(NO_LIMIT).0 / 1_000_000;
    let mut text = format!(
        "global\n  nbthread {}\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 1h\n  timeout server {}ms\n  timeout queue 1h\n  retries {retries}\n\
         resolvers system\n  parse-resolv-conf\n  hold valid 1s\n\
         frontend health\n  bind :8404\n  http-request return status 200 if {{ path /healthz }}\n  http-request use-service prometheus-exporter if {{ path /metrics }}\n  http-request return status 404\n\
         frontend requests\n  bind :8080\n  http-request return status 200 if {{ path /healthz }}\n",
        spec.cores.min(64),
        server.max(1)
    );
    haproxy::rate_limit(spec, 429, &mut text);
    line(&mut text, "  default_backend callees");
    line(&mut text, "backend callees");
    haproxy::balance(spec, KnownBy { key: "uri", client: "source" }, &mut text);
    if spec.sticky {
        line(&mut text, "  cookie instance insert indirect nocache");
    }
    line(&mut text, "  option httpchk GET /healthz");
    let checks = haproxy::checks(spec);
    line(&mut text, &format!("  default-server {checks} resolvers system init-addr last,libc,none"));
    let weights: Vec<u32> = behind.iter().map(|one| one.weight).collect();
    for (one, weight) in behind.iter().zip(haproxy::weights(spec, &weights)) {
        let Behind { name, host, port, most, .. } = one;
        line(&mut text, &format!("  server-template {name}- 1-{most} {host}:{port} weight {weight}"));
    }
    text
}

/// nginx' configuration of a balancer.
pub(super) fn nginx(
    spec: &LoadBalancerNode,
    behind: &[Behind],
    timeout: Option<Span>,
    retries: u32,
) -> String {
    let mut text = format!(
        "worker_processes {};\nevents {{ worker_connections 8192; }}\nhttp {{\n  access_log off;\n",
        spec.cores.min(64)
    );
    let [counted, limited] = nginx::rate_limit(spec, 429).unwrap_or_default();
    line(&mut text, &counted);
    line(&mut text, "  upstream callees {\n    zone callees 256k;");
    line(&mut text, &nginx::policy(spec, "$uri", "$remote_addr"));
    for Behind { host, port, weight, .. } in behind {
        line(&mut text, &format!("    server {host}:{port} {};", nginx::target(spec, *weight)));
    }
    let read_ms = (timeout.unwrap_or(NO_LIMIT).0 / 1_000_000).max(1);
    let next = if retries == 0 {
        "off".to_owned()
    } else {
        format!("error timeout;\n      proxy_next_upstream_tries {}", retries + 1)
    };
    let location = format!(
        "    keepalive 256;\n  }}\n  server {{\n    listen 8080;\n    location = /healthz {{ return 200; }}\n    location / {{\n      \
         proxy_pass http://callees;\n      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_connect_timeout 5s;\n      \
         proxy_read_timeout {read_ms}ms;\n      proxy_next_upstream {next};"
    );
    line(&mut text, &location);
    line(&mut text, &limited);
    text + "    }\n  }\n}\n"
}

/// nginx' configuration of a CDN's point of presence.
pub(super) fn cdn(spec: &CdnNode, mean_bytes: u64, origins: &[(String, u16)]) -> String {
    // nginx counts these in whole seconds.
    let ttl = spec.ttl.0.div_ceil(1_000_000_000).max(1);
    let mib = (u64::from(spec.capacity) * mean_bytes / (1 << 20)).max(1);
    // A megabyte of keys is some 8,000 of them (nginx' documentation of proxy_cache_path).
    let keys = (u64::from(spec.capacity) / 8_000).clamp(1, 1_024);
    let mut text = format!(
        "worker_processes auto;\nevents {{ worker_connections 4096; }}\nhttp {{\n  access_log off;\n  \
         proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=files:{keys}m max_size={mib}m inactive={ttl}s;\n  upstream origin {{\n"
    );
    for (host, port) in origins {
        line(&mut text, &format!("    server {host}:{port};"));
    }
    let lock = if spec.coalesce { "on" } else { "off" };
    text + &format!(
        "    keepalive 64;\n  }}\n  server {{\n    listen 8080;\n    location = /healthz {{ return 200; }}\n    location / {{\n      \
         proxy_pass http://origin;\n      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_cache files;\n      \
         proxy_cache_valid 200 {ttl}s;\n      proxy_cache_lock {lock};\n    }}\n  }}\n}}\n"
    )
}

/// nginx' configuration of a store of files.
pub(super) fn files() -> String {
    "worker_processes auto;\nevents { worker_connections 4096; }\nhttp {\n  access_log off;\n  sendfile on;\n  server {\n    listen 8080;\n    \
     root /srv/files;\n    location = /healthz { return 200; }\n  }\n}\n"
        .to_owned()
}

/// What a PostgreSQL primary runs once when its data directory is made.
pub(super) fn postgres_primary(replication: Replication, replicas: u16) -> String {
    let (names, commit) = match replication {
        Replication::Async => (String::new(), "on"),
        Replication::SemiSync => ("ANY 1 (*)".to_owned(), "remote_write"),
        Replication::Sync => (format!("ANY {replicas} (*)"), "remote_apply"),
        // The primary is one of the copies.
        Replication::Quorum(copies) if copies <= 1 => (String::new(), "on"),
        Replication::Quorum(copies) => (format!("ANY {} (*)", copies - 1), "on"),
    };
    // Only when the replicas' role is there may a commit wait for replicas.
    format!(
        "psql -v ON_ERROR_STOP=1 -v password=\"$POSTGRES_PASSWORD\" --username \"$POSTGRES_USER\" --dbname \"$POSTGRES_DB\" <<'SQL'\n\
         CREATE ROLE replicator REPLICATION LOGIN PASSWORD :'password';\n\
         ALTER SYSTEM SET synchronous_commit = '{commit}';\n\
         ALTER SYSTEM SET synchronous_standby_names = '{names}';\n\
         SQL\n\
         echo 'host replication replicator all scram-sha-256' >> \"$PGDATA/pg_hba.conf\"\n"
    )
}

/// What a PostgreSQL replica runs: a copy of the primary first, if it has none.
pub(super) fn postgres_replica() -> String {
    "#!/bin/sh\nset -eu\nif [ ! -s \"$PGDATA/PG_VERSION\" ]; then\n  mkdir -p \"$PGDATA\"\n  \
     until rm -rf \"$PGDATA\"/* && PGPASSWORD=\"$POSTGRES_PASSWORD\" pg_basebackup --host=\"$PRIMARY\" --username=replicator \
     --pgdata=\"$PGDATA\" --write-recovery-conf --wal-method=stream; do\n    sleep 1\n  done\n  chmod 0700 \"$PGDATA\"\nfi\nexec postgres \"$@\"\n"
        .to_owned()
}

/// Prometheus' configuration: every part that has figures, by its name.
pub(super) fn prometheus(interval: Span, parts: &[(String, String, u16)]) -> String {
    let mut text =
        format!("global:\n  scrape_interval: {}ms\nscrape_configs:\n", (interval.0 / 1_000_000).max(100));
    for (name, host, port) in parts {
        let lines = format!(
            "  - job_name: {name}\n    dns_sd_configs:\n      - names: [\"{host}\"]\n        type: A\n        port: {port}\n        refresh_interval: 5s"
        );
        line(&mut text, &lines);
    }
    text
}
