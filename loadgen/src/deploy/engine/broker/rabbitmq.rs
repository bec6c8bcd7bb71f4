//! RabbitMQ: an exchange routes to a durable queue for each line, and what these give up goes to a queue of dead letters.
//!
//! | the document | here |
//! |---|---|
//! | direct | a fanout exchange with one queue |
//! | fan_out, topic | an exchange of that type, with a queue for each workers node; bindings are its own |
//! | capacity, overflow | `x-max-length` and `x-overflow`: `reject-publish`, or `drop-head` |
//! | deliveries | counted by the desk: its classic queues only say that a message has been delivered before |
//! | dead letters | `x-dead-letter-exchange`; each says for which reason it came |
//! | log | refused: its queues forget what was read, and its streams deliver nothing again |
//!
//! Messages are persistent, and publishers are told when a queue has one on disk. Its quorum queues do count deliveries; but version
//! 3.10 brings those of a single node that was killed back without a leader, and empty.
use super::super::desk::DIRECTORY;
use super::super::recipe::Recipe;
use super::confirms::{Confirms, Ear};
use super::lines::Lines;
use super::parcel::Parcel;
use super::{Arrival, News, Published, Verdict};
use amqprs::channel::{
    BasicAckArguments, BasicConsumeArguments, BasicNackArguments, BasicPublishArguments, BasicQosArguments,
    Channel, ConfirmSelectArguments, ConsumerMessage, ExchangeDeclareArguments, QueueBindArguments,
    QueueDeclareArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::error::Error;
use amqprs::{BasicProperties, FieldTable, FieldValue};
use loadpath_core::topology::{QueueMode, QueueNode};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const FILE: &str = "rabbitmq.conf";
/// By what its parts know one another; nobody else is one of them.
const COOKIE: &str = ".erlang.cookie";
const PLUGINS: &str = "plugins";
const USER: &str = "loadpath";
const EXCHANGE: &str = "messages";
const DEAD: &str = "dead";
/// How long opening a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(2);
/// How long its queues may take to come back, and how often they are looked for.
const RECOVERED_WITHIN: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(200);

/// What of a queue RabbitMQ cannot be.
pub(in super::super) fn missing(spec: &QueueNode) -> Option<String> {
    let is_log = spec.mode == QueueMode::Log;
    is_log.then(|| "mode: its queues forget what was read, and its streams deliver nothing again".to_owned())
}

/// How it is run, as a node without a cluster: it asks no epmd, which would outlive it, and finds its own port by its arguments.
///
/// # Errors
/// When it is not known where it will be, or no port is free.
pub(in super::super) fn recipe(
    program: &Path,
    spec: &QueueNode,
    port: u16,
    (secret, nonce): (&str, &str),
) -> Result<Recipe, String> {
    let home =
        std::env::current_dir().map_err(|e| format!("its directory is not known: {e}"))?.join(DIRECTORY);
    let home = home.display();
    let own_port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let own_port = own_port.map_err(|e| format!("no free port was found: {e}"))?.port();
    let common = "loopback_users = none\nlog.console = true\nlog.console.level = error\nlog.file = false\n";
    let content = format!(
        "{common}listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = {USER}\ndefault_pass = {secret}\ncluster_name = {nonce}\n"
    );
    let mut arguments = environment(&home.to_string(), own_port);
    arguments.extend([program.display().to_string(), "-noinput".to_owned()]);
    let QueueNode { mode, capacity, drop_oldest, deliveries, .. } = spec;
    Ok(Recipe {
        files: vec![(FILE, content), (COOKIE, secret.to_owned()), (PLUGINS, "[].\n".to_owned())],
        check: None,
        arguments,
        // At once: what it has confirmed is on disk, and an orderly stop takes seconds.
        stop: Signal::KILL,
        account: "rabbitmq",
        identity: format!("{common}{mode:?} {capacity} {drop_oldest} {deliveries}"),
    })
}

/// What its scripts go by.
fn environment(home: &str, own_port: u16) -> Vec<String> {
    let erlang = format!(
        "-sname {USER}@localhost -erl_epmd_port {own_port} -kernel inet_dist_use_interface {{127,0,0,1}}"
    );
    let set = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("HOME", home.to_owned()),
        // Also for the short program by which it would start epmd once a minute, for good and for everybody.
        ("ERL_AFLAGS", "-start_epmd false".to_owned()),
        ("ERL_EPMD_ADDRESS", Ipv4Addr::LOCALHOST.to_string()),
        ("RABBITMQ_NODENAME", format!("{USER}@localhost")),
        ("RABBITMQ_DIST_PORT", own_port.to_string()),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang),
        // It takes the place of its script, and stops when it is told to and not when the terminal is.
        ("RABBITMQ_ALLOW_INPUT", "true".to_owned()),
        ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
        ("RABBITMQ_LOGS", "-".to_owned()),
    ];
    let files = [
        ("RABBITMQ_CONFIG_FILE", FILE),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", PLUGINS),
        ("RABBITMQ_MNESIA_BASE", "mnesia"),
        ("RABBITMQ_LOG_BASE", "log"),
        ("RABBITMQ_GENERATED_CONFIG_DIR", "config"),
        ("RABBITMQ_FEATURE_FLAGS_FILE", "flags"),
        ("RABBITMQ_PID_FILE", "pid"),
    ];
    let files = files.map(|(name, file)| (name, format!("{home}/{file}")));
    set.into_iter().chain(files).map(|(name, value)| format!("{name}={value}")).collect()
}

/// What becomes the server: it sets the variables that stand before its program.
pub(in super::super) const STARTER: &str = "/usr/bin/env";

/// Whether the server of this name lets in who knows the secret.
pub(in super::super) async fn is_ready(at: SocketAddr, secret: &str, nonce: &str) -> bool {
    // It listens late, and until then nothing need be tried.
    if TcpStream::connect(at).await.is_err() {
        return false;
    }
    match connect(at, secret).await {
        Ok(connection) => connection.server_properties().cluster_name() == nonce,
        Err(_) => false,
    }
}

async fn connect(at: SocketAddr, secret: &str) -> Result<Connection, String> {
    let arguments = OpenConnectionArguments::new(&at.ip().to_string(), at.port(), USER, secret);
    let opened = tokio::time::timeout(CONNECTED_WITHIN, Connection::open(&arguments)).await;
    opened.map_err(|_| "it does not answer".to_owned())?.map_err(|e| e.to_string())
}

/// A connected server with its exchange and queues.
pub(super) struct Rabbitmq {
    /// Its channels live as long as it does.
    _connection: Connection,
    publisher: Channel,
    confirms: Arc<Mutex<Confirms>>,
    /// On which messages are published one after the other, so that each knows its number.
    sending: tokio::sync::Mutex<()>,
    /// For questions.
    desk: Channel,
    /// By line: where it is delivered.
    consumers: Vec<Channel>,
    topics: Vec<String>,
    tries: Tries,
}

/// What to answer for a message.
pub(super) struct Receipt {
    line: usize,
    tag: u64,
    id: Id,
}

/// Which message of a line it is: the life, lane and number on its stamp.
type Id = (u64, u16, u64);

/// By line: how often messages were delivered that came back.
type Tries = Arc<Mutex<BTreeMap<(usize, Id), u16>>>;

fn name_of(line: usize) -> String {
    format!("line-{line}")
}

impl Rabbitmq {
    /// Makes what is not there yet of its exchanges and queues, and listens to them.
    ///
    /// # Errors
    /// What the server refuses.
    pub(super) async fn open(
        at: SocketAddr,
        secret: &str,
        lines: &Lines,
        news: &mpsc::UnboundedSender<News>,
    ) -> Result<Self, String> {
        let opened = async {
            loop {
                let connection = connect(at, secret).await?;
                // Queues that come back from their logs are not there at once: until they are, it closes channels on whoever asks.
                match Self::on(connection, lines, news).await {
                    Ok(opened) => return Ok(opened),
                    Err(_) => tokio::time::sleep(AGAIN).await,
                }
            }
        };
        let opened = tokio::time::timeout(RECOVERED_WITHIN, opened).await;
        opened.unwrap_or_else(|_| Err("its queues cannot be had".to_owned()))
    }

    async fn on(
        connection: Connection,
        lines: &Lines,
        news: &mpsc::UnboundedSender<News>,
    ) -> Result<Self, Error> {
        let desk = connection.open_channel(None).await?;
        declare(&desk, lines).await?;
        let (mut consumers, mut heard) = (Vec::new(), Vec::new());
        for (number, line) in lines.lines.iter().enumerate() {
            let channel = connection.open_channel(None).await?;
            let held_at_most = line.places + line.ahead(lines.spec.capacity);
            let prefetch = u16::try_from(held_at_most).unwrap_or(u16::MAX);
            channel.basic_qos(BasicQosArguments::new(0, prefetch, false)).await?;
            let consume = BasicConsumeArguments::new(&name_of(number), "").manual_ack(true).finish();
            let (_, messages) = channel.basic_consume_rx(consume).await?;
            heard.push(messages);
            consumers.push(channel);
        }
        let letters = connection.open_channel(None).await?;
        let consume = BasicConsumeArguments::new(DEAD, "").manual_ack(false).finish();
        let (_, dead) = letters.basic_consume_rx(consume).await?;
        let publisher = connection.open_channel(None).await?;
        let confirms = Arc::new(Mutex::new(Confirms::default()));
        publisher.register_callback(Ear(confirms.clone())).await?;
        publisher.confirm_select(ConfirmSelectArguments::default()).await?;
        let tries = Tries::default();
        // Nothing that came on channels which are given up is passed on.
        for (number, messages) in heard.into_iter().enumerate() {
            tokio::spawn(listen(number, messages, tries.clone(), news.clone()));
        }
        tokio::spawn(bury(letters, dead, news.clone()));
        let topics = lines.classes.iter().map(|(topic, _)| topic.clone()).collect();
        let sending = tokio::sync::Mutex::new(());
        Ok(Self { _connection: connection, publisher, confirms, sending, desk, consumers, topics, tries })
    }

    /// As [`super::Broker::publish`].
    pub(super) async fn publish(&self, class: u16, parcel: &Parcel) -> Published {
        let topic = self.topics.get(usize::from(class)).map_or("", String::as_str);
        let mut properties = BasicProperties::default();
        properties.with_persistence(true);
        let order = self.sending.lock().await;
        let confirmed = self.confirms.lock().unwrap_or_else(PoisonError::into_inner).expect();
        let arguments = BasicPublishArguments::new(EXCHANGE, topic);
        let sent = self.publisher.basic_publish(properties, parcel.write().into_bytes(), arguments).await;
        drop(order);
        if sent.is_err() {
            return Published::Unknown;
        }
        confirmed.await.unwrap_or(Published::Unknown)
    }

    /// As [`super::Broker::settle`]. What is given up is counted when it comes among the dead letters.
    pub(super) async fn settle(&self, receipt: &Receipt, verdict: Verdict) {
        let channel = &self.consumers[receipt.line];
        if verdict != Verdict::Again {
            let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
            tries.remove(&(receipt.line, receipt.id));
        }
        let nack = |again| channel.basic_nack(BasicNackArguments::new(receipt.tag, false, again));
        // What does not come through is asked for again: the server delivers it once more.
        let _ = match verdict {
            Verdict::Done => channel.basic_ack(BasicAckArguments::new(receipt.tag, false)).await,
            Verdict::Again => nack(true).await,
            Verdict::Dead => nack(false).await,
        };
    }

    /// How many messages wait in each line.
    pub(super) async fn waiting(&self) -> Option<Vec<u64>> {
        let mut waiting = Vec::new();
        for line in 0..self.consumers.len() {
            let ask = QueueDeclareArguments::new(&name_of(line)).passive(true).finish();
            let (_, ready, _) = self.desk.queue_declare(ask).await.ok()??;
            waiting.push(u64::from(ready));
        }
        Some(waiting)
    }
}

/// The exchange of messages with a queue for each line, and that of dead letters.
async fn declare(desk: &Channel, lines: &Lines) -> Result<(), Error> {
    let QueueNode { mode, capacity, drop_oldest, .. } = lines.spec;
    let kind = if mode == QueueMode::Topic { "topic" } else { "fanout" };
    for (exchange, kind) in [(EXCHANGE, kind), (DEAD, "fanout")] {
        let declare = ExchangeDeclareArguments::new(exchange, kind).durable(true).finish();
        desk.exchange_declare(declare).await?;
    }
    desk.queue_declare(QueueDeclareArguments::durable_client_named(DEAD)).await?;
    desk.queue_bind(QueueBindArguments::new(DEAD, DEAD, "")).await?;
    for (number, line) in lines.lines.iter().enumerate() {
        let name = name_of(number);
        let arguments = table([
            // What the desk holds ahead waits too, and is not counted by the queue.
            ("x-max-length", FieldValue::l(i64::from(capacity - line.ahead(capacity)))),
            ("x-overflow", if drop_oldest { "drop-head" } else { "reject-publish" }.into()),
            ("x-dead-letter-exchange", DEAD.into()),
        ]);
        let declare = QueueDeclareArguments::durable_client_named(&name).arguments(arguments).finish();
        desk.queue_declare(declare).await?;
        desk.queue_bind(QueueBindArguments::new(&name, EXCHANGE, &line.binding)).await?;
    }
    Ok(())
}

fn table<const N: usize>(rows: [(&str, FieldValue); N]) -> FieldTable {
    let mut table = FieldTable::new();
    for (name, value) in rows {
        table.insert(name.try_into().expect("it is short"), value);
    }
    table
}

/// Passes on what a line delivers, for ever: never more than the desk may hold.
async fn listen(
    line: usize,
    mut messages: mpsc::UnboundedReceiver<ConsumerMessage>,
    tries: Tries,
    news: mpsc::UnboundedSender<News>,
) {
    while let Some(message) = messages.recv().await {
        let arrival = arrival(line, &message, &tries);
        if arrival.is_some_and(|arrival| news.send(News::Arrived(arrival)).is_err()) {
            return;
        }
    }
}

fn arrival(line: usize, message: &ConsumerMessage, tries: &Tries) -> Option<Arrival> {
    let parcel = Parcel::read(message.content.as_deref()?)?;
    let (deliver, id) = (message.deliver.as_ref()?, (parcel.life, parcel.lane, parcel.number));
    let deliveries = if deliver.redelivered() {
        let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = tries.entry((line, id)).or_insert(1);
        *tries = tries.saturating_add(1);
        *tries
    } else {
        1
    };
    let receipt = Arc::new(super::Receipt::Rabbitmq(Receipt { line, tag: deliver.delivery_tag(), id }));
    Some(Arrival { line, parcel, deliveries, receipt })
}

fn header<'m>(message: &'m ConsumerMessage, name: &str) -> Option<&'m FieldValue> {
    message.basic_properties.as_ref()?.headers()?.get(&name.try_into().ok()?)
}

/// Tells of dead letters, for ever: those that had to make room, and those that were given up.
async fn bury(
    _channel: Channel,
    mut messages: mpsc::UnboundedReceiver<ConsumerMessage>,
    news: mpsc::UnboundedSender<News>,
) {
    while let Some(message) = messages.recv().await {
        let made_room = matches!(header(&message, "x-first-death-reason"), Some(FieldValue::S(why)) if why.as_ref() == "maxlen");
        let told = if made_room { News::Overflowed(1) } else { News::Dead };
        if news.send(told).is_err() {
            return;
        }
    }
}
