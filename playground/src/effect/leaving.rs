//! What leaves the page: texts into the clipboard, files, pictures; and what the clipboard gives.
use super::Picture;
use crate::clipboard;
use crate::export;
use crate::msg::Msg;
use gloo::events::EventListener;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, Clipboard, ClipboardEvent, Document, Element,
    HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement, Url, Window,
};
use yew::Callback;

/// Pixels of a picture for each of the drawing: sharp on a dense screen.
const DENSITY: f64 = 2.0;
/// The longest side of a picture that every browser makes.
const LONGEST: f64 = 8_192.0;

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// Without a secure context there is no clipboard; calling it would throw.
fn system_clipboard() -> Option<Clipboard> {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("clipboard")).ok()?;
    clipboard.dyn_into().ok()
}

async fn write(text: &str) -> bool {
    let Some(clipboard) = system_clipboard() else { return false };
    let written: Promise = clipboard.write_text(text).unchecked_into();
    JsFuture::from(written).await.is_ok()
}

/// Puts the page's address into the clipboard.
pub(super) fn copy_address(tell: Callback<Msg>, fragment: Option<&str>) {
    let mut address = window().location().href().unwrap_or_default();
    if let Some(fragment) = fragment {
        address.truncate(address.find('#').unwrap_or(address.len()));
        address = format!("{address}#{fragment}");
    }
    spawn_local(async move { tell.emit(Msg::Copied(write(&address).await)) });
}

/// Puts a text into the clipboard.
pub(super) fn copy(tell: Callback<Msg>, text: String, what: &'static str) {
    spawn_local(async move {
        let done = write(&text).await;
        tell.emit(Msg::Clipboard(clipboard::Msg::Copied { done, what }));
    });
}

/// Puts the HTML that shows a design inside another page into the clipboard.
pub(super) fn copy_embed(tell: Callback<Msg>, fragment: &str, name: &str) {
    let location = window().location();
    let address =
        format!("{}{}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    copy(tell, export::embed(&address, fragment, name), "the code that shows this design in another page");
}

/// Asks for what the clipboard holds; the browser asks the person.
pub(super) fn ask(tell: Callback<Msg>) {
    let Some(clipboard) = system_clipboard() else {
        tell.emit(Msg::Failed("The browser gives no clipboard to this page; press Ctrl + V.".to_owned()));
        return;
    };
    let read: Promise = clipboard.read_text().unchecked_into();
    spawn_local(async move {
        tell.emit(match JsFuture::from(read).await.ok().and_then(|text| text.as_string()) {
            Some(text) => Msg::Clipboard(clipboard::Msg::Pasted(text)),
            None => Msg::Failed("The browser did not let the page paste; press Ctrl + V.".to_owned()),
        });
    });
}

/// Answers the browser's own copy or cut with a part of the design. A field, or text that is selected on the page, is
/// copied as ever.
pub(crate) fn answer(event: &ClipboardEvent, part: impl FnOnce() -> Option<String>) -> bool {
    let selected = window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
    if in_field() || selected {
        return false;
    }
    let (Some(data), Some(text)) = (event.clipboard_data(), part()) else { return false };
    if data.set_data("text/plain", &text).is_err() {
        return false;
    }
    event.prevent_default();
    true
}

/// What the browser's own paste brings; none where it is a field's.
pub(crate) fn pasted(event: &ClipboardEvent, tell: &Callback<Msg>) -> Option<Msg> {
    if in_field() {
        return None;
    }
    let data = event.clipboard_data()?;
    event.prevent_default();
    if let Some(file) = data.files().and_then(|files| files.item(0)) {
        super::read_file(tell.clone(), &file);
        return None;
    }
    Some(Msg::Clipboard(clipboard::Msg::Pasted(data.get_data("text/plain").unwrap_or_default())))
}

fn in_field() -> bool {
    let active = window().document().and_then(|page| page.active_element());
    let is_field = |element: Element| element.closest("input, select, textarea, dialog").ok().flatten();
    active.and_then(is_field).is_some()
}

/// Saves a text as a file, as a link with a file behind it does.
pub(super) fn download(name: &str, kind: &str, text: &str) -> Result<(), JsValue> {
    let bag = BlobPropertyBag::new();
    bag.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(text)), &bag)?;
    save(name, &blob)
}

fn page() -> Result<Document, JsValue> {
    window().document().ok_or(JsValue::NULL)
}

fn save(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = page()?.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

/// Paints a drawing and saves it as a picture.
pub(super) fn save_picture(tell: Callback<Msg>, picture: Picture) {
    spawn_local(async move {
        let painted = paint(&picture).await;
        if painted.and_then(|blob| save(&picture.name, &blob)).is_err() {
            let why =
                format!("The browser did not make {}; export the drawing as SVG instead.", picture.name);
            tell.emit(Msg::Failed(why));
        }
    });
}

async fn paint(picture: &Picture) -> Result<Blob, JsValue> {
    let density = DENSITY.min(LONGEST / picture.width.max(picture.height).max(1.0));
    let (width, height) = (picture.width * density, picture.height * density);
    let canvas: HtmlCanvasElement = page()?.create_element("canvas")?.unchecked_into();
    canvas.set_width(width.ceil() as u32);
    canvas.set_height(height.ceil() as u32);
    let pen: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into();
    let image = load(&picture.svg).await?;
    pen.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
    let made = Promise::new(&mut |done: Function, _| {
        let told = Closure::once_into_js(move |blob: JsValue| {
            // A promise takes its value without an error.
            let _ = done.call1(&JsValue::NULL, &blob);
        });
        // An error leaves the promise open, and the picture unmade: there is no such canvas.
        let _ = canvas.to_blob(told.unchecked_ref());
    });
    JsFuture::from(made).await?.dyn_into()
}

/// An image of a drawing, once it can be painted.
async fn load(svg: &str) -> Result<HtmlImageElement, JsValue> {
    let bag = BlobPropertyBag::new();
    bag.set_type("image/svg+xml");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(svg)), &bag)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let image = HtmlImageElement::new()?;
    let loaded = Promise::new(&mut |done: Function, failed: Function| {
        let tell = |deed: Function| {
            move |_: &web_sys::Event| {
                let _ = deed.call0(&JsValue::NULL);
            }
        };
        // Each is heard once, with the image; the page makes few pictures.
        EventListener::once(&image, "load", tell(done)).forget();
        EventListener::once(&image, "error", tell(failed)).forget();
    });
    image.set_src(&address);
    let outcome = JsFuture::from(loaded).await;
    Url::revoke_object_url(&address)?;
    outcome.map(|_| image)
}
