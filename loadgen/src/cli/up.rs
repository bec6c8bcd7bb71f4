//! `loadgen up`: brings a design up and keeps it up until Ctrl-C.
use super::{Failure, block_on, input, print, run_design};
use crate::deploy::{Deployment, Design, THIS_PROGRAM};
use crate::live::{self, CAPS};
use crate::report::Table;
use crate::{entropy, interrupt};
use std::path::Path;

/// Each instance is a process of its own on 127.0.0.1; all of them are gone when this ends, however it ends.
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
        // When the table cannot be printed, everything is taken down all the same.
        let printed = print(&table(&deployment));
        if printed.is_ok() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = deployment.watch_ends(|end| drop(print(&format!("{end}\n")))) => {}
            }
        }
        deployment.down().await.map_err(Failure::from)?;
        printed.and_then(|()| print("everything is down\n"))
    }
}

fn table(deployment: &Deployment) -> String {
    let mut table = Table::new(2, &["node", "address", "pid"]);
    for process in deployment.running() {
        table.row(vec![process.to_string(), process.address.to_string(), process.pid.to_string()]);
    }
    format!("run {}\n\n{}\nCtrl-C takes it down\n", deployment.run(), table.text())
}
