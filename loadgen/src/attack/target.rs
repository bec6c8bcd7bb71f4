//! Where the load goes, and what is asked there.
use super::AttackError;
use super::allow::{Verdict, judge};
use super::connection::{Body, Message};
use super::lean;
use super::recipe::{Check, Recipe, Recipes};
use super::{Attack, Journey};
use bytes::Bytes;
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::http::uri::{Authority, Scheme};
use hyper::{Method, Request, Uri};
use loadpath_core::time::Time;
use loadpath_core::workload::{Class, Operation, Planned};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where the load goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The address that was resolved once; every connection goes to it.
    pub address: SocketAddr,
    /// What the `Host` header says.
    pub host: String,
    /// What is asked for.
    pub paths: Paths,
    /// Whether it is `https:`.
    pub secure: bool,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// `GET` of one path.
    Plain(String),
    /// `GET /c/CLASS/KEY?u=USER` for classes that read and `PUT` for those that write: what our own nodes understand.
    PerClass,
    /// As each class's recipe says; the text is what reports call the whole.
    Recipes(String, Arc<Recipes>),
    /// As the steps of a journey say, in a closed loop; the text is what reports call the whole.
    Journey(String, Arc<Journey>),
}

impl Paths {
    /// The checks of all classes, as reports call them.
    pub(super) fn checks(&self) -> Vec<String> {
        match self {
            Self::Recipes(_, recipes) => recipes.checks().map(ToString::to_string).collect(),
            Self::Journey(_, journey) => journey.checks(),
            Self::Plain(_) | Self::PerClass => Vec::new(),
        }
    }
}

/// Why a URL cannot be a target.
#[derive(Debug)]
pub enum TargetError {
    /// It is not a URL with a host.
    NotAUrl(String),
    /// It is neither `http:` nor `https:`.
    NotHttp(String),
    /// It has a user name in it.
    Credentials,
    /// Its host has no address.
    Unknown {
        /// The host and port.
        host: String,
        /// What the system says.
        why: io::Error,
    },
    /// It is not this machine, and nobody allowed it.
    NotAllowed {
        /// The host and port, as `--allow-target` takes it.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// It is an address that nobody may load.
    Never {
        /// The host and port.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
}

impl Target {
    /// What listens at this address.
    pub fn plain(address: SocketAddr, paths: Paths) -> Self {
        Self { address, host: address.to_string(), paths, secure: false }
    }

    /// Reads a URL and resolves its host, once. What is not this machine must be in `allowed`, as "HOST:PORT".
    ///
    /// # Errors
    /// When it is no URL of HTTP, its host is unknown, or it is not allowed.
    pub async fn from_url(url: &str, allowed: &[String]) -> Result<Self, TargetError> {
        Self::resolved_by(url, allowed, async |host: String| {
            tokio::net::lookup_host(host).await.map(|mut found| found.next())
        })
        .await
    }

    /// `resolve` can be asked once only: a name whose next answer is another address leads nowhere else.
    async fn resolved_by(
        url: &str,
        allowed: &[String],
        resolve: impl AsyncFnOnce(String) -> io::Result<Option<SocketAddr>>,
    ) -> Result<Self, TargetError> {
        let not_a_url = || TargetError::NotAUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(other) => return Err(TargetError::NotHttp(other.to_owned())),
            None => return Err(not_a_url()),
        };
        let authority = uri.authority().ok_or_else(not_a_url)?;
        if authority.as_str().contains('@') {
            return Err(TargetError::Credentials);
        }
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = format!("{}:{port}", authority.host());
        let address = match resolve(host.clone()).await {
            Ok(Some(address)) => SocketAddr::new(address.ip().to_canonical(), address.port()),
            Ok(None) => return Err(TargetError::Unknown { host, why: io::ErrorKind::NotFound.into() }),
            Err(why) => return Err(TargetError::Unknown { host, why }),
        };
        let is_named = || allowed.iter().any(|one| one.eq_ignore_ascii_case(&host));
        match judge(address.ip()) {
            Verdict::Here => {}
            Verdict::Elsewhere if is_named() => {}
            Verdict::Elsewhere => return Err(TargetError::NotAllowed { host, address: address.ip() }),
            Verdict::Never => return Err(TargetError::Never { host, address: address.ip() }),
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { address, host: authority.as_str().to_owned(), paths: Paths::Plain(path), secure })
    }
}

impl Target {
    /// The one path of a plain target; the root of all otherwise.
    pub fn path(&self) -> &str {
        match &self.paths {
            Paths::Plain(path) => path,
            Paths::PerClass => "/c/",
            Paths::Recipes(text, _) | Paths::Journey(text, _) => text,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        let path = if self.paths == Paths::PerClass { "" } else { self.path() };
        write!(f, "{scheme}://{}{path}", self.host)
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl(text) => {
                write!(f, "\"{text}\" is not a URL: write it like http://127.0.0.1:8080/path")
            }
            Self::NotHttp(scheme) => write!(f, "loadgen speaks http and https, and not {scheme}"),
            Self::Credentials => {
                f.write_str("a URL with a user name or password in it is not taken: leave it out")
            }
            Self::Unknown { host, why } => write!(f, "no address was found for {host}: {why}"),
            Self::NotAllowed { host, address } => write!(
                f,
                "{host} leads to {address}, which is not this machine: if it is yours to load, add --allow-target {host}"
            ),
            Self::Never { host, address } => {
                write!(
                    f,
                    "{host} leads to {address}, which is never loaded: it is not one server's own address"
                )
            }
        }
    }
}

impl std::error::Error for TargetError {}

/// Makes the requests of a plan.
#[derive(Debug)]
pub(super) struct Requests {
    host: HeaderValue,
    /// Who sends, and in which run: the target's owner finds it in a log.
    agent: HeaderValue,
    /// The one path of a plain target.
    plain: Option<Uri>,
    classes: Vec<(String, Method)>,
    recipes: Option<Arc<Recipes>>,
    /// What HTTP/2 wants to stand before the path.
    before: Option<(Scheme, Authority)>,
    close: bool,
    /// The bytes of a class's requests, where they are always the same.
    constant: Vec<Option<Bytes>>,
}

impl Requests {
    pub(super) fn new(attack: &Attack) -> Result<Self, AttackError> {
        let Attack { target, manner, classes, .. } = attack;
        let bad = |text: &str| AttackError::BadPath(text.to_owned());
        let host = HeaderValue::from_str(&target.host).map_err(|_| bad(&target.host))?;
        let plain = match &target.paths {
            Paths::Plain(path) if path.starts_with('/') => Some(path.parse().map_err(|_| bad(path))?),
            Paths::Plain(path) => return Err(bad(path)),
            Paths::PerClass | Paths::Recipes(..) | Paths::Journey(..) => None,
        };
        let recipes =
            if let Paths::Recipes(_, recipes) = &target.paths { Some(Arc::clone(recipes)) } else { None };
        let authority: Authority = target.host.parse().map_err(|_| bad(&target.host))?;
        let scheme = if target.secure { Scheme::HTTPS } else { Scheme::HTTP };
        let before = manner.http2.then_some((scheme, authority));
        let method = |class: &Class| match class.operation {
            Operation::Read | Operation::Static => Method::GET,
            Operation::Write | Operation::Job => Method::PUT,
        };
        let classes = classes.iter().map(|class| (class.name.clone(), method(class))).collect();
        let mut requests = Self {
            host,
            agent: agent(&attack.name),
            plain,
            classes,
            recipes,
            before,
            close: manner.close && !manner.http2,
            constant: Vec::new(),
        };
        // Every path differs from this one in its numbers alone.
        for (name, _) in &requests.classes {
            if target.paths == Paths::PerClass && path(name, 0, 0).is_none() {
                return Err(bad(name));
            }
        }
        if !manner.http2 {
            requests.constant = requests.constants(target);
        }
        Ok(requests)
    }

    /// What HTTP/1.1 would send for each class, again and again.
    fn constants(&self, target: &Target) -> Vec<Option<Bytes>> {
        let classes = 0..self.classes.len();
        let encoded = |request: Request<Body>| {
            let mut bytes = Vec::new();
            lean::encode(&self.addressed(request), &mut bytes);
            Bytes::from(bytes)
        };
        let of_recipe = |recipe: &Recipe| {
            let same = recipe.is_constant() && recipe.method != Method::HEAD;
            recipe.request(&[]).ok().filter(|_| same).map(encoded)
        };
        match &target.paths {
            Paths::Plain(_) => {
                let get = |class| {
                    encoded(self.request(Planned { due: Time::ZERO, class: class as u16, key: 0, user: 0 }))
                };
                classes.map(|class| Some(get(class))).collect()
            }
            Paths::PerClass => classes.map(|_| None).collect(),
            Paths::Recipes(_, recipes) => recipes.classes.iter().map(of_recipe).collect(),
            Paths::Journey(_, journey) => journey.steps.iter().map(|step| of_recipe(&step.recipe)).collect(),
        }
    }

    /// The request of a class, where it is always the same.
    pub(super) fn constant(&self, class: u16) -> Option<Message> {
        self.constant.get(usize::from(class))?.clone().map(Message::Encoded)
    }

    /// The request that was planned.
    pub(super) fn message(&self, planned: Planned) -> Message {
        self.constant(planned.class).unwrap_or_else(|| Message::One(Box::new(self.request(planned))))
    }

    pub(super) fn request(&self, planned: Planned) -> Request<Body> {
        let mut request = Request::new(Body::default());
        let (class, method) = &self.classes[usize::from(planned.class)];
        if let Some(recipes) = &self.recipes {
            request = recipes.request(planned.class, planned.key);
        } else if let Some(uri) = &self.plain {
            *request.uri_mut() = uri.clone();
        } else {
            *request.uri_mut() =
                path(class, planned.key, planned.user).expect("`new` has tried this class's path");
            *request.method_mut() = method.clone();
        }
        self.addressed(request)
    }

    /// With what every request says: to whom, and from whom.
    pub(super) fn addressed(&self, mut request: Request<Body>) -> Request<Body> {
        if let Some((scheme, authority)) = &self.before {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(scheme.clone());
            parts.authority = Some(authority.clone());
            *request.uri_mut() = Uri::from_parts(parts).expect("scheme, authority and path make a URI");
        } else {
            request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        }
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert_with(|| self.agent.clone());
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        request
    }

    /// What the answers of a class are checked for, and how many checks stand before these.
    pub(super) fn checks(&self, class: u16) -> (&[Check], usize) {
        self.recipes.as_ref().map_or((&[], 0), |recipes| {
            (recipes.classes[usize::from(class)].checks.as_slice(), recipes.checks_before(class))
        })
    }
}

/// What the requests of a run say of their sender: a product and a comment (RFC 9110, section 10.1.5).
fn agent(run: &str) -> HeaderValue {
    const MOST: usize = 64;
    let plain = |c: char| if c.is_ascii_graphic() && !"()\\\"".contains(c) { c } else { '_' };
    let run: String = run.chars().take(MOST).map(plain).collect();
    let text = format!("loadgen/{} (run {run})", env!("CARGO_PKG_VERSION"));
    HeaderValue::from_str(&text).expect("only visible characters are left")
}

fn path(class: &str, key: u64, user: u32) -> Option<Uri> {
    format!("/c/{class}/{key}?u={user}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_request_says_who_sends_it_and_no_name_of_a_run_says_more() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(agent("shop-9am"), format!("loadgen/{version} (run shop-9am)").as_str());
        assert_eq!(
            agent("a) evil\r\nx: ü").to_str().unwrap(),
            format!("loadgen/{version} (run a__evil__x:__)")
        );
        assert_eq!(agent(&"n".repeat(1_000)).len(), format!("loadgen/{version} (run )").len() + 64);
    }

    #[tokio::test]
    async fn every_spelling_of_an_address_is_judged_by_where_it_leads() {
        let named = |host: &str| vec![format!("{host}:80")];
        for host in
            ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
        {
            let target = Target::from_url(&format!("http://{host}/"), &[]).await.unwrap();
            assert!(target.address.ip().is_loopback(), "{host}: {}", target.address);
        }
        for host in
            ["3221225985", "0xc0000201", "0300.0.2.1", "192.513", "[::ffff:192.0.2.1]", "[::ffff:c000:201]"]
        {
            let url = format!("http://{host}/");
            let fault = Target::from_url(&url, &[]).await.unwrap_err();
            let leads = matches!(fault, TargetError::NotAllowed { address, .. } if address.to_string() == "192.0.2.1");
            assert!(leads, "{host}: {fault}");
            assert!(Target::from_url(&url, &named(host)).await.is_ok(), "{host}, named");
        }
        for host in [
            "0",
            "0.0.0.0",
            "0x0",
            "2852039166",
            "0xa9fea9fe",
            "0251.254.169.254",
            "[::]",
            "[::ffff:a9fe:a9fe]",
        ] {
            let fault = Target::from_url(&format!("http://{host}/"), &named(host)).await.unwrap_err();
            assert!(matches!(fault, TargetError::Never { .. }), "{host}: {fault}");
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_answer_is_held_to_the_first() {
        let asked = Cell::new(0);
        let flipping = async |_: String| {
            asked.set(asked.get() + 1);
            let address = if asked.get() == 1 { "127.0.0.1:80" } else { "192.0.2.1:80" };
            Ok(Some(address.parse().unwrap()))
        };
        let target = Target::resolved_by("http://flip.example/", &[], flipping).await.unwrap();
        assert_eq!((target.address.to_string().as_str(), asked.get()), ("127.0.0.1:80", 1));
        // The next run asks anew, and is told that the name leads elsewhere now.
        let fault = Target::resolved_by("http://flip.example/", &[], flipping).await.unwrap_err();
        assert!(matches!(fault, TargetError::NotAllowed { .. }), "{fault}");
    }
}
