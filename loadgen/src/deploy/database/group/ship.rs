//! How a member sends its log to the others: at once what was written, and the values after their lag.
use super::super::super::control::{LOG, Place};
use super::{Follower, Group, Shipment};
use bytes::Bytes;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// How often a replica that does not answer is tried again.
const AGAIN: Duration = Duration::from_millis(20);
/// How long it may take to answer before it counts as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How many writes go into one message at most.
pub(super) const BATCH: usize = 512;

impl Group {
    /// Begins to send to all others.
    pub(super) fn lead(self: &Rc<Self>) {
        let reign = {
            let mut state = self.state.borrow_mut();
            state.reign += 1;
            state.followers.fill(Follower::default());
            state.reign
        };
        self.changed.notify_waiters();
        for member in (0..self.copies).filter(|&member| member != self.own) {
            tokio::task::spawn_local(self.clone().ship(member, reign));
            tokio::task::spawn_local(self.clone().announce(member, reign));
        }
    }

    fn reigns(&self, reign: u64) -> bool {
        self.state.borrow().reign == reign
    }

    /// Sends values to a member when their time has come, as long as this reign lasts.
    async fn ship(self: Rc<Self>, member: u16, reign: u64) {
        while self.reigns(reign) {
            if !self.state.borrow().followers[usize::from(member)].up {
                if !self.greet(member).await {
                    tokio::time::sleep(AGAIN).await;
                }
                continue;
            }
            let changed = self.changed.notified();
            let first = self.state.borrow().followers[usize::from(member)].under_way.front().copied();
            let Some((at, _)) = first else {
                changed.await;
                continue;
            };
            self.time.until(at).await;
            if self.reigns(reign) {
                self.send_due(member).await;
            }
        }
    }

    /// Sends what is due to a member, which says that it has it.
    async fn send_due(&self, member: u16) {
        let now = self.time.clock.now();
        let (mut up_to, has) = {
            let mut state = self.state.borrow_mut();
            let follower = &mut state.followers[usize::from(member)];
            let mut up_to = 0;
            while let Some((_, place)) = follower.under_way.pop_front_if(|(at, _)| *at <= now) {
                up_to = place;
            }
            (up_to, follower.has)
        };
        up_to = up_to.max(has);
        let mut from = has;
        while from < up_to {
            let Ok(entries) = self.store.after(from, up_to, BATCH) else { return };
            let Some(last) = entries.last().map(|entry| entry.place) else { return };
            if !self.tell(member, |shipment| shipment.entries = entries).await {
                return;
            }
            from = last;
        }
    }

    /// Tells a member at once which keys were written, as long as this reign lasts.
    async fn announce(self: Rc<Self>, member: u16, reign: u64) {
        while self.reigns(reign) {
            let changed = self.changed.notified();
            let news = {
                let state = self.state.borrow();
                let follower = &state.followers[usize::from(member)];
                let unheard = state.kept_after..state.log.head().index();
                (follower.up && unheard.contains(&follower.told)).then(|| state.news(follower.told))
            };
            match news {
                Some((after, told)) => {
                    self.tell(member, |shipment| (shipment.after, shipment.told) = (after, told)).await;
                }
                None => changed.await,
            }
        }
    }

    /// Asks a member that was not there how far it is, and puts what it misses on its way. False when it does not answer.
    async fn greet(&self, member: u16) -> bool {
        let Some(place) = self.send(member, |_| ()).await else { return false };
        let lag = self.lag.sample(&mut self.rng.borrow_mut());
        let mut state = self.state.borrow_mut();
        let head = state.log.head();
        state.log.restore(member);
        let arrives = self.time.clock.now() + lag;
        state.followers[usize::from(member)] = Follower {
            up: true,
            told: place.head.min(head.index()),
            has: place.applied.min(head.index()),
            under_way: VecDeque::from([(arrives, head.index())]),
        };
        state.learn(member, place);
        self.changed.notify_waiters();
        true
    }

    /// Sends something to a member and learns from its answer, or that it is gone.
    async fn tell(&self, member: u16, fill: impl FnOnce(&mut Shipment)) -> bool {
        let reign = self.state.borrow().reign;
        let answer = self.send(member, fill).await;
        let mut state = self.state.borrow_mut();
        if state.reign != reign {
            return false;
        }
        match answer {
            Some(place) => state.learn(member, place),
            None => {
                state.log.fail(member);
                state.followers[usize::from(member)] = Follower::default();
            }
        }
        drop(state);
        self.changed.notify_waiters();
        answer.is_some()
    }

    async fn send(&self, member: u16, fill: impl FnOnce(&mut Shipment)) -> Option<Place> {
        let (peer, forks) = {
            let state = self.state.borrow();
            (state.members[usize::from(member)].clone()?, state.forks.clone())
        };
        let mut shipment =
            Shipment { primary: self.own, forks, after: 0, told: Vec::new(), entries: Vec::new() };
        fill(&mut shipment);
        let body = serde_json::to_vec(&shipment).expect("a shipment holds only what JSON can say");
        let answer = tokio::time::timeout(ANSWER_WITHIN, peer.tell(LOG, Bytes::from(body))).await;
        serde_json::from_slice(&answer.ok()??).ok()
    }
}
