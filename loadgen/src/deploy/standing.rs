//! What the agent knows of each process of a deployment, from the supervisor's reports.
use super::order::{ProcessNumber, Report};
use super::probe;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStdout;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long the end of a process whose socket broke may take to be reported.
const END_WITHIN: Duration = Duration::from_secs(1);

/// What the supervisor said last of each process.
pub(super) type Standings = BTreeMap<ProcessNumber, Standing>;

#[derive(Clone, Debug)]
pub(super) enum Standing {
    Starting,
    Running { pid: u32, port: u16, desk: u16 },
    Ended { how: String },
}

impl Standing {
    /// Where its callers reach it.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        if let Self::Running { port, .. } = self { Some((Ipv4Addr::LOCALHOST, *port).into()) } else { None }
    }

    /// Where it answers the agent.
    pub(super) fn desk(&self) -> Option<SocketAddr> {
        if let Self::Running { desk, .. } = self { Some((Ipv4Addr::LOCALHOST, *desk).into()) } else { None }
    }
}

/// Writes down what the supervisor says, until it ends; then it is `over`, and all processes of which was told have ended.
pub(super) async fn listen(
    reports: ChildStdout,
    standings: Arc<watch::Sender<Standings>>,
    over: CancellationToken,
) {
    let mut lines = BufReader::new(reports).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let (process, standing) = match serde_json::from_str(&line) {
            Ok(Report::Started { process, pid, port, desk }) => {
                (process, Standing::Running { pid, port, desk })
            }
            Ok(Report::Ended { process, how, last_words }) => {
                let said =
                    if last_words.is_empty() { String::new() } else { format!("; it said: {last_words}") };
                (process, Standing::Ended { how: format!("{how}{said}") })
            }
            Err(_) => break,
        };
        standings.send_modify(|standings| drop(standings.insert(process, standing)));
    }
    over.cancel();
    standings.send_modify(|standings| {
        standings.values_mut().for_each(|standing| {
            *standing = Standing::Ended { how: "the supervisor has ended".to_owned() };
        });
    });
}

/// Waits until a process answers with its own nonce; else a sentence's worth of why it does not.
pub(super) async fn answering(
    standings: &mut watch::Receiver<Standings>,
    process: ProcessNumber,
    nonce: &str,
) -> Result<(), String> {
    let port = started(standings, process).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let healthy = async {
        loop {
            match probe::get(address, "/healthz").await {
                // What makes its files first may take longer than an answer may.
                Err(fault) if fault.kind() == ErrorKind::TimedOut => {}
                answer => return answer,
            }
        }
    };
    tokio::select! {
        biased;
        end = end_of(standings, process) => return Err(end),
        answer = healthy => match answer {
            Ok(answer) if answer == nonce => return Ok(()),
            Ok(_) => return Err(format!("someone else answers on {address}")),
            Err(_) => {}
        },
    }
    // Its socket broke: its end follows, and says more.
    let end = tokio::time::timeout(END_WITHIN, end_of(standings, process)).await;
    Err(end.unwrap_or_else(|_| format!("it does not answer on {address}")))
}

/// Waits until a process has a port at which it answers the agent.
async fn started(standings: &mut watch::Receiver<Standings>, process: ProcessNumber) -> Result<u16, String> {
    let known = |standings: &Standings| !matches!(standings.get(&process), None | Some(Standing::Starting));
    let found = standings.wait_for(known).await.map_err(|_| "the supervisor has ended".to_owned())?;
    match &found[&process] {
        Standing::Running { desk, .. } => Ok(*desk),
        Standing::Ended { how } => Err(how.clone()),
        Standing::Starting => unreachable!("it was waited for that to pass"),
    }
}

/// Waits until a process has ended: how.
pub(super) async fn end_of(standings: &mut watch::Receiver<Standings>, process: ProcessNumber) -> String {
    let ended = |standings: &Standings| matches!(standings.get(&process), Some(Standing::Ended { .. }));
    match standings.wait_for(ended).await.as_deref().map(|standings| &standings[&process]) {
        Ok(Standing::Ended { how }) => how.clone(),
        _ => "the supervisor has ended".to_owned(),
    }
}
