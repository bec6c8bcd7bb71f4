//! The JavaScript that loads the module: what the `wasm-bindgen` command makes, made by its library.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::order;
use crate::project::Project;

/// The base name of what is generated: `loadpath.js` and `loadpath_bg.wasm`.
const NAME: &str = "loadpath";

/// Generates the JavaScript and the final module into a folder and returns it; a module seen before costs nothing.
pub(crate) fn generate(project: &Project, module: &Path) -> Result<PathBuf> {
    let version = agreed_version(project)?;
    let folder = project.target.join("xtask/glue");
    let bytes = std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let stamp = stamp(&bytes, &version);
    let stamped = project.target.join("xtask/glue.stamp");
    if std::fs::read_to_string(&stamped).is_ok_and(|old| old == stamp) && folder.is_dir() {
        return Ok(folder);
    }
    // A stamp is only there while the folder is whole: a build that is cut off starts again.
    let _ = std::fs::remove_file(&stamped);
    let _ = std::fs::remove_dir_all(&folder);
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(NAME, bytes).web(true)?.typescript(false);
    bindgen.remove_name_section(false).remove_producers_section(true).omit_default_module_path(false);
    bindgen.generate(&folder).context("wasm-bindgen cannot read the compiled playground")?;
    let module = folder.join(format!("{NAME}_bg.wasm"));
    let bytes = std::fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    std::fs::write(&module, order::by_likeness(&bytes)?)
        .with_context(|| format!("cannot write {}", module.display()))?;
    std::fs::write(&stamped, stamp).with_context(|| format!("cannot write {}", stamped.display()))?;
    Ok(folder)
}

/// The page's wasm-bindgen and ours write and read the same private format, which changes with each version.
fn agreed_version(project: &Project) -> Result<String> {
    let page = project.locked_version("wasm-bindgen")?;
    let ours = project.locked_version("wasm-bindgen-cli-support")?;
    if page != ours {
        bail!(
            "Cargo.lock has wasm-bindgen {page} and wasm-bindgen-cli-support {ours}, which must be equal; \
             run `cargo update -p wasm-bindgen-cli-support --precise {page}`"
        );
    }
    Ok(page)
}

fn stamp(bytes: &[u8], version: &str) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("wasm-bindgen {version}, ordered, module of {} bytes, {:016x}\n", bytes.len(), hasher.finish())
}
