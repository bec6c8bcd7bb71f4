//! A small HTTP/1.1 server whose answers a test makes up.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered, and how.
pub(crate) struct Reply {
    /// How long nothing happens first.
    pub(crate) after: Duration,
    /// Byte by byte what is sent.
    pub(crate) bytes: String,
    /// Whether the connection is closed then.
    pub(crate) close: bool,
}

impl Reply {
    pub(crate) fn status(status: &str) -> Self {
        Self::with_headers(status, "")
    }

    pub(crate) fn with_headers(status: &str, headers: &str) -> Self {
        let bytes = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n{headers}\r\nhi");
        Self { after: Duration::ZERO, bytes, close: false }
    }
}

/// A server on a loopback port; gone when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The first line of each request, in the order of their arrival.
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Answers the request of this number, from zero, whose first line it is given.
    pub(crate) async fn start(reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), reply).await
    }

    /// On another address of this machine.
    pub(crate) async fn start_on(
        address: IpAddr,
        reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener =
            TcpListener::bind((address, 0)).await.expect("the address is ours and has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (reply, seen) = (Arc::new(reply), Arc::clone(&asked));
        let accepting = tokio::spawn(async move {
            // Connections end with the set, and the set with this task.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, Arc::clone(&seen), Arc::clone(&reply)));
            }
        });
        Self { address, asked, accepting }
    }

    /// The first lines of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics while it holds the lock").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn converse<R: Fn(usize, &str) -> Reply>(
    mut stream: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    reply: Arc<R>,
) {
    stream.set_nodelay(true).expect("it is a TCP stream");
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            match stream.read_buf(&mut bytes).await {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            }
        };
        let head: Vec<u8> = bytes.drain(..end + 4).collect();
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        let reply = {
            let mut asked = asked.lock().expect("no test panics while it holds the lock");
            asked.push(line.clone());
            reply(asked.len() - 1, &line)
        };
        if !reply.after.is_zero() {
            tokio::time::sleep(reply.after).await;
        }
        if stream.write_all(reply.bytes.as_bytes()).await.is_err() || reply.close {
            return;
        }
    }
}
