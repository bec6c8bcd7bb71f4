//! The simulation's controls: pause, step, speed, its clock, the load, faults, its seed, start over.
use super::fault_menu::{self, FaultMenu};
use super::one_of::OneOf;
use crate::canvas::icon;
use crate::format;
use crate::model::Model;
use crate::msg::Msg;
use crate::run::FASTEST;
use crate::steering;
use loadpath_core::topology::parse_rate;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The speeds that can be chosen.
const SPEEDS: [(f64, &str); 7] = [
    (0.1, "0.1×"),
    (0.5, "0.5×"),
    (1.0, "1×"),
    (5.0, "5×"),
    (20.0, "20×"),
    (100.0, "100×"),
    (FASTEST, "fastest"),
];
/// Seeds that chance gives are below this: short enough to be read out.
const SEEDS: f64 = 1e6;
/// The slider's reach, in powers of ten.
const LEAST_POWER: f64 = 0.0;
const MOST_POWER: f64 = 5.0;

/// What the toolbar shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Tools {
    running: bool,
    speed: f64,
    clock: String,
    /// The power of ten that the slider is at.
    power: f64,
    rate: String,
    /// The speed that is reached, when it is less than asked for.
    behind: Option<String>,
    /// How fast it is, where it is to be as fast as possible.
    pace: Option<String>,
    seed: u64,
    is_warming: bool,
}

impl Tools {
    /// From the model.
    pub fn of(model: &Model) -> Self {
        let simulated = &model.simulated;
        let written = model.document.workload.params.get("rate").map(ToString::to_string);
        let written = written.and_then(|text| parse_rate(&text).ok());
        let snapshot = simulated.snapshot.as_deref();
        let rate =
            simulated.sliding.or(written).or_else(|| snapshot.map(|s| s.offered_rate)).unwrap_or(100.0);
        Self {
            running: simulated.running,
            speed: simulated.speed,
            clock: format::clock(snapshot.map_or(0.0, |s| s.now().as_secs())),
            power: rate.max(1e-6).log10(),
            rate: format::rate(rate),
            pace: (simulated.speed >= FASTEST && simulated.running)
                .then(|| format!("{:.0}×", simulated.pace.min(99_999.0))),
            seed: model.steering.seed,
            behind: simulated.is_behind().then(|| format!("{:.1}×", simulated.pace)),
            is_warming: simulated.document.is_some() && snapshot.is_none(),
        }
    }
}

/// What the toolbar needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What it shows.
    pub tools: Tools,
    /// The menu of faults.
    pub faults: fault_menu::Props,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The toolbar.
#[component]
pub fn Toolbar(props: &Props) -> Html {
    let Tools { running, speed, clock, power, rate, behind, pace, seed, is_warming } = &props.tools;
    let step = props.tell.reform(|_: MouseEvent| Msg::Steering(steering::Msg::Step));
    let toggle = props.tell.reform(|_: MouseEvent| Msg::TogglePlay);
    let restart = props.tell.reform(|_: MouseEvent| Msg::Restart);
    let (picture, says) = if *running { ("pause", "Pause (P)") } else { ("play", "Go on (P)") };
    html! {
        <div class="toolbar" role="toolbar" aria-label="Simulation">
            <button type="button" class="btn pri icon" id="play" aria-label={says} title={says} onclick={toggle}>
                { icon(picture, 17) }
            </button>
            { super::header::icon_button("step", "Run on for 0.1 s (.)", step, false) }
            { speeds(*speed, &props.tell) }
            <span class="clock" title="simulated time">
                { "t = " }<span id="clock">{ clock }</span>
                if *is_warming { <span class="mute">{ " warming up" }</span> }
                if let Some(pace) = behind {
                    <span class="warm-text" title="the browser cannot simulate as fast as asked">{ format!(" {pace}") }</span>
                }
                if let Some(pace) = pace { <span class="mute">{ format!(" {pace}") }</span> }
            </span>
            <label for="load">{ "Load" }</label>
            <Slider power={*power} rate={rate.clone()} tell={props.tell.clone()} />
            <b class="rate" id="load-rate">{ rate }</b>
            <FaultMenu ..props.faults.clone() />
            { seed_field(*seed, &props.tell) }
            { super::header::icon_button("restart", "Start over", restart, false) }
        </div>
    }
}

fn speeds(now: f64, tell: &Callback<Msg>) -> Html {
    let place = SPEEDS.iter().position(|(speed, _)| *speed == now).unwrap_or(SPEEDS.len());
    let names: Vec<String> = SPEEDS.iter().map(|(_, name)| (*name).to_owned()).collect();
    let chosen = super::perhaps(tell, |place: usize| SPEEDS.get(place).map(|(speed, _)| Msg::Speed(*speed)));
    html! { <OneOf id="speed" label="Speed" {names} now={place} {chosen} /> }
}

/// Where chance comes from: the same seed gives the same run.
fn seed_field(seed: u64, tell: &Callback<Msg>) -> Html {
    let onchange = super::perhaps(tell, move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let written = input.value().trim().parse().ok();
        if written.is_none() {
            input.set_value(&seed.to_string());
        }
        written.map(|seed| Msg::Steering(steering::Msg::Seed(seed)))
    });
    let random = tell
        .reform(|_: MouseEvent| Msg::Steering(steering::Msg::Seed((js_sys::Math::random() * SEEDS) as u64)));
    html! {
        <span class="seed">
            <label for="seed">{ "Seed" }</label>
            <input id="seed" type="text" inputmode="numeric" maxlength="19" autocomplete="off" value={seed.to_string()}
                title="The same design, seed and faults give the same run" {onchange} />
            { super::header::icon_button("dice", "Another seed", random, false) }
        </span>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct SliderProps {
    /// The power of ten that it is at.
    power: f64,
    rate: String,
    tell: Callback<Msg>,
}

/// The load, on a scale of powers of ten: it acts at once, and is written into the design when it is let go.
#[component]
fn Slider(props: &SliderProps) -> Html {
    let slider = use_node_ref();
    let most = MOST_POWER.max(props.power);
    {
        let slider = slider.clone();
        // How far the track is filled. A style that is set by a program is allowed where one in markup is not.
        use_effect_with(props.power, move |power| {
            if let Some(slider) = slider.cast::<HtmlInputElement>() {
                let share = (power - LEAST_POWER) / (most - LEAST_POWER);
                let set = slider
                    .style()
                    .set_property("--filled", &format!("{:.1}%", share.clamp(0.0, 1.0) * 100.0));
                set.expect("the property and its value are well-formed");
            }
        });
    }
    let oninput = props.tell.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Msg::Slide(10f64.powf(input.value_as_number()))
    });
    let onchange = props.tell.reform(|_: Event| Msg::Slid);
    html! {
        <input ref={slider} type="range" id="load" class="knob" min={LEAST_POWER.to_string()} max={most.to_string()}
            step="0.02" value={props.power.to_string()} aria-valuetext={props.rate.clone()} {oninput} {onchange} />
    }
}
