//! The browser's own services: the worker, storage, the address bar, the clipboard, files.
use super::told;
use crate::model::Theme;
use crate::msg::Msg;
use crate::run::{FromWorker, ToWorker};
use crate::update::Startup;
use gloo::events::EventListener;
use js_sys::{Array, Promise};
use loadpath_core::topology::Topology;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, ErrorEvent, File, HtmlAnchorElement, HtmlElement, MessageEvent, Storage, Url,
    Window, Worker, WorkerOptions, WorkerType,
};
use yew::Callback;

const DOCUMENT: &str = "loadpath.document";
const THEME: &str = "loadpath.theme";
const TOKEN: &str = "loadpath.token";

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

/// What the page finds when it starts.
pub(crate) fn startup() -> Startup {
    let get = |storage: Option<Storage>, key| storage?.get_item(key).ok().flatten();
    let theme = match get(local(), THEME).as_deref() {
        Some("light") => Some(Theme::Light),
        Some("dark") => Some(Theme::Dark),
        _ => None,
    };
    Startup { fragment: fragment(), stored: get(local(), DOCUMENT), theme, token: get(session(), TOKEN) }
}

/// The address's fragment, without the `#`.
pub(crate) fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// Keeps the document, and puts its link into the address bar without a step in the browser's history.
pub(super) fn store(document: &Topology, fragment: &str) {
    if let Some(storage) = local() {
        // Full storage: the link still holds the design.
        let _ = storage.set_item(DOCUMENT, &document.to_json());
    }
    let window = window();
    let path = window.location().pathname().unwrap_or_default();
    let query = window.location().search().unwrap_or_default();
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

/// Puts the page's address into the clipboard, with this fragment if there is one.
pub(super) fn copy_address(tell: Callback<Msg>, fragment: Option<&str>) {
    let window = window();
    let mut address = window.location().href().unwrap_or_default();
    if let Some(fragment) = fragment {
        address.truncate(address.find('#').unwrap_or(address.len()));
        address = format!("{address}#{fragment}");
    }
    // Without a secure context there is no clipboard; calling it would throw.
    let has_clipboard = js_sys::Reflect::get(&window.navigator(), &JsValue::from_str("clipboard"))
        .is_ok_and(|clipboard| !clipboard.is_undefined());
    if !has_clipboard {
        tell.emit(Msg::Copied(false));
        return;
    }
    let copied: Promise = window.navigator().clipboard().write_text(&address).unchecked_into();
    spawn_local(async move { tell.emit(Msg::Copied(JsFuture::from(copied).await.is_ok())) });
}

/// Saves a text as a file, as a link with a file behind it does.
pub(super) fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let bag = BlobPropertyBag::new();
    bag.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(text)), &bag)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let document = window().document().ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
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

/// The simulation's thread.
pub(super) struct SimulationWorker {
    worker: Worker,
    _listeners: [EventListener; 2],
}

impl SimulationWorker {
    pub(super) fn start(tell: &Callback<Msg>) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("worker.js", &options)?;
        let told_by_worker = tell.clone();
        let messages = EventListener::new(&worker, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
            // Both ends are this module; what cannot be read is of another version, and the worker says so itself.
            if let Ok(message) = serde_json::from_str::<FromWorker>(&data) {
                told_by_worker.emit(Msg::Worker(Box::new(message)));
            }
        });
        let tell = tell.clone();
        let errors = EventListener::new(&worker, "error", move |event| {
            let why = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            tell.emit(Msg::WorkerBroke(format!(
                "The simulation broke ({why}); reload the page. Your design is kept."
            )));
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
