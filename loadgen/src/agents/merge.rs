//! Makes one run of what several agents tell, without losing a count.
//!
//! Their seconds begin at the same instant, so that the intervals of a second become one; it waits for the slowest agent that is still there.
//! The run at the end is made of the agents' own runs, which count each request by when it was due; of an agent that was lost
//! there are only its intervals, which count by when a request ended: at the border of the warm-up that is a moment less sharp.
use super::{message, nodes};
use crate::attack::{BROKEN_OFF, STEPS_LEFT, THINKING};
use crate::store;
use loadpath_core::run::{ClassRun, NodeRun, Outcomes, Run, Second, Source};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use std::collections::BTreeMap;

/// More requests than this nobody sends in a run.
const MOST_REQUESTS: u64 = 1 << 40;
/// More notes of one agent are not kept.
const MOST_NOTES: usize = 50;
/// What ends so late in the second before the warm-up's end is still of the warm-up.
const BORDER: Span = Span::from_millis(100);

/// One run in the making.
#[derive(Debug)]
pub struct Merging {
    classes: Vec<String>,
    nodes: Vec<String>,
    agents: Vec<Agent>,
    warm_up: Span,
    /// No load can last longer.
    longest: Span,
    /// What is known of the seconds that somebody may still tell of.
    open: BTreeMap<u64, Interval>,
    /// The first second that was not given away.
    next: u64,
    /// How many intervals were, and where the last ended.
    given: u64,
    end: Span,
    /// The 99th percentile of every second that was given away, in nanoseconds.
    p99_ns: BTreeMap<u64, u64>,
}

/// What one agent has told.
#[derive(Debug)]
struct Agent {
    name: String,
    /// What its intervals come to, those of the warm-up left out, and its seconds.
    so_far: Run,
    /// Until when it has told everything.
    until: Span,
    intervals: u64,
    /// Its own run, once it has ended.
    run: Option<Run>,
    /// Nothing more is awaited from it.
    done: bool,
}

/// What agents note of the same thing.
struct Said<'a> {
    head: &'a str,
    /// As the first of them says it.
    note: &'a str,
    agents: Vec<&'a str>,
    /// Whether all of them say it in the same words.
    alike: bool,
}

impl Merging {
    /// Of agents with these names, who send these classes of requests to these nodes, for at most so long.
    pub fn new(
        names: Vec<String>,
        (classes, nodes): (Vec<String>, Vec<String>),
        warm_up: Span,
        longest: Span,
    ) -> Self {
        let nothing = || Run::new("", Source::Measured { target: String::new(), by: String::new() }, 0.0);
        let agent =
            |name| Agent { name, so_far: nothing(), until: Span::ZERO, intervals: 0, run: None, done: false };
        Self {
            classes,
            nodes,
            agents: names.into_iter().map(agent).collect(),
            warm_up,
            longest,
            open: BTreeMap::new(),
            next: 0,
            given: 0,
            end: Span::ZERO,
            p99_ns: BTreeMap::new(),
        }
    }

    /// Takes an agent's interval.
    ///
    /// # Errors
    /// A sentence, when no agent could have measured it; nothing has been taken then.
    pub fn interval(&mut self, agent: usize, interval: Interval) -> Result<(), String> {
        self.check_interval(&interval)?;
        let Self { agents, warm_up, next, open, .. } = self;
        let told = &mut agents[agent];
        if told.done {
            return Err("it had ended".to_owned());
        }
        told.intervals += 1;
        told.until = told.until.max(interval.start + interval.length);
        let own = second_of(interval.start);
        if interval.start + BORDER >= *warm_up {
            store::count(&mut told.so_far, &interval);
        }
        add_second(&mut told.so_far.series, own as usize, &interval);
        match open.entry(own.max(*next)) {
            std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(interval)),
            std::collections::btree_map::Entry::Occupied(mut place) => add(place.get_mut(), &interval),
        }
        Ok(())
    }

    /// Takes an agent's own run: it has ended.
    ///
    /// # Errors
    /// A sentence, when no agent could have measured it; nothing has been taken then.
    pub fn ended(&mut self, agent: usize, mut run: Run) -> Result<(), String> {
        self.check_run(&run)?;
        run.notes.truncate(MOST_NOTES);
        run.notes.iter_mut().for_each(|note| *note = message::plain(note));
        let told = &mut self.agents[agent];
        told.run = Some(run);
        told.done = true;
        Ok(())
    }

    /// Nothing more comes from this agent.
    pub fn lost(&mut self, agent: usize) {
        self.agents[agent].done = true;
    }

    /// Whether nothing more is awaited from this agent.
    pub fn has_ended(&self, agent: usize) -> bool {
        self.agents[agent].done
    }

    /// Whether nothing is awaited any longer.
    pub fn is_done(&self) -> bool {
        self.agents.iter().all(|agent| agent.done)
    }

    /// Until when an agent has told everything, and how many requests were due at it until then.
    pub fn told(&self, agent: usize) -> (Span, u64) {
        let told = &self.agents[agent];
        let series = told.run.as_ref().map_or(&told.so_far.series, |run| &run.series);
        (told.until, series.iter().map(|second| second.offered).sum())
    }

    /// The next merged interval of which nobody will tell more. Numbers have no gaps, and an interval begins where the one before
    /// it ended.
    pub fn next_interval(&mut self) -> Option<Interval> {
        let waiting = self.agents.iter().filter(|agent| !agent.done);
        let until = waiting.map(|agent| second_of(agent.until)).min().unwrap_or(u64::MAX);
        let (&second, _) = self.open.first_key_value().filter(|&(&second, _)| second < until)?;
        let mut interval = self.open.remove(&second)?;
        let end = (interval.start + interval.length).max(self.end);
        interval.number = self.given;
        interval.start = self.end;
        interval.length = end.saturating_sub(self.end);
        self.p99_ns.insert(second, p99(&interval));
        (self.given, self.end, self.next) = (self.given + 1, end, second + 1);
        Some(interval)
    }

    /// The run of all. Intervals of confidence are left out: those of the agents are not independent of one another.
    pub fn finish(self, name: &str, source: Source, offered_rate: f64) -> Run {
        let mut all = Run::new(name, source, offered_rate);
        all.warm_up = self.warm_up;
        all.classes = self.classes.iter().map(|name| ClassRun::named(name)).collect();
        let mut nodes: Vec<NodeRun> = self.nodes.iter().map(|id| NodeRun::named(id)).collect();
        let runs = || self.agents.iter().map(|agent| agent.run.as_ref().unwrap_or(&agent.so_far));
        for run in runs() {
            all.duration = all.duration.max(run.duration);
            all.send_delay.merge(&run.send_delay);
            all.connect.merge(&run.connect);
            for of in &run.classes {
                let Some(class) = all.classes.iter_mut().find(|class| class.name == of.name) else {
                    continue;
                };
                class.merge(of);
            }
            for (all, of) in nodes.iter_mut().zip(&run.nodes) {
                nodes::add_run(all, of);
            }
            all.series.resize_with(all.series.len().max(run.series.len()), Second::default);
            for (all, of) in all.series.iter_mut().zip(&run.series) {
                all.offered += of.offered;
                all.outcomes.merge(&of.outcomes);
            }
        }
        for (second, all) in all.series.iter_mut().enumerate() {
            all.p99_ns = self.p99_ns.get(&(second as u64)).copied().unwrap_or(0);
        }
        all.nodes = nodes;
        all.notes = self.notes();
        all
    }

    /// What the agents note: counts are added, what several say is said once.
    fn notes(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut said: Vec<Said<'_>> = Vec::new();
        for agent in &self.agents {
            for note in agent.run.iter().flat_map(|run| &run.notes) {
                if let Some((count, what)) = counted(note) {
                    let all = counts.entry(what).or_default();
                    *all = all.saturating_add(count);
                    continue;
                }
                // What stands before the colon is what it is about.
                let head = note.split_once(": ").map_or(note.as_str(), |(head, _)| head);
                match said.iter_mut().find(|said| said.head == head) {
                    Some(said) => {
                        said.agents.push(&agent.name);
                        said.alike &= said.note == note;
                    }
                    None => said.push(Said { head, note, agents: vec![&agent.name], alike: true }),
                }
            }
        }
        let said = said.into_iter().map(|Said { note, agents, alike, .. }| match agents.as_slice() {
            all if all.len() == self.agents.len() && alike => note.to_owned(),
            [one] => format!("agent {one}: {note}"),
            [one, others @ ..] => format!("agent {one}, and so say {} others: {note}", others.len()),
            [] => note.to_owned(),
        });
        said.chain(counts.into_iter().map(|(what, count)| format!("{count} {what}"))).collect()
    }

    fn check_interval(&self, interval: &Interval) -> Result<(), String> {
        let Interval { start, length, offered, classes, nodes, send_delay, connect, .. } = interval;
        let end = start.0.checked_add(length.0);
        let names = classes.iter().map(|class| &class.name);
        let counted = classes.iter().all(|class| {
            is_sane(&class.outcomes)
                && is_like(&class.response, &class.outcomes)
                && is_like(&class.service, &class.outcomes)
                && class.breakdown.is_of(&class.outcomes)
        });
        holds(&[
            (end.is_some_and(|end| end <= self.longest.0), "it lasts longer than the load"),
            (names.eq(&self.classes), "it has other classes than its task"),
            (nodes.iter().map(|node| &node.id).eq(&self.nodes), "it has other nodes than its task"),
            (nodes.iter().all(nodes::is_sane), "its counts cannot be"),
            (counted && *offered <= MOST_REQUESTS, "its counts cannot be"),
            (send_delay.count().max(connect.count()) <= MOST_REQUESTS, "its counts cannot be"),
        ])
    }

    fn check_run(&self, run: &Run) -> Result<(), String> {
        let names = run.classes.iter().map(|class| &class.name);
        let counted = run.classes.iter().all(|class| {
            is_sane(&class.outcomes)
                && is_like(&class.response, &class.outcomes)
                && is_like(&class.service, &class.outcomes)
                && class.breakdown.is_of(&class.outcomes)
        });
        let seconds = run.series.iter().all(|of| is_sane(&of.outcomes) && of.offered <= MOST_REQUESTS);
        holds(&[
            (run.duration <= self.longest, "it lasts longer than the load"),
            (run.series.len() as u64 <= second_of(self.longest) + 1, "it lasts longer than the load"),
            (names.eq(&self.classes), "it has other classes than its task"),
            (run.nodes.iter().map(|node| &node.id).eq(&self.nodes), "it has other nodes than its task"),
            (run.nodes.iter().all(nodes::is_sane_run), "its counts cannot be"),
            (counted && seconds, "its counts cannot be"),
            (run.send_delay.count().max(run.connect.count()) <= MOST_REQUESTS, "its counts cannot be"),
        ])
    }
}

/// The count that a note begins with, when it says how requests ended, or how many users there were.
fn counted(note: &str) -> Option<(u64, &str)> {
    let (count, what) = note.split_once(' ')?;
    let adds_up = ["refused: ", "failed: ", "timed out: ", THINKING, BROKEN_OFF, STEPS_LEFT]
        .iter()
        .any(|of_all| what.starts_with(of_all));
    count.parse().ok().filter(|_| adds_up).map(|count| (count, what))
}

fn holds(claims: &[(bool, &str)]) -> Result<(), String> {
    claims.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, says)| Err((*says).to_owned()))
}

pub(super) fn is_sane(outcomes: &Outcomes) -> bool {
    [outcomes.ok, outcomes.refused, outcomes.failed, outcomes.timed_out]
        .iter()
        .all(|&count| count <= MOST_REQUESTS)
}

/// Every request has at most one time.
pub(super) fn is_like(histogram: &Histogram, outcomes: &Outcomes) -> bool {
    histogram.count() <= outcomes.total()
}

fn second_of(at: Span) -> u64 {
    at.0 / Span::SECOND.0
}

fn p99(interval: &Interval) -> u64 {
    let mut response = Histogram::new(Precision::Fine);
    interval.classes.iter().for_each(|class| response.merge(&class.response));
    response.quantile(0.99).0
}

fn add_second(series: &mut Vec<Second>, second: usize, interval: &Interval) {
    series.resize_with(series.len().max(second + 1), Second::default);
    series[second].offered += interval.offered;
    interval.classes.iter().for_each(|class| series[second].outcomes.merge(&class.outcomes));
}

/// Adds another agent's interval of the same second, of the same classes.
fn add(all: &mut Interval, of: &Interval) {
    let end = (all.start + all.length).max(of.start + of.length);
    all.start = all.start.min(of.start);
    all.length = end.saturating_sub(all.start);
    all.offered += of.offered;
    all.send_delay.merge(&of.send_delay);
    all.connect.merge(&of.connect);
    for (all, of) in all.classes.iter_mut().zip(&of.classes) {
        all.merge(of);
    }
    for (all, of) in all.nodes.iter_mut().zip(&of.nodes) {
        nodes::add(all, of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::Breakdown;
    use loadpath_core::wire::ClassInterval;

    fn of(name: &str, ms: u64, count: u64) -> ClassInterval {
        let mut response = Histogram::new(Precision::Fine);
        response.record_n(Span::from_millis(ms), count);
        let outcomes = Outcomes { ok: count, ..Outcomes::default() };
        let breakdown = Breakdown::default();
        ClassInterval { name: name.to_owned(), outcomes, service: response.clone(), response, breakdown }
    }

    fn interval(second: u64, ms: u64, count: u64) -> Interval {
        Interval {
            number: second,
            start: Span(second * Span::SECOND.0 + ms * 1_000_000),
            length: Span::SECOND,
            offered: count,
            classes: vec![of("a", ms + 1, count)],
            nodes: Vec::new(),
            send_delay: Histogram::default(),
            connect: Histogram::default(),
        }
    }

    fn three() -> Merging {
        let names = ["x", "y", "z"].map(str::to_owned).to_vec();
        Merging::new(names, (vec!["a".to_owned()], Vec::new()), Span::SECOND, Span(100 * Span::SECOND.0))
    }

    #[test]
    fn a_second_waits_for_the_slowest_until_it_is_lost_and_no_count_is() {
        let mut merging = three();
        for second in 0..4 {
            merging.interval(0, interval(second, 1, 10)).unwrap();
            merging.interval(1, interval(second, 40, 5)).unwrap();
            assert_eq!(merging.next_interval().is_some(), second == 1, "the third has told of one second");
            if second == 0 {
                merging.interval(2, interval(0, 90, 1)).unwrap();
            }
        }
        merging.lost(2);
        assert_eq!(merging.told(2), (Span(1_090_000_000), 1));
        let mut merged = Vec::new();
        while let Some(interval) = merging.next_interval() {
            let end = interval.start + interval.length;
            merged.push((interval.number, interval.offered, interval.classes[0].response.count(), end));
        }
        let end = |second: u64| Span(second * Span::SECOND.0 + 40_000_000);
        assert_eq!(merged, [(1, 15, 15, end(2)), (2, 15, 15, end(3)), (3, 15, 15, end(4))]);
        let run = merging.finish("all", Source::Simulated { seed: 1 }, 30.0);
        // The warm-up is told in the series and does not count.
        assert_eq!(run.series.iter().map(|second| second.offered).collect::<Vec<_>>(), [16, 15, 15, 15]);
        assert_eq!((run.outcomes().ok, run.response().count()), (45, 45));
    }

    #[test]
    fn an_agent_s_own_run_counts_instead_of_its_intervals_and_notes_have_names() {
        let mut merging = three();
        let mut own = Run::new("own", Source::Simulated { seed: 1 }, 10.0);
        own.classes = vec![ClassRun::named("a")];
        own.classes[0].outcomes.ok = 7;
        let notes = ["the plan was x", "3 failed: HTTP status 500", "late: by 7 ms", "seen\u{1b}[2J"];
        own.notes = notes.map(str::to_owned).to_vec();
        for agent in 0..3 {
            merging.interval(agent, interval(1, 1, 100)).unwrap();
            merging.ended(agent, own.clone()).unwrap();
            own.notes.truncate(3);
            own.notes[2] = format!("late: by {} ms", 8 + agent);
        }
        assert!(merging.is_done() && merging.interval(0, interval(2, 1, 1)).is_err());
        let run = merging.finish("all", Source::Simulated { seed: 1 }, 30.0);
        assert_eq!(run.outcomes().ok, 21);
        let late = "agent x, and so say 2 others: late: by 7 ms";
        assert_eq!(run.notes, ["the plan was x", late, "agent x: seen[2J", "9 failed: HTTP status 500"]);
    }

    #[test]
    fn what_no_agent_could_have_measured_is_refused_whole() {
        let mut merging = three();
        let mut other = interval(0, 1, 1);
        other.classes[0].name = "b".to_owned();
        let mut late = interval(0, 1, 1);
        late.start = Span(u64::MAX);
        let mut many = interval(0, 1, 1);
        many.classes[0].outcomes.failed = u64::MAX;
        let mut unlike = interval(0, 1, 5);
        unlike.classes[0].outcomes.ok = 4;
        for hostile in [other, late, many, unlike] {
            assert!(merging.interval(0, hostile).is_err());
        }
        let mut long = Run::new("own", Source::Simulated { seed: 1 }, 10.0);
        assert!(merging.ended(0, long.clone()).is_err(), "it lacks the class");
        long.classes = vec![ClassRun::named("a")];
        long.series = vec![Second::default(); 1_000];
        assert!(merging.ended(0, long).is_err());
        assert_eq!((merging.told(0), merging.next_interval()), ((Span::ZERO, 0), None));
    }
}
