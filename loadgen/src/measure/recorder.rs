//! Where the users leave what they saw: one vector per shard, so that they hardly ever wait for one another.
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a request ended, in more detail than an [`Outcome`]: reports say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// A whole answer with this status.
    Answered(u16),
    /// A whole answer with a status that is an error elsewhere, and that its check asks for.
    Accepted(u16),
    /// A whole answer that is not what this check of the attack's, counted from zero, wants.
    CheckFailed(u16),
    /// What an earlier answer brought cannot stand in this request: it was not sent.
    NotARequest,
    /// Nobody listens.
    ConnectionRefused,
    /// No connection could be opened, for another reason.
    NoConnection,
    /// The other side could not be trusted, or speaks no TLS.
    NoSecurity,
    /// The other side speaks no HTTP/2.
    NoHttp2,
    /// Opening a connection took too long.
    ConnectTimedOut,
    /// The head of the answer took too long.
    NoFirstByte,
    /// The connection broke before the whole answer was there.
    ConnectionLost,
    /// Its time was up before the whole answer was there.
    TimedOut,
    /// Its time was up while it waited for a free connection.
    NeverSent,
}

impl Ending {
    /// As every report counts it: 2xx and 3xx are good; 503, 429 and a closed port are refusals.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Answered(200..=399) | Self::Accepted(_) => Outcome::Ok,
            Self::Answered(429 | 503) | Self::ConnectionRefused => Outcome::Refused,
            Self::Answered(_)
            | Self::CheckFailed(_)
            | Self::NotARequest
            | Self::NoConnection
            | Self::NoSecurity
            | Self::NoHttp2
            | Self::ConnectionLost => Outcome::Failed,
            Self::TimedOut | Self::NeverSent | Self::ConnectTimedOut | Self::NoFirstByte => Outcome::TimedOut,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(f, "HTTP status {status}"),
            Self::Accepted(status) => write!(f, "HTTP status {status}, as its check asks"),
            Self::CheckFailed(check) => write!(f, "check {} did not hold", check + 1),
            Self::NotARequest => {
                f.write_str("not sent, because what an earlier answer brought cannot stand in a header")
            }
            Self::NoSecurity => f.write_str("no TLS connection came about"),
            Self::NoHttp2 => f.write_str("the server speaks no HTTP/2"),
            Self::ConnectTimedOut => f.write_str("no connection in time"),
            Self::NoFirstByte => f.write_str("no first byte in time"),
            Self::ConnectionRefused => f.write_str("connection refused"),
            Self::NoConnection => f.write_str("no connection could be opened"),
            Self::ConnectionLost => f.write_str("connection closed before the whole answer"),
            Self::TimedOut => f.write_str("no whole answer in time"),
            Self::NeverSent => f.write_str("never sent, because no connection was free in time"),
        }
    }
}

/// What one request went through.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its class.
    pub class: u16,
    /// When it was to be sent.
    pub due: Time,
    /// When it was sent, or would have been.
    pub sent: Time,
    /// When the first byte of an answer came that was read to its end.
    pub first_byte: Option<Time>,
    /// When it ended.
    pub end: Time,
    /// How.
    pub ending: Ending,
    /// Whether it had to wait for a connection: then the delay of its send is not the generator's own.
    pub waited: bool,
}

/// What one call inside the target went through, as `Server-Timing` tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hop {
    /// A call, as its caller saw it.
    Call {
        /// The place of the node among the attack's nodes.
        node: u16,
        /// How it ended.
        outcome: Outcome,
        /// From the caller's send to its answer.
        response: Span,
    },
    /// Time in a node's queue.
    Wait {
        /// The place of the node.
        node: u16,
        /// How long.
        wait: Span,
    },
    /// A lookup in a cache.
    Lookup {
        /// The place of the node.
        node: u16,
        /// Whether it was there.
        hit: bool,
    },
}

/// What has been seen and not yet been tallied.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Requests, each with the number of its hops.
    pub(super) samples: Vec<(Sample, u16)>,
    /// The hops of all of them, in the same order.
    pub(super) hops: Vec<Hop>,
    /// How long connections took to open.
    pub(super) connects: Vec<Span>,
}

/// Where the users leave what they saw.
#[derive(Debug)]
pub struct Recorder {
    shards: Vec<Mutex<Seen>>,
    /// How many requests were due, by the second of the load.
    due: Mutex<Vec<u64>>,
}

impl Recorder {
    /// With this many shards, ≥ 1: as many as threads record.
    pub fn new(shards: usize) -> Self {
        let shards = (0..shards.max(1)).map(|_| Mutex::default()).collect();
        Self { shards, due: Mutex::default() }
    }

    /// Keeps what the user of this number saw. A few dozen nanoseconds.
    pub fn record(&self, user: usize, sample: Sample, hops: &[Hop]) {
        let mut shard = lock(&self.shards[user % self.shards.len()]);
        // server_timing::MAX_METRICS bounds the hops far below.
        shard.samples.push((sample, hops.len() as u16));
        shard.hops.extend_from_slice(hops);
    }

    /// Keeps how long it took to open a connection for the user of this number.
    pub fn connected(&self, user: usize, took: Span) {
        lock(&self.shards[user % self.shards.len()]).connects.push(took);
    }

    /// Counts requests that were due, each at so long after the start of the load.
    pub fn due(&self, after_start: impl Iterator<Item = Span>) {
        let mut due = lock(&self.due);
        for after in after_start {
            let second = (after.0 / Span::SECOND.0) as usize;
            if due.len() <= second {
                due.resize(second + 1, 0);
            }
            due[second] += 1;
        }
    }

    /// How many requests were due in each second so far.
    pub fn offered(&self) -> Vec<u64> {
        lock(&self.due).clone()
    }

    /// Takes away what has been seen, shard by shard.
    pub(super) fn take(&self) -> impl Iterator<Item = Seen> + '_ {
        self.shards.iter().map(|shard| std::mem::take(&mut *lock(shard)))
    }
}

/// The data are whole even if a thread panicked while holding the lock: nothing in here panics half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
