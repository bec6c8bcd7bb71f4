//! What is loaded: nginx from Debian with one worker and a small static file, or a server of our own that misbehaves; each
//! on the servers' core.
use crate::nginx::{Nginx, temporary};
use crate::tool::on_server_core;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

/// The file that nginx serves.
const FILE: &str = "a small static file, of the size that an answer of an API may have\n";

/// nginx as the benches load it: one process, a static file, connections that are kept.
pub(crate) fn nginx() -> Nginx {
    Nginx::start_as(&crate::tool::server_launcher(), |folder, port| {
        std::fs::write(folder.join("index.html"), FILE).expect("the folder is ours");
        configuration(folder, port)
    })
}

fn configuration(folder: &Path, port: u16) -> String {
    let (folder, temporary) = (folder.display(), temporary(folder));
    format!(
        "daemon off; master_process off; pid {folder}/nginx.pid;
         events {{ worker_connections 4096; }}
         http {{
             access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; open_file_cache max=16; {temporary}
             server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; }}
         }}"
    )
}

/// A server of our own, in a process of its own; killed when dropped.
pub(crate) struct Own {
    pub(crate) address: String,
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Own {
    /// Starts one that behaves so (`server::run`).
    pub(crate) fn start(behaviour: &str) -> Self {
        let here = std::env::current_exe().expect("a running program has a path");
        let mut command = on_server_core(&here);
        command.args([crate::server::FLAG, behaviour]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("this program starts");
        let mut said = BufReader::new(process.stdout.take().expect("it was asked to be a pipe"));
        let mut address = String::new();
        said.read_line(&mut address).expect("it prints its address");
        Self { address: address.trim().to_owned(), process, said }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it recorded so far; it begins anew then.
    pub(crate) fn record(&mut self) -> String {
        let mut line = String::new();
        let asked = self.process.stdin.as_mut().map(|input| input.write_all(b"record\n"));
        if matches!(asked, Some(Ok(()))) {
            // Without an answer the record is empty, and its reader says so.
            let _ = self.said.read_line(&mut line);
        }
        line.trim().to_owned()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
