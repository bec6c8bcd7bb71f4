//! A server of a PostgreSQL database, as its desk sees it: how far its log is, and whom it follows.
//!
//! Servers send their logs to one another by themselves. What the desk does is what an operator, or a program in his place, does:
//! it has a replica promoted, tells the others whom to follow now, and says for how many replicas a commit waits, which is for
//! those that are there.
use super::super::assignment::Assignment;
use super::super::control::Place;
use super::super::store_call::database_client;
use super::postgresql::{DATA, way_from_data};
use super::wal::{self, Fork};
use loadpath_core::topology::{DatabaseNode, Replication};
use rustix::process::{Pid, Signal, kill_process};
use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tokio_postgres::Client;

/// How often a primary's desk looks who follows it.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// How long an orderly stop may take, in which replicas get what they have not got yet.
const STOPS_WITHIN: Duration = Duration::from_secs(2);
/// How often it is asked whether something has come to pass.
const ASKED_EVERY: Duration = Duration::from_millis(2);
/// What the names of servers begin with, before their numbers.
const MEMBER: &str = "member_";
/// Of how many of which members commits are waited for, in the engine's directory: "1 0 2" is one of these two. It outlives the
/// server.
pub(super) const AWAITED: &str = "awaited";

/// A server of a shard.
pub(super) struct Member {
    pub(super) at: SocketAddr,
    secret: String,
    shard: u16,
    own: u16,
    copies: u16,
    replication: Replication,
    /// Where it copies its data from and follows; none when it leads.
    pub(super) primary: Option<SocketAddr>,
    /// Where the servers of its shard are.
    servers: RefCell<Vec<SocketAddr>>,
    pid: Cell<Option<Pid>>,
    /// It is to stop, or has: another takes its place.
    steps_down: Cell<bool>,
    has_ended: Cell<bool>,
}

impl Member {
    /// As the assignment says, listening on this port.
    pub(super) fn new(spec: &DatabaseNode, assignment: &Assignment, port: u16) -> Self {
        let copies = spec.copies();
        Self {
            at: (Ipv4Addr::LOCALHOST, port).into(),
            secret: assignment.secret.clone(),
            shard: assignment.instance / copies,
            own: assignment.instance % copies,
            copies,
            replication: spec.replication,
            primary: assignment.primary,
            servers: RefCell::default(),
            pid: Cell::new(None),
            steps_down: Cell::new(false),
            has_ended: Cell::new(false),
        }
    }

    /// What the primary knows it by.
    pub(super) fn name(&self) -> String {
        format!("{MEMBER}{}", self.own)
    }

    /// It has been started, as this process; a primary begins to look who follows.
    pub(super) fn begin(self: &Rc<Self>, pid: u32) {
        self.pid.set(i32::try_from(pid).ok().and_then(Pid::from_raw));
        if self.primary.is_none() {
            self.lead();
        }
    }

    /// Its process has ended; whether it was asked to.
    pub(super) fn ended(&self) -> bool {
        self.has_ended.set(true);
        self.steps_down.get()
    }

    /// Where the servers of all shards are.
    ///
    /// # Errors
    /// When its own shard is not among them.
    pub(super) fn know(&self, addresses: &[SocketAddr]) -> Result<(), String> {
        let mut shards = addresses.chunks(usize::from(self.copies));
        let own = shards.nth(usize::from(self.shard)).ok_or("there is no such shard")?;
        *self.servers.borrow_mut() = own.to_vec();
        Ok(())
    }

    /// How far it is with the log: what it has received, and what of that it shows, in bytes.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn place(&self) -> Result<Place, String> {
        const LOOK: &str = "SELECT CASE WHEN pg_is_in_recovery() \
            THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END - '0/0', \
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'";
        let text = format!("SELECT has::bigint, shows::bigint FROM ({LOOK}) AS place (has, shows)");
        let row = self.client().await?.query_one(&text, &[]).await.map_err(|e| e.to_string())?;
        let bytes = |column: usize| row.get::<_, Option<i64>>(column).unwrap_or(0).cast_unsigned();
        // What it has received it shows before it is promoted: that is how far it has come.
        Ok(Place { term: 0, head: bytes(1), applied: bytes(0) })
    }

    /// Takes writes from now on; in which term, and where its log leaves the one that it has followed.
    ///
    /// # Errors
    /// When it is not promoted.
    pub(super) async fn promote(self: &Rc<Self>) -> Result<Place, String> {
        let client = self.client().await?;
        let is_replica = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
        if is_replica.map_err(|e| e.to_string())?.get(0) {
            let promoted = client.query_one("SELECT pg_promote(true, 4)", &[]).await;
            if !promoted.map_err(|e| e.to_string())?.get::<_, bool>(0) {
                return Err("it was not promoted in time".to_owned());
            }
            self.lead();
        }
        let file: String = client
            .query_one("SELECT pg_walfile_name(pg_current_wal_lsn())", &[])
            .await
            .map_err(|e| e.to_string())?
            .get(0);
        let Fork { timeline, at } = wal::fork_before(&Path::new(DATA).join("pg_wal"), &file)?;
        Ok(Place { term: timeline, head: at, applied: at })
    }

    /// Another server of the database leads: one that is a replica follows it.
    ///
    /// # Errors
    /// When it does not hear.
    pub(super) async fn follow(&self, shard: u16, member: u16) -> Result<(), String> {
        if shard != self.shard || member == self.own || self.steps_down.get() {
            return Ok(());
        }
        let primary = self.servers.borrow().get(usize::from(member)).copied();
        let primary = primary.ok_or("it was not told where that one is")?;
        let way = way_from_data(primary, &self.name());
        let client = self.client().await?;
        let tell = format!("ALTER SYSTEM SET primary_conninfo = '{way}'");
        client.execute(&tell, &[]).await.map_err(|e| e.to_string())?;
        client.execute("SELECT pg_reload_conf()", &[]).await.map(drop).map_err(|e| e.to_string())
    }

    /// Takes no more writes, for good: it stops when its replicas have its whole log, or when they take too long.
    pub(super) async fn step_down(&self) {
        self.steps_down.set(true);
        for how in [Signal::INT, Signal::QUIT] {
            if let Some(pid) = self.pid.get().filter(|_| !self.has_ended.get()) {
                // One that has just ended needs none.
                let _ = kill_process(pid, how);
            }
            let ended = async {
                while !self.has_ended.get() {
                    tokio::time::sleep(ASKED_EVERY).await;
                }
            };
            if tokio::time::timeout(STOPS_WITHIN, ended).await.is_ok() {
                return;
            }
        }
    }

    async fn client(&self) -> Result<Client, String> {
        database_client(self.at, &self.secret).await.map_err(|e| format!("it does not hear: {e}"))
    }

    /// Begins to say for whom commits wait, where they wait for anybody.
    fn lead(self: &Rc<Self>) {
        if self.copies > 1 && self.replication != Replication::Async {
            tokio::task::spawn_local(self.clone().keep());
        }
    }

    /// Looks who follows and says for whom commits wait, as long as it leads.
    async fn keep(self: Rc<Self>) {
        while !self.steps_down.get() && !self.has_ended.get() {
            if let Ok(client) = self.client().await {
                let mut kept = Kept::default();
                while self.adjust(&client, &mut kept).await.is_ok() && !self.steps_down.get() {
                    tokio::time::sleep(LOOKS_EVERY).await;
                }
            }
            tokio::time::sleep(LOOKS_EVERY).await;
        }
    }

    async fn adjust(&self, client: &Client, kept: &mut Kept) -> Result<(), tokio_postgres::Error> {
        const WHO: &str = "SELECT application_name FROM pg_stat_replication \
            WHERE state = 'streaming' AND application_name LIKE 'member\\_%' ORDER BY 1";
        let rows = client.query(WHO, &[]).await?;
        let live = rows.iter().filter_map(|row| row.get::<_, &str>(0).strip_prefix(MEMBER)?.parse().ok());
        let wanted = self.wanted(live.collect());
        if kept.said.as_ref() != Some(&wanted) {
            // Until enough of these have what was written up to now, nobody need have it.
            note_awaited("");
            for (name, value) in [
                ("synchronous_standby_names", wanted.standbys()),
                ("default_transaction_read_only", if wanted.refuses { "on" } else { "off" }.to_owned()),
            ] {
                client.execute(&format!("ALTER SYSTEM SET {name} = '{value}'"), &[]).await?;
            }
            client.execute("SELECT pg_reload_conf()", &[]).await?;
            kept.since = Some(client.query_one("SELECT pg_current_wal_lsn()::text", &[]).await?.get(0));
            kept.said = Some(wanted.clone());
        } else if wanted.refuses {
            // Who waits for a copy that nobody takes has failed. To cancel the wait would be to say that it has not.
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            client.execute(end, &[]).await?;
        }
        if let Some(since) = &kept.since {
            let have = "SELECT count(*) FROM pg_stat_replication \
                WHERE application_name LIKE 'member\\_%' AND write_lsn >= $1::text::pg_lsn";
            let have: i64 = client.query_one(have, &[since]).await?.get(0);
            if have >= wanted.of as i64 {
                note_awaited(&wanted.note());
                kept.since = None;
            }
        }
        Ok(())
    }

    /// For whom commits wait while these follow.
    fn wanted(&self, live: Vec<u16>) -> Wanted {
        match self.replication {
            Replication::Async => Wanted::default(),
            Replication::SemiSync => Wanted { of: live.len().min(1), members: live, refuses: false },
            Replication::Sync => Wanted { of: live.len(), members: live, refuses: false },
            // The primary is one of those that have it.
            Replication::Quorum(quorum) => Wanted {
                of: usize::from(quorum) - 1,
                members: (0..self.copies).filter(|&member| member != self.own).collect(),
                refuses: live.len() + 1 < usize::from(quorum),
            },
        }
    }
}

/// For whom commits are to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// For how many.
    of: usize,
    members: Vec<u16>,
    /// There are too few to take a write at all.
    refuses: bool,
}

impl Wanted {
    /// As PostgreSQL is told.
    fn standbys(&self) -> String {
        if self.of == 0 {
            return String::new();
        }
        let names: Vec<String> = self.members.iter().map(|member| format!("{MEMBER}{member}")).collect();
        format!("ANY {} ({})", self.of, names.join(", "))
    }

    /// As it is written down for who counts what a promotion loses.
    fn note(&self) -> String {
        let members: Vec<String> = self.members.iter().map(u16::to_string).collect();
        format!("{} {}", self.of, members.join(" "))
    }
}

/// What was said to a primary.
#[derive(Default)]
struct Kept {
    said: Option<Wanted>,
    /// How far the log was then, until enough replicas have it: what was written before may have been waited for by nobody.
    since: Option<String>,
}

fn note_awaited(whom: &str) {
    // A disk that takes nothing shows in the server first.
    let _ = std::fs::write(AWAITED, whom);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(replication: Replication) -> Member {
        Member {
            at: (Ipv4Addr::LOCALHOST, 1).into(),
            secret: String::new(),
            shard: 0,
            own: 1,
            copies: 3,
            replication,
            primary: None,
            servers: RefCell::default(),
            pid: Cell::new(None),
            steps_down: Cell::new(false),
            has_ended: Cell::new(false),
        }
    }

    #[test]
    fn commits_wait_for_those_that_are_there_and_a_quorum_for_no_fewer() {
        let names = |replication, live: &[u16]| {
            let wanted = member(replication).wanted(live.to_vec());
            (wanted.standbys(), wanted.refuses)
        };
        let says = |text: &str| (text.to_owned(), false);
        let both = [0, 2];
        assert_eq!(names(Replication::SemiSync, &both), says("ANY 1 (member_0, member_2)"));
        assert_eq!(names(Replication::SemiSync, &[]), says(""));
        assert_eq!(names(Replication::Sync, &both), says("ANY 2 (member_0, member_2)"));
        assert_eq!(names(Replication::Sync, &both[1..]), says("ANY 1 (member_2)"));
        assert_eq!(names(Replication::Quorum(1), &[]), says(""));
        assert_eq!(names(Replication::Quorum(2), &both[..1]), says("ANY 1 (member_0, member_2)"));
        assert_eq!(names(Replication::Quorum(2), &[]), ("ANY 1 (member_0, member_2)".to_owned(), true));
    }
}
