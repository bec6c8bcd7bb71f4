//! An agent: it joins, does its share, tells what it saw, and leaves.
use super::AgentsFault;
use super::calendar::Calendar;
use super::meeting::{CALLS, Meeting, ear, reports};
use super::message::{self, Answer, Call, Here, Order, Report};
use super::task::Task;
use crate::attack::{Attack, AttackError, Share, drive_share};
use crate::clock::Clock;
use crate::entropy;
use crate::timer::Alarm;
use async_nats::{Message, Subscriber};
use futures_util::StreamExt as _;
use loadpath_core::run::Run;
use loadpath_core::time::Time;
use loadpath_core::wire::Interval;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A coordinator that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// The furthest that a beginning may lie ahead, in nanoseconds.
const FURTHEST_NS: u64 = 60_000_000_000;
/// How long the coordinator may take to acknowledge the run, each time that it is told.
const ACKNOWLEDGED: Duration = Duration::from_secs(3);
/// How often it is told.
const TIMES: u32 = 3;

/// An agent that waits for a run.
#[derive(Debug)]
pub struct Guest {
    meeting: Meeting,
    here: Here,
    calls: Subscriber,
    orders: Subscriber,
}

/// An agent that was asked to do something.
#[derive(Debug)]
pub struct Invited {
    guest: Guest,
    run: String,
    share: Share,
    task: Box<Task>,
    reply: Message,
}

/// An agent that has agreed.
#[derive(Debug)]
pub struct Seated {
    guest: Guest,
    run: String,
    share: Share,
}

impl Guest {
    /// Joins a meeting under this name.
    ///
    /// # Errors
    /// When the name is none, or NATS fails.
    pub async fn new(meeting: Meeting, name: &str) -> Result<Self, AgentsFault> {
        message::name(name).map_err(AgentsFault::Nats)?;
        let id = entropy::hex(16).map_err(|why| AgentsFault::Nats(why.to_string()))?;
        let calls = meeting.listen(CALLS.to_owned()).await?;
        let orders = meeting.listen(ear(&id)).await?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { meeting, here: Here { id, name: name.to_owned(), version }, calls, orders })
    }

    /// Waits until it is asked to take part; none when `stop` comes first.
    ///
    /// # Errors
    /// When the connection to NATS is gone.
    pub async fn wait(mut self, stop: &CancellationToken) -> Result<Option<Invited>, AgentsFault> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(None),
                call = self.calls.next() => {
                    let call = call.ok_or_else(gone)?;
                    self.answer_call(&call).await?;
                }
                order = self.orders.next() => {
                    let order = order.ok_or_else(gone)?;
                    match message::decode(&order.payload).and_then(invitation) {
                        Ok((run, share, task)) => {
                            return Ok(Some(Invited { guest: self, run, share, task, reply: order }));
                        }
                        Err(why) => self.answer(&order, &Answer::Refused { why }).await?,
                    }
                }
            }
        }
    }

    async fn answer_call(&self, message: &Message) -> Result<(), AgentsFault> {
        // Who calls in another tongue, or for another version, gets no answer: others may be meant.
        let meant =
            message::decode::<Call>(&message.payload).is_ok_and(|call| call.version == self.here.version);
        match &message.reply {
            Some(reply) if meant => self.meeting.say(reply.to_string(), &self.here).await,
            _ => Ok(()),
        }
    }

    async fn answer(&self, message: &Message, answer: &Answer) -> Result<(), AgentsFault> {
        match &message.reply {
            Some(reply) => self.meeting.say(reply.to_string(), answer).await,
            None => Ok(()),
        }
    }
}

/// What an order to prepare asks for, within bounds.
fn invitation(order: Order) -> Result<(String, Share, Box<Task>), String> {
    let Order::Prepare { run, number, of, task } = order else {
        return Err("it is in no run".to_owned());
    };
    message::name(&run).map_err(|_| "its run has no proper id".to_owned())?;
    let share = Share::new(number, of).ok_or("there is no such share")?;
    task.check()?;
    Ok((run, share, task))
}

fn gone() -> AgentsFault {
    AgentsFault::Nats("the connection is gone".to_owned())
}

impl Invited {
    /// What is asked for, and which share of it. Its bounds were looked at; whether the target may be loaded was not.
    pub fn asked(&self) -> (&Task, Share) {
        (&self.task, self.share)
    }

    /// Says no, and waits on.
    ///
    /// # Errors
    /// When NATS fails.
    pub async fn refuse(self, why: String) -> Result<Guest, AgentsFault> {
        self.guest.answer(&self.reply, &Answer::Refused { why }).await?;
        Ok(self.guest)
    }

    /// Says yes.
    ///
    /// # Errors
    /// When NATS fails.
    pub async fn accept(self) -> Result<Seated, AgentsFault> {
        let Self { guest, run, share, reply, .. } = self;
        guest.answer(&reply, &Answer::Prepared).await?;
        Ok(Seated { guest, run, share })
    }
}

/// What the load and the one who answers orders share.
struct Stage {
    calendar: Calendar,
    ready: watch::Sender<bool>,
    /// When it begins, once that is known.
    begins: watch::Sender<Option<u64>>,
    woke_late_ns: AtomicU64,
    stop: CancellationToken,
}

impl Seated {
    /// Which share of the task is its own.
    pub const fn share(&self) -> Share {
        self.share
    }

    /// Drives the share when it is told to, and tells what it sees; `see` sees it too. Ends when the load has ended, when the coordinator or
    /// `stop` says so, or when the coordinator is gone.
    ///
    /// # Errors
    /// When the load could not be driven, or nobody is there to stop it; the coordinator is told.
    pub async fn drive(
        self,
        attack: Attack,
        stop: &CancellationToken,
        see: impl FnMut(&Interval),
    ) -> Result<Run, AgentsFault> {
        let Self { guest, run, share } = self;
        let Guest { meeting, mut orders, .. } = guest;
        let subject = reports(&run, share.place().0);
        let stage = Stage {
            calendar: Calendar::start(),
            ready: watch::Sender::new(false),
            begins: watch::Sender::new(None),
            woke_late_ns: AtomicU64::new(0),
            stop: stop.child_token(),
        };
        let (sender, intervals) = mpsc::channel(16);
        let begin = |clock| stage.begin(clock);
        let driving = drive_share(attack, share, begin, stage.stop.clone(), sender);
        let telling = tell(&meeting, &subject, intervals, see);
        let mut load = Box::pin(async { tokio::join!(driving, telling) });
        let mut alone = false;
        let driven = loop {
            tokio::select! {
                biased;
                (driven, ()) = &mut load => break driven,
                order = tokio::time::timeout(SILENCE, orders.next()), if !alone => match order {
                    Ok(Some(order)) => stage.obey(&meeting, &run, &order).await?,
                    Ok(None) | Err(_) => {
                        alone = true;
                        stage.stop.cancel();
                    }
                },
            }
        };
        drop(load);
        let stopped = stage.stop.is_cancelled();
        let woke_late_ns = stage.woke_late_ns.load(Ordering::Relaxed);
        let report = match &driven {
            Ok(run) => Report::Ended { run: Box::new(run.clone()), stopped, woke_late_ns },
            Err(why) => Report::Broke { why: why.to_string() },
        };
        acknowledged(&meeting, &subject, &report).await;
        meeting.leave().await;
        match driven {
            _ if alone => Err(AgentsFault::Alone),
            Err(AttackError::Stopped) => Err(AgentsFault::Stopped),
            driven => driven.map_err(|why| AgentsFault::Attack(why.to_string())),
        }
    }
}

impl Stage {
    /// Says that every connection is open, waits for the word, and then for the instant.
    async fn begin(&self, clock: Clock) -> Option<Time> {
        self.ready.send_replace(true);
        let mut begins = self.begins.subscribe();
        let at_ns = tokio::select! {
            () = self.stop.cancelled() => return None,
            begins = begins.wait_for(Option::is_some) => (*begins.ok()?)?,
        };
        let start = self.calendar.on(clock, at_ns);
        let alarm = Alarm::new(clock).ok()?;
        tokio::select! {
            () = self.stop.cancelled() => return None,
            () = alarm.until(start) => {}
        }
        self.woke_late_ns.store(clock.now().since(start).0, Ordering::Relaxed);
        Some(start)
    }

    async fn obey(&self, meeting: &Meeting, run: &str, message: &Message) -> Result<(), AgentsFault> {
        let answer = match message::decode::<Order>(&message.payload) {
            Ok(order) if order.run() != run => {
                Answer::Refused { why: "it takes part in another run".to_owned() }
            }
            Ok(order) => self.answer(&order),
            Err(why) => Answer::Refused { why },
        };
        match &message.reply {
            Some(reply) => meeting.say(reply.to_string(), &answer).await,
            None => Ok(()),
        }
    }

    fn answer(&self, order: &Order) -> Answer {
        let refused = |why: &str| Answer::Refused { why: why.to_owned() };
        match order {
            Order::Clock { .. } => {
                Answer::Clock { now_ns: self.calendar.now_ns(), ready: *self.ready.borrow() }
            }
            Order::Stop { .. } => {
                self.stop.cancel();
                Answer::Agreed
            }
            Order::Begin { at_ns, .. } => {
                let now = self.calendar.now_ns();
                if !*self.ready.borrow() {
                    refused("its connections are not open yet")
                } else if self.begins.borrow().is_some() {
                    refused("it has been told when to begin")
                } else if *at_ns < now || *at_ns - now > FURTHEST_NS {
                    refused("this instant is past, or more than a minute ahead")
                } else {
                    self.begins.send_replace(Some(*at_ns));
                    Answer::Agreed
                }
            }
            Order::Prepare { .. } => refused("it is prepared"),
        }
    }
}

/// Tells of every interval. One that cannot be told is in the run that is told at the end.
async fn tell(
    meeting: &Meeting,
    subject: &str,
    mut intervals: mpsc::Receiver<Interval>,
    mut see: impl FnMut(&Interval),
) {
    while let Some(interval) = intervals.recv().await {
        see(&interval);
        let _ = meeting.say(subject.to_owned(), &Report::Interval(Box::new(interval))).await;
    }
}

/// Tells until it is acknowledged, a few times.
async fn acknowledged(meeting: &Meeting, subject: &str, report: &Report) {
    for _ in 0..TIMES {
        if let Ok(Answer::Agreed) = meeting.ask(subject.to_owned(), report, ACKNOWLEDGED).await {
            return;
        }
    }
}
