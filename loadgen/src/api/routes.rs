//! The API's routes; `core`'s `wire` says what goes in and out.
use super::agent::{Agent, NotStarted};
use super::audit::Deed;
use super::description::description;
use super::events;
use super::guard::MOST_BODY;
use super::guard::Who;
use super::metrics;
use super::page;
use super::reply::{Refused, Reply, done, json, refuse};
use crate::deploy::DeployError;
use crate::live::{CAPS, Live, WARM_UP, Wish};
use crate::store::StoreError;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use hyper::{HeaderMap, StatusCode, Uri};
use loadpath_core::sim::Command;
use loadpath_core::topology::TOPOLOGY_VERSION;
use loadpath_core::wire::{
    CodeExchange, KillInstance, Refusal, RunSummary, Session, StartRun, Started, Status,
};
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::sync::Arc;

type Shared = State<Arc<Agent>>;

/// Every route of the API: tests walk them.
pub const ROUTES: [(&str, &str); 13] = [
    ("GET", "/api/openapi.json"),
    ("GET", "/api/status"),
    ("POST", "/api/session"),
    ("GET", "/api/runs"),
    ("POST", "/api/runs"),
    ("GET", "/api/runs/{id}"),
    ("POST", "/api/runs/{id}/stop"),
    ("POST", "/api/runs/{id}/kill"),
    ("POST", "/api/runs/{id}/restore"),
    ("POST", "/api/runs/{id}/command"),
    ("POST", "/api/runs/{id}/control"),
    ("GET", "/api/runs/{id}/events"),
    ("GET", "/metrics"),
];

fn handler(method: &str, path: &str) -> MethodRouter<Arc<Agent>> {
    match (method, path) {
        ("GET", "/api/openapi.json") => get(async || json(StatusCode::OK, &description())),
        ("GET", "/api/status") => get(status),
        ("POST", "/api/session") => post(session),
        ("GET", "/api/runs") => get(runs),
        ("POST", "/api/runs") => post(start),
        ("GET", "/api/runs/{id}") => get(run),
        ("POST", "/api/runs/{id}/stop") => post(stop),
        ("POST", "/api/runs/{id}/kill") => post(kill),
        ("POST", "/api/runs/{id}/restore") => post(restore),
        ("POST", "/api/runs/{id}/command") => post(command),
        ("POST", "/api/runs/{id}/control") => post(control),
        ("GET", "/api/runs/{id}/events") => get(follow),
        ("GET", "/metrics") => get(figures),
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

/// The run under way or the last one, for Prometheus; before the first there is nothing to say.
async fn figures(State(agent): Shared) -> Reply {
    metrics::answer(agent.last().map_or_else(String::new, |live| live.so_far().prometheus()))
}

async fn session(
    State(agent): Shared,
    Extension(who): Extension<Who>,
    body: Bytes,
) -> Result<Reply, Refused> {
    let CodeExchange { code } = read(&body)?;
    if !agent.code.redeem(&code) {
        let error = "this code is not, or no longer, good: open the address that loadgen printed last";
        return Err(refuse(StatusCode::UNAUTHORIZED, error).into());
    }
    let Some(token) = agent.sessions.open() else {
        let error = "too many pages were let in: start the agent anew";
        return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, error).into());
    };
    let who = Who { session: agent.sessions.find(token.reveal()), ..who };
    agent.audit.note(&who, &Deed { did: "session", ..Deed::default() });
    tell(format_args!("a page was let in; for another one: {}", agent.invitation()));
    Ok(json(StatusCode::OK, &Session { token: token.reveal().to_owned() }))
}

async fn start(State(agent): Shared, Extension(who): Extension<Who>, body: Bytes) -> Result<Reply, Refused> {
    let StartRun { document, duration, seed } = read(&body)?;
    if document.loadpath != TOPOLOGY_VERSION {
        let error = format!(
            "the design has version {}; this agent reads version {TOPOLOGY_VERSION}",
            document.loadpath
        );
        return Err(refuse(StatusCode::BAD_REQUEST, error).into());
    }
    let name = document.name.clone();
    let wish = Wish { document, warm_up: WARM_UP, duration, seed, keep: agent.store.clone() };
    match agent.start(wish, &who) {
        Ok(live) => {
            let deed = Deed { did: "start", run: live.id(), target: &name, caps: Some(CAPS) };
            agent.audit.note(&who, &deed);
            tell(format_args!("run {} was started from the page: {name:?} for {duration}", live.id()));
            Ok(json(StatusCode::ACCEPTED, &Started { id: live.id().to_owned() }))
        }
        Err(NotStarted::Busy(id)) => {
            let page = agent.controller();
            let error =
                format!("run {id} is under way, started from page {page}: wait for its end, or stop it");
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

/// Anyone who was let in may stop a run, whoever controls it: it is the way out.
async fn stop(State(agent): Shared, Extension(who): Extension<Who>, Path(id): Path<String>) -> Reply {
    let Some(live) = agent.find(&id) else { return no_such_run(&id) };
    agent.audit.note(&who, &Deed { did: "stop", run: &id, ..Deed::default() });
    tell(format_args!("run {id} was stopped from the page"));
    live.stop();
    done()
}

async fn kill(
    State(agent): Shared,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Reply, Refused> {
    let KillInstance { node, instance } = read(&body)?;
    let live = controlled(&agent, &who, &id)?;
    live.kill(&node, instance).await.map_err(conflict)?;
    Ok(did(&agent, &who, &id, ("kill", "killed"), &instance_name(&node, instance)))
}

async fn restore(
    State(agent): Shared,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Reply, Refused> {
    let KillInstance { node, instance } = read(&body)?;
    let live = controlled(&agent, &who, &id)?;
    live.restore(&node, instance).await.map_err(conflict)?;
    Ok(did(&agent, &who, &id, ("restore", "restored"), &instance_name(&node, instance)))
}

async fn command(
    State(agent): Shared,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Reply, Refused> {
    let command: Command = read(&body)?;
    let live = controlled(&agent, &who, &id)?;
    live.act(&command).await.map_err(conflict)?;
    let said = serde_json::to_string(&command).expect("a command holds only what JSON can say");
    agent.audit.note(&who, &Deed { did: "command", run: &id, target: &said, caps: None });
    tell(format_args!("run {id} was told from the page: {said}"));
    Ok(done())
}

/// Writes down and tells what was done to an instance.
fn did(agent: &Agent, who: &Who, id: &str, (verb, past): (&'static str, &str), target: &str) -> Reply {
    agent.audit.note(who, &Deed { did: verb, run: id, target, caps: None });
    tell(format_args!("{target} of run {id} was {past} from the page"));
    done()
}

async fn control(State(agent): Shared, Extension(who): Extension<Who>, Path(id): Path<String>) -> Reply {
    if agent.find(&id).is_none() {
        return no_such_run(&id);
    }
    agent.take_control(&who);
    agent.audit.note(&who, &Deed { did: "control", run: &id, ..Deed::default() });
    tell(format_args!("run {id} is controlled from page {} now", agent.controller()));
    done()
}

/// The run, for the page that controls it; the others watch.
fn controlled(agent: &Agent, who: &Who, id: &str) -> Result<Arc<Live>, Refused> {
    let live = agent.find(id).ok_or_else(|| no_such_run(id))?;
    let page = agent.controller();
    if who.session != Some(page) {
        let error = format!(
            "page {page} controls run {id}, and others watch: end that page, or take it over with POST /api/runs/{id}/control"
        );
        return Err(refuse(StatusCode::CONFLICT, error).into());
    }
    Ok(live)
}

fn conflict(fault: DeployError) -> Refused {
    refuse(StatusCode::CONFLICT, fault.0).into()
}

/// As people write it, counted from one.
fn instance_name(node: &str, instance: u16) -> String {
    format!("{node}#{}", u32::from(instance) + 1)
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

/// Says on the terminal what a page has done.
fn tell(what: std::fmt::Arguments) {
    // When nobody reads standard output, nobody can be told.
    let _ = writeln!(std::io::stdout(), "{what}");
}

fn no_such_run(id: &str) -> Reply {
    refuse(StatusCode::NOT_FOUND, format!("there is no run {id:?} here"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|e| refuse(StatusCode::BAD_REQUEST, format!("the request cannot be read: {e}")).into())
}
