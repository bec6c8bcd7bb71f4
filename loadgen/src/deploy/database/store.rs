//! The file of a server: the values, and the log that says in which order they were written.
//!
//! It lives as long as the run. It is asked for speed, not for durability: SQLite's own log is not synced, so that what a
//! server has taken outlives its process and not the machine.
use loadpath_core::component::replication::{Held, Position, Update};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Result, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file, in the process's own directory. It outlives a kill, as a disk does.
pub(in crate::deploy) const FILE: &str = "data.sqlite";
const SETUP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS entries (key INTEGER PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS log (place INTEGER PRIMARY KEY, term INTEGER NOT NULL, key INTEGER NOT NULL,
        user INTEGER NOT NULL, value TEXT NOT NULL, merge TEXT);
    CREATE TABLE IF NOT EXISTS held (key INTEGER PRIMARY KEY, has TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS merged (primary_number INTEGER PRIMARY KEY, place INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS forks (term INTEGER PRIMARY KEY, place INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS told (only_one INTEGER PRIMARY KEY, acknowledged INTEGER NOT NULL);
    INSERT OR IGNORE INTO told VALUES (0, 0);
";
const READ: &str = "SELECT version, value FROM entries WHERE key = ?1";
const CREATE: &str = "INSERT INTO entries (key, version, value) VALUES (?1, 0, zeroblob(100))";
const WRITE: &str = "
    INSERT INTO entries (key, version, value) VALUES (?1, 1, randomblob(100))
    ON CONFLICT (key) DO UPDATE SET version = version + 1, value = excluded.value
";
const SHOW: &str = "
    INSERT INTO entries (key, version, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value
";
/// Each key that was written after a place shows its last write up to there again, or none.
const UNDO: &str = "
    UPDATE entries SET
        version = coalesce((SELECT max(place) FROM log l WHERE l.key = entries.key AND l.place <= ?1), 0),
        value = coalesce((SELECT value FROM log l WHERE l.key = entries.key AND l.place <= ?1
            ORDER BY place DESC LIMIT 1), zeroblob(100))
    WHERE key IN (SELECT key FROM log WHERE place > ?1)
";

/// A write, with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// How many writes the log has up to it.
    pub(super) place: u64,
    pub(super) term: u64,
    pub(super) key: u64,
    pub(super) user: u32,
    pub(super) value: String,
    /// What decides whether it is shown, where several take writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) update: Option<Update>,
}

/// The file, open.
pub(super) struct Store {
    connection: Connection,
}

impl Store {
    /// Opens the file in the working directory, or makes it.
    pub(super) fn open() -> Result<Self> {
        let connection = Connection::open(FILE)?;
        connection.execute_batch(SETUP)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection })
    }

    /// A read of a key. Every key exists; its row is made when it is asked for first.
    pub(super) fn read(&self, key: u64) -> Result<()> {
        let key = key.cast_signed();
        let mut read = self.connection.prepare_cached(READ)?;
        let row = |row: &rusqlite::Row| Ok((row.get::<_, i64>(0)?, row.get_ref(1)?.as_bytes()?.len()));
        if read.query_row([key], row).optional()?.is_none() {
            self.connection.prepare_cached(CREATE)?.execute([key])?;
        }
        Ok(())
    }

    /// A write where nobody follows.
    pub(super) fn write(&self, key: u64) -> Result<()> {
        // SQLite's integers have a sign; the bits are the key's all the same.
        self.connection.prepare_cached(WRITE)?.execute([key.cast_signed()])?;
        Ok(())
    }

    /// Writes go into the log and are shown.
    pub(super) fn append(&self, entries: &[Entry]) -> Result<()> {
        self.at_once(|| {
            entries.iter().try_for_each(|entry| {
                self.log(entry)?;
                self.show(entry.key, entry.place, &entry.value)
            })
        })
    }

    /// What is done is done as a whole, or not at all.
    pub(super) fn at_once<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let all = self.connection.unchecked_transaction()?;
        let done = work()?;
        all.commit()?;
        Ok(done)
    }

    /// A write goes into the log.
    pub(super) fn log(&self, Entry { place, term, key, user, value, update }: &Entry) -> Result<()> {
        let log = "INSERT INTO log (place, term, key, user, value, merge) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let merge = update.as_ref().map(text_of);
        let (place, term, key) = (*place as i64, *term as i64, key.cast_signed());
        self.connection.prepare_cached(log)?.execute(params![place, term, key, user, value, merge])?;
        Ok(())
    }

    /// A key has this value from now on.
    pub(super) fn show(&self, key: u64, version: u64, value: &str) -> Result<()> {
        self.connection.prepare_cached(SHOW)?.execute(params![key.cast_signed(), version as i64, value])?;
        Ok(())
    }

    /// What it has of a key, as one of several that take writes.
    pub(super) fn held(&self, key: u64) -> Result<Held> {
        let mut held = self.connection.prepare_cached("SELECT has FROM held WHERE key = ?1")?;
        let has = |row: &rusqlite::Row| read_text(row, 0);
        Ok(held.query_row([key.cast_signed()], has).optional()?.unwrap_or_default())
    }

    /// It has this of a key from now on.
    pub(super) fn hold(&self, key: u64, held: &Held) -> Result<()> {
        let hold = "INSERT INTO held VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET has = excluded.has";
        self.connection.prepare_cached(hold)?.execute(params![key.cast_signed(), text_of(held)])?;
        Ok(())
    }

    /// Up to which place of another primary's log it has merged that.
    pub(super) fn merged(&self, primary: u16) -> Result<u64> {
        let query = "SELECT place FROM merged WHERE primary_number = ?1";
        let place = |row: &rusqlite::Row| Ok(row.get::<_, i64>(0)?.cast_unsigned());
        Ok(self.connection.prepare_cached(query)?.query_row([primary], place).optional()?.unwrap_or(0))
    }

    /// It has merged another primary's log up to here.
    pub(super) fn note_merged(&self, primary: u16, place: u64) -> Result<()> {
        let note = "INSERT INTO merged VALUES (?1, ?2) ON CONFLICT DO UPDATE SET place = excluded.place";
        self.connection.prepare_cached(note)?.execute(params![primary, place as i64])?;
        Ok(())
    }

    /// Up to `most` writes after a place, in order.
    pub(super) fn after(&self, place: u64, up_to: u64, most: usize) -> Result<Vec<Entry>> {
        let query = "SELECT place, term, key, user, value, merge FROM log WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3";
        let mut after = self.connection.prepare_cached(query)?;
        let entry = |row: &rusqlite::Row| {
            Ok(Entry {
                place: row.get::<_, i64>(0)?.cast_unsigned(),
                term: row.get::<_, i64>(1)?.cast_unsigned(),
                key: row.get::<_, i64>(2)?.cast_unsigned(),
                user: row.get(3)?,
                value: row.get(4)?,
                update: (row.get_ref(5)? != ValueRef::Null).then(|| read_text(row, 5)).transpose()?,
            })
        };
        after.query_map(params![place as i64, up_to as i64, most as i64], entry)?.collect()
    }

    /// The last write.
    pub(super) fn head(&self) -> Result<Position> {
        let query = "SELECT term, place FROM log ORDER BY place DESC LIMIT 1";
        let mut head = self.connection.prepare_cached(query)?;
        let position = |row: &rusqlite::Row| {
            Ok(Position::new(row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
        };
        Ok(head.query_row([], position).optional()?.unwrap_or_default())
    }

    /// Somebody was told that all writes up to here are kept.
    pub(super) fn acknowledge(&self, place: u64) -> Result<()> {
        let told = "UPDATE told SET acknowledged = ?1 WHERE acknowledged < ?1";
        self.connection.prepare_cached(told)?.execute([place as i64])?;
        Ok(())
    }

    /// The last places that each term took over from the one before.
    pub(super) fn forks(&self) -> Result<Vec<u64>> {
        let mut forks = self.connection.prepare("SELECT place FROM forks ORDER BY term")?;
        forks.query_map([], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?.collect()
    }

    /// A new history: terms began at these places, and what comes after `place` never was.
    pub(super) fn cut(&self, forks: &[u64], place: u64) -> Result<()> {
        let all = self.connection.unchecked_transaction()?;
        all.execute(UNDO, [place as i64])?;
        all.execute("DELETE FROM log WHERE place > ?1", [place as i64])?;
        all.execute("UPDATE told SET acknowledged = min(acknowledged, ?1)", [place as i64])?;
        all.execute("DELETE FROM forks", [])?;
        for (term, fork) in forks.iter().enumerate() {
            all.execute("INSERT INTO forks (term, place) VALUES (?1, ?2)", [term as i64, *fork as i64])?;
        }
        all.commit()
    }
}

fn text_of(what: &impl Serialize) -> String {
    serde_json::to_string(what).expect("numbers are JSON")
}

fn read_text<T: DeserializeOwned>(row: &rusqlite::Row, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    let broken = |fault| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(fault));
    serde_json::from_str(&text).map_err(broken)
}

/// How many writes after `fork` the server whose file this is had told somebody of: what a promotion that begins there loses.
pub(in crate::deploy) fn acknowledged_after(file: &Path, fork: u64) -> Result<u64> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let query = "SELECT count(*) FROM log WHERE place > ?1 AND place <= (SELECT acknowledged FROM told)";
    connection.query_row(query, [fork as i64], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))
}
