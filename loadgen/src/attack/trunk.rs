//! A connection of HTTP/2 that several users share: as many requests are in flight on it at once.
use super::connection::{Connection, plain_or_secured};
use super::{Attack, Manner, Shared};
use crate::measure::Ending;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The place of one connection. Whoever finds it closed opens it anew, and the others take that one.
#[derive(Default)]
pub(super) struct Trunk {
    open: Mutex<Option<Connection>>,
}

impl Trunk {
    /// One for each connection, where users share them; none where each has its own.
    pub(super) fn of(connections: usize, manner: &Manner) -> Vec<Arc<Self>> {
        let shared = if manner.streams > 1 { connections } else { 0 };
        (0..shared).map(|_| Arc::default()).collect()
    }

    /// The end of it for the user of this number.
    pub(super) async fn join(&self, shared: &Shared, user: usize) -> Result<Connection, Ending> {
        let Attack { target, manner, .. } = &shared.attack;
        let mut open = self.open.lock().await;
        if let Some(connection) = open.as_ref().and_then(Connection::another_end) {
            return Ok(connection);
        }
        let since = shared.clock.now();
        let stream = plain_or_secured(target, manner).await?;
        let connection = Connection::shared(stream).await?;
        shared.recorder.connected(user, shared.clock.now().since(since));
        *open = connection.another_end();
        Ok(connection)
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trunk")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALONE, Server, attack, reply};
    use crate::attack::{Attack, Manner, Paths, drive};
    use loadpath_core::time::Span;
    use loadpath_core::workload::Class;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::copy_bidirectional;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::{Notify, mpsc};
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;

    fn shared(server: &Server, streams: usize, connections: usize) -> Attack {
        let plain = attack(server.target(Paths::Plain("/".to_owned())), vec![Class::named("/")]);
        Attack { manner: Manner { http2: true, streams, ..Manner::default() }, connections, ..plain }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_connections_carry_what_forty_would_carry_one_at_a_time() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |_| (Duration::from_millis(100), reply(200, "hi"))).await;
        let (sender, _receiver) = mpsc::channel(64);
        // 200 requests a second of 100 ms each are 20 in flight: ten times what two connections carry one at a time.
        let run = drive(shared(&server, 20, 2), CancellationToken::new(), sender).await.unwrap();
        assert_eq!(
            (run.outcomes().ok, run.outcomes().errors()),
            (run.outcomes().total(), 0),
            "{:?}",
            run.notes
        );
        assert!(run.outcomes().ok.abs_diff(200) <= 1);
        // One is the look whether anybody is there.
        assert_eq!(*server.connections.lock().unwrap(), 1 + 2);
        assert_eq!(run.connect.count(), 2);
        // One at a time, ten seconds of work would have been due in one: the median would have waited for most of its five.
        assert!(run.response().quantile(0.5) < Span(Span::SECOND.0), "{}", run.response().quantile(0.5));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_more_than_they_carry_waits_and_it_is_said() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |_| (Duration::from_millis(100), reply(200, "hi"))).await;
        let (sender, _receiver) = mpsc::channel(64);
        // Two in flight of 100 ms each are 20 a second, of the 200 that are due.
        let run = drive(shared(&server, 2, 1), CancellationToken::new(), sender).await.unwrap();
        let note = run.notes.iter().find(|note| note.contains("all 1 connections busy with 2 requests each"));
        assert!(note.is_some(), "{:?}", run.notes);
        // The plan is held against the target, not the other way around: the last of a second waited for most of five.
        assert!(run.response().quantile(0.5) > Span(Span::SECOND.0), "{}", run.response().quantile(0.5));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_that_breaks_is_opened_once_for_all_who_shared_it() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |_| (Duration::from_millis(20), reply(200, "hi"))).await;
        let (between, opened, cut) = between(server.address).await;
        let mut attack = shared(&server, 10, 1);
        attack.target.address = between;
        let (sender, _receiver) = mpsc::channel(64);
        let cutting = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            cut.notify_waiters();
        };
        let (run, ()) = tokio::join!(drive(attack, CancellationToken::new(), sender), cutting);
        let run = run.unwrap();
        // 200 a second for 20 ms each: some four were in flight, and no more than ten can have been.
        let (ok, lost) = (run.outcomes().ok, run.outcomes().failed);
        assert!((1..=10).contains(&lost) && ok > 10 * lost, "{ok} {lost}: {:?}", run.notes);
        // The look, the one that was cut, and the one after it.
        assert_eq!(opened.load(Ordering::Relaxed), 3);
    }

    /// Stands before a server, and cuts all connections when it is told to.
    async fn between(server: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>, Arc<Notify>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (opened, cut) = (Arc::<AtomicUsize>::default(), Arc::new(Notify::new()));
        let (count, told) = (Arc::clone(&opened), Arc::clone(&cut));
        tokio::spawn(async move {
            let mut passing = JoinSet::new();
            loop {
                tokio::select! {
                    () = told.notified() => passing.abort_all(),
                    accepted = listener.accept() => {
                        let (mut stream, _) = accepted.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                        passing.spawn(async move {
                            let mut on = TcpStream::connect(server).await.unwrap();
                            // Who goes away is no fault of the test's.
                            let _ = copy_bidirectional(&mut stream, &mut on).await;
                        });
                    }
                }
            }
        });
        (address, opened, cut)
    }
}
