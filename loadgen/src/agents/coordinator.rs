//! A coordinator: it waits for agents, deals the task, and has all begin at one instant.
use super::AgentsFault;
use super::calendar::{Calendar, Offset};
use super::follow::Together;
use super::meeting::{CALLS, Meeting, NoAnswer, all_reports, ear};
use super::message::{self, Answer, Call, Here, Order, Report};
use super::task::Task;
use crate::attack::Attack;
use crate::entropy;
use async_nats::Subscriber;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;

/// How often it is asked who is there.
const CALLING: Duration = Duration::from_millis(300);
/// How long an agent may take to say whether it takes part: it may ask the target for its consent first.
const PREPARED: Duration = Duration::from_secs(20);
/// How long an agent may take to answer anything else.
const ANSWERED: Duration = Duration::from_secs(2);
/// How long the connections may take beyond the timeout of a request.
const CONNECTED: Duration = Duration::from_secs(30);
/// How often it is asked whether they are open.
const ASKING: Duration = Duration::from_millis(50);
/// How many round trips the clocks are compared by, when all is quiet.
const TRIPS: u32 = 8;
/// How long before the first instant the agents are told of it.
const AHEAD: Duration = Duration::from_millis(500);

/// Who brings agents together.
#[derive(Debug)]
pub struct Coordinator {
    meeting: Meeting,
    stop: CancellationToken,
}

/// One of the agents of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is called; no two have one name.
    pub name: String,
    /// What is known of its clock.
    pub offset: Option<Offset>,
    id: String,
}

/// What happens before the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Another agent has come.
    Joined {
        /// Its name.
        name: String,
        /// How many there are now.
        here: usize,
        /// How many are wanted.
        wanted: usize,
    },
    /// All may load the target, and open their connections.
    Prepared,
    /// All connections are open, and the clocks are compared.
    Ready(Vec<Member>),
}

/// The agents of a run.
#[derive(Debug)]
pub struct Team {
    pub(super) meeting: Meeting,
    pub(super) run: String,
    pub(super) members: Vec<Member>,
    pub(super) calendar: Calendar,
    pub(super) reports: Subscriber,
    pub(super) stop: CancellationToken,
}

impl Coordinator {
    /// At this meeting; `stop` ends what it does, and tells the agents.
    pub const fn new(meeting: Meeting, stop: CancellationToken) -> Self {
        Self { meeting, stop }
    }

    /// Waits until so many agents have come.
    ///
    /// # Errors
    /// When it is stopped, or NATS fails.
    pub async fn gather(self, wanted: usize, mut tell: impl FnMut(Happening)) -> Result<Team, AgentsFault> {
        let run = entropy::hex(16).map_err(|why| AgentsFault::Nats(why.to_string()))?;
        let inbox = self.meeting.inbox();
        let mut answers = self.meeting.listen(inbox.clone()).await?;
        let reports = self.meeting.listen(all_reports(&run)).await?;
        let call = Call { version: env!("CARGO_PKG_VERSION").to_owned() };
        let mut members: Vec<Member> = Vec::new();
        let mut calling = interval(CALLING);
        while members.len() < wanted {
            tokio::select! {
                () = self.stop.cancelled() => return Err(AgentsFault::Stopped),
                _ = calling.tick() => self.meeting.call(CALLS.to_owned(), inbox.clone(), &call).await?,
                answer = answers.next() => {
                    let answer = answer.ok_or_else(|| AgentsFault::Nats("the connection is gone".to_owned()))?;
                    let Ok(here) = message::decode::<Here>(&answer.payload) else { continue };
                    if let Some(name) = admit(&mut members, &here) {
                        tell(Happening::Joined { name, here: members.len(), wanted });
                    }
                }
            }
        }
        let Self { meeting, stop } = self;
        Ok(Team { meeting, run, members, calendar: Calendar::start(), reports, stop })
    }
}

/// Takes in an agent that is new and has proper names; says what it is called here.
fn admit(members: &mut Vec<Member>, here: &Here) -> Option<String> {
    let proper = message::name(&here.name).is_ok()
        && here.id.len() == 32
        && here.id.bytes().all(|b| b.is_ascii_hexdigit())
        && here.version == env!("CARGO_PKG_VERSION");
    if !proper || members.iter().any(|member| member.id == here.id) {
        return None;
    }
    let twin = |name: &str| members.iter().any(|member| member.name == name);
    let name = if twin(&here.name) {
        let mut numbers = 2_u32..;
        numbers.find_map(|n| Some(format!("{}#{n}", here.name)).filter(|name| !twin(name)))?
    } else {
        here.name.clone()
    };
    members.push(Member { name: name.clone(), offset: None, id: here.id.clone() });
    Some(name)
}

impl Team {
    /// Their names, in the order of their shares.
    pub fn names(&self) -> Vec<String> {
        self.members.iter().map(|member| member.name.clone()).collect()
    }

    /// Has all of them drive the task; `attack` is the same, for what the coordinator itself must know of its plan.
    ///
    /// # Errors
    /// When one of them refuses, breaks or is lost before the first instant, or it is stopped: then all are told to stop.
    pub async fn begin(
        mut self,
        task: &Task,
        attack: Attack,
        mut tell: impl FnMut(Happening),
    ) -> Result<Together, AgentsFault> {
        match self.all_begin(task, &mut tell).await {
            Ok(start_ns) => Ok(Together::new(self, attack, start_ns)),
            Err(why) => {
                self.stop_all().await;
                Err(why)
            }
        }
    }

    async fn all_begin(&mut self, task: &Task, tell: &mut impl FnMut(Happening)) -> Result<u64, AgentsFault> {
        self.prepare(task).await?;
        tell(Happening::Prepared);
        let patience = Duration::from_nanos(task.timeout.0) + CONNECTED;
        self.all_ready(self.calendar.now_ns() + patience.as_nanos() as u64).await?;
        for _ in 0..TRIPS {
            self.compare_clocks().await?;
        }
        tell(Happening::Ready(self.members.clone()));
        let start_ns = self.calendar.now_ns() + AHEAD.as_nanos() as u64;
        let all = self.members.iter().map(|member| {
            let at_ns = member.offset.map_or(start_ns, |offset| offset.theirs(start_ns));
            self.order(member, Order::Begin { run: self.run.clone(), at_ns }, AHEAD)
        });
        for (member, answer) in self.members.iter().zip(join_all(all).await) {
            agreed(member, answer, &Answer::Agreed)?;
        }
        Ok(start_ns)
    }

    /// Deals the shares.
    async fn prepare(&self, task: &Task) -> Result<(), AgentsFault> {
        let of = self.members.len() as u32;
        let all = (0_u32..).zip(&self.members).map(|(number, member)| {
            let (run, task) = (self.run.clone(), Box::new(task.clone()));
            self.order(member, Order::Prepare { run, number, of, task }, PREPARED)
        });
        let answers = tokio::select! {
            () = self.stop.cancelled() => return Err(AgentsFault::Stopped),
            answers = join_all(all) => answers,
        };
        self.members
            .iter()
            .zip(answers)
            .try_for_each(|(member, answer)| agreed(member, answer, &Answer::Prepared))
    }

    /// Waits until every connection is open.
    async fn all_ready(&mut self, late_ns: u64) -> Result<(), AgentsFault> {
        loop {
            let ready = self.compare_clocks().await?;
            if ready.iter().all(|&ready| ready) {
                return Ok(());
            }
            if self.calendar.now_ns() > late_ns {
                let waiting = self.members.iter().zip(ready).filter(|(_, ready)| !ready);
                return Err(AgentsFault::NotReady(waiting.map(|(member, _)| member.name.clone()).collect()));
            }
            // Nothing is reported before the load but what is wrong.
            let next = timeout(ASKING, self.reports.next());
            let report = tokio::select! {
                () = self.stop.cancelled() => return Err(AgentsFault::Stopped),
                report = next => report,
            };
            if let Ok(Some(report)) = report {
                let told = message::decode::<Report>(&report.payload);
                let number = report.subject.rsplit('.').next().and_then(|last| last.parse::<usize>().ok());
                if let (Ok(Report::Broke { why }), Some(member)) =
                    (told, number.and_then(|number| self.members.get(number)))
                {
                    let (name, why) = (member.name.clone(), message::plain(&why));
                    return Err(AgentsFault::Refused { name, why });
                }
            }
        }
    }

    /// Asks all clocks once, and says who is ready.
    async fn compare_clocks(&mut self) -> Result<Vec<bool>, AgentsFault> {
        let all = self.members.iter().map(async |member| {
            let asked = self.calendar.now_ns();
            let answer = self.order(member, Order::Clock { run: self.run.clone() }, ANSWERED).await;
            (asked, answer, self.calendar.now_ns())
        });
        let answers = join_all(all).await;
        let mut ready = Vec::new();
        for (member, (asked, answer, answered)) in self.members.iter_mut().zip(answers) {
            match answer {
                Ok(Answer::Clock { now_ns, ready: is_ready }) => {
                    member.offset = Some(Offset::of(asked, now_ns, answered).better(member.offset));
                    ready.push(is_ready);
                }
                // It is busy with its connections.
                Err(NoAnswer::TooLate) => ready.push(false),
                Err(NoAnswer::Nobody) => return Err(AgentsFault::LostBefore(member.name.clone())),
                other => {
                    agreed(member, other, &Answer::Agreed)?;
                    ready.push(false);
                }
            }
        }
        Ok(ready)
    }

    async fn order(&self, member: &Member, order: Order, within: Duration) -> Result<Answer, NoAnswer> {
        self.meeting.ask(ear(&member.id), &order, within).await
    }

    /// Asks every agent to stop, and waits a moment for those that hear.
    pub(super) async fn stop_all(&self) {
        let all = self
            .members
            .iter()
            .map(|member| self.order(member, Order::Stop { run: self.run.clone() }, ANSWERED));
        join_all(all).await;
    }

    /// What asks one agent whether it is there.
    pub(super) fn question(&self, number: usize) -> (Meeting, String, Order) {
        (self.meeting.clone(), ear(&self.members[number].id), Order::Clock { run: self.run.clone() })
    }
}

fn agreed(member: &Member, answer: Result<Answer, NoAnswer>, wanted: &Answer) -> Result<(), AgentsFault> {
    let refused = |why: String| AgentsFault::Refused { name: member.name.clone(), why: message::plain(&why) };
    match answer {
        Ok(answer) if answer == *wanted => Ok(()),
        Ok(Answer::Refused { why }) => Err(refused(why)),
        Ok(_) => Err(refused("its answer is to another question".to_owned())),
        Err(NoAnswer::Nobody) => Err(AgentsFault::LostBefore(member.name.clone())),
        Err(why) => Err(refused(why.to_string())),
    }
}
