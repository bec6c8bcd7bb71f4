//! A document in a URL's fragment.
//!
//! `#d1.` and, in base64url, three bytes of checksum and the document's JSON, deflated (RFC 1951) with a preset dictionary
//! of the words that documents use. JSON, so that links live as long as documents do and are migrated with them; the dictionary makes them as
//! short as a binary form would. The "1" is the dictionary's number: a later one gets the next, and both are read.
//!
//! After the document a link may say which request of which run to look at: `&request=N&seed=S`.
//!
//! Whatever stands in a link is a stranger's: its length, what it inflates to and what that says are all bounded.
use super::{NotATopology, Topology};
use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::{TINFLStatus, decompress_slice_iter_to_slice};
use std::fmt;

/// What every link to a document starts with, after the `#`.
pub const PREFIX: &str = "d1.";
/// A longer link is refused.
pub const MAX_LINK: usize = 64 << 10;
/// A document that inflates to more is refused.
pub const MAX_DOCUMENT: usize = 8 << 20;

/// Words of documents, the most frequent last: deflate refers to near text with fewer bits. Part of the format: links in
/// the world depend on every byte of it.
const DICTIONARY: &[u8] = br#""share":"operation":"write","queue":"cores":"check_interval":"fall":"rise":"connections":"sharding":"modulo""ring""read_time":"lognormal 4ms p99 18ms","write_time":"uniform "hyperexp "erlang "hash_ring""power_of_two""round_robin""arrivals":"constant""poisson""capacity":10000,"ttl":"1m","shards":"policy":"least_connections"}"timeout":"2s"},{"id":"users","kind":"clients","label":"Clients","at":[40,180],"instances":2,"service_time":"exp 8ms","workers":8},{"id":"cache","kind":"cache","label":"Cache","at":[{"id":"db","kind":"database","label":"Database","at":[{"id":"lb","kind":"load_balancer","label":"Balancer","at":[{"id":"web","kind":"service","label":"Web tier","at":[],"latency":"100us"},{"from":"web","to":"cache"},{"from":"web","to":"db"}],"workload":{"classes":[{"name":"read","keys":100000,"skew":0.9,"weight":1},{"name":"write","keys":100000,"operation":"write","skew":0.9,"weight":1}],"rate":"500/s"}}{"loadpath":1,"name":"","nodes":[{"id":""#;

/// The fragment for a document, without the `#`.
pub fn encode(document: &Topology) -> String {
    encode_text(document.to_json().as_bytes())
}

fn encode_text(json: &[u8]) -> String {
    let bytes = [&checksum(json), deflate(json).as_slice()].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// One damaged link in 16 million gets past it.
fn checksum(json: &[u8]) -> [u8; 3] {
    let [a, b, c, ..] = hash::bytes(json).to_le_bytes();
    [a, b, c]
}

/// The document of a fragment, with or without the `#`.
///
/// # Errors
/// What is wrong with the link, in a sentence.
pub fn decode(fragment: &str) -> Result<Topology, BadLink> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    if fragment.len() > MAX_LINK {
        return Err(BadLink::TooLong(fragment.len()));
    }
    let body = fragment.strip_prefix(PREFIX).ok_or(BadLink::NotALink)?;
    let body = body.split_once('&').map_or(body, |(body, _)| body);
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| BadLink::Damaged)?;
    let (sum, packed) = bytes.split_first_chunk::<3>().ok_or(BadLink::Damaged)?;
    let json = inflate(packed)?;
    if checksum(&json) != *sum {
        return Err(BadLink::Damaged);
    }
    let text = std::str::from_utf8(&json).map_err(|_| BadLink::Damaged)?;
    Topology::from_json(text).map_err(BadLink::NotADocument)
}

/// What stands after the document in a link to a run of this seed, and to a request of it, by its number; empty for neither.
pub fn asks(seed: Option<u64>, request: Option<u64>) -> String {
    let request = request.map_or_else(String::new, |request| format!("&request={request}"));
    let seed = seed.map_or_else(String::new, |seed| format!("&seed={seed}"));
    request + &seed
}

/// The seed and the request that a link asks for; what cannot be read is taken as not there.
pub fn asked(fragment: &str) -> (Option<u64>, Option<u64>) {
    let value = |name: &str| {
        let mut words = fragment.split('&').skip(1).filter_map(|word| word.split_once('='));
        words.find(|(word, _)| *word == name).and_then(|(_, value)| value.parse().ok())
    };
    (value("seed"), value("request"))
}

/// Why a link could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// It is longer than [`MAX_LINK`]; its length.
    TooLong(usize),
    /// It does not start as a link of ours does.
    NotALink,
    /// Characters are missing or wrong.
    Damaged,
    /// It inflates to more than [`MAX_DOCUMENT`].
    TooLarge,
    /// It is whole, but what it carries is not a document.
    NotADocument(NotATopology),
}

impl fmt::Display for BadLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => {
                write!(f, "this link has {length} characters, and a design's link has at most {MAX_LINK}")
            }
            Self::NotALink => write!(f, "this is not a link to a design: one starts with #{PREFIX}"),
            Self::Damaged => f.write_str(
                "this link is damaged: part of it is missing or was changed; copy it again, whole",
            ),
            Self::TooLarge => f.write_str("this link unpacks to more than any design; it was not opened"),
            Self::NotADocument(why) => write!(f, "this link does not hold a design: {why}"),
        }
    }
}

impl std::error::Error for BadLink {}

/// Raw deflate of `data` as it would follow the dictionary.
///
/// The dictionary is compressed first and flushed to a byte boundary; only what comes after is kept. A reader gives
/// the dictionary to its inflater as a stored block, which leaves the same window.
fn deflate(data: &[u8]) -> Vec<u8> {
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, -15, 0));
    let mut out = vec![0; DICTIONARY.len() * 2 + data.len() + 1_024];
    let (status, read, head) = compress(&mut compressor, DICTIONARY, &mut out, TDEFLFlush::Sync);
    assert!(status == TDEFLStatus::Okay && read == DICTIONARY.len(), "the buffer holds the dictionary");
    let (status, read, body) = compress(&mut compressor, data, &mut out[head..], TDEFLFlush::Finish);
    assert!(
        status == TDEFLStatus::Done && read == data.len(),
        "the buffer holds data that does not shrink at all"
    );
    out[head..head + body].to_vec()
}

fn inflate(body: &[u8]) -> Result<Vec<u8>, BadLink> {
    // A stored block that is not the last: type 00, the length and its complement (RFC 1951, §3.2.4).
    let length = u16::try_from(DICTIONARY.len()).expect("the dictionary is a constant and fits a block");
    let mut head = vec![0];
    head.extend_from_slice(&length.to_le_bytes());
    head.extend_from_slice(&(!length).to_le_bytes());
    head.extend_from_slice(DICTIONARY);
    let mut size = 64 << 10;
    loop {
        let mut out = vec![0; DICTIONARY.len() + size];
        let parts = [head.as_slice(), body];
        match decompress_slice_iter_to_slice(&mut out, parts.into_iter(), false, true) {
            Ok(written) => {
                out.truncate(written);
                return Ok(out.split_off(DICTIONARY.len()));
            }
            Err(TINFLStatus::HasMoreOutput) if size < MAX_DOCUMENT => size = (size * 4).min(MAX_DOCUMENT),
            Err(TINFLStatus::HasMoreOutput) => return Err(BadLink::TooLarge),
            Err(_) => return Err(BadLink::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::three_tier;
    use super::*;

    #[test]
    fn a_link_carries_the_document_and_is_short() {
        let document = three_tier();
        let link = encode(&document);
        assert_eq!(decode(&link), Ok(document.clone()));
        assert_eq!(decode(&format!("#{link}")), Ok(document));
        assert!(link.len() < 400, "{} characters: {link}", link.len());
    }

    #[test]
    fn a_damaged_link_is_refused_and_never_opens_as_another_design() {
        let link = encode(&three_tier());
        for cut in 0..link.len() {
            assert!(decode(&link[..cut]).is_err(), "cut at {cut}");
        }
        for (i, old) in link.char_indices().skip(PREFIX.len()) {
            let changed = format!("{}{}{}", &link[..i], if old == 'A' { 'B' } else { 'A' }, &link[i + 1..]);
            // The last character may carry bits that belong to no byte; then nothing was lost.
            assert!(decode(&changed).is_err() || i + 1 == link.len(), "changed at {i}");
        }
        assert_eq!(decode("hello"), Err(BadLink::NotALink));
        assert_eq!(decode("d1.!!!!"), Err(BadLink::Damaged));
    }

    #[test]
    fn a_link_may_ask_for_a_request_of_a_run() {
        let document = three_tier();
        let link = encode(&document) + &asks(Some(7), Some(1_234));
        assert!(link.ends_with("&request=1234&seed=7"), "{link}");
        assert_eq!((decode(&link), asked(&link)), (Ok(document), (Some(7), Some(1_234))));
        assert_eq!(asked(&format!("{link}x&seed=8")), (None, Some(1_234)));
        assert_eq!(asked(&encode(&three_tier())), (None, None));
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![b' '; MAX_DOCUMENT * 2];
        let bomb = encode_text(&zeros);
        assert!(bomb.len() < MAX_LINK, "{}", bomb.len());
        assert_eq!(decode(&bomb), Err(BadLink::TooLarge));
        assert!(matches!(decode(&"d1.".repeat(MAX_LINK)), Err(BadLink::TooLong(_))));
    }
}
