//! The agent as a process: started with arguments, read line by line, signalled, waited for.
use crate::browser::built_loadgen;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// An agent with a home of its own. It is killed when dropped.
pub(crate) struct Agent {
    child: Child,
    output: BufReader<ChildStdout>,
    home: TempDir,
}

impl Agent {
    /// Starts `loadgen` with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// Starts it with these variables too.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let mut child = Command::new(built_loadgen())
            .args(arguments)
            .current_dir(home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("TMPDIR", home.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the agent starts");
        let output = BufReader::new(child.stdout.take().expect("stdout was asked to be a pipe"));
        Self { child, output, home }
    }

    /// Reads lines until one contains `text`; that line. Fails when the agent ends before.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).expect("the agent prints text");
            assert!(length > 0, "the agent ended before it said {text:?}; it said: {seen}");
            if line.contains(text) {
                return line.trim_end().to_owned();
            }
            seen.push_str(&line);
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it keeps what it writes.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sends it a signal, like "INT".
    pub(crate) fn signal(&self, name: &str) {
        signal(name, &[self.pid()]);
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the agent does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends processes a signal, all in one call.
pub(super) fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(u32::to_string);
    let status = Command::new("kill").arg(format!("-{name}")).args(pids).status();
    assert!(status.expect("kill is there").success(), "kill -{name}");
}
