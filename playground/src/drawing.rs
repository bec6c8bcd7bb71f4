//! What waits until the page is drawn.
use gloo::timers::callback::Timeout;

/// Two frames, in milliseconds: components are drawn in turns of their own, within one or two.
const FRAMES_MS: u32 = 34;

/// Does something once what is being drawn now has been drawn; dropped before, it is not done.
pub(crate) fn after_drawing(then: impl FnOnce() + 'static) -> Timeout {
    Timeout::new(FRAMES_MS, then)
}
