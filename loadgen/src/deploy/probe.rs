//! One question to a node, on a connection of its own.
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may be.
const MOST_BYTES: u64 = 4096;

/// The body of the answer to a GET.
///
/// # Errors
/// When the connection breaks, the answer takes too long, or it is not a 200.
pub(super) async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(MOST_BYTES).read_to_string(&mut answer).await?;
        Ok::<_, Error>(answer)
    };
    let answer = tokio::time::timeout(WITHIN, ask).await.map_err(|_| ErrorKind::TimedOut)??;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        _ => Err(Error::other("it did not answer with 200")),
    }
}
