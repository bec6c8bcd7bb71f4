//! The compressed HdrHistogram V2 format, as far as it must be looked at before a reader may be given it.
//!
//! Its header says how many bytes of counts follow and between which bounds they lie; readers make room for both before they look
//! whether it is true. So that a stranger's hundred bytes cannot take gigabytes, both are checked here first.
use super::counts::HIGHEST;
use super::histogram::{BadHistogram, LOWEST_NS, Precision};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// "HISTF", a compressed histogram, and what is compressed in it: cookies of the format, which say that words are of variable length.
const COMPRESSED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;
/// Cookie and length, before what is compressed.
const OUTER: usize = 8;
/// Cookie, length, offset, digits, lowest, highest and ratio.
const HEADER: usize = 40;
/// The most bytes that the counts of a histogram of ours take: 9 for each bucket of the finest.
const MOST_COUNTS: usize = 9 << 15;

/// What is compressed in these bytes, and its precision, when it is what it says of itself.
pub(super) fn plain(bytes: &[u8]) -> Result<(Vec<u8>, Precision), BadHistogram> {
    const NOT_ONE: BadHistogram = BadHistogram("it is not in the compressed HdrHistogram V2 format");
    let (outer, compressed) = bytes.split_at_checked(OUTER).ok_or(NOT_ONE)?;
    if number(outer, 0) != COMPRESSED || number(outer, 4) as usize > compressed.len() {
        return Err(NOT_ONE);
    }
    let plain = decompress_to_vec_zlib_with_limit(compressed, HEADER + MOST_COUNTS).map_err(|_| NOT_ONE)?;
    if plain.len() < HEADER
        || number(&plain, 0) != PLAIN
        || number(&plain, 4) as usize != plain.len() - HEADER
    {
        return Err(NOT_ONE);
    }
    let precision = match (long(&plain, 16), long(&plain, 24), number(&plain, 12)) {
        (LOWEST_NS, HIGHEST, 2) => Precision::Coarse,
        (LOWEST_NS, HIGHEST, 3) => Precision::Fine,
        _ => return Err(BadHistogram("its bounds are not 1 us to 10 minutes with two or three digits")),
    };
    Ok((plain, precision))
}

/// Big-endian, at a place that is there.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(number(bytes, at)) << 32 | u64::from(number(bytes, at + 4))
}

#[cfg(test)]
mod tests {
    use super::super::Histogram;
    use super::*;
    use crate::time::Span;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use miniz_oxide::deflate::compress_to_vec_zlib;

    fn encoded(plain: &[u8]) -> String {
        let compressed = compress_to_vec_zlib(plain, 6);
        let mut bytes = COMPRESSED.to_be_bytes().to_vec();
        bytes.extend((compressed.len() as u32).to_be_bytes());
        bytes.extend(compressed);
        STANDARD.encode(bytes)
    }

    /// A histogram with some values, before it is compressed.
    fn some(precision: Precision) -> (Histogram, Vec<u8>) {
        let mut histogram = Histogram::new(precision);
        (1..500).for_each(|i| histogram.record(Span(i * i * 77_777)));
        let bytes = STANDARD.decode(histogram.to_base64()).unwrap();
        let (plain, of) = plain(&bytes).unwrap();
        assert_eq!(of, precision);
        (histogram, plain)
    }

    #[test]
    fn what_says_more_than_it_holds_is_refused_before_there_is_room_for_it() {
        for precision in [Precision::Fine, Precision::Coarse] {
            let (histogram, plain) = some(precision);
            assert_eq!(Histogram::from_base64(&encoded(&plain)), Ok(histogram));
            // Its length, digits, lowest and highest value.
            for (at, to) in [(4, u32::MAX), (4, 1 << 30), (12, 5), (20, 1), (24, 1 << 30)] {
                let mut lies = plain.clone();
                lies[at..at + 4].copy_from_slice(&to.to_be_bytes());
                assert!(Histogram::from_base64(&encoded(&lies)).is_err(), "{to} at {at}");
            }
        }
    }

    #[test]
    fn every_bucket_filled_to_the_brim_is_read_and_a_bomb_is_not() {
        let mut full = Histogram::new(Precision::Fine);
        let mut value = 0;
        while value < HIGHEST {
            full.record_n(Span(value), 1 << 36);
            value += (value >> 11).max(256);
        }
        assert_eq!(Histogram::from_base64(&full.to_base64()).as_ref(), Ok(&full));
        let (_, mut bomb) = some(Precision::Fine);
        bomb.resize(HEADER + (64 << 20), 0);
        let length = (bomb.len() - HEADER) as u32;
        bomb[4..8].copy_from_slice(&length.to_be_bytes());
        assert!(Histogram::from_base64(&encoded(&bomb)).is_err());
    }
}
