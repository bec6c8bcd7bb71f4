//! `loadgen agent`: one of the agents that drive a load together.
use super::nats::NatsArgs;
use super::progress::Progress;
use super::requests::{MannerArgs, RequestArgs};
use super::run::{Delivery, begun};
use super::{Failure, block_on, consent};
use crate::agents::{Guest, Invited, What};
use crate::attack::{Attack, Patience, Target};
use crate::interrupt;
use crate::store::Recording;
use loadpath_core::run::Run;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// It joins, waits until a coordinator (`loadgen run --agents`) deals it a share of a load, drives it, tells what it sees each second,
/// and ends, or waits for the next. Where the load may go is for this machine's owner to say: this machine, and what --allow-target names and
/// consents. It keeps its own share as a run of its own, and ends its load when the coordinator is gone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    nats: NatsArgs,
    /// What it is called, in letters, digits, dots and dashes [default: this machine's name]
    #[arg(long)]
    name: Option<String>,
    /// Let this machine be loaded from here; exactly as in the coordinator's URL; again for more
    #[arg(long, value_name = "HOST:PORT")]
    allow_target: Vec<String>,
    /// Trust the target's certificate by this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Trust whoever answers at the target
    #[arg(long)]
    insecure: bool,
    /// After a run wait for the next, until Ctrl-C: `loadgen limit` has one after the other
    #[arg(long, conflicts_with = "out")]
    stay: bool,
    #[command(flatten)]
    delivery: Delivery,
}

const EXAMPLES: &str = "\
Examples:
  loadgen agent --nats nats://10.0.0.2:4222 --nats-token-file token --allow-target 10.0.0.5:80
  LOADGEN_NATS_TOKEN=... loadgen agent --nats tls://nats.example:4222 --name west-1
  loadgen agent --nats nats://127.0.0.1:4222 --out share.json --json
  loadgen agent --nats nats://127.0.0.1:4222 --stay

The coordinator, on any machine:
  loadgen run --url http://10.0.0.5:80/ --rate 50k/s --agents 4 --nats nats://10.0.0.2:4222

All on Kubernetes: loadgen export --format agents --agents 4 --help";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.delivery.check()?;
    block_on(args.drive())
}

impl Args {
    async fn drive(&self) -> Result<(), Failure> {
        loop {
            let (invited, attack) = self.invited().await?;
            let ended = self.take_part(invited, attack).await;
            let ended = ended.and_then(|(run, recording)| self.delivery.deliver(run, recording));
            match ended {
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                ended if !self.stay => return ended,
                Err(fault) => self.say(&fault.to_string()),
                Ok(()) => {}
            }
        }
    }

    /// Waits until it is asked to drive what its owner allows.
    async fn invited(&self) -> Result<(Invited, Attack), Failure> {
        let stop = interrupt::token();
        let name = self.name.clone().unwrap_or_else(machine);
        let meeting = self.nats.join(&format!("loadgen agent {name}")).await?;
        let mut guest = Guest::new(meeting, &name).await?;
        self.say(&format!("agent {name} waits for a run; Ctrl-C ends it"));
        loop {
            let invited = guest.wait(&stop).await?.ok_or(Failure::Interrupted)?;
            match self.attack(&invited).await {
                Ok(attack) => return Ok((invited, attack)),
                Err(why) => {
                    self.say(&format!("refused a run: {why}"));
                    guest = invited.refuse(why).await?;
                }
            }
        }
    }

    /// What it is asked to drive, if its owner allows that.
    async fn attack(&self, invited: &Invited) -> Result<Attack, String> {
        let (task, share) = invited.asked();
        let mut target =
            Target::from_url(&task.url, &self.allow_target).await.map_err(|fault| fault.to_string())?;
        consent::ask(&target).await.map_err(|fault| fault.to_string())?;
        let asked = match &task.what {
            What::Requests(asked) => {
                let requests = RequestArgs::of(asked, share)?;
                Some(requests.classes(&mut target).map_err(|fault| fault.to_string())?)
            }
            What::Journey(_) | What::Design(_) => None,
        };
        let insecure = self.insecure && target.secure;
        let ca = self.ca.clone().filter(|_| target.secure);
        let manner = MannerArgs::of(task, ca, insecure).manner(&target).map_err(|fault| fault.to_string())?;
        let attack = task.attack(target, share)?;
        Ok(Attack { manner, classes: asked.unwrap_or(attack.classes), ..attack })
    }

    async fn take_part(&self, invited: Invited, attack: Attack) -> Result<(Run, Recording), Failure> {
        let seated = invited.accept().await?;
        let offered = attack.offered_rate() * seated.share().part();
        let target = attack.target.to_string();
        let part = if attack.is_closed() {
            format!("{} of its users", seated.share().count(attack.users as usize))
        } else {
            format!("{offered:.1}/s of it")
        };
        self.say(&format!("takes part in \"{}\": {part} on {target}", attack.name));
        let begun = begun(attack.name.clone(), target, offered, attack.warm_up, attack.duration);
        let mut recording = self.delivery.recording(begun)?;
        let _served = self.delivery.serve_metrics(&recording).await?;
        let progress = Progress::new(attack.warm_up, attack.duration, self.delivery.quiet);
        let is_ours = attack.target.address.ip().is_loopback();
        let stop = interrupt::token().child_token();
        let mut patience = Patience::default();
        let driven = seated.drive(attack, &stop, |interval| {
            progress.show(interval);
            recording.interval(interval);
            if !is_ours && patience.is_over(interval) {
                stop.cancel();
            }
        });
        let driven = driven.await;
        progress.finish();
        Ok((driven?, recording))
    }

    /// When nobody reads standard error, nobody can be told.
    fn say(&self, text: &str) {
        if !self.delivery.quiet {
            let _ = writeln!(io::stderr(), "loadgen: {text}");
        }
    }
}

/// What this machine is called, as far as a name of an agent can say it.
fn machine() -> String {
    let told = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String =
        told.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(64).collect();
    if name.is_empty() { "agent".to_owned() } else { name }
}
