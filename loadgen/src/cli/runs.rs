//! `loadgen runs`: the runs that are kept: list, show, name, tag, prune, delete.
use super::{Failure, print, print_json};
use crate::clock;
use crate::report::{RunReport, Table, latency, run_text};
use crate::store::{Label, Listed, State, Store, StoreError};
use clap::Subcommand;
use loadpath_core::time::Span;
use serde::Serialize;

/// A RUN is an id, the start of one, a name, or "last". Without a command, lists all runs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen runs
  loadgen runs list --tag nightly
  loadgen runs show last
  loadgen runs rename last before-the-change
  loadgen runs tag before-the-change nightly release
  loadgen runs prune --keep 20 --older-than 30d --dry-run
  loadgen runs delete 20260131-101500-shop";

#[derive(Debug, Subcommand)]
enum Command {
    /// List the runs, newest first
    List {
        /// Only those with this tag
        #[arg(long)]
        tag: Option<String>,
    },
    /// Show the figures of a run
    Show {
        /// Which
        run: String,
    },
    /// Give a run another name; its id stays
    Rename {
        /// Which
        run: String,
        /// Its new name
        name: String,
    },
    /// Put tags on a run
    Tag {
        /// Which
        run: String,
        /// What to put on it
        #[arg(required = true)]
        tags: Vec<String>,
        /// Take these tags off instead
        #[arg(long)]
        remove: bool,
    },
    /// Delete old runs; those with a tag stay, and those under way
    Prune {
        /// Keep this many of the newest
        #[arg(long, value_name = "N", required_unless_present = "older_than")]
        keep: Option<usize>,
        /// Delete only runs older than this, like 30d or 12h
        #[arg(long, value_name = "AGE", value_parser = age)]
        older_than: Option<Span>,
        /// Delete also those with tags
        #[arg(long)]
        tagged: bool,
        /// Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete runs
    Delete {
        /// Which
        #[arg(required = true)]
        runs: Vec<String>,
    },
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = Store::of_this_user().map_err(failure)?;
    match &args.command {
        None => list(&store, None, args.json),
        Some(Command::List { tag }) => list(&store, tag.as_deref(), args.json),
        Some(Command::Show { run }) => show(&store, run, args.json),
        Some(Command::Rename { run, name }) => relabel(&store, run, args.json, |_, label| {
            label.name = Some(name.clone());
        }),
        Some(Command::Tag { run, tags, remove }) => {
            for tag in tags {
                checked(tag)?;
            }
            relabel(&store, run, args.json, |old, label| {
                label.tags = old.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
                label.tags.extend(tags.iter().filter(|_| !remove).cloned());
            })
        }
        Some(Command::Prune { keep, older_than, tagged, dry_run }) => {
            let runs = store.entries().map_err(failure)?;
            let now = clock::unix_seconds();
            let old = pruned(&runs, keep.unwrap_or(0), *older_than, *tagged, now);
            delete(&store, &old, *dry_run, args.json)
        }
        Some(Command::Delete { runs }) => {
            let ids: Result<Vec<_>, _> = runs.iter().map(|run| store.find(run)).collect();
            delete(&store, &ids.map_err(failure)?, false, args.json)
        }
    }
}

/// What a store cannot do: what was asked for is not there, or the disk does not take it.
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn failure(fault: StoreError) -> Failure {
    let text = fault.to_string();
    if let StoreError::Io { .. } = fault { Failure::Went(text) } else { Failure::Input(text) }
}

fn list(store: &Store, tag: Option<&str>, json: bool) -> Result<(), Failure> {
    let mut runs = store.entries().map_err(failure)?;
    runs.retain(|run| tag.is_none_or(|tag| run.tags.iter().any(|own| own == tag)));
    if json {
        return print_json(&runs);
    }
    if runs.is_empty() {
        return print(&format!("no runs are kept in {}\n", store.folder().display()));
    }
    let mut table = Table::new(3, &["run", "name", "tags", "rate", "requests", "errors", "p99", "notes"]);
    for run in &runs {
        table.row(vec![
            run.id.clone(),
            match run.state {
                State::Ended => run.name.clone(),
                State::Interrupted => format!("{} (interrupted)", run.name),
                State::Running => format!("{} (under way)", run.name),
            },
            run.tags.join(" "),
            format!("{:.1}/s", run.offered_rate),
            run.requests.to_string(),
            format!("{:.1} %", run.error_share * 100.0),
            if run.requests == 0 { "-".to_owned() } else { latency(run.p99) },
            run.notes.to_string(),
        ]);
    }
    print(&table.text())
}

fn show(store: &Store, called: &str, json: bool) -> Result<(), Failure> {
    let id = store.find(called).map_err(failure)?;
    let (story, file) = (store.story(&id).map_err(failure)?, store.file_of(&id).map_err(failure)?);
    if json {
        return print_json(&RunReport::new(&story.run, Some(file)));
    }
    let tags =
        if story.tags.is_empty() { String::new() } else { format!("\n  tags: {}", story.tags.join(" ")) };
    print(&format!("{}{tags}\n  kept in {}\n", run_text(&story.run), file.display()))
}

fn relabel(
    store: &Store,
    called: &str,
    json: bool,
    change: impl Fn(&[String], &mut Label),
) -> Result<(), Failure> {
    let id = store.find(called).map_err(failure)?;
    let tags = store.story(&id).map_err(failure)?.tags;
    let mut label = Label { name: None, tags: tags.clone() };
    change(&tags, &mut label);
    if let Some(name) = &label.name
        && (name.trim().is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control))
    {
        return Err(Failure::Input("a name has 1 to 200 characters, and no control characters".to_owned()));
    }
    store.label(&id, label).map_err(failure)?;
    let runs = store.entries().map_err(failure)?;
    let Some(run) = runs.iter().find(|run| run.id == id) else { return Ok(()) };
    if json {
        return print_json(run);
    }
    print(&format!("{id}: \"{}\", tags: {}\n", run.name, run.tags.join(" ")))
}

/// What `--json` prints of what was deleted.
#[derive(Serialize)]
struct Deleted<'a> {
    deleted: &'a [String],
    dry_run: bool,
}

fn delete(store: &Store, ids: &[String], dry_run: bool, json: bool) -> Result<(), Failure> {
    if !dry_run {
        ids.iter().try_for_each(|id| store.delete(id)).map_err(failure)?;
    }
    if json {
        return print_json(&Deleted { deleted: ids, dry_run });
    }
    let word = if dry_run { "would be deleted" } else { "deleted" };
    let lines: String = ids.iter().map(|id| format!("{word}: {id}\n")).collect();
    print(if lines.is_empty() { "nothing is to be deleted\n" } else { &lines })
}

/// Which runs, of these, newest first, are too many and too old.
fn pruned(runs: &[Listed], keep: usize, older_than: Option<Span>, tagged: bool, now: u64) -> Vec<String> {
    let candidates = runs.iter().filter(|run| run.state != State::Running && (tagged || run.tags.is_empty()));
    let too_many = candidates.skip(keep);
    let is_old = |run: &&Listed| {
        // A simulation has no date, and so no age.
        older_than.is_none_or(|age| {
            run.started_unix > 0 && run.started_unix.saturating_add(age.0 / Span::SECOND.0) < now
        })
    };
    too_many.filter(is_old).map(|run| run.id.clone()).collect()
}

/// A tag is a word.
fn checked(tag: &str) -> Result<(), Failure> {
    let sound =
        (1..=64).contains(&tag.len()) && tag.chars().all(|c| c.is_alphanumeric() || "-_.:/=".contains(c));
    let why = || Failure::Input(format!("\"{tag}\" is not a tag: letters, digits and -_.:/= are, up to 64"));
    if sound { Ok(()) } else { Err(why()) }
}

/// An age: days, or any length of time.
fn age(text: &str) -> Result<Span, String> {
    if let Some(days) = text.strip_suffix('d') {
        let days: u32 = days.parse().map_err(|_| format!("\"{text}\" is not a number of days"))?;
        return Ok(Span(u64::from(days.min(36_500)) * 86_400 * Span::SECOND.0));
    }
    text.parse().map_err(|fault: loadpath_core::time::NotASpan| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, started_unix: u64, tags: &[&str], state: State) -> Listed {
        Listed {
            id: id.to_owned(),
            name: id.to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            state,
            source: String::new(),
            started_unix,
            duration: Span::SECOND,
            offered_rate: 1.0,
            requests: 1,
            error_share: 0.0,
            p99: Span::SECOND,
            notes: 0,
        }
    }

    #[test]
    fn pruning_takes_the_old_and_spares_the_tagged_and_the_running() {
        let now = 100 * 86_400;
        let day = |days: u64| now - days * 86_400;
        let runs = [
            run("new", day(1), &[], State::Ended),
            run("kept", day(20), &["base"], State::Ended),
            run("live", day(40), &[], State::Running),
            run("old", day(41), &[], State::Interrupted),
            run("older", day(60), &[], State::Ended),
        ];
        let month = Some(age("30d").unwrap());
        assert_eq!(pruned(&runs, 0, month, false, now), ["old", "older"]);
        assert_eq!(pruned(&runs, 2, None, false, now), ["older"]);
        assert_eq!(pruned(&runs, 2, None, true, now), ["old", "older"]);
        assert_eq!(pruned(&runs, 9, None, true, now), [""; 0]);
        assert_eq!(age("12h").unwrap(), Span(12 * 3_600 * Span::SECOND.0));
        assert!(age("d").is_err() && age("-1d").is_err());
    }
}
