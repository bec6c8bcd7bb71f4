//! HAProxy as a load balancer.
use super::super::by_engine::BY;
use super::balancer::Balancing;
use super::recipe::Recipe;
use crate::configuration::haproxy::{KnownBy, balance, checks, instead, rate_limit, weights};
use crate::configuration::line;
use loadpath_core::component::balance::Policy;
use loadpath_core::topology::LoadBalancerNode;
use rustix::process::Signal;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const FILE: &str = "haproxy.cfg";
/// Its socket for orders, in its directory.
const ORDERS: &str = "orders";
/// How long it may take to obey.
const OBEYS_WITHIN: Duration = Duration::from_secs(1);
/// How many connections it may have; it takes some memory for each.
const MOST_CONNECTIONS: u32 = 8_192;
/// A request's key is the last part of its path, and its client is named in its query.
const BY_PATH: KnownBy =
    KnownBy { key: "hash path,field(-1,/)", client: "url_param u\n  hash-type consistent" };

/// What of a balancer HAProxy cannot be.
pub(super) fn missing(spec: &LoadBalancerNode) -> Option<String> {
    if let Some(instead) = instead(spec.policy) {
        return Some(format!("policy: {instead}"));
    }
    if spec.policy == Policy::PowerOfTwo && spec.repeats {
        return Some("repeats: HAProxy never looks at one target twice".to_owned());
    }
    spec.sticky.then(|| "sticky: HAProxy does not know our sessions".to_owned())
}

/// How it is run.
pub(super) fn recipe(balancing: &Balancing) -> Recipe {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Recipe {
        files: vec![(FILE, config(balancing))],
        check: Some(words(&["-c", "-f", FILE])),
        arguments: words(&["-db", "-f", FILE]),
        stop: Signal::TERM,
        account: "nobody",
        identity: config(&balancing.anonymous()),
    }
}

fn config(balancing: &Balancing) -> String {
    let Balancing { spec, id, port, nonce, targets, timeout } = balancing;
    let mut text = format!(
        "global\n  stats socket unix@{ORDERS} mode 600 level admin\n  nbthread {}\n  maxconn {MOST_CONNECTIONS}\n  hard-stop-after 1s\n  noreuseport\n\
         defaults\n  mode http\n  timeout connect 1s\n  timeout client 1h\n  timeout server {}ms\n  timeout queue 1h\n  retries 0\n  http-reuse always\n\
         frontend requests\n  bind 127.0.0.1:{port}\n  http-request return status 200 content-type text/plain string \"{nonce}\" if {{ path /healthz }}\n",
        spec.cores.min(64),
        (timeout.0 / 1_000_000).max(1)
    );
    rate_limit(spec, 503, &mut text);
    line(&mut text, &format!("  http-request set-header {BY} {id}"));
    line(&mut text, "  default_backend callees\nbackend callees");
    balance(spec, BY_PATH, &mut text);
    line(&mut text, "  option httpchk GET /healthz");
    line(&mut text, &format!("  default-server {}", checks(spec)));
    let heavy: Vec<u32> = targets.iter().map(|target| target.weight).collect();
    for (target, weight) in targets.iter().zip(weights(spec, &heavy)) {
        // One that is not there yet has its place, and no address.
        let (address, disabled) = match target.address {
            Some(address) => (address.to_string(), ""),
            None => ("127.0.0.1:1".to_owned(), " disabled"),
        };
        line(&mut text, &format!("  server {} {address} weight {weight}{disabled}", target.name));
    }
    text
}

/// Tells a running one where its targets are now.
///
/// # Errors
/// When it does not hear, or does not obey.
pub(super) fn retarget(balancing: &Balancing) -> Result<(), String> {
    for target in &balancing.targets {
        let server = format!("callees/{}", target.name);
        match target.address {
            Some(address) => {
                order(&format!("set server {server} addr {} port {}", address.ip(), address.port()))?;
                order(&format!("set server {server} state ready"))?;
            }
            None => order(&format!("set server {server} state maint"))?,
        }
    }
    Ok(())
}

fn order(words: &str) -> Result<(), String> {
    let told = || {
        let mut socket = UnixStream::connect(ORDERS)?;
        socket.set_read_timeout(Some(OBEYS_WITHIN))?;
        socket.write_all(format!("{words}\n").as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = told().map_err(|e| format!("HAProxy does not hear: {e}"))?;
    // It answers changes with a word about them, and says at length which commands there are when it knows this one not.
    let is_done =
        answer.trim().is_empty() || answer.contains("IP changed") || answer.contains("no need to change");
    if is_done { Ok(()) } else { Err(format!("HAProxy does not obey \"{words}\": {}", answer.trim())) }
}
