//! What a coordinator asks for: the whole attack, without where it may go, which is each agent's own to say.
use super::what::{Asked, MOST_CLASSES, MOST_NODES, What};
use crate::attack::{Attack, Curve, Journey, Manner, Paths, Piece, Shape, Share, Target};
use loadpath_core::rng::Seed;
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Class, Spacing};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most requests per second that one process is asked for.
const MOST_RATE: f64 = 200_000.0;
/// The longest load, warm-up included.
const LONGEST: Span = Span(2 * 3_600 * Span::SECOND.0);
/// The longest that a request may take.
const LONGEST_REQUEST: Span = Span(600 * Span::SECOND.0);
/// The most connections of one process.
const MOST_CONNECTIONS: usize = 10_000;
/// The most pieces of a shape.
const MOST_PIECES: usize = 1_000;
/// The most requests of a trace: what fits into a message.
const MOST_OFFSETS: usize = 50_000;

/// One attack, of which each agent drives a share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What the run is called.
    pub name: String,
    /// Where the load goes; every agent asks its own list whether it may.
    pub url: String,
    /// Whether requests are due evenly.
    pub evenly: bool,
    /// The mean rate of all agents together, per second.
    pub rate: f64,
    /// How the rate changes.
    pub course: Course,
    /// What the plan comes from.
    pub seed: u64,
    /// How long the load runs before it counts.
    pub warm_up: Span,
    /// How long it counts.
    pub duration: Span,
    /// How long a request may take from its planned send.
    pub timeout: Span,
    /// Connections of all agents together.
    pub connections: usize,
    /// What is asked, and by whom.
    pub what: What,
    /// HTTP/2.
    pub http2: bool,
    /// Requests in flight on each connection of HTTP/2.
    #[serde(default = "one")]
    pub streams: usize,
    /// A new connection for every request.
    pub close: bool,
    /// How long opening a connection may take.
    pub connect_timeout: Option<Span>,
    /// How long the head of an answer may take.
    pub first_byte_timeout: Option<Span>,
}

/// What a task says that says nothing of streams.
const fn one() -> usize {
    1
}

/// How the rate changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Course {
    /// Not at all.
    Flat,
    /// Piece after piece.
    Pieces(Vec<Piece>),
    /// As it was recorded: nanoseconds from the start.
    Trace(Vec<u64>),
}

impl Task {
    /// Whether an agent may even think of it: the same bounds as for its own command line, whoever asks.
    ///
    /// # Errors
    /// A sentence that names the first bound that is passed.
    pub fn check(&self) -> Result<(), String> {
        let span = self.warm_up.0.checked_add(self.duration.0);
        let too_slow = |limit: Option<Span>| limit.is_some_and(|limit| !is_a_timeout(limit));
        for (holds, says) in [
            (!self.name.is_empty() && self.name.len() <= 200, "its name is empty or longer than 200 bytes"),
            (self.url.len() <= 2_000, "its URL is longer than 2000 bytes"),
            (self.rate > 0.0 && self.rate <= MOST_RATE, "its rate is not within 0 and 200k/s"),
            (
                self.duration > Span::ZERO && span.is_some_and(|span| span <= LONGEST.0),
                "it is not within 0 and 2 h",
            ),
            (is_a_timeout(self.timeout), "its timeout is not within 0 and 10 m"),
            (!too_slow(self.connect_timeout), "its timeout for connections is not within 0 and 10 m"),
            (!too_slow(self.first_byte_timeout), "its timeout for first bytes is not within 0 and 10 m"),
            (
                (1..=MOST_CONNECTIONS).contains(&self.connections),
                "it wants no connection, or more than 10000",
            ),
            (
                self.streams == 1 || (self.http2 && !self.close && self.in_flight() <= MOST_CONNECTIONS),
                "only kept connections of HTTP/2 carry several requests, and all together no more than 10000",
            ),
        ] {
            if !holds {
                return Err(says.to_owned());
            }
        }
        self.what.check()?;
        self.course.check()
    }

    /// How many requests can be in flight.
    const fn in_flight(&self) -> usize {
        self.connections.saturating_mul(self.streams)
    }

    /// Without what is asked, and where: as long, as patient and by the same chance as this attack.
    pub(super) fn timed_as(attack: &Attack) -> Self {
        let manner = &attack.manner;
        Self {
            name: String::new(),
            url: String::new(),
            evenly: false,
            rate: attack.arrivals.rate,
            course: Course::Flat,
            seed: attack.seed.0,
            warm_up: attack.warm_up,
            duration: attack.duration,
            timeout: attack.timeout,
            connections: attack.connections,
            what: What::Requests(Asked::default()),
            http2: manner.http2,
            streams: manner.streams,
            close: manner.close,
            connect_timeout: manner.connect_timeout,
            first_byte_timeout: manner.first_byte_timeout,
        }
    }

    /// A share of it on a target. What is asked there by [`What::Requests`] is the caller's to put in, with its classes.
    ///
    /// # Errors
    /// A sentence, when its journey or its design is none, or asks for more than a command line could.
    pub fn attack(&self, mut target: Target, share: Share) -> Result<Attack, String> {
        let mut attack = match &self.what {
            What::Requests(_) => self.plain(target, Vec::new()),
            What::Journey(_) if self.streams > 1 => {
                return Err("each user of a journey has a connection of its own".to_owned());
            }
            What::Journey(text) => {
                if target.path() != "/" {
                    return Err(format!(
                        "the steps have their own paths: leave {} out of the URL",
                        target.path()
                    ));
                }
                let journey = Journey::from_json(text)?;
                let classes = journey.steps.iter().map(|step| Class::named(&step.name)).collect();
                target.paths = Paths::Journey("/".to_owned(), Arc::new(journey));
                let users = u32::try_from(self.connections).unwrap_or(u32::MAX);
                Attack { users, source: "users".to_owned(), ..self.plain(target, classes) }
            }
            What::Design(workload) => workload.attack(target, self.rate)?,
        };
        if attack.shape.peak(attack.arrivals.rate) > MOST_RATE {
            return Err("its rate is not within 0 and 200k/s".to_owned());
        }
        if attack.classes.len() > MOST_CLASSES || attack.nodes.len() > MOST_NODES {
            return Err(format!(
                "more than {MOST_CLASSES} classes or {MOST_NODES} nodes cannot be told between agents"
            ));
        }
        attack.name.clone_from(&self.name);
        (attack.seed, attack.timeout) = (Seed(self.seed), self.timeout);
        (attack.warm_up, attack.duration) = (self.warm_up, self.duration);
        attack.connections = share.count(self.connections).max(1);
        Ok(attack)
    }

    /// Of these classes, at its own rate.
    fn plain(&self, target: Target, classes: Vec<Class>) -> Attack {
        let spacing = if self.evenly { Spacing::Constant } else { Spacing::Poisson };
        Attack {
            name: self.name.clone(),
            target,
            manner: Manner::default(),
            arrivals: Arrivals { spacing, rate: self.rate },
            shape: self.course.shape(),
            closed: None,
            classes,
            users: 1,
            source: "clients".to_owned(),
            seed: Seed(self.seed),
            warm_up: self.warm_up,
            duration: self.duration,
            timeout: self.timeout,
            connections: self.connections,
            nodes: Vec::new(),
            entry: None,
        }
    }
}

fn is_a_timeout(span: Span) -> bool {
    span > Span::ZERO && span <= LONGEST_REQUEST
}

impl Course {
    /// As a task says it; none where it has too many parts for a message.
    pub fn of(shape: &Shape) -> Option<Self> {
        match shape {
            Shape::Flat => Some(Self::Flat),
            Shape::Pieces(pieces) if pieces.len() <= MOST_PIECES => Some(Self::Pieces(pieces.clone())),
            Shape::Trace(offsets) if offsets.len() <= MOST_OFFSETS => {
                Some(Self::Trace(offsets.iter().map(|offset| offset.0).collect()))
            }
            Shape::Pieces(_) | Shape::Trace(_) | Shape::Changes(_) => None,
        }
    }

    /// As the attack has it.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Flat => Shape::Flat,
            Self::Pieces(pieces) => Shape::Pieces(pieces.clone()),
            Self::Trace(offsets) => Shape::Trace(offsets.iter().map(|&offset| Span(offset)).collect()),
        }
    }

    fn check(&self) -> Result<(), String> {
        let sound = match self {
            Self::Flat => true,
            Self::Pieces(pieces) => pieces.len() <= MOST_PIECES && pieces.iter().all(is_sound),
            Self::Trace(offsets) => {
                offsets.len() <= MOST_OFFSETS
                    && offsets.is_sorted()
                    && offsets.last().is_none_or(|&last| last <= LONGEST.0)
            }
        };
        if sound {
            Ok(())
        } else {
            Err("its rate changes in a way that no command line could ask for".to_owned())
        }
    }
}

fn is_sound(piece: &Piece) -> bool {
    let is_rate = |rate: f64| (0.0..=MOST_RATE).contains(&rate);
    let rates = match piece.curve {
        Curve::Line { from, to } => is_rate(from) && is_rate(to),
        Curve::Sine { low, high, period } => {
            is_rate(low) && is_rate(high) && low <= high && period > Span::ZERO
        }
    };
    rates && piece.length > Span::ZERO && piece.length <= LONGEST
}
