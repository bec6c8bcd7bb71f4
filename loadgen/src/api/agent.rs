//! What the agent is while it serves: its secrets, the run under way, the runs that are kept.
use super::secret::{OneTimeCode, Secret};
use crate::live::{Live, Unfit, Wish};
use crate::store::Store;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many listeners may follow runs at the same time.
const MOST_LISTENERS: usize = 8;

/// The agent's state, shared by all requests.
pub(super) struct Agent {
    pub(super) address: SocketAddr,
    pub(super) token: Secret,
    pub(super) code: OneTimeCode,
    pub(super) listeners: Arc<Semaphore>,
    /// The runs that are kept; none where there is no place for them.
    pub(super) store: Option<Store>,
    /// Cancelled when the agent is to end.
    stop: CancellationToken,
    /// The run under way, or the last one: its events can still be read.
    live: Mutex<Option<Arc<Live>>>,
}

/// Why a run was not started.
pub(super) enum NotStarted {
    /// Another is under way.
    Busy(String),
    /// It cannot be run.
    Unfit(Unfit),
}

impl Agent {
    pub(super) fn new(
        address: SocketAddr,
        store: Option<Store>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        Ok(Self {
            address,
            token: Secret::draw()?,
            code: OneTimeCode::draw()?,
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
            store,
            stop,
            live: Mutex::default(),
        })
    }

    /// The address of the page with a code that opens one session.
    pub(super) fn invitation(&self) -> String {
        format!("http://{}/#code={}", self.address, self.code.current().reveal())
    }

    /// Starts a run unless one is under way.
    pub(super) fn start(&self, wish: Wish) -> Result<Arc<Live>, NotStarted> {
        let mut live = self.live();
        if let Some(live) = live.as_ref().filter(|live| !live.is_over()) {
            return Err(NotStarted::Busy(live.id().to_owned()));
        }
        let started = Live::start(wish, self.stop.child_token()).map_err(NotStarted::Unfit)?;
        *live = Some(started.clone());
        Ok(started)
    }

    /// Ends when the agent is to end.
    pub(super) async fn wait_for_stop(&self) {
        self.stop.cancelled().await;
    }

    /// The run under way.
    pub(super) fn running(&self) -> Option<Arc<Live>> {
        self.live().clone().filter(|live| !live.is_over())
    }

    /// The run of this id, if it is under way or was the last.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Live>> {
        self.live().clone().filter(|live| live.id() == id)
    }

    fn live(&self) -> MutexGuard<'_, Option<Arc<Live>>> {
        // It is whole even if a thread panicked while holding it.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
