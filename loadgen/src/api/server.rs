//! The agent's own serving of HTTP/1.1, with a limit on everything that a client can make large, long or many.
use super::guard::Guard;
use super::reply::{Reply, harden, refuse};
use axum::Router;
use axum::extract::Request;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service as _;

/// How many connections there may be; one more is closed at once.
const MOST_CONNECTIONS: usize = 64;
/// How long a client may take to send a request's head, and how long a connection may be idle.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a whole request may take, its body included; not the answer, which may be a stream.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
const MOST_HEAD_BYTES: usize = 32 << 10;
const MOST_HEADERS: usize = 64;

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, guard: Guard, router: Router) -> Infallible {
    let guard = Arc::new(guard);
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = listener.accept().await;
        match (accepted, room.clone().try_acquire_owned()) {
            (Ok((stream, _)), Ok(permit)) => {
                drop(tokio::spawn(converse(stream, guard.clone(), router.clone(), permit)));
            }
            // No room: closing it says so.
            (Ok(_), Err(_)) => {}
            // Out of file descriptors, or the client has gone: others may be served in a moment.
            (Err(_), _) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(stream: TcpStream, guard: Arc<Guard>, router: Router, _permit: OwnedSemaphorePermit) {
    let service = service_fn(|request| answer(request, guard.clone(), router.clone()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MOST_HEAD_BYTES)
        .max_headers(MOST_HEADERS);
    // An error is the client's leaving or misbehaving, which harms only itself.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    guard: Arc<Guard>,
    mut router: Router,
) -> Result<Reply, Infallible> {
    let (mut parts, body) = request.into_parts();
    match guard.admit(&parts) {
        Ok(who) => drop(parts.extensions.insert(who)),
        Err(refused) => return Ok(harden(*refused.0)),
    }
    let answer = router.call(Request::from_parts(parts, body));
    let reply = match tokio::time::timeout(REQUEST_WITHIN, answer).await {
        Ok(Ok(reply)) => reply,
        Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
    };
    Ok(harden(reply))
}
