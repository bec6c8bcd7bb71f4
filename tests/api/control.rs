//! One page controls a run and the others watch; slow, many and vanished listeners; what is written down of it all.
use super::live_run::{Events, start, started};
use super::{Serving, raw};
use crate::attack::TURN;
use crate::live::{design, processes_of, wait_until};
use loadpath_core::wire::{Event, Phase};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

/// A page that is let in after the first.
fn another_token(serving: &mut Serving) -> String {
    let line = serving.agent.line_with("#code=");
    serving.invitation = line.rsplit(' ').next().unwrap().to_owned();
    serving.token()
}

#[test]
fn one_page_controls_a_run_and_the_others_watch_or_take_over() {
    let _turn = TURN.blocking_lock();
    let mut serving = Serving::start();
    let first = serving.token();
    let second = another_token(&mut serving);
    let id = started(&start(&serving, &first, design("50/s"), 60));
    let busy = start(&serving, &second, design("50/s"), 5);
    assert!(busy.status == 409 && busy.body.contains("started from page 1"), "{busy:?}");

    let act = |token: &str, what: &str, body: Option<&str>| {
        let answer = serving.ask("POST", &format!("/api/runs/{id}/{what}"), Some(token), body);
        (answer.status, answer.body)
    };
    let web = Some(r#"{"node":"web","instance":1}"#);
    let mut watching = Events::open(&serving, &id, None);
    while !matches!(watching.next().unwrap().1, Event::Interval(_)) {}
    for what in ["kill", "restore"] {
        let (status, body) = act(&second, what, web);
        assert!(status == 409 && body.contains("page 1 controls run"), "{what}: {status} {body}");
    }
    let mut up_is = |expected: [bool; 2]| loop {
        if let Event::Interval(interval) = watching.next().expect("the run goes on").1
            && interval.nodes[2].up == expected
        {
            return;
        }
    };
    assert_eq!(act(&first, "kill", web).0, 204);
    up_is([true, false]);
    assert_eq!(act(&first, "restore", web).0, 204);
    up_is([true, true]);
    let slow = r#"{"slow":{"node":"web","instance":0,"factor":2.0}}"#;
    assert_eq!(act(&first, "command", Some(slow)), (204, String::new()));
    assert_eq!(act(&first, "command", Some(r#"{"flush":{"node":"cache"}}"#)).0, 204);
    let (status, body) = act(&first, "command", Some(r#"{"kill":{"node":"web","instance":7}}"#));
    assert!(status == 409 && body.contains("no instance 8"), "{status} {body}");
    assert_eq!(act(&second, "command", Some(slow)).0, 409, "others watch");

    assert_eq!(act(&second, "control", None).0, 204);
    let (status, body) = act(&first, "kill", web);
    assert!(status == 409 && body.contains("page 2 controls run"), "{status} {body}");
    assert_eq!(act(&second, "kill", web).0, 204);
    assert_eq!(act(&first, "stop", None).0, 204, "the way out is open to everyone");
    wait_until("every process is gone", || processes_of(&id).is_empty());

    let path = serving.agent.home().join("loadpath/audit.jsonl");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let audit = fs::read_to_string(path).unwrap();
    let lines: Vec<serde_json::Value> =
        audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let did: Vec<_> =
        lines.iter().map(|line| (line["did"].as_str().unwrap(), line["page"].as_u64().unwrap())).collect();
    let expected = [
        ("session", 1),
        ("session", 2),
        ("start", 1),
        ("kill", 1),
        ("restore", 1),
        ("command", 1),
        ("command", 1),
        ("control", 2),
        ("kill", 2),
        ("stop", 1),
    ];
    assert_eq!(did, expected);
    assert_eq!(lines[2]["caps"]["processes"], 128);
    let origin = format!("http://{}", serving.address);
    assert!(
        lines.iter().all(|line| line["origin"] == origin.as_str() && line["unix"].as_u64() > Some(1 << 30))
    );
    assert_eq!((&lines[3]["run"], &lines[3]["target"]), (&id.as_str().into(), &"web#2".into()));
    assert!(!audit.contains(&first) && !audit.contains(&second), "no token is written down");
}

#[test]
fn a_run_ends_when_its_last_page_is_gone_unless_it_is_detached() {
    let _turn = TURN.blocking_lock();
    let serving = Serving::start_with(&["--abandon-after", "2s"]);
    let token = serving.token();
    let id = started(&start(&serving, &token, design("50/s"), 60));
    let mut page = Events::open(&serving, &id, None);
    // Longer than the agent is patient: who is followed goes on.
    let last = loop {
        match page.next().unwrap() {
            (number, Event::Interval(interval)) if interval.number == 3 => break number,
            (_, Event::Phase { phase, text }) => assert_ne!(phase, Phase::TakingDown, "{text}"),
            _ => {}
        }
    };
    drop(page);
    wait_until("every process is gone", || processes_of(&id).is_empty());
    let mut late = Events::open(&serving, &id, Some(last));
    let run = loop {
        if let Event::Done(run) = late.next().expect("the run is told to who comes back").1 {
            break run;
        }
    };
    assert!(run.notes[0].contains("stopped after"), "{:?}", run.notes);

    let detached = Serving::start_with(&["--detach"]);
    let token = detached.token();
    let id = started(&start(&detached, &token, design("50/s"), 1));
    let mut page = Events::open(&detached, &id, None);
    while !matches!(page.next().expect("it ends by itself").1, Event::Done(_)) {}
}

#[test]
fn there_are_so_many_listeners_and_one_that_hardly_reads_costs_the_others_nothing() {
    let _turn = TURN.blocking_lock();
    let serving = Serving::start();
    let token = serving.token();
    let id = started(&start(&serving, &token, design("50/s"), 60));
    let request = format!("GET /api/runs/{id}/events HTTP/1.1\r\nhost: {}\r\n\r\n", serving.address);
    let status = || {
        let mut stream = raw::connect(serving.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        (String::from_utf8_lossy(&head[9..]).into_owned(), stream)
    };
    let mut held: Vec<_> = (0..7).map(|_| status()).collect();
    assert!(held.iter().all(|(status, _)| status == "200"));
    let mut reading = Events::open(&serving, &id, None);
    let (before, mut expected) = (resident(serving.agent.pid()), 1);
    assert_eq!(status().0, "503", "a ninth");
    for second in 0..6 {
        // One reads a byte a second, six nothing at all.
        held[0].1.read_exact(&mut [0]).unwrap();
        loop {
            let (number, event) = reading.next().unwrap();
            assert_eq!(number, expected, "second {second}: the reader misses nothing");
            expected += 1;
            if matches!(event, Event::Interval(_)) {
                break;
            }
        }
    }
    // Events are kept once, however many do not read them; connections have small buffers.
    let grown = resident(serving.agent.pid()).saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} bytes more");
    drop(held);
    wait_until("there is room again", || status().0 == "200");
    assert_eq!(serving.ask("POST", &format!("/api/runs/{id}/stop"), Some(&token), None).status, 204);
    wait_until("every process is gone", || processes_of(&id).is_empty());
}

/// The bytes of a process that are in memory.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn no_secret_is_in_a_command_line_or_an_environment_and_every_folder_is_private() {
    let _turn = TURN.blocking_lock();
    let serving = Serving::start();
    let (code, token) = (serving.code().to_owned(), serving.token());
    let id = started(&start(&serving, &token, design("20/s"), 60));
    wait_until("the design is up", || processes_of(&id).len() == 6);
    let children = processes_of(&id);
    for pid in children.iter().copied().chain([serving.agent.pid()]) {
        for file in ["cmdline", "environ"] {
            // The system writes a zero between the words.
            let text =
                String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{file}")).unwrap()).into_owned();
            for secret in [&code, &token] {
                assert!(!text.contains(secret.as_str()), "{file} of {pid}");
            }
            let words = text.split(['\0', '=', ' ']);
            let looks_secret = |word: &&str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
            // The agent's own environment is its user's.
            let found = words.filter(looks_secret).count();
            assert!(found == 0 || !children.contains(&pid), "{file} of {pid}: {text:?}");
        }
    }
    let run = serving.agent.home().join(format!("loadgen-{id}"));
    let mut open = vec![run.clone()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert!(!path.is_dir() || mode & 0o777 == 0o700, "{} has mode {mode:o}", path.display());
        assert!(!path.ends_with("assignment.json") || mode & 0o777 == 0o600, "{}", path.display());
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
        }
        seen += 1;
    }
    assert!(seen > 5, "{} has {seen} entries", run.display());
    assert_eq!(serving.ask("POST", &format!("/api/runs/{id}/stop"), Some(&token), None).status, 204);
    wait_until("the run's folder is removed", || !run.exists());
}

#[test]
fn a_hostile_name_is_refused_before_anything_is_made_of_it() {
    let serving = Serving::start();
    let token = serving.token();
    let entries = || {
        fs::read_dir(serving.agent.home())
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect::<Vec<_>>()
    };
    let before = entries();
    for name in [
        "../../etc/cron.d/x",
        "/tmp/x",
        "web\n[include]",
        "web;reboot",
        "web{",
        "$(reboot)",
        "`reboot`",
        "web\0",
        "--help",
        "..",
        ".",
        "WEB",
        "w\u{0435}b",
        "",
        &"w".repeat(32),
    ] {
        let mut document = design("20/s");
        for edge in &mut document.edges {
            for end in [&mut edge.from, &mut edge.to] {
                if end == "web" {
                    name.clone_into(end);
                }
            }
        }
        name.clone_into(&mut document.nodes[2].id);
        let answer = start(&serving, &token, document, 5);
        assert_eq!(answer.status, 422, "{name:?}: {answer:?}");
    }
    assert_eq!(entries(), before, "nothing was made");
    // What the run is called is for people, and may be anything: it is no path, and in the audit one line.
    let mut document = design("20/s");
    document.name = "../../x\n{\"did\":\"forged\"}".to_owned();
    let _turn = TURN.blocking_lock();
    let id = started(&start(&serving, &token, document, 1));
    let mut page = Events::open(&serving, &id, None);
    while !matches!(page.next().unwrap().1, Event::Done(_)) {}
    let folder = serving.agent.home().join("loadpath");
    let audit = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    assert_eq!(audit.lines().count(), 2, "{audit}");
    assert_eq!(fs::read_dir(folder.join("runs")).unwrap().count(), 1, "the run is where runs are");
}
