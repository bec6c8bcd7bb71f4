//! What is said over NATS: JSON, typed, bounded; what holds more than it should is refused.
use super::task::Task;
use loadpath_core::run::Run;
use loadpath_core::wire::Interval;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The most bytes of a message: what a NATS server takes unless it was told otherwise.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// The most characters of an agent's name.
const LONGEST_NAME: usize = 64;

/// "Who is there?", to all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// The version of loadgen: only the same one plans the same requests.
    pub(super) version: String,
}

/// "I am", to who called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Here {
    /// What only it is called.
    pub(super) id: String,
    /// What people call it.
    pub(super) name: String,
    /// The version of loadgen.
    pub(super) version: String,
}

/// What a coordinator tells one agent. Each names the run: who serves another refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Open the connections for this share of this task.
    Prepare {
        /// The run.
        run: String,
        /// Which share, from zero.
        number: u32,
        /// Of how many.
        of: u32,
        /// What to do.
        task: Box<Task>,
    },
    /// What does your clock say?
    Clock {
        /// The run.
        run: String,
    },
    /// Begin when your clock says this, in nanoseconds since 1970.
    Begin {
        /// The run.
        run: String,
        /// When.
        at_ns: u64,
    },
    /// Stop.
    Stop {
        /// The run.
        run: String,
    },
}

impl Order {
    /// The run that it is about.
    pub(super) fn run(&self) -> &str {
        match self {
            Self::Prepare { run, .. }
            | Self::Clock { run }
            | Self::Begin { run, .. }
            | Self::Stop { run } => run,
        }
    }
}

/// What an agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// It may load the target, and opens its connections.
    Prepared,
    /// It will begin, or stop.
    Agreed,
    /// Its clock, in nanoseconds since 1970, and whether every connection is open.
    Clock {
        /// What the clock says.
        now_ns: u64,
        /// Whether it could begin.
        ready: bool,
    },
    /// It does not do that.
    Refused {
        /// A sentence.
        why: String,
    },
}

/// What an agent tells by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Report {
    /// A second of its load.
    Interval(Box<Interval>),
    /// Its load has ended.
    Ended {
        /// What it measured, its own share alone.
        run: Box<Run>,
        /// Whether somebody stopped it before its plan was at its end.
        stopped: bool,
        /// How long after the agreed instant it woke, in nanoseconds; its plan does not depend on it.
        woke_late_ns: u64,
    },
    /// Its load could not be driven.
    Broke {
        /// A sentence.
        why: String,
    },
}

/// As bytes.
pub(super) fn encode(message: &impl Serialize) -> bytes::Bytes {
    serde_json::to_vec(message).expect("a message holds only what JSON can say").into()
}

/// Reads what somebody sent.
///
/// # Errors
/// A sentence, when it is too long or is not such a message.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("a message of {} bytes is not read: {MOST_BYTES} are the most", bytes.len()));
    }
    serde_json::from_slice(bytes).map_err(|fault| format!("not understood: {fault}"))
}

/// A name that can stand on a terminal and in a note, and nothing else.
///
/// # Errors
/// A sentence.
pub(super) fn name(text: &str) -> Result<(), String> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "._-#".contains(c);
    if !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(sound) {
        Ok(())
    } else {
        Err("an agent's name is 1 to 64 letters, digits, dots, dashes and underscores".to_owned())
    }
}

/// A stranger's sentence, as it may be shown: short, and without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_read_and_what_holds_more_is_refused() {
        let order = Order::Begin { run: "r".to_owned(), at_ns: 5 };
        assert_eq!(decode::<Order>(&encode(&order)), Ok(order));
        for text in [
            r#"{"begin":{"run":"r","at_ns":5,"target":"10.0.0.5:80"}}"#,
            r#"{"begin":{"run":"r","at_ns":-5}}"#,
            r#"{"shell":"rm"}"#,
            "[",
            "",
            "\u{0}",
        ] {
            let fault = decode::<Order>(text.as_bytes()).unwrap_err();
            assert!(fault.starts_with("not understood"), "{text}: {fault}");
        }
        let long = vec![b' '; MOST_BYTES + 1];
        assert!(decode::<Order>(&long).unwrap_err().contains("is not read"));
        let deep = "[".repeat(100_000);
        assert!(decode::<Report>(deep.as_bytes()).is_err());
    }

    #[test]
    fn names_and_sentences_of_strangers_cannot_command_a_terminal() {
        assert_eq!(name("agent-7.west_1"), Ok(()));
        for bad in ["", "a b", "\u{1b}[2J", "a\nb", &"x".repeat(65), "ä"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(plain("red \u{1b}[31m\r\n!"), "red [31m!");
        assert_eq!(plain(&"x".repeat(9_999)).len(), 500);
    }
}
