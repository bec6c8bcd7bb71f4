//! The agent as a process that serves the page.
use crate::browser::built_loadgen;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An agent that serves the page, and is interrupted at the end.
pub(crate) struct Agent {
    process: Child,
    /// With the one-time code.
    pub(crate) address: String,
}

impl Agent {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with more words on its command line.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let mut command = Command::new(built_loadgen());
        command.args(["serve", "--no-open"]).args(arguments).stdout(Stdio::piped()).stdin(Stdio::null());
        let mut process = command.spawn().expect("the agent starts");
        let said = BufReader::new(process.stdout.take().expect("its output is piped"));
        let line = said
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("#code="))
            .expect("it prints its address");
        let address =
            line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address in the line");
        Self { process, address: address.to_owned() }
    }

    /// As Ctrl-C does; it must end, and well.
    pub(crate) fn interrupt(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("there is kill").success());
        let begun = Instant::now();
        while self.process.try_wait().expect("it is our child").is_none() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the agent does not end on SIGINT");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Already gone after `interrupt`; after a failed test it must not stay.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
