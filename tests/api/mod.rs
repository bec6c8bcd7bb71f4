//! The agent's HTTP API over raw sockets: who is let in, what is bounded, and a live run from start to end.
mod control;
mod guard;
mod limits;
mod live_run;
mod metrics;
mod raw;

use crate::live::Agent;
use raw::Answer;
use std::net::SocketAddr;

/// An agent that serves, on a port of its own.
pub(crate) struct Serving {
    pub(crate) agent: Agent,
    pub(crate) address: SocketAddr,
    /// What it printed to open the page.
    pub(crate) invitation: String,
}

impl Serving {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let mut agent = Agent::start(&[&["serve", "--port", "0", "--no-open"], more].concat());
        let line = agent.line_with("#code=");
        let invitation = line.rsplit(' ').next().unwrap().to_owned();
        let host = invitation.strip_prefix("http://").unwrap().split('/').next().unwrap();
        Self { address: host.parse().unwrap(), invitation, agent }
    }

    fn code(&self) -> &str {
        self.invitation.split_once("#code=").unwrap().1
    }

    /// A request as our own page would send it.
    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> Answer {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\n", self.address);
        if let Some(token) = token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        if let Some(body) = body {
            head += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        raw::send(self.address, &format!("{head}connection: close\r\n\r\n{}", body.unwrap_or_default()))
    }

    /// Exchanges the code.
    fn token(&self) -> String {
        let answer =
            self.ask("POST", "/api/session", None, Some(&format!(r#"{{"code":"{}"}}"#, self.code())));
        assert_eq!(answer.status, 200, "{answer:?}");
        let session: loadpath_core::wire::Session = serde_json::from_str(&answer.body).unwrap();
        session.token
    }
}
