//! `loadgen journey`: users in a closed loop, each of whom goes from step to step.
use super::progress::Progress;
use super::requests::MannerArgs;
use super::run::{Aim, Delivery, begun};
use super::together::{self, TogetherArgs};
use super::{Failure, args, block_on};
use crate::agents::{Done, Task};
use crate::attack::{Attack, Journey, Paths, Shape, Target};
use crate::interrupt;
use crate::store::{self, Recording};
use loadpath_core::rng::Seed;
use loadpath_core::time::Span;
use loadpath_core::workload::{Arrivals, Class, Spacing};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A closed loop: a user sends when it has its last answer and has thought; a slow target gets fewer requests. The response counts
/// from the end of the thinking, the service from the actual send. A step that does not end well breaks the journey off.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The journey, a JSON file
    file: PathBuf,
    #[command(flatten)]
    aim: Aim,
    /// How many users there are, each with a connection; of all agents together
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    users: u16,
    /// How long it counts
    #[arg(long, default_value = "10s", value_parser = args::duration)]
    duration: Span,
    /// How long it runs before it counts
    #[arg(long, default_value = "2s", value_parser = args::span_within_an_hour)]
    warm_up: Span,
    /// What the times of thinking come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long a step may take
    #[arg(long, default_value = "10s", value_parser = args::timeout)]
    timeout: Span,
    #[command(flatten)]
    manner: MannerArgs,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    together: TogetherArgs,
}

const EXAMPLES: &str = r#"Examples:
  loadgen journey shop-journey.json --url http://127.0.0.1:8080/ --users 50 --duration 30s
  loadgen journey shop-journey.json --url http://10.0.0.5/ --users 5000 --agents 4 --nats nats://10.0.0.2:4222   # with four of `loadgen agent`

A journey file:
  {"think": "exp 1s", "cookies": true, "steps": [
    {"name": "login", "method": "POST", "path": "/login", "body": "user={user}", "take": {"token": "json /token"}},
    {"name": "cart", "path": "/cart", "headers": {"authorization": "Bearer {token}"}, "check": ["status 200"], "think": "2s"}]}

{user} is the user's number; "take" carries what "json /POINTER" or "header NAME" of an answer says to the steps after it."#;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.delivery.check()?;
    let (done, recording) = block_on(args.drive())?;
    args.delivery.deliver(done.run, recording)?;
    together::whole(&done.short)
}

impl Args {
    async fn drive(&self) -> Result<(Done, Recording), Failure> {
        let bad = |why: String| Failure::Input(format!("{}: {why}", self.file.display()));
        let text = store::read_text(&self.file, 16 << 20).map_err(|fault| bad(fault.to_string()))?;
        let journey = Journey::from_json(&text).map_err(bad)?;
        if self.manner.shares_connections() {
            let why = "each user of a journey has a connection of its own: leave --streams out";
            return Err(Failure::Input(why.to_owned()));
        }
        let (name, target) = self.aim.target(&self.together, &self.manner).await?;
        if target.path() != "/" {
            let why = format!("the steps have their own paths: leave {} out of the URL", target.path());
            return Err(Failure::Input(why));
        }
        let attack = self.attack(name.clone(), target, journey)?;
        let (users, quiet) = (attack.connections, self.delivery.quiet);
        let driver = self.together.driver("loadgen journey", users, quiet).await?;
        let begun = begun(name, attack.target.to_string(), 0.0, self.warm_up, self.duration);
        let mut recording = self.delivery.recording(begun)?;
        let _served = self.delivery.serve_metrics(&recording).await?;
        let progress = Progress::new(self.warm_up, self.duration, quiet);
        let (sender, mut intervals) = mpsc::channel(16);
        let showing = async {
            while let Some(interval) = intervals.recv().await {
                progress.show(&interval);
                recording.interval(&interval);
            }
        };
        let task = |attack: &Attack| Task::of_journey(&text, attack);
        let driving = driver.drive(attack, task, interrupt::token(), sender);
        let (driven, ()) = tokio::join!(driving, showing);
        progress.finish();
        driven.map(|done| (done, recording)).map_err(Failure::Went)
    }

    fn attack(&self, name: String, mut target: Target, journey: Journey) -> Result<Attack, Failure> {
        let manner = self.together.manner(&self.manner, &target)?;
        let classes = journey.steps.iter().map(|step| Class::named(&step.name)).collect();
        target.paths = Paths::Journey("/".to_owned(), Arc::new(journey));
        Ok(Attack {
            name,
            target,
            manner,
            // A closed loop finds its own rate.
            arrivals: Arrivals { spacing: Spacing::Poisson, rate: 1.0 },
            shape: Shape::Flat,
            closed: None,
            classes,
            users: u32::from(self.users),
            source: "users".to_owned(),
            seed: Seed(self.seed),
            warm_up: self.warm_up,
            duration: self.duration,
            timeout: self.timeout,
            connections: usize::from(self.users),
            nodes: Vec::new(),
            entry: None,
        })
    }
}
