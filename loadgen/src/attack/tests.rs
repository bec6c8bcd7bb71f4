//! Attacks on servers of hyper's: HTTP/1.1 and HTTP/2, plain and with TLS, with requests that are made from recipes.
use super::recipe::{Check, Recipe, Recipes, Rows, Template};
use super::*;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use loadpath_core::run::Run;
use loadpath_core::workload::Spacing;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// One crew runs at a time in a process.
pub(crate) static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What a server was asked: method, path, one header, body.
pub(crate) type Asked = (String, String, String, String);
type Answerer = Arc<dyn Fn(&Asked) -> (Duration, Response<Full<Bytes>>) + Send + Sync>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) connections: Arc<Mutex<usize>>,
    certificate: String,
    _accepting: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(
        tls: bool,
        answer: impl Fn(&Asked) -> (Duration, Response<Full<Bytes>>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own =
            rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let acceptor = tls.then(|| acceptor(own.cert.der().clone(), own.signing_key.serialize_der()));
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            connections: Arc::default(),
            certificate: own.cert.pem(),
            _accepting: JoinSet::new(),
        };
        let (asked, connections): (_, Arc<Mutex<usize>>) =
            (Arc::clone(&server.asked), Arc::clone(&server.connections));
        let answer: Answerer = Arc::new(answer);
        server._accepting.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, answer, acceptor) = (Arc::clone(&asked), Arc::clone(&answer), acceptor.clone());
                *connections.lock().unwrap() += 1;
                open.spawn(async move {
                    match acceptor {
                        None => converse(stream, asked, answer).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                converse(stream, asked, answer).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    pub(crate) fn target(&self, paths: Paths) -> Target {
        Target::plain(self.address, paths)
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: Vec<u8>) -> tokio_rustls::TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key).unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config).into()
}

async fn converse<S>(stream: S, asked: Arc<Mutex<Vec<Asked>>>, answer: Answerer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
        async move {
            let (head, body) = request.into_parts();
            let body =
                body.collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
            let header = head.headers.get("x-test").or(head.headers.get("cookie"));
            let one = (
                head.method.to_string(),
                head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
                header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned()),
                String::from_utf8(body.to_vec()).unwrap(),
            );
            let (after, response) = answer(&one);
            asked.lock().unwrap().push(one);
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let both = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    // A client that goes away is no fault of the test's.
    let _ = both.serve_connection(TokioIo::new(stream), service).await;
}

pub(crate) fn reply(status: u16, text: &str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::new(Bytes::from(text.to_owned()))).unwrap()
}

pub(crate) fn attack(target: Target, classes: Vec<Class>) -> Attack {
    Attack {
        name: "test".to_owned(),
        target,
        manner: Manner::default(),
        arrivals: Arrivals { spacing: Spacing::Constant, rate: 200.0 },
        shape: Shape::Flat,
        closed: None,
        classes,
        users: 1,
        source: "clients".to_owned(),
        seed: Seed(1),
        warm_up: Span::ZERO,
        duration: Span::SECOND,
        timeout: Span(5 * Span::SECOND.0),
        connections: 4,
        nodes: Vec::new(),
        entry: None,
    }
}

async fn driven(attack: Attack) -> Result<Run, AttackError> {
    let (sender, _receiver) = mpsc::channel(64);
    drive(attack, CancellationToken::new(), sender).await
}

fn plain() -> Paths {
    Paths::Plain("/".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recipes_are_sent_as_written_with_keys_rows_and_checks() {
    let _alone = ALONE.lock().await;
    let server = Server::start(false, |asked| {
        (Duration::ZERO, if asked.0 == "POST" { reply(404, "gone") } else { reply(200, "{\"ok\":1}") })
    })
    .await;
    let rows = Rows::parse("sku,who\na b,ann\nc,bob\n").unwrap();
    let template = |text: &str| Template::parse(text, &rows.names()).unwrap();
    let check = |text: &str| text.parse::<Check>().unwrap();
    let browse = Recipe { checks: vec![check("json /ok = 2")], ..Recipe::get(template("/item/{key}")) };
    let buy = Recipe {
        method: Method::POST,
        headers: vec![("x-test".parse().unwrap(), template("{who}"))],
        body: template("{\"sku\": \"{sku}\"}"),
        checks: vec![check("status 404"), check("body = gone")],
        ..Recipe::get(template("/cart/{sku}"))
    };
    let recipes = Recipes::new(vec![browse, buy], rows.clone()).unwrap();
    let class = |name: &str, weight| Class { weight, keys: 50, ..Class::named(name) };
    let classes = vec![class("browse", 3.0), class("buy", 1.0)];
    let run = driven(attack(server.target(Paths::Recipes("/".to_owned(), Arc::new(recipes))), classes))
        .await
        .unwrap();

    let asked = server.asked.lock().unwrap().clone();
    let (bought, browsed): (Vec<_>, Vec<_>) = asked.into_iter().partition(|asked| asked.0 == "POST");
    assert!(bought.iter().all(|(_, path, who, body)| {
        (path == "/cart/a%20b" && who == "ann" && body == "{\"sku\": \"a b\"}")
            || (path == "/cart/c" && who == "bob" && body == "{\"sku\": \"c\"}")
    }));
    let keys: BTreeMap<_, usize> = browsed.iter().fold(BTreeMap::new(), |mut keys, (_, path, ..)| {
        *keys.entry(path.strip_prefix("/item/").unwrap().parse::<u64>().unwrap()).or_default() += 1;
        keys
    });
    assert!(keys.len() > 30 && keys.keys().all(|key| *key < 50), "{keys:?}");
    // A 404 that its check asks for is good; a 200 whose check does not hold is not.
    assert_eq!(run.classes[0].outcomes.failed, browsed.len() as u64);
    assert_eq!(run.classes[1].outcomes.ok, bought.len() as u64);
    let note = format!("{} failed: the check \"json /ok = 2\" did not hold", browsed.len());
    assert!(run.notes.contains(&note), "{:?}", run.notes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_and_http2_are_spoken_and_nobody_is_trusted_unasked() {
    let _alone = ALONE.lock().await;
    let server = Server::start(true, |_| (Duration::ZERO, reply(200, "hi"))).await;
    let folder = std::env::temp_dir().join(format!("loadgen-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("own.pem");
    std::fs::write(&file, &server.certificate).unwrap();
    let with = |trust: Trust<'_>, http2| {
        let mut attack = attack(server.target(plain()), vec![Class::named("/")]);
        attack.target.secure = true;
        attack.duration = Span::from_millis(500);
        attack.manner.http2 = http2;
        attack.manner.tls = Some(Tls::new(&server.address.to_string(), trust, http2).unwrap());
        attack
    };
    for (trust, http2) in [(Trust::File(&file), false), (Trust::File(&file), true), (Trust::Anyone, true)] {
        let run = driven(with(trust, http2)).await.unwrap();
        assert!(
            run.outcomes().ok >= 99 && run.outcomes().errors() == 0,
            "{trust:?} {http2}: {:?}",
            run.notes
        );
    }
    // The system trusts no certificate that a test has just made.
    if let Ok(tls) = Tls::new(&server.address.to_string(), Trust::System, false) {
        let mut attack = with(Trust::Anyone, false);
        attack.manner.tls = Some(tls);
        let fault = driven(attack).await.unwrap_err().to_string();
        assert!(fault.contains("--ca FILE") && fault.contains("certificate"), "{fault}");
    }
    let fault = Tls::new("127.0.0.1:1", Trust::File(&folder.join("none.pem")), false).unwrap_err();
    assert!(fault.contains("none.pem"), "{fault}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_without_tls_keeps_its_connections_and_without_keep_alive_each_request_has_its_own() {
    let _alone = ALONE.lock().await;
    for (http2, close) in [(true, false), (false, true)] {
        let server = Server::start(false, |_| (Duration::ZERO, reply(200, "hi"))).await;
        let mut attack = attack(server.target(plain()), vec![Class::named("/")]);
        attack.manner = Manner { http2, close, ..Manner::default() };
        let run = driven(attack).await.unwrap();
        assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
        let (asked, connections) = (server.asked.lock().unwrap().len(), *server.connections.lock().unwrap());
        // One is the look whether anybody is there.
        assert_eq!(connections, 1 + if close { asked } else { 4 });
        assert_eq!(run.connect.count(), connections as u64 - 1);
        assert!(asked.abs_diff(200) <= 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_first_byte_is_an_ending_of_its_own() {
    let _alone = ALONE.lock().await;
    let server = Server::start(false, |_| (Duration::from_secs(3), reply(200, "late"))).await;
    let mut attack = attack(server.target(plain()), vec![Class::named("/")]);
    attack.arrivals.rate = 20.0;
    attack.manner.first_byte_timeout = Some(Span::from_millis(100));
    let run = driven(attack).await.unwrap();
    let (outcomes, late) = (run.outcomes(), run.response().quantile(1.0));
    assert_eq!(outcomes.timed_out, outcomes.total());
    assert!(
        run.notes.contains(&format!("{} timed out: no first byte in time", outcomes.total())),
        "{:?}",
        run.notes
    );
    // The wheel of tokio's timers turns by milliseconds; what waited for one of four connections waited some more.
    assert!(late < Span::from_millis(1_000), "{late}");
}

/// Answers the head of every request after 30 ms, and the rest 60 ms later; every fifth request it refuses at once.
async fn slow_to_the_end() -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let (mut open, count) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            open.spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    if count.fetch_add(1, Ordering::Relaxed) % 5 == 4 {
                        let _ = stream.write_all(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").await;
                        continue;
                    }
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nte").await;
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    let _ = stream.write_all(b"xt").await;
                }
            });
        }
    });
    (address, accepting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_byte_and_those_that_ended_badly_are_told_apart() {
    let _alone = ALONE.lock().await;
    let (address, _server) = slow_to_the_end().await;
    let mut attack = attack(Target::plain(address, plain()), vec![Class::named("/")]);
    attack.arrivals.rate = 20.0;
    let run = driven(attack).await.unwrap();
    let (class, at) = (&run.classes[0], Span::from_millis);
    let (outcomes, apart) = (class.outcomes, &class.breakdown);
    assert!(outcomes.ok >= 15 && outcomes.refused >= 3 && outcomes.errors() == outcomes.refused);
    assert_eq!((apart.first_byte.count(), apart.refused.count()), (outcomes.total(), outcomes.refused));
    assert!(apart.failed.is_empty() && apart.timed_out.is_empty());
    // No sleep is shorter than it says; a busy machine makes it longer, but not by as much as lies between the two.
    let well = apart.well(&class.response);
    assert_eq!(well.count(), outcomes.ok);
    assert!(well.quantile(0.0) >= at(89), "{}", well.quantile(0.0));
    assert!(apart.refused.quantile(0.5) < at(30), "{}", apart.refused.quantile(0.5));
    let head = apart.first_byte.quantile(0.6);
    assert!(head >= at(29) && head + at(30) < class.service.quantile(0.6), "{head}");
    assert_eq!(run.connect.count(), 4);
    assert!(run.connect.quantile(1.0) < at(100), "{}", run.connect.quantile(1.0));
}
