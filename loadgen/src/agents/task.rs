//! What a coordinator asks for: the whole attack, without where it may go, which is each agent's own to say.
use crate::attack::{Curve, Piece, Shape};
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Spacing};
use serde::{Deserialize, Serialize};

/// The most requests per second that one process is asked for.
const MOST_RATE: f64 = 200_000.0;
/// The longest load, warm-up included.
const LONGEST: Span = Span(2 * 3_600 * Span::SECOND.0);
/// The longest that a request may take.
const LONGEST_REQUEST: Span = Span(600 * Span::SECOND.0);
/// The most connections of one process.
const MOST_CONNECTIONS: usize = 10_000;
/// A message is at most a mebibyte, and an answer holds two histograms for each class.
const MOST_CLASSES: usize = 64;
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
    /// What is asked.
    pub asked: Asked,
    /// HTTP/2.
    pub http2: bool,
    /// A new connection for every request.
    pub close: bool,
    /// How long opening a connection may take.
    pub connect_timeout: Option<Span>,
    /// How long the head of an answer may take.
    pub first_byte_timeout: Option<Span>,
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

/// What is asked, as the command line has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// "NAME[:WEIGHT] METHOD PATH".
    pub classes: Vec<String>,
    /// How the URL is asked.
    pub method: Option<String>,
    /// "[@CLASS] NAME: VALUE".
    pub headers: Vec<String>,
    /// "[@CLASS] TEXT".
    pub bodies: Vec<String>,
    /// "[@CLASS] CHECK".
    pub checks: Vec<String>,
    /// How many keys there are.
    pub keys: Option<u64>,
    /// How unevenly they are asked for.
    pub skew: Option<f64>,
    /// Rows of CSV or JSON lines.
    pub rows: Option<String>,
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
            (self.asked.classes.len() <= MOST_CLASSES, "it has more than 64 classes"),
        ] {
            if !holds {
                return Err(says.to_owned());
            }
        }
        self.course.check()
    }

    /// When its requests are due.
    pub fn arrivals(&self) -> Arrivals {
        let spacing = if self.evenly { Spacing::Constant } else { Spacing::Poisson };
        Arrivals { spacing, rate: self.rate }
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
