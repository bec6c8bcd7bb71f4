//! Journeys in a closed loop: each user goes from step to step, thinks in between, and carries along what answers said.
use super::clients::{self, Wire};
use super::connection::{Message, Reading};
use super::recipe::{Check, KEY, Recipe, Template, text_of};
use super::{Attack, Paths, Shared};
use crate::measure::{Ending, Sample};
use crate::timer::Timer;
use hyper::header::{COOKIE, HeaderName, HeaderValue, SET_COOKIE};
use hyper::{HeaderMap, Method};
use loadpath_core::dist::{Law, Sampler};
use loadpath_core::rng::Rng;
use loadpath_core::run::Outcome;
use loadpath_core::time::Time;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of the user's number in every template.
const USER: &str = "user";
/// What is noted of journeys that did not reach their end, after their count, and of their other steps.
pub(crate) const BROKEN_OFF: &str = "journeys were broken off at a step that did not end well";
pub(crate) const STEPS_LEFT: &str = "steps of journeys that were broken off were not sent";
/// More steps make no journey.
const MOST_STEPS: usize = 100;

/// What users do, again and again.
#[derive(Debug)]
pub struct Journey {
    /// In order; at least one.
    pub steps: Vec<Step>,
    /// Whether users keep the cookies that they are given, until their journey begins anew.
    pub cookies: bool,
    /// What is carried: the user's number, and what steps take from answers.
    names: Vec<String>,
    /// How many journeys ended before their last step, and how many steps were not sent therefore.
    broken: AtomicU64,
    not_sent: AtomicU64,
}

/// A step of a journey.
#[derive(Debug)]
pub struct Step {
    /// What reports call it.
    pub name: String,
    pub(super) recipe: Recipe,
    /// How long a user thinks before it.
    think: Sampler,
    take: Vec<Take>,
}

/// What is taken from an answer.
#[derive(Debug)]
struct Take {
    /// Its place among the names.
    into: usize,
    from: From,
}

#[derive(Debug)]
enum From {
    Json(String),
    Header(HeaderName),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JourneyText {
    #[serde(default)]
    think: Option<String>,
    #[serde(default)]
    cookies: bool,
    steps: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    name: String,
    #[serde(default)]
    method: Option<String>,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    check: Vec<String>,
    #[serde(default)]
    take: BTreeMap<String, String>,
    #[serde(default)]
    think: Option<String>,
}

impl Journey {
    /// Reads a journey file.
    ///
    /// # Errors
    /// A sentence that says where, when it is not one.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let written: JourneyText =
            serde_json::from_str(text).map_err(|fault| format!("this is not a journey: {fault}"))?;
        if written.steps.is_empty() || written.steps.len() > MOST_STEPS {
            return Err(format!("\"steps\": a journey has from 1 to {MOST_STEPS} steps"));
        }
        let think =
            law(written.think.as_deref().unwrap_or("0s")).map_err(|why| format!("\"think\": {why}"))?;
        let mut names = vec![USER.to_owned()];
        let mut steps: Vec<Step> = Vec::new();
        for (number, step) in (1..).zip(written.steps) {
            let called = format!("step {number} (\"{}\")", step.name);
            if steps.iter().any(|earlier| earlier.name == step.name) {
                return Err(format!("{called}: another step is called so"));
            }
            steps.push(Step::read(step, &think, &mut names).map_err(|why| format!("{called}, {why}"))?);
        }
        let (broken, not_sent) = Default::default();
        Ok(Self { steps, cookies: written.cookies, names, broken, not_sent })
    }

    /// The checks of all steps, and that what they take is there, as endings count them.
    pub(super) fn checks(&self) -> Vec<String> {
        let of = |step: &Step| {
            let takes = step.take.iter().map(|take| format!("{} is there", self.names[take.into]));
            step.recipe.checks.iter().map(ToString::to_string).chain(takes).collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of).collect()
    }

    /// What a reader must know of journeys that did not reach their end.
    pub(super) fn notes(&self) -> Vec<String> {
        let (broken, not_sent) = (self.broken.load(Ordering::Relaxed), self.not_sent.load(Ordering::Relaxed));
        if broken == 0 {
            return Vec::new();
        }
        vec![format!("{broken} {BROKEN_OFF}"), format!("{not_sent} {STEPS_LEFT}")]
    }
}

impl Step {
    fn read(written: StepText, think: &Sampler, names: &mut Vec<String>) -> Result<Self, String> {
        let template =
            |text: &str, field: &'static str| Template::parse(text, names).map_err(in_field(field));
        if written.name.is_empty() || written.name.len() > 64 {
            return Err("\"name\": it needs one, of 64 bytes at most".to_owned());
        }
        if !written.path.starts_with('/') {
            return Err(format!(
                "\"path\": \"{}\" does not begin with /; a journey stays on its target",
                written.path
            ));
        }
        let method = written.method.as_deref().unwrap_or("GET");
        let method = Method::from_str(method).map_err(|_| format!("\"method\": \"{method}\" is none"))?;
        let header = |(name, text): (&String, &String)| {
            let read = HeaderName::from_str(name)
                .map_err(|_| format!("\"headers\": \"{name}\" is no header's name"))?;
            Ok((read, template(text, "headers")?))
        };
        let headers = written.headers.iter().map(header).collect::<Result<_, String>>()?;
        let check = |text: &String| text.parse::<Check>().map_err(in_field("check"));
        let recipe = Recipe {
            method,
            path: template(&written.path, "path")?,
            headers,
            body: template(&written.body, "body")?,
            checks: written.check.iter().map(check).collect::<Result<_, _>>()?,
        };
        // What cannot be a request with harmless values in it cannot be one at all.
        recipe.request(&vec!["0"; names.len()])?;
        let think = match &written.think {
            Some(text) => law(text).map_err(in_field("think"))?,
            None => *think,
        };
        let take = written.take.iter().map(|(name, from)| taken(name, from, names));
        let take = take.collect::<Result<_, _>>().map_err(in_field("take"))?;
        Ok(Self { name: written.name, recipe, think, take })
    }
}

/// A fault with the field that it is in.
fn in_field(field: &'static str) -> impl Fn(String) -> String {
    move |why| format!("\"{field}\": {why}")
}

fn law(text: &str) -> Result<Sampler, String> {
    text.parse::<Law>().map(|law| law.sampler()).map_err(|fault| fault.to_string())
}

/// Reads "json /token" or "header location", and makes room for the name.
fn taken(name: &str, from: &str, names: &mut Vec<String>) -> Result<Take, String> {
    let fault =
        || format!("\"{name}\": \"{from}\" is nothing to take: write \"json /a/b\" or \"header NAME\"");
    if [USER, KEY].contains(&name) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(format!("\"{name}\" cannot be the name of what is carried"));
    }
    let from = match from.split_once(' ').ok_or_else(fault)? {
        ("json", pointer) if pointer.starts_with('/') => From::Json(pointer.to_owned()),
        ("header", header) => From::Header(HeaderName::from_str(header.trim()).map_err(|_| fault())?),
        _ => return Err(fault()),
    };
    let into = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    Ok(Take { into, from })
}

impl From {
    fn find(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        match self {
            Self::Header(name) => Some(headers.get(name)?.to_str().ok()?.to_owned()),
            Self::Json(pointer) => {
                let json: serde_json::Value = serde_json::from_slice(body).ok()?;
                json.pointer(pointer).map(text_of)
            }
        }
    }
}

/// A user on its journeys.
struct Traveller<'a> {
    shared: &'a Shared,
    journey: &'a Journey,
    number: usize,
    wire: Wire,
    chance: Rng,
    carried: Vec<String>,
    cookies: BTreeMap<String, String>,
    hops: Vec<crate::measure::Hop>,
}

/// Runs the user of this number: until the load is over, and what it has sent has ended.
pub(super) async fn run(shared: Arc<Shared>, timer: Arc<Timer>, number: usize) {
    let Paths::Journey(_, journey) = &shared.attack.target.paths else { return };
    let mut stopped = pin!(shared.stop.cancelled());
    tokio::select! {
        biased;
        () = &mut stopped => {}
        () = travel(&shared, journey, &timer, number) => {}
    }
}

async fn travel(shared: &Shared, journey: &Journey, timer: &Timer, number: usize) {
    let Attack { seed, source, warm_up, duration, .. } = &shared.attack;
    let user = shared.share.user(number);
    let mut traveller = Traveller {
        shared,
        journey,
        number,
        wire: Wire::of_user(shared, number).await,
        chance: seed.stream(&format!("{source}/journeys/{user}")),
        carried: Vec::new(),
        cookies: BTreeMap::new(),
        hops: Vec::new(),
    };
    let mut begun = shared.begun.subscribe();
    shared.ready.add_permits(1);
    // An error says that there is nobody left to begin.
    let Ok(start) = begun.wait_for(Option::is_some).await.map(|start| start.unwrap_or(Time::ZERO)) else {
        return;
    };
    let end = start + *warm_up + *duration;
    let mut at = start;
    loop {
        traveller.carried = vec![String::new(); journey.names.len()];
        traveller.carried[0] = user.to_string();
        traveller.cookies.clear();
        for place in 0..journey.steps.len() {
            let due = at + journey.steps[place].think.sample(&mut traveller.chance);
            if due >= end {
                return;
            }
            timer.until(due).await;
            let well;
            (well, at) = traveller.step(place, due, start).await;
            if !well {
                let left = (journey.steps.len() - place - 1) as u64;
                if left > 0 {
                    journey.broken.fetch_add(1, Ordering::Relaxed);
                    journey.not_sent.fetch_add(left, Ordering::Relaxed);
                }
                break;
            }
        }
        // Who neither thinks nor waits must not keep the thread to itself.
        tokio::task::yield_now().await;
    }
}

impl Traveller<'_> {
    /// Takes the step that was due; whether it ended well, and when.
    async fn step(&mut self, place: usize, due: Time, start: Time) -> (bool, Time) {
        let (shared, journey) = (self.shared, self.journey);
        let step = &journey.steps[place];
        shared.recorder.due(std::iter::once(due.since(start)));
        self.hops.clear();
        let checks_before = journey.steps[..place].iter().map(|s| s.recipe.checks.len() + s.take.len()).sum();
        let reading = Reading {
            clock: shared.clock,
            nodes: &shared.attack.nodes,
            checks: &step.recipe.checks,
            checks_before,
            first_byte: shared.attack.manner.first_byte_timeout,
            keeps: journey.cookies || !step.take.is_empty(),
        };
        let sent = shared.clock.now();
        let deadline = due + shared.attack.timeout;
        let (mut ending, mut first_byte, end) = match self.message(place) {
            // What an answer brought cannot stand in a header.
            Err(_) => (Ending::NotARequest, None, sent),
            Ok(message) => {
                let wire = &mut self.wire;
                let exchanged =
                    clients::exchange_by(shared, deadline, wire, message, reading, &mut self.hops).await;
                let end = shared.clock.now().min(deadline);
                let ending = match exchanged.kept {
                    Some((headers, body)) => {
                        self.keep(place, checks_before, exchanged.ending, &headers, &body)
                    }
                    None => exchanged.ending,
                };
                (ending, exchanged.first_byte, end)
            }
        };
        if end >= deadline {
            (ending, first_byte) = (Ending::TimedOut, None);
        }
        let sample = Sample { class: place as u16, due, sent, first_byte, end, ending, waited: false };
        shared.recorder.record(self.number, sample, &self.hops);
        (ending.outcome() == Outcome::Ok, end)
    }

    /// The request of a step, with what is carried.
    fn message(&self, place: usize) -> Result<Message, String> {
        let requests = &self.shared.requests;
        if self.cookies.is_empty()
            && let Some(message) = requests.constant(place as u16)
        {
            return Ok(message);
        }
        let values: Vec<&str> = self.carried.iter().map(String::as_str).collect();
        let mut request = self.journey.steps[place].recipe.request(&values)?;
        if !self.cookies.is_empty() {
            let text: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if let Ok(value) = HeaderValue::from_str(&text.join("; ")) {
                request.headers_mut().insert(COOKIE, value);
            }
        }
        Ok(Message::One(Box::new(requests.addressed(request))))
    }

    /// Keeps what the answer of a step brought; how the step ended then.
    fn keep(
        &mut self,
        place: usize,
        before: usize,
        ending: Ending,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Ending {
        if self.journey.cookies {
            for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
                self.cookie(cookie);
            }
        }
        let step = &self.journey.steps[place];
        if ending.outcome() != Outcome::Ok {
            return ending;
        }
        for (number, take) in step.take.iter().enumerate() {
            match take.from.find(headers, body) {
                Some(found) => self.carried[take.into] = found,
                None => return Ending::CheckFailed((before + step.recipe.checks.len() + number) as u16),
            }
        }
        ending
    }

    /// A cookie holds for the whole target until the journey ends; one that has expired is forgotten.
    fn cookie(&mut self, text: &str) {
        let mut parts = text.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let expired = |part: &str| {
            let age = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
            age.is_some_and(|(_, age)| age.trim().parse::<i64>().is_ok_and(|age| age <= 0))
        };
        if parts.any(expired) {
            self.cookies.remove(name.trim());
        } else {
            self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

impl PartialEq for Journey {
    /// A journey is only ever itself.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Journey {}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALONE, Server, attack, reply};
    use super::*;
    use crate::attack::drive;
    use loadpath_core::time::Span;
    use loadpath_core::workload::Class;
    use std::time::Duration;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    const SHOP: &str = r#"{"think": "20ms", "cookies": true, "steps": [
        {"name": "login", "method": "POST", "path": "/login", "body": "user={user}", "take": {"token": "json /token"}},
        {"name": "cart", "path": "/cart/{token}", "headers": {"x-unused": "{token}"}, "check": ["status 200"],
         "take": {"order": "header x-order"}},
        {"name": "pay", "method": "POST", "path": "/pay/{order}", "body": "{\"t\": \"{token}\"}", "think": "0s"}]}"#;

    async fn travelled(server: &Server, text: &str) -> loadpath_core::run::Run {
        let journey = Journey::from_json(text).unwrap();
        let classes = journey.steps.iter().map(|step| Class::named(&step.name)).collect();
        let attack = attack(server.target(Paths::Journey("/".to_owned(), Arc::new(journey))), classes);
        let (sender, _receiver) = mpsc::channel(64);
        drive(attack, CancellationToken::new(), sender).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_answer_says_the_next_request_brings_with_the_cookie() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |(_, path, _, body)| {
            let mut answer = reply(200, &format!("{{\"token\": \"of {body}\"}}"));
            answer.headers_mut().insert("x-order", "o-7".parse().unwrap());
            if path == "/login" {
                answer.headers_mut().insert("set-cookie", format!("session={body}; Path=/").parse().unwrap());
            }
            (Duration::from_millis(10), answer)
        })
        .await;
        let run = travelled(&server, SHOP).await;
        assert_eq!(run.outcomes().errors(), 0, "{:?}", run.notes);
        let asked = server.asked.lock().unwrap().clone();
        let user = |n: usize| format!("user={n}");
        for n in 0..4 {
            assert!(asked.contains(&("POST".into(), "/login".into(), String::new(), user(n))), "{asked:?}");
            let cookie = format!("session=user={n}");
            assert!(asked.contains(&(
                "GET".into(),
                format!("/cart/of%20user%3D{n}"),
                cookie.clone(),
                String::new()
            )));
            assert!(asked.contains(&(
                "POST".into(),
                "/pay/o-7".into(),
                cookie,
                format!("{{\"t\": \"of user={n}\"}}")
            )));
        }
        // A journey thinks twice for 20 ms and is served thrice in 10 ms or a little more: the interactive response time law.
        let (users, cycle) = (4.0, 3.0 * run.classes[0].service.mean().as_secs() + 0.040);
        let expected = users * 3.0 / cycle;
        assert!(
            (run.achieved_rate() / expected - 1.0).abs() < 0.15,
            "{} for {expected}",
            run.achieved_rate()
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_step_that_does_not_end_well_breaks_the_journey_off_and_that_is_counted() {
        let _alone = ALONE.lock().await;
        let server = Server::start(false, |_| (Duration::ZERO, reply(200, "{}"))).await;
        let run = travelled(&server, SHOP).await;
        let tried = run.classes[0].outcomes;
        assert!(
            tried.failed > 20 && tried.ok == 0 && run.classes[1].outcomes.total() == 0,
            "{:?}",
            run.notes
        );
        let says = |text: &str| run.notes.iter().any(|note| note.contains(text));
        assert!(says("the check \"token is there\" did not hold"), "{:?}", run.notes);
        let (failed, left) = (tried.failed, 2 * tried.failed);
        assert!(
            says(&format!("{failed} journeys were broken off")) && says(&format!("{left} steps")),
            "{:?}",
            run.notes
        );
        assert!(run.response().quantile(0.5) < Span::from_millis(20));
    }

    #[test]
    fn what_is_no_journey_is_told_where_and_why() {
        let step = |rest: &str| format!(r#"{{"steps": [{{"name": "a", {rest}}}]}}"#);
        for (text, says) in [
            ("hello".to_owned(), "this is not a journey: expected value at line 1"),
            (r#"{"steps": []}"#.to_owned(), "from 1 to 100 steps"),
            (r#"{"step": []}"#.to_owned(), "unknown field `step`"),
            (step(r#""path": "x""#), "step 1 (\"a\"), \"path\": \"x\" does not begin with /"),
            (step(r#""path": "http://elsewhere/""#), "stays on its target"),
            (step(r#""path": "/{token}""#), "nothing is called {token}; there is {user}"),
            (step(r#""path": "/", "think": "long""#), "\"think\": \"long\" is not a law of time"),
            (step(r#""path": "/", "take": {"t": "cookie x"}"#), "is nothing to take"),
            (step(r#""path": "/", "check": ["good"]"#), "\"check\": \"good\" is not a check"),
            (step(r#""path": "/", "headers": {"a b": ""}"#), "no header's name"),
        ] {
            let fault = Journey::from_json(&text).unwrap_err();
            assert!(fault.contains(says), "{fault}");
        }
    }
}
