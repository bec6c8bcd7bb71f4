//! The page: from `playground/` and `www/` to a folder of static files in `www/dist`.

mod glue;
mod order;
mod publish;
mod wasm;
mod weight;

pub(crate) use publish::{PageFile, pack};
pub(crate) use weight::print as print_weight;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::steps::Steps;
use crate::toolchain;

/// The steps of [`build`].
pub(crate) const PLAN: [&str; 4] = [
    "WebAssembly in the toolchain",
    "the page's module (profile page)",
    "the JavaScript around it (wasm-bindgen)",
    "www/dist, with brotli",
];

/// `cargo xtask web`: builds the page and says what it weighs.
pub(crate) fn run(project: &Project) -> Result<()> {
    let page = build(project, &mut Steps::new(PLAN.to_vec()))?;
    print_weight(&page);
    Ok(())
}

/// Builds the page. What did not change is not made again: a second build takes a second.
pub(crate) fn build(project: &Project, steps: &mut Steps) -> Result<Vec<PageFile>> {
    steps.run(|| toolchain::add_wasm(project))?;
    let module = steps.run(|| wasm::compile(project))?;
    let glue = steps.run(|| glue::generate(project, &module))?;
    let page = steps.run(|| publish::publish(project, &glue))?;
    // Tests compare its age with the sources', so that they never judge a page of the past.
    std::fs::write(project.target.join("xtask/page.stamp"), "")
        .context("cannot write to the target folder")?;
    Ok(page)
}
