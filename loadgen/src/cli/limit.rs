//! `loadgen limit`: the highest rate at which the objectives hold, with the evidence.
use super::progress::Progress;
use super::run::{Aim, Load};
use super::shape::Rates;
use super::together::{self, TogetherArgs};
use super::{Failure, args, block_on, print, print_json, shape};
use crate::agents::Done;
use crate::attack::{Attack, Piece, Probe, Search, Shape, Verdict};
use crate::interrupt;
use crate::report::{Table, latency};
use clap::ValueEnum;
use loadpath_core::run::{Outcomes, Run};
use loadpath_core::stats::{Histogram, Precision};
use loadpath_core::time::Span;
use loadpath_core::wire::Interval;
use serde::Serialize;
use std::io::Write as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Tries one rate after the other, doubling until the objectives no longer hold and then closing in. What is found is tried
/// once more for twice as long, and lowered if that does not hold. The warm-up before each does not count.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    aim: Aim,
    /// The lowest and the highest rate that may be tried; --how soak takes one
    #[arg(long, value_parser = shape::rates, default_value = "10/s..20k/s")]
    rate: Rates,
    /// The longest acceptable 99th percentile of the response, from the planned send
    #[arg(long, value_parser = args::duration, default_value = "200ms")]
    p99: Span,
    /// The largest acceptable share of requests that do not end well
    #[arg(long, value_parser = share, default_value = "1%")]
    errors: f64,
    /// How it is looked for
    #[arg(long, value_enum, default_value = "search")]
    how: How,
    /// How close to the limit the search goes
    #[arg(long, value_parser = share, default_value = "5%")]
    within: f64,
    /// How long each rate counts; the whole of a breakpoint or a soak [default: 5s; 2m for breakpoint; 10m for soak]
    #[arg(long, value_parser = args::duration)]
    duration: Option<Span>,
    /// How long each rate runs before it counts
    #[arg(long, default_value = "1s", value_parser = args::span_within_an_hour)]
    warm_up: Span,
    #[command(flatten)]
    load: Load,
    #[command(flatten)]
    together: TogetherArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen limit --url http://127.0.0.1:8080/ --p99 200ms --errors 1%
  loadgen limit --url http://127.0.0.1:8080/ --rate 100/s..5k/s --within 2% --json
  loadgen limit --url http://127.0.0.1:8080/ --how breakpoint --rate 0..10k/s --duration 2m
  loadgen limit --url http://127.0.0.1:8080/ --how soak --rate 500/s --duration 1h
  loadgen limit --url http://10.0.0.5/ --rate 1k/s..100k/s --agents 4 --nats nats://10.0.0.2:4222   # with four of `loadgen agent --stay`

Exit codes: 0 the limit was found, or the soak held; 1 it lies outside the rates, is unsteady, or the soak did not hold.";

/// So many seconds one after the other must miss the objectives: a ramp stops there.
const BROKEN_SECONDS: usize = 3;
/// A soak is told in so many parts.
const PARTS: u64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// Rate after rate, and a confirmation
    Search,
    /// A ramp until three seconds in a row miss an objective
    Breakpoint,
    /// One rate for long; each tenth of the time must hold
    Soak,
}

/// One look at one rate.
#[derive(Debug, Serialize)]
struct Look {
    rate: f64,
    achieved_rate: f64,
    requests: u64,
    p50_ms: f64,
    p99_ms: f64,
    error_share: f64,
    held: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: String,
    confirms: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    target: String,
    p99_ms: f64,
    error_share: f64,
    verdict: String,
    /// The rate that was found, per second; none when there is none.
    limit: Option<f64>,
    looks: Vec<Look>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let found = block_on(args.find())?;
    if args.json {
        print_json(&found)?;
    } else {
        print(&found.text())?;
    }
    match found.limit {
        Some(_) => Ok(()),
        None => Err(Failure::Went(found.verdict)),
    }
}

impl Args {
    async fn find(&self) -> Result<Found, Failure> {
        let (name, target) = self.aim.target(&self.together, &self.load.manner).await?;
        let timing = (1.0, self.warm_up, Span::SECOND);
        let attack = self.load.attack(name, target, Shape::Flat, timing, &self.together)?;
        let (verdict, limit, looks) = match self.how {
            How::Search => self.search(&attack).await?,
            How::Breakpoint => self.breakpoint(attack.clone()).await?,
            How::Soak => self.soak(attack.clone()).await?,
        };
        let (p99_ms, error_share) = (self.p99.as_millis(), self.errors);
        Ok(Found { target: attack.target.to_string(), p99_ms, error_share, verdict, limit, looks })
    }

    async fn search(&self, attack: &Attack) -> Result<(String, Option<f64>, Vec<Look>), Failure> {
        let from = self.rate.low.max(1.0);
        let mut search = Search::new(from, self.rate.high.max(from), self.within.max(0.001));
        let mut looks: Vec<Look> = Vec::new();
        let each = self.duration.unwrap_or(Span(5 * Span::SECOND.0));
        while let Some(probe) = search.next() {
            let mut attack = attack.clone();
            attack.arrivals.rate = probe.rate;
            attack.duration = if probe.confirms { Span(2 * each.0) } else { each };
            attack.seed.0 += looks.len() as u64;
            let look = self.look(probe, &self.drive(attack, |_| false).await?);
            self.tell(&look);
            search.tell(probe, look.held);
            looks.push(look);
        }
        let verdict = search.verdict().expect("a search that wants no more has one");
        let (text, limit) = match verdict {
            Verdict::Limit(rate) => (format!("the objectives hold up to {rate:.1}/s, confirmed"), Some(rate)),
            Verdict::Above(rate) => {
                (format!("the objectives hold even at {rate:.1}/s: the limit lies above"), None)
            }
            Verdict::Below(rate) => {
                (format!("the objectives do not hold at {rate:.1}/s: the limit lies below"), None)
            }
            Verdict::Unsteady(rate) => (
                format!(
                    "what held once did not hold again, down to {rate:.1}/s: give each a longer --duration"
                ),
                None,
            ),
        };
        Ok((text, limit, looks))
    }

    async fn breakpoint(&self, mut attack: Attack) -> Result<(String, Option<f64>, Vec<Look>), Failure> {
        attack.duration = self.duration.unwrap_or(Span(120 * Span::SECOND.0));
        let (Rates { low, high }, duration) = (self.rate, attack.duration);
        attack.shape = Shape::Pieces(vec![Piece::line(duration, low, high)]).after(self.warm_up);
        let at = |after: Span| low + (high - low) * after.as_secs() / duration.as_secs();
        let mut looks: Vec<Look> = Vec::new();
        let warm_up = self.warm_up;
        self.drive(attack, |interval| {
            let end = interval.start + interval.length;
            if interval.start >= warm_up && end <= warm_up + duration {
                looks.push(self.second(at(interval.start.saturating_sub(warm_up)), interval));
            }
            looks.iter().rev().take_while(|look| !look.held).count() >= BROKEN_SECONDS
        })
        .await?;
        let broken = looks.iter().rev().take_while(|look| !look.held).count();
        let held = looks[..looks.len() - broken].last().map(|look| look.rate);
        Ok(match (broken >= BROKEN_SECONDS, held) {
            (true, Some(rate)) => (format!("it broke above {rate:.1}/s"), Some(rate), looks),
            (true, None) => (format!("it was broken from the first, at {low:.1}/s"), None, looks),
            (false, _) => (format!("it did not break up to {high:.1}/s"), None, looks),
        })
    }

    async fn soak(&self, mut attack: Attack) -> Result<(String, Option<f64>, Vec<Look>), Failure> {
        let rate = self.rate.high;
        if self.rate.low != rate {
            return Err(Failure::Input("--how soak: give one --rate, like 500/s".to_owned()));
        }
        attack.arrivals.rate = rate;
        attack.duration = self.duration.unwrap_or(Span(600 * Span::SECOND.0));
        // An interval is a second: no part is shorter.
        let (start, part) = (self.warm_up, (attack.duration.0 / PARTS).max(Span::SECOND.0));
        let mut parts: Vec<(Outcomes, Histogram, f64)> = Vec::new();
        self.drive(attack, |interval| {
            let Some(after) = interval.start.0.checked_sub(start.0) else { return false };
            let place = (after / part).min(PARTS - 1) as usize;
            while parts.len() <= place {
                parts.push((Outcomes::default(), Histogram::new(Precision::Fine), 0.0));
            }
            let (outcomes, response, seconds) = &mut parts[place];
            merge(interval, outcomes, response);
            *seconds += interval.length.as_secs();
            false
        })
        .await?;
        let looks: Vec<_> = parts
            .iter()
            .filter(|(.., seconds)| *seconds > 0.0)
            .map(|(outcomes, response, s)| self.judge(rate, *outcomes, response, *s))
            .collect();
        let first = looks.first().map_or(0.0, |look| look.p99_ms);
        let last = looks.last().map_or(0.0, |look| look.p99_ms);
        let missed = looks.iter().filter(|look| !look.held).count();
        let drift = format!("the p99 went from {first:.2} ms in the first part to {last:.2} ms in the last");
        Ok(match missed {
            0 => (format!("{rate:.1}/s held throughout; {drift}"), Some(rate), looks),
            n => (format!("{rate:.1}/s did not hold in {n} of {} parts; {drift}", looks.len()), None, looks),
        })
    }

    /// Drives it to its end, or until an interval is enough.
    async fn drive(&self, attack: Attack, mut enough: impl FnMut(&Interval) -> bool) -> Result<Run, Failure> {
        let stop = interrupt::token().child_token();
        let ended: CancellationToken = stop.clone();
        let searching = self.how == How::Search;
        let task = |attack: &Attack| self.load.task(&self.aim, attack);
        self.together.fits(&attack, task)?;
        let driver =
            self.together.driver("loadgen limit", attack.connections, self.quiet || searching).await?;
        let progress = Progress::new(attack.warm_up, attack.duration, self.quiet || searching);
        let (sender, mut intervals) = mpsc::channel(16);
        let watching = async {
            while let Some(interval) = intervals.recv().await {
                progress.show(&interval);
                if enough(&interval) {
                    ended.cancel();
                }
            }
        };
        let driving = driver.drive(attack, task, stop.clone(), sender);
        let (driven, ()) = tokio::join!(driving, watching);
        progress.finish();
        if interrupt::token().is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let Done { run, short } = driven.map_err(Failure::Went)?;
        // What agents did not send says nothing of the target; who was told to stop is not short of anything.
        if !stop.is_cancelled() {
            together::whole(&short)?;
        }
        Ok(run)
    }

    fn look(&self, probe: Probe, run: &Run) -> Look {
        let mut look = self.judge(probe.rate, run.outcomes(), &run.response(), run.duration.as_secs());
        look.confirms = probe.confirms;
        look
    }

    fn second(&self, rate: f64, interval: &Interval) -> Look {
        let (mut outcomes, mut response) = (Outcomes::default(), Histogram::new(Precision::Fine));
        merge(interval, &mut outcomes, &mut response);
        self.judge(rate, outcomes, &response, interval.length.as_secs())
    }

    fn judge(&self, rate: f64, outcomes: Outcomes, response: &Histogram, seconds: f64) -> Look {
        let (p99, share) = (response.quantile(0.99), outcomes.error_share());
        let mut why = Vec::new();
        if outcomes.total() == 0 && rate >= 1.0 {
            why.push("nothing ended".to_owned());
        }
        if p99 > self.p99 {
            why.push(format!("p99 above {}", self.p99));
        }
        if share > self.errors {
            why.push(format!("errors above {} %", self.errors * 100.0));
        }
        Look {
            rate,
            achieved_rate: outcomes.total() as f64 / seconds.max(1e-9),
            requests: outcomes.total(),
            p50_ms: response.quantile(0.5).as_millis(),
            p99_ms: p99.as_millis(),
            error_share: share,
            held: why.is_empty(),
            why: why.join(", "),
            confirms: false,
        }
    }

    fn tell(&self, look: &Look) {
        if !self.quiet {
            let held = if look.held { "holds" } else { "does not hold" };
            let (rate, p99, errors) = (look.rate, look.p99_ms, look.error_share * 100.0);
            // When nobody reads standard error, nobody can be told.
            let _ = writeln!(
                std::io::stderr(),
                "{rate:>9.1}/s  p99 {p99:>9.2} ms  errors {errors:>6.2} %  {held}"
            );
        }
    }
}

fn merge(interval: &Interval, outcomes: &mut Outcomes, response: &mut Histogram) {
    for class in &interval.classes {
        outcomes.merge(&class.outcomes);
        response.merge(&class.response);
    }
}

impl Found {
    fn text(&self) -> String {
        let mut table =
            Table::new(0, &["rate", "achieved", "requests", "p50", "p99", "errors", "objectives"]);
        let span = |ms: f64| latency(Span::from_secs(ms / 1e3));
        for look in &self.looks {
            let held = match (look.held, look.confirms) {
                (true, true) => "hold, confirmed".to_owned(),
                (true, false) => "hold".to_owned(),
                (false, _) => look.why.clone(),
            };
            table.row(vec![
                format!("{:.1}/s", look.rate),
                format!("{:.1}/s", look.achieved_rate),
                look.requests.to_string(),
                span(look.p50_ms),
                span(look.p99_ms),
                format!("{:.2} %", look.error_share * 100.0),
                held,
            ]);
        }
        let (target, p99, errors) = (&self.target, self.p99_ms, self.error_share * 100.0);
        format!(
            "{target}: p99 up to {p99} ms, errors up to {errors} %\n\n{}\n  {}\n",
            table.text(),
            self.verdict
        )
    }
}

/// A share like "1%" or "0.01", above zero and up to one.
fn share(text: &str) -> Result<f64, String> {
    let (number, scale) = text.trim().strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / scale);
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("\"{text}\" is not a share from 0 to 1: write it like 1% or 0.01"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::tests::{ALONE, Server, reply};
    use crate::clock::Clock;
    use clap::Parser;
    use loadpath_core::time::Time;
    use std::sync::Mutex;
    use std::time::Duration;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        args: Args,
    }

    /// One server that takes 4 ms for each: 250/s, and every request above that waits longer than the one before.
    async fn single() -> Server {
        let (clock, free) = (Clock::start(), Mutex::new(Time::ZERO));
        Server::start(false, move |_| {
            let mut free = free.lock().unwrap();
            *free = (*free).max(clock.now()) + Span::from_millis(4);
            (Duration::from_nanos(free.since(clock.now()).0), reply(200, "hi"))
        })
        .await
    }

    async fn found(line: &str) -> Found {
        let server = single().await;
        let url = format!("limit --url http://{}/ --quiet --arrivals constant {line}", server.address);
        Words::try_parse_from(url.split_whitespace()).unwrap().args.find().await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_limit_of_a_single_server_is_its_service_rate() {
        let _alone = ALONE.lock().await;
        let each =
            "--rate 50/s..2k/s --p99 200ms --duration 1s --warm-up 200ms --within 20% --connections 500";
        let found = found(each).await;
        // In 1.2 s at r the last waits 1.2 (r / 250 - 1) s: up to 292/s that is within 200 ms; a look of 2.2 s brings it to 273/s.
        let limit = found.limit.unwrap();
        assert!((200.0..=275.0).contains(&limit), "{}", found.text());
        let last = found.looks.last().unwrap();
        assert!(last.confirms && last.held && found.text().contains("hold, confirmed"), "{}", found.text());
        assert!(found.looks.iter().any(|look| !look.held && look.why.contains("p99 above 200ms")));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_ramp_stops_where_it_breaks_and_a_soak_tells_its_tenths() {
        let _alone = ALONE.lock().await;
        let line =
            "--how breakpoint --rate 0..600/s --p99 200ms --duration 12s --warm-up 0s --connections 500";
        let broken = found(line).await;
        // Half a second into overload, at 275/s and more, who waits is beyond the objective.
        let limit = broken.limit.unwrap();
        assert!((200.0..=350.0).contains(&limit), "{}", broken.text());
        assert!(broken.looks.len() < 11, "it stopped there: {}", broken.text());
        let soak = found("--how soak --rate 50/s --duration 3s --warm-up 0s").await;
        assert_eq!(soak.limit, Some(50.0), "{}", soak.text());
        assert!(soak.verdict.contains("first part"), "{}", soak.verdict);
    }

    #[test]
    fn shares_are_read_with_and_without_a_percent_sign() {
        assert_eq!((share("1%"), share("0.25")), (Ok(0.01), Ok(0.25)));
        assert!(share("101%").is_err() && share("few").is_err() && share("-1%").is_err());
    }
}
