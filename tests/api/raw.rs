//! HTTP by hand: what is sent is exactly what is written here.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer, read to the end of its connection.
#[derive(Debug)]
pub(super) struct Answer {
    /// Zero when the connection was closed without an answer.
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

/// Sends `bytes` on a connection of their own and reads until it is closed.
pub(super) fn send(address: SocketAddr, bytes: &str) -> Answer {
    let mut stream = connect(address);
    // It may be closed while we are still writing: then the answer says why.
    let _ = stream.write_all(bytes.as_bytes());
    read(&mut stream)
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the agent listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("it is not zero");
    stream
}

/// Reads until the connection is closed.
pub(super) fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A reset after the answer leaves what was read.
    let end = stream.read_to_end(&mut bytes);
    if let Err(fault) = end {
        assert_ne!(fault.kind(), std::io::ErrorKind::WouldBlock, "the connection is still open");
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
