//! Calls to engines in their own protocols: what a caller sees of Redis, memcached and PostgreSQL, with nothing in between.
use super::call::Reply;
use super::cookies::Cookies;
use super::freshness::Freshness;
use super::node::Ask;
use super::timing::Timing;
use crate::clock::Clock;
use bytes::Bytes;
use hyper::{Method, StatusCode};
use loadpath_core::time::Span;
use loadpath_core::topology::{Engine, NodeKind, Plan, PlanNode, Reads};
use std::cell::RefCell;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_postgres::error::SqlState;

/// About what loopback itself takes, there and back: the engine does not say how long it took, and this is not its own.
const LOOPBACK: Span = Span::from_micros(60);
/// The database and its user: the desk makes them.
pub(super) const USER: &str = "loadpath";
/// What is run once when a database comes up.
pub(super) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS entries (key bigint PRIMARY KEY, version bigint NOT NULL, value bytea NOT NULL)";
const READ: &str = "SELECT version, value FROM entries WHERE key = $1";
const WRITE: &str = "INSERT INTO entries VALUES ($1, 1, $2) ON CONFLICT (key) \
    DO UPDATE SET version = entries.version + 1, value = excluded.value RETURNING version";

/// What callers must know of an engine that they ask themselves.
pub(super) struct Protocol {
    engine: Engine,
    /// The node's id.
    id: String,
    /// What it is opened by.
    secret: String,
    /// How long an entry lives; none when it does for ever.
    ttl: Option<Span>,
    /// Each use renews it.
    renewed_by_use: bool,
    /// The bytes of each class's values.
    values: Vec<Bytes>,
    /// What is known of the versions of a database whose replicas are read from.
    freshness: Option<Freshness>,
}

impl Protocol {
    /// Of a node; none when it speaks HTTP.
    pub(super) fn of(plan: &Plan, node: &PlanNode, secret: &str) -> Option<Rc<Self>> {
        let (ttl, renewed_by_use) = match &node.kind {
            NodeKind::Cache(spec) => (Some(spec.ttl), spec.renewed_by_use),
            NodeKind::Database(_) => (None, false),
            _ => return None,
        };
        let engine = node.kind.engine();
        let values = plan.classes.iter().map(|class| vec![b'x'; class.size as usize].into()).collect();
        let (id, secret) = (node.id.clone(), secret.to_owned());
        let is_read_behind = matches!(&node.kind, NodeKind::Database(spec) if spec.replicas > 0 && spec.reads != Reads::Primary);
        (engine != Engine::Embedded).then(|| {
            // Where the file cannot be made, nothing seems stale; a disk that is full shows in the engine first.
            let open = || Freshness::open(Path::new(".."), &id).ok();
            let freshness = is_read_behind.then(open).flatten();
            Rc::new(Self { engine, id, secret, ttl, renewed_by_use, values, freshness })
        })
    }
}

/// An engine's instance, with the connections that are kept to it.
pub(super) struct Store {
    protocol: Rc<Protocol>,
    clock: Clock,
    address: SocketAddr,
    /// Which of the node's instances it is.
    instance: u16,
    idle: RefCell<Vec<Connection>>,
}

/// A connection on which one question is under way at a time.
enum Connection {
    /// Redis' protocol and memcached's are lines, some with bytes behind.
    Lines(BufReader<TcpStream>),
    Session(Box<Session>),
}

struct Session {
    client: tokio_postgres::Client,
    read: tokio_postgres::Statement,
    write: tokio_postgres::Statement,
}

impl Store {
    pub(super) fn new(protocol: Rc<Protocol>, clock: Clock, address: SocketAddr, instance: u16) -> Self {
        Self { protocol, clock, address, instance, idle: RefCell::default() }
    }

    /// Asks what is asked of a cache or a database. What is done may be done twice when a kept connection breaks: it is the same.
    pub(super) async fn call(&self, ask: &Ask) -> Reply {
        let sent = self.clock.now();
        let found = loop {
            let kept = self.idle.borrow_mut().pop();
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => match self.connect().await {
                    Ok(connection) => connection,
                    Err(fault) if fault.kind() == ErrorKind::ConnectionRefused => return Reply::Refused,
                    Err(_) => return Reply::Failed,
                },
            };
            match connection.ask(&self.protocol, self.instance, ask).await {
                Ok(found) => {
                    self.idle.borrow_mut().push(connection);
                    break found;
                }
                Err(fault) if fault.kind() == ErrorKind::ReadOnlyFilesystem => {
                    self.idle.borrow_mut().push(connection);
                    return Reply::Failed;
                }
                Err(_) if is_kept => {}
                Err(_) => return Reply::Failed,
            }
        };
        let mut timing = Timing::default();
        if self.protocol.ttl.is_some() && ask.method == Method::GET {
            timing.hit(&self.protocol.id, found);
        }
        Reply::Answered {
            status: if found { StatusCode::OK } else { StatusCode::NOT_FOUND },
            timing: timing.as_str().to_owned(),
            took: self.clock.now().since(sent).saturating_sub(LOOPBACK),
            cookies: Cookies::default(),
            told: None,
        }
    }

    async fn connect(&self) -> Result<Connection> {
        if self.protocol.engine == Engine::Postgresql {
            let session = Session::open(self.address, &self.protocol.secret).await?;
            return Ok(Connection::Session(Box::new(session)));
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream);
        if self.protocol.engine == Engine::Redis {
            let auth = command(&[b"AUTH", self.protocol.secret.as_bytes()]);
            lines.get_mut().write_all(&auth).await?;
            redis_answer(&mut lines).await?;
        }
        Ok(Connection::Lines(lines))
    }
}

impl Connection {
    /// Whether what was asked for is there.
    async fn ask(&mut self, protocol: &Protocol, instance: u16, ask: &Ask) -> Result<bool> {
        let none = Bytes::new();
        let value = protocol.values.get(usize::from(ask.origin.class)).unwrap_or(&none);
        match (self, protocol.engine) {
            (Self::Session(session), _) => {
                let freshness = protocol.freshness.as_ref();
                session.ask(ask, value, freshness.map(|freshness| (freshness, instance))).await
            }
            (Self::Lines(lines), Engine::Memcached) => {
                lines.get_mut().write_all(&memcached_words(protocol, ask, value)).await?;
                memcached_answer(lines).await
            }
            (Self::Lines(lines), _) => {
                lines.get_mut().write_all(&redis_words(protocol, ask, value)).await?;
                redis_answer(lines).await
            }
        }
    }
}

impl Session {
    async fn open(address: SocketAddr, secret: &str) -> Result<Self> {
        let client = database_client(address, secret).await?;
        let read = client.prepare(READ).await.map_err(Error::other)?;
        let write = client.prepare(WRITE).await.map_err(Error::other)?;
        Ok(Self { client, read, write })
    }

    /// A key without a row has its answer too, as with our own databases.
    async fn ask(&self, ask: &Ask, value: &Bytes, freshness: Option<(&Freshness, u16)>) -> Result<bool> {
        let key = ask.key as i64;
        if ask.method == Method::GET {
            let known = freshness.map_or(0, |(freshness, _)| freshness.known(ask.key));
            let row = self.client.query_opt(&self.read, &[&key]).await.map_err(Error::other)?;
            let is_stale = row.map_or(0, |row| row.get::<_, i64>(0)) < known;
            if let Some((freshness, instance)) = freshness.filter(|_| is_stale) {
                freshness.note_stale(instance);
            }
        } else {
            let row = self.client.query_one(&self.write, &[&key, &value.as_ref()]).await.map_err(told)?;
            if let Some((freshness, _)) = freshness {
                freshness.tell(ask.key, row.get(0));
            }
        }
        Ok(true)
    }
}

/// What the server's answer is to a caller: a replica, or a primary without its quorum, takes no writes and is there all the same;
/// one that is starting is not there yet.
fn told(fault: tokio_postgres::Error) -> Error {
    let kind = match fault.code() {
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => ErrorKind::ReadOnlyFilesystem,
        Some(&SqlState::CANNOT_CONNECT_NOW) => ErrorKind::ConnectionRefused,
        _ => ErrorKind::Other,
    };
    Error::new(kind, fault)
}

/// A connection to a PostgreSQL server, in the way that callers and desks have theirs.
///
/// # Errors
/// [`ErrorKind::ConnectionRefused`] when nobody listens; any other when it does not work.
pub(super) async fn database_client(address: SocketAddr, secret: &str) -> Result<tokio_postgres::Client> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut config = tokio_postgres::Config::new();
    config.user(USER).password(secret).dbname("postgres");
    let (client, connection) = config.connect_raw(stream, tokio_postgres::NoTls).await.map_err(told)?;
    // Its errors reach whoever asks on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// A command of Redis, as its protocol writes it (RESP2).
fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        text.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        text.extend_from_slice(word);
        text.extend_from_slice(b"\r\n");
    }
    text
}

fn redis_words(protocol: &Protocol, ask: &Ask, value: &[u8]) -> Vec<u8> {
    let key = ask.key.to_string();
    let ttl = protocol.ttl.map_or(0, |ttl| ttl.0 / 1_000_000).max(1).to_string();
    let (key, ttl) = (key.as_bytes(), ttl.as_bytes());
    match ask.method {
        Method::GET if protocol.renewed_by_use => command(&[b"GETEX", key, b"PX", ttl]),
        Method::GET => command(&[b"GET", key]),
        Method::DELETE => command(&[b"DEL", key]),
        _ => command(&[b"SET", key, value, b"PX", ttl]),
    }
}

/// Whether an answer of Redis is anything but nothing.
async fn redis_answer(lines: &mut BufReader<TcpStream>) -> Result<bool> {
    let line = line(lines).await?;
    let broken = || Error::other(format!("Redis said: {line}"));
    match line.as_bytes().first() {
        Some(b'+' | b':') => Ok(true),
        Some(b'$') if line == "$-1" => Ok(false),
        Some(b'$') => {
            let length: usize = line[1..].parse().map_err(|_| broken())?;
            pass_over(lines, length).await.map(|()| true)
        }
        _ => Err(broken()),
    }
}

fn memcached_words(protocol: &Protocol, ask: &Ask, value: &[u8]) -> Vec<u8> {
    let key = ask.key;
    let ttl = protocol.ttl.map_or(0, |ttl| ttl.0 / Span::SECOND.0).max(1);
    match ask.method {
        Method::GET if protocol.renewed_by_use => format!("gat {ttl} {key}\r\n").into_bytes(),
        Method::GET => format!("get {key}\r\n").into_bytes(),
        Method::DELETE => format!("delete {key}\r\n").into_bytes(),
        _ => {
            let mut text = format!("set {key} 0 {ttl} {}\r\n", value.len()).into_bytes();
            text.extend_from_slice(value);
            text.extend_from_slice(b"\r\n");
            text
        }
    }
}

async fn memcached_answer(lines: &mut BufReader<TcpStream>) -> Result<bool> {
    let first = line(lines).await?;
    let broken = || Error::other(format!("memcached said: {first}"));
    match first.split(' ').collect::<Vec<_>>().as_slice() {
        ["STORED" | "DELETED" | "NOT_FOUND"] => Ok(true),
        ["END"] => Ok(false),
        ["VALUE", _, _, length] => {
            pass_over(lines, length.parse().map_err(|_| broken())?).await?;
            if line(lines).await? == "END" { Ok(true) } else { Err(broken()) }
        }
        _ => Err(broken()),
    }
}

async fn line(lines: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    lines.read_line(&mut line).await?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads so many bytes, and the end of the line behind them.
async fn pass_over(lines: &mut BufReader<TcpStream>, length: usize) -> Result<()> {
    let mut bytes = vec![0; length + 2];
    lines.read_exact(&mut bytes).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_redis_counts_its_words_and_their_bytes() {
        assert_eq!(command(&[b"DEL", b"17"]), b"*2\r\n$3\r\nDEL\r\n$2\r\n17\r\n");
    }
}
