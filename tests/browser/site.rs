//! A folder of static files over HTTP on loopback, with the headers that the agent sends: the page without an agent.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::built_page;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'";

/// A server for one folder; it stops listening when dropped.
pub(crate) struct Site {
    address: String,
    port: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Site {
    /// The page as `cargo xtask web` built it.
    pub(crate) fn of_the_page() -> Self {
        Self::of(built_page())
    }

    pub(crate) fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address");
        let stopped = Arc::new(AtomicBool::new(false));
        let (seen, folder) = (stopped.clone(), Arc::new(folder));
        std::thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !seen.load(Ordering::Relaxed)).flatten() {
                let folder = folder.clone();
                // A browser that hangs up in the middle of an answer is no failure of the page.
                std::thread::spawn(move || drop(converse(&stream, &folder)));
            }
        });
        Self { address: format!("http://{port}/"), port, stopped }
    }

    /// Like `http://127.0.0.1:41234/`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees the flag.
        drop(TcpStream::connect(self.port));
    }
}

/// Answers the requests of one connection until the browser closes it.
fn converse(stream: &TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while let Some(request) = lines.next() {
        let request = request?;
        let mut takes_brotli = false;
        for header in lines.by_ref() {
            let header = header?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            takes_brotli |= header.starts_with("accept-encoding:") && header.contains("br");
        }
        let path = request.split(' ').nth(1).unwrap_or("/");
        answer(stream, folder, path, takes_brotli)?;
    }
    Ok(())
}

fn answer(mut stream: &TcpStream, folder: &Path, path: &str, takes_brotli: bool) -> std::io::Result<()> {
    let name = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let inside = !name.split('/').any(|part| part == "..");
    let packed = std::fs::read(folder.join(format!("{name}.br"))).ok().filter(|_| takes_brotli && inside);
    let encoding = if packed.is_some() { "Content-Encoding: br\r\n" } else { "" };
    let body = packed.or_else(|| std::fs::read(folder.join(name)).ok().filter(|_| inside));
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{encoding}Content-Security-Policy: {POLICY}\r\n\
         X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n\r\n",
        content_type(name),
        body.len(),
    );
    stream.write_all(&[head.as_bytes(), &body].concat())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
