//! Redis and memcached: how they are run, how they show who they are, and how they forget.
use super::recipe::Recipe;
use crate::configuration::redis;
use loadpath_core::component::cache::Eviction;
use loadpath_core::time::Span;
use loadpath_core::topology::{CacheNode, Plan};
use rustix::process::Signal;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

const REDIS_FILE: &str = "redis.conf";
/// How long one may take to answer a question of its desk's.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// What an entry of memcached takes beside its value, and the pages that it hands out to sizes of values.
const MEMCACHED_ENTRY: u64 = 60;
const MEMCACHED_PAGES: u64 = 2;
/// The longest that memcached counts from now: what is longer it takes for a date.
const MEMCACHED_LONGEST: Span = Span(30 * 24 * 3_600 * Span::SECOND.0);

/// What of a cache Redis cannot be.
pub(super) fn redis_missing(spec: &CacheNode) -> Option<&'static str> {
    if redis::policy(spec.eviction).is_none() {
        return Some("eviction: Redis forgets what was used least recently or least often");
    }
    cache_missing(spec)
}

/// What of a cache memcached cannot be.
pub(super) fn memcached_missing(spec: &CacheNode) -> Option<&'static str> {
    if spec.eviction != Eviction::Lru {
        return Some("eviction: memcached forgets what was used least recently");
    }
    if !spec.ttl.0.is_multiple_of(Span::SECOND.0) || spec.ttl < Span::SECOND || spec.ttl > MEMCACHED_LONGEST {
        return Some("ttl: memcached counts in whole seconds, up to thirty days");
    }
    cache_missing(spec)
}

fn cache_missing(spec: &CacheNode) -> Option<&'static str> {
    [
        (spec.ttl_jitter > 0.0, "ttl_jitter: our callers give every entry the same time"),
        (spec.coalesce, "coalesce: it tells nobody to wait for another's fetch"),
    ]
    .into_iter()
    .find_map(|(is_asked, what)| is_asked.then_some(what))
}

fn mean_bytes(plan: &Plan) -> u64 {
    let weight: f64 = plan.classes.iter().map(|class| class.weight).sum();
    let bytes: f64 = plan.classes.iter().map(|class| class.weight * f64::from(class.size)).sum();
    (bytes / weight) as u64
}

/// How Redis is run.
pub(super) fn redis_recipe(plan: &Plan, spec: &CacheNode, port: u16, secret: &str) -> Recipe {
    let policy = redis::policy(spec.eviction).unwrap_or("allkeys-lru");
    let common = redis::config(redis::megabytes(spec.capacity, mean_bytes(plan)), policy);
    let content = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {secret}\ndaemonize no\nset-proc-title no\ndir .\n{common}"
    );
    Recipe {
        files: vec![(REDIS_FILE, content)],
        check: None,
        arguments: vec![REDIS_FILE.to_owned()],
        stop: Signal::TERM,
        account: "nobody",
        identity: common,
    }
}

/// How memcached is run. It takes a second to stop by itself, and has nothing to lose.
pub(super) fn memcached_recipe(plan: &Plan, spec: &CacheNode, port: u16) -> Recipe {
    let bytes = u64::from(spec.capacity) * (mean_bytes(plan) + MEMCACHED_ENTRY);
    let megabytes = bytes / (1 << 20) + MEMCACHED_PAGES;
    let common = format!("-l 127.0.0.1 -U 0 -m {megabytes} -c 4096 -t {}", spec.workers.clamp(1, 64));
    let arguments = format!("-p {port} {common}");
    Recipe {
        files: Vec::new(),
        check: None,
        arguments: arguments.split(' ').map(str::to_owned).collect(),
        stop: Signal::KILL,
        account: "nobody",
        identity: common,
    }
}

/// Whether Redis at this address is the process of this id.
pub(super) fn is_redis(address: SocketAddr, secret: &str, pid: u32) -> bool {
    let said = ask(address, &format!("AUTH {secret}\r\nINFO server\r\nQUIT\r\n"));
    said.is_ok_and(|said| said.lines().any(|line| line.trim_end() == format!("process_id:{pid}")))
}

/// Whether memcached at this address is the process of this id.
pub(super) fn is_memcached(address: SocketAddr, pid: u32) -> bool {
    let said = ask(address, "stats\r\nquit\r\n");
    said.is_ok_and(|said| said.lines().any(|line| line.trim_end() == format!("STAT pid {pid}")))
}

/// Has a cache forget everything.
///
/// # Errors
/// When it does not.
pub(super) fn flush(is_redis: bool, address: SocketAddr, secret: &str) -> Result<(), String> {
    let (words, done) = if is_redis {
        (format!("AUTH {secret}\r\nFLUSHALL\r\nQUIT\r\n"), "+OK\r\n+OK\r\n")
    } else {
        ("flush_all\r\nquit\r\n".to_owned(), "OK\r\n")
    };
    let said = ask(address, &words).map_err(|e| format!("it does not hear: {e}"))?;
    if said.starts_with(done) { Ok(()) } else { Err(format!("it does not forget: {}", said.trim())) }
}

/// What an engine says to some lines, until it hangs up.
fn ask(address: SocketAddr, words: &str) -> std::io::Result<String> {
    let mut stream = std::net::TcpStream::connect_timeout(&address, ANSWERS_WITHIN)?;
    stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
    stream.write_all(words.as_bytes())?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said)
}
