//! A target for load: answers everything, as long as the tests run.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A server that answers every request with 200, and counts them.
pub(crate) fn target() -> (SocketAddr, Arc<AtomicU64>) {
    listening(|_| {})
}

/// The same, and `see` sees the head of each.
pub(crate) fn listening(see: impl Fn(&str) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicU64>) {
    let see = Arc::new(see);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&served);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (count, see) = (Arc::clone(&count), Arc::clone(&see));
            thread::spawn(move || {
                let (mut bytes, mut request) = ([0; 4096], Vec::new());
                while let Ok(n) = stream.read(&mut bytes) {
                    request.extend_from_slice(&bytes[..n]);
                    if n == 0 {
                        return;
                    }
                    if request.ends_with(b"\r\n\r\n") {
                        see(&String::from_utf8_lossy(&request));
                        request.clear();
                        count.fetch_add(1, Ordering::Relaxed);
                        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    (address, served)
}
