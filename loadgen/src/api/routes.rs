//! The API's routes; `core`'s `wire` says what goes in and out.
use super::agent::{Agent, NotStarted};
use super::events;
use super::guard::MOST_BODY;
use super::page;
use super::reply::{Refused, Reply, done, json, refuse};
use crate::live::{CAPS, WARM_UP, Wish};
use crate::store::StoreError;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use hyper::{HeaderMap, StatusCode, Uri};
use loadpath_core::topology::TOPOLOGY_VERSION;
use loadpath_core::wire::{
    CodeExchange, KillInstance, Refusal, RunSummary, Session, StartRun, Started, Status,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

type Shared = State<Arc<Agent>>;

/// Every route of the API: tests walk them.
pub const ROUTES: [(&str, &str); 8] = [
    ("GET", "/api/status"),
    ("POST", "/api/session"),
    ("GET", "/api/runs"),
    ("POST", "/api/runs"),
    ("GET", "/api/runs/{id}"),
    ("POST", "/api/runs/{id}/stop"),
    ("POST", "/api/runs/{id}/kill"),
    ("GET", "/api/runs/{id}/events"),
];

fn handler(method: &str, path: &str) -> MethodRouter<Arc<Agent>> {
    match (method, path) {
        ("GET", "/api/status") => get(status),
        ("POST", "/api/session") => post(session),
        ("GET", "/api/runs") => get(runs),
        ("POST", "/api/runs") => post(start),
        ("GET", "/api/runs/{id}") => get(run),
        ("POST", "/api/runs/{id}/stop") => post(stop),
        ("POST", "/api/runs/{id}/kill") => post(kill),
        ("GET", "/api/runs/{id}/events") => get(follow),
        _ => unreachable!("{method} {path} has no handler"),
    }
}

/// The API, and the page for every other path.
pub(super) fn router(agent: Arc<Agent>) -> Router {
    let routes =
        ROUTES.iter().fold(Router::new(), |router, (method, path)| router.route(path, handler(method, path)));
    let page = get(|uri: Uri, headers: HeaderMap| async move { page::serve(uri.path(), &headers) });
    routes.fallback_service(page).layer(DefaultBodyLimit::max(MOST_BODY)).with_state(agent)
}

async fn status(State(agent): Shared) -> Reply {
    let running = agent.running().map(|live| live.id().to_owned());
    json(StatusCode::OK, &Status { version: env!("CARGO_PKG_VERSION").to_owned(), running, caps: CAPS })
}

async fn session(State(agent): Shared, body: Bytes) -> Result<Reply, Refused> {
    let CodeExchange { code } = read(&body)?;
    if !agent.code.redeem(&code) {
        let error = "this code is not, or no longer, good: open the address that loadgen printed last";
        return Err(refuse(StatusCode::UNAUTHORIZED, error).into());
    }
    println!("A page was let in. For another one: {}", agent.invitation());
    Ok(json(StatusCode::OK, &Session { token: agent.token.reveal().to_owned() }))
}

async fn start(State(agent): Shared, body: Bytes) -> Result<Reply, Refused> {
    let StartRun { document, duration, seed } = read(&body)?;
    if document.loadpath != TOPOLOGY_VERSION {
        let error = format!(
            "the design has version {}; this agent reads version {TOPOLOGY_VERSION}",
            document.loadpath
        );
        return Err(refuse(StatusCode::BAD_REQUEST, error).into());
    }
    let name = document.name.clone();
    match agent.start(Wish { document, warm_up: WARM_UP, duration, seed, keep: agent.store.clone() }) {
        Ok(live) => {
            println!("Run {} was started from the page: {name:?} for {duration}.", live.id());
            Ok(json(StatusCode::ACCEPTED, &Started { id: live.id().to_owned() }))
        }
        Err(NotStarted::Busy(id)) => {
            let error = format!("run {id} is under way: wait for its end, or stop it");
            Ok(refuse(StatusCode::CONFLICT, error))
        }
        Err(NotStarted::Unfit(unfit)) => Ok(json(StatusCode::UNPROCESSABLE_ENTITY, &Refusal::from(unfit))),
    }
}

async fn runs(State(agent): Shared) -> Reply {
    let Some(store) = agent.store.clone() else { return json(StatusCode::OK, &Vec::<RunSummary>::new()) };
    match off_the_loop(move || store.list()).await {
        Ok(runs) => json(StatusCode::OK, &runs),
        Err(fault) => refuse(StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()),
    }
}

async fn run(State(agent): Shared, Path(id): Path<String>) -> Reply {
    let Some(store) = agent.store.clone() else { return no_such_run(&id) };
    let asked = id.clone();
    match off_the_loop(move || store.read(&asked)).await {
        Ok(run) => json(StatusCode::OK, &run),
        Err(StoreError::Unknown(_)) => no_such_run(&id),
        Err(fault) => refuse(StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()),
    }
}

/// Reads from the disk without keeping other requests waiting.
async fn off_the_loop<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(read).await.expect("reading does not panic, and nobody aborts it")
}

async fn stop(State(agent): Shared, Path(id): Path<String>) -> Reply {
    let Some(live) = agent.find(&id) else { return no_such_run(&id) };
    println!("Run {id} was stopped from the page.");
    live.stop();
    done()
}

async fn kill(State(agent): Shared, Path(id): Path<String>, body: Bytes) -> Result<Reply, Refused> {
    let KillInstance { node, instance } = read(&body)?;
    let Some(live) = agent.find(&id) else { return Ok(no_such_run(&id)) };
    match live.kill(&node, instance).await {
        Ok(()) => {
            println!(
                "Instance {} of node {node:?} of run {id} was killed from the page.",
                u32::from(instance) + 1
            );
            Ok(done())
        }
        Err(fault) => Ok(refuse(StatusCode::CONFLICT, fault.to_string())),
    }
}

async fn follow(State(agent): Shared, Path(id): Path<String>, headers: HeaderMap) -> Reply {
    let Some(live) = agent.find(&id) else { return no_such_run(&id) };
    let seen = events::last_seen(&headers);
    if live.feed().is_over(seen) {
        // This is what tells an event source not to come back.
        return done();
    }
    match agent.listeners.clone().try_acquire_owned() {
        Ok(permit) => events::follow(live, seen, permit),
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "too many pages follow this run: close one"),
    }
}

fn no_such_run(id: &str) -> Reply {
    refuse(StatusCode::NOT_FOUND, format!("there is no run {id:?} here"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|e| refuse(StatusCode::BAD_REQUEST, format!("the request cannot be read: {e}")).into())
}
