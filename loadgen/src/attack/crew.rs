//! The users, run by goose. The only file that names it.
//!
//! What goose needs to be a quiet part of another program, and what it must not be trusted with:
//! its telnet controller is off (it listens by default); it prints, logs and measures nothing; all users share one client,
//! which none uses; a panic in a user, which it would swallow, is caught here; its `execute` runs in a task of its own, because
//! dropping that future would leave the users running; its switches are global to the process, so one crew runs at
//! a time; and its Ctrl-C handler comes too late, because [`crate::interrupt`] installs ours first.
use super::AttackError;
use crate::interrupt;
use futures_util::FutureExt as _;
use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::{GooseAttack, GooseError};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Turnstile, MutexGuard};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Takes the place of goose's logger.
struct Silence;

impl log::Log for Silence {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

/// How long a user that has ended sleeps before it looks again whether goose lets it go.
const PAUSE: Duration = Duration::from_millis(20);

/// Held while a crew runs.
static TURN: Turnstile<()> = Turnstile::const_new(());

/// Held by who runs a crew.
pub(super) type Turn = MutexGuard<'static, ()>;

/// The right to run a crew, of which there is one in a process.
pub(super) fn turn() -> Result<Turn, AttackError> {
    TURN.try_lock().map_err(|_| AttackError::Busy)
}

/// Users at work.
#[derive(Debug)]
pub(super) struct Crew {
    goose: JoinHandle<Result<(), GooseError>>,
    watch: Arc<Watch>,
}

/// What the users and the one who waits for them share.
#[derive(Debug)]
struct Watch {
    /// How many users have not ended.
    left: AtomicUsize,
    /// Cancelled when the last user has ended, or goose has.
    ended: CancellationToken,
    /// The first panic.
    panic: Mutex<Option<String>>,
}

/// Starts `users` users, each of which runs `body` with its number once. A panic in one cancels `stop`, on which all must
/// end soon.
pub(super) fn start<F, W>(
    turn: Turn,
    users: usize,
    stop: CancellationToken,
    body: F,
) -> Result<Crew, AttackError>
where
    F: Fn(usize) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    // Before goose installs its own handler, which would keep Ctrl-C for itself.
    let _ = interrupt::token();
    // Before goose installs a logger that writes to standard output. An error says that there is one already: good.
    let _ = log::set_logger(&Silence);
    let watch = Arc::new(Watch {
        left: AtomicUsize::new(users),
        ended: CancellationToken::new(),
        panic: Mutex::default(),
    });
    let attack = attack(users, transaction(users, Arc::clone(&watch), stop, body))
        .map_err(|fault| AttackError::Generator(fault.to_string()))?;
    let ended = watch.ended.clone();
    let goose = tokio::spawn(async move {
        let executed = attack.execute().await;
        ended.cancel();
        drop(turn);
        executed.map(|_its_own_metrics| ())
    });
    Ok(Crew { goose, watch })
}

fn attack(users: usize, transaction: Transaction) -> Result<GooseAttack, GooseError> {
    GooseAttack::initialize_with_config(configuration(users))?
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
        .map(|attack| attack.register_scenario(Scenario::new("open loop").register_transaction(transaction)))
}

fn configuration(users: usize) -> GooseConfiguration {
    let mut goose = GooseConfiguration::default();
    // It wants a host; the users' own connections do not ask it.
    goose.host = Some("http://127.0.0.1/".to_owned());
    goose.users = Some(users);
    // All within a hundredth of a second.
    goose.increase_rate = Some((users * 100).to_string());
    goose.quiet = 1;
    goose.no_telnet = true;
    goose.no_websocket = true;
    goose.no_metrics = true;
    goose.no_print_metrics = true;
    goose.no_error_summary = true;
    goose.no_gzip = true;
    goose
}

/// The one transaction of the one scenario: it takes a user's whole life. (Goose's `iterations` would end the users by
/// themselves, but it prints a line to standard output.)
fn transaction<F, W>(users: usize, watch: Arc<Watch>, stop: CancellationToken, body: F) -> Transaction
where
    F: Fn(usize) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let numbers = AtomicUsize::new(0);
    let function: TransactionFunction = Arc::new(move |_user| {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if number >= users {
            // Goose runs the transaction again and again until its main loop has heard of the end.
            return Box::pin(tokio::time::sleep(PAUSE).map(Ok));
        }
        let life = body(number);
        let (watch, stop) = (Arc::clone(&watch), stop.clone());
        Box::pin(async move {
            if let Err(panic) = AssertUnwindSafe(life).catch_unwind().await {
                watch.panicked(panic.as_ref());
                stop.cancel();
            }
            if watch.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                watch.ended.cancel();
                goose::trigger_killswitch("every user has ended");
            }
            Ok(())
        })
    });
    Transaction::new(function)
}

impl Watch {
    fn panicked(&self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(text.unwrap_or_else(|| "no message".to_owned()));
    }
}

impl Crew {
    /// Waits until every user has ended.
    pub(super) async fn ended(&self) {
        self.watch.ended.cancelled().await;
    }

    /// Waits until goose has put everything away: up to half a second after the last user's end.
    pub(super) async fn join(self) -> Result<(), AttackError> {
        let joined = self.goose.await;
        if let Some(panic) = self.watch.panic.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(AttackError::Panicked(panic));
        }
        match joined {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(AttackError::Generator(fault.to_string())),
            Err(fault) => Err(AttackError::Generator(fault.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_panic_in_one_user_stops_the_others_and_is_told() {
        let _alone = super::super::tests::ALONE.lock().await;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let crew = start(turn().unwrap(), 8, stop, move |number| {
            let stopped = stopped.clone();
            async move {
                assert_ne!(number, 5, "number five breaks");
                // Without the stop this would last for ever.
                stopped.cancelled().await;
            }
        });
        let ended = tokio::time::timeout(Duration::from_secs(10), crew.unwrap().join()).await;
        let fault = ended.expect("goose lets its users go").unwrap_err();
        assert!(fault.to_string().contains("number five breaks"), "{fault}");
        assert!(turn().is_ok(), "the next crew may start");
    }
}
