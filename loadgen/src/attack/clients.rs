//! Clients at work, on sockets: each of their users has one connection and sends one request after the other, until the
//! line is closed and empty.
use super::connection::{Connection, Ended, Message, NoAnswer, Reading};
use super::line::Taken;
use super::{Shared, closed};
use crate::measure::{Ending, Hop, Sample};
use loadpath_core::time::Time;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{timeout, timeout_at};

/// The user's end of the wire.
pub(super) enum Wire {
    Open(Connection),
    /// It broke or was closed: a new one is opened before the next request is taken.
    Lost,
    /// None could be opened: the next request tries again, and ends as the attempt does.
    Down,
}

/// Runs the user of this number.
pub(super) async fn run(shared: Arc<Shared>, number: usize) {
    let mut stopped = pin!(shared.stop.cancelled());
    let mut wire = tokio::select! {
        biased;
        () = &mut stopped => return,
        wire = first(&shared) => wire,
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
        if let Wire::Open(connection) = wire
            && !connection.ready().await
        {
            *wire = Wire::Lost;
        }
        match wire {
            Wire::Lost => *wire = reopen(shared).await,
            Wire::Down => return shared.line.next().await,
            Wire::Open(connection) => tokio::select! {
                biased;
                taken = shared.line.next() => return taken,
                () = connection.closed() => *wire = Wire::Lost,
            },
        }
    }
}

/// The wire to begin with: none where every request opens its own.
pub(super) async fn first(shared: &Shared) -> Wire {
    if shared.attack.manner.close { Wire::Down } else { reopen(shared).await }
}

async fn reopen(shared: &Shared) -> Wire {
    let patience = Duration::from_nanos(shared.attack.timeout.0);
    match timeout(patience, Connection::open(&shared.attack.target, &shared.attack.manner)).await {
        Ok(Ok(connection)) => Wire::Open(connection),
        Ok(Err(_)) | Err(_) => Wire::Down,
    }
}

/// Sends the request and awaits its end, or its deadline, which counts from the planned send.
async fn serve(shared: &Shared, taken: Taken, wire: &mut Wire, hops: &mut Vec<Hop>) -> Sample {
    let planned = taken.planned;
    let deadline = planned.due + shared.attack.timeout;
    let sent = shared.clock.now();
    let ended = |ending, end| Sample {
        class: planned.class,
        due: planned.due,
        sent,
        end,
        ending,
        waited: taken.waited,
    };
    if sent >= deadline {
        return ended(Ending::NeverSent, deadline);
    }
    let message = shared.requests.message(planned);
    let (checks, checks_before) = shared.requests.checks(planned.class);
    let first_byte = shared.attack.manner.first_byte_timeout;
    let reading = Reading { nodes: &shared.attack.nodes, checks, checks_before, first_byte, keeps: false };
    match exchange_by(shared, deadline, wire, message, reading, hops).await.ending {
        Ending::TimedOut => ended(Ending::TimedOut, deadline),
        ending => ended(ending, shared.clock.now().min(deadline)),
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
    *wire = if shared.attack.manner.close { Wire::Down } else { Wire::Lost };
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
    let manner = &shared.attack.manner;
    // A request that never got ready gets a connection of its own below.
    if let Wire::Open(connection) = wire
        && connection.ready().await
    {
        match connection.exchange(message, reading, hops).await {
            Ok(ended) => return ended,
            Err(NoAnswer::Lost) => {
                *wire = Wire::Lost;
                return Ended::without(Ending::ConnectionLost);
            }
            Err(NoAnswer::TooLate) => {
                *wire = Wire::Lost;
                return Ended::without(Ending::NoFirstByte);
            }
            // The other side closed the idle connection in this very moment.
            Err(NoAnswer::NotSent(again)) => message = again,
        }
    }
    let mut connection = match Connection::open(&shared.attack.target, manner).await {
        Ok(connection) => connection,
        Err(ending) => {
            *wire = Wire::Down;
            return Ended::without(ending);
        }
    };
    let answered = connection.exchange(message, reading, hops).await;
    *wire = match answered {
        _ if manner.close => Wire::Down,
        Ok(_) => Wire::Open(connection),
        Err(_) => Wire::Lost,
    };
    answered.unwrap_or_else(|why| {
        Ended::without(match why {
            NoAnswer::TooLate => Ending::NoFirstByte,
            NoAnswer::Lost | NoAnswer::NotSent(_) => Ending::ConnectionLost,
        })
    })
}
