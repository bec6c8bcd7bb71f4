//! Calls from one node to another: kept connections, and what the caller sees.
use super::cookies::{COOKIES, Cookies};
use super::node::Ask;
use super::origin::ORIGIN;
use super::store_call::{Protocol, Store};
use crate::clock::Clock;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::response::Parts;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use loadpath_core::component::naming;
use loadpath_core::time::{Span, Time};
use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::TcpStream;

/// In which header an answer carries its hops' times.
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// In which header a node tells its caller how long it took itself, in nanoseconds: the rest is the network's.
pub(super) const TOOK: HeaderName = HeaderName::from_static("loadpath-took");
/// In which header DNS says which address, counted from zero, and for how many nanoseconds that is good.
pub(super) const TOLD: HeaderName = HeaderName::from_static("loadpath-told");
/// What the body of a POST between instances is: browsers ask before they send it to strangers.
pub(super) const WORDS: &str = "application/vnd.loadpath";
/// A connection that was idle for longer is not used again: the callee may be closing it at this moment.
const IDLE_AT_MOST: Span = Span::from_millis(20_000);

/// How a call ended.
pub(super) enum Reply {
    /// There was an answer, be it good or bad.
    Answered {
        /// Its status.
        status: StatusCode,
        /// What the callee reported in `Server-Timing`.
        timing: String,
        /// How long the callee took itself.
        took: Span,
        /// What the user is to keep.
        cookies: Cookies,
        /// What DNS said.
        told: Option<naming::Answer>,
    },
    /// Nobody listens there.
    Refused,
    /// The connection broke.
    Failed,
}

/// An instance that can be called.
pub(super) struct Peer {
    clock: Clock,
    address: SocketAddr,
    host: HeaderValue,
    idle: RefCell<Vec<Idle>>,
    /// It is an engine, and asked in its own words.
    store: Option<Store>,
}

struct Idle {
    sender: Sender,
    since: Time,
}

type Sender = SendRequest<Full<Bytes>>;
type Call = Request<Full<Bytes>>;
type Answer = hyper::Response<hyper::body::Incoming>;

impl Peer {
    /// The instance at this address.
    pub(super) fn new(clock: Clock, address: SocketAddr) -> Rc<Self> {
        let host = HeaderValue::try_from(address.to_string()).expect("an address is a header's text");
        Rc::new(Self { clock, address, host, idle: RefCell::new(Vec::new()), store: None })
    }

    /// This instance of a node, which may be an engine that is asked in its own words.
    pub(super) fn speaking(
        clock: Clock,
        address: SocketAddr,
        instance: u16,
        protocol: Option<&Rc<Protocol>>,
    ) -> Rc<Self> {
        let mut peer = Self::new(clock, address);
        let store = protocol.map(|protocol| Store::new(protocol.clone(), clock, address, instance));
        Rc::get_mut(&mut peer).expect("nobody else has it yet").store = store;
        peer
    }

    /// Where it is.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request without a body, for whom and with what he has kept, and waits for the whole answer.
    pub(super) async fn call(self: &Rc<Self>, ask: &Ask, origin: HeaderValue) -> Reply {
        if let Some(store) = &self.store {
            return store.call(ask).await;
        }
        let mut request = self.request(&ask.method, &ask.path, Bytes::new());
        request.headers_mut().insert(ORIGIN, origin);
        if let Some(cookies) = ask.cookies.header() {
            request.headers_mut().insert(COOKIES, cookies);
        }
        let (head, _) = match self.exchange(request).await {
            Ok(answer) => answer,
            Err(reply) => return reply,
        };
        let text = |name: &HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        Reply::Answered {
            status: head.status,
            timing: text(&SERVER_TIMING).unwrap_or_default().to_owned(),
            took: Span(text(&TOOK).and_then(|took| took.parse().ok()).unwrap_or(0)),
            cookies: Cookies::read(head.headers.get(COOKIES)),
            told: text(&TOLD).and_then(told),
        }
    }

    /// Whether it answers a health check.
    pub(super) async fn is_well(self: &Rc<Self>) -> bool {
        let answer = self.exchange(self.request(&Method::GET, "/healthz", Bytes::new())).await;
        answer.is_ok_and(|(head, _)| head.status == StatusCode::OK)
    }

    /// Tells the callee something, which is no call by an edge; the body of its answer, unless that is not a good one.
    pub(super) async fn tell(self: &Rc<Self>, path: &str, what: Bytes) -> Option<Bytes> {
        let mut request = self.request(&Method::POST, path, what);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(WORDS));
        let (head, body) = self.exchange(request).await.ok()?;
        (head.status == StatusCode::OK).then_some(body)
    }

    async fn exchange(self: &Rc<Self>, mut request: Call) -> Result<(Parts, Bytes), Reply> {
        while let Some(mut sender) = self.kept() {
            match sender.try_send_request(request).await {
                Ok(answer) => return self.finish(sender, answer).await,
                // It was closed before the request could be written: another connection may do.
                Err(mut fault) => request = fault.take_message().ok_or(Reply::Failed)?,
            }
        }
        let mut sender = self.connect().await?;
        match sender.send_request(request).await {
            Ok(answer) => self.finish(sender, answer).await,
            Err(_) => Err(Reply::Failed),
        }
    }

    fn kept(&self) -> Option<Sender> {
        let now = self.clock.now();
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle.pop() {
            if kept.sender.is_ready() && now.since(kept.since) < IDLE_AT_MOST {
                return Some(kept.sender);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Sender, Reply> {
        let stream = TcpStream::connect(self.address).await.map_err(|fault| match fault.kind() {
            ErrorKind::ConnectionRefused => Reply::Refused,
            _ => Reply::Failed,
        })?;
        stream.set_nodelay(true).map_err(|_| Reply::Failed)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Reply::Failed)?;
        // Its errors reach whoever has a request on it.
        tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(sender)
    }

    fn request(&self, method: &Method, path: &str, body: Bytes) -> Call {
        let request = Request::builder().method(method).uri(path).header(HOST, self.host.clone());
        request.body(Full::new(body)).expect("paths are made from numbers and ids")
    }

    async fn finish(self: &Rc<Self>, mut sender: Sender, answer: Answer) -> Result<(Parts, Bytes), Reply> {
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Reply::Failed)?.to_bytes();
        let peer = self.clone();
        // The connection is free in a moment, and the caller need not wait for that.
        tokio::task::spawn_local(async move {
            if sender.ready().await.is_ok() {
                let since = peer.clock.now();
                peer.idle.borrow_mut().push(Idle { sender, since });
            }
        });
        Ok((head, body))
    }
}

fn told(text: &str) -> Option<naming::Answer> {
    let (target, ttl) = text.split_once(' ')?;
    Some(naming::Answer { target: target.parse().ok()?, ttl: Span(ttl.parse().ok()?) })
}
