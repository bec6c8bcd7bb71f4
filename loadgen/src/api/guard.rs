//! Who may ask: one policy, applied to every request before it is routed.
//!
//! A page of a stranger can have a browser send requests here, and can even have its own name resolve to this machine. So
//! the `Host` must be ours, an `Origin` must be ours, and what acts needs a token that only our own page was given.
//! Fetch metadata may deny, never exempt. There are no CORS headers: no other origin is let in.
use super::metrics;
use super::reply::{Refused, refuse};
use super::secret::Sessions;
use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, ORIGIN, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode, Version};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The longest body that is read.
pub(super) const MOST_BODY: usize = 1 << 20;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What needs no token: reading what happens now, and getting a token. Whatever else there is in the API needs one.
const OPEN: [(Method, &[&str]); 4] = [
    (Method::GET, &["api", "status"]),
    (Method::POST, &["api", "session"]),
    // A browser's event source cannot send a token.
    (Method::GET, &["api", "runs", "*", "events"]),
    // Neither can what scrapes metrics get one: it has no code.
    (Method::GET, &["metrics"]),
];

/// Decides which requests are let in.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
    sessions: Arc<Sessions>,
}

/// Who asks, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    /// The number of the page, by its token; none without one.
    pub(super) session: Option<u32>,
    /// The origin that its browser says, which is one of ours; none from a program.
    pub(super) origin: Option<String>,
}

impl Guard {
    /// For an agent that listens on `address`.
    pub(super) fn new(address: SocketAddr, sessions: Arc<Sessions>) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string()];
        if address.ip().is_loopback() {
            hosts = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}")).into();
        }
        if port == 80 {
            // A browser leaves the scheme's own port out.
            let bare: Vec<String> =
                hosts.iter().filter_map(|host| host.strip_suffix(":80")).map(str::to_owned).collect();
            hosts.extend(bare);
        }
        let origins = hosts.iter().map(|host| format!("http://{host}")).collect();
        Self { hosts, origins, sessions }
    }

    /// Lets a request in and says whose it is, or says why not.
    pub(super) fn admit(&self, request: &Parts) -> Result<Who, Refused> {
        let deny = |status, error: &str| Err::<Who, Refused>(refuse(status, error).into());
        if !self.host_is_ours(request) {
            let error = "this agent is not known by that name: use the address that it printed";
            return deny(StatusCode::MISDIRECTED_REQUEST, error);
        }
        let headers = &request.headers;
        let may_come = is_from_here(headers) || (!is_api(request.uri.path()) && is_visit(request));
        if !self.origin_is_ours(headers) || !may_come {
            return deny(StatusCode::FORBIDDEN, "requests from other sites are not answered");
        }
        let acts = request.method != Method::GET && request.method != Method::HEAD;
        if acts && has_body(headers) && !is_json(headers) {
            return deny(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a body must be application/json");
        }
        if body_length(headers) > MOST_BODY as u64 {
            return deny(StatusCode::PAYLOAD_TOO_LARGE, "a body has at most 1 MiB");
        }
        if is_load(headers) {
            return deny(StatusCode::FORBIDDEN, "load is not aimed at an agent");
        }
        let session = self.session(headers);
        let has_token = session.is_some();
        if acts && !has_token && !headers.contains_key(ORIGIN) {
            return deny(StatusCode::FORBIDDEN, "a request that acts needs an Origin or a token");
        }
        if (acts || is_api(request.uri.path())) && !is_open(&request.method, request.uri.path()) && !has_token
        {
            let error = "this needs the token: open the address with the code that loadgen printed";
            return deny(StatusCode::UNAUTHORIZED, error);
        }
        Ok(Who { session, origin: only(headers, &ORIGIN).map(str::to_owned) })
    }

    fn host_is_ours(&self, request: &Parts) -> bool {
        // In absolute form a request names its host twice; whoever writes it so is no browser that was sent here.
        let relative = request.uri.authority().is_none() && request.version >= Version::HTTP_10;
        relative
            && only(&request.headers, &HOST).is_some_and(|host| self.hosts.iter().any(|ours| ours == host))
    }

    fn origin_is_ours(&self, headers: &HeaderMap) -> bool {
        !headers.contains_key(ORIGIN)
            || only(headers, &ORIGIN).is_some_and(|origin| self.origins.iter().any(|ours| ours == origin))
    }

    fn session(&self, headers: &HeaderMap) -> Option<u32> {
        let token = only(headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        token.and_then(|token| self.sessions.find(token))
    }
}

/// Whether it is a request of an attack, ours or another agent's.
fn is_load(headers: &HeaderMap) -> bool {
    let mut agents = headers.get_all(USER_AGENT).into_iter();
    agents.any(|agent| agent.as_bytes().starts_with(b"loadgen/"))
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Whether the browser does not say that another site has sent it.
fn is_from_here(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).into_iter();
    sites.all(|site| site == "same-origin" || site == "none")
}

/// Whether a person follows a link here: the page may be opened from anywhere, since it has nothing in it that is secret.
fn is_visit(request: &Parts) -> bool {
    let says = |name, value| only(&request.headers, &HeaderName::from_static(name)) == Some(value);
    request.method == Method::GET && says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || body_length(headers) > 0 || headers.contains_key(CONTENT_TYPE)
}

/// What the request says that its body has; nonsense is no length that we take.
fn body_length(headers: &HeaderMap) -> u64 {
    let lengths = headers.get_all(CONTENT_LENGTH).into_iter();
    let read =
        |value: &hyper::header::HeaderValue| value.to_str().ok().and_then(|length| length.parse().ok());
    lengths.map(|value| read(value).unwrap_or(u64::MAX)).max().unwrap_or(0)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = only(headers, &CONTENT_TYPE).and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path == metrics::PATH
}

fn is_open(method: &Method, path: &str) -> bool {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    OPEN.iter().any(|(open, pattern)| {
        open == method
            && parts.len() == pattern.len()
            && parts.iter().zip(*pattern).all(|(part, pattern)| *pattern == "*" || part == pattern)
    })
}

/// Why an address cannot be listened on.
///
/// # Errors
/// A sentence, when it is every address of the machine, or is not loopback and nobody said `--i-understand`.
pub fn check_address(address: IpAddr, understood: bool) -> Result<(), String> {
    let address = address.to_canonical();
    if address.is_unspecified() || address.is_multicast() {
        return Err(format!("{address} is not one address of this machine: name the one that is meant"));
    }
    if !address.is_loopback() && !understood {
        return Err(format!(
            "{address} can be reached from other machines, and whoever has the code can start processes here: \
             say --i-understand as well, or leave --listen out"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::secret::Secret;
    use super::*;
    use hyper::Request;

    const TOKEN: &str = "0123456789abcdef";

    fn status(request: hyper::http::request::Builder) -> Option<u16> {
        let sessions = Arc::new(Sessions::from(Secret::from(TOKEN.to_owned())));
        let guard = Guard::new("127.0.0.1:7700".parse().unwrap(), sessions);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        guard.admit(&parts).err().map(|refused| refused.0.status().as_u16())
    }

    fn get(path: &str) -> hyper::http::request::Builder {
        Request::get(path).header(HOST, "127.0.0.1:7700")
    }

    fn post(path: &str) -> hyper::http::request::Builder {
        Request::post(path).header(HOST, "localhost:7700")
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in ["127.0.0.1:7700", "localhost:7700", "[::1]:7700"] {
            assert_eq!(status(Request::get("/").header(HOST, host)), None, "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:7701",
            "127.0.0.1:77000",
            "localhost:7700.evil.example",
            "evil.example",
            "user@127.0.0.1:7700",
            "0.0.0.0:7700",
            "LOCALHOST:7700",
        ] {
            assert_eq!(status(Request::get("/").header(HOST, host)), Some(421), "{host}");
        }
        assert_eq!(status(Request::get("/")), Some(421), "no host");
        let twice = Request::get("/").header(HOST, "localhost:7700").header(HOST, "localhost:7700");
        assert_eq!(status(twice), Some(421), "two hosts");
        let absolute = Request::get("http://127.0.0.1:7700/").header(HOST, "127.0.0.1:7700");
        assert_eq!(status(absolute), Some(421), "absolute form");
    }

    #[test]
    fn other_origins_and_other_sites_are_refused_even_with_the_token() {
        let with = |origin: &str| {
            post("/api/runs").header(AUTHORIZATION, format!("Bearer {TOKEN}")).header(ORIGIN, origin)
        };
        assert_eq!(status(with("http://localhost:7700")), None);
        for origin in
            ["null", "", "http://localhost:7700.evil.example", "https://localhost:7700", "http://localhost"]
        {
            assert_eq!(status(with(origin)), Some(403), "{origin}");
        }
        assert_eq!(status(get("/").header("sec-fetch-site", "cross-site")), Some(403));
        assert_eq!(status(get("/").header("sec-fetch-site", "same-site")), Some(403));
        assert_eq!(status(get("/").header("sec-fetch-site", "same-origin")), None);
        let both = get("/").header("sec-fetch-site", "none").header("sec-fetch-site", "cross-site");
        assert_eq!(status(both), Some(403));
    }

    #[test]
    fn the_page_may_be_opened_by_a_link_on_another_site_but_not_embedded_there() {
        let from_there = |path: &str, mode: &str, dest: &str| {
            let request = get(path).header("sec-fetch-site", "cross-site");
            status(request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest))
        };
        assert_eq!(from_there("/", "navigate", "document"), None);
        assert_eq!(from_there("/", "navigate", "iframe"), Some(403));
        assert_eq!(from_there("/loadpath.js", "no-cors", "script"), Some(403));
        assert_eq!(from_there("/api/status", "navigate", "document"), Some(403));
        assert_eq!(from_there("/metrics", "navigate", "document"), Some(403));
    }

    #[test]
    fn what_acts_needs_the_token_and_what_is_unknown_does_too() {
        let ours = |request: hyper::http::request::Builder| request.header(ORIGIN, "http://localhost:7700");
        assert_eq!(status(ours(post("/api/session"))), None, "how else would one get it");
        assert_eq!(status(post("/api/session")), Some(403), "but only from our page");
        assert_eq!(status(ours(post("/api/runs"))), Some(401));
        assert_eq!(status(post("/api/runs")), Some(403));
        assert_eq!(status(get("/api/runs")), Some(401));
        assert_eq!(status(get("/api/what-comes-later")), Some(401));
        assert_eq!(status(ours(Request::delete("/").header(HOST, "localhost:7700"))), Some(401));
        for open in ["/", "/api/status", "/api/runs/x/events", "/metrics"] {
            assert_eq!(status(get(open)), None, "{open}");
        }
        for (token, expected) in [
            (format!("Bearer {TOKEN}"), None),
            (format!("bearer {TOKEN}"), Some(401)),
            ("Bearer 0123456789abcdeF".to_owned(), Some(401)),
            ("Bearer ".to_owned(), Some(401)),
            (TOKEN.to_owned(), Some(401)),
        ] {
            assert_eq!(status(get("/api/runs").header(AUTHORIZATION, &token)), expected, "{token}");
        }
    }

    #[test]
    fn a_body_is_json_and_not_too_long() {
        let with = |kind: &str| {
            let request = post("/api/runs").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
            request.header(CONTENT_LENGTH, "10").header(CONTENT_TYPE, kind)
        };
        for (kind, expected) in [
            ("application/json", None),
            ("Application/JSON; charset=utf-8", None),
            ("text/plain", Some(415)),
            ("application/json-seq", Some(415)),
            ("", Some(415)),
        ] {
            assert_eq!(status(with(kind)), expected, "{kind}");
        }
        let long = |length: &str| {
            let request = post("/api/runs").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
            status(request.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, length))
        };
        assert_eq!((long("1048576"), long("1048577"), long("-1")), (None, Some(413), Some(413)));
    }

    #[test]
    fn only_loopback_is_listened_on_unless_somebody_understands() {
        let check = |text: &str, understood| {
            text.parse::<IpAddr>().map_err(|e| e.to_string()).and_then(|a| check_address(a, understood))
        };
        for address in ["127.0.0.1", "::1", "127.8.8.8", "::ffff:127.0.0.1"] {
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        for address in ["0.0.0.0", "::", "::ffff:0.0.0.0", "0", "0x0", "00000000", "*", "224.0.0.1", ""] {
            assert!(check(address, true).is_err(), "{address}");
        }
        assert!(check("192.168.1.2", false).unwrap_err().contains("--i-understand"));
        assert_eq!(check("192.168.1.2", true), Ok(()));
    }
}
