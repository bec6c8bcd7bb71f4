//! Clients at work, on sockets: each of their users has one connection and sends one request after the other, until the
//! line is closed and empty.
use super::connection::{Connection, Ended, Message, NoAnswer, Reading};
use super::line::Taken;
use super::trunk::Trunk;
use super::{Attack, Shared, closed};
use crate::measure::{Ending, Hop, Sample};
use loadpath_core::time::Time;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{timeout, timeout_at};

/// The user's end of the wire.
pub(super) struct Wire {
    state: State,
    /// Whose it is.
    user: usize,
    /// The connection that it shares with others, if it does.
    trunk: Option<Arc<Trunk>>,
}

enum State {
    Open(Connection),
    /// It broke or was closed: a new one is opened before the next request is taken.
    Lost,
    /// None could be opened: the next request tries again, and ends as the attempt does.
    Down,
}

impl Wire {
    /// What this user begins with: none where every request opens its own.
    pub(super) async fn of_user(shared: &Shared, number: usize) -> Self {
        let trunk = shared.trunks.get(number % shared.trunks.len().max(1)).map(Arc::clone);
        let mut wire = Self { state: State::Down, user: number, trunk };
        if !shared.attack.manner.close {
            wire.reopen(shared).await;
        }
        wire
    }

    async fn reopen(&mut self, shared: &Shared) {
        let patience = Duration::from_nanos(shared.attack.timeout.0);
        self.state = match timeout(patience, open(shared, self.trunk.as_deref(), self.user)).await {
            Ok(Ok(connection)) => State::Open(connection),
            Ok(Err(_)) | Err(_) => State::Down,
        };
    }
}

/// A connection of one's own, or an end of a shared one, for the user of this number.
async fn open(shared: &Shared, trunk: Option<&Trunk>, user: usize) -> Result<Connection, Ending> {
    let Attack { target, manner, .. } = &shared.attack;
    match trunk {
        Some(trunk) => Connection::within(manner, trunk.join(shared, user)).await,
        None => {
            let since = shared.clock.now();
            let connection = Connection::open(target, manner).await?;
            shared.recorder.connected(user, shared.clock.now().since(since));
            Ok(connection)
        }
    }
}

/// Runs the user of this number.
pub(super) async fn run(shared: Arc<Shared>, number: usize) {
    let mut stopped = pin!(shared.stop.cancelled());
    let mut wire = tokio::select! {
        biased;
        () = &mut stopped => return,
        wire = Wire::of_user(&shared, number) => wire,
    };
    shared.ready.add_permits(1);
    let mut hops = Vec::new();
    loop {
        let taken = tokio::select! {
            biased;
            () = &mut stopped => return,
            taken = next(&shared, &mut wire) => taken,
        };
        let Some(taken) = taken else { return };
        hops.clear();
        let user = taken.planned.user;
        let sample = tokio::select! {
            biased;
            () = &mut stopped => return,
            sample = serve(&shared, taken, &mut wire, &mut hops) => sample,
        };
        shared.recorder.record(number, sample, &hops);
        closed::tell(&shared.ends, user, &sample);
    }
}

/// Takes the next request from the line, with a live connection if there can be one.
async fn next(shared: &Shared, wire: &mut Wire) -> Option<Taken> {
    loop {
        if let State::Open(connection) = &mut wire.state
            && !connection.ready().await
        {
            wire.state = State::Lost;
        }
        match &mut wire.state {
            State::Lost => wire.reopen(shared).await,
            State::Down => return shared.line.next().await,
            State::Open(connection) => tokio::select! {
                biased;
                taken = shared.line.next() => return taken,
                () = connection.closed() => wire.state = State::Lost,
            },
        }
    }
}

/// Sends the request and awaits its end, or its deadline, which counts from the planned send.
async fn serve(shared: &Shared, taken: Taken, wire: &mut Wire, hops: &mut Vec<Hop>) -> Sample {
    let planned = taken.planned;
    let deadline = planned.due + shared.attack.timeout;
    let sent = shared.clock.now();
    let ended = |ending, first_byte, end| Sample {
        class: planned.class,
        due: planned.due,
        sent,
        first_byte,
        end,
        ending,
        waited: taken.waited,
    };
    if sent >= deadline {
        return ended(Ending::NeverSent, None, deadline);
    }
    let message = shared.requests.message(planned);
    let (checks, checks_before) = shared.requests.checks(planned.class);
    let first_byte = shared.attack.manner.first_byte_timeout;
    let (clock, nodes) = (shared.clock, shared.attack.nodes.as_slice());
    let reading = Reading { clock, nodes, checks, checks_before, first_byte, keeps: false };
    let answered = exchange_by(shared, deadline, wire, message, reading, hops).await;
    match answered.ending {
        Ending::TimedOut => ended(Ending::TimedOut, None, deadline),
        ending => ended(ending, answered.first_byte, clock.now().min(deadline)),
    }
}

/// Sends the request and awaits its end, until the deadline.
pub(super) async fn exchange_by(
    shared: &Shared,
    deadline: Time,
    wire: &mut Wire,
    message: Message,
    reading: Reading<'_>,
    hops: &mut Vec<Hop>,
) -> Ended {
    let exchanged =
        timeout_at(shared.clock.instant(deadline), exchange(shared, wire, message, reading, hops));
    if let Ok(ended) = exchanged.await {
        return ended;
    }
    // An answer that still comes must not be taken for that of the next request.
    wire.state = if shared.attack.manner.close { State::Down } else { State::Lost };
    hops.clear();
    Ended::without(Ending::TimedOut)
}

async fn exchange(
    shared: &Shared,
    wire: &mut Wire,
    mut message: Message,
    reading: Reading<'_>,
    hops: &mut Vec<Hop>,
) -> Ended {
    // A request that never got ready gets a connection of its own below.
    if let State::Open(connection) = &mut wire.state
        && connection.ready().await
    {
        match connection.exchange(message, reading, hops).await {
            Ok(ended) => return ended,
            Err(NoAnswer::Lost) => {
                wire.state = State::Lost;
                return Ended::without(Ending::ConnectionLost);
            }
            Err(NoAnswer::TooLate) => {
                wire.state = State::Lost;
                return Ended::without(Ending::NoFirstByte);
            }
            // The other side closed the idle connection in this very moment.
            Err(NoAnswer::NotSent(again)) => message = again,
        }
    }
    let mut connection = match open(shared, wire.trunk.as_deref(), wire.user).await {
        Ok(connection) => connection,
        Err(ending) => {
            wire.state = State::Down;
            return Ended::without(ending);
        }
    };
    let answered = connection.exchange(message, reading, hops).await;
    wire.state = match answered {
        _ if shared.attack.manner.close => State::Down,
        Ok(_) => State::Open(connection),
        Err(_) => State::Lost,
    };
    answered.unwrap_or_else(|why| {
        Ended::without(match why {
            NoAnswer::TooLate => Ending::NoFirstByte,
            NoAnswer::Lost | NoAnswer::NotSent(_) => Ending::ConnectionLost,
        })
    })
}
