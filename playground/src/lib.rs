//! The canvas: for now only the two entries that `www/boot.js` and `www/worker.js` call.

use wasm_bindgen::prelude::wasm_bindgen;
use yew::prelude::*;

/// Draws the page into `#app`.
#[wasm_bindgen]
pub fn start_page() {
    let window = web_sys::window().expect("a page has a window");
    let document = window.document().expect("a page has a document");
    let root = document.get_element_by_id("app").expect("index.html has #app");
    yew::Renderer::<Page>::with_root(root).render();
}

/// Starts the simulation's thread.
#[wasm_bindgen]
pub fn start_worker() {}

#[component]
fn Page() -> Html {
    use_effect(|| {
        let performance = web_sys::window().and_then(|window| window.performance());
        // A mark that cannot be set only means a browser without performance marks.
        let _ = performance.map(|performance| performance.mark("loadpath:first-topology"));
    });
    html! { <main id="canvas">{ "Loadpath" }</main> }
}
