//! nginx as a load balancer.
use super::super::by_engine::BY;
use super::balancer::Balancing;
use super::recipe::Recipe;
use crate::configuration::{line, nginx};
use loadpath_core::topology::LoadBalancerNode;
use rustix::process::{Pid, Signal, kill_process};

pub(super) const FILE: &str = "nginx.conf";
/// How many connections each of its workers may have.
const MOST_CONNECTIONS: u32 = 8_192;

/// What of a balancer nginx cannot be.
pub(super) fn missing(spec: &LoadBalancerNode) -> Option<String> {
    nginx::instead(spec).map(str::to_owned)
}

/// How it is run.
pub(super) fn recipe(balancing: &Balancing) -> Recipe {
    recipe_of(config(balancing), config(&balancing.anonymous()))
}

/// nginx with this configuration, that is known by this identity.
pub(super) fn recipe_of(config: String, identity: String) -> Recipe {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Recipe {
        files: vec![(FILE, config)],
        check: Some(words(&["-t", "-q", "-p", ".", "-e", "stderr", "-c", FILE])),
        arguments: words(&["-p", ".", "-e", "stderr", "-c", FILE]),
        stop: Signal::TERM,
        account: "nobody",
        identity,
    }
}

/// The first part of any configuration: in the foreground, with all that it writes in its own directory.
///
/// One core needs no workers beside the master, and so nothing that could be left when that is killed.
pub(super) fn head(cores: u32) -> String {
    let processes = if cores == 1 {
        "master_process off".to_owned()
    } else {
        format!("worker_processes {}", cores.min(64))
    };
    format!(
        "daemon off;\n{processes};\npid nginx.pid;\nerror_log stderr error;\nevents {{ worker_connections {MOST_CONNECTIONS}; }}\nhttp {{\n  \
         access_log off;\n  client_body_temp_path t1;\n  proxy_temp_path t2;\n  fastcgi_temp_path t3;\n  uwsgi_temp_path t4;\n  scgi_temp_path t5;\n  \
         keepalive_requests 1000000000;\n  keepalive_timeout 90s;\n  proxy_http_version 1.1;\n  proxy_set_header Connection \"\";\n"
    )
}

fn config(balancing: &Balancing) -> String {
    let Balancing { spec, id, port, nonce, targets, timeout } = balancing;
    let mut text = head(spec.cores);
    // A request's key is the last part of its path, and its client is named in its query.
    line(&mut text, "  map $uri $key { ~/(?<last>[^/]*)$ $last; }");
    let [counted, limited] = nginx::rate_limit(spec, 503).unwrap_or_default();
    line(&mut text, &counted);
    line(&mut text, "  upstream callees {\n    zone callees 256k;");
    line(&mut text, &nginx::policy(spec, "$key", "$arg_u"));
    for target in targets {
        let said = nginx::target(spec, target.weight);
        let (address, down) = match target.address {
            Some(address) => (address.to_string(), ""),
            None => ("127.0.0.1:1".to_owned(), " down"),
        };
        line(&mut text, &format!("    server {address} {said}{down};"));
    }
    line(
        &mut text,
        "    keepalive 256;\n    keepalive_requests 1000000000;\n    keepalive_timeout 15s;\n  }",
    );
    line(
        &mut text,
        &format!(
            "  server {{\n    listen 127.0.0.1:{port};\n    location = /healthz {{ return 200 \"{nonce}\"; }}"
        ),
    );
    line(&mut text, "    location / {\n      proxy_pass http://callees;");
    line(&mut text, &format!("      proxy_set_header Connection \"\";\n      proxy_set_header {BY} {id};"));
    line(&mut text, "      proxy_next_upstream off;\n      proxy_connect_timeout 1s;");
    line(&mut text, &format!("      proxy_read_timeout {}ms;", (timeout.0 / 1_000_000).max(1)));
    line(&mut text, &limited);
    text + "    }\n  }\n}\n"
}

/// Tells a running one where its targets are now: it reads its configuration again.
///
/// # Errors
/// When that cannot be written, or nginx is gone.
pub(super) fn retarget(balancing: &Balancing, pid: u32) -> Result<(), String> {
    read_again(&config(balancing), pid)
}

/// Has a running one read this configuration.
///
/// # Errors
/// When that cannot be written, or nginx is gone.
pub(super) fn read_again(config: &str, pid: u32) -> Result<(), String> {
    // The file is its own, and is written in place.
    std::fs::write(FILE, config).map_err(|e| format!("{FILE} cannot be written: {e}"))?;
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or("nginx has no process id")?;
    kill_process(pid, Signal::HUP).map_err(|e| format!("nginx does not hear: {e}"))
}
