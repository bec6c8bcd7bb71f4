//! One connection, driven by the task that uses it: no other task to wake, no pool to ask.
use super::lean::Lean;
use super::recipe::{Answer, Check};
use super::{AttackError, Manner, Target};
use crate::clock::Clock;
use crate::measure::{Ending, Hop, hops};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use loadpath_core::run::Outcome;
use loadpath_core::time::{Span, Time};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Checks look at so much of a body; one that is longer is read all the same.
pub(super) const MOST_BODY: usize = 4 << 20;

pub(super) type Body = Full<Bytes>;
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream to the target, secured or not.
pub(super) type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// An open connection.
pub(super) enum Connection {
    /// HTTP/1.1.
    One(Box<Lean<Stream>>),
    /// HTTP/2; the driver reads and writes, and is none once the connection is closed.
    Two(http2::SendRequest<Body>, Option<Driver>),
    /// One end of a connection of HTTP/2 that a task of its own drives; and when it is closed.
    Many(http2::SendRequest<Body>, CancellationToken),
}

/// A request on its way.
pub(super) enum Message {
    /// Of HTTP/1.1, always the same: its bytes, made once. Not one of `HEAD`.
    Encoded(Bytes),
    /// Made for this time.
    One(Box<Request<Body>>),
}

/// What is made of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// Tells when its first byte came.
    pub(super) clock: Clock,
    /// The nodes whose hops are expected.
    pub(super) nodes: &'a [String],
    /// What it must be.
    pub(super) checks: &'a [Check],
    /// How many checks stand before these in the attack.
    pub(super) checks_before: usize,
    /// How long its head may take.
    pub(super) first_byte: Option<Span>,
    /// Whether its head and body are kept.
    pub(super) keeps: bool,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) ending: Ending,
    /// When its first byte came.
    pub(super) first_byte: Option<Time>,
    /// Its headers and body, when they were to be kept.
    pub(super) kept: Option<(HeaderMap, Bytes)>,
}

impl Ended {
    /// Without an answer to keep.
    pub(super) const fn without(ending: Ending) -> Self {
        Self { ending, first_byte: None, kept: None }
    }
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// The connection had been closed and nothing was sent: the request is as good as new.
    NotSent(Message),
    /// The connection broke.
    Lost,
    /// The head of the answer took too long.
    TooLate,
}

impl Connection {
    /// Opens one, within the manner's time for it.
    pub(super) async fn open(target: &Target, manner: &Manner) -> Result<Self, Ending> {
        Self::within(manner, Self::opened(target, manner)).await
    }

    /// What `opening` opens, within the manner's time for it.
    pub(super) async fn within(
        manner: &Manner,
        opening: impl Future<Output = Result<Self, Ending>>,
    ) -> Result<Self, Ending> {
        let Some(patience) = manner.connect_timeout else { return opening.await };
        let opened = timeout(Duration::from_nanos(patience.0), opening).await;
        opened.unwrap_or(Err(Ending::ConnectTimedOut))
    }

    async fn opened(target: &Target, manner: &Manner) -> Result<Self, Ending> {
        let stream = plain_or_secured(target, manner).await?;
        if manner.http2 {
            let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (sender, driver) = shaken.map_err(|_| Ending::NoConnection)?;
            // How it ends does not matter here: who waits for an answer learns it from its own end.
            return Ok(Self::Two(sender, Some(Box::pin(async { drop(driver.await) }))));
        }
        Ok(Self::One(Box::new(Lean::new(stream))))
    }

    /// One of HTTP/2 on this stream, of which there can be several ends.
    pub(super) async fn shared(stream: Stream) -> Result<Self, Ending> {
        let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, driver) = shaken.map_err(|_| Ending::NoConnection)?;
        let closed = CancellationToken::new();
        let ends = closed.clone().drop_guard();
        // It ends with its last end, or with the other side.
        tokio::spawn(async move {
            let _ends = ends;
            drop(driver.await);
        });
        Ok(Self::Many(sender, closed))
    }

    /// Another end of the same connection; none when it is closed, or has one end only.
    pub(super) fn another_end(&self) -> Option<Self> {
        match self {
            Self::Many(sender, closed) if !closed.is_cancelled() && !sender.is_closed() => {
                Some(Self::Many(sender.clone(), closed.clone()))
            }
            Self::One(_) | Self::Two(..) | Self::Many(..) => None,
        }
    }

    /// Waits until it can take a request; false when it is closed.
    pub(super) async fn ready(&mut self) -> bool {
        match self {
            Self::One(lean) => lean.is_open().await,
            Self::Two(sender, driver) => drive_while(driver, sender.ready()).await.is_ok(),
            Self::Many(sender, _) => sender.ready().await.is_ok(),
        }
    }

    /// Waits until the other side closes it.
    pub(super) async fn closed(&mut self) {
        match self {
            Self::One(lean) => lean.closed().await,
            Self::Two(_, driver) => {
                if let Some(running) = driver {
                    running.await;
                    *driver = None;
                }
            }
            Self::Many(_, closed) => closed.cancelled().await,
        }
    }

    /// Sends and awaits the whole answer; its hops, if nodes are expected, go into `into`.
    pub(super) async fn exchange(
        &mut self,
        message: Message,
        reading: Reading<'_>,
        into: &mut Vec<Hop>,
    ) -> Result<Ended, NoAnswer> {
        match (self, message) {
            (Self::One(lean), message) => lean.exchange(message, reading, into).await,
            (Self::Two(sender, driver), Message::One(request)) => {
                let answer = sender.try_send_request(*request);
                drive_while(driver, answered(answer, reading, into)).await
            }
            (Self::Many(sender, _), Message::One(request)) => {
                answered(sender.try_send_request(*request), reading, into).await
            }
            (Self::Two(..) | Self::Many(..), Message::Encoded(_)) => {
                unreachable!("only what is for HTTP/1.1 is encoded beforehand")
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::One(_)) {
            "Connection (HTTP/1.1)"
        } else {
            "Connection (HTTP/2)"
        })
    }
}

/// A stream to the target, on which nothing has been said.
pub(super) async fn plain_or_secured(target: &Target, manner: &Manner) -> Result<Stream, Ending> {
    let ending = |why: &io::Error| match why.kind() {
        io::ErrorKind::ConnectionRefused => Ending::ConnectionRefused,
        _ => Ending::NoConnection,
    };
    let stream = TcpStream::connect(target.address).await.map_err(|why| ending(&why))?;
    stream.set_nodelay(true).map_err(|why| ending(&why))?;
    let Some(tls) = &manner.tls else { return Ok(Either::Left(stream)) };
    let connector = TlsConnector::from(tls.config.clone());
    let shaken = connector.connect(tls.name.clone(), stream).await;
    let stream = shaken.map_err(|_| Ending::NoSecurity)?;
    if manner.http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Ending::NoHttp2);
    }
    Ok(Either::Right(stream))
}

type NotSent = hyper::client::conn::TrySendError<Request<Body>>;

async fn answered(
    answer: impl Future<Output = Result<Response<Incoming>, NotSent>>,
    reading: Reading<'_>,
    into: &mut Vec<Hop>,
) -> Result<Ended, NoAnswer> {
    let answer = match reading.first_byte {
        None => answer.await,
        Some(patience) => {
            let patience = Duration::from_nanos(patience.0);
            timeout(patience, answer).await.map_err(|_| NoAnswer::TooLate)?
        }
    };
    let response = answer.map_err(|mut fault| match fault.take_message() {
        Some(request) => NoAnswer::NotSent(Message::One(Box::new(request))),
        None => NoAnswer::Lost,
    })?;
    let first_byte = reading.clock.now();
    Ok(Ended { first_byte: Some(first_byte), ..whole(response, reading, into).await? })
}

async fn whole(
    response: Response<Incoming>,
    reading: Reading<'_>,
    into: &mut Vec<Hop>,
) -> Result<Ended, NoAnswer> {
    let status = response.status().as_u16();
    if !reading.nodes.is_empty() {
        let values = response.headers().get_all(SERVER_TIMING);
        hops(values.iter().map(HeaderValue::as_bytes), reading.nodes, into);
    }
    let (head, mut body) = response.into_parts();
    let mut text = Bytes::new();
    if reading.keeps || reading.checks.iter().any(Check::reads_body) {
        // What is too long for the checks fails those that look at it.
        if let Ok(kept) = Limited::new(&mut body, MOST_BODY).collect().await {
            text = kept.to_bytes();
        }
    }
    while let Some(frame) = body.frame().await {
        frame.map_err(|_| NoAnswer::Lost)?;
    }
    let ending = judged(&Answer { status, headers: &head.headers, body: &text }, reading);
    Ok(Ended { kept: reading.keeps.then_some((head.headers, text)), ..Ended::without(ending) })
}

/// How a request with this answer ended. A status that no check asks for and that is an error says more than a failed check.
pub(super) fn judged(answer: &Answer<'_>, reading: Reading<'_>) -> Ending {
    let plain = Ending::Answered(answer.status);
    let asked = reading.checks.iter().any(|check| matches!(check, Check::Status(..)));
    if !asked && plain.outcome() != Outcome::Ok {
        return plain;
    }
    match reading.checks.iter().position(|check| !check.holds(answer)) {
        Some(place) => Ending::CheckFailed((reading.checks_before + place) as u16),
        None if plain.outcome() != Outcome::Ok => Ending::Accepted(answer.status),
        None => plain,
    }
}

/// Runs `work` to its end while the driver reads and writes for it. When the connection closes, `work` learns it from
/// its own ends of the channels, after what had still arrived.
async fn drive_while<F: Future>(driver: &mut Option<Driver>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        if let Some(running) = driver
            && running.as_mut().poll(cx).is_ready()
        {
            *driver = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}

/// Opens a connection as the users will, and closes it: whether anybody is there at all, and speaks as they do.
pub(super) async fn probe(target: &Target, manner: &Manner, patience: Span) -> Result<(), AttackError> {
    let address = target.address;
    let unreachable = |why: io::Error| AttackError::Unreachable { address, why };
    let patience = Duration::from_nanos(patience.0);
    match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(_)) => {}
        Ok(Err(why)) => return Err(unreachable(why)),
        Err(_) => return Err(unreachable(io::ErrorKind::TimedOut.into())),
    }
    let Some(tls) = &manner.tls else { return Ok(()) };
    let shake = async {
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(tls.config.clone()).connect(tls.name.clone(), stream).await?;
        if manner.http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the server does not offer HTTP/2: leave --http2 out"));
        }
        Ok(())
    };
    let shaken = timeout(patience, shake).await;
    shaken
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|why| AttackError::Insecure { address, why })
}
