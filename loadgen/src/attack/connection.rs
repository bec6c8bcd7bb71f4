//! One keep-alive HTTP/1.1 connection, driven by the task that uses it: no other task to wake, no pool to ask.
use super::{AttackError, Target};
use crate::measure::{Ending, Hop, hops};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use loadpath_core::time::Span;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(super) type Body = Empty<Bytes>;
type Driver = http1::Connection<TokioIo<TcpStream>, Body>;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    sender: http1::SendRequest<Body>,
    /// Reads and writes; none once the connection is closed.
    driver: Option<Pin<Box<Driver>>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The connection had been closed and nothing was sent: the request is as good as new.
    NotSent(Box<Request<Body>>),
    /// The connection broke.
    Lost,
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Ending> {
        let ending = |why: &io::Error| match why.kind() {
            io::ErrorKind::ConnectionRefused => Ending::ConnectionRefused,
            _ => Ending::NoConnection,
        };
        let stream = TcpStream::connect(target.address).await.map_err(|why| ending(&why))?;
        stream.set_nodelay(true).map_err(|why| ending(&why))?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, driver) = shaken.map_err(|_| Ending::NoConnection)?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// Waits until it can take a request; false when it is closed.
    pub(super) async fn ready(&mut self) -> bool {
        drive_while(&mut self.driver, self.sender.ready()).await.is_ok()
    }

    /// Waits until the other side closes it.
    pub(super) async fn closed(&mut self) {
        if let Some(driver) = &mut self.driver {
            // How it was closed does not matter: nothing was under way.
            let _ = driver.await;
            self.driver = None;
        }
    }

    /// Sends and awaits the whole answer; its hops, if `nodes` are expected, go into `into`.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Body>,
        nodes: &[String],
        into: &mut Vec<Hop>,
    ) -> Result<Ending, NoAnswer> {
        let answer = self.sender.try_send_request(request);
        drive_while(&mut self.driver, async {
            let response = answer.await.map_err(|mut fault| match fault.take_message() {
                Some(request) => NoAnswer::NotSent(Box::new(request)),
                None => NoAnswer::Lost,
            })?;
            whole(response, nodes, into).await
        })
        .await
    }
}

async fn whole(
    response: Response<Incoming>,
    nodes: &[String],
    into: &mut Vec<Hop>,
) -> Result<Ending, NoAnswer> {
    let status = response.status().as_u16();
    if !nodes.is_empty() {
        let values = response.headers().get_all(SERVER_TIMING);
        hops(values.iter().map(HeaderValue::as_bytes), nodes, into);
    }
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame.map_err(|_| NoAnswer::Lost)?;
    }
    Ok(Ending::Answered(status))
}

/// Runs `work` to its end while the driver reads and writes for it. When the connection closes, `work` learns it from
/// its own ends of the channels, after what had still arrived.
async fn drive_while<F: Future>(driver: &mut Option<Pin<Box<Driver>>>, work: F) -> F::Output {
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

/// Opens a connection and closes it: whether anybody is there at all.
pub(super) async fn probe(target: &Target, patience: Span) -> Result<(), AttackError> {
    let address = target.address;
    let patience = Duration::from_nanos(patience.0);
    match tokio::time::timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(why)) => Err(AttackError::Unreachable { address, why }),
        Err(_) => Err(AttackError::Unreachable { address, why: io::ErrorKind::TimedOut.into() }),
    }
}
