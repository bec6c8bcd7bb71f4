//! A run that several agents drive: what they tell becomes one, who is lost is noticed and named.
use super::coordinator::Team;
use super::meeting::{Meeting, NoAnswer};
use super::merge::Merging;
use super::message::{self, Answer, Order, Report};
use crate::attack::{Attack, Plan, Share};
use crate::clock::Clock;
use async_nats::Message;
use futures_util::StreamExt as _;
use loadpath_core::run::{Run, Source};
use loadpath_core::time::{Span, Time};
use loadpath_core::wire::Interval;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

/// How often each agent is asked whether it is there.
const ASKING: Duration = Duration::from_millis(500);
/// How long it may take to answer.
const ANSWERED: Duration = Duration::from_secs(1);
/// Who answers nothing for so long is lost. One that has died is known at once: then NATS has nobody to ask.
const SILENCE: Span = Span(5 * Span::SECOND.0);
/// So often in a row nobody must be there: a connection that is opened anew is not a death.
const NOBODY: u32 = 2;
/// How long the last reports may take after everything must have ended.
const GRACE: Span = Span(10 * Span::SECOND.0);

/// A load that several agents drive.
#[derive(Debug)]
pub struct Together {
    team: Team,
    attack: Attack,
    /// When it begins, by the coordinator's calendar, in nanoseconds since 1970.
    start_ns: u64,
    merging: Merging,
    /// One for each agent that did not do its whole share.
    short: Vec<Option<Short>>,
    woke_late: Vec<u64>,
    stopped: bool,
}

/// Why an agent did not do its whole share.
#[derive(Clone, Debug)]
struct Short {
    /// In a word or two: "was lost".
    how: String,
    /// When, after the start.
    at: Span,
    /// Whether its own run is missing.
    lost: bool,
}

/// What became of a load.
#[derive(Debug)]
pub struct Done {
    /// What was measured, by all.
    pub run: Run,
    /// A sentence for each agent that was lost, or did not do its whole share though nobody stopped the run.
    pub short: Vec<String>,
}

impl Together {
    pub(super) fn new(team: Team, attack: Attack, start_ns: u64) -> Self {
        let classes = attack.classes.iter().map(|class| class.name.clone()).collect();
        let seen = (classes, attack.nodes.clone());
        let longest = attack.warm_up + attack.duration + attack.timeout + GRACE + GRACE;
        let merging = Merging::new(team.names(), seen, attack.warm_up, longest);
        let agents = team.members.len();
        Self {
            team,
            attack,
            start_ns,
            merging,
            short: vec![None; agents],
            woke_late: vec![0; agents],
            stopped: false,
        }
    }

    /// Follows it to its end, and gives every merged second to `see`; `lost` hears at once of an agent that is lost.
    pub async fn follow(mut self, mut see: impl FnMut(&Interval), mut lost: impl FnMut(&str)) -> Done {
        let Attack { warm_up, duration, timeout, .. } = self.attack;
        let clock = Clock::start();
        let mut late = Time::ZERO + warm_up + duration + timeout + GRACE;
        let (gone, mut going) = mpsc::channel(16);
        let mut watchers = self.watchers(&gone);
        let stop = self.team.stop.clone();
        while !self.merging.is_done() {
            tokio::select! {
                () = stop.cancelled(), if !self.stopped => {
                    self.stopped = true;
                    late = clock.now() + GRACE;
                    self.team.stop_all().await;
                }
                report = self.team.reports.next() => match report {
                    Some(report) => self.hear(&report, &mut lost).await,
                    None => break,
                },
                Some(agent) = going.recv() => self.loses(agent, "was lost", &mut lost),
                () = sleep_until(clock.instant(late)) => break,
            }
            while let Some(interval) = self.merging.next_interval() {
                see(&interval);
            }
        }
        watchers.abort_all();
        for agent in 0..self.short.len() {
            self.loses(agent, "told nothing of its end", &mut lost);
        }
        while let Some(interval) = self.merging.next_interval() {
            see(&interval);
        }
        self.done().await
    }

    /// One task for each agent, which says when there is nobody any longer.
    fn watchers(&self, gone: &mpsc::Sender<usize>) -> JoinSet<()> {
        let mut watchers = JoinSet::new();
        for agent in 0..self.short.len() {
            let (meeting, ear, question) = self.team.question(agent);
            let gone = gone.clone();
            watchers.spawn(async move {
                until_gone(&meeting, ear, &question).await;
                // Whoever does not listen any longer knows.
                let _ = gone.send(agent).await;
            });
        }
        watchers
    }

    async fn hear(&mut self, message: &Message, lost: &mut impl FnMut(&str)) {
        let number = message.subject.rsplit('.').next().and_then(|last| last.parse::<usize>().ok());
        let Some(agent) = number.filter(|&agent| agent < self.short.len()) else { return };
        let taken = match message::decode::<Report>(&message.payload) {
            Ok(Report::Interval(interval)) => self.merging.interval(agent, *interval),
            Ok(Report::Ended { run, stopped, woke_late_ns }) => {
                let taken = self.merging.ended(agent, *run);
                if taken.is_ok() && stopped && !self.stopped && self.short[agent].is_none() {
                    let how = "was stopped".to_owned();
                    self.short[agent] = Some(Short { how, at: self.after(), lost: false });
                    lost(&self.sentence(agent));
                }
                self.woke_late[agent] = woke_late_ns;
                taken
            }
            Ok(Report::Broke { why }) => {
                self.loses(agent, &format!("broke ({})", message::plain(&why)), lost);
                Ok(())
            }
            Err(why) => Err(why),
        };
        let answer = match taken {
            Ok(()) => Answer::Agreed,
            Err(why) => Answer::Refused { why },
        };
        if let Some(reply) = &message.reply {
            // It asks again when it hears nothing.
            let _ = self.team.meeting.say(reply.to_string(), &answer).await;
        }
    }

    /// How long the load has run.
    fn after(&self) -> Span {
        Span(self.team.calendar.now_ns().saturating_sub(self.start_ns))
    }

    /// Awaits nothing more from an agent, unless it has ended.
    fn loses(&mut self, agent: usize, how: &str, lost: &mut impl FnMut(&str)) {
        if self.merging.has_ended(agent) {
            return;
        }
        self.merging.lost(agent);
        self.short[agent] = Some(Short { how: how.to_owned(), at: self.after(), lost: true });
        lost(&self.sentence(agent));
    }

    /// What a reader must know of an agent that did not do its whole share.
    fn sentence(&self, agent: usize) -> String {
        let Some(Short { how, at, lost }) = &self.short[agent] else { return String::new() };
        let (until, due) = self.merging.told(agent);
        let name = &self.team.members[agent].name;
        let share = 100.0 / self.short.len() as f64;
        let of = self.planned(agent).map_or(String::new(), |planned| format!(" of its {planned}"));
        let until = if *lost {
            format!("; it told of {due}{of} requests, those until {:.1} s", until.as_secs())
        } else {
            format!("; {due}{of} requests were due until then")
        };
        format!(
            "agent {name} {how} at {:.1} s: {share:.0} % of the load was not sent after that{until}",
            at.as_secs()
        )
    }

    /// How many requests the plan deals to an agent; none in a closed loop, which has no plan.
    fn planned(&self, agent: usize) -> Option<usize> {
        if self.attack.is_closed() {
            return None;
        }
        let share = Share::new(agent as u32, self.short.len() as u32).expect("agents are counted");
        let last = Time::ZERO + self.attack.warm_up + self.attack.duration;
        Some(Plan::new(&self.attack).share(share).take_while(|planned| planned.due < last).count())
    }

    async fn done(self) -> Done {
        let sentences = (0..self.short.len()).map(|agent| self.sentence(agent));
        let short: Vec<String> = sentences.filter(|text| !text.is_empty()).collect();
        let mut notes = short.clone();
        notes.push(self.beginning());
        let Self { team, attack, merging, start_ns, .. } = self;
        let names = team.names();
        let by = format!("loadgen {}, {}", env!("CARGO_PKG_VERSION"), named(&names));
        let source = Source::Measured { target: attack.target.to_string(), by };
        let mut run = merging.finish(&attack.name, source, attack.offered_rate());
        if attack.is_closed() {
            run.offered_rate = run.achieved_rate();
        }
        run.started_unix = start_ns / Span::SECOND.0;
        notes.append(&mut run.notes);
        run.notes = notes;
        team.meeting.leave().await;
        Done { run, short }
    }

    /// How well they began together.
    fn beginning(&self) -> String {
        let within = self.team.members.iter().filter_map(|member| member.offset.map(|offset| offset.within));
        let woke = self.woke_late.iter().max().copied().unwrap_or(0);
        let part = if self.attack.is_closed() { "had every" } else { "sent every" };
        let whole = if self.attack.is_closed() { "user" } else { "request of one plan" };
        format!(
            "{} agents {part} {} {whole} each; their clocks were compared to within {:.2} ms, and the last of them \
             woke {:.2} ms after the agreed instant",
            self.short.len(),
            ordinal(self.short.len()),
            within.max().unwrap_or_default().as_millis(),
            woke as f64 / 1e6
        )
    }
}

/// "3 agents: a, b, c"; of very many, the first.
fn named(names: &[String]) -> String {
    const MOST: usize = 8;
    let first = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > MOST { ", ..." } else { "" };
    format!("{} agents: {first}{more}", names.len())
}

/// "3rd"
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// Returns when an agent is gone.
async fn until_gone(meeting: &Meeting, ear: String, question: &Order) {
    let clock = Clock::start();
    let (mut heard, mut nobody) = (clock.now(), 0);
    loop {
        match meeting.ask::<Answer>(ear.clone(), question, ANSWERED).await {
            Ok(_) => (heard, nobody) = (clock.now(), 0),
            Err(NoAnswer::Nobody) => nobody += 1,
            Err(NoAnswer::TooLate | NoAnswer::Bad(_)) => {}
        }
        if nobody >= NOBODY || clock.now().since(heard) > SILENCE {
            return;
        }
        sleep(ASKING).await;
    }
}
