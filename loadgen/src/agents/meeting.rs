//! The place where agents and coordinator meet: a NATS server, and how one is let in.
use super::AgentsFault;
use super::message::{self, MOST_BYTES};
use async_nats::client::RequestErrorKind;
use async_nats::{Client, ConnectOptions, Request, ServerAddr, Subscriber};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How long opening the connection may take.
const WITHIN: Duration = Duration::from_secs(5);

/// What lets one in. Its text shows no secret.
#[derive(Clone, Default)]
pub struct Pass {
    /// A token.
    pub token: Option<String>,
    /// A credentials file, as `nsc` writes it.
    pub credentials: Option<PathBuf>,
    /// Certificates to trust, PEM, beside those of the system.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "(hidden)");
        let Self { credentials, ca, .. } = self;
        f.debug_struct("Pass")
            .field("token", &token)
            .field("credentials", credentials)
            .field("ca", ca)
            .finish()
    }
}

/// A connection to the NATS server.
#[derive(Clone, Debug)]
pub struct Meeting {
    client: Client,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// There is nobody who could answer.
    Nobody,
    /// Not in time.
    TooLate,
    /// It cannot be understood, or NATS failed.
    Bad(String),
}

impl Meeting {
    /// Connects to a server, like "nats://10.0.0.2:4222" or "tls://nats.example:4222".
    ///
    /// # Errors
    /// When the address is none, nobody answers, or one is not let in.
    pub async fn join(address: &str, pass: &Pass, name: &str) -> Result<Self, AgentsFault> {
        let bad = |why: String| AgentsFault::Nats(why);
        let server: ServerAddr =
            address.parse().map_err(|why| bad(format!("\"{address}\" is no address of a server: {why}")))?;
        if server.has_user_pass() || address.contains('@') {
            return Err(bad(
                "a secret in the address can be read by all who list processes: put it into a file"
                    .to_owned(),
            ));
        }
        let mut options = ConnectOptions::new().name(name).connection_timeout(WITHIN);
        if let Some(token) = &pass.token {
            options = options.token(token.clone());
        }
        if let Some(file) = &pass.credentials {
            let read = options.credentials_file(file).await;
            options = read.map_err(|why| bad(format!("{}: {why}", file.display())))?;
        }
        if let Some(file) = &pass.ca {
            options = options.add_root_certificates(file.clone());
        }
        let client = options.connect(server).await;
        client.map(|client| Self { client }).map_err(|why| {
            bad(format!("no connection to {address}: {why}; is a nats-server there, and may you use it?"))
        })
    }

    pub(super) async fn listen(&self, subject: String) -> Result<Subscriber, AgentsFault> {
        self.client.subscribe(subject).await.map_err(|why| AgentsFault::Nats(why.to_string()))
    }

    /// Says something to whoever listens.
    pub(super) async fn say(&self, subject: String, what: &impl Serialize) -> Result<(), AgentsFault> {
        self.send(subject, None, message::encode(what)).await
    }

    /// Says something, and where to answer.
    pub(super) async fn call(
        &self,
        subject: String,
        reply: String,
        what: &impl Serialize,
    ) -> Result<(), AgentsFault> {
        self.send(subject, Some(reply), message::encode(what)).await
    }

    async fn send(
        &self,
        subject: String,
        reply: Option<String>,
        bytes: bytes::Bytes,
    ) -> Result<(), AgentsFault> {
        if bytes.len() > self.most_bytes() {
            return Err(AgentsFault::Nats(format!(
                "a message of {} bytes does not fit: this server takes {}",
                bytes.len(),
                self.most_bytes()
            )));
        }
        let sent = match reply {
            Some(reply) => self.client.publish_with_reply(subject, reply, bytes).await,
            None => self.client.publish(subject, bytes).await,
        };
        sent.map_err(|why| AgentsFault::Nats(why.to_string()))?;
        self.client.flush().await.map_err(|why| AgentsFault::Nats(why.to_string()))
    }

    /// Asks one, and waits for the answer.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        subject: String,
        what: &impl Serialize,
        within: Duration,
    ) -> Result<A, NoAnswer> {
        let payload = message::encode(what);
        if payload.len() > self.most_bytes() {
            let (size, most) = (payload.len(), self.most_bytes());
            return Err(NoAnswer::Bad(format!(
                "a message of {size} bytes does not fit: {most} are the most"
            )));
        }
        let request = Request::new().payload(payload).timeout(Some(within));
        match self.client.send_request(subject, request).await {
            Ok(answer) => message::decode(&answer.payload).map_err(NoAnswer::Bad),
            Err(why) => Err(match why.kind() {
                RequestErrorKind::NoResponders => NoAnswer::Nobody,
                RequestErrorKind::TimedOut => NoAnswer::TooLate,
                _ => NoAnswer::Bad(why.to_string()),
            }),
        }
    }

    /// A subject that nobody else knows, for answers.
    pub(super) fn inbox(&self) -> String {
        self.client.new_inbox()
    }

    /// Leaves when all that was said is on its way.
    pub async fn leave(self) {
        // Who cannot be told any longer need not be.
        let _ = tokio::time::timeout(WITHIN, self.client.drain()).await;
    }

    fn most_bytes(&self) -> usize {
        self.client.max_payload().min(MOST_BYTES)
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("it is gone"),
            Self::TooLate => f.write_str("it did not answer in time"),
            Self::Bad(why) => f.write_str(why),
        }
    }
}

/// Where all agents listen until they have a run.
pub(super) const CALLS: &str = "loadgen.call";

/// Where one agent listens.
pub(super) fn ear(id: &str) -> String {
    format!("loadgen.agent.{id}")
}

/// Where the share of this number of a run is told of.
pub(super) fn reports(run: &str, number: u32) -> String {
    format!("loadgen.run.{run}.{number}")
}

/// Where all shares of a run are told of.
pub(super) fn all_reports(run: &str) -> String {
    format!("loadgen.run.{run}.*")
}
