//! Servers that all take writes agree in the end: also after one of them was dead for a while.
use super::TURN;
use super::data::database;
use loadgen::deploy::{Deployment, Design, Stats};
use loadpath_core::topology::{Topology, check};
use rusqlite::{Connection, OpenFlags};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const COPIES: u16 = 3;

/// Every server's address, or none of one that is dead.
fn servers(deployment: &Deployment) -> Vec<SocketAddr> {
    (0..COPIES).filter_map(|member| deployment.address_of("db", member)).collect()
}

async fn write(server: SocketAddr, key: u64) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = format!("PUT /k/{key} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
}

/// Writes to each server, all at the same time, and to each key, one after the other.
async fn write_everywhere(deployment: &Deployment) {
    let each = servers(deployment).into_iter().map(|server| {
        tokio::spawn(async move {
            for turn in 0..50 {
                write(server, turn % 5).await;
            }
        })
    });
    for writing in each.collect::<Vec<_>>() {
        writing.await.unwrap();
    }
}

/// What a server shows, by its file: keys, versions, values.
fn shown(run: &str, member: u16) -> Vec<(i64, i64, String)> {
    let file: PathBuf = std::env::temp_dir().join(format!("loadgen-{run}/db.{member}/data.sqlite"));
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.busy_timeout(Duration::from_secs(1)).unwrap();
    let mut rows = connection.prepare("SELECT key, version, value FROM entries ORDER BY key").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Waits until all servers show the same; what that is.
async fn agreed(run: &str) -> Vec<(i64, i64, String)> {
    let begun = Instant::now();
    loop {
        let all: Vec<_> = (0..COPIES).map(|member| shown(run, member)).collect();
        if all.iter().all(|one| *one == all[0]) {
            return all[0].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "they do not agree: {all:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn all_primaries_show_the_last_writers_values_once_load_stops() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(agree_again());
}

async fn agree_again() {
    let copies = r#""replicas":2,"primaries":"many","replica_lag":"exp 20ms""#;
    let document = Topology::from_json(&database(100, 5, copies, "")).unwrap();
    let (plan, run) = (check(&document).unwrap(), format!("test-primaries-{}", std::process::id()));
    let program = Path::new(env!("CARGO_BIN_EXE_loadgen"));
    let design = Design { program, run: &run, document: &document, plan: &plan, seed: 1 };
    let deployment = Deployment::up(&design, &CancellationToken::new(), |_, _| ()).await.unwrap();

    write_everywhere(&deployment).await;
    assert_eq!(agreed(&run).await.len(), 5, "every key was written");
    let db = plan.find("db").unwrap();
    let stats = deployment.stats().await;
    let of_db = stats.iter().filter(|(node, _)| *node == db);
    // What is none is not told.
    let conflicts_of = |stats: &Stats| stats.counters.get("conflicts").copied().unwrap_or(0);
    let conflicts: u64 = of_db.map(|(_, stats)| conflicts_of(stats.as_ref().unwrap())).sum();
    // Of the last three writes of a key, one by each server, two give way, unless a server is done by a lag before another.
    assert!(conflicts > 0, "{conflicts}");

    // What one misses while it is dead, and what it had not sent, comes when it is back.
    deployment.kill("db", 1).await.unwrap();
    write_everywhere(&deployment).await;
    let last = deployment.address_of("db", 2).unwrap();
    write(last, 3).await;
    assert_ne!(shown(&run, 1), shown(&run, 2), "the dead one does not know");
    deployment.restore("db", 1).await.unwrap();
    let all = agreed(&run).await;
    assert!(all[3].2.ends_with(".2"), "the last writer's value: {all:?}");

    // It takes writes again, which are later than all that it missed.
    write(deployment.address_of("db", 1).unwrap(), 3).await;
    let all = agreed_on(&run, ".1").await;
    assert!(all[3].2.ends_with(".1"), "{all:?}");
    deployment.down().await.unwrap();
}

/// Waits until all servers show that key 3 was written last by whose values end so.
async fn agreed_on(run: &str, writer: &str) -> Vec<(i64, i64, String)> {
    let begun = Instant::now();
    loop {
        let all = agreed(run).await;
        if all[3].2.ends_with(writer) || begun.elapsed() > Duration::from_secs(10) {
            return all;
        }
    }
}
