//! The code's own structure, kept by a program: layers, matching folders, file length.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// core's layers, lowest first; a module imports only from lower layers.
const LAYERS: [&[&str]; 7] = [
    &["time", "id", "math", "hash", "order", "json"],
    &["rng", "stats"],
    &["dist", "component"],
    &["workload", "run"],
    &["topology"],
    &["sim", "analytic"],
    &["claims", "compare", "calibrate", "cost", "advise", "export", "wire"],
];

/// Siblings of one layer that may know one another, with the reason.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "advise",
        "cost",
        "an objective can be dollars, and both rest on the rates that flow through the wiring",
    ),
    ("compare", "cost", "of two designs one wants to know which is cheaper"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file's code before its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned()
}

#[test]
fn core_imports_only_from_lower_layers() {
    let layer: BTreeMap<&str, usize> =
        LAYERS.iter().enumerate().flat_map(|(i, names)| names.iter().map(move |name| (*name, i))).collect();
    let source = root().join("core/src");
    // Tests may look at what is above them.
    for path in rust_files(&source).into_iter().filter(|path| !path.ends_with("tests.rs")) {
        let relative = path.strip_prefix(&source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let own = layer
            .get(module)
            .unwrap_or_else(|| panic!("core::{module} belongs to no layer; add it to LAYERS"));
        for line in code(&path).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let imported: String =
                    part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = layer.get(imported.as_str()) else { continue };
                let allowed = imported == module
                    || other < own
                    || EXCEPTIONS.iter().any(|(from, to, _)| (*from, *to) == (module, imported.as_str()));
                assert!(allowed, "{}: core::{module} may not import core::{imported}", relative.display());
            }
        }
    }
}

#[test]
fn every_kind_has_a_file_in_the_simulator_and_one_in_the_agent() {
    for kind in loadpath_core::topology::catalog::KINDS {
        let simulated = root().join(format!("core/src/sim/node/{}.rs", kind.name));
        assert!(
            simulated.is_file(),
            "{} is missing: kind {} is not simulated",
            simulated.display(),
            kind.name
        );
        // What is only simulated so far is refused by name: the agent's list of what comes up is the other half of this.
        let comes_up = fs::read_to_string(root().join("loadgen/src/live/support.rs")).unwrap();
        let words: String = comes_up.split_whitespace().collect();
        if !words.contains(&format!("(\"{}\",&[", kind.name)) {
            continue;
        }
        // Clients come up as the attack, which is no server.
        let folder = if kind.name == "clients" { "attack" } else { "deploy" };
        let deployed = root().join(format!("loadgen/src/{folder}/{}.rs", kind.name));
        assert!(
            deployed.is_file(),
            "{} is missing: kind {} does not come up live",
            deployed.display(),
            kind.name
        );
    }
}

#[test]
fn no_file_is_longer_than_500_lines_without_its_tests() {
    for folder in ["core/src", "playground/src", "loadgen/src", "xtask/src"] {
        for path in rust_files(&root().join(folder)) {
            let lines = code(&path).lines().count();
            assert!(lines <= 500, "{} has {lines} lines without its tests; split it by idea", path.display());
        }
    }
}

#[test]
fn only_clock_reads_the_clock_and_only_attack_names_goose() {
    let source = root().join("loadgen/src");
    for path in rust_files(&source) {
        let relative = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        let code = code(&path);
        let lines = || code.lines().filter(|line| !line.trim_start().starts_with("//"));
        assert!(
            relative == "clock.rs" || lines().all(|l| !l.contains("Instant::now")),
            "{relative} reads the clock"
        );
        assert!(
            relative.starts_with("attack") || lines().all(|l| !l.contains("goose::")),
            "{relative} names goose"
        );
    }
}
