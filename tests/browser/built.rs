//! What `cargo xtask` built before the tests: the page and the agent. Found, or the test fails and says what to run.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of the built page.
pub(crate) fn built_page() -> PathBuf {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/dist");
    let built = page.join("index.html").is_file();
    assert!(built, "the page is not built: run `cargo xtask web` (or `cargo xtask test`, which does) first");
    let noted = target().join("wasm32-unknown-unknown/page/loadpath_playground.d");
    let shell =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("www").read_dir().expect("the page's sources are here");
    let shell = shell.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    let sources = sources_in(&noted).into_iter().chain(shell);
    assert_newer(&target().join("xtask/page.stamp"), sources, "cargo xtask web");
    page
}

/// The release build of the agent.
pub(crate) fn built_loadgen() -> PathBuf {
    let loadgen = target().join("release/loadgen");
    let command = "cargo build --release --package loadgen";
    assert!(
        loadgen.is_file(),
        "the agent is not built: run `{command}` (or `cargo xtask test`, which does) first"
    );
    assert_newer(&loadgen, sources_in(&target().join("release/loadgen.d")), command);
    loadgen
}

/// The accessibility audit, which is never shipped: axe-core, as `cargo xtask test` fetched it from npm.
pub(crate) fn fetched_axe() -> String {
    let path = target().join("xtask/axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!(
            "{} is not there: run `cargo xtask audit-tools` (or `cargo xtask test`, which does) first",
            path.display()
        )
    })
}

/// A validator of exported files, as `cargo xtask test` installed it from PyPI.
pub(crate) fn validator(name: &str) -> PathBuf {
    let path = target().join("xtask/validators/bin").join(name);
    assert!(
        path.is_file(),
        "{} is not there: run `cargo xtask audit-tools` (or `cargo xtask test`, which does) first",
        path.display()
    );
    path
}

/// The folder that cargo builds into: this test runs from `TARGET/debug/deps`.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let target = test.ancestors().find(is_target);
    target.unwrap_or_else(|| panic!("{} lies in no target folder of cargo", test.display())).to_owned()
}

/// Fails when a source changed after `built`: the test would judge the past.
fn assert_newer(built: &Path, sources: impl IntoIterator<Item = PathBuf>, command: &str) {
    let when = modified(built);
    for source in sources {
        let (fresh, source) = (modified(&source) <= when, source.display());
        assert!(
            fresh,
            "{} is older than {source}: run `{command}` (or `cargo xtask test`) first",
            built.display()
        );
    }
}

/// The sources that cargo noted beside what it built.
fn sources_in(notes: &Path) -> Vec<PathBuf> {
    let notes = std::fs::read_to_string(notes);
    parse_notes(&notes.expect("cargo notes the sources of what it builds"))
        .into_iter()
        .map(PathBuf::from)
        .collect()
}

/// The files behind the colon of a dep-info file, in which a space within a name has a backslash.
fn parse_notes(notes: &str) -> Vec<String> {
    let (_, files) = notes.split_once(": ").unwrap_or_default();
    let files = files.lines().next().unwrap_or_default().replace("\\ ", "\0");
    files.split_whitespace().map(|file| file.replace('\0', " ")).collect()
}

/// Zero for what is not there.
fn modified(path: &Path) -> SystemTime {
    path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[test]
fn the_agent_is_built_and_says_what_it_can_do() {
    let said = std::process::Command::new(built_loadgen()).arg("--help").output().expect("the agent starts");
    assert!(said.status.success(), "{said:?}");
}

#[test]
fn a_dep_info_file_yields_its_sources_with_spaces_in_their_names() {
    let notes = "/t/release/loadgen: /a/core/src/id.rs /a/my\\ core/lib.rs\n\n/a/core/src/id.rs:\n";
    assert_eq!(parse_notes(notes), ["/a/core/src/id.rs", "/a/my core/lib.rs"]);
}
