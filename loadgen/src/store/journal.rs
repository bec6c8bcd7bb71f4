//! Writes a run to disk while it is under way: a frame a second, each flushed, on a thread of its own.
//!
//! What was acknowledged survives the agent's death, and a loss of power. When the disk takes no more, the file is cut back to its last whole frame
//! and what follows waits in memory (an interval is a few kB) until the disk takes it again.
use super::entry::{Begun, Entry};
use super::frame;
use crate::clock::{self, Clock};
use loadpath_core::run::Run;
use loadpath_core::time::{Span, Time};
use loadpath_core::wire::Interval;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// How often the writer looks at the clocks.
const LOOK: Duration = Duration::from_millis(100);
/// A look that comes later than this means that the whole agent stood still.
const STALL: Span = Span::from_millis(1_000);
/// The calendar may drift by this much, in milliseconds, until it is called a jump.
const JUMP_MS: i64 = 1_000;

/// A run's journal, while the run is under way.
#[derive(Debug)]
pub(super) struct Journal {
    sender: Sender<Entry>,
    thread: JoinHandle<Ended>,
    /// Who looks on the clocks does so for as long as this is there.
    alive: Arc<()>,
}

/// What the thread leaves.
struct Ended {
    writer: Writer,
    notes: Vec<String>,
}

impl Journal {
    /// Begins a journal in a file that is new and empty, `since` after the load began. Nobody else may write to it: it is locked
    /// until the end.
    pub(super) fn begin(file: File, begun: Begun, since: Span) -> io::Result<Self> {
        // A file system without locks is no reason not to keep the run.
        let _ = file.try_lock();
        let mut writer = Writer::new(file);
        writer.put(&Entry::Begun(begun));
        let watch = Watch::start(since);
        let (sender, receiver) = channel();
        let (alive, happened) = (Arc::new(()), sender.clone());
        let (here, looks) = (Arc::downgrade(&alive), watch.clone());
        let named = |name: &str| Builder::new().name(name.to_owned());
        named("watch").spawn(move || look_on(looks, &here, &happened))?;
        let thread = named("journal").spawn(move || keep(&receiver, writer, &watch))?;
        Ok(Self { sender, thread, alive })
    }

    /// Takes an interval; it is on disk within a moment.
    pub(super) fn interval(&self, interval: &Interval) {
        // Should the thread have died, `finish` says so.
        let _ = self.sender.send(Entry::Interval(Box::new(interval.clone())));
    }

    /// Notes in the run what happened to the agent, and writes the run as the journal's end.
    pub(super) fn finish(self, run: &mut Run) -> io::Result<()> {
        drop((self.sender, self.alive));
        let ended = self.thread.join().map_err(|_| io::Error::other("the journal's writer panicked"))?;
        let Ended { mut writer, notes } = ended;
        run.notes.extend(notes);
        writer.put(&Entry::Ended(Box::new(run.clone())));
        writer.flush()
    }
}

/// Looks whether time passes as it should, on a thread that waits for nothing else: a disk that takes long says nothing of the agent.
fn look_on(mut watch: Watch, alive: &Weak<()>, happened: &Sender<Entry>) {
    while alive.strong_count() > 0 {
        let before = watch.clock.now();
        sleep(LOOK);
        for entry in watch.look(before) {
            // Should the writer have died, `finish` says so.
            let _ = happened.send(entry);
        }
    }
}

/// Writes what comes until nobody can send any more.
fn keep(receiver: &Receiver<Entry>, mut writer: Writer, watch: &Watch) -> Ended {
    let mut notes = Vec::new();
    let mut failing = false;
    while let Ok(entry) = receiver.recv() {
        notes.extend(entry.note());
        writer.put(&entry);
        match writer.flush() {
            Ok(()) => failing = false,
            Err(why) if !failing => {
                failing = true;
                // When nobody reads standard error, nobody can be told; the note stays.
                let _ = writeln!(
                    io::stderr(),
                    "loadgen: the run cannot be written ({why}); it goes on in memory"
                );
                let entry = Entry::NotWritten { after: watch.after(), why: why.to_string() };
                notes.extend(entry.note());
                writer.put(&entry);
            }
            Err(_) => {}
        }
    }
    Ended { writer, notes }
}

/// Looks whether time has passed as it should.
#[derive(Clone)]
struct Watch {
    clock: Clock,
    /// What the calendar said when the clock read zero, in milliseconds since 1970.
    zero_ms: i64,
    /// How long the load had run then.
    since: Span,
}

impl Watch {
    fn start(since: Span) -> Self {
        Self { clock: Clock::start(), zero_ms: clock::unix_millis(), since }
    }

    fn after(&self) -> Span {
        self.since + self.clock.now().since(Time::ZERO)
    }

    /// What happened since `before`, when a look was begun.
    fn look(&mut self, before: Time) -> Vec<Entry> {
        let now = self.clock.now();
        self.judge(before, now, clock::unix_millis())
    }

    fn judge(&mut self, before: Time, now: Time, unix_ms: i64) -> Vec<Entry> {
        let mut entries = Vec::new();
        let waited = now.since(before);
        if waited > STALL {
            entries.push(Entry::Stalled { after: self.since + before.since(Time::ZERO), length: waited });
        }
        let by_ms = unix_ms - (now.0 / 1_000_000) as i64 - self.zero_ms;
        if by_ms.abs() > JUMP_MS {
            entries.push(Entry::ClockJumped { after: self.since + now.since(Time::ZERO), by_ms });
            self.zero_ms += by_ms;
        }
        entries
    }
}

/// Appends frames to a file, each whole or not at all.
pub(super) struct Writer {
    file: File,
    /// The length of the file up to its last whole frame.
    good: u64,
    number: u32,
    /// Frames that the disk has not taken yet.
    waiting: VecDeque<String>,
}

impl Writer {
    /// At the start of an empty file that is opened for appending.
    pub(super) const fn new(file: File) -> Self {
        Self { file, good: 0, number: 0, waiting: VecDeque::new() }
    }

    /// At the end of a file of this length, whose next frame has this number.
    pub(super) const fn at_end(file: File, length: u64, number: u32) -> Self {
        Self { file, good: length, number, waiting: VecDeque::new() }
    }

    /// Adds an entry to what is to be written.
    pub(super) fn put(&mut self, entry: &Entry) {
        let json = serde_json::to_string(entry).expect("an entry holds only what JSON can say");
        self.waiting.push_back(frame::encode(self.number, &json));
        self.number = self.number.wrapping_add(1);
    }

    /// Writes what waits and waits for the disk. What could not be written waits on.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while let Some(frame) = self.waiting.front() {
            if let Err(why) = self.file.write_all(frame.as_bytes()) {
                // No part of a frame may stand before the next one. Where this fails too, a reader skips the part.
                let _ = self.file.set_len(self.good);
                return Err(why);
            }
            self.good += frame.len() as u64;
            self.waiting.pop_front();
        }
        self.file.sync_data()
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("good", &self.good).field("waiting", &self.waiting.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frame::scan;
    use std::fs::OpenOptions;

    #[test]
    fn a_pause_and_a_set_clock_are_told_apart_and_neither_twice() {
        let mut watch = Watch { clock: Clock::start(), zero_ms: 1_000_000, since: Span::SECOND };
        let at = |ms: u64| Time(ms * 1_000_000);
        assert_eq!(watch.judge(at(0), at(100), 1_000_100), []);
        let stalled = watch.judge(at(100), at(5_200), 1_005_200);
        let expected = Entry::Stalled { after: Span::from_millis(1_100), length: Span::from_millis(5_100) };
        assert_eq!(stalled, [expected]);
        let jumped = watch.judge(at(5_200), at(5_300), 1_005_300 - 3_600_000);
        assert_eq!(jumped, [Entry::ClockJumped { after: Span::from_millis(6_300), by_ms: -3_600_000 }]);
        assert_eq!(watch.judge(at(5_300), at(5_400), 1_005_400 - 3_600_000), []);
    }

    #[test]
    fn a_full_disk_keeps_what_it_took_and_gets_the_rest_when_there_is_room() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let path = std::env::temp_dir().join(format!("loadgen-journal-{}", std::process::id()));
        let room = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        room.set_len(0).unwrap();
        let mut writer = Writer::new(room);
        let label = |name: &str| {
            Entry::Label(super::super::entry::Label { name: Some(name.to_owned()), tags: vec![] })
        };
        writer.put(&label("one"));
        writer.flush().unwrap();
        let room = std::mem::replace(&mut writer.file, full);
        writer.put(&label("two"));
        assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        writer.put(&label("three"));
        assert!(writer.flush().is_err());
        writer.file = room;
        writer.flush().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let read = scan(&bytes);
        assert!(read.damage.is_empty(), "{read:?}");
        assert_eq!(read.frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), [0, 1, 2]);
        std::fs::remove_file(path).unwrap();
    }
}
