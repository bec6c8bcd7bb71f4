//! One question to a node, on a connection of its own.
use super::control::NONCE;
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
    ask(address, format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")).await
}

/// The body of the answer to a POST of what the process with this nonce is told.
///
/// # Errors
/// As [`get`].
pub(super) async fn post(
    address: SocketAddr,
    path: &str,
    nonce: &str,
    words: &str,
) -> std::io::Result<String> {
    let length = words.len();
    ask(
        address,
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{NONCE}: {nonce}\r\ncontent-length: {length}\r\n\r\n{words}"
        ),
    )
    .await
}

async fn ask(address: SocketAddr, request: String) -> std::io::Result<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(MOST_BYTES).read_to_string(&mut answer).await?;
        Ok::<_, Error>(answer)
    };
    let answer = tokio::time::timeout(WITHIN, ask).await.map_err(|_| ErrorKind::TimedOut)??;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        Some((_, why)) if !why.is_empty() => Err(Error::other(why.to_owned())),
        _ => Err(Error::other("it did not answer with 200")),
    }
}
