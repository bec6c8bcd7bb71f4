//! One decoder under libFuzzer, chosen by the environment; `cargo xtask fuzz` runs it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loadpath_fuzz::{Decoder, named, write_seeds};
use std::path::Path;
use std::sync::LazyLock;

/// Names the decoder.
const DECODER: &str = "LOADPATH_DECODER";
/// Names a folder: the seeds are written there, a folder for each decoder, the decoders' names printed, and that is all.
const SEEDS: &str = "LOADPATH_SEEDS";

static CHOSEN: LazyLock<&Decoder> = LazyLock::new(|| {
    let name = std::env::var(DECODER).unwrap_or_default();
    named(&name).unwrap_or_else(|| panic!("{DECODER} names no decoder: {name:?}"))
});

fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os(SEEDS) {
            write_seeds(Path::new(&folder)).expect("the folder can be written to");
            std::process::exit(0);
        }
    },
    |bytes: &[u8]| (CHOSEN.read)(bytes)
);
