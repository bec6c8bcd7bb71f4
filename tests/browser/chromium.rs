//! One Chromium process with a fresh profile, and the connection to it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chromiumoxide::handler::HandlerConfig;
use chromiumoxide::handler::viewport::Viewport;
use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinHandle;

use super::Page;

/// What the window shows, in CSS pixels.
pub(crate) const WIDTH: u32 = 1440;
pub(crate) const HEIGHT: u32 = 900;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const READY_WITHIN: Duration = Duration::from_secs(30);
const ENDED_WITHIN: Duration = Duration::from_secs(5);

/// Nothing that reaches out to the network by itself, asks, or depends on the machine's graphics.
const FLAGS: [&str; 15] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A running Chromium; it ends, by its process, when this is dropped.
pub(crate) struct Browser {
    connection: chromiumoxide::Browser,
    pump: JoinHandle<()>,
    process: Process,
    /// Behind the process, because fields are dropped in their order.
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// Starts a browser, after any other test's has ended.
    ///
    /// # Panics
    /// When there is no Chromium, or it is not ready in 30 s.
    pub(crate) async fn launch() -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        let mut process = Process::start();
        let address = process.debugging_address().await;
        let viewport =
            Viewport { width: WIDTH, height: HEIGHT, device_scale_factor: Some(1.0), ..Viewport::default() };
        let config = HandlerConfig { viewport: Some(viewport), ..HandlerConfig::default() };
        let (connection, mut handler) = chromiumoxide::Browser::connect_with_config(address, config)
            .await
            .expect("Chromium accepts its own debugging address");
        let pump = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Self { connection, pump, process, _turn: turn }
    }

    /// Opens a page on `address` and collects its errors from the first byte on.
    pub(crate) async fn open(&self, address: &str) -> Page {
        let blank = self.connection.new_page("about:blank").await.expect("Chromium opens a page");
        Page::visit(blank, address).await
    }

    /// The same, with a script that runs before any of the page's.
    pub(crate) async fn open_with(&self, address: &str, script: &str) -> Page {
        let blank = self.connection.new_page("about:blank").await.expect("Chromium opens a page");
        blank.evaluate_on_new_document(script).await.expect("Chromium takes the script");
        Page::visit(blank, address).await
    }

    /// The folder of this browser's profile: part of the command line of each of its processes.
    pub(crate) fn profile(&self) -> &Path {
        self.process.profile.path()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// The browser's process. Its helpers end by themselves when their connection to it does.
struct Process {
    child: Child,
    profile: TempDir,
}

impl Process {
    fn start() -> Self {
        let profile =
            tempfile::Builder::new().prefix("loadpath-chromium-").tempdir().expect("a temporary folder");
        let log =
            std::fs::File::create(profile.path().join("stderr.log")).expect("the profile folder is ours");
        let child = Command::new(find_chromium())
            .args(FLAGS)
            .arg(format!("--window-size={WIDTH},{HEIGHT}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Chromium starts");
        Self { child, profile }
    }

    /// Chromium writes its port and path into its profile once it listens.
    async fn debugging_address(&mut self) -> String {
        let written = self.profile.path().join("DevToolsActivePort");
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let text = std::fs::read_to_string(&written).unwrap_or_default();
            if let Some((port, path)) = text.trim_end().split_once('\n') {
                return format!("ws://127.0.0.1:{port}{path}");
            }
            let ended = self.child.try_wait().expect("the child is ours to wait for");
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.profile.path().join("stderr.log")).unwrap_or_default();
                panic!("Chromium is not ready after {READY_WITHIN:?} (ended: {ended:?}); it says:\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The profile goes next, and a helper that still writes would bring a part of it back.
        let profile = self.profile.path().to_string_lossy();
        let deadline = Instant::now() + ENDED_WITHIN;
        while processes_of(&profile) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How many processes have `word` in their command line; one that has ended and was not waited for yet has none.
pub(super) fn processes_of(word: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("Linux has /proc").flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(word)).count()
}

fn find_chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .expect("there is no Chromium on this machine: `cargo xtask test` installs what the tests need, or says how")
}
