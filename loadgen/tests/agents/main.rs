//! Several agents, each a process of its own, meet over a real NATS server and drive one load together.
#![allow(clippy::unwrap_used, reason = "these are tests")]
#[path = "../answering/mod.rs"]
mod answering;
mod hostile;
mod plan;
mod secured;
mod users;

use answering::{listening, target};
use loadgen::store;
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LOADGEN: &str = env!("CARGO_BIN_EXE_loadgen");
const LOADGEN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Ends a process with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A NATS server that lets in who has the token, and its address.
fn nats(folder: &Path) -> (Ended, String) {
    nats_with(folder, "")
}

/// The same, with more in its configuration.
fn nats_with(folder: &Path, more: &str) -> (Ended, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.join("nats.conf");
    fs::write(
        &config,
        format!("listen: 127.0.0.1:{free}\nauthorization {{ token: \"only for this test\" }}\n{more}"),
    )
    .unwrap();
    fs::write(folder.join("token"), "only for this test\n").unwrap();
    // Debian puts it where only root looks.
    let debian = Path::new("/usr/sbin/nats-server");
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("nats-server") });
    command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let server = command.spawn().expect("nats-server must be there: apt-get install nats-server");
    let server = Ended(server);
    let late = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", free)).is_err() {
        assert!(Instant::now() < late, "the NATS server does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    (server, format!("nats://127.0.0.1:{free}"))
}

fn loadgen(folder: &Path, nats: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(LOADGEN);
    command.current_dir(folder).env("XDG_DATA_HOME", folder).args(arguments);
    command.args(["--nats", nats, "--nats-token-file", "token"]).stdin(Stdio::null());
    command
}

/// An agent that keeps its share in NAME.json.
fn agent(folder: &Path, nats: &str, name: &str) -> Ended {
    let out = format!("{name}.json");
    let mut command = loadgen(folder, nats, &["agent", "--name", name, "--out", &out, "--quiet"]);
    Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Waits for the end of a process that must end by itself.
fn wait(mut process: Ended) -> i32 {
    let late = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        assert!(Instant::now() < late, "it does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

fn run_of(path: impl AsRef<Path>) -> Run {
    store::read(path.as_ref()).unwrap()
}

/// Two histograms hold the same, bucket by bucket.
fn same(a: &Histogram, b: &Histogram) {
    assert!(a.buckets().eq(b.buckets()), "{} and {} values", a.count(), b.count());
}
