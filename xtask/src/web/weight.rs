//! What the page weighs: bytes, and what they are on the wire.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::publish::PageFile;

/// Prints a line per file, the heaviest first, and the sum.
pub(crate) fn print(page: &[PageFile]) {
    let mut rows: Vec<_> = page.iter().map(|file| (file.name.as_str(), weigh(file))).collect();
    rows.sort_by_key(|(_, weight)| std::cmp::Reverse(weight[0]));
    let sum = rows.iter().fold([0; 3], |sum, (_, row)| [sum[0] + row[0], sum[1] + row[1], sum[2] + row[2]]);
    println!("{:<28} {:>12} {:>12} {:>12}", "page (bytes)", "plain", "gzip", "brotli");
    for (name, weight) in rows.into_iter().chain([("whole page", sum)]) {
        println!("{name:<28} {:>12} {:>12} {:>12}", weight[0], weight[1], weight[2]);
    }
}

/// Plain, gzip at its best, brotli; what does not compress counts plain.
fn weigh(file: &PageFile) -> [usize; 3] {
    let plain = file.bytes.len();
    file.brotli.map_or([plain; 3], |brotli| [plain, gzip_size(&file.bytes), brotli])
}

fn gzip_size(bytes: &[u8]) -> usize {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("writing to memory cannot fail").len()
}
