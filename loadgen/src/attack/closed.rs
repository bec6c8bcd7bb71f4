//! A closed loop: every user thinks, sends, waits for the end of its request, and thinks again. They are woken by one task and share
//! the connections, so that there may be more users than those; what is asked for, and how long is thought, is drawn as the
//! simulator draws it, from the same streams.
use super::{Attack, Share, Shared};
use crate::measure::Sample;
use crate::timer::Alarm;
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::Rng;
use loadpath_core::time::{Span, Time};
use loadpath_core::workload::{Planned, Schedule};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How long a user thinks at least about an answer that took no time, as in the simulator.
const LEAST_THOUGHT: Span = Span::from_millis(1);

/// Who thinks how long.
#[derive(Clone, Debug)]
pub struct ClosedLoop {
    /// How long a user thinks before a request.
    pub think: Law,
    /// The users of each clients node: the name of its streams, which is its id, and their numbers.
    pub groups: Vec<(String, Range<u32>)>,
}

/// A request has ended, and its user thinks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    user: u32,
    end: Time,
    took: Span,
}

/// Where the ends of requests are told; nowhere in an open loop.
pub(super) type Ends = Option<UnboundedSender<Ended>>;

/// Tells of the end of a user's request.
pub(super) fn tell(ends: &Ends, user: u32, sample: &Sample) {
    if let Some(ends) = ends {
        // Nobody listens any more when the load is over.
        let _ = ends.send(Ended { user, end: sample.end, took: sample.end.since(sample.due) });
    }
}

/// The users of a clients node.
struct Group {
    users: Range<u32>,
    think: Sampler,
    chance: Rng,
    schedule: Schedule,
}

impl Group {
    fn new(attack: &Attack, share: Share, closed: &ClosedLoop, (name, users): &(String, Range<u32>)) -> Self {
        let count = users.end - users.start;
        // What users draw depends on who came before, and who shares the load does not know when the others come: each share
        // draws from streams of its own.
        let name = match share.place() {
            (_, 1) => name.clone(),
            (number, of) => format!("{name}/share/{number}/{of}"),
        };
        Self {
            users: users.clone(),
            think: closed.think.sampler(),
            chance: attack.seed.stream(&format!("{name}/think")),
            schedule: Schedule::new(attack.arrivals, &attack.classes, count, attack.seed, &name),
        }
    }
}

/// Users by the time until which they think.
struct Users {
    groups: Vec<Group>,
    thinking: BinaryHeap<Reverse<(Time, u32)>>,
    last: Time,
}

impl Users {
    /// Those of a share; all of them think since `start`.
    fn new(attack: &Attack, share: Share, closed: &ClosedLoop, start: Time, last: Time) -> Self {
        let groups = closed.groups.iter().map(|group| Group::new(attack, share, closed, group)).collect();
        let mut users = Self { groups, thinking: BinaryHeap::new(), last };
        let all = closed.groups.iter().flat_map(|(_, users)| users.clone());
        for user in all.filter(|&user| share.has_user(user)) {
            users.think(user, start, Span::ZERO);
        }
        users
    }

    fn group(&mut self, user: u32) -> &mut Group {
        let group = self.groups.iter_mut().find(|group| group.users.contains(&user));
        group.expect("a user who thinks belongs to a group")
    }

    /// A user thinks from `now` on, for `least` at least. Who would send too late has ended.
    fn think(&mut self, user: u32, now: Time, least: Span) {
        let group = self.group(user);
        let due = now + group.think.sample(&mut group.chance).max(least);
        if due < self.last {
            self.thinking.push(Reverse((due, user)));
        }
    }

    /// When the next user has thought, or the load is over.
    fn next(&self) -> Time {
        self.thinking.peek().map_or(self.last, |Reverse((due, _))| *due)
    }

    /// What those send who have thought.
    fn send(&mut self, now: Time, batch: &mut Vec<Planned>) {
        while let Some(&Reverse((due, user))) = self.thinking.peek()
            && due <= now
        {
            self.thinking.pop();
            let group = self.group(user);
            let planned = group.schedule.ask(due, user - group.users.start);
            batch.push(Planned { user, ..planned });
        }
    }
}

/// Puts every user's request into the line when it is due in `start..last`, and closes it.
pub(super) async fn pace(
    shared: Arc<Shared>,
    closed: ClosedLoop,
    (alarm, mut ended): (Alarm, UnboundedReceiver<Ended>),
    start: Time,
    last: Time,
) {
    let mut users = Users::new(&shared.attack, shared.share, &closed, start, last);
    let mut stopped = pin!(shared.stop.cancelled());
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            Some(Ended { user, end, took }) = ended.recv() => {
                users.think(user, end, if took == Span::ZERO { LEAST_THOUGHT } else { Span::ZERO });
            }
            () = alarm.until(users.next()) => {}
        }
        let now = shared.clock.now();
        if now >= last {
            break;
        }
        users.send(now, &mut batch);
        shared.recorder.due(batch.iter().map(|planned| planned.due.since(start)));
        shared.line.push(&mut batch);
    }
    shared.line.close();
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALONE, Server, attack, reply};
    use super::*;
    use crate::attack::{Paths, drive};
    use loadpath_core::workload::Class;
    use std::time::Duration;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn users_who_think_send_by_the_interactive_response_time_law_and_share_connections() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |_| (Duration::from_millis(10), reply(200, ""))).await;
        let think = Law::Constant(Span::from_millis(40));
        let groups = vec![("a".to_owned(), 0..5), ("b".to_owned(), 5..20)];
        let plain = attack(server.target(Paths::PerClass), vec![Class::named("read")]);
        let attack =
            Attack { closed: Some(ClosedLoop { think, groups }), users: 20, connections: 20, ..plain };
        let (sender, _receiver) = mpsc::channel(64);
        let run = drive(attack, CancellationToken::new(), sender).await.unwrap();
        let expected = 20.0 / (0.040 + run.response().mean().as_secs());
        // The first think, before which nothing is sent, and the last cycle of each user are cut off by the second.
        let off = run.achieved_rate() / expected - 1.0;
        assert!(off.abs() < 0.1, "{} for {expected}: {:?}", run.achieved_rate(), run.notes);
        let asked = server.asked.lock().unwrap().clone();
        for user in 0..20 {
            assert!(asked.iter().any(|(_, path, ..)| path.ends_with(&format!("?u={user}"))), "{user}");
        }
        assert!(run.notes[0].starts_with("20 users who think, in a closed loop"), "{:?}", run.notes);
    }
}
