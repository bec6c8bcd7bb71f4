//! Rows that move from one PostgreSQL server to another, when a database gets a shard more.
use super::super::store_call::database_client;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio_postgres::{Client, Error};

const TAKE: &str = "SELECT version, value FROM entries WHERE key = $1";
/// What was written there meanwhile is later than what comes, and its versions go on from those that were.
const PUT: &str = "INSERT INTO entries VALUES ($1, $2, $3) ON CONFLICT (key) \
    DO UPDATE SET version = entries.version + excluded.version";

/// Moves rows, on a connection to each server.
pub(in super::super) struct Rows {
    secret: String,
    clients: RefCell<BTreeMap<SocketAddr, Rc<Client>>>,
}

impl Rows {
    /// Of servers that are opened by this secret.
    pub(super) fn new(secret: String) -> Self {
        Self { secret, clients: RefCell::default() }
    }

    /// Reads a key's row where it was and writes it where it goes; whether it is there then. One that was never written need not go.
    pub(in super::super) async fn carry(&self, key: u64, from: SocketAddr, to: SocketAddr) -> bool {
        let (Some(from), Some(to)) = (self.client(from).await, self.client(to).await) else { return false };
        carry(key, &from, &to).await.is_ok()
    }

    async fn client(&self, at: SocketAddr) -> Option<Rc<Client>> {
        let kept = self.clients.borrow().get(&at).filter(|client| !client.is_closed()).cloned();
        if kept.is_some() {
            return kept;
        }
        let client = Rc::new(database_client(at, &self.secret).await.ok()?);
        self.clients.borrow_mut().insert(at, client.clone());
        Some(client)
    }
}

async fn carry(key: u64, from: &Client, to: &Client) -> Result<(), Error> {
    // The bits of a key are a bigint's.
    let key = key.cast_signed();
    if let Some(row) = from.query_opt(TAKE, &[&key]).await? {
        let (version, value): (i64, &[u8]) = (row.get(0), row.get(1));
        to.execute(PUT, &[&key, &version, &value]).await?;
    }
    Ok(())
}
