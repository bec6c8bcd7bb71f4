//! A database on sockets: each server of each shard is a process with an SQLite file of its own; connections are its workers.
//! Replicas follow their primary's log; where all take writes, each merges the logs of the others.
mod group;
mod mover;
mod primaries;
mod store;

pub(super) use mover::{Carrier, Mover};
pub(super) use store::{FILE, acknowledged_after};

use super::assignment::Assignment;
use super::control::{Control, Place};
use super::key_map::KeyMap;
use super::node::{Answer, Ask, Instance};
use super::timing::Timing;
use super::work::Work;
use group::{Group, Shipment};
use hyper::{Method, StatusCode};
use loadpath_core::rng::Seed;
use loadpath_core::topology::{DatabaseNode, Plan};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use store::Store;

/// A server of a shard.
pub(super) struct Database {
    pub(super) instance: Instance,
    read: Work,
    write: Work,
    data: Data,
    mover: Rc<Mover>,
}

enum Data {
    /// Nobody follows it.
    Alone(Store),
    /// It is one of several.
    Copied(Rc<Group>),
}

impl Database {
    /// Opens the server's file in the working directory.
    pub(super) fn open(
        plan: &Plan,
        spec: &DatabaseNode,
        assignment: &Assignment,
        instance: Instance,
    ) -> Result<Self, String> {
        let data = if spec.replicas == 0 {
            Store::open().map(Data::Alone)
        } else {
            let (shard, own) = (assignment.instance / spec.copies(), assignment.instance % spec.copies());
            let primaries = assignment.primaries.get(&assignment.node);
            let primary = primaries.and_then(|all| all.get(usize::from(shard))).copied().unwrap_or(0);
            let primary = if spec.multi_primary { own } else { primary };
            let stream = format!("{}#{}/lag", assignment.node, assignment.instance + 1);
            let rng = Seed(assignment.seed).stream(&stream);
            Group::open(spec, (own, primary), instance.time.clone(), rng)
                .map(|group| Data::Copied(Rc::new(group)))
        };
        let data = data.map_err(|e| format!("its database cannot be opened: {e}"))?;
        let (read, write) = (Work::new(&spec.read_time), Work::new(&spec.write_time));
        let carrier = Carrier::Asks(RefCell::default());
        let mover = Mover::new(KeyMap::new(plan, spec), spec.copies(), instance.time.clone(), carrier);
        Ok(Self { instance, read, write, data, mover })
    }

    /// A connection's worth of work: the query itself, and the rest of the time that its law says.
    pub(super) async fn answer(&self, ask: &Ask) -> Answer {
        let mut timing = Timing::default();
        let reads = ask.method == Method::GET;
        if let Data::Copied(group) = &self.data
            && reads
            && !group.may_read(ask.origin.user)
        {
            // The caller asks another server.
            return Answer::new(StatusCode::MISDIRECTED_REQUEST, timing);
        }
        let Some(_connection) = self.instance.admit(&mut timing).await else { return Answer::refused() };
        let done = if reads { self.look(ask.key).await } else { self.change(ask).await };
        let status = if done { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        Answer::new(status, timing)
    }

    async fn look(&self, key: u64) -> bool {
        let store = match &self.data {
            Data::Alone(store) => store,
            Data::Copied(group) => &group.store,
        };
        let done = self.read.spend(&self.instance, |_| store.read(key)).await;
        if let Data::Copied(group) = &self.data {
            group.notice_staleness(key);
        }
        done.is_ok()
    }

    async fn change(&self, ask: &Ask) -> bool {
        match &self.data {
            Data::Alone(store) => self.write.spend(&self.instance, |_| store.write(ask.key)).await.is_ok(),
            Data::Copied(group) => {
                self.write.spend_before(&self.instance, drop).await;
                group.write(ask.key, ask.origin.user).await
            }
        }
    }

    /// Does what the agent orders; how far its log is.
    pub(super) fn obey(&self, control: &Control) -> Result<Place, String> {
        if let Control::Grow { growth, addresses, .. } = control {
            self.mover.grow(*growth, addresses);
            return Ok(Place::default());
        }
        let Data::Copied(group) = &self.data else { return Ok(Place::default()) };
        match control {
            Control::Servers { addresses } => {
                let copies = group.copies();
                let shard = usize::from(self.instance.number / copies);
                let mut shards = addresses.chunks(usize::from(copies));
                group.know(shards.nth(shard).ok_or("there is no such shard")?);
            }
            Control::Promote { term } => group.promote(*term).map_err(|e| e.to_string())?,
            Control::StepDown => group.step_down(),
            _ => {}
        }
        Ok(group.place())
    }

    /// A word of its primary; none when it is not to be believed.
    pub(super) fn hear(&self, words: &[u8]) -> Option<Place> {
        let Data::Copied(group) = &self.data else { return None };
        group.receive(&serde_json::from_slice::<Shipment>(words).ok()?)
    }

    /// What was counted of it.
    pub(super) fn count(&self, counters: &mut BTreeMap<String, u64>) {
        counters.insert("moved_keys".to_owned(), self.mover.moved.get());
        if let Data::Copied(group) = &self.data {
            counters.insert("stale_reads".to_owned(), group.stale_reads.get());
            if let Some(conflicts) = group.conflicts() {
                counters.insert("conflicts".to_owned(), conflicts.concurrent);
            }
        }
    }
}
