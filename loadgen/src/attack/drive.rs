//! An attack from its first connection to its run.
use super::closed::{self, Ended};
use super::crew::{self, Crew};
use super::line::Line;
use super::shape::Shape;
use super::target::Requests;
use super::trunk::Trunk;
use super::{Attack, AttackError, Paths, Share, Shared, clients, connection, descriptors, journey, pacer};
use crate::clock::{self, Clock};
use crate::measure::{Recorder, SeenHere, Tally, Told};
use crate::timer::{Alarm, Timer};
use loadpath_core::run::Run;
use loadpath_core::time::{Span, Time};
use loadpath_core::wire::Interval;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// How often what was seen is tallied: often, so that no tally takes the processor for long.
const TALLY: Duration = Duration::from_millis(50);
/// What is noted of a closed loop, after the number of its users.
pub(crate) const THINKING: &str = "users who think, in a closed loop: they send when they have their answer";
/// How long the last interval waits for a slow receiver.
const LAST_INTERVAL: Duration = Duration::from_secs(1);

/// Drives the attack to its end, or until `stop`, and says what was measured. Sends an [`Interval`] every second; a receiver
/// that is slow gets longer ones, and nothing is lost. The nodes have no utilization and no `up`: clients do not know them.
///
/// # Errors
/// When another attack runs in this process, nobody listens at the target, it was stopped before it began, or the
/// generator itself broke.
///
/// # Panics
/// When there is no class, no connection, or a rate that is not above zero: who makes an attack checks its input.
pub async fn drive(
    attack: Attack,
    stop: CancellationToken,
    intervals: mpsc::Sender<Interval>,
) -> Result<Run, AttackError> {
    drive_share(attack, Share::WHOLE, |clock| ready(Some(clock.now())), stop, intervals).await
}

/// Drives a share of the attack as [`drive`] does; others drive the rest. When every connection is open, `begin` says at which
/// instant of this clock the load starts; none when it does not.
///
/// # Errors
/// As [`drive`].
///
/// # Panics
/// As [`drive`].
pub async fn drive_share<B: Future<Output = Option<Time>>>(
    attack: Attack,
    share: Share,
    begin: impl FnOnce(Clock) -> B,
    stop: CancellationToken,
    intervals: mpsc::Sender<Interval>,
) -> Result<Run, AttackError> {
    assert!(!attack.classes.is_empty(), "an attack needs a class of requests");
    assert!(attack.connections > 0, "an attack needs a connection");
    assert!(attack.arrivals.rate > 0.0, "an attack needs a rate above zero");
    let turn = crew::turn()?;
    descriptors::make_room(attack.connections)?;
    connection::probe(&attack.target, &attack.manner, attack.timeout).await?;
    let clock = Clock::start();
    let alarm =
        Alarm::new(clock).map_err(|why| AttackError::Generator(format!("it gets no timer: {why}")))?;
    let (shared, ended) = Shared::new((attack, share), clock, stop.child_token())?;
    let shared = Arc::new(shared);
    // Whatever ends this function, also being dropped, ends the users: goose is never dropped while they run.
    let _end_users = shared.stop.clone().drop_guard();
    let crew = start(turn, &shared)?;
    let begins = if all_ready(&shared, &crew).await {
        tokio::select! {
            () = crew.ended() => None,
            begins = begin(clock) => begins,
        }
    } else {
        None
    };
    let Some(start) = begins else {
        shared.stop.cancel();
        crew.join().await?;
        return Err(AttackError::Stopped);
    };
    let load = Load { start, started_unix: clock::unix_seconds(), shared };
    let tally = load.measure((alarm, ended), &crew, &intervals).await;
    let ended = clock.now();
    crew.join().await?;
    Ok(load.run(tally, ended))
}

/// Starts the users: they take from the line, or go on journeys.
fn start(turn: crew::Turn, shared: &Arc<Shared>) -> Result<Crew, AttackError> {
    let (users, stop, shared) = (shared.attack.most_in_flight(), shared.stop.clone(), Arc::clone(shared));
    if let Paths::Journey(..) = shared.attack.target.paths {
        let timer = Timer::new(shared.clock);
        let timer = timer.map_err(|why| AttackError::Generator(format!("it gets no timer: {why}")))?;
        let timer = Arc::new(timer);
        let travel = move |number| journey::run(Arc::clone(&shared), Arc::clone(&timer), number);
        return crew::start(turn, users, stop, travel);
    }
    crew::start(turn, users, stop, move |number| clients::run(Arc::clone(&shared), number))
}

/// Waits until every user has its connection; false when they ended before.
async fn all_ready(shared: &Shared, crew: &Crew) -> bool {
    let users = u32::try_from(shared.attack.most_in_flight()).expect("no machine has so many ports");
    tokio::select! {
        biased;
        () = crew.ended() => false,
        all = shared.ready.acquire_many(users) => all.is_ok() && !shared.stop.is_cancelled(),
    }
}

impl Attack {
    /// How many requests can be in flight.
    pub(crate) const fn most_in_flight(&self) -> usize {
        self.connections * self.manner.streams
    }

    /// Whether users send when they have their answer, and nothing is planned.
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed.is_some() || matches!(self.target.paths, Paths::Journey(..))
    }

    /// The mean of the planned rate over the time that counts.
    pub(crate) fn offered_rate(&self) -> f64 {
        let Self { arrivals, shape, warm_up, duration, .. } = self;
        let until = |span| shape.integral(span, arrivals.rate);
        (until(*warm_up + *duration) - until(*warm_up)) / duration.as_secs().max(1e-9)
    }
}

impl Shared {
    fn new(
        (attack, share): (Attack, Share),
        clock: Clock,
        stop: CancellationToken,
    ) -> Result<(Self, UnboundedReceiver<Ended>), AttackError> {
        let (ends, ended) = mpsc::unbounded_channel();
        let shared = Self {
            share,
            requests: Requests::new(&attack)?,
            clock,
            line: Line::default(),
            trunks: Trunk::of(attack.connections, &attack.manner),
            ends: attack.closed.is_some().then_some(ends),
            recorder: Recorder::new(std::thread::available_parallelism().map_or(1, usize::from)),
            begun: watch::Sender::new(None),
            ready: Semaphore::new(0),
            stop,
            attack,
        };
        Ok((shared, ended))
    }
}

/// A load that has begun.
struct Load {
    shared: Arc<Shared>,
    start: Time,
    started_unix: u64,
}

impl Load {
    /// When the last request is due, at the latest.
    fn last(&self) -> Time {
        self.start + self.shared.attack.warm_up + self.shared.attack.duration
    }

    /// Paces, and tallies what the users see until all of them have ended.
    async fn measure(
        &self,
        (alarm, ended): (Alarm, UnboundedReceiver<Ended>),
        crew: &Crew,
        intervals: &mpsc::Sender<Interval>,
    ) -> Tally {
        let (shared, attack) = (Arc::clone(&self.shared), &self.shared.attack);
        if let Paths::Journey(..) = attack.target.paths {
            shared.begun.send_replace(Some(self.start));
        } else if let Some(closed) = &attack.closed {
            tokio::spawn(closed::pace(shared, closed.clone(), (alarm, ended), self.start, self.last()));
        } else {
            tokio::spawn(pacer::pace(shared, alarm, self.start, self.last()));
        }
        let (clock, recorder) = (self.shared.clock, &self.shared.recorder);
        let mut tally = self.tally();
        let mut tick = interval(TALLY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                () = crew.ended() => break,
                _ = tick.tick() => {}
            }
            let now = clock.now();
            tally.take(recorder, now);
            // When nobody has room for it, the interval goes on.
            if tally.interval_is_over(now)
                && let Ok(room) = intervals.try_reserve()
            {
                room.send(tally.close_interval(recorder, now));
            }
        }
        let now = clock.now();
        tally.take(recorder, now);
        let last = tally.close_interval(recorder, now);
        // Who does not listen any longer, or not in time, has the run.
        let _ = timeout(LAST_INTERVAL, intervals.send(last)).await;
        tally
    }

    fn tally(&self) -> Tally {
        let attack = &self.shared.attack;
        let classes = attack.classes.iter().map(|class| class.name.clone()).collect();
        let place = |id: &String| attack.nodes.iter().position(|node| node == id);
        let seen = SeenHere { clients: place(&attack.source), entry: attack.entry.as_ref().and_then(place) };
        Tally::new(classes, attack.nodes.clone(), seen, self.start, (attack.warm_up, attack.duration))
    }

    fn run(&self, tally: Tally, ended: Time) -> Run {
        let attack = &self.shared.attack;
        let stopped = self.shared.stop.is_cancelled();
        let loaded = if stopped { ended.min(self.last()) } else { self.last() }.since(self.start);
        let open = self.shared.recorder.offered().iter().sum::<u64>() - tally.ended();
        let mut run = tally.finish(
            &self.shared.recorder,
            &Told {
                name: attack.name.clone(),
                target: attack.target.to_string(),
                started_unix: self.started_unix,
                offered_rate: self.shared.share.part() * attack.offered_rate(),
                duration: loaded.saturating_sub(attack.warm_up),
                connections: attack.connections,
                streams: attack.manner.streams,
                checks: attack.target.paths.checks(),
            },
        );
        let journey =
            if let Paths::Journey(_, journey) = &attack.target.paths { Some(journey) } else { None };
        if attack.is_closed() {
            run.offered_rate = run.achieved_rate();
            // There is no plan to keep up with.
            run.notes.retain(|note| !note.starts_with("the target did not keep up"));
            run.notes.insert(0, format!("{} {THINKING}", self.shared.share.count(attack.users as usize)));
            run.notes.extend(journey.into_iter().flat_map(|journey| journey.notes()));
        }
        if attack.shape != Shape::Flat {
            run.notes.push(format!("the plan was {}", attack.shape));
        }
        if stopped {
            run.notes.insert(0, stop_note(loaded, open));
        }
        run
    }
}

fn stop_note(loaded: Span, open: u64) -> String {
    format!(
        "it was stopped after {:.1} s of load; {open} requests had no end yet and are not counted",
        loaded.as_secs()
    )
}
