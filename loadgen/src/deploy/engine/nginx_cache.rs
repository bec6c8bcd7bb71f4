//! nginx as a CDN's point of presence: it keeps what it may of the origin's answers, and says of each what it was.
//!
//! Whether it had a file it says in `Server-Timing`, as our own points of presence do; of what it keeps it repeats neither the
//! hops of the answer nor the time that they took. Who waits for another's fetch of the same file looks again every half second.
use super::super::assignment::Assignment;
use super::super::by_engine::BY;
use super::super::call::{SERVER_TIMING, TOOK};
use super::super::cookies::COOKIES;
use super::balancer::{self, Target};
use super::nginx::{self, head, recipe_of};
use super::recipe::Recipe;
use crate::configuration::line;
use loadpath_core::component::cache::Eviction;
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::{CdnNode, Plan};
use loadpath_core::workload::Operation;
use std::net::SocketAddr;
use std::path::Path;

/// Where its files are, in its directory.
const FILES: &str = "files";
/// nginx hands out its memory in pages, each of which has room for what it must know of so many files.
const PAGE: u64 = 4_096;
const FILES_A_PAGE: u64 = 32;
/// Pages that it needs itself, and how many bytes for each page that it hands out.
const OWN_PAGES: u64 = 2;
const OF_A_PAGE: u64 = 24;

/// A point of presence as an engine.
#[derive(Clone, Debug)]
pub(super) struct Caching<'p> {
    spec: &'p CdnNode,
    /// The node's id: letters, digits and hyphens, as check makes sure.
    id: &'p str,
    pub(super) port: u16,
    /// What its `/healthz` answers.
    pub(super) nonce: String,
    targets: Vec<Target>,
    timeout: Span,
    /// The names of the classes whose answers it keeps, and what tells their keys from one another's: files from values.
    kept: Vec<(&'p str, &'static str)>,
}

/// What of a CDN nginx cannot be.
pub(super) fn missing(spec: &CdnNode) -> Option<&'static str> {
    [
        (spec.eviction != Eviction::Lru, "eviction: nginx forgets what was used least recently"),
        (
            !spec.ttl.0.is_multiple_of(Span::SECOND.0) || spec.ttl < Span::SECOND,
            "ttl: nginx counts in whole seconds",
        ),
        (spec.ttl_jitter > 0.0, "ttl_jitter: nginx gives every file the same time"),
        (u64::from(spec.capacity) < FILES_A_PAGE, "capacity: nginx has room for 32 files at least"),
    ]
    .into_iter()
    .find_map(|(is_asked, what)| is_asked.then_some(what))
}

impl<'p> Caching<'p> {
    /// As the plan and the assignment say.
    pub(super) fn new(
        plan: &'p Plan,
        index: NodeIndex,
        spec: &'p CdnNode,
        assignment: &Assignment,
        port: u16,
    ) -> Self {
        let (targets, timeout) = balancer::targets(plan, index, assignment);
        let kept = plan.classes.iter().filter_map(|class| match class.operation {
            Operation::Static => Some((class.name.as_str(), "f")),
            Operation::Read if spec.keeps_reads => Some((class.name.as_str(), "v")),
            _ => None,
        });
        let (id, nonce) = (plan.node(index).id.as_str(), assignment.nonce.clone());
        Self { spec, id, port, nonce, targets, timeout, kept: kept.collect() }
    }

    /// The same without what is another in each run: what its configuration is known by.
    fn anonymous(&self) -> Self {
        let mut same = self.clone();
        (same.port, same.nonce) = (0, String::new());
        balancer::forget_addresses(&mut same.targets);
        same
    }
}

/// How it is run: as one process, beside which nothing can be left.
pub(super) fn recipe(caching: &Caching) -> Recipe {
    recipe_of(config(caching), config(&caching.anonymous()))
}

/// The instances of the origin are elsewhere; it reads its configuration again when any of them is its own.
///
/// # Errors
/// When it does not.
pub(super) fn move_to(
    caching: &mut Caching,
    node: &str,
    addresses: &[Option<SocketAddr>],
    pid: u32,
) -> Result<(), String> {
    if balancer::move_targets(&mut caching.targets, node, addresses) {
        nginx::read_again(&config(caching), pid)
    } else {
        Ok(())
    }
}

/// Has it forget everything: what it knows of a file that is gone is a miss.
///
/// # Errors
/// When a file cannot be removed.
pub(super) fn flush() -> Result<(), String> {
    let cannot = |e: std::io::Error| format!("its files cannot be removed: {e}");
    for folder in Path::new(FILES).read_dir().map_err(cannot)?.flatten() {
        match std::fs::remove_dir_all(folder.path()) {
            // It writes while they are removed.
            Err(fault) if fault.kind() == std::io::ErrorKind::DirectoryNotEmpty => return flush(),
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => return Err(cannot(fault)),
            _ => {}
        }
    }
    Ok(())
}

/// The kilobytes of memory in which it knows so many files, to the next multiple of a page's: it forgets one when that is full.
fn kilobytes(capacity: u32) -> u64 {
    let pages = ((u64::from(capacity) + FILES_A_PAGE / 2) / FILES_A_PAGE).max(1);
    (pages + OWN_PAGES + (pages * OF_A_PAGE) / PAGE) * PAGE / 1_024
}

fn config(caching: &Caching) -> String {
    let Caching { spec, id, port, nonce, targets, timeout, kept } = caching;
    let mut text = head(1);
    line(&mut text, "  map $uri $key { ~/(?<last>[^/]*)$ $last; }");
    // What was kept says nothing of the way that this request did not go.
    line(
        &mut text,
        &format!(
            "  map $upstream_cache_status $hops {{ HIT \"{id}.hit;dur=1\"; default \"{id}.hit;dur=0, $upstream_http_{0}\"; }}",
            variable(SERVER_TIMING.as_str())
        ),
    );
    for (name, header) in [("took", TOOK), ("cookies", COOKIES)] {
        let of = variable(header.as_str());
        line(
            &mut text,
            &format!("  map $upstream_cache_status ${name} {{ HIT \"\"; default $upstream_http_{of}; }}"),
        );
    }
    line(
        &mut text,
        &format!(
            "  proxy_cache_path {FILES} levels=1:2 keys_zone=known:{}k inactive={}s use_temp_path=off;",
            kilobytes(spec.capacity),
            spec.ttl.0.div_ceil(Span::SECOND.0)
        ),
    );
    line(&mut text, "  upstream origin {");
    // In turn, dead or alive: it has no health checks.
    let addresses = targets.iter().filter_map(|target| target.address);
    addresses.for_each(|address| line(&mut text, &format!("    server {address} max_fails=0;")));
    if targets.iter().all(|target| target.address.is_none()) {
        line(&mut text, "    server 127.0.0.1:1 down;");
    }
    line(
        &mut text,
        "    keepalive 256;\n    keepalive_requests 1000000000;\n    keepalive_timeout 15s;\n  }",
    );
    line(
        &mut text,
        &format!(
            "  server {{\n    listen 127.0.0.1:{port};\n    proxy_set_header Connection \"\";\n    proxy_set_header {BY} {id};\n    \
             proxy_next_upstream off;\n    proxy_connect_timeout 1s;\n    proxy_read_timeout {}ms;\n    \
             location = /healthz {{ return 200 \"{nonce}\"; }}\n    location / {{ proxy_pass http://origin; }}",
            (timeout.0 / 1_000_000).max(1)
        ),
    );
    kept.iter().for_each(|&(class, mark)| keep(&mut text, spec, timeout, (class, mark)));
    text + "  }\n}\n"
}

/// The place of a class whose answers are kept.
fn keep(text: &mut String, spec: &CdnNode, timeout: &Span, (class, mark): (&str, &str)) {
    let ttl = spec.ttl.0 / Span::SECOND.0;
    line(
        text,
        &format!("    location /c/{class}/ {{\n      proxy_pass http://origin;\n      proxy_cache known;"),
    );
    line(text, &format!("      proxy_cache_key {mark}$key;\n      proxy_cache_valid 200 {ttl}s;"));
    if spec.coalesce {
        // Who waits does so for as long as the one that fetches.
        let longest = (timeout.0 / 1_000_000).max(1);
        line(
            text,
            &format!(
                "      proxy_cache_lock on;\n      proxy_cache_lock_age {longest}ms;\n      proxy_cache_lock_timeout {longest}ms;"
            ),
        );
    }
    for (name, header) in [("hops", SERVER_TIMING), ("took", TOOK), ("cookies", COOKIES)] {
        line(text, &format!("      proxy_hide_header {header};\n      add_header {header} ${name} always;"));
    }
    line(text, "    }");
}

/// A header's name as nginx' variables have it.
fn variable(header: &str) -> String {
    header.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_for_as_many_files_as_nginx_was_seen_to_keep() {
        // nginx 1.22.1 kept 63, 191, 447, 959 and 1,983 files in 16, 32, 64, 128 and 256 kB.
        for (kept, memory) in [(63, 16), (191, 32), (447, 64), (959, 128), (1_983, 256)] {
            assert_eq!(kilobytes(kept), memory, "{kept}");
        }
    }
}
