//! The agent's HTTP API, and the page.
//!
//! Every request passes one policy (`guard`) before it is routed; the server (`server`) bounds what a client can make large,
//! long or many; the page is a map inside the program, so that no path leads to the disk.
mod agent;
mod audit;
mod description;
mod events;
mod guard;
mod metrics;
mod page;
mod reply;
mod routes;
mod secret;
mod server;

pub use description::description;
pub use guard::check_address;
pub use metrics::serve_metrics;
pub use routes::ROUTES;

use crate::store::Store;
use agent::Agent;
use guard::Guard;
use loadpath_core::time::Span;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// An agent that is ready to serve.
pub struct Api {
    listener: TcpListener,
    agent: Arc<Agent>,
}

impl Api {
    /// On a socket that listens already, with a place to keep runs. A run that no page follows for as long as `patience` is
    /// ended; never when there is none. Cancelling `stop` ends the agent, and the run under way before it.
    ///
    /// # Errors
    /// When the socket has no address, or the system has no random numbers.
    pub fn new(
        listener: TcpListener,
        store: Option<Store>,
        patience: Option<Span>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let agent = Arc::new(Agent::new(listener.local_addr()?, store, patience, stop)?);
        Ok(Self { listener, agent })
    }

    /// The address of the page with a code that opens one session.
    pub fn invitation(&self) -> String {
        self.agent.invitation()
    }

    /// Serves until it is stopped and nothing runs any more.
    pub async fn serve(self) {
        let guard = Guard::new(self.agent.address, self.agent.sessions.clone());
        let serving = server::serve(self.listener, guard, routes::router(self.agent.clone()));
        tokio::select! {
            never = serving => match never {},
            () = self.agent.wait_for_stop() => {}
        }
        if let Some(live) = self.agent.running() {
            // The stop has reached it too; what it says in the end has been said to those who listened.
            drop(live.outcome().await);
        }
    }
}
