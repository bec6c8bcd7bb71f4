//! `loadgen run --agents`: the coordinator of a load that several agents drive.
use super::agent::attack;
use super::nats::NatsArgs;
use super::progress::Progress;
use super::run::{Args, CONNECTIONS, SpacingName, TIMEOUT, WARM_UP, begun};
use super::{Failure, block_on};
use crate::agents::{Coordinator, Course, Done, Happening, Task, Team, Together};
use crate::attack::{Attack, Paths, Share, Target};
use crate::interrupt;
use crate::store::Recording;
use hyper::Uri;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;

/// Who drives the load, when it is not this process.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Agents")]
pub(super) struct TogetherArgs {
    /// Have so many agents (`loadgen agent`) drive the load together, each its share of one plan; this process drives none
    #[arg(long, value_name = "COUNT", requires = "nats", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    agents: Option<u32>,
    #[command(flatten)]
    nats: NatsArgs,
}

impl TogetherArgs {
    pub(super) const fn are_wanted(&self) -> bool {
        self.agents.is_some()
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (done, recording) = block_on(drive(args))?;
    args.delivery.deliver(done.run, recording)?;
    // It is kept and printed, and it is not what was asked for.
    if done.short.is_empty() { Ok(()) } else { Err(Failure::Went(done.short.join("\n"))) }
}

async fn drive(args: &Args) -> Result<(Done, Recording), Failure> {
    let wanted = args.together.agents.unwrap_or(1);
    let task = task(args, wanted)?;
    let attack = planned(args, &task)?;
    let whole = (attack.target.to_string(), attack.offered_rate(), attack.warm_up, attack.duration);
    let meeting = args.together.nats.join("loadgen run").await?;
    let say = |text: &str| {
        if !args.delivery.quiet {
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(io::stderr(), "loadgen: {text}");
        }
    };
    say(&format!("waits for {wanted} agents"));
    let tell = |happening| tell(&happening, &say);
    let coordinator = Coordinator::new(meeting, interrupt::token());
    let team: Team = coordinator.gather(wanted as usize, tell).await?;
    let together: Together = team.begin(&task, attack, tell).await?;
    let (target, rate, warm_up, duration) = whole;
    let mut recording = args.delivery.recording(begun(task.name.clone(), target, rate, warm_up, duration))?;
    let _served = args.delivery.serve_metrics(&recording).await?;
    let progress = Progress::new(warm_up, duration, args.delivery.quiet);
    let see = |interval: &_| {
        progress.show(interval);
        recording.interval(interval);
    };
    let done = together.follow(see, |lost| say(lost)).await;
    progress.finish();
    Ok((done, recording))
}

fn tell(happening: &Happening, say: &impl Fn(&str)) {
    match happening {
        Happening::Joined { name, here, wanted } => {
            say(&format!("agent {name} has come, {here} of {wanted}"));
        }
        Happening::Prepared => say("all agents may load the target, and open their connections"),
        Happening::Ready(members) => {
            for member in members {
                if let Some(offset) = member.offset {
                    say(&format!(
                        "agent {} is ready; its clock is {:+.3} ms from ours, known to within {:.3} ms",
                        member.name,
                        offset.ahead_ns as f64 / 1e6,
                        offset.within.as_millis()
                    ));
                }
            }
        }
    }
}

/// What the agents are told.
fn task(args: &Args, agents: u32) -> Result<Task, Failure> {
    let input = |why: &str| Failure::Input(why.to_owned());
    let url = args.aim.url.clone().ok_or_else(|| input("where to? give --url http://HOST:PORT/"))?;
    if !args.aim.allow_target.is_empty() {
        return Err(input("each agent's owner allows its targets: give --allow-target to `loadgen agent`"));
    }
    if args.load.manner.says_whom_to_trust() {
        return Err(input("each agent says whom it trusts: give --ca or --insecure to `loadgen agent`"));
    }
    let connections = args.load.connections.unwrap_or(CONNECTIONS);
    if u32::from(connections) < agents {
        return Err(input("every agent needs a connection: give --connections at least as many as --agents"));
    }
    let pace = &args.pace;
    let planned = pace.shape.plan(pace.rate, pace.warm_up, pace.duration, WARM_UP)?;
    let too_long = "this trace is too long to be told to agents: 50,000 requests are the most";
    let mut task = Task {
        name: args.aim.name.clone().unwrap_or_else(|| url.clone()),
        url,
        evenly: matches!(args.load.arrivals, Some(SpacingName::Constant)),
        rate: planned.rate,
        course: Course::of(&planned.shape).ok_or_else(|| input(too_long))?,
        seed: args.load.seed,
        warm_up: planned.warm_up,
        duration: planned.duration,
        timeout: args.load.timeout.unwrap_or(TIMEOUT),
        connections: usize::from(connections),
        asked: args.load.requests.asked()?,
        http2: false,
        close: false,
        connect_timeout: None,
        first_byte_timeout: None,
    };
    args.load.manner.tell(&mut task);
    task.check().map_err(|why| Failure::Input(format!("this load cannot be told to agents: {why}")))?;
    Ok(task)
}

/// The whole plan, as every agent has it. Nothing is sent from here, so that its target need not be known here.
fn planned(args: &Args, task: &Task) -> Result<Attack, Failure> {
    let not_a_url =
        || Failure::Input(format!("\"{}\" is not a URL: write it like http://10.0.0.5:80/", task.url));
    let uri: Uri = task.url.parse().map_err(|_| not_a_url())?;
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(not_a_url)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let secure = uri.scheme_str() == Some("https");
    let nowhere = (Ipv4Addr::LOCALHOST, 0).into();
    let mut target =
        Target { host: authority.as_str().to_owned(), secure, ..Target::plain(nowhere, Paths::Plain(path)) };
    let classes = args.load.requests.classes(&mut target)?;
    Ok(Attack { classes, ..attack(task, target, Share::WHOLE) })
}
