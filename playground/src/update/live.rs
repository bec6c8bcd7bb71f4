//! The live run: what the agent is asked, and what it tells.
use super::{fidelity, notice, simulation};
use crate::effect::Effect;
use crate::format;
use crate::model::{Agent, Model, OverTime, Stage};
use crate::msg::Msg;
use crate::run::{Figures, Measured, Subject, ToWorker};
use crate::shared::Shared;
use loadpath_core::run::Run;
use loadpath_core::time::Span;
use loadpath_core::topology::check;
use loadpath_core::wire::{Event, Phase, StartRun, Status};

/// How often an agent is asked whether it is still there, or is back, in milliseconds.
const ASKED_EVERY_MS: u32 = 2_000;

/// The agent answered, or there is none.
pub(super) fn agent(model: &mut Model, status: Option<Status>) -> Vec<Effect> {
    let was = std::mem::replace(&mut model.agent, Agent::Absent);
    let Some(status) = status else {
        return match was {
            Agent::Unknown | Agent::Absent => Vec::new(),
            Agent::Gone | Agent::Present { .. } => gone(model, was != Agent::Gone),
        };
    };
    model.agent = Agent::Present { version: status.version, caps: status.caps };
    let mut effects = vec![ask_later(model, ASKED_EVERY_MS)];
    if was == Agent::Gone {
        let text =
            "The agent is back. If it was started anew, open the address that it printed to measure with it.";
        effects.extend(notice(model, false, text.to_owned()));
    }
    match status.running {
        // A run from before a reload, or of another tab: follow it.
        Some(id) if model.live.id.as_ref() != Some(&id) => effects.extend(started(model, id)),
        _ => {}
    }
    effects
}

fn gone(model: &mut Model, is_news: bool) -> Vec<Effect> {
    model.agent = Agent::Gone;
    let mut effects = vec![ask_later(model, ASKED_EVERY_MS)];
    if is_news {
        let text = "The agent does not answer. Everything but live runs goes on, and this page sees by itself when it is back.";
        effects.extend(notice(model, true, text.to_owned()));
    }
    effects
}

/// One asking waits at a time: an answer that comes in between puts it off.
fn ask_later(model: &mut Model, ms: u32) -> Effect {
    model.live.asking = model.live.asking.wrapping_add(1);
    Effect::After { ms, msg: Box::new(Msg::AgentDue(model.live.asking)) }
}

pub(super) fn due(model: &Model, asking: u32) -> Vec<Effect> {
    if model.live.asking == asking { vec![Effect::AskAgent] } else { Vec::new() }
}

/// The one-time code was exchanged, or was not.
pub(super) fn token(model: &mut Model, token: Result<String, String>) -> Vec<Effect> {
    match token {
        Ok(token) => {
            model.token = Some(token.clone());
            vec![Effect::KeepToken(token)]
        }
        // After a reload of the first address the code is spent, but the token is kept.
        Err(_) if model.token.is_some() => Vec::new(),
        Err(error) => notice(model, true, format!("Live runs are not possible from this page: {error}.")),
    }
}

pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    let Some(token) = model.token.clone() else { return Vec::new() };
    if model.live.stage != Stage::None || !model.faults.is_empty() {
        return Vec::new();
    }
    model.dialog = None;
    model.live.stage = Stage::Starting;
    model.live.id = None;
    let run = StartRun {
        document: (*model.document).clone(),
        duration: Span::from_millis(u64::from(model.live.seconds) * 1_000),
        seed: crate::run::SEED,
    };
    vec![Effect::StartRun { token, run: Box::new(run) }]
}

pub(super) fn started(model: &mut Model, id: String) -> Vec<Effect> {
    let rate = check(&model.document).map_or(0.0, |plan| plan.arrivals.rate);
    model.live.stage = Stage::Starting;
    show(model, Measured::new(&model.document.name, rate));
    model.live.id = Some(id.clone());
    vec![Effect::Listen(id)]
}

pub(super) fn refused(model: &mut Model, error: String) -> Vec<Effect> {
    if model.live.id.is_none() {
        model.live.stage = Stage::None;
    }
    notice(model, true, error)
}

pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    let (Some(token), Some(run)) = (model.token.clone(), model.live.id.clone()) else { return Vec::new() };
    model.live.stage = Stage::Stopping;
    vec![Effect::StopRun { token, run }]
}

/// Something happened in the live run.
pub(super) fn event(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Phase { phase, text } => {
            if model.live.stage != Stage::Stopping {
                model.live.stage = Stage::Under { phase, text };
            }
            self::phase(model, phase)
        }
        Event::Interval(interval) => {
            let mut measured = so_far(model);
            measured.absorb(&interval);
            show(model, measured);
            model.over_time = OverTime::Measured;
            Vec::new()
        }
        Event::Done(run) => done(model, *run),
        Event::Failed { error } => {
            ended(model);
            let mut effects = notice(model, true, format!("The live run failed: {error}."));
            effects.push(Effect::StopListening);
            effects
        }
    }
}

fn done(model: &mut Model, run: Run) -> Vec<Effect> {
    let all = run.response();
    let rate = format::rate(run.achieved_rate());
    let text = if all.is_empty() {
        "Nothing was answered.".to_owned()
    } else {
        let p99 = format::seconds(all.quantile(0.99).as_secs());
        format!("Measured for {}: {rate}, p99 {p99}.", format::seconds(run.duration.as_secs()))
    };
    show(model, Measured::done(run));
    fidelity::judge(model);
    let score = model.live.fidelity.as_deref().and_then(|fidelity| fidelity.simulated_score);
    let score = score.map_or_else(String::new, |score| format!(" Fidelity {score:.0} of 100."));
    let text = format!("{text}{score} The run is kept.");
    ended(model);
    let mut effects = notice(model, false, text);
    effects.push(Effect::StopListening);
    effects
}

fn phase(model: &mut Model, phase: Phase) -> Vec<Effect> {
    match phase {
        Phase::Driving => {
            let mut measured = so_far(model);
            let warm_up = measured.duration();
            measured.reset_statistics();
            show(model, measured);
            simulation::run_beside(model, warm_up)
        }
        // The simulation has run beside it until now; later it would have seen more.
        Phase::TakingDown => vec![Effect::Worker(ToWorker::Report)],
        Phase::BringingUp | Phase::WarmingUp => Vec::new(),
    }
}

fn so_far(model: &Model) -> Measured {
    let measured = model.live.measured.as_deref();
    measured.cloned().unwrap_or_else(|| Measured::new(&model.document.name, 0.0))
}

/// Shows a measurement, and cuts its figures.
pub(super) fn show(model: &mut Model, measured: Measured) {
    model.live.all = Figures::of(&measured.run, &Subject::All).map(Shared::new);
    model.live.measured = Some(Shared::new(measured));
    model.live.fidelity = None;
    cut(model);
}

/// Cuts the measured figures of the subject.
pub(super) fn cut(model: &mut Model) {
    let measured = model.live.measured.as_deref();
    model.live.figures = measured.and_then(|m| Figures::of(&m.run, &model.subject)).map(Shared::new);
}

fn ended(model: &mut Model) {
    model.live.stage = Stage::None;
    model.live.id = None;
}

/// The stream broke and did not come back: the agent is gone.
pub(super) fn lost(model: &mut Model) -> Vec<Effect> {
    if model.live.stage == Stage::None {
        return Vec::new();
    }
    ended(model);
    let text = "The agent does not answer any more; what was measured until then is shown. \
                Start it again with cargo xtask play.";
    let mut effects = notice(model, true, text.to_owned());
    effects.push(Effect::StopListening);
    effects.push(Effect::AskAgent);
    effects
}
