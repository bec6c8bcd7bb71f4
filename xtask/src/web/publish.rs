//! Gathering the page's files into `www/dist`, each with its brotli twin, and touching only what changed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

use loadpath_core::hash;

use crate::project::Project;

/// The script that keeps the page for when there is no network.
const OFFLINE: &str = "offline.js";

/// One file of the built page.
pub(crate) struct PageFile {
    /// Relative to `www/dist`, with forward slashes.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The size of its brotli twin, where there is one.
    pub(crate) brotli: Option<usize>,
}

/// Makes `www/dist` hold exactly the generated files and those of `www/`.
pub(crate) fn publish(project: &Project, glue: &Path) -> Result<Vec<PageFile>> {
    let www = project.root.join("www");
    let dist = www.join("dist");
    let mut files = BTreeMap::new();
    collect(&www, "", &dist, &mut files)?;
    collect(glue, "", &dist, &mut files)?;
    join_styles(&mut files);
    check_references(&files)?;
    name_build(&mut files)?;
    let mut page = Vec::new();
    for (name, bytes) in files {
        let changed = write_if_changed(&dist.join(&name), &bytes)?;
        let brotli = brotli_twin(&dist.join(format!("{name}.br")), &name, &bytes, changed)?;
        page.push(PageFile { name, bytes, brotli });
    }
    remove_others(&dist, &page)?;
    Ok(page)
}

/// Reads every file below `folder`, except those below `skipped`.
fn collect(folder: &Path, prefix: &str, skipped: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path == skipped {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{name}/"), skipped, files)?;
        } else {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.insert(name, bytes);
        }
    }
    Ok(())
}

/// Makes one `styles.css` of the parts in `styles/`: `base.css` first, then by name, then what narrow windows change.
fn join_styles(files: &mut BTreeMap<String, Vec<u8>>) {
    let parts: Vec<String> = files.keys().filter(|name| name.starts_with("styles/")).cloned().collect();
    let mut parts: Vec<(String, Vec<u8>)> =
        parts.into_iter().filter_map(|name| files.remove_entry(&name)).collect();
    parts.sort_by_key(|(name, _)| match name.as_str() {
        "styles/base.css" => 0,
        "styles/narrow.css" => 2,
        _ => 1,
    });
    let whole = parts.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>().join(&b'\n');
    files.insert("styles.css".to_owned(), whole);
}

/// A name in `index.html` with no file behind it would only show in a browser.
fn check_references(files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let index = files.get("index.html").context("www/index.html is missing")?;
    let index = String::from_utf8_lossy(index);
    for attribute in ["href=\"", "src=\""] {
        for rest in index.split(attribute).skip(1) {
            let name = rest.split('"').next().unwrap_or_default().trim_start_matches("./");
            if !name.contains(':') && !name.starts_with('#') && !files.contains_key(name) {
                bail!("www/index.html names {name:?}, and there is no such file in www/");
            }
        }
    }
    Ok(())
}

/// Writes into the script that keeps the page offline which files there are, and a name that changes with any of them.
fn name_build(files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut script = files.remove(OFFLINE).with_context(|| format!("www/{OFFLINE} is missing"))?;
    let mut all: Vec<u8> = script.clone();
    for (name, bytes) in &*files {
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(&hash::bytes(bytes).to_le_bytes());
    }
    let names = serde_json::to_string(&files.keys().collect::<Vec<_>>())?;
    let build = format!("{:016x}", hash::bytes(&all));
    let lines = [
        ("const BUILD = \"unbuilt\";", format!("const BUILD = \"{build}\";")),
        ("const FILES = [];", format!("const FILES = {names};")),
    ];
    for (blank, written) in lines {
        let text = String::from_utf8(script).with_context(|| format!("www/{OFFLINE} is not text"))?;
        anyhow::ensure!(text.contains(blank), "www/{OFFLINE} has no line {blank:?} for the build to fill in");
        script = text.replace(blank, &written).into_bytes();
    }
    files.insert(OFFLINE.to_owned(), script);
    Ok(())
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Writes `name.br` when the file changed or has none yet, and returns its size; none for what is compressed already.
fn brotli_twin(path: &Path, name: &str, bytes: &[u8], changed: bool) -> Result<Option<usize>> {
    if !compresses(name) {
        return Ok(None);
    }
    if !changed && let Ok(twin) = path.metadata() {
        return Ok(Some(usize::try_from(twin.len())?));
    }
    let mut packed = Vec::new();
    let mut packer = brotli::CompressorWriter::new(&mut packed, 64 * 1024, 11, 22);
    packer.write_all(bytes)?;
    drop(packer);
    std::fs::write(path, &packed).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Some(packed.len()))
}

/// Writes the brotli twins of some files of a folder, as those of the page are.
pub(crate) fn pack(folder: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        brotli_twin(&folder.join(format!("{name}.br")), name, &bytes, true)?;
    }
    Ok(())
}

fn compresses(name: &str) -> bool {
    let kind = name.rsplit('.').next().unwrap_or_default();
    matches!(kind, "wasm" | "js" | "css" | "html" | "svg" | "json" | "webmanifest" | "txt")
}

/// Takes away what an older build left.
fn remove_others(dist: &Path, page: &[PageFile]) -> Result<()> {
    let mut present = BTreeMap::new();
    collect(dist, "", Path::new(""), &mut present)?;
    for name in present.into_keys() {
        let plain = name.strip_suffix(".br").unwrap_or(&name);
        let file = page.iter().find(|file| file.name == plain);
        let kept = file.is_some_and(|file| plain.len() == name.len() || file.brotli.is_some());
        if !kept {
            let path = dist.join(&name);
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
