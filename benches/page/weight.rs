//! What a folder of files weighs: bytes as they lie there, and as they are sent.
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// Bytes in three forms.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) plain: usize,
    pub(crate) gzip: usize,
    pub(crate) brotli: usize,
}

/// Every file of a folder that has a twin packed by brotli: data of the bench itself has none.
pub(crate) fn of(folder: &Path) -> Weight {
    let files = folder.read_dir().expect("the built folder can be read").flatten().map(|entry| entry.path());
    let mut all = Weight::default();
    for path in files {
        let twin = format!("{}.br", path.display());
        let Ok(twin) = std::fs::metadata(twin) else { continue };
        let bytes = std::fs::read(&path).expect("a file of the built folder can be read");
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&bytes).expect("memory takes every byte");
        all.plain += bytes.len();
        all.gzip += packer.finish().expect("memory takes every byte").len();
        all.brotli += usize::try_from(twin.len()).expect("a file fits into memory");
    }
    all
}
