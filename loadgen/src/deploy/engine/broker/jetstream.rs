//! NATS JetStream: streams keep a queue's messages, and a durable consumer hands each line of them out.
use super::super::recipe::Recipe;
use super::lines::Lines;
use super::parcel::{Parcel, Seen};
use super::streams::{Draft, config, consumer, drafts, forgets, held_at_most};
use super::{Arrival, News, Published, Verdict};
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::message::{AckKind, Acker};
use async_nats::jetstream::stream::{DiscardPolicy, RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode, context::PublishError};
use async_nats::{Client, ConnectOptions};
use futures_util::StreamExt as _;
use loadpath_core::topology::QueueNode;
use rustix::process::Signal;
use serde::Deserialize;
use std::error::Error as _;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

const FILE: &str = "nats.conf";
/// How long opening a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);
/// Where it says that it delivers a message no more, though nobody has given that up.
const GIVEN_UP: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>";
/// How long a question for messages stands: one that gets lost costs no more.
const ASKED_FOR: Duration = Duration::from_secs(1);
/// How long it waits before it asks again when a question was not heard.
const AGAIN: Duration = Duration::from_millis(100);

/// How it is run. What it has confirmed is in its files, which outlive it and not the machine: it does not wait for the disk.
pub(in super::super) fn recipe(spec: &QueueNode, port: u16, secret: &str, nonce: &str) -> Recipe {
    let common = "host: 127.0.0.1\nmax_connections: 256\n\
        jetstream {\n  store_dir: js\n  max_memory_store: 67108864\n  max_file_store: 4294967296\n}\n";
    let content =
        format!("{common}port: {port}\nserver_name: \"{nonce}\"\nauthorization {{ token: \"{secret}\" }}\n");
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let QueueNode { mode, partitions, capacity, drop_oldest, deliveries, .. } = spec;
    let identity = format!("{common}{mode:?} {partitions} {capacity} {drop_oldest} {deliveries}");
    Recipe {
        files: vec![(FILE, content)],
        check: Some(words(&["-t", "-c", FILE])),
        arguments: words(&["-c", FILE]),
        stop: Signal::INT,
        account: "nobody",
        identity,
    }
}

async fn connect(at: SocketAddr, secret: &str) -> Result<Client, String> {
    let options = ConnectOptions::new().name("desk").token(secret.to_owned());
    let options = options.connection_timeout(CONNECTED_WITHIN);
    options.connect(format!("nats://{at}")).await.map_err(|e| e.to_string())
}

/// Whether the server that was given this name answers.
pub(in super::super) async fn is_ready(at: SocketAddr, secret: &str, nonce: &str) -> bool {
    connect(at, secret).await.is_ok_and(|client| client.server_info().server_name == nonce)
}

/// A connected server with its streams.
pub(super) struct Jetstream {
    context: Context,
    streams: Vec<Stream>,
    /// By which subject each class goes in.
    subjects: Vec<Option<String>>,
    /// The stream and the consumer of each line.
    consumers: Vec<(usize, String)>,
    news: mpsc::UnboundedSender<News>,
}

/// What to answer for a message.
pub(super) struct Receipt {
    acker: Acker,
    line: usize,
    sequence: u64,
    /// Free for another message when this one is settled.
    _place: OwnedSemaphorePermit,
}

impl Receipt {
    /// It is still worked on.
    pub(super) async fn still(&self) {
        // One that does not come through is followed by another.
        let _ = self.acker.ack_with(AckKind::Progress).await;
    }
}

/// A word of the server's that a message was delivered as often as it may be, and not acknowledged.
#[derive(Deserialize)]
struct GivenUp {
    stream: String,
    stream_seq: u64,
}

impl Jetstream {
    /// Makes what is not there yet of its streams and consumers, and listens to them.
    ///
    /// # Errors
    /// What the server refuses.
    pub(super) async fn open(
        at: SocketAddr,
        secret: &str,
        lines: &Lines,
        life: u64,
        news: mpsc::UnboundedSender<News>,
    ) -> Result<Self, String> {
        let client = connect(at, secret).await?;
        let context = jetstream::new(client.clone());
        let (drafts, subjects) = drafts(lines);
        let mut consumers = vec![(0, String::new()); lines.lines.len()];
        let mut streams = Vec::new();
        let given_up = client.subscribe(GIVEN_UP).await.map_err(|e| e.to_string())?;
        for draft in &drafts {
            let stream = context.get_or_create_stream(config(lines, draft)).await;
            let stream = stream.map_err(|e| format!("stream {}: {e}", draft.name))?;
            for (line, filter) in &draft.lines {
                let name = format!("line-{line}");
                let consumer = stream.create_consumer(consumer(lines, *line, &name, filter)).await;
                let consumer = consumer.map_err(|e| format!("consumer {name}: {e}"))?;
                let ear = Ear {
                    line: *line,
                    life,
                    forgets: forgets(&lines.spec),
                    seen: Seen::default(),
                    news: news.clone(),
                };
                tokio::spawn(ear.listen(consumer, held_at_most(lines, *line)));
                consumers[*line] = (streams.len(), name);
            }
            streams.push(stream);
        }
        tokio::spawn(give_up(given_up, streams.clone(), drafts, news.clone()));
        Ok(Self { context, streams, subjects, consumers, news })
    }

    /// As [`super::Broker::publish`].
    pub(super) async fn publish(&self, class: u16, partition: Option<u16>, parcel: &Parcel) -> Published {
        let subject = match partition {
            Some(partition) => Some(format!("p.{partition}")),
            None => self.subjects.get(usize::from(class)).cloned().flatten(),
        };
        // What nobody takes goes nowhere.
        let Some(subject) = subject else { return Published::Kept };
        let confirmed = match self.context.publish(subject, parcel.write().into()).await {
            Ok(sent) => sent.await,
            Err(fault) => Err(fault),
        };
        match confirmed {
            Ok(_) => Published::Kept,
            Err(fault) if is_full(&fault) => Published::Full,
            Err(_) => Published::Unknown,
        }
    }

    /// As [`super::Broker::settle`].
    pub(super) async fn settle(&self, receipt: &Receipt, verdict: Verdict) {
        // What does not come through is asked for again: the server delivers it once more.
        let said = match verdict {
            Verdict::Done => receipt.acker.ack().await,
            Verdict::Again => receipt.acker.ack_with(AckKind::Nak(None)).await,
            Verdict::Dead => receipt.acker.double_ack_with(AckKind::Term).await,
        };
        let news = match verdict {
            Verdict::Dead if said.is_ok() => News::Dead,
            Verdict::Again if self.is_gone(receipt).await => News::Overflowed(1),
            _ => return,
        };
        // Nobody listens any more when the desk ends.
        let _ = self.news.send(news);
    }

    /// Whether a message has made room while it was under way, so that it does not come again.
    async fn is_gone(&self, receipt: &Receipt) -> bool {
        let stream = &self.streams[self.consumers[receipt.line].0];
        if stream.cached_info().config.discard != DiscardPolicy::Old {
            return false;
        }
        let found = stream.get_raw_message(receipt.sequence).await;
        found.is_err_and(|fault| fault.kind() == RawMessageErrorKind::NoMessageFound)
    }

    /// How many messages wait in each line.
    pub(super) async fn waiting(&self) -> Option<Vec<u64>> {
        let mut waiting = Vec::new();
        for (stream, name) in &self.consumers {
            waiting.push(self.streams[*stream].consumer_info(name).await.ok()?.num_pending);
        }
        Some(waiting)
    }
}

/// Whether a stream has no room: it says so in a code that it has for all that a stream cannot store.
fn is_full(fault: &PublishError) -> bool {
    let said = fault.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    said.is_some_and(|said| {
        said.error_code() == ErrorCode::STREAM_STORE_FAILED && said.to_string().contains("maximum messages")
    })
}

/// Who hears what a line's consumer delivers.
struct Ear {
    line: usize,
    /// When this desk was started.
    life: u64,
    forgets: bool,
    seen: Seen,
    news: mpsc::UnboundedSender<News>,
}

impl Ear {
    /// Asks for as many messages as the desk may hold besides those that it does, and passes them on, for ever. The server's own bound
    /// does not do: it takes what has made room for no longer under way.
    async fn listen(mut self, consumer: Consumer<pull::Config>, places: u32) {
        let places = Arc::new(Semaphore::new(places as usize));
        while !self.news.is_closed() {
            let first = places.clone().acquire_owned().await.expect("nobody closes it");
            let free = iter::from_fn(|| places.clone().try_acquire_owned().ok());
            let mut asked_for: Vec<OwnedSemaphorePermit> = iter::once(first).chain(free).collect();
            let batch = consumer.batch().max_messages(asked_for.len()).expires(ASKED_FOR).messages().await;
            let Ok(mut messages) = batch else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            // It ends when all have come, or after a while.
            while let Some(Ok(message)) = messages.next().await {
                let Some(place) = asked_for.pop() else { break };
                let arrival = arrival(self.line, message, place);
                arrival.into_iter().for_each(|arrival| self.pass_on(arrival));
            }
        }
    }

    fn pass_on(&mut self, arrival: Arrival) {
        let lost = self.seen.note(&arrival.parcel, self.life);
        // A publisher that is refused knows that, and its number is passed over too.
        if self.forgets && lost > 0 {
            let _ = self.news.send(News::Overflowed(lost));
        }
        // Nobody listens any more when the desk ends.
        let _ = self.news.send(News::Arrived(arrival));
    }
}

fn arrival(line: usize, message: jetstream::Message, place: OwnedSemaphorePermit) -> Option<Arrival> {
    let parcel = Parcel::read(&message.payload)?;
    let info = message.info().ok()?;
    let (deliveries, sequence) = (u16::try_from(info.delivered).unwrap_or(u16::MAX), info.stream_sequence);
    let (_, acker) = message.split();
    let receipt = Box::new(Receipt { acker, line, sequence, _place: place });
    let receipt = Arc::new(super::Receipt::Jetstream(receipt));
    Some(Arrival { line, parcel, deliveries, receipt })
}

/// Takes what nobody acknowledged on its last delivery out of its stream, which keeps it otherwise; unless it is a log, or others may
/// still want it.
async fn give_up(
    mut words: async_nats::Subscriber,
    streams: Vec<Stream>,
    drafts: Vec<Draft>,
    news: mpsc::UnboundedSender<News>,
) {
    while let Some(word) = words.next().await {
        let Ok(GivenUp { stream, stream_seq }) = serde_json::from_slice(&word.payload) else { continue };
        let place = drafts.iter().position(|draft| draft.name == stream && draft.lines.len() == 1);
        if let Some(place) = place {
            // It may be gone already.
            let _ = streams[place].delete_message(stream_seq).await;
        }
        if news.send(News::Dead).is_err() {
            return;
        }
    }
}
