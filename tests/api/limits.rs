//! What a client can make large, long or many is bounded, and the agent serves on.
use super::{Serving, raw};
use std::io::Write as _;
use std::time::{Duration, Instant};

#[test]
fn large_heads_and_large_bodies_are_refused() {
    let serving = Serving::start();
    let token = serving.token();
    let ours = serving.address;
    let get = |headers: &str| {
        raw::send(ours, &format!("GET / HTTP/1.1\r\nhost: {ours}\r\n{headers}connection: close\r\n\r\n"))
            .status
    };
    assert_eq!(get(&"x: y\r\n".repeat(50)), 200);
    assert_eq!(get(&"x: y\r\n".repeat(100)), 431, "many headers");
    assert_eq!(get(&format!("x: {}\r\n", "y".repeat(64 << 10))), 431, "a long header");
    let post = |length: &str, body: &str| {
        let head = format!(
            "POST /api/runs HTTP/1.1\r\nhost: {ours}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{length}"
        );
        raw::send(ours, &format!("{head}connection: close\r\n\r\n{body}")).status
    };
    // The body is not waited for.
    assert_eq!(post("content-length: 2000000\r\n", ""), 413, "a declared length");
    let chunk = format!("{:x}\r\n{}\r\n", 300_000, " ".repeat(300_000));
    assert_eq!(
        post("transfer-encoding: chunked\r\n", &(chunk.repeat(5) + "0\r\n\r\n")),
        413,
        "a long body in chunks"
    );
    let deep = format!(r#"{{"document":{}"#, "[".repeat(500_000));
    assert_eq!(post(&format!("content-length: {}\r\n", deep.len()), &deep), 400, "a deep body");
    assert_eq!(get(""), 200, "and it serves on");
}

#[test]
fn slow_clients_are_let_go() {
    let serving = Serving::start();
    let token = serving.token();
    let ours = serving.address;
    let slow = |name: &'static str, sent: String, drip: bool, most: u64| {
        std::thread::spawn(move || {
            let begun = Instant::now();
            let mut stream = raw::connect(ours);
            stream.write_all(sent.as_bytes()).unwrap();
            let dripping = drip.then(|| {
                let mut stream = stream.try_clone().unwrap();
                std::thread::spawn(move || {
                    // Until the agent closes it.
                    while begun.elapsed() < Duration::from_secs(20) && stream.write_all(b"x").is_ok() {
                        std::thread::sleep(Duration::from_millis(200));
                    }
                })
            });
            let answer = raw::read(&mut stream);
            let took = begun.elapsed();
            if let Some(dripping) = dripping {
                dripping.join().unwrap();
            }
            // Its own deadline, and a second for a busy machine.
            assert!(took < Duration::from_secs(most + 1), "{name}: let go after {took:?}");
            (name, answer.status)
        })
    };
    let body = format!(
        "POST /api/runs HTTP/1.1\r\nhost: {ours}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    );
    let served = format!("GET /api/status HTTP/1.1\r\nhost: {ours}\r\n\r\n");
    let clients = [
        slow("silent", String::new(), false, 5),
        slow("half a head", format!("GET / HTTP/1.1\r\nhost: {ours}\r\n"), false, 5),
        slow("a dripping head", "GET / HTTP/1.1\r\nx: ".to_owned(), true, 5),
        slow("idle after an answer", served, false, 5),
        slow("half a body", body.clone(), false, 15),
        slow("a dripping body", body, true, 15),
    ];
    let statuses: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let status = |name: &str| statuses.iter().find(|(known, _)| *known == name).unwrap().1;
    assert_eq!(
        (status("idle after an answer"), status("half a body"), status("a dripping body")),
        (200, 408, 408)
    );
    assert_eq!(serving.ask("GET", "/api/status", None, None).status, 200, "and it serves on");
}

#[test]
fn the_connections_are_bounded_and_it_recovers() {
    let serving = Serving::start();
    let ours = serving.address;
    let request = format!("GET /api/status HTTP/1.1\r\nhost: {ours}\r\n\r\n");
    let mut held: Vec<_> = (0..100).map(|_| raw::connect(ours)).collect();
    let answered = held
        .iter_mut()
        .filter_map(|stream| {
            stream.write_all(request.as_bytes()).ok()?;
            let mut first = [0; 12];
            std::io::Read::read_exact(stream, &mut first).ok()
        })
        .count();
    assert_eq!(answered, 64);
    drop(held);
    let begun = Instant::now();
    while serving.ask("GET", "/api/status", None, None).status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it does not recover");
    }
}
