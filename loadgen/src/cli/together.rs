//! `--agents`: the coordinator of a load that several agents drive.
use super::Failure;
use super::nats::NatsArgs;
use super::progress::Progress;
use super::requests::MannerArgs;
use super::run::{Args, CONNECTIONS, SpacingName, TIMEOUT, WARM_UP, begun};
use crate::agents::{Coordinator, Course, Done, Driver, Task, Team, Tell, Together, Told, What};
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
    /// Have so many agents (`loadgen agent`) drive the load together, each its share of one plan or of the users; this process drives none
    #[arg(long, value_name = "COUNT", requires = "nats", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    agents: Option<u32>,
    #[command(flatten)]
    nats: NatsArgs,
}

impl TogetherArgs {
    pub(super) const fn are_wanted(&self) -> bool {
        self.agents.is_some()
    }

    /// Waits for the agents that are wanted, where `connections` are one for each at least; this process drives where none are.
    pub(super) async fn driver(
        &self,
        command: &str,
        connections: usize,
        quiet: bool,
    ) -> Result<Driver, Failure> {
        match self.agents {
            None => Ok(Driver::Here),
            Some(wanted) => {
                enough(connections, wanted)?;
                let team = self.gather(command, quiet).await?;
                Ok(Driver::Together(Box::new(team), teller(quiet)))
            }
        }
    }

    async fn gather(&self, command: &str, quiet: bool) -> Result<Team, Failure> {
        let wanted = self.agents.unwrap_or(1);
        let meeting = self.nats.join(command).await?;
        say(quiet, &format!("waits for {wanted} agents"));
        let coordinator = Coordinator::new(meeting, interrupt::token());
        let tell = teller(quiet);
        Ok(coordinator.gather(wanted as usize, |happening| tell(Told::Before(happening))).await?)
    }

    /// A target of agents. Nothing is sent there from here, so that its address need not be known here, and it is theirs to allow.
    pub(super) fn target(url: &str, allowed: &[String], manner: &MannerArgs) -> Result<Target, Failure> {
        let input = |why: &str| Failure::Input(why.to_owned());
        if !allowed.is_empty() {
            return Err(input(
                "each agent's owner allows its targets: give --allow-target to `loadgen agent`",
            ));
        }
        if manner.says_whom_to_trust() {
            return Err(input("each agent says whom it trusts: give --ca or --insecure to `loadgen agent`"));
        }
        let not_a_url =
            || Failure::Input(format!("\"{url}\" is not a URL: write it like http://10.0.0.5:80/"));
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(not_a_url)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let secure = uri.scheme_str() == Some("https");
        let nowhere = (Ipv4Addr::LOCALHOST, 0).into();
        let host = authority.as_str().to_owned();
        Ok(Target { host, secure, ..Target::plain(nowhere, Paths::Plain(path)) })
    }
}

fn enough(connections: usize, agents: u32) -> Result<(), Failure> {
    if connections >= agents as usize {
        return Ok(());
    }
    let why = format!("every agent needs a connection: {connections} are too few for {agents} agents");
    Err(Failure::Input(why))
}

/// Says on standard error what becomes of agents.
fn teller(quiet: bool) -> Tell {
    Box::new(move |told| told.to_string().lines().for_each(|line| say(quiet, line)))
}

/// What agents did not do of their shares: it is kept and printed, and it is not what was asked for.
pub(super) fn whole(short: &[String]) -> Result<(), Failure> {
    if short.is_empty() { Ok(()) } else { Err(Failure::Went(short.join("\n"))) }
}

fn say(quiet: bool, text: &str) {
    if !quiet {
        // When nobody reads standard error, nobody can be told.
        let _ = writeln!(io::stderr(), "loadgen: {text}");
    }
}

/// Has agents drive a load on a URL.
pub(super) async fn drive(args: &Args) -> Result<(Done, Recording), Failure> {
    let wanted = args.together.agents.unwrap_or(1);
    let task = task(args, wanted)?;
    let attack = planned(args, &task)?;
    let whole = (attack.target.to_string(), attack.offered_rate(), attack.warm_up, attack.duration);
    let quiet = args.delivery.quiet;
    let tell = teller(quiet);
    let team = args.together.gather("loadgen run", quiet).await?;
    let together: Together = team.begin(&task, attack, |happening| tell(Told::Before(happening))).await?;
    let (target, rate, warm_up, duration) = whole;
    let mut recording = args.delivery.recording(begun(task.name.clone(), target, rate, warm_up, duration))?;
    let _served = args.delivery.serve_metrics(&recording).await?;
    let progress = Progress::new(warm_up, duration, quiet);
    let see = |interval: &_| {
        progress.show(interval);
        recording.interval(interval);
    };
    let done = together.follow(see, |lost| tell(Told::Lost(lost))).await;
    progress.finish();
    Ok((done, recording))
}

/// What the agents are told.
fn task(args: &Args, agents: u32) -> Result<Task, Failure> {
    let input = |why: &str| Failure::Input(why.to_owned());
    let url = args.aim.url.clone().ok_or_else(|| input("where to? give --url http://HOST:PORT/"))?;
    let connections = args.load.connections.unwrap_or(CONNECTIONS);
    enough(usize::from(connections), agents)?;
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
        what: What::Requests(args.load.requests.asked()?),
        http2: false,
        streams: 1,
        close: false,
        connect_timeout: None,
        first_byte_timeout: None,
    };
    args.load.manner.tell(&mut task);
    task.check().map_err(|why| Failure::Input(format!("this load cannot be told to agents: {why}")))?;
    Ok(task)
}

/// The whole plan, as every agent has it.
fn planned(args: &Args, task: &Task) -> Result<Attack, Failure> {
    let mut target = TogetherArgs::target(&task.url, &args.aim.allow_target, &args.load.manner)?;
    let classes = args.load.requests.classes(&mut target)?;
    let attack = task.attack(target, Share::WHOLE).map_err(Failure::Input)?;
    Ok(Attack { classes, ..attack })
}
