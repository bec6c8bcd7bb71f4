//! A host: cores that all instances on a machine share, handed out by the supervisor, which outlives them all.
//!
//! ```text
//! instance ──job, nanoseconds of work──▶ supervisor, with the simulator's processor for each host
//!          ◀──job──────────────────────  when it is done; number zero is answered at once, with what all have used
//! ```
//!
//! An instance that dies loses its connection, and its work is taken off the cores.
use super::cpu::catch_up;
use crate::clock::Clock;
use crate::timer::Alarm;
use loadpath_core::component::processor::{Discipline, Processor};
use loadpath_core::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// The job that is none: it asks how much of the cores was used.
const NO_JOB: u32 = 0;
/// How long a word is, either way: a job's number, and nanoseconds.
const WORD: usize = 12;

/// A host of the design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    /// Its place in the design's list.
    pub(super) place: u16,
    /// Cores that are shared, ≥ 1.
    pub(super) cores: u32,
    /// How fast they are, > 0.
    pub(super) speed: f64,
}

/// A job's number, and nanoseconds: of its work, or those that all have used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    job: u32,
    nanos: u64,
}

impl Word {
    fn bytes(self) -> [u8; WORD] {
        let mut bytes = [0; WORD];
        bytes[..4].copy_from_slice(&self.job.to_le_bytes());
        bytes[4..].copy_from_slice(&self.nanos.to_le_bytes());
        bytes
    }

    async fn read(from: &mut OwnedReadHalf) -> io::Result<Self> {
        Ok(Self { job: from.read_u32_le().await?, nanos: from.read_u64_le().await? })
    }
}

/// Writes words until nobody has any more, or nobody reads them.
async fn write(mut to: OwnedWriteHalf, mut words: mpsc::UnboundedReceiver<Word>) {
    while let Some(word) = words.recv().await {
        if to.write_all(&word.bytes()).await.is_err() {
            return;
        }
    }
}

impl Host {
    /// Where it listens, in the run's directory. No instance's directory is called so.
    fn path(&self, directory: &Path) -> PathBuf {
        directory.join(format!("host.{}.sock", self.place))
    }

    /// Hands out its cores until the runtime ends, to who connects in the run's directory.
    ///
    /// # Errors
    /// When it cannot listen, or has no timer.
    pub(super) fn open(&self, directory: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(self.path(directory))?;
        let clock = Clock::start();
        let alarm = Alarm::new(clock)?;
        let mut processor = Processor::new(f64::from(self.cores), Discipline::ProcessorSharing);
        processor.set_speed(Time::ZERO, self.speed);
        let (sender, heard) = mpsc::unbounded_channel();
        tokio::spawn(accept(listener, sender));
        let desk = Desk { clock, processor, jobs: BTreeMap::new(), next_job: 0, callers: BTreeMap::new() };
        tokio::spawn(desk.serve(alarm, heard));
        Ok(())
    }
}

/// What the host hears of the instance of this number.
enum Heard {
    Came(u64, mpsc::UnboundedSender<Word>),
    Said(u64, Word),
    Left(u64),
}

async fn accept(listener: UnixListener, heard: mpsc::UnboundedSender<Heard>) {
    for caller in 0_u64.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (mut from, to) = stream.into_split();
        let (words, outgoing) = mpsc::unbounded_channel();
        tokio::spawn(write(to, outgoing));
        let heard = heard.clone();
        tokio::spawn(async move {
            // An error is the desk's end, and that of all of this.
            let _ = heard.send(Heard::Came(caller, words));
            while let Ok(word) = Word::read(&mut from).await {
                let _ = heard.send(Heard::Said(caller, word));
            }
            let _ = heard.send(Heard::Left(caller));
        });
    }
}

/// Who works on the host's cores.
struct Desk {
    clock: Clock,
    processor: Processor,
    /// The instance whose job each is, and what it calls it.
    jobs: BTreeMap<u32, (u64, u32)>,
    next_job: u32,
    callers: BTreeMap<u64, mpsc::UnboundedSender<Word>>,
}

impl Desk {
    async fn serve(mut self, alarm: Alarm, mut heard: mpsc::UnboundedReceiver<Heard>) {
        loop {
            let due = self.processor.next().unwrap_or(Time::NEVER);
            tokio::select! {
                biased;
                word = heard.recv() => match word {
                    Some(word) => self.hear(word),
                    None => return,
                },
                () = alarm.until(due) => {}
            }
            self.let_go(self.clock.now());
        }
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.clock.now();
        self.let_go(now);
        match heard {
            Heard::Came(caller, words) => drop(self.callers.insert(caller, words)),
            Heard::Said(caller, Word { job: NO_JOB, .. }) => {
                self.tell(caller, Word { job: NO_JOB, nanos: self.processor.used(now) as u64 });
            }
            Heard::Said(caller, Word { job, nanos }) => {
                self.next_job = self.next_job.wrapping_add(1);
                self.jobs.insert(self.next_job, (caller, job));
                self.processor.start(now, self.next_job, Span(nanos));
            }
            Heard::Left(caller) => {
                self.callers.remove(&caller);
                let its: Vec<u32> =
                    self.jobs.iter().filter(|(_, of)| of.0 == caller).map(|(&job, _)| job).collect();
                for job in its {
                    self.jobs.remove(&job);
                    self.processor.remove(now, job);
                }
            }
        }
    }

    /// Tells whose work is done.
    fn let_go(&mut self, now: Time) {
        let mut done = Vec::new();
        catch_up(&mut self.processor, now, |job| done.push(job));
        for (caller, job) in done.iter().filter_map(|job| self.jobs.remove(job)).collect::<Vec<_>>() {
            self.tell(caller, Word { job, nanos: 0 });
        }
    }

    fn tell(&self, caller: u64, word: Word) {
        if let Some(words) = self.callers.get(&caller) {
            // It may be dying.
            let _ = words.send(word);
        }
    }
}

/// An instance's way to the cores of its host.
pub(super) struct HostCores {
    cores: u32,
    jobs: Cell<u32>,
    /// Who waits for the end of which job.
    waiting: RefCell<BTreeMap<u32, oneshot::Sender<()>>>,
    /// Who asks how much was used, first first.
    asking: RefCell<VecDeque<oneshot::Sender<u64>>>,
    words: mpsc::UnboundedSender<Word>,
}

impl HostCores {
    /// Of a host whose run's directory this is. Must be called in a local set.
    ///
    /// # Errors
    /// When the host does not listen.
    pub(super) fn connect(host: &Host, directory: &Path) -> io::Result<Rc<Self>> {
        let stream = std::os::unix::net::UnixStream::connect(host.path(directory))?;
        stream.set_nonblocking(true)?;
        let (from, to) = UnixStream::from_std(stream)?.into_split();
        let (words, outgoing) = mpsc::unbounded_channel();
        tokio::task::spawn_local(write(to, outgoing));
        let (jobs, cores) = (Cell::new(NO_JOB), host.cores);
        let host =
            Rc::new(Self { cores, jobs, waiting: RefCell::default(), asking: RefCell::default(), words });
        tokio::task::spawn_local(host.clone().listen(from));
        Ok(host)
    }

    async fn listen(self: Rc<Self>, mut from: OwnedReadHalf) {
        while let Ok(Word { job, nanos }) = Word::read(&mut from).await {
            // Who asked for it may be gone.
            if job == NO_JOB {
                let _ = self.asking.borrow_mut().pop_front().map(|who| who.send(nanos));
            } else {
                let _ = self.waiting.borrow_mut().remove(&job).map(|who| who.send(()));
            }
        }
    }

    /// Gives the host a piece of work that takes so long on a core of its own; it is told when it is done.
    pub(super) fn start(&self, work: Span) -> oneshot::Receiver<()> {
        let job = self.jobs.get().checked_add(1).unwrap_or(NO_JOB + 1);
        self.jobs.set(job);
        let (sender, done) = oneshot::channel();
        self.waiting.borrow_mut().insert(job, sender);
        // Where the supervisor ends, so does this process.
        let _ = self.words.send(Word { job, nanos: work.0 });
        done
    }

    /// Core-nanoseconds that all on the host have used so far, and how many cores there are.
    pub(super) async fn figures(&self) -> (u64, u32) {
        let (sender, answer) = oneshot::channel();
        self.asking.borrow_mut().push_back(sender);
        let _ = self.words.send(Word { job: NO_JOB, nanos: 0 });
        (answer.await.unwrap_or(0), self.cores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn instances_share_cores_and_one_that_dies_leaves_them_to_the_others() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let directory = tempfile::tempdir().unwrap();
                let host = Host { place: 0, cores: 1, speed: 2.0 };
                host.open(directory.path()).unwrap();
                let connect = || HostCores::connect(&host, directory.path()).unwrap();
                let (web, db) = (connect(), connect());
                let clock = Clock::start();
                let begun = clock.now();
                let (first, second) = (web.start(Span::from_millis(20)), db.start(Span::from_millis(60)));
                first.await.unwrap();
                let took = clock.now().since(begun);
                // Twice as fast, and shared by two: 20 ms. A busy machine only adds.
                assert!(took >= Span::from_micros(19_950), "{took}");
                second.await.unwrap();
                let took = clock.now().since(begun);
                assert!(took >= Span::from_micros(39_950), "{took}");
                let (used, cores) = web.figures().await;
                assert!(cores == 1 && used + 1_000 >= 40_000_000 && used <= took.0, "{used} of {took}");

                // A third dies with much to do; nobody waits for that.
                let stream = std::os::unix::net::UnixStream::connect(host.path(directory.path())).unwrap();
                io::Write::write_all(&mut &stream, &Word { job: 1, nanos: 60_000_000_000 }.bytes()).unwrap();
                drop(stream);
                let begun = clock.now();
                web.start(Span::from_millis(200)).await.unwrap();
                let took = clock.now().since(begun);
                // 100 ms of its own; shared for good it would be 200.
                assert!(took < Span::from_millis(190), "{took}");
            })
            .await;
    }
}
