//! Nothing is loaded that was not meant: names that change, proxies, targets that do not consent or have had enough.
use super::server::{Reply, Server};
use super::{attack, driven};
use crate::browser::built_loadgen;
use loadgen::attack::{Target, consents};
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::Command;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn text(text: &str) -> Reply {
    let bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    Reply { after: Duration::ZERO, bytes, close: false }
}

async fn asked_for_consent(
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Result<(), String>, Vec<String>) {
    let server = Server::start(move |_, _| reply()).await;
    let target = Target::from_url(&format!("http://{}/", server.address), &[]).await.unwrap();
    let said = consents(&target, TOKEN).await.map_err(|fault| fault.to_string());
    (said, server.asked())
}

#[tokio::test]
async fn only_the_token_itself_is_consent() {
    let (said, asked) = asked_for_consent(|| text(&format!("{TOKEN}\n"))).await;
    assert_eq!((said, asked), (Ok(()), vec![format!("GET /.well-known/loadgen-{TOKEN} HTTP/1.1")]));
    let redirect = || Reply::with_headers("302 Found", "location: http://127.0.0.1:1/\r\n");
    for (says, reply) in [
        ("it answered 404", (|| Reply::status("404 Not Found")) as fn() -> Reply),
        ("it answered 302", redirect),
        ("another text", || text("hi")),
        ("another text", || text(&TOKEN[..31])),
        ("another text", || text(&format!("<p>{TOKEN}</p>"))),
        ("too long", || text(&format!("{TOKEN}{}", " ".repeat(2_000)))),
        ("broke", || Reply { after: Duration::ZERO, bytes: "nonsense\r\n\r\n".to_owned(), close: true }),
        ("no answer within 5 s", || Reply {
            after: Duration::from_secs(60),
            bytes: String::new(),
            close: true,
        }),
    ] {
        let (said, asked) = asked_for_consent(reply).await;
        let said = said.unwrap_err();
        assert!(said.contains(says) && said.contains("/.well-known/loadgen-"), "{says}: {said}");
        assert_eq!(asked.len(), 1, "{says}: it is asked once and led nowhere else");
    }
}

/// An address of this machine that others can reach; none on a machine without a network.
fn outer_address() -> Option<IpAddr> {
    // Nothing is sent: connecting a datagram socket only chooses the address that would be sent from.
    let socket =
        UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("203.0.113.1:9").map(|()| socket));
    let address = socket.and_then(|socket| socket.local_addr()).ok()?.ip();
    (!address.is_loopback()).then_some(address)
}

async fn run_on(
    folder: &Path,
    server: &Server,
    rest: &[&str],
    variables: &[(&str, &str)],
) -> (i32, String, String) {
    let (url, host) = (format!("http://{}/", server.address), server.address.to_string());
    let mut command = Command::new(built_loadgen());
    command.current_dir(folder).env("XDG_DATA_HOME", folder).envs(variables.iter().copied());
    command.args(["run", "--url", &url, "--allow-target", &host, "--rate", "50/s", "--warm-up", "0s"]);
    let output = command.args(rest).output().await.expect("the agent starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_beyond_this_machine_consents_before_every_run() {
    // Where there is no other address, the same question over loopback (above) is all that can be asked.
    let Some(address) = outer_address() else { return };
    let _turn = super::TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let refusing = Server::start_on(address, |_, _| Reply::status("404 Not Found")).await;
    let (exit, _, error) = run_on(folder.path(), &refusing, &["--duration", "1s"], &[]).await;
    assert!(
        exit == 2 && error.contains("does not consent to be loaded (it answered 404)"),
        "{exit}: {error}"
    );
    assert_eq!(refusing.asked().len(), 1, "nothing else was sent: {:?}", refusing.asked());

    let token =
        std::fs::read_to_string(folder.path().join("loadpath/consent-token")).unwrap().trim().to_owned();
    assert!(error.contains(&token), "it says what to put there: {error}");
    let consenting = Server::start_on(address, move |_, line| {
        if line.contains("/.well-known/") { text(&token) } else { Reply::status("200 OK") }
    })
    .await;
    for run in 1..=2 {
        let (exit, _, error) = run_on(folder.path(), &consenting, &["--duration", "1s"], &[]).await;
        assert_eq!(exit, 0, "{error}");
        let asked = consenting.asked();
        let consents = asked.iter().filter(|line| line.contains("/.well-known/loadgen-")).count();
        assert!(
            consents == run && asked.len() > 40 * run,
            "asked anew for each run: {consents} of {}",
            asked.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_beyond_this_machine_that_has_had_enough_is_let_alone() {
    let Some(address) = outer_address() else { return };
    let _turn = super::TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loadpath/consent-token");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, TOKEN).unwrap();
    let overloaded = Server::start_on(address, |_, line| {
        if line.contains("/.well-known/") { text(TOKEN) } else { Reply::status("429 Too Many Requests") }
    })
    .await;
    let begun = Instant::now();
    let (exit, _, error) =
        run_on(folder.path(), &overloaded, &["--duration", "60s", "--out", "run.json"], &[]).await;
    assert!(
        exit == 1 && begun.elapsed() < Duration::from_secs(20),
        "{exit} after {:?}: {error}",
        begun.elapsed()
    );
    let run = Run::from_json(&std::fs::read_to_string(folder.path().join("run.json")).unwrap()).unwrap();
    assert!(run.notes[0].contains("it was let alone"), "{:?}", run.notes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_proxy_of_the_environment_is_asked() {
    let _turn = super::TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (server, proxy) = (
        Server::start(|_, _| Reply::status("200 OK")).await,
        Server::start(|_, _| Reply::status("200 OK")).await,
    );
    let proxy_url = format!("http://{}", proxy.address);
    let names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let variables = names.map(|name| (name, proxy_url.as_str()));
    let (exit, _, error) = run_on(folder.path(), &server, &["--duration", "1s"], &variables).await;
    assert_eq!(exit, 0, "{error}");
    assert!(server.asked().len() > 40 && proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_a_target_is_never_asked_for_again() {
    let server = Server::start(|_, _| Reply { close: true, ..Reply::status("200 OK") }).await;
    let mut attack = attack(server.address, 50.0, Span::SECOND);
    // Nobody knows this name (RFC 2606), and every connection is a new one: one look-up more would fail it.
    attack.target.host = "flip.invalid:80".to_owned();
    let run = driven(attack).await.0.unwrap();
    assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
    assert!(server.asked().len() >= 40);
}
