//! The stream of a run's events, as server-sent events.
use super::reply::{Reply, content};
use crate::live::Live;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use hyper::{HeaderMap, StatusCode};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How long nothing may be sent: middlemen and browsers take longer silence for a broken connection.
const SILENCE: Duration = Duration::from_secs(10);

/// The number of the last event that the listener has seen; zero when it has seen none.
pub(super) fn last_seen(headers: &HeaderMap) -> u64 {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    last.and_then(|last| last.parse().ok()).unwrap_or(0)
}

/// Everything in `live` after event `seen`, as it happens. The connection takes one event at a time, when it has room: a
/// slow listener costs no memory.
pub(super) fn follow(live: Arc<Live>, seen: u64, permit: OwnedSemaphorePermit) -> Reply {
    let events = stream::unfold((live, seen, permit), |(live, seen, permit)| async move {
        let (chunk, seen) = match tokio::time::timeout(SILENCE, live.feed().next(seen)).await {
            Ok(Some(event)) => (format!("id: {}\ndata: {}\n\n", event.number, event.json), event.number),
            Ok(None) => return None,
            Err(_) => (": still here\n\n".to_owned(), seen),
        };
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), (live, seen, permit)))
    });
    content(StatusCode::OK, "text/event-stream", Body::from_stream(events))
}
