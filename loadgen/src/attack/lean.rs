//! HTTP/1.1 as a client that measures needs it (RFC 9112): one request, its whole answer, the next; on one stream, by the task
//! that waits for it. What a general client does beside costs as much processor time as the system's own part.
use super::connection::{Body, Ended, MOST_BODY, Message, NoAnswer, Reading, judged};
use super::recipe::{Answer, Check};
use crate::clock::Clock;
use crate::measure::{Ending, Hop, hops};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request};
use std::future::poll_fn;
use std::io::Write as _;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt as _, ReadBuf, join, sink};
use tokio::time::timeout;

/// More headers than these, or a longer head, are no answer.
const MOST_HEADERS: usize = 100;
const MOST_HEAD: usize = 256 << 10;
/// A line between chunks that is longer is no such line, and more trailers are none.
const MOST_LINE: usize = 8 << 10;
/// So much is asked of the system at once.
const READ: usize = 4 << 10;
/// A buffer that a long answer made larger is not kept for the next.
const KEPT: usize = 64 << 10;

/// One end of a stream, with what has been read and not yet used.
pub(super) struct Lean<S> {
    stream: S,
    buffer: BytesMut,
    out: Vec<u8>,
    /// Whether another request may follow.
    open: bool,
}

/// What the head of an answer says.
struct Head {
    status: u16,
    framing: Framing,
    keeps_open: bool,
    headers: HeaderMap,
}

/// Where the body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// A body that is read; kept as far as anybody looks at it.
#[derive(Default)]
struct Kept {
    wanted: bool,
    bytes: Vec<u8>,
}

impl Kept {
    fn take(&mut self, piece: &[u8]) {
        if self.wanted && self.bytes.len() + piece.len() <= MOST_BODY {
            self.bytes.extend_from_slice(piece);
        } else {
            // What is too long for the checks fails those that look at it.
            *self = Self::default();
        }
    }
}

/// The status and body of the answer to a `GET` that these bytes are, the second of them after the first; none when they are
/// no whole answer.
pub fn answer_of(first: &[u8], second: &[u8]) -> Option<(u16, Bytes)> {
    let mut lean = Lean::new(join(AsyncReadExt::chain(first, second), sink()));
    let message = Message::Encoded(Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n"));
    let (clock, first_byte) = (Clock::start(), None);
    let reading = Reading { clock, nodes: &[], checks: &[], checks_before: 0, first_byte, keeps: true };
    // It is all here: nothing is waited for.
    let ended = lean.exchange(message, reading, &mut Vec::new()).now_or_never()?.ok()?;
    let Ending::Answered(status) = ended.ending else { return None };
    Some((status, ended.kept?.1))
}

/// The bytes of a request.
pub(super) fn encode(request: &Request<Body>, into: &mut Vec<u8>) {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // A vector takes every write.
    let _ = write!(into, "{} {path} HTTP/1.1\r\n", request.method());
    // How long the body is, nobody else decides.
    for (name, value) in
        request.headers().iter().filter(|(name, _)| ![CONTENT_LENGTH, TRANSFER_ENCODING].contains(name))
    {
        into.extend_from_slice(name.as_str().as_bytes());
        into.extend_from_slice(b": ");
        into.extend_from_slice(value.as_bytes());
        into.extend_from_slice(b"\r\n");
    }
    let body = request.body();
    // It is all here: nothing is waited for.
    let body =
        if body.is_end_stream() { None } else { body.clone().collect().now_or_never().and_then(Result::ok) };
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if !body.is_empty() {
        let _ = write!(into, "content-length: {}\r\n", body.len());
    }
    into.extend_from_slice(b"\r\n");
    into.extend_from_slice(&body);
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lean<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new(), out: Vec::new(), open: true }
    }

    /// Whether it can take a request: the other side has not closed it, nor said anything unasked. No wait, and no call of the
    /// system unless something has arrived.
    pub(super) async fn is_open(&mut self) -> bool {
        let Self { stream, open, .. } = self;
        *open
            && poll_fn(|cx| {
                let mut byte = [0];
                let read = Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte));
                Poll::Ready(read.is_pending())
            })
            .await
    }

    /// Waits until it cannot take a request any more.
    pub(super) async fn closed(&mut self) {
        if self.open {
            // Whatever arrives unasked, an end or more, ends it.
            let _ = self.stream.read(&mut [0]).await;
            self.open = false;
        }
    }

    /// Sends a request and reads its whole answer.
    pub(super) async fn exchange(
        &mut self,
        message: Message,
        reading: Reading<'_>,
        into: &mut Vec<Hop>,
    ) -> Result<Ended, NoAnswer> {
        // Until the answer was read to its end, nothing else may be.
        self.open = false;
        let has_body = !message.is_head();
        let answered = async {
            self.send(message).await?;
            // What had come before was looked at before the request was sent: these are the answer's.
            let first_byte = match self.more().await? {
                0 => return Err(NoAnswer::Lost),
                _ => reading.clock.now(),
            };
            Ok((first_byte, self.head(reading, has_body, into).await?))
        };
        let (first_byte, head) = match reading.first_byte {
            None => answered.await?,
            Some(patience) => {
                let within = timeout(Duration::from_nanos(patience.0), answered).await;
                within.map_err(|_| NoAnswer::TooLate)??
            }
        };
        let wanted = reading.keeps || reading.checks.iter().any(Check::reads_body);
        let mut kept = Kept { wanted, bytes: Vec::new() };
        self.body(head.framing, &mut kept).await?;
        let ends = head.framing == Framing::UntilClose;
        self.open = head.keeps_open && !ends && self.buffer.is_empty();
        if self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
        }
        let body = Bytes::from(kept.bytes);
        let ending = judged(&Answer { status: head.status, headers: &head.headers, body: &body }, reading);
        let kept = reading.keeps.then_some((head.headers, body));
        Ok(Ended { ending, first_byte: Some(first_byte), kept })
    }

    async fn send(&mut self, message: Message) -> Result<(), NoAnswer> {
        let Self { stream, out, .. } = self;
        let bytes: &[u8] = match &message {
            Message::Encoded(bytes) => bytes,
            Message::One(request) => {
                out.clear();
                encode(request, out);
                out
            }
        };
        let Ok(sent @ 1..) = stream.write(bytes).await else { return Err(NoAnswer::NotSent(message)) };
        // Who does not read to the end may still answer: what went wrong shows when the answer is read.
        let rest = stream.write_all(&bytes[sent..]).await;
        let _ = rest.and(stream.flush().await);
        Ok(())
    }

    /// Reads until there is a whole head that is not only informational.
    async fn head(
        &mut self,
        reading: Reading<'_>,
        has_body: bool,
        into: &mut Vec<Hop>,
    ) -> Result<Head, NoAnswer> {
        loop {
            if let Some((length, head)) = parse(&self.buffer, reading, has_body, into)? {
                self.buffer.advance(length);
                if !(100..200).contains(&head.status) || head.status == 101 {
                    return Ok(head);
                }
            } else if self.buffer.len() > MOST_HEAD || self.more().await? == 0 {
                return Err(NoAnswer::Lost);
            }
        }
    }

    async fn body(&mut self, framing: Framing, kept: &mut Kept) -> Result<(), NoAnswer> {
        match framing {
            Framing::Length(length) => self.take(length, kept).await,
            Framing::UntilClose => loop {
                kept.take(&self.buffer);
                self.buffer.clear();
                if self.more().await? == 0 {
                    return Ok(());
                }
            },
            Framing::Chunked => loop {
                let line = self.line().await?;
                let size = httparse::parse_chunk_size(&line);
                let Ok(httparse::Status::Complete((_, size))) = size else { return Err(NoAnswer::Lost) };
                if size == 0 {
                    return self.trailers().await;
                }
                self.take(size, kept).await?;
                if self.line().await?.as_ref() != b"\r\n" {
                    return Err(NoAnswer::Lost);
                }
            },
        }
    }

    async fn trailers(&mut self) -> Result<(), NoAnswer> {
        for _ in 0..=MOST_HEADERS {
            if self.line().await?.as_ref() == b"\r\n" {
                return Ok(());
            }
        }
        Err(NoAnswer::Lost)
    }

    /// So many bytes.
    async fn take(&mut self, mut left: u64, kept: &mut Kept) -> Result<(), NoAnswer> {
        loop {
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            kept.take(&self.buffer[..here]);
            self.buffer.advance(here);
            left -= here as u64;
            if left == 0 {
                return Ok(());
            }
            if self.more().await? == 0 {
                return Err(NoAnswer::Lost);
            }
        }
    }

    /// A line with its end.
    async fn line(&mut self) -> Result<Bytes, NoAnswer> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                return Ok(self.buffer.split_to(end + 1).freeze());
            }
            if self.buffer.len() > MOST_LINE || self.more().await? == 0 {
                return Err(NoAnswer::Lost);
            }
        }
    }

    /// Reads what there is, and waits for it; zero at the end.
    async fn more(&mut self) -> Result<usize, NoAnswer> {
        self.buffer.reserve(READ);
        self.stream.read_buf(&mut self.buffer).await.map_err(|_| NoAnswer::Lost)
    }
}

/// The head in these bytes, and its length; none when it is not whole.
fn parse(
    bytes: &[u8],
    reading: Reading<'_>,
    has_body: bool,
    into: &mut Vec<Hop>,
) -> Result<Option<(usize, Head)>, NoAnswer> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(NoAnswer::Lost),
    };
    let (Some(status), Some(version)) = (response.code, response.version) else { return Err(NoAnswer::Lost) };
    let (framing, keeps_open) = framing(response.headers, (status, version), has_body)?;
    if !reading.nodes.is_empty() {
        let timing =
            response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("server-timing"));
        hops(timing.map(|header| header.value), reading.nodes, into);
    }
    let looked_at = reading.keeps || !reading.checks.is_empty();
    let headers = if looked_at { map(response.headers) } else { HeaderMap::new() };
    Ok(Some((length, Head { status, framing, keeps_open, headers })))
}

/// Where the body ends, and whether the connection is kept.
fn framing(
    headers: &[httparse::Header<'_>],
    (status, version): (u16, u8),
    has_body: bool,
) -> Result<(Framing, bool), NoAnswer> {
    let (mut length, mut coded, mut keeps_open) = (None, None, version > 0);
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).map_err(|_| NoAnswer::Lost)?;
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let told: u64 = text.parse().ok().filter(|_| is_number).ok_or(NoAnswer::Lost)?;
            if length.is_some_and(|before| before != told) {
                return Err(NoAnswer::Lost);
            }
            length = Some(told);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let last = header.value.rsplit(|&byte| byte == b',').next().unwrap_or_default();
            coded = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        } else if header.name.eq_ignore_ascii_case("connection") {
            for word in header.value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                keeps_open &= !word.eq_ignore_ascii_case(b"close");
                keeps_open |= version == 0 && word.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }
    let framing = match (coded, length) {
        _ if !has_body || status == 204 || status == 304 || status < 200 => Framing::Length(0),
        (Some(true), _) => Framing::Chunked,
        (Some(false), _) | (None, None) => Framing::UntilClose,
        (None, Some(length)) => Framing::Length(length),
    };
    Ok((framing, keeps_open && status != 101))
}

fn map(headers: &[httparse::Header<'_>]) -> HeaderMap {
    let read = |header: &httparse::Header<'_>| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(header.value).ok()?))
    };
    let mut map = HeaderMap::with_capacity(headers.len());
    headers.iter().filter_map(read).for_each(|(name, value)| {
        map.append(name, value);
    });
    map
}

impl Message {
    fn is_head(&self) -> bool {
        matches!(self, Self::One(request) if request.method() == Method::HEAD)
    }
}

#[cfg(test)]
mod tests;
