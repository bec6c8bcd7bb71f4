//! Keys that move to another shard: each is read where it was, and written where it goes. The first server of a database sees to it.
use super::super::call::{Peer, Reply};
use super::super::cookies::Cookies;
use super::super::key_map::{Growth, KeyMap};
use super::super::node::Ask;
use super::super::origin::Origin;
use super::super::work::Timekeeper;
use hyper::{Method, StatusCode};
use loadpath_core::component::shard::KeyMove;
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::Operation;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

/// Whom moves are made for: no user.
const NOBODY: u32 = u32::MAX;

/// Moves keys.
pub(super) struct Mover {
    time: Rc<Timekeeper>,
    map: RefCell<KeyMap>,
    copies: u16,
    /// All servers, shard by shard.
    servers: RefCell<Vec<Rc<Peer>>>,
    pub(super) moved: Cell<u64>,
    is_at_work: Cell<bool>,
}

impl Mover {
    /// Nothing moves.
    pub(super) fn new(map: KeyMap, copies: u16, time: Rc<Timekeeper>) -> Rc<Self> {
        let (servers, moved, is_at_work) = Default::default();
        Rc::new(Self { time, map: RefCell::new(map), copies, servers, moved, is_at_work })
    }

    /// There is a shard more, and these are all servers.
    pub(super) fn grow(self: &Rc<Self>, growth: Growth, addresses: &[SocketAddr]) {
        let now = self.time.clock.now();
        let mut map = self.map.borrow_mut();
        let rest = map.grow(now, growth);
        // What was due before this process knew is done.
        map.advance(now, drop);
        self.moved.set(self.moved.get() + rest);
        *self.servers.borrow_mut() =
            addresses.iter().map(|&address| Peer::new(self.time.clock, address)).collect();
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

    async fn carry(self: Rc<Self>, step: KeyMove) {
        for (shard, method) in [(step.from, Method::GET), (step.to, Method::PUT)] {
            let server = self.servers.borrow().get(usize::from(shard * self.copies)).cloned();
            let Some(server) = server else { return };
            let origin = Origin { class: 0, user: NOBODY, deadline: Time::NEVER, way: Span::ZERO };
            let (path, cookies) = (format!("/k/{}", step.key), Cookies::default());
            let operation = if method == Method::GET { Operation::Read } else { Operation::Write };
            let ask = Ask { method, path, key: step.key, operation, origin, cookies };
            let header = origin.header(self.time.clock.now(), Span::ZERO);
            match server.call(&ask, header).await {
                Reply::Answered { status: StatusCode::OK, .. } => {}
                // Nobody waits for it; the key is asked for where it belongs from now on.
                _ => return,
            }
        }
    }
}
