//! Ctrl-C and SIGTERM: the first asks everything to stop, the second ends the process at once.
//!
//! The handler must be in place before goose installs its own, which would swallow the signal; the first one stays.
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

static TOKEN: OnceLock<CancellationToken> = OnceLock::new();

/// The exit code of a process that a Ctrl-C ended, as shells have it.
pub const EXIT_CODE: u8 = 130;

/// The token that the first signal cancels. Installs the handler when called first.
pub fn token() -> CancellationToken {
    TOKEN
        .get_or_init(|| {
            let token = CancellationToken::new();
            let cancel = token.clone();
            // This fails when the program that uses us as a library has a handler already; then that one decides.
            let _ = ctrlc::set_handler(move || {
                if cancel.is_cancelled() {
                    std::process::exit(i32::from(EXIT_CODE));
                }
                cancel.cancel();
            });
            token
        })
        .clone()
}
