//! The arguments that say what is asked, what the answers must be, and how one speaks with the target.
use super::{Failure, args};
use crate::agents::{Asked, Task};
use crate::attack::recipe::{Check, Recipe, Recipes, Rows, Template};
use crate::attack::{Manner, Paths, Share, Target, Tls, Trust};
use crate::store;
use hyper::Method;
use hyper::header::HeaderName;
use loadpath_core::time::Span;
use loadpath_core::workload::Class;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

const MAX_FILE: u64 = 256 << 20;
/// The most requests in flight: each has a user, who is a task.
const MOST_IN_FLIGHT: usize = 10_000;
/// The most keys there are.
const MOST_KEYS: f64 = 1e9;

/// What is asked. In a path, a header and a body, {key} and {column} are filled in. What begins with "@CLASS " holds for that
/// class alone.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Requests")]
pub(super) struct RequestArgs {
    /// A class of requests, like "browse:9 GET /item/{key}": name, weight, method and path; again for more
    #[arg(long = "class", value_name = "NAME[:WEIGHT] METHOD PATH", conflicts_with_all = ["method"])]
    classes: Vec<String>,
    /// How the URL is asked [default: GET]
    #[arg(long)]
    method: Option<Method>,
    /// A header, like "accept: text/html" or "@buy content-type: application/json"; again for more
    #[arg(long = "header", value_name = "[@CLASS] NAME: VALUE")]
    headers: Vec<String>,
    /// A body, like '{"sku": "{sku}"}' or "@buy sku={sku}"
    #[arg(long = "body", value_name = "[@CLASS] TEXT")]
    bodies: Vec<String>,
    /// What answers must be, or they count as failed: "status 2xx", "header etag", "body contains TEXT", "json /id = 7"
    #[arg(long = "check", value_name = "[@CLASS] CHECK")]
    checks: Vec<String>,
    /// How many keys {key} is drawn from, numbered by popularity from 0, like 10k [default: 1]
    #[arg(long, value_parser = keys)]
    keys: Option<u64>,
    /// How unevenly they are asked for: the exponent of Zipf's law, 0 (evenly) to 4 [default: 0]
    #[arg(long, value_parser = skew, requires = "keys")]
    skew: Option<f64>,
    /// Rows that fill {column}s, in order and again: CSV with a head, or JSON lines
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The rows themselves, where somebody else has read the file.
    #[arg(skip)]
    rows: Option<String>,
    /// Which of the rows are used here.
    #[arg(skip)]
    share: Option<Share>,
}

/// How one speaks with the target.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct MannerArgs {
    /// How long opening a connection may take, TLS included [default: --timeout]
    #[arg(long, value_parser = args::timeout)]
    connect_timeout: Option<Span>,
    /// How long the first byte of an answer may take from the actual send [default: --timeout]
    #[arg(long, value_parser = args::timeout)]
    first_byte_timeout: Option<Span>,
    /// Open a new connection for every request
    #[arg(long)]
    no_keep_alive: bool,
    /// Speak HTTP/2, without asking on http: and by ALPN on https:
    #[arg(long)]
    http2: bool,
    /// Requests in flight at once on each connection of HTTP/2; --connections times these are in flight at most [default: 1]
    #[arg(long, value_name = "COUNT", requires = "http2", conflicts_with = "no_keep_alive", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    streams: Option<u16>,
    /// Trust the certificates in this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with_all = ["insecure"])]
    ca: Option<PathBuf>,
    /// Trust anyone: for a self-signed target of your own
    #[arg(long)]
    insecure: bool,
}

impl MannerArgs {
    /// Whether it says whom to trust, which an agent says itself.
    pub(super) const fn says_whom_to_trust(&self) -> bool {
        self.ca.is_some() || self.insecure
    }

    /// How agents speak with their target, who say themselves whom they trust.
    pub(super) fn of_agents(&self) -> Manner {
        Manner {
            tls: None,
            http2: self.http2,
            streams: usize::from(self.streams.unwrap_or(1)),
            close: self.no_keep_alive,
            connect_timeout: self.connect_timeout,
            first_byte_timeout: self.first_byte_timeout,
        }
    }

    /// Whether several requests are to be in flight on a connection.
    pub(super) const fn shares_connections(&self) -> bool {
        matches!(self.streams, Some(2..))
    }

    /// Whether so many connections carry no more requests than one process can have in flight.
    pub(super) fn fits(&self, connections: usize) -> Result<(), Failure> {
        let streams = usize::from(self.streams.unwrap_or(1));
        if streams == 1 || connections * streams <= MOST_IN_FLIGHT {
            return Ok(());
        }
        Err(Failure::Input(format!(
            "{connections} connections with {streams} requests on each are too many: {MOST_IN_FLIGHT} are the most in flight; \
             lower --connections or --streams"
        )))
    }

    /// What an agent is told, with whom its owner trusts.
    pub(super) fn of(task: &Task, ca: Option<PathBuf>, insecure: bool) -> Self {
        Self {
            connect_timeout: task.connect_timeout,
            first_byte_timeout: task.first_byte_timeout,
            no_keep_alive: task.close,
            http2: task.http2,
            streams: u16::try_from(task.streams).ok(),
            ca,
            insecure,
        }
    }

    /// How one speaks with this target.
    pub(super) fn manner(&self, target: &Target) -> Result<Manner, Failure> {
        let trust = match &self.ca {
            Some(file) => Trust::File(file),
            None if self.insecure => Trust::Anyone,
            None => Trust::System,
        };
        if !target.secure && (self.insecure || self.ca.is_some()) {
            let why = "--ca and --insecure are of use with an https: URL only: leave them out";
            return Err(Failure::Input(why.to_owned()));
        }
        if self.insecure {
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(
                std::io::stderr(),
                "loadgen: WARNING: --insecure: whoever answers at {} is believed to be it; no certificate is checked",
                target.host
            );
        }
        let tls = target.secure.then(|| Tls::new(&target.host, trust, self.http2).map_err(Failure::Input));
        Ok(Manner { tls: tls.transpose()?, ..self.of_agents() })
    }
}

/// A class that is being put together.
struct Draft {
    name: String,
    weight: f64,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, String)>,
    body: String,
    checks: Vec<Check>,
}

impl RequestArgs {
    /// The same, as agents are told.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        let Self { classes, headers, bodies, checks, keys, skew, .. } = self;
        Ok(Asked {
            classes: classes.clone(),
            method: self.method.as_ref().map(ToString::to_string),
            headers: headers.clone(),
            bodies: bodies.clone(),
            checks: checks.clone(),
            keys: *keys,
            skew: *skew,
            rows: self.text()?,
        })
    }

    /// What an agent is told to ask, its share of it.
    ///
    /// # Errors
    /// A sentence, when no command line could ask for that.
    pub(super) fn of(asked: &Asked, share: Share) -> Result<Self, String> {
        let Asked { classes, method, headers, bodies, checks, keys: drawn, skew: uneven, rows } =
            asked.clone();
        let method = method.map(|method| method.parse().map_err(|_| format!("{method} is no method")));
        Ok(Self {
            classes,
            method: method.transpose()?,
            headers,
            bodies,
            checks,
            keys: drawn.map(|count| keys(&count.to_string())).transpose()?,
            skew: uneven.map(|exponent| skew(&exponent.to_string())).transpose()?,
            data: None,
            rows,
            share: Some(share),
        })
    }

    /// The classes, with what they ask put into the target. A plain GET stays one.
    pub(super) fn classes(&self, target: &mut Target) -> Result<Vec<Class>, Failure> {
        let path = target.path().to_owned();
        let all = [&self.classes, &self.headers, &self.bodies, &self.checks];
        let plain = all.iter().all(|given| given.is_empty())
            && self.method.is_none()
            && self.data.is_none()
            && self.rows.is_none();
        if plain && !path.contains('{') {
            return Ok(vec![self.class(&path, 1.0)]);
        }
        let rows = self.rows()?;
        let drafts = self.drafts(&path).map_err(Failure::Input)?;
        let names = rows.names();
        let recipes = drafts.iter().map(|draft| draft.recipe(&names)).collect::<Result<_, _>>();
        let recipes = recipes.and_then(|recipes| Recipes::new(recipes, rows));
        let recipes = recipes
            .map(|recipes| recipes.shared(self.share.unwrap_or(Share::WHOLE)))
            .map_err(Failure::Input)?;
        target.paths = Paths::Recipes(path, Arc::new(recipes));
        Ok(drafts.iter().map(|draft| self.class(&draft.name, draft.weight)).collect())
    }

    fn class(&self, name: &str, weight: f64) -> Class {
        let (keys, skew) = (self.keys.unwrap_or(1), self.skew.unwrap_or(0.0));
        Class { weight, keys, skew, ..Class::named(name) }
    }

    fn rows(&self) -> Result<Rows, Failure> {
        let Some(text) = self.text()? else { return Ok(Rows::default()) };
        Rows::parse(&text).map_err(|why| self.bad_rows(&why))
    }

    /// What the rows are read from.
    fn text(&self) -> Result<Option<String>, Failure> {
        let Some(file) = &self.data else { return Ok(self.rows.clone()) };
        store::read_text(file, MAX_FILE).map(Some).map_err(|fault| self.bad_rows(&fault.to_string()))
    }

    fn bad_rows(&self, why: &str) -> Failure {
        let file = self.data.as_ref().map_or_else(String::new, |file| format!(" {}", file.display()));
        Failure::Input(format!("--data{file}: {why}"))
    }

    fn drafts(&self, path: &str) -> Result<Vec<Draft>, String> {
        let mut drafts = self.classes.iter().map(|text| draft(text)).collect::<Result<Vec<_>, _>>()?;
        if drafts.is_empty() {
            drafts.push(Draft::new(path, 1.0, self.method.clone().unwrap_or(Method::GET), path.to_owned()));
        } else if path != "/" {
            return Err(format!("the classes have their own paths: leave {path} out of the URL"));
        }
        if let Some(twice) =
            drafts.iter().enumerate().find(|(at, d)| drafts[..*at].iter().any(|o| o.name == d.name))
        {
            return Err(format!("two classes are called {}", twice.1.name));
        }
        for text in &self.headers {
            each(&mut drafts, "--header", text, |draft, text| {
                draft.headers.push(header(text)?);
                Ok(())
            })?;
        }
        for text in &self.bodies {
            each(&mut drafts, "--body", text, |draft, text| {
                text.clone_into(&mut draft.body);
                Ok(())
            })?;
        }
        for text in &self.checks {
            each(&mut drafts, "--check", text, |draft, text| {
                draft.checks.push(text.parse()?);
                Ok(())
            })?;
        }
        Ok(drafts)
    }
}

/// Does something with every draft, or with the one that the text names, and the rest of the text.
fn each(
    drafts: &mut [Draft],
    argument: &str,
    text: &str,
    mut act: impl FnMut(&mut Draft, &str) -> Result<(), String>,
) -> Result<(), String> {
    let named = text.strip_prefix('@').and_then(|rest| rest.split_once(' '));
    let (class, text) = named.map_or((None, text), |(class, text)| (Some(class), text));
    let mut found = false;
    for draft in drafts.iter_mut().filter(|draft| class.is_none_or(|class| draft.name == class)) {
        found = true;
        act(draft, text).map_err(|why| format!("{argument}: {why}"))?;
    }
    if found { Ok(()) } else { Err(format!("{argument}: no class is called {}", class.unwrap_or_default())) }
}

impl Draft {
    fn new(name: &str, weight: f64, method: Method, path: String) -> Self {
        let (headers, checks) = (Vec::new(), Vec::new());
        Self { name: name.to_owned(), weight, method, path, headers, body: String::new(), checks }
    }

    fn recipe(&self, names: &[String]) -> Result<Recipe, String> {
        let headers =
            self.headers.iter().map(|(name, text)| Ok((name.clone(), Template::parse(text, names)?)));
        Ok(Recipe {
            method: self.method.clone(),
            path: Template::parse(&self.path, names)?,
            headers: headers.collect::<Result<_, String>>()?,
            body: Template::parse(&self.body, names)?,
            checks: self.checks.clone(),
        })
    }
}

fn draft(text: &str) -> Result<Draft, String> {
    let fault = || {
        format!(
            "--class: \"{text}\" is not a class: write NAME[:WEIGHT] METHOD /PATH, like \"buy:1 POST /cart\""
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, method, path] = words.as_slice() else { return Err(fault()) };
    let (name, weight) = name.split_once(':').unwrap_or((name, "1"));
    let weight: f64 = weight.parse().map_err(|_| fault())?;
    let method = Method::from_str(method).map_err(|_| fault())?;
    let known = name.len() <= 64 && !name.is_empty();
    let weighs = weight > 0.0 && weight <= 1e6;
    if known && weighs && path.starts_with('/') {
        Ok(Draft::new(name, weight, method, (*path).to_owned()))
    } else {
        Err(fault())
    }
}

fn header(text: &str) -> Result<(HeaderName, String), String> {
    let fault = || format!("\"{text}\" is not a header: write it like accept: text/html");
    let (name, value) = text.split_once(':').ok_or_else(fault)?;
    let name = HeaderName::from_str(name.trim()).map_err(|_| fault())?;
    if ["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
        return Err(format!("{name} is what the connection says itself: leave it out"));
    }
    Ok((name, value.trim().to_owned()))
}

fn keys(text: &str) -> Result<u64, String> {
    let fault = || format!("\"{text}\" is not a number of keys from 1 to 1G: write it like 500, 10k or 2M");
    let (number, scale) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 1e3),
        Some(b'M') => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    let keys = number.parse::<f64>().map_err(|_| fault())? * scale;
    if (1.0..=MOST_KEYS).contains(&keys) { Ok(keys as u64) } else { Err(fault()) }
}

fn skew(text: &str) -> Result<f64, String> {
    let skew = text.parse().ok().filter(|skew| (0.0..=4.0).contains(skew));
    skew.ok_or_else(|| format!("\"{text}\" is not a number from 0 to 4"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        requests: RequestArgs,
    }

    fn made(url_path: &str, words: &[&str]) -> Result<(Vec<Class>, Target), String> {
        let words =
            Words::try_parse_from(std::iter::once(&"run").chain(words)).map_err(|fault| fault.to_string())?;
        let mut target = Target::plain(([127, 0, 0, 1], 80).into(), Paths::Plain(url_path.to_owned()));
        let classes = words.requests.classes(&mut target).map_err(|fault| fault.to_string())?;
        Ok((classes, target))
    }

    #[test]
    fn classes_have_their_own_headers_bodies_and_checks() {
        let words = [
            "--class",
            "browse:9 GET /item/{key}",
            "--class",
            "buy POST /cart",
            "--keys",
            "10k",
            "--skew",
            "0.99",
            "--header",
            "accept: */*",
            "--header",
            "@buy content-type: application/json",
            "--body",
            "@buy {\"k\": {key}}",
            "--check",
            "status 2xx",
            "--check",
            "@buy json /ok = true",
        ];
        let (classes, target) = made("/", &words).unwrap();
        let weights: Vec<_> = classes.iter().map(|c| (c.name.as_str(), c.weight, c.keys, c.skew)).collect();
        assert_eq!(weights, [("browse", 9.0, 10_000, 0.99), ("buy", 1.0, 10_000, 0.99)]);
        let Paths::Recipes(_, recipes) = &target.paths else { panic!("{target:?}") };
        let buy = recipes.classes[1].request(&["7"]).unwrap();
        assert_eq!((buy.method().as_str(), buy.uri().path(), buy.headers().len()), ("POST", "/cart", 2));
        let browse = recipes.classes[0].request(&["7"]).unwrap();
        assert_eq!((browse.uri().path(), browse.headers().len()), ("/item/7", 1));
        assert_eq!(
            recipes.checks().map(ToString::to_string).collect::<Vec<_>>(),
            ["status 200..299", "status 200..299", "json /ok = true"]
        );
        assert!(matches!(made("/x", &[]).unwrap().1.paths, Paths::Plain(_)));
    }

    #[test]
    fn what_cannot_be_asked_gets_a_sentence() {
        for (path, words, says) in [
            ("/", &["--class", "a GET item"][..], "is not a class"),
            ("/", &["--class", "a GET /", "--class", "a GET /b"], "two classes are called a"),
            ("/x", &["--class", "a GET /"], "leave /x out"),
            ("/{sku}", &[], "nothing is called {sku}; there is {key}"),
            ("/", &["--header", "nonsense"], "is not a header"),
            ("/", &["--header", "connection: close"], "leave it out"),
            ("/", &["--header", "x: a\u{7}b"], "control characters"),
            ("/", &["--check", "@b status 200"], "no class is called b"),
            ("/", &["--check", "fine"], "is not a check"),
            ("/", &["--keys", "0"], "is not a number of keys"),
            ("/", &["--keys", "5", "--skew", "9"], "from 0 to 4"),
            ("/", &["--data", "no-such.csv"], "No such file"),
        ] {
            let fault = made(path, words).unwrap_err();
            assert!(fault.contains(says), "{words:?}: {fault}");
        }
    }
}
