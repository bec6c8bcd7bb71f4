//! What a FILE argument may be: a run, a design, a link to a design, or standard input.
use super::Failure;
use crate::interop;
use crate::store::{self, Store, StoreError, Story};
use loadpath_core::run::Run;
use loadpath_core::topology::{self, Plan, Topology, link};
use std::io::{self, Read as _};
use std::path::Path;

/// A larger file is not read.
const MAX_FILE: u64 = 256 << 20;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Input {
    /// A run.
    Run(Box<Run>),
    /// A design.
    Design(Box<Topology>),
}

/// Reads what `argument` names.
pub(super) fn read(argument: &str) -> Result<Input, Failure> {
    let bad = |fault: &dyn std::fmt::Display| Failure::Input(format!("{}: {fault}", shown(argument)));
    if let Some(fragment) = fragment(argument) {
        return link::decode(fragment)
            .map(|design| Input::Design(Box::new(design)))
            .map_err(|fault| bad(&fault));
    }
    if let Some(story) = story(argument)? {
        return Ok(Input::Run(Box::new(story.run)));
    }
    let text = text(argument).map_err(|fault| bad(&fault))?;
    if let Some(read) = interop::read(&text) {
        return read.map(|run| Input::Run(Box::new(run))).map_err(|fault| bad(&fault));
    }
    // Both formats say what they are in their first field's name.
    let value: Versions =
        serde_json::from_str(&text).map_err(|fault| bad(&format!("this is not JSON: {fault}")))?;
    match (value.loadpath, value.loadpath_run) {
        (_, Some(_)) => {
            Run::from_json(&text).map(|run| Input::Run(Box::new(run))).map_err(|fault| bad(&fault))
        }
        (Some(_), None) => Topology::from_json(&text)
            .map(|design| Input::Design(Box::new(design)))
            .map_err(|fault| bad(&fault)),
        (None, None) => {
            Err(bad(&"this is neither a design (\"loadpath\": 1) nor a run (\"loadpath_run\": 1)"))
        }
    }
}

#[derive(serde::Deserialize)]
struct Versions {
    loadpath: Option<serde_json::Value>,
    loadpath_run: Option<serde_json::Value>,
}

/// Reads a run with all that is known of it; a design is refused.
pub(super) fn story_of(argument: &str) -> Result<Story, Failure> {
    if !is_link(argument)
        && let Some(story) = story(argument)?
    {
        return Ok(story);
    }
    match read(argument)? {
        Input::Run(run) => Ok(Story::whole(*run)),
        Input::Design(_) => {
            Err(Failure::Input(format!("{}: this is a design, and a run is needed here", shown(argument))))
        }
    }
}

/// A run that `argument` named, with its seconds where they are known.
pub(super) fn with_seconds(argument: &str, run: Run) -> Result<Story, Failure> {
    let story = if is_link(argument) { None } else { story(argument)? };
    Ok(story.unwrap_or_else(|| Story::whole(run)))
}

/// The journal that `argument` names: a file, or a run of the store where there is no such file.
fn story(argument: &str) -> Result<Option<Story>, Failure> {
    let path = Path::new(argument);
    if store::is_journal(path) {
        return store::story(path).map(Some).map_err(super::runs::failure);
    }
    if argument == "-" || path.exists() {
        return Ok(None);
    }
    let Ok(store) = Store::of_this_user() else { return Ok(None) };
    match store.find(argument).and_then(|id| store.story(&id)) {
        Ok(story) => Ok(Some(story)),
        // Then it was meant as a file, which is missing.
        Err(StoreError::Unknown(_)) => Ok(None),
        Err(fault) => Err(super::runs::failure(fault)),
    }
}

/// Reads a design; a run is refused.
pub(super) fn design(argument: &str) -> Result<Topology, Failure> {
    match read(argument)? {
        Input::Design(design) => Ok(*design),
        Input::Run(_) => {
            Err(Failure::Input(format!("{}: this is a run, and a design is needed here", shown(argument))))
        }
    }
}

/// Reads and checks a design.
pub(super) fn plan(argument: &str) -> Result<Plan, Failure> {
    check(argument, &design(argument)?)
}

/// Checks a design that `argument` named.
pub(super) fn check(argument: &str, design: &Topology) -> Result<Plan, Failure> {
    topology::check(design).map_err(|faults| Failure::Faults { design: shown(argument), faults })
}

/// The link in an argument: bare, or after the `#` of a URL.
fn fragment(argument: &str) -> Option<&str> {
    let tail = argument.rsplit_once('#').map_or(argument, |(_, tail)| tail);
    tail.starts_with(link::PREFIX).then_some(tail)
}

/// Whether an argument is a link, and not a file.
pub(super) fn is_link(argument: &str) -> bool {
    fragment(argument).is_some()
}

/// The text of a file or of standard input.
pub(super) fn text(argument: &str) -> io::Result<String> {
    if argument == "-" {
        let mut text = String::new();
        io::stdin().lock().take(MAX_FILE).read_to_string(&mut text)?;
        return Ok(text);
    }
    store::read_text(Path::new(argument), MAX_FILE)
}

/// A link is too long to be repeated in a sentence.
pub(super) fn shown(argument: &str) -> String {
    match argument {
        "-" => "standard input".to_owned(),
        argument if is_link(argument) => "the link".to_owned(),
        argument => argument.to_owned(),
    }
}
