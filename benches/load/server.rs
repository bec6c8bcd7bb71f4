//! A small HTTP/1.1 server in a process of its own, a thread for each connection, which records what it did itself.
//!
//! `stall`: answers at once, but for one second that begins three seconds after the first request; its record is that of
//! [`Stalled`]. `slow`: holds each answer back for an exponential time of 2 ms in the mean; its record is the histogram of
//! how long each request was really with it. `prompt`: answers at once. `reset`: resets connections
//! in the middle of requests.
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::{Rng, Seed};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// The argument that makes this program such a server.
pub(crate) const FLAG: &str = "__server";

/// The behaviour of a server that just answers, and of one that resets connections.
pub(crate) const PROMPT: &str = "prompt";
pub(crate) const RESET: &str = "reset";

pub(crate) const STALL_AT: Duration = Duration::from_secs(3);
pub(crate) const STALL: Duration = Duration::from_secs(1);
/// So close behind its plan a request has not waited for the stall any more.
const CAUGHT_UP: f64 = 0.002;

/// Of so many reads one ends in a reset.
const RESETS: u64 = 50;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nhi";

/// What happens between a request and its answer.
enum Behaviour {
    Stall(Mutex<Vec<Instant>>),
    Slow(Box<Mutex<(Rng, Histogram)>>, Sampler),
    Prompt,
    Reset(AtomicU64),
}

/// Serves until it is killed, and prints a record for every line of standard input.
pub(crate) fn run(behaviour: &str) {
    let behaviour = Arc::new(match behaviour {
        PROMPT => Behaviour::Prompt,
        RESET => Behaviour::Reset(AtomicU64::new(0)),
        "stall" => Behaviour::Stall(Mutex::default()),
        _ => {
            let law: Law = "exp 2ms".parse().expect("it is a law");
            let begin = (Seed(1).stream("server"), Histogram::new(Precision::Fine));
            Behaviour::Slow(Box::new(Mutex::new(begin)), law.sampler())
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    println!("{}", listener.local_addr().expect("a bound socket has an address"));
    let served = Arc::clone(&behaviour);
    spawn(move || {
        for stream in listener.incoming().flatten() {
            let behaviour = Arc::clone(&served);
            spawn(move || converse(stream, &behaviour));
        }
    });
    for _ in std::io::stdin().lock().lines() {
        println!("{}", behaviour.record());
    }
}

fn converse(mut stream: TcpStream, behaviour: &Behaviour) {
    // Without it answers would still come, and late.
    let _ = stream.set_nodelay(true);
    let mut bytes = [0; 16 << 10];
    let mut filled = 0;
    while let Ok(n @ 1..) = stream.read(&mut bytes[filled..][..behaviour.reads()]) {
        if behaviour.resets() {
            // Closed with bytes unread: the system resets it.
            return;
        }
        filled += n;
        // Nobody here sends a body, or a request before the last one is answered.
        if !bytes[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        filled = 0;
        let begun = Instant::now();
        behaviour.hold(begun);
        if stream.write_all(ANSWER).is_err() {
            return;
        }
        behaviour.answered(begun);
    }
}

impl Behaviour {
    /// How much is read at once: what resets leaves something unread.
    const fn reads(&self) -> usize {
        if let Self::Reset(_) = self { 16 } else { 8 << 10 }
    }

    fn resets(&self) -> bool {
        matches!(self, Self::Reset(reads) if reads.fetch_add(1, Ordering::Relaxed) % RESETS == RESETS - 1)
    }

    fn hold(&self, now: Instant) {
        match self {
            Self::Prompt | Self::Reset(_) => {}
            Self::Stall(arrivals) => {
                let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                arrivals.push(now);
                let since = now - arrivals[0];
                drop(arrivals);
                if since >= STALL_AT && since < STALL_AT + STALL {
                    sleep(STALL_AT + STALL - since);
                }
            }
            Self::Slow(state, sampler) => {
                let span = sampler.sample(&mut state.lock().unwrap_or_else(PoisonError::into_inner).0);
                sleep(Duration::from_nanos(span.0));
            }
        }
    }

    fn answered(&self, begun: Instant) {
        if let Self::Slow(state, _) = self {
            let held = Span(begun.elapsed().as_nanos() as u64);
            state.lock().unwrap_or_else(PoisonError::into_inner).1.record(held);
        }
    }

    fn record(&self) -> String {
        match self {
            Self::Prompt | Self::Reset(_) => String::new(),
            Self::Stall(arrivals) => {
                let arrivals = std::mem::take(&mut *arrivals.lock().unwrap_or_else(PoisonError::into_inner));
                serde_json::to_string(
                    &arrivals.iter().map(|at| (*at - arrivals[0]).as_secs_f64()).collect::<Vec<_>>(),
                )
                .expect("numbers are JSON")
            }
            Self::Slow(state, _) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut state.1, Histogram::new(Precision::Fine)).to_base64()
            }
        }
    }
}

/// What the server saw of a load of `rate` that it stopped for a second.
pub(crate) struct Stalled {
    /// In [0, 1): rate / m, where m is how many per second it took after the stall, until it had caught up.
    pub(crate) drain: f64,
}

impl Stalled {
    /// From the seconds of all arrivals since the first, in order.
    pub(crate) fn of(arrivals: &[f64], rate: f64) -> Self {
        let end = (STALL_AT + STALL).as_secs_f64();
        let due_at_the_end = (rate * end) as usize;
        let caught_up = arrivals.iter().enumerate().skip(due_at_the_end);
        let mut caught_up = caught_up.filter(|(number, at)| **at - *number as f64 / rate < CAUGHT_UP);
        // In d seconds it takes those of the stall and those that have become due meanwhile: m d = rate (1 + d).
        let d = caught_up.next().map_or(0.0, |(_, at)| (at - end).max(0.0));
        Self { drain: d / (1.0 + d) }
    }

    /// The response time at `q` of a load of `seconds`, in seconds; none where the stall does not reach. Who is due u into the
    /// stall waits until its end, and then for those before: 1 - u (1 - drain).
    pub(crate) fn quantile(&self, q: f64, seconds: f64) -> Option<f64> {
        let waits = STALL.as_secs_f64() - (1.0 - q) * seconds * (1.0 - self.drain);
        (waits > 0.0).then_some(waits)
    }
}
