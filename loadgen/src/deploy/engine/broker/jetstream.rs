//! NATS JetStream: streams keep a queue's messages, and a durable consumer hands each line of them out.
//!
//! | the document | here |
//! |---|---|
//! | direct | a stream that is a work queue, with one consumer |
//! | fan_out | a stream that keeps a message until every consumer has acknowledged it; one for each workers node |
//! | topic | the same, with a filter for each consumer; workers that share no topic have streams of their own |
//! | log | a stream that keeps the last messages of each partition's subject, and a consumer for each workers node and partition |
//!
//! JetStream bounds a stream, not a consumer, and counts what is under way: where it refuses new messages, its streams have room
//! for that besides the capacity; where the oldest makes room, the oldest may be one that is under way.
use super::super::recipe::Recipe;
use super::lines::{Line, Lines};
use super::parcel::{Parcel, Seen};
use super::{ACKNOWLEDGED_WITHIN, Arrival, News, Published, Verdict};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::message::{AckKind, Acker};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, Stream};
use async_nats::jetstream::{self, ErrorCode, context::PublishError};
use async_nats::{Client, ConnectOptions};
use futures_util::StreamExt as _;
use loadpath_core::topology::{Plan, QueueMode, QueueNode};
use rustix::process::Signal;
use serde::Deserialize;
use std::error::Error as _;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

const FILE: &str = "nats.conf";
/// Each partition of a log is a consumer of each workers node.
const MOST_PARTITIONS: u32 = 64;
/// How long opening a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);
/// Where it says that it delivers a message no more, though nobody has given that up.
const GIVEN_UP: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>";
/// How long a question for messages stands.
const ASKED_FOR: Duration = Duration::from_secs(10);
/// How long it waits before it asks again when a question was not heard.
const AGAIN: Duration = Duration::from_millis(100);

/// What of a queue JetStream cannot be.
pub(in super::super) fn missing<'p>(
    plan: &Plan,
    spec: &QueueNode,
    mut bindings: impl Iterator<Item = &'p str>,
) -> Option<String> {
    if spec.mode == QueueMode::Log && spec.partitions > MOST_PARTITIONS {
        return Some(format!(
            "partitions: each is a consumer of each workers node, and so there are {MOST_PARTITIONS} at most"
        ));
    }
    if spec.mode != QueueMode::Topic {
        return None;
    }
    let is_word = |word: &str| !word.is_empty() && !word.contains(['*', '>', ' ', '\t']);
    let topics = || plan.classes.iter().map(|class| class.topic.as_str());
    if let Some(topic) = topics().find(|topic| !topic.split('.').all(is_word)) {
        return Some(format!("topic \"{topic}\": its subjects are words without * and >"));
    }
    let is_pattern = |binding: &str| {
        let words = binding.strip_suffix('#').map_or(binding, |before| before.trim_end_matches('.'));
        words.is_empty() || words.split('.').all(|word| word == "*" || is_word(word) && word != "#")
    };
    let binding = bindings.find(|binding| !is_pattern(binding))?;
    Some(format!("binding \"{binding}\": its subjects have words and *, and # only as the last of them"))
}

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

/// A stream, and who takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    name: String,
    subjects: Vec<String>,
    retention: RetentionPolicy,
    /// Each line, and by which subjects its messages are known; all of them when it has no filter.
    lines: Vec<(usize, String)>,
}

/// The streams of a queue, and by which subject the messages of each class go in; of a log, none.
fn drafts(lines: &Lines) -> (Vec<Draft>, Vec<Option<String>>) {
    let draft = |name: &str, subject: &str, retention, lines| Draft {
        name: name.to_owned(),
        subjects: vec![subject.to_owned()],
        retention,
        lines,
    };
    let all = || (0..lines.lines.len()).map(|line| (line, String::new())).collect();
    let every = || vec![Some("m".to_owned()); lines.classes.len()];
    match lines.spec.mode {
        QueueMode::Direct => (vec![draft("messages", "m", RetentionPolicy::WorkQueue, all())], every()),
        QueueMode::FanOut => (vec![draft("messages", "m", RetentionPolicy::Interest, all())], every()),
        QueueMode::Log => {
            let of = |(number, line): (usize, &Line)| (number, format!("p.{}", line.partition.unwrap_or(0)));
            let partitions = lines.lines.iter().enumerate().map(of).collect();
            let none = vec![None; lines.classes.len()];
            (vec![draft("log", "p.*", RetentionPolicy::Limits, partitions)], none)
        }
        QueueMode::Topic => {
            let groups = groups(lines);
            let filter =
                |group, line: usize| (line, format!("t.{group}.{}", pattern(&lines.lines[line].binding)));
            let drafts = groups.iter().enumerate().map(|(group, members)| {
                let (name, subject) = (format!("topics-{group}"), format!("t.{group}.>"));
                let its = members.iter().map(|&line| filter(group, line)).collect();
                draft(&name, &subject, RetentionPolicy::Interest, its)
            });
            let subject = |(topic, routed): &(String, Vec<usize>)| {
                let first = routed.first()?;
                let group = groups.iter().position(|members| members.contains(first))?;
                Some(format!("t.{group}.{}", pattern(topic)))
            };
            (drafts.collect(), lines.classes.iter().map(subject).collect())
        }
    }
}

/// Lines that share a class are in one group: a message is in one stream.
fn groups(lines: &Lines) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..lines.lines.len()).collect();
    for (_, routed) in &lines.classes {
        for pair in routed.windows(2) {
            let (from, to) = (group[pair[1]], group[pair[0]]);
            group.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
        }
    }
    let members = |number| (0..group.len()).filter(|&line| group[line] == number).collect::<Vec<_>>();
    (0..group.len()).map(members).filter(|members| !members.is_empty()).collect()
}

/// The end of a subject for a topic, and of a filter for a binding. The last word is one that no topic has, because # stands for
/// none too, and > does not.
fn pattern(binding: &str) -> String {
    match binding.strip_suffix('#') {
        Some(before) => format!("{before}>"),
        None if binding.is_empty() => "_".to_owned(),
        None => format!("{binding}._"),
    }
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
                tokio::spawn(ear.listen(consumer, lines.lines[*line].places));
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

    /// How many messages wait in all lines.
    pub(super) async fn waiting(&self) -> Option<u64> {
        let mut waiting = 0;
        for (stream, name) in &self.consumers {
            waiting += self.streams[*stream].consumer_info(name).await.ok()?.num_pending;
        }
        Some(waiting)
    }
}

fn config(lines: &Lines, draft: &Draft) -> Config {
    let QueueNode { mode, capacity, drop_oldest, .. } = lines.spec;
    let under_way = draft.lines.iter().map(|&(line, _)| lines.lines[line].places).max().unwrap_or(0);
    let config = Config {
        name: draft.name.clone(),
        subjects: draft.subjects.clone(),
        retention: draft.retention,
        ..Config::default()
    };
    if mode == QueueMode::Log {
        let of_each = i64::from(capacity.div_ceil(u32::from(lines.partitions)));
        return Config { max_messages_per_subject: of_each, discard: DiscardPolicy::Old, ..config };
    }
    let (discard, room) = if drop_oldest { (DiscardPolicy::Old, 0) } else { (DiscardPolicy::New, under_way) };
    Config { max_messages: i64::from(capacity) + i64::from(room), discard, ..config }
}

fn consumer(lines: &Lines, line: usize, name: &str, filter: &str) -> pull::Config {
    pull::Config {
        durable_name: Some(name.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACKNOWLEDGED_WITHIN,
        max_deliver: i64::from(lines.spec.deliveries),
        max_ack_pending: i64::from(lines.lines[line].places),
        filter_subject: filter.to_owned(),
        ..pull::Config::default()
    }
}

/// Whether a stream has no room: it says so in a code that it has for all that a stream cannot store.
fn is_full(fault: &PublishError) -> bool {
    let said = fault.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    said.is_some_and(|said| {
        said.error_code() == ErrorCode::STREAM_STORE_FAILED && said.to_string().contains("maximum messages")
    })
}

/// Whether the oldest message makes room.
fn forgets(spec: &QueueNode) -> bool {
    spec.drop_oldest || spec.mode == QueueMode::Log
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
    /// Asks for as many messages as may be under way besides those that are, and passes them on, for ever. The server's own bound
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
    let receipt = Arc::new(super::Receipt::Jetstream(Receipt { acker, line, sequence, _place: place }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{Topology, check};

    fn topics(bindings: &[&str], topics: &[&str]) -> Lines {
        let tier = |i| format!(r#"{{"id":"w{i}","kind":"workers"}}"#);
        let edge = |(i, b): (usize, &&str)| format!(r#"{{"from":"mq","to":"w{i}","binding":"{b}"}}"#);
        let class = |(i, t): (usize, &&str)| format!(r#"{{"name":"c{i}","operation":"job","topic":"{t}"}}"#);
        let tiers: Vec<String> = (0..bindings.len()).map(tier).collect();
        let edges: Vec<String> = bindings.iter().enumerate().map(edge).collect();
        let classes: Vec<String> = topics.iter().enumerate().map(class).collect();
        let document = format!(
            r#"{{"loadpath":1,"name":"topics","nodes":[{{"id":"users","kind":"clients"}},{{"id":"app","kind":"service"}},
            {{"id":"mq","kind":"queue","mode":"topic","engine":"nats"}},{}],
            "edges":[{{"from":"users","to":"app"}},{{"from":"app","to":"mq"}},{}],
            "workload":{{"arrivals":"poisson","rate":"1/s","users":1,"classes":[{}]}}}}"#,
            tiers.join(","),
            edges.join(","),
            classes.join(",")
        );
        let plan =
            check(&Topology::from_json(&document).unwrap()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let index = plan.find("mq").unwrap();
        let loadpath_core::topology::NodeKind::Queue(spec) = &plan.node(index).kind else { panic!() };
        Lines::new(&plan, index, spec)
    }

    #[test]
    fn workers_that_share_no_topic_have_streams_of_their_own() {
        let lines = topics(&["mail.*", "film.#", "#.cut"], &["mail.out", "film.cut", "none"]);
        let routed: Vec<_> = lines.classes.iter().map(|(_, routed)| routed.clone()).collect();
        assert_eq!(routed, [vec![0], vec![1, 2], vec![]]);
        assert_eq!(
            lines.lines[0],
            Line {
                tiers: vec![0],
                binding: "mail.*".to_owned(),
                partition: None,
                places: lines.lines[0].places
            }
        );
        let (drafts, subjects) =
            drafts(&topics(&["mail.*", "film.#", "film.*"], &["mail.out", "film.cut", "none"]));
        let filters: Vec<_> =
            drafts.iter().map(|draft| (draft.subjects.clone(), draft.lines.clone())).collect();
        let filter = |line, text: &str| (line, text.to_owned());
        assert_eq!(
            filters,
            [
                (vec!["t.0.>".to_owned()], vec![filter(0, "t.0.mail.*._")]),
                (vec!["t.1.>".to_owned()], vec![filter(1, "t.1.film.>"), filter(2, "t.1.film.*._")]),
            ]
        );
        assert_eq!(subjects, [Some("t.0.mail.out._".to_owned()), Some("t.1.film.cut._".to_owned()), None]);
    }

    #[test]
    fn a_binding_is_a_filter_where_it_can_be_and_refused_where_not() {
        for (binding, says) in [("#", ">"), ("a.#", "a.>"), ("a.*", "a.*._"), ("*", "*._"), ("", "_")] {
            assert_eq!(pattern(binding), says);
        }
    }
}
