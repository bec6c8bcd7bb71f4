//! Frames of a journal: each is a line, with its length, checksum and number before its JSON.
//!
//! JSON has no raw line break, so after damage the next frame is found at the next line that begins like one.
use std::fmt::Write as _;

/// What every frame begins with.
const MARK: &str = "R1 ";
/// Mark, length, checksum and number, each number in eight hexadecimal digits with a space behind.
const HEAD: usize = MARK.len() + 3 * 9;

/// The text of a frame, its line break included.
pub(super) fn encode(number: u32, json: &str) -> String {
    let mut frame = head(number, json);
    frame.push_str(json);
    frame.push('\n');
    frame
}

fn head(number: u32, json: &str) -> String {
    let (length, mut checksum) = (json.len(), crc32fast::Hasher::new());
    checksum.update(format!("{length:08x} {number:08x} ").as_bytes());
    checksum.update(json.as_bytes());
    let mut head = String::with_capacity(HEAD + json.len() + 1);
    // A string takes every write.
    let _ = write!(head, "{MARK}{length:08x} {:08x} {number:08x} ", checksum.finalize());
    head
}

/// Whether a file begins as a journal does.
pub(super) fn is_journal(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK.as_bytes())
}

/// What a journal's bytes hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan<'a> {
    /// The number and JSON of every sound frame, in order.
    pub(super) frames: Vec<(u32, &'a str)>,
    /// Where damage begins, and how many bytes it has.
    pub(super) damage: Vec<(usize, usize)>,
}

/// Reads every sound frame, and passes over what is damaged. Never panics; takes time in proportion to the bytes.
pub(super) fn scan(bytes: &[u8]) -> Scan<'_> {
    let mut scan = Scan::default();
    let mut at = 0;
    while at < bytes.len() {
        if let Some((number, json)) = decode(&bytes[at..]) {
            scan.frames.push((number, json));
            at += HEAD + json.len();
            match bytes.get(at) {
                Some(b'\n') => at += 1,
                Some(_) => {
                    scan.damage.push((at, 1));
                    at += 1;
                }
                None => scan.damage.push((at, 0)),
            }
        } else {
            let next = next_frame(bytes, at);
            scan.damage.push((at, next - at));
            at = next;
        }
    }
    scan
}

/// The sound frame that these bytes begin with.
fn decode(bytes: &[u8]) -> Option<(u32, &str)> {
    let told = std::str::from_utf8(bytes.get(..HEAD)?).ok()?;
    let mut words = told.strip_prefix(MARK)?.split(' ');
    let mut word = || u32::from_str_radix(words.next()?, 16).ok();
    let (length, _checksum, number) = (word()?, word()?, word()?);
    let json = bytes.get(HEAD..HEAD.checked_add(length as usize)?)?;
    let json = std::str::from_utf8(json).ok()?;
    // Written anew it must be the same, so that no other spelling of a number passes.
    (head(number, json) == told).then_some((number, json))
}

/// Where the next line that begins like a frame is, after `at`; the end when there is none.
fn next_frame(bytes: &[u8], at: usize) -> usize {
    let begins = |window: &[u8]| window[0] == b'\n' && &window[1..] == MARK.as_bytes();
    let found = bytes[at..].windows(MARK.len() + 1).position(begins);
    found.map_or(bytes.len(), |found| at + found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> String {
        (0..5).map(|n| encode(n, &format!("{{\"second\":{n},\"text\":\"R1 é\"}}"))).collect()
    }

    #[test]
    fn every_flipped_bit_costs_at_most_its_own_frame_and_is_told() {
        let whole = journal();
        let sound = scan(whole.as_bytes());
        assert!(sound.frames.len() == 5 && sound.damage.is_empty());
        for byte in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone().into_bytes();
                bytes[byte] ^= 1 << bit;
                let read = scan(&bytes);
                assert!(!read.damage.is_empty(), "bit {bit} of byte {byte} passes unseen");
                assert!(read.frames.len() >= 4, "bit {bit} of byte {byte} costs more than one frame");
                assert!(read.frames.iter().all(|frame| sound.frames.contains(frame)), "byte {byte}");
            }
        }
    }

    #[test]
    fn every_cut_leaves_the_frames_before_it() {
        let whole = journal();
        let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at).collect();
        for length in 0..whole.len() {
            let read = scan(&whole.as_bytes()[..length]);
            assert_eq!(read.frames.len(), ends.iter().filter(|&&end| end <= length).count(), "{length}");
            let at_a_frame = length == 0 || whole.as_bytes()[length - 1] == b'\n';
            assert_eq!(read.damage.is_empty(), at_a_frame, "{length}");
        }
    }
}
