//! The page: from `playground/` and `www/` to a folder of static files in `www/dist`.

mod glue;
mod publish;
mod wasm;
mod weight;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::steps::Steps;

/// How many steps [`build`] announces.
pub(crate) const STEPS: usize = 4;

/// Builds the page. What did not change is not made again: a second build takes a second.
pub(crate) fn build(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run("the compiler's WebAssembly target", || wasm::add_target(project))?;
    let module = steps.run("the page's WebAssembly (profile page)", || wasm::compile(project))?;
    let glue = steps.run("the JavaScript around it (wasm-bindgen)", || glue::generate(project, &module))?;
    let page = steps.run("www/dist, with brotli", || publish::publish(project, &glue))?;
    // Tests compare its age with the sources', so that they never judge a page of the past.
    std::fs::write(project.target.join("xtask/page.stamp"), "")
        .context("cannot write to the target folder")?;
    weight::print(&page);
    Ok(())
}
