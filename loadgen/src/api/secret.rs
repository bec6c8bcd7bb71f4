//! Secrets: the token that lets act, and the one-time code that is exchanged for it.
use crate::entropy;
use std::fmt;
use std::hint::black_box;
use std::io;
use std::sync::{Mutex, PoisonError};

/// A text that only those should know who were given it. It is never printed by accident.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    /// 256 random bits.
    pub(super) fn draw() -> io::Result<Self> {
        entropy::hex(32).map(Self)
    }

    /// Whether `guess` is it. Takes as long for a guess that is nearly right as for one that is all wrong.
    pub(super) fn is(&self, guess: &str) -> bool {
        let (secret, guess) = (self.0.as_bytes(), guess.as_bytes());
        let differing = secret.iter().zip(guess).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
        secret.len() == guess.len() && differing == 0
    }

    /// The text, for who is to be given it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The code in the address that the agent prints. It opens one session; then there is a new one.
#[derive(Debug)]
pub(super) struct OneTimeCode(Mutex<Secret>);

impl OneTimeCode {
    pub(super) fn draw() -> io::Result<Self> {
        Secret::draw().map(|code| Self(Mutex::new(code)))
    }

    /// The code that is good now.
    pub(super) fn current(&self) -> Secret {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses the code up: whether `guess` was it, and there is a new one now.
    pub(super) fn redeem(&self, guess: &str) -> bool {
        let mut code = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a new code the old one must not open anything again, so nothing is opened.
        code.is(guess) && Secret::draw().map(|new| *code = new).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_only_itself_and_is_not_printed() {
        let secret = Secret::draw().unwrap();
        let text = secret.reveal().to_owned();
        assert_eq!(text.len(), 64);
        assert!(secret.is(&text));
        let last = if text.ends_with('0') { "1" } else { "0" };
        for guess in ["", &text[..63], &format!("{text}0"), &format!("{}{last}", &text[..63])] {
            assert!(!secret.is(guess), "{guess}");
        }
        assert!(!format!("{secret:?}").contains(&text[..8]));
    }

    #[test]
    fn a_code_opens_one_session() {
        let code = OneTimeCode::draw().unwrap();
        let first = code.current();
        assert!(!code.redeem("guess"));
        assert!(code.redeem(first.reveal()));
        assert!(!code.redeem(first.reveal()), "a second time");
        assert!(code.redeem(code.current().reveal()), "the new one");
    }
}
