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

/// How many pages may have been let in; who wants more starts the agent anew.
const MOST_SESSIONS: usize = 256;

/// The pages that were let in, each with a token of its own: what is done is known by its number, from one.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Vec<Secret>>);

impl Sessions {
    /// Lets one more in; none when there were too many, or the system has no random numbers.
    pub(super) fn open(&self) -> Option<Secret> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = Secret::draw().ok().filter(|_| tokens.len() < MOST_SESSIONS)?;
        tokens.push(token.clone());
        Some(token)
    }

    /// The number of the page that has this token.
    pub(super) fn find(&self, guess: &str) -> Option<u32> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // All are looked at, so that the time says nothing about which it was.
        let numbered = (1..).zip(tokens.iter());
        numbered.fold(None, |found, (number, token)| if token.is(guess) { Some(number) } else { found })
    }
}

#[cfg(test)]
impl From<Secret> for Sessions {
    fn from(token: Secret) -> Self {
        Self(Mutex::new(vec![token]))
    }
}

#[cfg(test)]
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
    fn every_page_has_a_token_of_its_own_and_there_is_an_end_to_it() {
        let sessions = Sessions::default();
        let first = sessions.open().unwrap();
        let second = sessions.open().unwrap();
        assert_eq!((sessions.find(first.reveal()), sessions.find(second.reveal())), (Some(1), Some(2)));
        assert_eq!(sessions.find(&"0".repeat(64)), None);
        assert_eq!((2..1_000).filter_map(|_| sessions.open()).count(), MOST_SESSIONS - 2);
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
