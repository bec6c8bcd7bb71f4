//! What every node's process serves: its work, `/healthz` and `/__stats`, over HTTP/1.1.
use super::assignment::Assignment;
use super::by_engine::Engines;
use super::call::{SERVER_TIMING, TOLD, TOOK, WORDS};
use super::control::{CONTROL, Control, LOG, NONCE, Place};
use super::cookies::{COOKIES, Cookies};
use super::engine::FACTS;
use super::entrance::Entrance;
use super::node::{Answer, Ask, Node};
use super::origin::{ORIGIN, Origin};
use super::stats::Stats;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use loadpath_core::id::NodeIndex;
use loadpath_core::time::Span;
use loadpath_core::topology::Plan;
use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a caller may take to send a request's head, idle connections included. Callers drop idle ones sooner.
const HEAD_WITHIN: Duration = Duration::from_secs(90);

/// About what loopback itself takes, there and back: the part of an entry's latency that need not be waited for.
const LOOPBACK: Span = Span::from_micros(200);

/// How long what instances tell one another may be.
const MOST_WORDS: usize = 1 << 20;

/// What a request asks for.
struct Asked {
    ask: Ask,
    /// How long the answer is kept back.
    hold_back: Span,
    /// The engine that asks, if it is one.
    engine: Option<String>,
}

struct Shell {
    node: Rc<Node>,
    entrance: Entrance,
    engines: Engines,
    nonce: String,
    /// What an answer to a client is kept back: the latency of the clients' edge, there and back.
    hold_back: Span,
    in_flight: Cell<u64>,
    /// Nothing new should come.
    drains: Cell<bool>,
}

/// Serves as a node of the plan for ever.
pub(super) async fn serve(
    listener: TcpListener,
    plan: &Plan,
    index: NodeIndex,
    node: Rc<Node>,
    assignment: Assignment,
) -> Result<(), String> {
    let there_and_back = assignment.entry_latency + assignment.entry_latency;
    let hold_back = there_and_back.saturating_sub(LOOPBACK);
    let (in_flight, drains) = (Cell::new(0), Cell::new(false));
    let (entrance, engines) = (Entrance::new(plan, index), Engines::of(plan, index));
    let nonce = assignment.nonce;
    let shell = Rc::new(Shell { node, entrance, engines, nonce, hold_back, in_flight, drains });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::task::spawn_local(converse(stream, shell.clone()))),
            // Out of file descriptors, or the caller has gone: others may be served in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(stream: TcpStream, shell: Rc<Shell>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| respond(shell.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    // An error is the caller's leaving, which harms only itself.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(shell: Rc<Shell>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = match request.uri().path() {
        "/healthz" if shell.drains.get() => {
            plain(StatusCode::SERVICE_UNAVAILABLE, "it is to be restarted".to_owned())
        }
        CONTROL => shell.obey(request).await,
        LOG => shell.hear(request).await,
        "/healthz" => plain(StatusCode::OK, shell.nonce.clone()),
        FACTS => match shell.node.facts() {
            Some(facts) => {
                plain(StatusCode::OK, serde_json::to_string(facts).expect("names and numbers are JSON"))
            }
            None => plain(StatusCode::NOT_FOUND, "this is no engine".to_owned()),
        },
        "/__stats" => plain(StatusCode::OK, shell.stats().await),
        path => match shell.read(&request, path) {
            Some(asked) => shell.work(asked).await,
            None => plain(StatusCode::NOT_FOUND, "there is only /c/CLASS/KEY and /k/KEY here".to_owned()),
        },
    };
    Ok(response)
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

fn json(place: &Place) -> Response<Full<Bytes>> {
    plain(StatusCode::OK, serde_json::to_string(place).expect("whole numbers are JSON"))
}

/// The body; nothing when it breaks off or is too long.
async fn words_of(request: Request<Incoming>) -> Bytes {
    let body = Limited::new(request.into_body(), MOST_WORDS).collect().await;
    body.map(Collected::to_bytes).unwrap_or_default()
}

impl Shell {
    /// What is asked, and what the answer is kept back: who says nothing of himself is a client, and nobody else can add the latency
    /// of the clients' edge; nor can engines add that of theirs.
    fn read(&self, request: &Request<Incoming>, path: &str) -> Option<Asked> {
        let now = self.node.instance().time.clock.now();
        let says = request.headers().get(ORIGIN).and_then(|value| Origin::read(value, now));
        let target = request.uri().path_and_query().map_or(path, |target| target.as_str());
        let engine = self.engines.name_of(request);
        let caller = engine.as_ref().map(|name| &self.engines[name]);
        let entrance = caller.map_or(&self.entrance, |caller| &caller.entrance);
        let hold_back = match caller {
            Some(caller) => caller.hold_back(says.is_none()).saturating_sub(LOOPBACK),
            None if says.is_some() => Span::ZERO,
            None => self.hold_back,
        };
        let cookies = Cookies::read(request.headers().get(COOKIES));
        let ask = entrance.read(request.method(), target, says, now)?;
        Some(Asked { ask: Ask { cookies, ..ask }, hold_back, engine })
    }

    /// The node's work on a request. It goes on even when the caller gives up and leaves, so it is a task of its own.
    async fn work(self: Rc<Self>, asked: Asked) -> Response<Full<Bytes>> {
        let arrived = self.node.instance().time.clock.now();
        let (shell, ask) = (self.clone(), asked.ask);
        let work = tokio::task::spawn_local(async move {
            shell.in_flight.set(shell.in_flight.get() + 1);
            let answer = shell.node.answer(&ask).await;
            shell.in_flight.set(shell.in_flight.get() - 1);
            answer
        });
        let time = &self.node.instance().time;
        let Answer { status, mut timing, told } =
            work.await.expect("a panic ends the process, and nobody aborts the task");
        let mut response = plain(status, String::new());
        let answered = time.clock.now();
        let mut took = answered.since(arrived);
        time.until(answered + asked.hold_back).await;
        if let Some(name) = asked.engine {
            // To whoever called the engine, the network behind it is part of the time that it took.
            took = time.clock.now().since(arrived);
            timing = self.engines[&name].note(took, status, &timing);
        }
        let headers = response.headers_mut();
        headers.insert(TOOK, HeaderValue::from(took.0));
        if let Ok(text) = HeaderValue::from_str(timing.as_str()) {
            headers.insert(SERVER_TIMING, text);
        }
        if let Some(cookies) = timing.cookies.header() {
            headers.insert(COOKIES, cookies);
        }
        if let Some(told) = told {
            let text = format!("{} {}", told.target, told.ttl.0);
            headers.insert(TOLD, HeaderValue::try_from(text).expect("digits are a header's text"));
        }
        response
    }

    /// Does what the agent orders, who knows this instance's nonce; a page in a browser cannot send it.
    async fn obey(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let nonce = request.headers().get(NONCE);
        if nonce.is_none_or(|nonce| nonce.as_bytes() != self.nonce.as_bytes()) {
            return plain(StatusCode::FORBIDDEN, "this is for the agent".to_owned());
        }
        let words = words_of(request).await;
        let obeyed = match serde_json::from_slice::<Control>(&words) {
            Ok(Control::Drain) => {
                self.drains.set(true);
                Ok(Place::default())
            }
            Ok(control) => self.node.obey(&control).await,
            Err(fault) => Err(format!("that is no order: {fault}")),
        };
        match obeyed {
            Ok(place) => json(&place),
            Err(why) => plain(StatusCode::CONFLICT, why),
        }
    }

    /// Hears another instance of the same node.
    async fn hear(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_told = request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == WORDS);
        let words = words_of(request).await;
        match is_told.then(|| self.node.hear(&words)).flatten() {
            Some(place) => json(&place),
            None => plain(StatusCode::CONFLICT, String::new()),
        }
    }

    async fn stats(&self) -> String {
        let stats = Stats { in_flight: self.in_flight.get(), ..self.node.stats().await };
        serde_json::to_string(&stats).expect("whole numbers are JSON")
    }
}
