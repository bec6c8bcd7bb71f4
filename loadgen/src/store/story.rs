//! Reads a journal: the whole run, or as much of it as there is, and what happened to it.
use super::entry::{Begun, Entry, Label};
use super::frame::{self, Scan};
use loadpath_core::run::{ClassRun, NodeRun, RUN_VERSION, Run, Second, Source};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::wire::{Interval, NodeInterval};
use serde::{Deserialize, Serialize};

/// What a run file tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The run; of one that was interrupted, what its intervals add up to. Its notes say what happened to it.
    pub run: Run,
    /// What people put on it.
    pub tags: Vec<String>,
    /// How it ended.
    pub state: State,
    /// Its seconds; none of a run that was kept as a whole.
    pub intervals: Vec<Interval>,
}

impl Story {
    /// Of a run of which only the whole is known.
    pub const fn whole(run: Run) -> Self {
        Self { run, tags: Vec::new(), state: State::Ended, intervals: Vec::new() }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// By itself, or it was stopped in order.
    Ended,
    /// The agent died in it, or its end is damaged.
    Interrupted,
    /// Not yet.
    Running,
}

/// Reads a journal's bytes; none when nothing in it can be read. `running` when somebody still writes to it.
pub(super) fn read(bytes: &[u8], running: bool) -> Option<Story> {
    let Scan { frames, damage } = frame::scan(bytes);
    let mut parts = Parts::default();
    let mut unknown = 0;
    for (_, json) in frames {
        match serde_json::from_str(json) {
            Ok(entry) => parts.add(entry),
            Err(_) => unknown += 1,
        }
    }
    let mut lost = String::new();
    // A journal that is being written may end in half a frame.
    if !damage.is_empty() && !running {
        let bytes: usize = damage.iter().map(|(_, length)| length).sum();
        lost = format!(
            "its file is damaged at byte {}: {bytes} bytes in {} places cannot be read and are left out",
            damage[0].0,
            damage.len()
        );
    }
    let notes = [
        lost,
        if unknown > 0 {
            format!("{unknown} entries of its file are not understood by this version")
        } else {
            String::new()
        },
    ];
    parts.story(running, notes.into_iter().filter(|note| !note.is_empty()).collect())
}

/// The number that the next frame of a journal gets, and whether the last frame is torn.
pub(super) fn end_of(bytes: &[u8]) -> (u32, bool) {
    let Scan { frames, .. } = frame::scan(bytes);
    let next = frames.last().map_or(0, |(number, _)| number.wrapping_add(1));
    (next, bytes.last().is_some_and(|&last| last != b'\n'))
}

#[derive(Default)]
struct Parts {
    begun: Option<Begun>,
    intervals: Vec<Interval>,
    ended: Option<Run>,
    label: Label,
    notes: Vec<String>,
}

impl Parts {
    fn add(&mut self, entry: Entry) {
        self.notes.extend(entry.note());
        match entry {
            Entry::Begun(begun) => self.begun = Some(begun),
            Entry::Interval(interval) => self.intervals.push(*interval),
            Entry::Ended(run) if run.loadpath_run == RUN_VERSION => self.ended = Some(*run),
            Entry::Label(label) => {
                let name = label.name.or_else(|| self.label.name.take());
                self.label = Label { name, tags: label.tags };
            }
            Entry::Ended(_)
            | Entry::Stalled { .. }
            | Entry::ClockJumped { .. }
            | Entry::NotWritten { .. } => {}
        }
    }

    fn story(mut self, running: bool, lost: Vec<String>) -> Option<Story> {
        let missing = missing(&self.intervals);
        let (mut run, state) = match self.ended.take() {
            Some(run) => (run, State::Ended),
            None if self.begun.is_none() && self.intervals.is_empty() => return None,
            None => (self.assemble(running), if running { State::Running } else { State::Interrupted }),
        };
        if missing > 0 {
            let told = if state == State::Ended { "; the figures of the run count them" } else { "" };
            run.notes.push(format!("{missing} of its intervals are missing{told}"));
        }
        run.notes.extend(lost);
        run.name = self.label.name.unwrap_or(run.name);
        Some(Story { run, tags: self.label.tags, state, intervals: self.intervals })
    }

    /// What the intervals add up to. A request counts in the interval in which it ended, so the border of the warm-up is as sharp
    /// as an interval is long.
    fn assemble(&mut self, running: bool) -> Run {
        let begun = self.begun.take().unwrap_or_else(|| Begun {
            name: "unknown".to_owned(),
            source: Source::Measured { target: "unknown".to_owned(), by: "unknown".to_owned() },
            started_unix: 0,
            offered_rate: 0.0,
            warm_up: Span::ZERO,
            duration: Span::ZERO,
        });
        let mut run = Run::new(&begun.name, begun.source, begun.offered_rate);
        run.started_unix = begun.started_unix;
        run.warm_up = begun.warm_up;
        for interval in &self.intervals {
            run.series.push(second(interval));
            // What ends a moment before the first counted second is over is still of the warm-up.
            if interval.start + Span::from_millis(100) >= begun.warm_up {
                count(&mut run, interval);
            }
        }
        if run.offered_rate == 0.0 && run.duration > Span::ZERO {
            let due: u64 = run.series.iter().map(|second| second.offered).sum();
            let all = self.intervals.iter().fold(Span::ZERO, |sum, interval| sum + interval.length);
            run.offered_rate = due as f64 / all.as_secs();
        }
        let end = self.intervals.last().map_or(Span::ZERO, |last| last.start + last.length);
        run.notes.push(if running {
            format!("it is under way: {:.1} s of {:.1} s so far", end.as_secs(), (begun.warm_up + begun.duration).as_secs())
        } else {
            format!(
                "interrupted: the agent ended without a word after {:.1} s of {:.1} s, or the end of its file is damaged; \
                 this is what the intervals until then add up to, and what the disk did not take is missing: a second at most, unless it was full",
                end.as_secs(),
                (begun.warm_up + begun.duration).as_secs()
            )
        });
        run.notes.append(&mut self.notes);
        run
    }
}

/// How many numbers are left out between the first interval of all and the last that is there.
fn missing(intervals: &[Interval]) -> u64 {
    let last = intervals.iter().map(|interval| interval.number).max();
    last.map_or(0, |last| last.saturating_add(1).saturating_sub(intervals.len() as u64))
}

fn second(interval: &Interval) -> Second {
    let mut second = Second { offered: interval.offered, ..Second::default() };
    let mut response = Histogram::new(Precision::Fine);
    for class in &interval.classes {
        second.outcomes.merge(&class.outcomes);
        response.merge(&class.response);
    }
    second.p99_ns = response.quantile(0.99).0;
    second
}

/// Adds an interval to a run.
pub(crate) fn count(run: &mut Run, interval: &Interval) {
    run.duration += interval.length;
    run.send_delay.merge(&interval.send_delay);
    run.connect.merge(&interval.connect);
    for class in &interval.classes {
        match run.classes.iter_mut().find(|known| known.name == class.name) {
            Some(known) => class.add_to(known),
            None => {
                let mut new = ClassRun::named(&class.name);
                class.add_to(&mut new);
                run.classes.push(new);
            }
        }
    }
    for node in &interval.nodes {
        match run.nodes.iter_mut().find(|known| known.id == node.id) {
            Some(known) => {
                known.outcomes.merge(&node.outcomes);
                known.response.merge(&node.response);
                known.wait.merge(&node.wait);
                // Their means over the run are not known from those of the intervals.
                known.utilization = None;
                known.hit_ratio = None;
            }
            None => run.nodes.push(node_run(node)),
        }
    }
}

fn node_run(node: &NodeInterval) -> NodeRun {
    NodeRun {
        outcomes: node.outcomes,
        response: node.response.clone(),
        wait: node.wait.clone(),
        utilization: node.utilization,
        hit_ratio: node.hit_ratio,
        ..NodeRun::named(&node.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::run::Breakdown;
    use loadpath_core::wire::ClassInterval;

    fn begun() -> Entry {
        Entry::Begun(Begun {
            name: "a".to_owned(),
            source: Source::Simulated { seed: 1 },
            started_unix: 5,
            offered_rate: 10.0,
            warm_up: Span::SECOND,
            duration: Span(3 * Span::SECOND.0),
        })
    }

    fn interval(number: u64) -> Entry {
        let mut response = Histogram::new(Precision::Fine);
        response.record_n(Span::from_millis(number + 1), 10);
        let outcomes = loadpath_core::run::Outcomes { ok: 10, ..Default::default() };
        let class = ClassInterval {
            name: "all".to_owned(),
            outcomes,
            service: response.clone(),
            response,
            breakdown: Breakdown::default(),
        };
        Entry::Interval(Box::new(Interval {
            number,
            start: Span(number * Span::SECOND.0),
            length: Span::SECOND,
            offered: 10,
            classes: vec![class],
            nodes: Vec::new(),
            send_delay: Histogram::default(),
            connect: Histogram::default(),
        }))
    }

    fn journal(entries: &[Entry]) -> Vec<u8> {
        let json = |entry| serde_json::to_string(entry).unwrap();
        (0..).zip(entries).flat_map(|(n, entry)| frame::encode(n, &json(entry)).into_bytes()).collect()
    }

    #[test]
    fn an_interrupted_run_is_what_its_intervals_add_up_to_after_the_warm_up() {
        let entries = [begun(), interval(0), interval(1), interval(2)];
        let story = read(&journal(&entries), false).unwrap();
        assert_eq!((story.state, story.run.outcomes().ok), (State::Interrupted, 20));
        assert_eq!((story.run.series.len(), story.run.duration.as_secs()), (3, 2.0));
        assert!(story.run.notes[0].starts_with("interrupted: "), "{:?}", story.run.notes);
        let running = read(&journal(&entries), true).unwrap();
        assert!(running.state == State::Running && running.run.notes[0].starts_with("it is under way"));
        assert_eq!(read(b"hello", false), None);
        assert_eq!(read(b"", false), None);
    }

    #[test]
    fn every_flipped_byte_leaves_a_run_that_says_so() {
        let ended = Entry::Ended(Box::new(Run::new("whole", Source::Simulated { seed: 1 }, 10.0)));
        let whole = journal(&[begun(), interval(0), interval(1), ended]);
        assert_eq!(read(&whole, false).unwrap().run.notes, [""; 0]);
        for byte in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[byte] ^= 0x55;
            let story = read(&bytes, false).unwrap();
            let told = story.run.notes.iter().any(|note| note.contains("is damaged"));
            assert!(told, "byte {byte}: {:?}", story.run.notes);
            assert!(!story.intervals.is_empty(), "byte {byte} costs more than its frame");
        }
        for length in 1..whole.len() {
            if let Some(story) = read(&whole[..length], false) {
                assert!(!story.run.notes.is_empty(), "cut at {length} and not told");
            }
        }
    }

    #[test]
    fn what_happened_to_the_agent_is_in_the_notes() {
        let stalled = Entry::Stalled { after: Span::SECOND, length: Span(5 * Span::SECOND.0) };
        let jumped = Entry::ClockJumped { after: Span::SECOND, by_ms: -3_600_000 };
        let story = read(&journal(&[begun(), interval(0), stalled, jumped, interval(3)]), false).unwrap();
        let notes = story.run.notes.join("\n");
        for told in
            ["stood still for 5.0 s at 1.0 s", "jumped by -3600.0 s", "2 of its intervals are missing"]
        {
            assert!(notes.contains(told), "{told} is not in {notes}");
        }
    }
}
