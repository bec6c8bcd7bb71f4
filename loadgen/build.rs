//! Puts the built page into the program: `cargo xtask web` leaves it in `www/dist`.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let www = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../www");
    // The folder above, because a path that does not exist would make every build start from here.
    println!("cargo::rerun-if-changed={}", www.display());
    let dist = www.join("dist");
    let mut names = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &dist, &mut names)?;
        names.sort();
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("page.rs");
    fs::write(out, table(&dist, &names)?)
}

/// The names of all files in a folder, as paths from its top with slashes.
fn collect(top: &Path, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(top, &path, names)?;
        } else if let Some(name) = path.strip_prefix(top).ok().and_then(Path::to_str) {
            names.push(name.to_owned());
        }
    }
    Ok(())
}

/// A slice of `File`s, each with its packed twin if there is one.
fn table(dist: &Path, names: &[String]) -> io::Result<String> {
    let mut text = String::from("&[\n");
    let bytes =
        |name: &str| fs::canonicalize(dist.join(name)).map(|path| format!("include_bytes!({path:?})"));
    for name in names.iter().filter(|name| !name.ends_with(".br") && !name.ends_with(".gz")) {
        let packed = format!("{name}.br");
        let packed =
            if names.contains(&packed) { format!("Some({})", bytes(&packed)?) } else { "None".to_owned() };
        writeln!(text, "File {{ name: {name:?}, bytes: {}, brotli: {packed} }},", bytes(name)?)
            .expect("a string takes every text");
    }
    text.push(']');
    Ok(text)
}
