//! The browser's own services: the worker, storage, the address bar, files that come in.
use super::told;
use crate::library::{self, Kept};
use crate::model::Theme;
use crate::msg::Msg;
use crate::run::{FromWorker, Thread, ToWorker};
use crate::update::Startup;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use js_sys::Promise;
use loadpath_core::topology::Topology;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    ErrorEvent, File, HtmlElement, MessageEvent, Storage, StorageEvent, Window, Worker, WorkerOptions,
    WorkerType,
};
use yew::Callback;

/// Where a single design was kept before there were several.
const DOCUMENT: &str = "loadpath.document";
/// What the keys of designs start with.
const DESIGN: &str = "loadpath.design.";
/// The design that this tab shows, and the one that was shown last.
const CURRENT: &str = "loadpath.current";
/// What this tab can undo.
const HISTORY: &str = "loadpath.history";
const THEME: &str = "loadpath.theme";
const TOKEN: &str = "loadpath.token";
const COURSE: &str = "loadpath.course";
const BASELINES: &str = "loadpath.baselines";
/// What the address asks for with `?lesson=NAME`.
const LESSON: &str = "lesson=";

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

fn root() -> Option<HtmlElement> {
    window().document()?.document_element()?.dyn_into().ok()
}

/// Storage can be switched off by the person; then nothing is kept and the page works on.
fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Does something when the next frame is drawn; a page that is not seen draws none until it is.
pub(super) fn next_frame(deed: impl FnOnce() + 'static) {
    let deed = Closure::once_into_js(deed);
    // Asking for a frame fails in no browser; without one, what waits for it would wait for the next motion.
    let _ = window().request_animation_frame(deed.unchecked_ref());
}

/// What the page finds when it starts.
pub(crate) fn startup() -> Startup {
    let get = |storage: Option<Storage>, key| storage?.get_item(key).ok().flatten();
    let theme = match get(local(), THEME).as_deref() {
        Some("light") => Some(Theme::Light),
        Some("dark") => Some(Theme::Dark),
        _ => None,
    };
    let embed = queries().any(|part| part == "embed=1");
    Startup {
        fragment: fragment(),
        designs: designs(),
        session: get(session(), CURRENT).or_else(|| get(local(), CURRENT)),
        history: get(session(), HISTORY),
        now: js_sys::Date::now(),
        embed,
        theme,
        token: get(session(), TOKEN),
        course: get(local(), COURSE),
        baselines: get(local(), BASELINES),
        lesson: queries().find_map(|part| Some(part.strip_prefix(LESSON)?.to_owned())),
    }
}

/// Every design that is kept.
fn designs() -> Vec<Kept> {
    let Some(storage) = local() else { return Vec::new() };
    if let Ok(Some(text)) = storage.get_item(DOCUMENT) {
        let kept = Kept { id: "first".into(), changed: js_sys::Date::now(), text: text.into() };
        // Taken away from its old place only when it has its new one.
        if storage.set_item(&format!("{DESIGN}{}", kept.id), &kept.written()).is_ok() {
            let _ = storage.remove_item(DOCUMENT);
        }
    }
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|i| storage.key(i).ok().flatten());
    keys.filter_map(|key| {
        let id = key.strip_prefix(DESIGN)?;
        Some(Kept::of(id, &storage.get_item(&key).ok().flatten()?))
    })
    .collect()
}

/// Keeps a design, unless another tab wrote it since this one read it.
pub(super) fn keep(tell: &Callback<Msg>, kept: &Kept, before: Option<&str>) {
    let Some(storage) = local() else { return };
    let key = format!("{DESIGN}{}", kept.id);
    let there = storage.get_item(&key).ok().flatten();
    if let Some(written) = there {
        let other = Kept::of(&kept.id, &written).text;
        if Some(&*other) != before && other != kept.text {
            say(tell, library::Msg::Late { id: kept.id.clone(), written });
            return;
        }
    }
    if let Err(why) = storage.set_item(&key, &kept.written()) {
        say(tell, library::Msg::Refused(told(&why)));
    }
}

/// In a task of its own: the page may still be being made.
fn say(tell: &Callback<Msg>, msg: library::Msg) {
    let tell = tell.clone();
    Timeout::new(0, move || tell.emit(Msg::Library(msg))).forget();
}

/// Takes a design out of what is kept.
pub(super) fn forget(id: &str) {
    if let Some(storage) = local() {
        // What cannot be taken away is still there after a reload, where it can be deleted again.
        let _ = storage.remove_item(&format!("{DESIGN}{id}"));
    }
}

/// Keeps what can be undone for as long as the tab is open.
pub(super) fn keep_history(text: &str) {
    if let Some(storage) = session() {
        // Too much for the browser: then undo ends at the reload.
        let _ = storage.set_item(HISTORY, text).or_else(|_| storage.remove_item(HISTORY));
    }
}

/// What another tab did to the designs that are kept.
pub(crate) fn elsewhere(event: &StorageEvent) -> Option<Msg> {
    let key = event.key()?;
    let id = key.strip_prefix(DESIGN)?.into();
    Some(Msg::Library(library::Msg::Elsewhere { id, written: event.new_value() }))
}

/// The parts of the address's query.
fn queries() -> impl Iterator<Item = String> {
    let query = window().location().search().unwrap_or_default();
    let parts: Vec<String> = query.trim_start_matches('?').split('&').map(str::to_owned).collect();
    parts.into_iter().filter(|part| !part.is_empty())
}

/// Keeps how far the course has come.
pub(super) fn keep_course(text: &str) {
    if let Some(storage) = local() {
        // Full storage: the course goes on, and is forgotten with the page.
        let _ = storage.set_item(COURSE, text);
    }
}

/// Keeps the baselines of comparisons.
pub(super) fn keep_baselines(text: &str) {
    if let Some(storage) = local() {
        // Full storage: they last until the page is left.
        let _ = storage.set_item(BASELINES, text);
    }
}

/// The address's fragment, without the `#`.
pub(crate) fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// Puts a document's link into the address bar without a step in the browser's history, and remembers which design it is.
pub(super) fn store(document: &Topology, fragment: &str, design: &str) {
    for storage in [session(), local()].into_iter().flatten() {
        // Not remembered, the link still says what was shown.
        let _ = storage.set_item(CURRENT, design);
    }
    let window = window();
    let path = window.location().pathname().unwrap_or_default();
    // A lesson that was asked for has begun; a reload goes on with it.
    let rest: Vec<String> = queries().filter(|part| !part.starts_with(LESSON)).collect();
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    let address =
        if fragment.is_empty() { format!("{path}{query}") } else { format!("{path}{query}#{fragment}") };
    if let Ok(history) = window.history() {
        // Browsers limit how often the address may be written; the next change writes it again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
    if let Some(page) = window.document() {
        let name = if document.name.is_empty() { "Untitled design" } else { &document.name };
        page.set_title(&format!("{name} – Loadpath"));
    }
}

/// Shows these colours, and keeps them.
pub(super) fn show_theme(theme: Theme) {
    let name = match theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    let (Some(root), storage) = (root(), local()) else { return };
    // What cannot be kept is still shown.
    let _ = match name {
        Some(name) => {
            storage.map_or(Ok(()), |s| s.set_item(THEME, name)).and(root.set_attribute("data-theme", name))
        }
        None => storage.map_or(Ok(()), |s| s.remove_item(THEME)).and(root.remove_attribute("data-theme")),
    };
}

/// Whether dark colours are shown now.
pub(crate) fn is_dark() -> bool {
    let chosen = root().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some(name) => name == "dark",
        None => {
            window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|m| m.matches())
        }
    }
}

/// Keeps the right to act until the tab is closed.
pub(super) fn keep_token(token: &str) {
    if let Some(storage) = session() {
        // Not kept, it must be given again after a reload.
        let _ = storage.set_item(TOKEN, token);
    }
}

/// Loads the page anew, in its new version where one waits: the script beside the module knows how.
pub(super) fn reload() {
    let asked = web_sys::Event::new("loadpath:reload").map(|event| window().dispatch_event(&event));
    asked.expect("the event's name is well-formed").expect("the event is not under way yet");
}

/// Opens the browser's own dialog for files; what is chosen comes as the input's change.
pub(super) fn pick_file() {
    let input = window().document().and_then(|document| document.get_element_by_id("file"));
    if let Some(input) = input.and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
        input.click();
    }
}

/// Reads a file and tells what it says.
pub(crate) fn read_file(tell: Callback<Msg>, file: &File) {
    /// Larger than any document or run of ours.
    const MOST: f64 = 64.0 * 1024.0 * 1024.0;
    let name = file.name();
    if file.size() > MOST {
        tell.emit(Msg::Failed(format!("{name} is larger than any design; it was not opened.")));
        return;
    }
    let text: Promise = file.text().unchecked_into();
    spawn_local(async move {
        let text = JsFuture::from(text).await.ok().and_then(|text| text.as_string());
        tell.emit(crate::update::read(name, text));
    });
}

/// A thread beside the page's own; it ends with this.
pub(super) struct SimulationWorker {
    worker: Worker,
    _listeners: [EventListener; 2],
}

impl SimulationWorker {
    pub(super) fn start(thread: Thread, tell: &Callback<Msg>) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("worker.js", &options)?;
        let told_by_worker = tell.clone();
        let messages = EventListener::new(&worker, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
            // Both ends are this module; what cannot be read is of another version, and the worker says so itself.
            if let Ok(message) = loadpath_core::json::read::<FromWorker>(&data) {
                told_by_worker.emit(Msg::Worker(Box::new(message)));
            }
        });
        let tell = tell.clone();
        let errors = EventListener::new(&worker, "error", move |event| {
            let why = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            tell.emit(Msg::WorkerBroke(thread, why));
        });
        Ok(Self { worker, _listeners: [messages, errors] })
    }

    pub(super) fn post(&self, message: &ToWorker) {
        let text = serde_json::to_string(message).expect("a message holds only what JSON can say");
        if let Err(error) = self.worker.post_message(&JsValue::from_str(&text)) {
            // A text can always be posted; this names the browser that disagrees.
            web_sys::console::error_1(&JsValue::from_str(&told(&error)));
        }
    }
}

impl Drop for SimulationWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
