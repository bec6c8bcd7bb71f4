//! nginx from Debian on a free loopback port: one process, its own folder, killed by its id.
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Ports that systems do not hand out by themselves: nobody takes ours between the look and the start.
const PORTS: std::ops::Range<u16> = 32_000..32_768;

/// A running nginx; gone when dropped.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Answers 200 with a short text on every path. Closes each connection after `keepalive_requests` of them.
    ///
    /// # Panics
    /// When nginx is not installed, or does not start.
    pub(crate) fn start(keepalive_requests: u32) -> Self {
        Self::start_as(&[], |folder, port| configuration(folder, port, keepalive_requests))
    }

    /// With another configuration, made for a folder and a port; behind these words, which run the program that they end with.
    ///
    /// # Panics
    /// When nginx is not installed, or does not start.
    pub(crate) fn start_as(launcher: &[String], configuration: impl Fn(&Path, u16) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), port)).expect("the folder is ours");
        let words: Vec<&str> = launcher.iter().map(String::as_str).chain([program()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(&file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("nginx is an executable file");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut nginx = Self { address, process, _folder: folder };
        nginx.wait_until_it_listens();
        nginx
    }

    fn wait_until_it_listens(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.process.try_wait().expect("a child can be asked");
            let log = std::fs::read_to_string(self._folder.path().join("error.log")).unwrap_or_default();
            assert!(ended.is_none(), "nginx ended at once: {log}");
            assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen: {log}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Debian keeps it where only root's path leads.
fn program() -> &'static str {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
    places
        .into_iter()
        .find(|place| Path::new(place).is_file())
        .expect("nginx is not installed: `cargo xtask test` installs it (by hand: apt-get install nginx)")
}

/// Tests in one process take turns, and those in others begin elsewhere.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = (std::process::id() % 10_000) as u16;
    let mut tries = 0..PORTS.len();
    let port = tries.find_map(|_| {
        let turn = begin + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + turn % PORTS.len() as u16;
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    });
    port.expect("one of 768 ports is free")
}

/// Directives that keep what nginx writes for a while in this folder; without them it is Debian's, which only root may write.
pub(crate) fn temporary(folder: &Path) -> String {
    let folder = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    kinds.map(|name| format!("{name}_temp_path {folder}/{name};")).concat()
}

fn configuration(folder: &Path, port: u16, keepalive_requests: u32) -> String {
    let (folder, temporary) = (folder.display(), temporary(folder));
    format!(
        "daemon off; master_process off; pid {folder}/nginx.pid;
         events {{ worker_connections 1024; }}
         http {{
             access_log off; keepalive_requests {keepalive_requests}; {temporary}
             server {{ listen 127.0.0.1:{port}; location / {{ return 200 'hello'; }} }}
         }}"
    )
}
