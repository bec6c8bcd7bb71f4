//! PostgreSQL: how a server is run, and where its data comes from: made new, or copied from the primary that it follows.
use super::super::store_call::{SCHEMA, USER, database_client};
use super::member::AWAITED;
use super::process::{self, Account};
use super::recipe::{self, Recipe};
use crate::clock::Clock;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::{DatabaseNode, Replication};
use rustix::process::{Pid, Signal, kill_process};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;

/// A server's data, in its directory.
pub(super) const DATA: &str = "data";
const SECRET_FILE: &str = "secret";
/// What servers and their tools read the secret from, so that it stands in no list of processes.
const PASSWORDS: &str = "passwords";
/// A copy under way: a half is never taken for a whole.
const COPY: &str = "copy";
/// In the data: says that it is a replica's.
const STANDBY: &str = "standby.signal";
/// In the data: what is told to a server while it runs, and overrules nothing that is told at its start.
const TOLD: &str = "postgresql.auto.conf";
/// How long the primary may take until it can be copied: it may be starting itself.
const COPIED_WITHIN: Span = Span(8 * Span::SECOND.0);
/// How long after one attempt the next is made.
const AGAIN: Duration = Duration::from_millis(50);

/// What of a database PostgreSQL cannot be.
pub(super) fn missing(spec: &DatabaseNode) -> Option<&'static str> {
    let follows = spec.replicas > 0;
    [
        (spec.joins > 0.0, "joins: its callers ask by key"),
        (follows && spec.multi_primary, "primaries: one of its servers takes writes"),
        (follows && spec.ship_interval > Span::ZERO, "ship_interval: it sends its log as it is written"),
        (follows && spec.own_writes, "session: its replicas do not know who wrote what"),
    ]
    .into_iter()
    .find_map(|(is_asked, what)| is_asked.then_some(what))
}

/// How a server is run. Its disk is not waited for, and a commit is, so that no lag is made up.
pub(super) fn recipe(spec: &DatabaseNode, port: u16, secret: &str) -> Recipe {
    let commits = match spec.replication {
        Replication::Async => "on",
        // Without a disk to wait for, what is received is kept.
        Replication::SemiSync | Replication::Quorum(_) => "remote_write",
        Replication::Sync => "remote_apply",
    };
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "shared_buffers=32MB".to_owned(),
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        format!("synchronous_commit={commits}"),
        "wal_level=replica".to_owned(),
        "logging_collector=off".to_owned(),
        // Callers beyond these wait in our own lines, and desks look on.
        format!("max_connections={}", spec.connections.clamp(16, 512) + 64),
    ];
    if spec.replicas > 0 {
        settings.extend([
            // Each replica has one, and two while it copies.
            format!("max_wal_senders={}", 3 * spec.copies()),
            // What a replica may be behind and still catch up.
            "wal_keep_size=256MB".to_owned(),
            "wal_retrieve_retry_interval=100ms".to_owned(),
            // A replica that hangs is given up.
            "wal_sender_timeout=5s".to_owned(),
            "wal_receiver_timeout=5s".to_owned(),
        ]);
    }
    let mut arguments = vec!["-D".to_owned(), DATA.to_owned(), "-c".to_owned(), format!("port={port}")];
    arguments.extend(settings.iter().flat_map(|setting| ["-c".to_owned(), setting.clone()]));
    Recipe {
        files: vec![(SECRET_FILE, secret.to_owned()), (PASSWORDS, format!("*:*:*:{USER}:{secret}\n"))],
        check: None,
        arguments,
        // At once: its data goes with the run, and an orderly stop would first write a checkpoint of it.
        stop: Signal::QUIT,
        account: "postgres",
        identity: format!("{}\n{} copies, {:?}", settings.join("\n"), spec.copies(), spec.replication),
    }
}

/// By which words a replica, of this name, finds its primary.
pub(super) fn way_to(primary: SocketAddr, passwords: &str, name: &str) -> String {
    let (host, port) = (primary.ip(), primary.port());
    format!("host={host} port={port} user={USER} passfile={passwords} application_name={name}")
}

/// As [`way_to`], from within the data.
pub(super) fn way_from_data(primary: SocketAddr, name: &str) -> String {
    way_to(primary, &format!("../{PASSWORDS}"), name)
}

/// Makes the data of a server that leads, unless it has some.
///
/// # Errors
/// What `initdb` says.
pub(super) async fn make_data(postgres: &Path, account: Option<Account>) -> Result<(), String> {
    let data = Path::new(DATA);
    if !data.join("PG_VERSION").exists() {
        let file = format!("--pwfile={SECRET_FILE}");
        let words = ["-D", DATA, "-U", USER, "-A", "scram-sha-256", &file, "-E", "UTF8", "--locale=C", "-N"];
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        return process::run(&postgres.with_file_name("initdb"), &words, account).await.map(drop);
    }
    end_predecessor().await.map_err(|e| format!("the server's life before cannot be ended: {e}"))?;
    // Whom it waited for in that life may be gone.
    let told = recipe::write(&data.join(TOLD), "", account);
    told.and_then(|()| recipe::write(Path::new(AWAITED), "", None))
        .map_err(|e| format!("what it was told cannot be forgotten: {e}"))
}

/// Copies the data of a primary for a server of this name that follows it; whether that was there to be copied. Where it is not,
/// a replica goes on with what it has.
///
/// # Errors
/// What `pg_basebackup` says; or that the primary is not there, and this one's own data cannot follow it.
pub(super) async fn copy_data(
    postgres: &Path,
    account: Option<Account>,
    primary: SocketAddr,
    name: &str,
) -> Result<bool, String> {
    let data = Path::new(DATA);
    let cannot = |e: std::io::Error| format!("the copy cannot be put in its place: {e}");
    if data.exists() {
        end_predecessor().await.map_err(|e| format!("the server's life before cannot be ended: {e}"))?;
    }
    let is_copied = match try_copy(postgres, account, primary).await {
        Ok(()) => {
            remove(data).and_then(|()| std::fs::rename(COPY, data)).map_err(cannot)?;
            recipe::write(&data.join(STANDBY), "", account).map_err(cannot)?;
            true
        }
        Err(_) if data.join(STANDBY).exists() => false,
        Err(why) => return Err(format!("its primary at {primary} cannot be copied: {why}")),
    };
    let told = format!("primary_conninfo = '{}'\n", way_from_data(primary, name));
    recipe::write(&data.join(TOLD), &told, account).map_err(cannot)?;
    Ok(is_copied)
}

/// Copies as soon as the primary lets itself be copied, unless nobody is there.
async fn try_copy(postgres: &Path, account: Option<Account>, primary: SocketAddr) -> Result<(), String> {
    let program = postgres.with_file_name("pg_basebackup");
    let way = way_to(primary, PASSWORDS, COPY);
    let words = ["-d", &way, "-D", COPY, "-X", "stream", "-c", "fast", "-N"];
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let clock = Clock::start();
    loop {
        remove(Path::new(COPY)).map_err(|e| format!("an earlier copy cannot be removed: {e}"))?;
        let Err(why) = process::run(&program, &words, account).await else { return Ok(()) };
        let is_there = TcpStream::connect(primary).await.is_ok();
        if !is_there || clock.now() > Time::ZERO + COPIED_WITHIN {
            return Err(why);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn remove(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// Ends what is left of a server that was killed: its children may not have noticed yet, and its own process may be dead and not
/// waited for by anybody, which PostgreSQL takes for alive.
async fn end_predecessor() -> std::io::Result<()> {
    let data = std::fs::canonicalize(DATA)?;
    loop {
        let left = processes_in(&data)?;
        if left.is_empty() {
            break;
        }
        for process in left {
            // One that has just ended needs none.
            let _ = kill_process(process, Signal::KILL);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    match std::fs::remove_file(data.join("postmaster.pid")) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// The processes whose working directory this is: all of a server's. What is dead has none.
fn processes_in(directory: &Path) -> std::io::Result<Vec<Pid>> {
    let entries = std::fs::read_dir("/proc")?.flatten();
    let is_there = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|path| path == directory)
    };
    let there = entries.filter(is_there);
    Ok(there.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect())
}

/// Whether a server that leads answers who knows the secret, and has its table.
pub(super) async fn has_table(address: SocketAddr, secret: &str) -> bool {
    match database_client(address, secret).await {
        Ok(client) => client.batch_execute(SCHEMA).await.is_ok(),
        Err(_) => false,
    }
}

/// Whether a server follows, and has its table; and, where it `streams`, has the log sent to it.
pub(super) async fn is_following(address: SocketAddr, secret: &str, streams: bool) -> bool {
    const LOOK: &str = "SELECT pg_is_in_recovery() AND to_regclass('entries') IS NOT NULL \
        AND (NOT $1 OR EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'))";
    match database_client(address, secret).await {
        Ok(client) => client.query_one(LOOK, &[&streams]).await.is_ok_and(|row| row.get(0)),
        Err(_) => false,
    }
}
