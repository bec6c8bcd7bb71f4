//! Every decoder of what strangers write, with what must hold of whatever it reads; the tests give each of them changed files,
//! `cargo xtask fuzz` gives them to libFuzzer.
mod core;
mod native;
mod seeds;

use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

/// Something that reads bytes of any origin.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    /// What it is called.
    pub name: &'static str,
    /// Reads them, or passes them over.
    ///
    /// # Panics
    /// When what must hold does not: that is what is looked for.
    pub read: fn(&[u8]),
    /// What it was made to read.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const ALL: [Decoder; 14] = [
    Decoder { name: "document", read: core::document, seeds: seeds::documents },
    Decoder { name: "link", read: core::link, seeds: seeds::links },
    Decoder { name: "run", read: core::run, seeds: seeds::runs },
    Decoder { name: "histogram", read: core::histogram, seeds: seeds::histograms },
    Decoder { name: "message", read: core::message, seeds: seeds::messages },
    Decoder { name: "order", read: native::order, seeds: seeds::orders },
    Decoder { name: "journal", read: native::journal, seeds: seeds::journals },
    Decoder { name: "answer", read: native::answer, seeds: seeds::answers },
    Decoder { name: "server_timing", read: native::server_timing, seeds: seeds::server_timings },
    Decoder { name: "metrics", read: native::metrics, seeds: seeds::metrics },
    Decoder { name: "spans", read: native::spans, seeds: seeds::spans },
    Decoder { name: "design", read: native::design, seeds: seeds::designs },
    Decoder { name: "result", read: native::result, seeds: seeds::results },
    Decoder { name: "requests", read: native::requests, seeds: seeds::requests },
];

/// The one of this name.
pub fn named(name: &str) -> Option<&'static Decoder> {
    const { &ALL }.iter().find(|decoder| decoder.name == name)
}

/// Writes the seeds into this folder, into a folder for each decoder, and prints the decoders' names.
///
/// # Errors
/// As the file system has them.
pub fn write_seeds(folder: &Path) -> io::Result<()> {
    for decoder in &ALL {
        let folder = folder.join(decoder.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (decoder.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
        writeln!(io::stdout(), "{}", decoder.name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decoder_reads_what_it_was_made_for() {
        for decoder in &ALL {
            let seeds = (decoder.seeds)();
            assert!(!seeds.is_empty() && seeds.iter().all(|seed| !seed.is_empty()), "{}", decoder.name);
            seeds.iter().for_each(|seed| (decoder.read)(seed));
        }
    }
}
