use super::*;
use loadpath_core::rng::Seed;
use tokio::io::{DuplexStream, duplex};

fn get() -> Message {
    Message::Encoded(Bytes::from_static(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
}

fn plain() -> Reading<'static> {
    Reading {
        clock: Clock::start(),
        nodes: &[],
        checks: &[],
        checks_before: 0,
        first_byte: None,
        keeps: false,
    }
}

/// What is made of these bytes, which arrive in pieces that end at `cut`; and whether the connection can be used again.
async fn read(answer: &[u8], cut: usize, message: Message) -> (Option<(u16, String)>, bool) {
    let (client, mut server) = duplex(1 << 16);
    let mut lean = Lean::new(client);
    let (first, second) = answer.split_at(cut);
    let reading = Reading { keeps: true, ..plain() };
    let mut hops = Vec::new();
    let serve = async {
        server.write_all(first).await.unwrap();
        tokio::task::yield_now().await;
        server.write_all(second).await.unwrap();
        // A body without an end of its own ends with the stream.
        server.shutdown().await.unwrap();
    };
    let (ended, ()) = tokio::join!(lean.exchange(message, reading, &mut hops), serve);
    let told = ended.ok().map(|ended| {
        let Ending::Answered(status) = ended.ending else { panic!("{:?}", ended.ending) };
        (status, String::from_utf8(ended.kept.unwrap().1.to_vec()).unwrap())
    });
    (told, lean.open)
}

#[tokio::test]
async fn every_framing_is_read_to_its_end_wherever_it_is_cut() {
    for (answer, status, body, open) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: Keep-Alive\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\na: b\r\n\r\n",
            200,
            "hi",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 9\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            200,
            "hi",
            true,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", 304, "", true),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
            200,
            "hi",
            true,
        ),
        ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", 101, "", false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi and more, unasked", 200, "hi", false),
    ] {
        for cut in 0..=answer.len() {
            let (told, is_open) = read(answer.as_bytes(), cut, get()).await;
            assert_eq!(told, Some((status, body.to_owned())), "{answer:?} cut at {cut}");
            // What comes unasked may be there already, or only later.
            assert!(is_open == open || answer.ends_with("unasked"), "{answer:?} cut at {cut}");
        }
    }
}

#[tokio::test]
async fn an_answer_to_head_has_no_body_whatever_it_says() {
    let request = Request::head("/x").body(Body::default()).unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let (told, open) = read(answer, 10, Message::One(Box::new(request))).await;
    assert_eq!((told, open), (Some((200, String::new())), true));
}

#[tokio::test]
async fn what_is_no_whole_answer_is_lost() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/2 200 OK\r\n\r\n",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi!",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nhi",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let (told, open) = read(answer.as_bytes(), answer.len() / 2, get()).await;
        assert_eq!((told, open), (None, false), "{answer:?}");
    }
    let endless = "HTTP/1.1 200 OK\r\n".to_owned() + &"x: y\r\n".repeat(MOST_HEADERS + 1) + "\r\n";
    assert_eq!(read(endless.as_bytes(), 0, get()).await.0, None, "too many headers");
}

#[tokio::test]
async fn damaged_answers_never_panic() {
    let mut chance = Seed(1).stream("damage");
    let sound = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nserver-timing: a;dur=1\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nx: y\r\n\r\n";
    for _ in 0..5_000 {
        let mut damaged = sound.to_vec();
        for _ in 0..=chance.below(4) {
            damaged[chance.below(sound.len() as u64) as usize] = chance.below(256) as u8;
        }
        let (client, mut server) = duplex(1 << 16);
        server.write_all(&damaged).await.unwrap();
        drop(server);
        let nodes = ["a".to_owned()];
        let reading = Reading { nodes: &nodes, ..plain() };
        let mut hops = Vec::new();
        // An answer or none: it ends.
        let _ = Lean::new(client).exchange(get(), reading, &mut hops).await;
    }
}

#[tokio::test]
async fn who_closes_or_speaks_unasked_gets_no_request_and_one_that_was_not_sent_comes_back() {
    let begin = || -> (Lean<DuplexStream>, DuplexStream) {
        let (client, server) = duplex(1 << 16);
        (Lean::new(client), server)
    };
    let (mut lean, server) = begin();
    assert!(lean.is_open().await);
    drop(server);
    assert!(!lean.is_open().await);
    lean.closed().await;
    let (mut lean, mut server) = begin();
    server.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
    assert!(!lean.is_open().await);
    let (mut lean, server) = begin();
    drop(server);
    let fault = lean.exchange(get(), plain(), &mut Vec::new()).await.err();
    assert!(
        matches!(fault, Some(NoAnswer::NotSent(Message::Encoded(bytes))) if bytes.starts_with(b"GET / "))
    );
}

#[tokio::test]
async fn a_request_says_its_length_once_and_as_it_is() {
    let request = Request::post("/a?b")
        .header("x", "y")
        .header("content-length", "99")
        .body(Body::from("hello"))
        .unwrap();
    let mut bytes = Vec::new();
    encode(&request, &mut bytes);
    let expected = "POST /a?b HTTP/1.1\r\nx: y\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}
