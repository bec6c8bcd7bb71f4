//! Who drives a load: this process, or agents together.
use super::AgentsFault;
use super::coordinator::{Happening, Team};
use super::follow::Done;
use super::task::{Course, Task};
use super::what::{Asked, What, Workload};
use crate::attack::{Attack, Paths, drive};
use loadpath_core::topology::Topology;
use loadpath_core::wire::Interval;
use loadpath_core::workload::Spacing;
use std::fmt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Who drives a load.
pub enum Driver {
    /// This process.
    Here,
    /// Agents that have come together, each its share; and who is told what becomes of them.
    Together(Box<Team>, Tell),
}

/// Who is told.
pub type Tell = Box<dyn Fn(Told<'_>) + Send + Sync>;

/// What is told while agents come to drive a load, and while they do.
#[derive(Debug)]
pub enum Told<'a> {
    /// Before it.
    Before(Happening),
    /// An agent does not do its whole share: a sentence.
    Lost(&'a str),
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(sentence) => f.write_str(sentence),
            Self::Before(Happening::Joined { name, here, wanted }) => {
                write!(f, "agent {name} has come, {here} of {wanted}")
            }
            Self::Before(Happening::Prepared) => {
                f.write_str("all agents may load the target, and open their connections")
            }
            Self::Before(Happening::Ready(members)) => {
                let known = members.iter().filter_map(|member| Some((&member.name, member.offset?)));
                for (number, (name, offset)) in known.enumerate() {
                    let between = if number > 0 { "\n" } else { "" };
                    let (ahead, within) = (offset.ahead_ns as f64 / 1e6, offset.within.as_millis());
                    write!(
                        f,
                        "{between}agent {name} is ready; its clock is {ahead:+.3} ms from ours, known to within {within:.3} ms"
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("Here"),
            Self::Together(team, _) => f.debug_tuple("Together").field(team).finish(),
        }
    }
}

impl Driver {
    /// Drives the attack, of which `task` is what agents are told. Sends an interval every second.
    ///
    /// # Errors
    /// A sentence, when nothing was measured.
    pub async fn drive(
        self,
        attack: Attack,
        task: impl FnOnce(&Attack) -> Result<Task, String>,
        stop: CancellationToken,
        intervals: mpsc::Sender<Interval>,
    ) -> Result<Done, String> {
        let (team, tell) = match self {
            Self::Together(team, tell) => (Team { stop, ..*team }, tell),
            Self::Here => {
                let run = drive(attack, stop, intervals).await.map_err(|fault| fault.to_string())?;
                return Ok(Done { run, short: Vec::new() });
            }
        };
        let task = task(&attack)?;
        let begun = team.begin(&task, attack, |happening| tell(Told::Before(happening))).await;
        let together = begun.map_err(|fault: AgentsFault| fault.to_string())?;
        // What is heard from agents is never slower than who looks at it.
        let (heard, mut waiting) = mpsc::unbounded_channel::<Interval>();
        let following = together
            .follow(move |interval| drop(heard.send(interval.clone())), |lost| tell(Told::Lost(lost)));
        let passing = async {
            while let Some(interval) = waiting.recv().await {
                // Who does not listen any longer has the run.
                let _ = intervals.send(interval).await;
            }
            drop(intervals);
        };
        let (done, ()) = tokio::join!(following, passing);
        Ok(done)
    }
}

impl Task {
    /// What agents are told of an attack that was made from this document.
    ///
    /// # Errors
    /// A sentence, when it cannot be told to agents.
    pub fn of_design(document: &Topology, attack: &Attack) -> Result<Self, String> {
        let mut target = attack.target.clone();
        if target.paths == Paths::PerClass {
            target.paths = Paths::Plain("/".to_owned());
        }
        let what = What::Design(Box::new(Workload::of(document, attack)));
        Self { name: attack.name.clone(), url: target.to_string(), what, ..Self::timed_as(attack) }.told()
    }

    /// What agents are told of an attack that asks this of a URL.
    ///
    /// # Errors
    /// A sentence, when it cannot be told to agents.
    pub fn of_requests(url: &str, asked: Asked, attack: &Attack) -> Result<Self, String> {
        let too_long = || "a trace of more than 50,000 requests cannot be told to agents".to_owned();
        Self {
            name: attack.name.clone(),
            url: url.to_owned(),
            evenly: attack.arrivals.spacing == Spacing::Constant,
            course: Course::of(&attack.shape).ok_or_else(too_long)?,
            what: What::Requests(asked),
            ..Self::timed_as(attack)
        }
        .told()
    }

    /// What agents are told of users who go on the journeys of this file.
    ///
    /// # Errors
    /// A sentence, when it cannot be told to agents.
    pub fn of_journey(text: &str, attack: &Attack) -> Result<Self, String> {
        let (name, url) = (attack.name.clone(), attack.target.to_string());
        Self { name, url, what: What::Journey(text.to_owned()), ..Self::timed_as(attack) }.told()
    }

    fn told(self) -> Result<Self, String> {
        self.check().map_err(|why| format!("this load cannot be told to agents: {why}"))?;
        Ok(self)
    }
}
