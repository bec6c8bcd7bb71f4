//! Engines on this machine: where each is, and its version. Nothing is run by a name that a document holds.
use loadpath_core::topology::Engine;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian keeps servers, which is not on everybody's path.
const SERVERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"];
/// Where Debian keeps PostgreSQL's programs, each version in a folder of its own.
const POSTGRESQL: &str = "/usr/lib/postgresql";
/// Where it keeps RabbitMQ, in a folder that is named by its version. What is on the path is a script that runs it only as root, or as
/// an account of its own.
const RABBITMQ: &str = "/usr/lib/rabbitmq/lib";
const RABBITMQ_FOLDER: &str = "rabbitmq_server-";

/// What an engine's program is called, and the Debian package that brings it.
const fn names(engine: Engine) -> Option<(&'static str, &'static str)> {
    Some(match engine {
        Engine::Embedded => return None,
        Engine::Haproxy => ("haproxy", "haproxy"),
        Engine::Nginx => ("nginx", "nginx"),
        Engine::Redis => ("redis-server", "redis-server"),
        Engine::Memcached => ("memcached", "memcached"),
        Engine::Postgresql => ("postgres", "postgresql"),
        Engine::Nats => ("nats-server", "nats-server"),
        Engine::Rabbitmq => ("rabbitmq-server", "rabbitmq-server"),
    })
}

/// Asks an engine which version it is: "2.6.12-1+deb12u4".
///
/// # Errors
/// When it does not run or says nothing of the kind.
pub(super) fn version(engine: Engine, path: &Path) -> Result<String, String> {
    let version = match engine {
        Engine::Haproxy | Engine::Nginx => version_of(path, "-v"),
        Engine::Memcached => version_of(path, "-V"),
        // Asking would take seconds.
        Engine::Rabbitmq => folder_version(path),
        _ => version_of(path, "--version"),
    };
    version.ok_or_else(|| {
        format!(
            "{} does not say its version: is {} the program of that name?",
            engine.title(),
            path.display()
        )
    })
}

/// An engine's program and its version, or why it is not there.
pub type Found = Result<(PathBuf, String), String>;

/// The engines that a node can be, each with its program and version, or why it is not there.
pub fn known() -> Vec<(Engine, Found)> {
    let found = |engine| {
        let path = path_of(engine)?;
        version(engine, &path).map(|version| (path, version))
    };
    Engine::REAL.iter().map(|&engine| (engine, found(engine))).collect()
}

/// Where an engine is.
///
/// # Errors
/// A sentence that names the package which brings it, when it is not there.
pub(in super::super) fn path_of(engine: Engine) -> Result<PathBuf, String> {
    let (program, package) = names(engine).ok_or_else(|| "the embedded engine is this program".to_owned())?;
    folders(engine).iter().map(|folder| folder.join(program)).find(|path| path.is_file()).ok_or_else(|| {
        format!(
            "{} is not on this machine: the Debian package {package} brings it (apt-get install {package}, or \
             `cargo xtask engines` for all engines); or set the node's engine to embedded",
            engine.title()
        )
    })
}

/// Where to look, in order.
fn folders(engine: Engine) -> Vec<PathBuf> {
    let mut folders = match engine {
        Engine::Postgresql => newest_first(Path::new(POSTGRESQL)),
        Engine::Rabbitmq => return rabbitmq_folders(Path::new(RABBITMQ)),
        _ => Vec::new(),
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder would be another one in every process.
    folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    folders.extend(SERVERS.map(PathBuf::from));
    folders
}

/// The folders of programs of each version, the newest version first.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, path)| path).collect()
}

fn rabbitmq_folders(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.map(|folder| folder.join("sbin")).collect();
    folders.retain(|folder| folder_version(&folder.join("rabbitmq-server")).is_some());
    folders
}

/// The version of a program in `rabbitmq_server-VERSION/sbin`.
fn folder_version(program: &Path) -> Option<String> {
    let folder = program.parent()?.parent()?.file_name()?.to_str()?;
    version_in(folder.strip_prefix(RABBITMQ_FOLDER)?)
}

fn version_of(program: &Path, option: &str) -> Option<String> {
    let said = Command::new(program).arg(option).env_clear().stdin(Stdio::null()).output().ok()?;
    let text = [said.stdout, said.stderr].concat();
    version_in(&String::from_utf8_lossy(&text))
}

/// The first word that looks like a version: digits and a dot, after "v=", "v" or a slash.
fn version_in(text: &str) -> Option<String> {
    text.split_whitespace().find_map(|word| {
        let word = word.rsplit_once('/').map_or(word, |(_, version)| version);
        let word = word.trim_start_matches("v=").trim_start_matches('v').trim_end_matches([',', ';']);
        let is_version = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
        is_version.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_engines_really_say() {
        for (said, version) in [
            ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", "2.6.12-1+deb12u4"),
            ("nginx version: nginx/1.22.1", "1.22.1"),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "7.0.15"),
            ("memcached 1.6.18", "1.6.18"),
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"),
            ("nats-server: v2.9.10", "2.9.10"),
        ] {
            assert_eq!(version_in(said).as_deref(), Some(version), "{said}");
        }
        assert_eq!(version_in("usage: something"), None);
        let folder = |path: &str| folder_version(Path::new(path));
        assert_eq!(folder("/usr/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server").as_deref(), Some("3.10.8"));
        assert_eq!(folder("/usr/sbin/rabbitmq-server"), None);
    }

    #[test]
    fn the_newest_postgresql_is_taken_by_number() {
        let folder = std::env::temp_dir().join(format!("loadpath-versions-{}", std::process::id()));
        for version in ["9", "15", "notes"] {
            std::fs::create_dir_all(folder.join(version).join("bin")).unwrap();
        }
        let found = newest_first(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [folder.join("15/bin"), folder.join("9/bin")]);
    }
}
