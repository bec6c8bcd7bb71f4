//! What the agent is while it serves: its secrets, the run under way, the runs that are kept.
use super::audit::Audit;
use super::guard::Who;
use super::secret::{OneTimeCode, Sessions};
use crate::live::{Live, Unfit, Wish};
use crate::store::Store;
use loadpath_core::time::Span;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many listeners may follow runs at the same time.
const MOST_LISTENERS: usize = 8;

/// The agent's state, shared by all requests.
pub(super) struct Agent {
    pub(super) address: SocketAddr,
    pub(super) sessions: Arc<Sessions>,
    pub(super) code: OneTimeCode,
    pub(super) listeners: Arc<Semaphore>,
    /// The runs that are kept; none where there is no place for them.
    pub(super) store: Option<Store>,
    /// Who did what.
    pub(super) audit: Audit,
    /// The page that controls the run, by its number; the others watch.
    controller: AtomicU32,
    /// How long a run goes on that nobody follows.
    patience: Option<Span>,
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
        patience: Option<Span>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let audit = Audit::beside(store.as_ref());
        Ok(Self {
            address,
            sessions: Arc::default(),
            code: OneTimeCode::draw()?,
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
            store,
            audit,
            controller: AtomicU32::new(0),
            patience,
            stop,
            live: Mutex::default(),
        })
    }

    /// The address of the page with a code that opens one session.
    pub(super) fn invitation(&self) -> String {
        format!("http://{}/#code={}", self.address, self.code.current().reveal())
    }

    /// Starts a run unless one is under way; who started it controls it.
    pub(super) fn start(&self, wish: Wish, who: &Who) -> Result<Arc<Live>, NotStarted> {
        let mut live = self.live();
        if let Some(live) = live.as_ref().filter(|live| !live.is_over()) {
            return Err(NotStarted::Busy(live.id().to_owned()));
        }
        let started = Live::start(wish, self.stop.child_token()).map_err(NotStarted::Unfit)?;
        *live = Some(started.clone());
        self.take_control(who);
        if let Some(patience) = self.patience {
            tokio::spawn(end_when_alone(started.clone(), self.listeners.clone(), patience));
        }
        Ok(started)
    }

    /// The page that controls the run.
    pub(super) fn controller(&self) -> u32 {
        self.controller.load(Ordering::Relaxed)
    }

    /// Gives control to who asks for it.
    pub(super) fn take_control(&self, who: &Who) {
        self.controller.store(who.session.unwrap_or(0), Ordering::Relaxed);
    }

    /// Ends when the agent is to end.
    pub(super) async fn wait_for_stop(&self) {
        self.stop.cancelled().await;
    }

    /// The run under way.
    pub(super) fn running(&self) -> Option<Arc<Live>> {
        self.live().clone().filter(|live| !live.is_over())
    }

    /// The run under way, or the last one.
    pub(super) fn last(&self) -> Option<Arc<Live>> {
        self.live().clone()
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

/// How often it is looked whether anybody follows, within the time that a run may be alone.
const LOOKS: u64 = 20;

/// Ends a run that nobody has followed for as long as `patience`: the page that started it was closed, or never came.
async fn end_when_alone(live: Arc<Live>, listeners: Arc<Semaphore>, patience: Span) {
    let between_looks = Duration::from_nanos(patience.0 / LOOKS);
    let mut alone = 0;
    while alone < LOOKS {
        tokio::time::sleep(between_looks).await;
        if live.is_over() {
            return;
        }
        let is_followed = listeners.available_permits() < MOST_LISTENERS;
        alone = if is_followed { 0 } else { alone + 1 };
    }
    eprintln!("run {} is ended: no page has followed it for {patience} (--detach lets it go on)", live.id());
    live.stop();
}
