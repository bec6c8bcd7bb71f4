//! PostgreSQL's log of all writes: where a promotion leaves the old one, and what of that is lost.
use super::member::AWAITED;
use super::postgresql::DATA;
use super::{DIRECTORY, process};
use std::path::Path;

/// Where a timeline ended for the one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fork {
    /// The one that ended.
    pub(super) timeline: u64,
    /// Its end, in bytes of the log.
    pub(super) at: u64,
}

/// Where the timeline of a file of the log began.
///
/// # Errors
/// When the log does not say.
pub(super) fn fork_before(folder: &Path, file: &str) -> Result<Fork, String> {
    let timeline = file.get(..8).ok_or("the log's file has no name")?;
    let path = folder.join(format!("{timeline}.history"));
    let text =
        std::fs::read_to_string(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    last_fork(&text).ok_or_else(|| format!("{} says nothing", path.display()))
}

/// The last line of a history: "1<tab>0/4000CB0<tab>no recovery target specified".
fn last_fork(history: &str) -> Option<Fork> {
    let last = history.lines().rev().find(|line| line.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut words = last.split_whitespace();
    let timeline = words.next()?.parse().ok()?;
    let (high, low) = words.next()?.split_once('/')?;
    let part = |text: &str| u64::from_str_radix(text, 16).ok();
    Some(Fork { timeline, at: part(high)? << 32 | part(low)? })
}

/// How many writes after the fork the server that led before had told somebody of: what a promotion loses that begins there.
///
/// Where commits are waited for, none are lost as long as so many replicas are asked, which are these, that one of them must have
/// it; when more have failed than the design bears, all count that the old server had.
///
/// # Errors
/// When its log cannot be read.
pub(in super::super) async fn lost_writes(
    postgres: &Path,
    instance: &Path,
    (timeline, at): (u64, u64),
    asked: &[u16],
) -> Result<u64, String> {
    let engine = instance.join(DIRECTORY);
    let awaited = std::fs::read_to_string(engine.join(AWAITED)).unwrap_or_default();
    if one_has_all(&awaited, asked) {
        return Ok(0);
    }
    let folder = engine.join(DATA).join("pg_wal");
    let start = format!("{:X}/{:X}", at >> 32, at & 0xffff_ffff);
    let (folder, timeline) = (folder.display().to_string(), timeline.to_string());
    let words = ["-p", &folder, "-t", &timeline, "-s", &start, "-r", "Transaction"];
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let said = process::said(&postgres.with_file_name("pg_waldump"), &words).await?;
    Ok(said.lines().filter(|line| is_write(line)).count() as u64)
}

/// Whether one of these must have what was waited for, when that was so: "1 0 2" is one of 0 and 2.
fn one_has_all(awaited: &str, asked: &[u16]) -> bool {
    let mut numbers = awaited.split_whitespace().filter_map(|number| number.parse().ok());
    let Some(of) = numbers.next() else { return false };
    let members: Vec<u16> = numbers.collect();
    let among = asked.iter().filter(|member| members.contains(member)).count();
    among + usize::from(of) > members.len() && of > 0
}

/// Whether a line of `pg_waldump` is the commit of one of our callers: what else commits changes the catalog, and says so.
fn is_write(line: &str) -> bool {
    line.contains("desc: COMMIT ") && !line.contains("inval msgs:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_promotion_of_a_history_is_where_the_log_forks() {
        let history = "1\t0/4000CB0\tno recovery target specified\n\n2\t1/A0\tno recovery target specified\n";
        assert_eq!(last_fork(history), Some(Fork { timeline: 2, at: (1 << 32) + 0xa0 }));
        assert_eq!(last_fork(""), None);
    }

    #[test]
    fn a_write_that_was_waited_for_is_safe_while_fewer_fail_than_have_it() {
        assert!(one_has_all("1 0 2", &[0, 2]));
        assert!(!one_has_all("1 0 2", &[2]), "it may be on the other alone");
        assert!(one_has_all("2 0 2", &[2]));
        assert!(!one_has_all("1 2", &[0]), "one that nobody waited for");
        assert!(!one_has_all("0 0 2", &[0, 2]), "nobody was waited for");
        assert!(!one_has_all("", &[0, 2]));
    }

    #[test]
    fn commits_of_callers_are_writes_and_those_that_change_the_catalog_are_not() {
        let line = "rmgr: Transaction len (rec/tot):     34/    34, tx:        733, lsn: 0/040006E0, prev 0/040006B0, desc: COMMIT 2026-11-23 07:02:48.710098 UTC";
        assert!(is_write(line));
        assert!(!is_write(&format!("{line}; inval msgs: catcache 63 relcache 16384")));
        assert!(!is_write(&line.replace("COMMIT", "ABORT")));
    }
}
