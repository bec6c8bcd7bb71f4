//! Engines in other languages: small programs in `python/` and `js/`, which this installs an engine for and runs.
use crate::answer::{Answer, Printed};
use crate::network::Network;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program that simulates a network, in a folder.
pub(crate) struct Program {
    interpreter: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

/// What a guest is: its name, how many customers take it about a second, the package, the program.
struct Guest(&'static str, u64, &'static str, &'static str);

const PYTHON: [Guest; 4] = [
    Guest("SimPy 4.1", 50_000, "simpy==4.1.2", "simpy_peer.py"),
    Guest("Ciw 3.2", 20_000, "ciw==3.2.7", "ciw_peer.py"),
    Guest("AsyncFlow 0.1", 20_000, "asyncflow-sim==0.1.1", "asyncflow_peer.py"),
    Guest("salabim 26.0", 5_000, "salabim==26.0.9", "salabim_peer.py"),
];
const JS: [Guest; 1] = [Guest("simjs 2.0", 200_000, "simjs@2.0.3", "simjs_peer.cjs")];

/// Newest first, since AsyncFlow needs 3.12.
const PYTHONS: [&str; 3] = ["python3.13", "python3.12", "python3"];

/// A guest's name, its customers, and how it is run, or why it cannot be.
pub(crate) type Installed = (String, u64, Result<Program, String>);

/// Installs the wanted guests under the target folder; what is there already is left as it is.
pub(crate) fn install(is_wanted: impl Fn(&str) -> bool) -> Vec<Installed> {
    let here = std::env::current_exe().expect("a running program has a path");
    let target = here.ancestors().nth(2).expect("it lies in the target folder").join("guests");
    let mut installed = Vec::new();
    let python = wanted(&PYTHON, &is_wanted);
    if !python.is_empty() {
        let environment = python_environment(&target.join("python"));
        installed.extend(python.into_iter().map(|guest| {
            let program = environment.clone().and_then(|interpreter| with_pip(guest, interpreter));
            (guest.0.to_owned(), guest.1, program)
        }));
    }
    for guest in wanted(&JS, &is_wanted) {
        installed.push((guest.0.to_owned(), guest.1, with_npm(guest, &target.join("js"))));
    }
    installed
}

fn wanted<'a>(guests: &'a [Guest], is_wanted: &impl Fn(&str) -> bool) -> Vec<&'a Guest> {
    guests.iter().filter(|guest| is_wanted(guest.0)).collect()
}

/// The interpreter of a virtual environment; `PYTHON` in the environment says of which Python it is made.
fn python_environment(folder: &Path) -> Result<PathBuf, String> {
    let interpreter = folder.join("bin/python");
    if interpreter.is_file() {
        return Ok(interpreter);
    }
    let stated = std::env::var("PYTHON").ok();
    let candidates = stated.as_deref().map_or(PYTHONS.to_vec(), |python| vec![python]);
    let mut why = String::new();
    for python in candidates {
        match finish(Command::new(python).args(["-m", "venv"]).arg(folder)) {
            Ok(_) => return Ok(interpreter),
            Err(fault) => why = format!("{python}: {fault}"),
        }
    }
    Err(why)
}

fn with_pip(guest: &Guest, interpreter: PathBuf) -> Result<Program, String> {
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", guest.2];
    finish(Command::new(&interpreter).args(pip))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(guest.3);
    let folder = interpreter.parent().map(Path::to_owned).unwrap_or_default();
    Ok(Program { interpreter, script, folder })
}

fn with_npm(guest: &Guest, folder: &Path) -> Result<Program, String> {
    std::fs::create_dir_all(folder).map_err(|fault| fault.to_string())?;
    let npm = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", guest.2];
    finish(Command::new("npm").args(npm).current_dir(folder))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("js").join(guest.3);
    Ok(Program { interpreter: "node".into(), script, folder: folder.to_owned() })
}

/// What a command printed, or the last line of what it complained of.
fn finish(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.output().map_err(|fault| fault.to_string())?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&stderr);
    Err(complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it failed").to_owned())
}

impl Program {
    /// Runs a network; the program measures its own CPU time, without its start.
    pub(crate) fn run(&self, network: &Network, customers: u64) -> Result<Answer, String> {
        let network_text = serde_json::to_string(network).expect("a network is plain data");
        let mut command = Command::new(&self.interpreter);
        command.arg(&self.script).arg(network_text).arg(customers.to_string()).current_dir(&self.folder);
        let text = finish(&mut command)?;
        let printed: Printed = serde_json::from_str(&text).map_err(|fault| fault.to_string())?;
        let exact = printed.exact.unwrap_or_else(|| network.mean_response());
        Ok(Answer::from_batches(&printed.means, exact, customers, printed.cpu_seconds))
    }
}
