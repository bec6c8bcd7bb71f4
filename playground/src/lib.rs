//! The page: a canvas on which systems are drawn, simulated, run and compared. It knows `loadpath-core` and nothing else.
//!
//! The page is a reducer: what happens is a [`msg::Msg`], [`update::update`] takes it into the [`model::Model`] and says
//! what is to be done, [`effect`] does it, and components draw the model. The simulation runs in a worker: the same
//! module by its other entry.
pub mod announce;
pub mod app;
pub mod canvas;
pub mod clipboard;
pub mod command;
pub mod describe;
pub mod difference;
mod drawing;
pub mod edit;
pub mod editing;
pub mod effect;
pub mod embed;
pub mod estimated;
pub mod export;
pub mod finder;
pub mod format;
pub mod geometry;
pub mod history;
pub mod inspect;
pub mod keys;
pub mod library;
pub mod model;
pub mod msg;
pub mod panel;
pub mod run;
pub mod shared;
pub mod source;
pub mod steering;
pub mod tool;
pub mod update;

use loadpath_core::rng::Seed;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::{Fault, Topology, check};
use wasm_bindgen::prelude::*;

/// Draws the page into `#app`.
#[wasm_bindgen]
pub fn start_page() {
    let document = web_sys::window().and_then(|window| window.document()).expect("the page runs in a window");
    let root = document.get_element_by_id("app").expect("index.html has #app");
    // What shows while the module loads makes room.
    root.set_inner_html("");
    yew::Renderer::<app::App>::with_root(root).render();
}

/// Starts the simulation's thread.
#[wasm_bindgen]
pub fn start_worker() {
    run::worker::start();
}

/// Simulates a design from cold for so many seconds, all counted, and gives the run's digest in hexadecimal: the same as
/// the native simulator's.
///
/// # Errors
/// When the text is not a document, or the document has faults: the first one.
#[wasm_bindgen]
pub fn simulate_digest(document_json: &str, seed: u32, seconds: u32) -> Result<String, String> {
    let document = Topology::from_json(document_json).map_err(|why| why.to_string())?;
    let plan =
        check(&document).map_err(|faults| faults.first().map_or_else(String::new, Fault::to_string))?;
    let duration = Span::from_millis(u64::from(seconds) * 1_000);
    let run = simulate(&plan, Seed(u64::from(seed)), Span::ZERO, duration);
    Ok(format!("{:016x}", run.digest()))
}
