//! Lessons: how a design grows, and what goes wrong with it. Each is a design that opens and runs, the reason for it, what it
//! costs, and claims that a machine checks against the simulator ([`crate::claims`]).
//!
//! A lesson is a folder: `design.json` is a document like any other, `lesson.json` says the rest.
//!
//! ```
//! use loadpath_core::topology::{self, lessons};
//! let first = &lessons::all()[0];
//! assert_eq!(first.id, "single-server");
//! assert!(topology::check(&first.document()).is_ok());
//! ```
mod claim;

pub use claim::{Change, Claim, Measure, Relation, Shows, Variant, Whose};

use super::spec::Topology;
use crate::json;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Its name in addresses.
    #[serde(skip_deserializing)]
    pub id: &'static str,
    /// Where it belongs.
    pub part: Part,
    /// What it is called.
    pub title: String,
    /// What the learner should reach, in a sentence.
    pub goal: String,
    /// Why the step is taken, or how the incident comes about.
    pub reason: String,
    /// What it costs, in money and in complexity.
    pub costs: String,
    /// What is new and can go wrong, or what remains.
    pub weakness: String,
    /// To be answered before it is run.
    pub predict: Question,
    /// What is true of it, as a machine can check.
    pub claims: Vec<Claim>,
    /// What the learner does with it.
    pub task: Task,
    /// The text of its document.
    #[serde(skip)]
    design: &'static str,
}

/// Where a lesson belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A phase of growth: it builds on the one before.
    Growth,
    /// Something that goes wrong, and what mends it.
    Incident,
}

/// A question with its answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The question.
    pub asks: String,
    /// The answers to choose from.
    pub choices: Vec<String>,
    /// The place of the right one, counted from zero.
    pub right: usize,
    /// Why it is.
    pub because: String,
}

/// Something to reach by changing a design; whether it is reached, the simulator says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What is to be done.
    pub asks: String,
    /// The design to start with; it reaches not all of the goals.
    #[serde(default)]
    pub start: Variant,
    /// What is to hold of the learner's design. The design that a goal speaks of is the learner's, with the goal's changes;
    /// what it is compared with is the lesson's.
    pub goals: Vec<Claim>,
    /// A design that reaches all of them: one way of several.
    #[serde(default)]
    pub solution: Variant,
}

/// A lesson as it is written.
struct Text {
    id: &'static str,
    lesson: &'static str,
    design: &'static str,
}

macro_rules! texts {
    ($($id:literal),* $(,)?) => {
        &[$(Text {
            id: $id,
            lesson: include_str!(concat!($id, "/lesson.json")),
            design: include_str!(concat!($id, "/design.json")),
        }),*]
    };
}

/// The nine phases of growth, then the incidents, in the order in which they are taught.
static TEXTS: &[Text] = texts![
    "single-server",
    "separate-database",
    "load-balancer",
    "replication",
    "cache-and-cdn",
    "stateless-tier",
    "data-centers",
    "message-queue",
    "sharding",
    "thundering-herd",
    "retry-storm",
    "celebrity",
    "lost-writes",
    "dns-ttl",
    "cold-cache",
    "tail-at-scale",
];

/// All lessons, in the order in which they are taught. Read at the first call; their documents only when asked for.
pub fn all() -> &'static [Lesson] {
    static LESSONS: OnceLock<Vec<Lesson>> = OnceLock::new();
    LESSONS.get_or_init(|| TEXTS.iter().map(read).collect())
}

/// The lesson of this id.
pub fn find(id: &str) -> Option<&'static Lesson> {
    all().iter().find(|lesson| lesson.id == id)
}

fn read(text: &Text) -> Lesson {
    let lesson: Lesson =
        json::read(text.lesson).unwrap_or_else(|why| panic!("lesson {} reads: {why}", text.id));
    Lesson { id: text.id, design: text.design, ..lesson }
}

impl Lesson {
    /// Its design.
    ///
    /// # Panics
    /// Never: a test reads them all.
    pub fn document(&self) -> Topology {
        Topology::from_json(self.design).unwrap_or_else(|why| panic!("lesson {}: {why}", self.id))
    }

    /// The phase of growth that it builds on; none for the first, and for incidents.
    pub fn previous(&self) -> Option<&'static Self> {
        if self.part == Part::Incident {
            return None;
        }
        let place = all().iter().position(|lesson| lesson.id == self.id)?;
        place.checked_sub(1).map(|before| &all()[before])
    }

    /// The design that a claim of this lesson is about; none when it is about the previous one's, and there is none.
    pub fn variant(&self, variant: &Variant) -> Option<Topology> {
        let lesson = match variant.of {
            Whose::This => self,
            Whose::Previous => self.previous()?,
        };
        Some(variant.apply(lesson.document()))
    }
}
