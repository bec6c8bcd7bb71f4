//! Other load tools: where each is found, how it is told what to do, and what it says. One that is missing is named.
use crate::say::{self, Said};
use crate::tool::{self, Ran};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A load to be driven at one address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) url: &'a str,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
    /// Requests per second; as many as go where there is none.
    pub(crate) rate: Option<u32>,
}

/// A tool, installed or not.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Whether it drives scenarios in a language, as k6 does, and not one request again and again.
    pub(crate) is_scenario: bool,
    /// Why a rate cannot be asked of it; nothing when it can.
    pub(crate) no_rate: Option<&'static str>,
    place: Place,
    arguments: fn(&Load) -> Vec<String>,
    read: fn(&str) -> Option<Said>,
}

/// Where a tool comes from.
enum Place {
    /// On the path, from this Debian package.
    Debian(&'static str, &'static str),
    /// Below `TARGET/xtask/peers-load`, by `cargo xtask bench-load`.
    Fetched(&'static str),
}

/// What has to be said of a tool that nobody can install from Debian, crates.io, PyPI or npm.
pub(crate) const NOWHERE: &str =
    "not beside us: wrk2, vegeta, fortio, k6, Gatling (in none of Debian 12, crates.io, PyPI and npm)";

/// wrk first: the others are measured by it.
pub(crate) const PEERS: [Peer; 8] = [
    Peer {
        name: "wrk",
        is_scenario: false,
        no_rate: Some("a closed loop only"),
        place: Place::Debian("wrk", "wrk"),
        arguments: |load| {
            words(&format!("-t1 -c{} -d{}s --latency {}", load.connections, load.seconds, load.url))
        },
        read: say::wrk,
    },
    Peer { name: "oha", arguments: |load| oha(load, false), ..OHA },
    Peer { name: "oha, corrected", no_rate: None, arguments: |load| oha(load, true), ..OHA },
    Peer {
        name: "ab",
        is_scenario: false,
        no_rate: Some("a closed loop only"),
        place: Place::Debian("ab", "apache2-utils"),
        // -t alone stops after 50,000 requests.
        arguments: |load| {
            words(&format!("-q -k -c {} -t {} -n 5000000 {}", load.connections, load.seconds, load.url))
        },
        read: say::ab,
    },
    Peer {
        name: "h2load",
        is_scenario: false,
        no_rate: None,
        place: Place::Debian("h2load", "nghttp2-client"),
        arguments: |load| {
            let mut line = words(&format!("--h1 -t1 -c{} -D{}", load.connections, load.seconds));
            line.extend(each(load).map(|rate| format!("--rps={rate}")));
            line.push(load.url.to_owned());
            line
        },
        read: say::h2load,
    },
    Peer {
        name: "hey",
        is_scenario: false,
        no_rate: None,
        place: Place::Debian("hey", "hey"),
        arguments: |load| {
            let mut line = words(&format!("-z {}s -c {}", load.seconds, load.connections));
            line.extend(each(load).map(|rate| format!("-q={rate}")));
            line.push(load.url.to_owned());
            line
        },
        read: say::hey,
    },
    Peer {
        name: "autocannon",
        is_scenario: true,
        no_rate: None,
        place: Place::Fetched("npm/node_modules/.bin/autocannon"),
        arguments: |load| {
            let mut line = words(&format!("-j -n -c {} -d {}", load.connections, load.seconds));
            line.extend(load.rate.map(|rate| format!("-R={rate}")));
            line.push(load.url.to_owned());
            line
        },
        read: say::autocannon,
    },
    Peer {
        name: "locust",
        is_scenario: true,
        no_rate: None,
        place: Place::Fetched("python/bin/locust"),
        arguments: |load| {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/locustfile.py");
            let users = format!("-u {0} -r {0} -t {1}s", load.connections, load.seconds);
            let mut line = words(&format!("-f {script} --headless --json --loglevel ERROR {users}"));
            // A slash at its end would make every request fail.
            line.extend(["-H".to_owned(), load.url.trim_end_matches('/').to_owned()]);
            line.extend(each(load).map(|rate| format!("--each={rate}")));
            line
        },
        read: say::locust,
    },
];

const OHA: Peer = Peer {
    name: "oha",
    is_scenario: false,
    no_rate: None,
    place: Place::Fetched("oha/bin/oha"),
    arguments: |load| oha(load, false),
    read: say::oha,
};

fn oha(load: &Load, corrected: bool) -> Vec<String> {
    let mut line =
        words(&format!("-z {}s -c {} --no-tui --output-format json", load.seconds, load.connections));
    line.extend(load.rate.map(|rate| format!("-q={rate}")));
    line.extend(corrected.then(|| "--latency-correction".to_owned()));
    line.push(load.url.to_owned());
    line
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// The rate of one connection, where a tool takes no other.
fn each(load: &Load) -> Option<f64> {
    load.rate.map(|rate| f64::from(rate) / f64::from(load.connections))
}

impl Peer {
    /// Where it is, or how it gets there.
    pub(crate) fn find(&self) -> Result<PathBuf, String> {
        let (path, how) = match self.place {
            Place::Debian(program, package) => (on_path(program), format!("apt-get install {package}")),
            Place::Fetched(below) => {
                let path = crate::target_folder().join("xtask/peers-load").join(below);
                (path.is_file().then_some(path), "cargo xtask bench-load".to_owned())
            }
        };
        path.ok_or_else(|| format!("{} is not installed ({how})", self.name))
    }

    /// Drives the load with it, on the clients' core.
    pub(crate) fn drive(&self, program: &Path, load: &Load) -> Result<(Said, Ran), String> {
        let mut command: Command = tool::on_client_core(program);
        let ran = tool::run(command.args((self.arguments)(load)))?;
        let said = (self.read)(&ran.out);
        let complaint = || ran.error.lines().chain(ran.out.lines()).last().unwrap_or_default().to_owned();
        said.map(|said| (said, ran.clone())).ok_or_else(|| format!("{} failed: {}", self.name, complaint()))
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
