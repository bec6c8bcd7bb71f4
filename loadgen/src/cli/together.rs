//! `--agents`: the coordinator of a load that several agents drive.
use super::Failure;
use super::nats::NatsArgs;
use super::requests::MannerArgs;
use crate::agents::{Coordinator, Driver, Task, Team, Tell, Told};
use crate::attack::{Attack, Manner, Paths, Share, Target};
use crate::interrupt;
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

    /// Whether agents, where they are wanted, can be told of an attack: better known before they are waited for.
    pub(super) fn fits(
        &self,
        attack: &Attack,
        task: impl FnOnce(&Attack) -> Result<Task, String>,
    ) -> Result<(), Failure> {
        if self.are_wanted() {
            let told = task(attack).and_then(|task| task.attack(attack.target.clone(), Share::WHOLE));
            told.map_err(Failure::Input)?;
        }
        Ok(())
    }

    /// How one speaks with the target; agents say themselves whom they trust.
    pub(super) fn manner(&self, manner: &MannerArgs, target: &Target) -> Result<Manner, Failure> {
        if self.are_wanted() { Ok(manner.of_agents()) } else { manner.manner(target) }
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
