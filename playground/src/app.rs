//! The root of the page: it holds the model, gives every message to the reducer, has effects carried out, and draws.
use crate::announce;
use crate::canvas::{Canvas, Minimap, faces, icon, on_canvas};
use crate::effect::{self, Effect, Shell};
use crate::keys::{self, Key};
use crate::model::{Dialog, Model, Stage};
use crate::msg::Msg;
use crate::panel::{
    Banner, Compare, Empty, Header, Inspected, Inspector, KeysDialog, Kpis, LiveDialog, Notices, Outline,
    OverTimePanel, Palette, Percentiles, SkipLinks, Toolbar, Tools,
};
use crate::shared::Shared;
use crate::tool::Pointer;
use crate::update::{open, update};
use gloo::events::{EventListener, EventListenerOptions};
use loadpath_core::topology::Topology;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, HtmlInputElement, KeyboardEvent, PointerEvent, Window};
use yew::prelude::*;

/// With more edges than this, traffic is shown without motion.
const MOST_FLOWS: usize = 150;

/// The page.
pub struct App {
    model: Model,
    shell: Shell,
    tell: Callback<Msg>,
    /// What is to be drawn past the virtual DOM as soon as there is one.
    first: Vec<Effect>,
    /// What has changed, for those who hear the page.
    said: String,
    _listeners: Vec<EventListener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let tell = ctx.link().callback(|msg| msg);
        let (model, effects) = open(&effect::startup());
        let mut shell = Shell::new(tell.clone());
        let (first, now) = effects.into_iter().partition(|effect| matches!(effect, Effect::Draw(_)));
        let now: Vec<Effect> = now;
        now.into_iter().for_each(|effect| shell.carry_out(effect));
        let listeners = listen(&tell);
        Self { model, shell, tell, first, said: String::new(), _listeners: listeners }
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        // A pointer that only moves draws by itself, unless it begins or ends a gesture.
        let is_motion = matches!(msg, Msg::Pointer(Pointer::Moved { .. }) | Msg::Wheel(_) | Msg::Rested(_));
        let before = (std::mem::discriminant(&self.model.tool), self.model.selection.clone());
        let (document, running) = (self.model.document.clone(), self.model.simulated.running);
        let effects = update(&mut self.model, msg);
        self.listen_in(&document, running);
        effects.into_iter().for_each(|effect| self.shell.carry_out(effect));
        !is_motion || before != (std::mem::discriminant(&self.model.tool), self.model.selection.clone())
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let (model, tell) = (&self.model, &self.tell);
        let faces = faces(model);
        let inspected = Inspected::of(model, &faces.0);
        let class = classes!("sheet", model.inspect.sheet.then_some("up"));
        html! {<>
            <SkipLinks />
            <Header name={model.document.name.clone()} kpis={Kpis::of(model)} stage={model.live.stage.clone()}
                can={(model.history.can_undo(), model.history.can_redo())} tell={tell.clone()} />
            <main class="board">{ board(model, Shared::new(faces), tell) }</main>
            <div {class}>
                { handle(model, tell) }
                <Inspector {inspected} tell={tell.clone()} />
            </div>
            <footer id="charts" tabindex="-1" aria-label="Charts">
                <OverTimePanel ..crate::panel::over_time(model, tell) />
                <Percentiles ..crate::panel::percentiles(model, tell) />
                <Compare ..crate::panel::compare(model, tell) />
            </footer>
            <div id="said" class="unseen" role="status" aria-live="polite">{ &self.said }</div>
            <Notices notices={model.notices.clone()} tell={tell.clone()} />
            { dialog(model, tell) }
            { file_input(tell) }
        </>}
    }

    fn rendered(&mut self, _: &Context<Self>, first_render: bool) {
        std::mem::take(&mut self.first).into_iter().for_each(|effect| self.shell.carry_out(effect));
        if first_render && !self.model.document.nodes.is_empty() {
            let performance = web_sys::window().and_then(|window| window.performance());
            // A browser without marks shows the page all the same.
            let _ = performance.map(|performance| performance.mark("loadpath:first-topology"));
        }
    }
}

impl App {
    /// Says what a message has changed.
    fn listen_in(&mut self, before: &Shared<Topology>, was_running: bool) {
        let model = &self.model;
        if *before != model.document
            && let Some(told) = announce::difference(before, &model.document)
        {
            self.said = told;
        }
        if was_running != model.simulated.running {
            self.said = if was_running { "Paused" } else { "Running" }.to_owned();
        }
    }
}

/// What pulls the inspector up on a phone, where it is a sheet.
fn handle(model: &Model, tell: &Callback<Msg>) -> Html {
    let onclick = tell.reform(|_: MouseEvent| Msg::Inspect(crate::inspect::Msg::Sheet));
    let is_up = model.inspect.sheet;
    let text = if is_up { "Hide details" } else { "Details" };
    html! {
        <button type="button" id="sheet-handle" class="sheet-handle" aria-expanded={is_up.to_string()}
            aria-controls="inspector" {onclick}>{ text }</button>
    }
}

fn board(
    model: &Model,
    faces: Shared<(Vec<crate::canvas::Face>, Vec<crate::canvas::EdgeFace>)>,
    tell: &Callback<Msg>,
) -> Html {
    let zoom = |factor: f64| tell.reform(move |_: MouseEvent| Msg::Zoom(factor));
    let fit = tell.reform(|_: MouseEvent| Msg::Fit);
    // Beside a live run the processor belongs to what is measured; and what moves must be drawn again and again.
    let is_calm = model.live.stage == Stage::None && model.document.edges.len() <= MOST_FLOWS;
    let flows = model.simulated.running && model.simulated.snapshot.is_some() && is_calm;
    html! {<>
        <Canvas document={model.document.clone()} scene={model.scene.clone()} {faces} {flows}
            selection={model.selection.clone()} targets={model.targets.clone()} pans={model.space} tell={tell.clone()} />
        <Outline document={model.document.clone()} faults={model.faults.clone()} selection={model.selection.clone()} tell={tell.clone()} />
        <Palette tell={tell.clone()} />
        <Banner ..crate::panel::banner(model, tell) />
        if model.document.nodes.is_empty() { <Empty tell={tell.clone()} /> }
        <div class="corner">
            <Minimap scene={model.scene.clone()} tell={tell.clone()} />
            <div class="zoom" role="group" aria-label="Zoom">
                <button type="button" aria-label="Smaller" title="Smaller (−)" onclick={zoom(1.0 / 1.2)}>{ icon("minus", 14) }</button>
                <span id="zoom-level" />
                <button type="button" aria-label="Larger" title="Larger (+)" onclick={zoom(1.2)}>{ icon("plus", 14) }</button>
                <button type="button" aria-label="Show all" title="Show all (1)" onclick={fit}>{ icon("fit", 14) }</button>
            </div>
        </div>
        <Toolbar tools={Tools::of(model)} tell={tell.clone()} />
    </>}
}

fn dialog(model: &Model, tell: &Callback<Msg>) -> Html {
    match model.dialog {
        Some(Dialog::Live) => html! { <LiveDialog ..crate::panel::live_dialog(model, tell) /> },
        Some(Dialog::Keys) => html! { <KeysDialog tell={tell.clone()} /> },
        None => Html::default(),
    }
}

/// The input behind "Import": the browser opens its dialog for files from one.
fn file_input(tell: &Callback<Msg>) -> Html {
    let onchange = {
        let tell = tell.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.item(0)) {
                effect::read_file(tell.clone(), &file);
            }
            // The same file may be chosen again.
            input.set_value("");
        })
    };
    html! { <input type="file" id="file" accept=".json,application/json" hidden=true {onchange} /> }
}

/// What happens to the page as a whole.
fn listen(tell: &Callback<Msg>) -> Vec<EventListener> {
    let window = web_sys::window().expect("the page runs in a window");
    let on = |name: &'static str, msg: fn(&Window, &Event) -> Option<Msg>| {
        let (tell, at) = (tell.clone(), window.clone());
        EventListener::new_with_options(
            &window,
            name,
            EventListenerOptions { passive: false, ..EventListenerOptions::default() },
            move |event| {
                if let Some(msg) = msg(&at, event) {
                    tell.emit(msg);
                }
            },
        )
    };
    let drop = {
        let tell = tell.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(&window, "drop", options, move |event| {
            event.prevent_default();
            let files =
                event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer).and_then(|data| data.files());
            if let Some(file) = files.and_then(|files| files.item(0)) {
                effect::read_file(tell.clone(), &file);
            }
        })
    };
    vec![
        on("pointermove", |window, event| pointer(window, event, |at, _| Pointer::Moved { at })),
        on("pointerup", |window, event| {
            pointer(window, event, |at, on_canvas| Pointer::Up { at, on_canvas })
        }),
        on("pointercancel", |_, _| Some(Msg::Pointer(Pointer::Cancelled))),
        on("keydown", key_down),
        on("keyup", |_, event| (event.dyn_ref::<KeyboardEvent>()?.key() == " ").then_some(Msg::Space(false))),
        on("blur", |_, _| Some(Msg::Space(false))),
        on("hashchange", |_, _| Some(Msg::Hash(effect::fragment()))),
        on("dragover", |_, event| {
            event.prevent_default();
            None
        }),
        drop,
    ]
}

fn pointer(
    window: &Window,
    event: &Event,
    pointer: fn(crate::geometry::ScreenPoint, bool) -> Pointer,
) -> Option<Msg> {
    let event = event.dyn_ref::<PointerEvent>()?;
    let canvas = window.document()?.get_element_by_id("canvas")?;
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let on_it = target.is_some_and(|target| canvas.contains(Some(&target)));
    Some(Msg::Pointer(pointer(on_canvas(&canvas, event.client_x(), event.client_y()), on_it)))
}

fn key_down(window: &Window, event: &Event) -> Option<Msg> {
    let event = event.dyn_ref::<KeyboardEvent>()?;
    let active = window.document()?.active_element();
    let is = |selector: &str| {
        active.as_ref().is_some_and(|element| element.closest(selector).is_ok_and(|e| e.is_some()))
    };
    let key = Key {
        name: event.key(),
        ctrl: event.ctrl_key() || event.meta_key(),
        shift: event.shift_key(),
        alt: event.alt_key(),
        in_field: is("input, select, textarea"),
        on_button: is("button, summary, a"),
        in_dialog: is("dialog, [popover]"),
    };
    let msg = keys::asks(&key)?;
    event.prevent_default();
    Some(msg)
}
