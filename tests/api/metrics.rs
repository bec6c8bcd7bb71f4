//! What Prometheus scrapes: of a run of the command line and of a live one, read by the rules of the text format 0.0.4.
use super::{Serving, raw};
use crate::attack::server::{Reply, Server};
use crate::live::{Agent, design, wait_until};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Labels with their values, in their order.
type Labels = Vec<(String, String)>;

/// A text, read: the kinds of its families, and its series.
#[derive(Default)]
struct Scraped {
    kinds: HashMap<String, String>,
    series: BTreeMap<(String, Labels), f64>,
}

impl Scraped {
    /// Fails on whatever the format does not allow.
    fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends too: {text:?}");
        let mut scraped = Self::default();
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram", "summary"].contains(&kind), "{line}");
                let doubled = scraped.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(doubled.is_none(), "{line} is said twice");
            } else if !line.starts_with("# HELP ") {
                let (name, labels, value) = sample(line);
                assert!(
                    scraped.family(&name).is_some(),
                    "{line} belongs to no family that was declared before"
                );
                let doubled = scraped.series.insert((name, labels), value);
                assert!(doubled.is_none(), "{line} is said twice");
            }
        }
        scraped.check_histograms();
        scraped
    }

    fn family(&self, name: &str) -> Option<&str> {
        let plain = self.kinds.get(name).filter(|kind| *kind != "histogram");
        let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
        let of_part = parts
            .filter_map(|name| self.kinds.get(name))
            .find(|kind| ["histogram", "summary"].contains(&kind.as_str()));
        plain.or(of_part).map(String::as_str)
    }

    /// Buckets rise to the count.
    fn check_histograms(&self) {
        for (name, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let mut rows: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
            for ((_, labels), count) in
                self.series.iter().filter(|((series, _), _)| *series == format!("{name}_bucket"))
            {
                let (bound, rest): (Labels, Labels) =
                    labels.iter().cloned().partition(|(label, _)| label == "le");
                let bound = bound[0].1.replace("+Inf", "inf").parse().unwrap();
                rows.entry(rest).or_default().push((bound, *count));
            }
            assert!(!rows.is_empty(), "{name} has buckets");
            for (labels, mut row) in rows {
                row.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(row.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?}: {row:?}");
                let count = self.series[&(format!("{name}_count"), labels)];
                assert_eq!(*row.last().unwrap(), (f64::INFINITY, count), "{name}");
            }
        }
    }

    fn sum(&self, name: &str, label: &str, value: &str) -> f64 {
        let of = |(series, labels): &(String, Labels)| {
            series == name && labels.iter().any(|(l, v)| (l.as_str(), v.as_str()) == (label, value))
        };
        self.series.iter().filter(|(key, _)| of(key)).map(|(_, value)| value).sum()
    }
}

/// "name{label=\"value\"} 1.5", with the three escapes that the format knows.
fn sample(line: &str) -> (String, Labels, f64) {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, rest) = head.split_once('{').unwrap_or((head, "}"));
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    let mut rest = rest;
    while rest != "}" {
        let (label, after) = rest.trim_start_matches(',').split_once("=\"").unwrap();
        assert!(is_name(label), "{line}");
        let (mut told, mut letters) = (String::new(), after.char_indices());
        let end = loop {
            match letters.next().expect("a value ends") {
                (at, '"') => break at,
                (_, '\\') => told.push(match letters.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, c @ ('"' | '\\'))) => c,
                    other => panic!("{other:?} is no escape: {line}"),
                }),
                (_, c) => told.push(c),
            }
        };
        labels.push((label.to_owned(), told));
        rest = &after[end + 1..];
    }
    (name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

fn ask(address: SocketAddr, host: &str, path: &str, more: &str) -> raw::Answer {
    raw::send(address, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{more}connection: close\r\n\r\n"))
}

fn scrape(address: SocketAddr) -> Option<Scraped> {
    let answer = ask(address, &address.to_string(), "/metrics", "");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    assert!(!answer.head.contains("transfer-encoding"), "what is sent has its length: {}", answer.head);
    // Before the first interval there is no class.
    answer.body.contains("class=").then(|| Scraped::read(&answer.body))
}

fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_the_command_line_is_scraped_while_it_goes_on_and_by_nobody_else() {
    let server = Server::start(|number, _| match number % 4 {
        3 => Reply::status("500 Internal Server Error"),
        _ => Reply::status("200 OK"),
    })
    .await;
    let (url, address) = (format!("http://{}/", server.address), free_port());
    let name = "it's \"a\\b\"";
    let line = [
        "run",
        "--url",
        &url,
        "--rate",
        "200/s",
        "--duration",
        "60s",
        "--warm-up",
        "0s",
        "-q",
        "--name",
        name,
    ];
    let agent = Agent::start(&[&line[..], &["--metrics", &address.to_string()]].concat());
    wait_until("the figures are served", || std::net::TcpStream::connect(address).is_ok());
    let mut first = None;
    wait_until("a second is told", || {
        first = scrape(address);
        first.is_some()
    });
    let first = first.unwrap();
    let (ok, failed) = (
        first.sum("loadgen_requests_total", "outcome", "ok"),
        first.sum("loadgen_requests_total", "outcome", "failed"),
    );
    assert!(
        ok > 100.0 && (ok / 3.0 - failed).abs() <= 32.0,
        "three of four, and what is in flight: {ok}, {failed}"
    );
    assert_eq!(first.sum("loadgen_response_seconds_count", "class", "/"), ok + failed);
    assert_eq!(first.sum("loadgen_requests_total", "run", name), ok + failed, "names come back as they were");
    let p99 = first.sum("loadgen_response_quantiles_seconds", "quantile", "0.99");
    assert!(p99 > 0.0 && p99 < 1.0, "{p99}");
    wait_until("the counts rise", || {
        scrape(address).unwrap().sum("loadgen_requests_total", "outcome", "ok") > ok
    });
    let ours = address.to_string();
    assert_eq!(ask(address, "evil.example", "/metrics", "").status, 421);
    assert_eq!(ask(address, &ours, "/metrics", "origin: http://evil.example\r\n").status, 403);
    assert_eq!(ask(address, &ours, "/metrics", "sec-fetch-site: cross-site\r\n").status, 403);
    assert_eq!(ask(address, &ours, "/api/runs", "").status, 401, "there is no API here to be let into");
    assert_eq!(ask(address, &ours, "/", "").status, 404);
    drop(agent);
}

#[test]
fn figures_are_served_on_loopback_only() {
    for address in ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464", "9464"] {
        let mut agent =
            Agent::start(&["run", "--url", "http://127.0.0.1:1/", "--rate", "1/s", "--metrics", address]);
        assert_eq!(agent.end().code(), Some(2), "{address}");
    }
}

#[test]
fn a_live_run_is_scraped_from_the_pages_server() {
    let serving = Serving::start();
    let before = ask(serving.address, &serving.address.to_string(), "/metrics", "");
    assert_eq!((before.status, before.body.as_str()), (200, ""), "nothing has run");
    let token = serving.token();
    let body = format!(r#"{{"document":{},"duration":"60s","seed":1}}"#, design("100/s").to_json());
    assert_eq!(serving.ask("POST", "/api/runs", Some(&token), Some(&body)).status, 202);
    let mut scraped = None;
    wait_until("a second is told", || {
        scraped = scrape(serving.address);
        scraped.is_some()
    });
    let scraped = scraped.unwrap();
    let all: f64 = ["ok", "refused", "failed", "timed_out"]
        .iter()
        .map(|outcome| scraped.sum("loadgen_requests_total", "outcome", outcome))
        .sum();
    assert!(all > 0.0 && scraped.kinds["loadgen_response_seconds"] == "histogram");
}
