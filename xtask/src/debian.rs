//! The programs that tests and benches drive, from Debian: there already, or installed where that is allowed.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::run;

/// A program and the package that brings it.
pub(crate) struct Need {
    program: &'static str,
    package: &'static str,
}

const NGINX: Need = Need { program: "nginx", package: "nginx" };
const HAPROXY: Need = Need { program: "haproxy", package: "haproxy" };
const REDIS: Need = Need { program: "redis-server", package: "redis-server" };
const MEMCACHED: Need = Need { program: "memcached", package: "memcached" };
const NATS: Need = Need { program: "nats-server", package: "nats-server" };

/// Chromium shows the page; nginx, HAProxy, Redis and memcached are servers that nobody here wrote, to be measured and brought up;
/// npm has the accessibility audit; python3 runs the validators of exported files; over nats-server load agents meet, and it is a queue of designs.
pub(crate) const OF_TESTS: [Need; 8] = [
    Need { program: "chromium", package: "chromium" },
    NATS,
    NGINX,
    HAPROXY,
    REDIS,
    MEMCACHED,
    Need { program: "npm", package: "npm" },
    Need { program: "python3", package: "python3-venv" },
];

/// What nodes can be in live runs instead of our own processes.
pub(crate) const OF_ENGINES: [Need; 7] = [
    HAPROXY,
    NGINX,
    REDIS,
    MEMCACHED,
    Need { program: "postgres", package: "postgresql" },
    NATS,
    Need { program: "rabbitmq-server", package: "rabbitmq-server" },
];

/// Debian's servers that start with their packages; only the programs are wanted.
const STARTED: [&str; 7] =
    ["nginx", "haproxy", "redis-server", "memcached", "postgresql", "nats-server", "rabbitmq-server"];

/// Node.js runs WebAssembly outside of a browser.
pub(crate) const OF_WASM: [Need; 1] = [Need { program: "node", package: "nodejs" }];

/// libFuzzer is compiled with the program that it drives.
pub(crate) const OF_FUZZ: [Need; 1] = [Need { program: "g++", package: "g++" }];

/// What the load generator is measured beside and against; the bench itself says which of them is not there.
pub(crate) const OF_LOAD: [Need; 6] = [
    NGINX,
    Need { program: "wrk", package: "wrk" },
    Need { program: "ab", package: "apache2-utils" },
    Need { program: "h2load", package: "nghttp2-client" },
    Need { program: "hey", package: "hey" },
    Need { program: "faketime", package: "faketime" },
];

/// What decides how packages can be installed.
#[derive(Clone, Copy)]
struct Machine {
    apt: bool,
    root: bool,
    /// sudo works without a password.
    sudo: bool,
}

#[derive(Debug, PartialEq)]
enum Way {
    Nothing,
    AsRoot,
    ThroughSudo,
    /// We may not: a person runs this.
    ByHand(String),
}

/// Installs what is missing of these.
///
/// # Errors
/// When it may not, or it did not work; with the one line to run.
pub(crate) fn install_missing(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    let machine = Machine { apt: on_path("apt-get"), root: is_root(), sudo: sudo_works() };
    match way(&missing, machine) {
        Way::Nothing => return Ok(()),
        Way::AsRoot => install(&missing, &["env"]),
        Way::ThroughSudo => install(&missing, &["sudo", "-n", "env"]),
        Way::ByHand(line) => {
            bail!("{} must be there, which this user may not install; run: {line}", missing.join(" and "))
        }
    }
    .with_context(|| {
        format!("{} did not get installed; run: {}", missing.join(" and "), line(&missing, "sudo "))
    })?;
    let still = self::missing(needs);
    if !still.is_empty() {
        bail!(
            "apt-get ended well, and {} is still not there; run: {}",
            still.join(" and "),
            line(&still, "sudo ")
        );
    }
    Ok(())
}

/// The packages whose programs are not there.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !is_there(need)).map(|need| need.package).collect()
}

/// Debian's python3 comes without the module that fills an environment.
fn is_there(need: &Need) -> bool {
    let environments = || {
        let asked =
            Command::new("python3").args(["-c", "import ensurepip, venv"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    on_path(need.program) && (need.package != "python3-venv" || environments())
}

fn way(missing: &[&str], machine: Machine) -> Way {
    match machine {
        _ if missing.is_empty() => Way::Nothing,
        Machine { apt: true, root: true, .. } => Way::AsRoot,
        Machine { apt: true, sudo: true, .. } => Way::ThroughSudo,
        Machine { apt: true, .. } => Way::ByHand(line(missing, "sudo ")),
        Machine { apt: false, .. } => {
            Way::ByHand(format!("this system's own installer, for {}", missing.join(" and ")))
        }
    }
}

fn line(packages: &[&str], sudo: &str) -> String {
    let install = format!("{sudo}apt-get install -y --no-install-recommends {}", packages.join(" "));
    format!("{sudo}apt-get update && {install}")
}

/// `prefix` ends in `env`, because sudo passes no variables on.
fn install(packages: &[&str], prefix: &[&str]) -> Result<()> {
    eprintln!("      missing: installing {} from Debian", packages.join(" and "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
        run(command.stdin(Stdio::null()))
    };
    // A package list that cannot be refreshed may still be good enough.
    if let Err(fault) = apt(&["update"]) {
        eprintln!("      going on with the package list that is there: {fault:#}");
    }
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())?;
    for service in STARTED.iter().filter(|service| packages.contains(service)) {
        if Path::new("/run/systemd/system").is_dir() {
            // Debian starts a server with the package, on a port that others may want.
            let mut command = Command::new(prefix[0]);
            command.args(&prefix[1..]).args(["systemctl", "disable", "--now", service]);
            run(command.stdin(Stdio::null()))?;
        }
    }
    Ok(())
}

/// Also where Debian keeps servers and the versions of PostgreSQL, which is not on everybody's path.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(Path::new).map(Path::to_owned);
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let mut folders = std::env::split_paths(&path).chain(servers).chain(versions);
    folders.any(|folder| folder.join(OsStr::new(program)).is_file())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn sudo_works() -> bool {
    let asked =
        Command::new("sudo").args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Machine = Machine { apt: true, root: false, sudo: false };

    #[test]
    fn what_is_there_is_not_installed() {
        assert_eq!(way(&[], Machine { root: true, ..NOBODY }), Way::Nothing);
    }

    #[test]
    fn root_installs_directly_and_others_through_sudo_where_it_asks_nothing() {
        assert_eq!(way(&["nginx"], Machine { root: true, sudo: true, ..NOBODY }), Way::AsRoot);
        assert_eq!(way(&["nginx"], Machine { sudo: true, ..NOBODY }), Way::ThroughSudo);
    }

    #[test]
    fn who_may_not_install_gets_one_line_that_does() {
        let expected =
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium nginx";
        assert_eq!(way(&["chromium", "nginx"], NOBODY), Way::ByHand(expected.to_owned()));
        let Way::ByHand(line) = way(&["nginx"], Machine { apt: false, root: true, sudo: true }) else {
            panic!()
        };
        assert!(line.contains("nginx") && !line.contains("apt-get"), "{line}");
    }

    #[test]
    fn a_program_is_found_by_its_name_and_one_that_nobody_has_is_not() {
        assert!(on_path("sh"));
        assert!(!on_path("no-program-has-this-name"));
    }
}
