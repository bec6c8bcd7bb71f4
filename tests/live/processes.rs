//! Processes as the system knows them.
use std::fs;
use std::time::{Duration, Instant};

/// The ids of all processes of a run: those with its id in their environment.
pub(crate) fn processes_of(run: &str) -> Vec<u32> {
    let mark = format!("LOADGEN_RUN={run}");
    let is_of_run = |pid: &u32| {
        // What has ended meanwhile, or belongs to others, is not ours.
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let entries = fs::read_dir("/proc").expect("the system shows its processes").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_of_run).collect()
}

/// Polls until it is so; fails when it is not so within ten seconds, which no step here needs unless it is broken.
pub(crate) fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The addresses on which a process listens for TCP, as `/proc/net` writes them: `0100007F:1E14` is 127.0.0.1:7700.
pub(super) fn listens_on(pid: u32) -> Vec<String> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process lives").flatten();
    let sockets: Vec<String> = links
        .filter_map(|link| fs::read_link(link.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables = ["tcp", "tcp6"]
        .map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    rows.filter_map(|row| {
        let columns: Vec<&str> = row.split_whitespace().collect();
        // Column 3 is the state, of which 0A is "listen"; column 9 the socket's number.
        (columns[3] == "0A" && sockets.iter().any(|socket| socket == columns[9]))
            .then(|| columns[1].to_owned())
    })
    .collect()
}
