//! `loadgen up`: brings a design up and keeps it up until Ctrl-C.
use super::{Failure, block_on, input, print, run_design};
use crate::clock::Clock;
use crate::deploy::{Deployment, Design, THIS_PROGRAM};
use crate::live::{self, CAPS};
use crate::report::Table;
use crate::{entropy, interrupt};
use loadpath_core::rng::Seed;
use loadpath_core::topology::{self, Happening, Params, Topology};
use std::path::Path;
use tokio::sync::mpsc;

/// Each instance is a process of its own on 127.0.0.1; all of them are gone when this ends, however it ends.
///
/// What is typed while it is up is done to it, in the words of a design's timeline: `kill node=web instance=1`, `restore node=web`,
/// `slow node=web factor=3`, `flush node=cache`, `cut from=web to=db`, `join from=web to=db`, `promote node=db shard=1`,
/// `deploy node=web pause=1s`, `lose_zone zone=eu`; and `hang node=web instance=1` and `resume node=web instance=1`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
    /// What the nodes' chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    block_on(args.keep_up())
}

impl Args {
    async fn keep_up(&self) -> Result<(), Failure> {
        let stop = interrupt::token();
        let document = input::design(&self.file)?;
        let plan = live::check_deployable(&document, &CAPS);
        let plan = plan.map_err(|unfit| run_design::failure(&self.file, unfit))?;
        let run = entropy::hex(8).map_err(|e| Failure::Went(format!("no random numbers can be had: {e}")))?;
        let program = Path::new(THIS_PROGRAM);
        let design = Design { program, run: &run, document: &document, plan: &plan, seed: self.seed };
        let deployment = match Deployment::up(&design, &stop, |_, _| ()).await {
            Ok(deployment) => deployment,
            Err(_) if stop.is_cancelled() => return Err(Failure::Interrupted),
            Err(fault) => return Err(fault.into()),
        };
        let (clock, trouble) = (Clock::start(), |trouble: String| drop(print(&format!("{trouble}\n"))));
        // When the table cannot be printed, everything is taken down all the same.
        let printed = print(&table(&deployment));
        if printed.is_ok() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = deployment.watch_ends(|end| drop(print(&format!("{end}\n")))) => {}
                () = deployment.mind() => {}
                () = deployment.scale(trouble) => {}
                () = deployment.fail(Seed(self.seed), clock, clock.now(), trouble) => {}
                () = obey(&deployment, &document) => {}
            }
        }
        deployment.down().await.map_err(Failure::from)?;
        printed.and_then(|()| print("everything is down\n"))
    }
}

/// Does what is typed, line by line, for ever.
async fn obey(deployment: &Deployment, document: &Topology) {
    let (sender, mut lines) = mpsc::unbounded_channel();
    // A thread that waits for a line cannot be stopped; it ends with the program.
    std::thread::spawn(move || {
        let typed = std::io::stdin().lines().map_while(Result::ok);
        typed.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
    });
    while let Some(line) = lines.recv().await {
        if line.trim().is_empty() {
            continue;
        }
        let said = match order(deployment, document, &line).await {
            Ok(()) => format!("done: {}\n", line.trim()),
            Err(why) => format!("not done: {why}\n"),
        };
        // Who does not read what is printed still has his order carried out.
        let _ = print(&said);
    }
    std::future::pending::<()>().await;
}

async fn order(deployment: &Deployment, document: &Topology, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let action = words.next().unwrap_or_default().to_owned();
    let mut params = Params::new();
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            format!("\"{word}\" is not a name and a value; write it like node=web instance=1")
        })?;
        // In a document a number is written without quotes.
        let value = value.parse::<f64>().map_or_else(|_| value.into(), Into::into);
        params.insert(name.to_owned(), value);
    }
    if action == "hang" || action == "resume" {
        let node = params.get("node").map(ToString::to_string).unwrap_or_default();
        let instance =
            params.get("instance").and_then(|one| one.to_string().parse::<u16>().ok()).unwrap_or(1);
        let done = deployment.hang(&node, instance.saturating_sub(1), action == "hang").await;
        return done.map_err(|fault| fault.to_string());
    }
    let happening = Happening { at: "0s".to_owned(), action, params };
    let told = Topology { timeline: vec![happening], ..document.clone() };
    let plan = topology::check(&told).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults.join("; ")
    })?;
    let (_, action) = plan.timeline.first().expect("what is on the document's timeline is on its plan's");
    deployment.act(action).await.map_err(|fault| fault.to_string())
}

fn table(deployment: &Deployment) -> String {
    let mut table = Table::new(2, &["node", "address", "pid"]);
    for process in deployment.running() {
        table.row(vec![process.to_string(), process.address.to_string(), process.pid.to_string()]);
    }
    format!("run {}\n\n{}\nCtrl-C takes it down\n", deployment.run(), table.text())
}
