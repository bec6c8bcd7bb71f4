//! Pages and ports: a page that reads nothing while another reads all, and a port that somebody has.
use super::Tried;
use super::agent::{Agent, home, wait_for};
use crate::tool::memory;
use loadpath_core::topology::three_tier;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const SECONDS: u64 = 5;
/// So much more may an agent hold at the end of a run than at its first interval: the run itself, and what it keeps for pages.
const MOST_MB: f64 = 32.0;

/// A serving agent: its address and the code that lets a page in.
fn serving() -> Result<(Agent, String, String), String> {
    let mut agent = Agent::start(home()?, &["serve", "--port", "0", "--no-open"])?;
    let mut said = BufReader::new(agent.child.stdout.take().ok_or("it has no standard output")?);
    let mut line = String::new();
    said.read_line(&mut line).map_err(|why| why.to_string())?;
    let invitation = line.trim().rsplit("http://").next().unwrap_or_default();
    let (address, code) = invitation.split_once("/#code=").ok_or_else(|| format!("it says only {line:?}"))?;
    let (address, code) = (address.to_owned(), code.to_owned());
    // What it says later is read, so that it never waits for us.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Ok((agent, address, code))
}

fn request(address: &str, head: &str, body: &str) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(address).map_err(|why| why.to_string())?;
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
    };
    let text = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n{length}connection: close\r\n"
    );
    stream.write_all(text.as_bytes()).map_err(|why| why.to_string())?;
    Ok(stream)
}

/// The body of an answer that is small.
fn asked(address: &str, head: &str, token: &str, body: &str) -> Result<serde_json::Value, String> {
    let mut stream = request(address, head, body)?;
    let rest = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    stream.write_all(format!("{rest}\r\n{body}").as_bytes()).map_err(|why| why.to_string())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(|why| why.to_string())?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).map_err(|_| format!("{head}: {text}"))
}

pub(super) fn slow_reader(times: u32) -> Result<Tried, String> {
    let mut tried = Tried::default();
    let mut most = 0.0_f64;
    for _ in 0..times {
        let (agent, address, code) = serving()?;
        let session = asked(&address, "POST /api/session", "", &format!(r#"{{"code":"{code}"}}"#))?;
        let token = session["token"].as_str().ok_or("no token was given")?;
        let start = format!(r#"{{"document":{},"duration":"{SECONDS}s","seed":1}}"#, three_tier().to_json());
        let started = asked(&address, "POST /api/runs", token, &start)?;
        let events = format!("GET /api/runs/{}/events", started["id"].as_str().ok_or("no run was started")?);
        let mut deaf = request(&address, &events, "")?;
        deaf.write_all(b"\r\n").map_err(|why| why.to_string())?;
        let mut hearing = request(&address, &events, "")?;
        hearing.write_all(b"\r\n").map_err(|why| why.to_string())?;
        hearing.set_read_timeout(Some(Duration::from_secs(30))).map_err(|why| why.to_string())?;
        let (numbers, first, last) = listen(hearing, agent.pid());
        most = most.max(last - first);
        let gaps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        tried.promise(gaps == 0, || format!("{gaps} gaps in the numbers of intervals"));
        tried.promise(numbers.len() as u64 >= SECONDS, || format!("{} intervals were heard", numbers.len()));
        tried.promise(last - first < MOST_MB, || format!("it grew by {:.1} MB", last - first));
        wait_for("the run is kept", || agent.story().is_some())?;
        tried.add(numbers.len(), agent.story().map_or(0, |story| story.intervals.len()));
        drop(deaf);
    }
    tried.remark = format!("the agent grew by {most:.1} MB at most while one page of two read nothing");
    Ok(tried)
}

/// The numbers of all intervals that are told, and the agent's memory at the first and at the end.
fn listen(stream: TcpStream, agent: u32) -> (Vec<u64>, f64, f64) {
    let (mut numbers, mut first) = (Vec::new(), 0.0);
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let Some(text) = line.strip_prefix("data:") else { continue };
        let event: serde_json::Value = serde_json::from_str(text.trim()).unwrap_or_default();
        if let Some(number) = event["interval"]["number"].as_u64() {
            if numbers.is_empty() {
                first = memory(agent, "VmRSS:").unwrap_or(0.0);
            }
            numbers.push(number);
        }
        if event.get("done").is_some() || event.get("failed").is_some() {
            break;
        }
    }
    (numbers, first, memory(agent, "VmRSS:").unwrap_or(f64::INFINITY))
}

/// Nothing is listened on beside it, and the one who asked is told which port it is.
pub(super) fn port_taken(times: u32) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for _ in 0..times {
        let taken = TcpListener::bind("127.0.0.1:0").map_err(|why| why.to_string())?;
        let port = taken.local_addr().map_err(|why| why.to_string())?.port().to_string();
        let begun = Instant::now();
        let mut agent = Agent::start(home()?, &["serve", "--port", &port, "--no-open"])?;
        let status = agent.end()?;
        tried.add(0, 0);
        tried.promise(status.code() == Some(1), || format!("it ended with {status}"));
        tried.promise(agent.complaint().contains(&format!("port {port} is taken")), || {
            format!("it says only {}", agent.complaint())
        });
        tried.promise(begun.elapsed() < Duration::from_secs(5), || format!("it took {:?}", begun.elapsed()));
    }
    Ok(tried)
}
