//! What comes from strangers is read or refused by every decoder: none panics, and none takes more memory than is stated here.
//! (Documents and links have more of their own in `documents`.)
use crate::browser::built_loadgen;
use loadgen::measure::{MAX_METRICS, hops};
use loadpath_core::run::{Run, Source};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::topology::{Topology, link};
use loadpath_fuzz::ALL;
use proptest::prelude::*;
use std::process::Command;

/// Address space that reading any hostile file of a megabyte gets by with, program and libraries included.
const MOST_KILOBYTES: u32 = 512 << 10;

fn run_text() -> String {
    let mut run = Run::new("run", Source::Simulated { seed: 1 }, 10.0);
    let mut response = Histogram::new(Precision::Fine);
    (1..200).for_each(|i| response.record(Span(i * 12_345)));
    run.send_delay = response;
    serde_json::to_string(&run).unwrap()
}

/// Bytes, some of them replaced, left out, or with others between them.
fn changed(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..12);
    changes.prop_map(move |changes| {
        const LIKELY: &[u8] = b"0123456789-+eE.[]{}\":,";
        let mut bytes = whole.clone();
        for (index, how, byte) in changes {
            // Never empty: an index needs a place.
            let at = index.index(bytes.len());
            match how {
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, LIKELY[usize::from(byte) % LIKELY.len()]),
                3 => bytes.truncate(at.max(1)),
                _ => bytes[at] = byte,
            }
        }
        bytes
    })
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "web", "db", ".q", ".hit", ";dur=", ";desc=", "ok", "failed", "=", ",", ";", "\"", "\\", " ", "1",
        "-", "1e309", "NaN", ".5", "\u{0}", "ё",
    ]);
    prop::collection::vec(word, 0..200).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_in_what_a_decoder_was_made_to_read_it_reads_or_refuses(
        (decoder, bytes) in prop::sample::select(ALL.to_vec()).prop_flat_map(|decoder| {
            (Just(decoder), prop::sample::select((decoder.seeds)()).prop_flat_map(changed))
        }),
    ) {
        (decoder.read)(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        decoder in prop::sample::select(ALL.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        (decoder.read)(&bytes);
    }

    #[test]
    fn server_timing_of_a_stranger_gives_no_more_hops_than_the_cap(values in prop::collection::vec(words(), 0..8)) {
        let (mut read, nodes) = (Vec::new(), ["web".to_owned(), "db".to_owned()]);
        hops(values.iter().map(String::as_bytes), &nodes, &mut read);
        prop_assert!(read.len() <= MAX_METRICS);
    }
}

#[test]
fn hostile_descriptions_of_systems_are_refused_within_the_stated_memory() {
    let folder = tempfile::tempdir().unwrap();
    let million = 1 << 20;
    let mut bomb = String::from("services: {x: {image: a}}\na: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (from, to) in ('a'..'k').zip('b'..='k') {
        let ten = vec![format!("*{from}"); 10].join(",");
        bomb.push_str(&format!("{to}: &{to} [{ten}]\n"));
    }
    let graph = "traces_service_graph_request_total{client=\"a\",server=\"b\"} 1\n";
    let edges =
        |i: usize| format!("traces_service_graph_request_total{{client=\"a{i}\",server=\"b{i}\"}} 1\n");
    for (name, text) in [
        ("aliases of aliases", bomb),
        ("deep lists", format!("services: {}", "[".repeat(million))),
        (
            "deep maps",
            format!(
                "services:\n{}",
                (0..1_000).map(|i| format!("{}a:\n", " ".repeat(i + 1))).collect::<String>()
            ),
        ),
        (
            "services without an end",
            format!(
                "services:\n{}",
                (0..million / 20).map(|i| format!("  s{i}: {{image: x}}\n")).collect::<String>()
            ),
        ),
        ("a long name", format!("services:\n  {}: [", "x".repeat(million))),
        (
            "links without an end",
            format!(
                "{{\"data\":[{}",
                "{\"parent\":\"a\",\"child\":\"b\",\"callCount\":1},".repeat(million / 44)
            ),
        ),
        ("samples of one edge without an end", graph.repeat(9 * million / graph.len())),
        ("edges without an end", (0..million / 60).map(edges).collect()),
    ] {
        let file = folder.path().join("hostile.yaml");
        std::fs::write(&file, &text).unwrap();
        let script = format!("ulimit -v {MOST_KILOBYTES}; exec \"$0\" import \"$1\"");
        let said = Command::new("sh").args(["-c", &script]).arg(built_loadgen()).arg(&file).output().unwrap();
        let error = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(2), "{name}: {error}");
        assert!(!error.contains("panicked") && error.len() < 4_000, "{name}: {} bytes", error.len());
    }
}

#[test]
fn hostile_files_are_refused_within_the_stated_memory() {
    let folder = tempfile::tempdir().unwrap();
    let million = 1 << 20;
    let deep = |open: &str| format!("{{\"loadpath\":1,\"nodes\":{}", open.repeat(million / open.len()));
    let node = r#"{"id":"a","kind":"service"},"#;
    let nodes = node.repeat(million / node.len());
    let run = run_text();
    // The zeros of a histogram, which inflate a thousandfold.
    let bomb = link_bomb();
    for (name, text) in [
        ("deep lists", deep("[")),
        ("deep objects", deep("{\"a\":")),
        ("nodes without an end", format!("{{\"loadpath\":1,\"nodes\":[{nodes}")),
        ("nodes of one name", format!("{{\"loadpath\":1,\"nodes\":[{}]}}", nodes.trim_end_matches(','))),
        ("a long name", format!("{{\"loadpath\":1,\"name\":\"{}\"", "x".repeat(million))),
        ("a huge number", format!("{{\"loadpath\":{}}}", "9".repeat(million))),
        (
            "a run with a long histogram",
            run.replace("\"send_delay\":\"", &format!("\"send_delay\":\"{}", "A".repeat(million))),
        ),
        (
            "a run of seconds",
            run.replace("\"series\":[", &format!("\"series\":[{}", "{},".repeat(million / 3))),
        ),
        ("nothing", String::new()),
        ("zeros", "\0".repeat(million)),
        ("a bomb in a link", bomb),
    ] {
        let file = folder.path().join("hostile.json");
        std::fs::write(&file, &text).unwrap();
        // A link is an argument, as long as one may be.
        let argument = if text.starts_with('#') { text } else { file.display().to_string() };
        let script = format!("ulimit -v {MOST_KILOBYTES}; exec \"$0\" check \"$1\"");
        let said =
            Command::new("sh").args(["-c", &script]).arg(built_loadgen()).arg(argument).output().unwrap();
        let error = String::from_utf8_lossy(&said.stderr);
        assert!(matches!(said.status.code(), Some(1 | 2)), "{name}: {:?}, {error}", said.status);
        assert!(!error.contains("panicked") && error.len() < 4_000, "{name}: {} bytes", error.len());
    }
}

/// A link of a document whose name is 64 MB long.
fn link_bomb() -> String {
    let long = Topology::new(&"x".repeat(64 << 20));
    let text = format!("#{}", link::encode(&long));
    assert!(text.len() < 128 << 10, "an argument has at most 128 kB, and this has {}", text.len());
    text
}
