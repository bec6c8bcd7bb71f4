//! Keys that move to another shard: each is read where it was, and written where it goes. The first server of a database sees to it.
use super::super::call::{Peer, Reply};
use super::super::cookies::Cookies;
use super::super::engine::Rows;
use super::super::key_map::{Growth, KeyMap};
use super::super::node::Ask;
use super::super::origin::Origin;
use super::super::work::Timekeeper;
use hyper::{Method, StatusCode};
use loadpath_core::component::shard::KeyMove;
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::Operation;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

/// Whom moves are made for: no user.
const NOBODY: u32 = u32::MAX;

/// How a key is carried from one server to another.
pub(in crate::deploy) enum Carrier {
    /// Our own servers are asked as their callers ask them: each by its address.
    Asks(RefCell<HashMap<SocketAddr, Rc<Peer>>>),
    /// PostgreSQL's hand over rows.
    Rows(Rows),
}

/// Moves keys.
pub(in crate::deploy) struct Mover {
    time: Rc<Timekeeper>,
    map: RefCell<KeyMap>,
    copies: u16,
    carrier: Carrier,
    /// All servers, shard by shard.
    servers: RefCell<Vec<SocketAddr>>,
    pub(in crate::deploy) moved: Cell<u64>,
    is_at_work: Cell<bool>,
}

impl Mover {
    /// Nothing moves.
    pub(in crate::deploy) fn new(
        map: KeyMap,
        copies: u16,
        time: Rc<Timekeeper>,
        carrier: Carrier,
    ) -> Rc<Self> {
        let (servers, moved, is_at_work) = Default::default();
        Rc::new(Self { time, map: RefCell::new(map), copies, carrier, servers, moved, is_at_work })
    }

    /// There is a shard more, and these are all servers.
    pub(in crate::deploy) fn grow(self: &Rc<Self>, growth: Growth, addresses: &[SocketAddr]) {
        let now = self.time.clock.now();
        let mut map = self.map.borrow_mut();
        let rest = map.grow(now, growth);
        // What was due before this process knew is done.
        map.advance(now, drop);
        self.moved.set(self.moved.get() + rest);
        *self.servers.borrow_mut() = addresses.to_vec();
        if !self.is_at_work.replace(true) {
            tokio::task::spawn_local(self.clone().work());
        }
    }

    async fn work(self: Rc<Self>) {
        loop {
            let due = self.map.borrow().next_at();
            if due == Time::NEVER {
                break;
            }
            self.time.until(due).await;
            let mut moves = Vec::new();
            self.map.borrow_mut().advance(self.time.clock.now(), |step| moves.push(step));
            self.moved.set(self.moved.get() + moves.len() as u64);
            for step in moves {
                tokio::task::spawn_local(self.clone().carry(step));
            }
        }
        self.is_at_work.set(false);
    }

    /// Carries a key. Nobody waits for it: it is asked for where it belongs from now on, there or not.
    async fn carry(self: Rc<Self>, step: KeyMove) {
        let server = |shard: u16| self.servers.borrow().get(usize::from(shard * self.copies)).copied();
        let (Some(from), Some(to)) = (server(step.from), server(step.to)) else { return };
        match &self.carrier {
            Carrier::Asks(peers) => {
                let peer = |at: SocketAddr| {
                    let new = || Peer::new(self.time.clock, at);
                    peers.borrow_mut().entry(at).or_insert_with(new).clone()
                };
                let is_read = self.ask(&peer(from), Method::GET, step.key).await;
                if is_read {
                    self.ask(&peer(to), Method::PUT, step.key).await;
                }
            }
            Carrier::Rows(rows) => {
                rows.carry(step.key, from, to).await;
            }
        }
    }

    /// Whether a server did what it was asked to.
    async fn ask(&self, server: &Rc<Peer>, method: Method, key: u64) -> bool {
        let origin = Origin { class: 0, user: NOBODY, deadline: Time::NEVER, way: Span::ZERO };
        let (path, cookies) = (format!("/k/{key}"), Cookies::default());
        let operation = if method == Method::GET { Operation::Read } else { Operation::Write };
        let ask = Ask { method, path, key, operation, origin, cookies };
        let header = origin.header(self.time.clock.now(), Span::ZERO);
        matches!(server.call(&ask, header).await, Reply::Answered { status: StatusCode::OK, .. })
    }
}
