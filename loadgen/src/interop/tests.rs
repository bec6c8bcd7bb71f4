//! Results of each tool (only that of wrk was really printed by it), and what hostile ones become.
use super::*;

const FILES: [(&str, &str); 10] = [
    ("fortio", include_str!("../../../tests/data/interop/fortio.json")),
    ("k6", include_str!("../../../tests/data/interop/k6.json")),
    ("oha", include_str!("../../../tests/data/interop/oha.json")),
    ("vegeta", include_str!("../../../tests/data/interop/vegeta.json")),
    ("vegeta", include_str!("../../../tests/data/interop/vegeta.ndjson")),
    ("vegeta", include_str!("../../../tests/data/interop/vegeta-hist.txt")),
    ("wrk", include_str!("../../../tests/data/interop/wrk.txt")),
    ("wrk2", include_str!("../../../tests/data/interop/wrk2.txt")),
    ("hey", include_str!("../../../tests/data/interop/hey.txt")),
    ("hey", include_str!("../../../tests/data/interop/hey.csv")),
];

fn run(file: &str, of: usize) -> Run {
    let (_, text) = FILES.iter().filter(|(tool, _)| *tool == file).nth(of).unwrap();
    read(text).unwrap().unwrap()
}

fn near(run: &Run, q: f64, ms: f64) {
    let told = run.response().quantile(q).as_millis();
    // The histogram's precision.
    assert!((told / ms - 1.0).abs() < 0.001, "{}: q{q} is {told} ms and not {ms}", run.name);
}

#[test]
fn every_tool_says_its_clock_and_survives_a_round_trip() {
    for (tool, text) in FILES {
        let run = read(text).unwrap().unwrap_or_else(|why| panic!("{tool}: {why}"));
        assert!(run.source.to_string().contains(tool), "{}", run.source);
        let planned = run.notes[0].contains("planned send");
        assert_eq!(planned, tool == "wrk2", "{tool}: {:?}", run.notes);
        assert!(planned || run.notes[0].contains("actual send"), "{tool}: {:?}", run.notes);
        assert_eq!(Run::from_json(&run.to_json()).unwrap(), run);
    }
}

#[test]
fn figures_are_those_that_the_tool_printed() {
    let fortio = run("fortio", 0);
    assert_eq!((fortio.outcomes().ok, fortio.outcomes().refused, fortio.outcomes().failed), (995, 3, 2));
    assert_eq!((fortio.started_unix, fortio.offered_rate), (1_767_323_045, 100.0));
    near(&fortio, 0.6, 1.0);
    let k6 = run("k6", 0);
    assert_eq!((k6.outcomes().ok, k6.outcomes().failed), (1_980, 20));
    [(0.5, 4.8), (0.95, 9.9), (1.0, 90.5)].iter().for_each(|&(q, ms)| near(&k6, q, ms));
    assert!(k6.notes.iter().any(|note| note.contains("dropped 7")));
    let oha = run("oha", 0);
    assert_eq!((oha.outcomes().ok, oha.outcomes().refused, oha.outcomes().failed), (19_990, 4, 16));
    near(&oha, 0.99, 1.1);
    let vegeta = run("vegeta", 0);
    assert_eq!((vegeta.outcomes().total(), vegeta.outcomes().refused), (100, 1));
    near(&vegeta, 0.95, 3.478_629);
    let each = run("vegeta", 1);
    assert_eq!((each.outcomes().ok, each.outcomes().refused, each.outcomes().timed_out), (1, 1, 1));
    near(&each, 1.0, 30_000.0);
    near(&run("vegeta", 2), 0.5, 6.0);
    let wrk2 = run("wrk2", 0);
    assert_eq!((wrk2.outcomes().failed, wrk2.outcomes().timed_out, wrk2.response().count()), (5, 3, 20_000));
    near(&wrk2, 0.99, 1.81);
    let (hey, each) = (run("hey", 0), run("hey", 1));
    assert_eq!((hey.outcomes().ok, hey.outcomes().refused, hey.outcomes().failed), (3_990, 6, 4));
    near(&hey, 0.99, 3.0);
    assert_eq!((each.outcomes().ok, each.outcomes().refused), (2, 1));
    near(&each, 1.0, 50.0);
}

#[test]
fn what_wrk_really_printed_is_read() {
    let (_, text) = FILES[6];
    let run = run("wrk", 0);
    let counted = text.lines().find_map(|line| line.trim().split_once(" requests in ")).unwrap().0;
    assert_eq!(run.outcomes().ok.to_string(), counted);
    let p99 = text.lines().find_map(|line| line.trim().strip_prefix("99%")).unwrap();
    near(&run, 0.99, part::seconds(p99.trim()).unwrap() * 1e3);
}

#[test]
fn cut_flipped_and_hostile_files_are_sentences_and_never_panics() {
    for (_, text) in FILES {
        for length in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
            drop(read(&text[..length]));
        }
        for byte in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[byte] ^= 0x11;
            if let Ok(Some(Ok(run))) = String::from_utf8(bytes).map(|text| read(&text)) {
                let sound = run.offered_rate.is_finite() && run.duration.as_secs() < 1e10;
                assert!(sound, "byte {byte} makes {} of {}", run.offered_rate, run.name);
            }
        }
    }
    let (_, fortio) = FILES[0];
    for (from, to, says) in [
        ("\"Count\":600", "\"Count\":18446744073709551615", "more than anyone has sent"),
        ("\"End\":0.001", "\"End\":-5", "not a length of time"),
        ("\"ActualQPS\":99.9", "\"ActualQPS\":\"x\"", "looks like a result of fortio, but"),
        ("\"ActualDuration\":10010000000", "\"ActualDuration\":-1", "not a length of time"),
    ] {
        let why = read(&fortio.replacen(from, to, 1)).unwrap().unwrap_err().to_string();
        assert!(why.contains(says), "{from}: {why}");
    }
    let deep = format!("{{\"DurationHistogram\":{}", "[".repeat(100_000));
    assert!(read(&deep).unwrap().is_err());
    assert_eq!(read("hello"), None);
}
