//! The only place that asks the system for random numbers that nobody can guess.
use std::fmt::Write as _;
use std::io;

/// So many random bytes, as twice as many hexadecimal digits.
///
/// # Errors
/// When the system has none to give.
pub fn hex(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|e| io::Error::other(e.to_string()))?;
    let mut text = String::with_capacity(2 * bytes);
    for byte in random {
        write!(text, "{byte:02x}").expect("a string takes every text");
    }
    Ok(text)
}
