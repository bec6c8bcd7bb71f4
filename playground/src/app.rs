//! The root of the page: it holds the model, gives every message to the reducer, has effects carried out, and draws.
use crate::announce;
use crate::canvas::{Canvas, EdgeFace, Face, Line, Menu, Minimap, faces, icon, on_canvas};
use crate::clipboard;
use crate::editing::{self, Finger, Phase};
use crate::effect::{self, Effect, Shell};
use crate::keys::{self, Key};
use crate::library;
use crate::model::{Dialog, Model, Selection, Stage};
use crate::msg::Msg;
use crate::panel::{
    self, Banner, Compare, EmbedBar, Empty, FinderPanel, Header, Inspected, Inspector, KeysDialog,
    LibraryPanel, LiveDialog, Notices, Outline, OverTimePanel, Palette, RequestsPanel, Shown, SkipLinks,
    SourcePanel, Toolbar, Tools,
};
use crate::shared::Shared;
use crate::tool::{Held, Pointer, Tool};
use crate::update::{Entry, entries, open, title, update};
use gloo::events::{EventListener, EventListenerOptions};
use loadpath_core::topology::Topology;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{
    ClipboardEvent, DragEvent, Element, HtmlElement, HtmlInputElement, KeyboardEvent, PointerEvent,
    StorageEvent, Window,
};
use yew::prelude::*;

/// With more edges than this, traffic is shown without motion.
const MOST_FLOWS: usize = 150;

/// With more nodes than this, what the simulation tells is not drawn during a gesture.
const LARGE: usize = 100;

/// The page.
pub struct App {
    model: Model,
    shell: Shell,
    tell: Callback<Msg>,
    /// What a copy would take, for the browser's own copy, which must be answered at once.
    copies: Rc<RefCell<(Shared<Topology>, Selection)>>,
    /// What is to be drawn past the virtual DOM as soon as there is one.
    first: Vec<Effect>,
    /// What has changed, for those who hear the page.
    said: String,
    /// Whether the simulation has told something that is not drawn yet.
    behind: bool,
    /// Whether its worker still waits to hear that what it told was taken in.
    unseen: bool,
    /// Whether the camera is being moved by the wheel.
    moves: bool,
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
        let copies = Rc::new(RefCell::new((model.document.clone(), model.selection.clone())));
        let listeners = if model.embed { listen_embedded(&tell) } else { listen(&tell, &copies) };
        Self {
            model,
            shell,
            tell,
            copies,
            first,
            said: String::new(),
            behind: false,
            unseen: false,
            moves: false,
            _listeners: listeners,
        }
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        // A pointer that only moves draws by itself, unless it begins or ends a gesture.
        let is_motion = match &msg {
            Msg::Pointer(Pointer::Moved { .. }) | Msg::Wheel(_) | Msg::Rested(_) => true,
            Msg::Editing(editing::Msg::Finger(finger)) => matches!(finger.phase, Phase::Moved),
            _ => false,
        };
        let is_told = matches!(msg, Msg::Worker(_));
        self.moves |= matches!(msg, Msg::Wheel(_));
        if let Msg::Rested(looks) = msg {
            self.moves &= looks != self.model.looks;
        }
        let before = drawn(&self.model);
        let (document, running) = (self.model.document.clone(), self.model.simulated.running);
        self.model.now = js_sys::Date::now();
        let effects = update(&mut self.model, msg);
        self.listen_in(&document, running);
        for effect in effects {
            if matches!(effect, Effect::Seen) {
                self.unseen = true;
            } else {
                self.shell.carry_out(effect);
            }
        }
        let mut copies = self.copies.borrow_mut();
        copies.0 = self.model.document.clone();
        if copies.1 != self.model.selection {
            copies.1.clone_from(&self.model.selection);
        }
        drop(copies);
        let is_changed = !is_motion || before != drawn(&self.model);
        let is_due = self.is_due(is_changed, is_told);
        self.answer();
        is_due
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let (model, tell) = (&self.model, &self.tell);
        let faces = faces(model);
        if model.embed {
            return embedded(model, Shared::new(faces), tell);
        }
        let inspected = Inspected::of(model, &faces.0);
        let class = classes!("sheet", model.inspect.sheet.then_some("up"));
        html! {<>
            <SkipLinks />
            <Header ..panel::header(model, tell) />
            <main class="board">{ board(model, Shared::new(faces), tell) }</main>
            if let Some(props) = panel::source(model, tell) { <SourcePanel ..props /> }
            <div {class}>
                { handle(model, tell) }
                <Inspector {inspected} tell={tell.clone()} />
            </div>
            <footer id="charts" tabindex="-1" aria-label="Charts">
                <OverTimePanel ..panel::over_time(model, tell) />
                if let Some(requests) = panel::requests(model, tell) {
                    <RequestsPanel ..requests />
                } else {
                    { Shown::of(model, tell).draw() }
                    <Compare ..panel::compare(model, tell) />
                }
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

/// What a motion of the pointer can change that components draw.
fn drawn(model: &Model) -> (std::mem::Discriminant<Tool>, Selection, bool) {
    (std::mem::discriminant(&model.tool), model.selection.clone(), model.editing.menu.is_some())
}

/// The open menu, with its lines.
fn menu(model: &Model, tell: &Callback<Msg>) -> Html {
    let Some(menu) = &model.editing.menu else { return Html::default() };
    let line = |entry: Entry| Line {
        title: entry.title,
        keys: entry.keys,
        icon: entry.icon,
        is_open: entry.msg.is_some(),
        is_danger: entry.is_danger,
    };
    let lines: Vec<Line> = entries(model, &menu.subject).into_iter().map(line).collect();
    html! { <Menu at={menu.at} title={title(model, &menu.subject)} {lines} tell={tell.clone()} /> }
}

impl App {
    /// Whether the page is to be drawn anew. In a large design what the simulation tells waits until a gesture is over: a
    /// thousand nodes' figures would make its frames late.
    fn is_due(&mut self, is_changed: bool, is_told: bool) -> bool {
        let is_large = self.model.document.nodes.len() > LARGE;
        let is_gesture = self.moves || !matches!(self.model.tool, Tool::Idle);
        if is_large && is_gesture && is_told {
            self.behind = true;
            return false;
        }
        let is_due = is_changed || (self.behind && !is_gesture);
        self.behind &= !is_due;
        is_due
    }

    /// Tells the worker that its snapshot was taken in: not before it is drawn, so that it sends no more during a gesture.
    fn answer(&mut self) {
        if self.unseen && !self.behind {
            self.unseen = false;
            self.shell.carry_out(Effect::Seen);
        }
    }

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

fn board(model: &Model, faces: Faces, tell: &Callback<Msg>) -> Html {
    let zoom = |factor: f64| tell.reform(move |_: MouseEvent| Msg::Zoom(factor));
    let fit = tell.reform(|_: MouseEvent| Msg::Fit);
    let shown = model.camera.shown(model.canvas.0, model.canvas.1);
    html! {<>
        { canvas(model, faces, tell) }
        { menu(model, tell) }
        <Outline document={model.document.clone()} faults={model.faults.clone()} selection={model.selection.clone()} tell={tell.clone()} />
        <Palette tell={tell.clone()} />
        <Banner ..panel::banner(model, tell) />
        { panel::drawer(model, tell) }
        if model.document.nodes.is_empty() { <Empty tell={tell.clone()} /> }
        <div class="corner">
            <Minimap scene={model.scene.clone()} {shown} tell={tell.clone()} />
            <div class="zoom" role="group" aria-label="Zoom">
                <button type="button" aria-label="Smaller" title="Smaller (−)" onclick={zoom(1.0 / 1.2)}>{ icon("minus", 14) }</button>
                <span id="zoom-level" />
                <button type="button" aria-label="Larger" title="Larger (+)" onclick={zoom(1.2)}>{ icon("plus", 14) }</button>
                <button type="button" aria-label="Show all" title="Show all (1)" onclick={fit}>{ icon("fit", 14) }</button>
            </div>
        </div>
        <Toolbar tools={Tools::of(model)} faults={panel::faults(model, tell)} tell={tell.clone()} />
        if let Some(props) = panel::library(model, tell) { <LibraryPanel ..props /> }
        if let Some(props) = panel::finder(model, tell) { <FinderPanel ..props /> }
    </>}
}

type Faces = Shared<(Vec<Face>, Vec<EdgeFace>)>;

fn canvas(model: &Model, faces: Faces, tell: &Callback<Msg>) -> Html {
    // Beside a live run the processor belongs to what is measured; and what moves must be drawn again and again.
    let is_calm = model.live.stage == Stage::None && model.document.edges.len() <= MOST_FLOWS;
    let flows = model.simulated.running && model.simulated.snapshot.is_some() && is_calm;
    html! {
        <Canvas document={model.document.clone()} scene={model.scene.clone()} {faces} {flows}
            difference={model.comparison.difference.clone()}
            selection={model.selection.clone()} targets={model.targets.clone()} pans={model.space} group={model.editing.group}
            renaming={model.editing.renaming} chooses={model.editing.reaching.is_some()} tell={tell.clone()} />
    }
}

/// The page inside another page.
fn embedded(model: &Model, faces: Faces, tell: &Callback<Msg>) -> Html {
    html! {
        <main class="embedded">
            <div class="board">{ canvas(model, faces, tell) }</div>
            <EmbedBar name={model.document.name.clone()} fragment={model.fragment.clone()}
                running={model.simulated.running} tell={tell.clone()} />
            <Notices notices={model.notices.clone()} tell={tell.clone()} />
        </main>
    }
}

fn dialog(model: &Model, tell: &Callback<Msg>) -> Html {
    match model.dialog {
        Some(Dialog::Live) => html! { <LiveDialog ..panel::live_dialog(model, tell) /> },
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
fn listen(tell: &Callback<Msg>, copies: &Copies) -> Vec<EventListener> {
    let window = web_sys::window().expect("the page runs in a window");
    let on = |name, msg| on(&window, tell, name, msg);
    let drop = {
        let tell = tell.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(&window, "drop", options, move |event| {
            event.prevent_default();
            let Some(data) = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer) else { return };
            if let Some(file) = data.files().and_then(|files| files.item(0)) {
                effect::read_file(tell.clone(), &file);
            } else if let Some(text) = data.get_data("text/plain").ok().filter(|text| !text.is_empty()) {
                // A link or a text that was dragged here.
                tell.emit(Msg::Clipboard(clipboard::Msg::Pasted(text)));
            }
        })
    };
    let mut listeners = listen_embedded(tell);
    listeners.extend([
        on("keydown", key_down),
        on("keyup", |_, event| (event.dyn_ref::<KeyboardEvent>()?.key() == " ").then_some(Msg::Space(false))),
        on("blur", |_, _| Some(Msg::Space(false))),
        on("hashchange", |_, _| Some(Msg::Hash(effect::fragment()))),
        on("dragover", |_, event| {
            event.prevent_default();
            None
        }),
        on("storage", |_, event| effect::elsewhere(event.dyn_ref::<StorageEvent>()?)),
        on("pagehide", |_, _| Some(Msg::Library(library::Msg::Leave))),
        on("visibilitychange", |window, _| {
            window.document()?.hidden().then_some(Msg::Library(library::Msg::Leave))
        }),
        on("loadpath:update", |_, _| Some(Msg::Renewed)),
        drop,
    ]);
    listeners.extend(listen_to_clipboard(&window, tell, copies));
    listeners
}

type Copies = Rc<RefCell<(Shared<Topology>, Selection)>>;

/// What happens to the page inside another: gestures.
fn listen_embedded(tell: &Callback<Msg>) -> Vec<EventListener> {
    let window = web_sys::window().expect("the page runs in a window");
    let on = |name, msg| on(&window, tell, name, msg);
    vec![
        on("pointermove", |window, event| pointer(window, event, Phase::Moved)),
        on("pointerup", |window, event| pointer(window, event, Phase::Up { on_canvas: false })),
        on("pointercancel", |window, event| pointer(window, event, Phase::Cancelled)),
    ]
}

fn on(
    window: &Window,
    tell: &Callback<Msg>,
    name: &'static str,
    msg: fn(&Window, &Event) -> Option<Msg>,
) -> EventListener {
    let (tell, at) = (tell.clone(), window.clone());
    let options = EventListenerOptions { passive: false, ..EventListenerOptions::default() };
    EventListener::new_with_options(window, name, options, move |event| {
        if let Some(msg) = msg(&at, event) {
            tell.emit(msg);
        }
    })
}

/// The browser's own copy, cut and paste.
fn listen_to_clipboard(window: &Window, tell: &Callback<Msg>, copies: &Copies) -> Vec<EventListener> {
    let options = || EventListenerOptions { passive: false, ..EventListenerOptions::default() };
    let taken = |name: &'static str, cut: bool| {
        let (tell, copies) = (tell.clone(), copies.clone());
        EventListener::new_with_options(window, name, options(), move |event| {
            let Some(event) = event.dyn_ref::<ClipboardEvent>() else { return };
            let part = || {
                let copies = copies.borrow();
                clipboard::part(&copies.0, &copies.1.nodes)
            };
            if effect::answer(event, part) {
                tell.emit(Msg::Clipboard(clipboard::Msg::Taken { cut }));
            }
        })
    };
    let pasted = {
        let tell = tell.clone();
        EventListener::new_with_options(window, "paste", options(), move |event| {
            let event = event.dyn_ref::<ClipboardEvent>();
            if let Some(msg) = event.and_then(|event| effect::pasted(event, &tell)) {
                tell.emit(msg);
            }
        })
    };
    vec![taken("copy", false), taken("cut", true), pasted]
}

/// What the pointer did, whether it is a finger or not.
fn pointer(window: &Window, event: &Event, phase: Phase) -> Option<Msg> {
    let event = event.dyn_ref::<PointerEvent>()?;
    let canvas = window.document()?.get_element_by_id("canvas")?;
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let on_it = target.is_some_and(|target| canvas.contains(Some(&target)));
    let at = on_canvas(&canvas, event.client_x(), event.client_y());
    let phase = if matches!(phase, Phase::Up { .. }) { Phase::Up { on_canvas: on_it } } else { phase };
    if event.pointer_type() == "touch" {
        return Some(Msg::Editing(editing::Msg::Finger(Finger { id: event.pointer_id(), at, phase })));
    }
    let held =
        Held { shift: event.shift_key(), alt: event.alt_key(), ctrl: event.ctrl_key() || event.meta_key() };
    Some(Msg::Pointer(match phase {
        Phase::Up { on_canvas } => Pointer::Up { at, on_canvas },
        Phase::Cancelled => Pointer::Cancelled,
        Phase::Down(_) | Phase::Moved => Pointer::Moved { at, held },
    }))
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
        in_dialog: is("dialog, [popover], [role=menu]"),
        on_canvas: is(".node, .region"),
        chooses: is(".choosing"),
    };
    if key.name == "Tab" && !key.chooses && go_on(window, active.as_ref(), key.shift) {
        event.prevent_default();
        return None;
    }
    let msg = keys::asks(&key)?;
    event.prevent_default();
    Some(msg)
}

/// From node to node as the calls go. Before the first and after the last, the keyboard goes where the browser has it go.
fn go_on(window: &Window, active: Option<&Element>, back: bool) -> bool {
    let name = if back { "data-previous" } else { "data-next" };
    let node = active.filter(|element| element.matches(".node").unwrap_or(false));
    let next = node.and_then(|node| node.get_attribute(name));
    let element =
        next.and_then(|id| window.document()?.get_element_by_id(&id)?.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
