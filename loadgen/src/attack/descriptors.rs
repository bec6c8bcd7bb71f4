//! Room for the connections: each is an open file, and systems start processes with as few as 1,024.
use super::AttackError;

/// Open files beside the connections: standard streams, timers, the runtime's own, a run file.
const OTHERS: u64 = 64;

/// Raises the process's own limit if that is needed, as far as the system lets it.
#[cfg(unix)]
pub(super) fn make_room(connections: usize) -> Result<(), AttackError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = connections as u64 + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised =
        Rlimit { current: Some(needed.min(limit.maximum.unwrap_or(needed))), maximum: limit.maximum };
    if raised.current == Some(needed) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    Err(AttackError::Generator(format!(
        "{connections} connections need {needed} open files, and this system allows {}: take fewer connections, or raise \
         the limit with ulimit -n",
        limit.maximum.map_or_else(|| "fewer".to_owned(), |most| most.to_string())
    )))
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(super) fn make_room(_connections: usize) -> Result<(), AttackError> {
    Ok(())
}
