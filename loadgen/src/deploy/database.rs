//! A database on sockets: each shard is a process with an SQLite file of its own; connections are its workers.
//!
//! The file lives as long as the run. It is asked for speed, not for durability: a write-ahead log that is not synced.
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use hyper::{Method, StatusCode};
use loadpath_core::topology::DatabaseNode;
use rusqlite::{Connection, OptionalExtension as _};

/// The file, in the process's own directory. It outlives a kill, as a disk does.
const FILE: &str = "data.sqlite";
const SETUP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS entries (key INTEGER PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL);
";
const READ: &str = "SELECT version, value FROM entries WHERE key = ?1";
const CREATE: &str = "INSERT INTO entries (key, version, value) VALUES (?1, 0, zeroblob(100))";
const WRITE: &str = "
    INSERT INTO entries (key, version, value) VALUES (?1, 1, randomblob(100))
    ON CONFLICT (key) DO UPDATE SET version = version + 1, value = excluded.value
";

/// A shard.
pub(super) struct Database {
    pub(super) instance: Instance,
    read: Work,
    write: Work,
    connection: Connection,
}

impl Database {
    /// Opens the shard's file in the working directory.
    pub(super) fn open(spec: &DatabaseNode, instance: Instance) -> Result<Self, String> {
        let open = || {
            let connection = Connection::open(FILE)?;
            connection.execute_batch(SETUP)?;
            Ok(connection)
        };
        let connection =
            open().map_err(|e: rusqlite::Error| format!("its database cannot be opened: {e}"))?;
        Ok(Self {
            instance,
            read: Work::new(&spec.read_time),
            write: Work::new(&spec.write_time),
            connection,
        })
    }

    /// A connection's worth of work: the query itself, and the rest of the time that its law says.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let Some(_connection) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        let work = if ask.method == Method::GET { &self.read } else { &self.write };
        let query = |_| self.query(ask);
        let done = work.spend(&self.instance.time, &self.instance.chance, query).await;
        let status = if done.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        Answer::new(status, timing)
    }

    fn query(&self, ask: &Ask) -> rusqlite::Result<()> {
        // SQLite's integers have a sign; the bits are the key's all the same.
        let key = ask.key.cast_signed();
        if ask.method != Method::GET {
            self.connection.prepare_cached(WRITE)?.execute([key])?;
            return Ok(());
        }
        let mut read = self.connection.prepare_cached(READ)?;
        let row = |row: &rusqlite::Row| Ok((row.get::<_, i64>(0)?, row.get_ref(1)?.as_blob()?.len()));
        if read.query_row([key], row).optional()?.is_none() {
            // Every key exists; its row is made when it is asked for first.
            self.connection.prepare_cached(CREATE)?.execute([key])?;
        }
        Ok(())
    }
}
