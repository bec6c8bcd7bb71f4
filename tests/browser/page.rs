//! A page under test: what it computes, what becomes true in it, what it complains of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams, SetTouchEmulationEnabledParams,
};
use chromiumoxide::cdp::browser_protocol::inspector;
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::page::CrashParams;
use chromiumoxide::cdp::browser_protocol::performance::{DisableParams, EnableParams, EnableTimeDomain};
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EvaluateParams, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::page::ScreenshotParams;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::input::Mouse;

/// How long [`Page::wait_until`] waits: far longer than anything takes, so that a slow machine is no failure.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// What the console reports when the page is told to say that it has said everything.
const LAST_WORD: &str = "loadpath-test: everything said";

type Complaints = Arc<Mutex<Vec<String>>>;

/// One page. Dropped without [`Page::finish`], it still fails the test for the errors that came so far.
pub(crate) struct Page {
    pub(super) tab: chromiumoxide::Page,
    pub(super) mouse: Mutex<Mouse>,
    errors: Complaints,
    last_words: Complaints,
}

impl Page {
    pub(super) async fn visit(tab: chromiumoxide::Page, address: &str) -> Self {
        let page = Self { tab, mouse: Mutex::default(), errors: Arc::default(), last_words: Arc::default() };
        page.listen().await;
        // The driver would have each worker wait for a debugger, and forgets some service workers there.
        let alone = SetAutoAttachParams::new(false, false);
        page.tab.execute(alone).await.expect("Chromium lets workers be");
        page.go_to(address).await;
        page
    }

    /// Loads another address; returns when the document has loaded.
    pub(crate) async fn go_to(&self, address: &str) {
        let gone = self.tab.goto(address).await;
        gone.unwrap_or_else(|error| panic!("the page {address} does not load: {error}"));
    }

    /// Loads the page anew, as its reader would; returns when it is another document.
    pub(crate) async fn reload(&self) {
        // The answer to a call that unloads its own document may never come: the reload begins after it.
        let _: () = self.evaluate("void ((window.isOld = true), setTimeout(() => location.reload()))").await;
        self.wait_until("it is loaded anew", "!window.isOld && document.readyState === 'complete'").await;
    }

    /// Has the process of this page die at once, as a fault in the browser would.
    pub(crate) async fn crash(&self) {
        self.tab.execute(inspector::EnableParams::default()).await.expect("Chromium tells of crashes");
        let mut crashed =
            self.tab.event_listener::<inspector::EventTargetCrashed>().await.expect("the browser runs");
        tokio::select! {
            // Whoever dies does not answer, or with an error.
            _ = crashed.next() => {}
            Ok(_) = self.tab.execute(CrashParams::default()) => panic!("the page lives on"),
        }
    }

    /// The value of a JavaScript expression, which may be a promise; `undefined` is read as `null`.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> T {
        let result = self.tab.evaluate_expression(expression).await;
        let result = result.unwrap_or_else(|error| panic!("evaluating `{expression}`: {error}"));
        let value = result.value().cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_else(|error| panic!("the value of `{expression}`: {error}"))
    }

    /// The value that a JavaScript promise ends with.
    pub(crate) async fn evaluate_to_its_end<T: DeserializeOwned>(&self, promise: &str) -> T {
        let params = EvaluateParams::builder().expression(promise).await_promise(true).return_by_value(true);
        let result = self.tab.evaluate_expression(params.build().expect("there is an expression")).await;
        let result = result.unwrap_or_else(|error| panic!("waiting for `{promise}`: {error}"));
        let value = result.value().cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_else(|error| panic!("the value of `{promise}`: {error}"))
    }

    /// Waits until a JavaScript expression is truthy. While it throws, it is not.
    ///
    /// # Panics
    /// With `what`, when 30 s have passed or the page has complained.
    pub(crate) async fn wait_until(&self, what: &str, expression: &str) {
        let begun = Instant::now();
        let condition =
            format!("(() => {{ try {{ return !!({expression}); }} catch {{ return false; }} }})()");
        loop {
            // Between two documents there is no context to evaluate in: that is a "not yet".
            let answer = self.tab.evaluate_expression(condition.as_str()).await;
            if answer.is_ok_and(|answer| answer.into_value::<bool>().unwrap_or(false)) {
                return;
            }
            self.assert_no_errors(&format!("while waiting until {what}"));
            assert!(
                begun.elapsed() < DEADLINE,
                "after {DEADLINE:?} it is still not true that {what}: `{expression}`"
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Chromium's own counters of this page: `LayoutDuration`, `ScriptDuration`, `JSHeapUsedSize`, ...; seconds and bytes.
    pub(crate) async fn metrics(&self) -> BTreeMap<String, f64> {
        let metrics = self.tab.metrics().await.expect("Chromium counts");
        metrics.into_iter().map(|metric| (metric.name, metric.value)).collect()
    }

    /// Has [`Page::metrics`] count what a thread computes, not the time that passes: what other programs do is not seen.
    pub(crate) async fn count_thread_time(&self) {
        // The clock cannot be changed while it counts.
        self.tab.execute(DisableParams::default()).await.expect("Chromium stops counting");
        let threads = EnableParams { time_domain: Some(EnableTimeDomain::ThreadTicks) };
        self.tab.execute(threads).await.expect("Chromium counts the time of threads");
    }

    /// Has the browser say other things of the person and the window than it does: `("prefers-color-scheme", "dark")`.
    pub(crate) async fn prefer(&self, features: &[(&str, &str)]) {
        let features = features.iter().map(|(name, value)| MediaFeature::new(*name, *value)).collect();
        let media = SetEmulatedMediaParams { media: None, features: Some(features) };
        self.tab.execute(media).await.expect("Chromium emulates media");
    }

    /// Gives the window another size, in CSS pixels; a phone's is touched.
    pub(crate) async fn resize(&self, width: i64, height: i64, is_phone: bool) {
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, is_phone);
        self.tab.execute(metrics).await.expect("Chromium takes any size");
        self.tab
            .execute(SetTouchEmulationEnabledParams::new(is_phone))
            .await
            .expect("Chromium emulates touch");
    }

    /// Runs a script that is no expression, like a library, past the page's security policy.
    pub(crate) async fn run_script(&self, script: &str) {
        let ran = self.tab.evaluate_expression(script).await;
        ran.unwrap_or_else(|error| panic!("the script does not run: {error}"));
    }

    /// Has every document from now on run a script before anything of its own.
    pub(crate) async fn run_before_loading(&self, script: &str) {
        let added = self.tab.evaluate_on_new_document(script).await;
        added.unwrap_or_else(|error| panic!("the script is not taken: {error}"));
    }

    /// Writes what the window shows to a PNG file.
    pub(crate) async fn screenshot(&self, path: &Path) {
        let taken = self.tab.save_screenshot(ScreenshotParams::default(), path).await;
        taken.unwrap_or_else(|error| panic!("no screenshot to {}: {error}", path.display()));
    }

    /// Takes the errors that the page has reported: for a test that causes them.
    pub(crate) fn take_errors(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.errors))
    }

    /// Ends the test of this page: waits for what it still has to say, and fails if that is an error.
    pub(crate) async fn finish(self) {
        self.hear_out().await;
        self.assert_no_errors("by its end");
    }

    /// Returns once every event up to now has been heard: events keep their order, so a last word comes last.
    pub(crate) async fn hear_out(&self) {
        let heard = lock(&self.last_words).len();
        let _: () = self.evaluate(&format!("console.debug('{LAST_WORD}')")).await;
        while lock(&self.last_words).len() == heard {
            tokio::time::sleep(POLL).await;
        }
    }

    fn assert_no_errors(&self, when: &str) {
        let errors = self.take_errors();
        assert!(errors.is_empty(), "{when}, the page reported:\n  {}", errors.join("\n  "));
    }

    async fn listen(&self) {
        let mut logged = self.tab.event_listener::<EventEntryAdded>().await.expect("the browser runs");
        let mut thrown = self.tab.event_listener::<EventExceptionThrown>().await.expect("the browser runs");
        let mut called = self.tab.event_listener::<EventConsoleApiCalled>().await.expect("the browser runs");
        let (errors, last_words) = (self.errors.clone(), self.last_words.clone());
        // The streams end, and this with them, when the browser does.
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    Some(event) = logged.next() => lock(&errors).extend(complaint_of_log(&event)),
                    Some(event) = thrown.next() => lock(&errors).push(complaint_of_exception(&event)),
                    Some(event) = called.next() => {
                        lock(&errors).extend(complaint_of_console(&event));
                        lock(&last_words).extend(Some(words(&event)).filter(|words| words.contains(LAST_WORD)));
                    }
                    else => break,
                }
            }
        });
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_no_errors("before it was dropped");
        }
    }
}

/// What the browser itself reports: files that do not arrive, the content security policy, what workers say.
fn complaint_of_log(event: &EventEntryAdded) -> Option<String> {
    let entry = &event.entry;
    let place = entry.url.as_deref().unwrap_or("no address");
    (entry.level == LogEntryLevel::Error).then(|| format!("{:?}: {} ({place})", entry.source, entry.text))
}

fn complaint_of_exception(event: &EventExceptionThrown) -> String {
    let details = &event.exception_details;
    let thrown = details.exception.as_ref().and_then(|object| object.description.as_deref());
    format!("uncaught: {}", thrown.unwrap_or(&details.text))
}

fn complaint_of_console(event: &EventConsoleApiCalled) -> Option<String> {
    let grave = matches!(event.r#type, ConsoleApiCalledType::Error | ConsoleApiCalledType::Assert);
    grave.then(|| format!("console: {}", words(event)))
}

fn words(event: &EventConsoleApiCalled) -> String {
    let words = event.args.iter().map(|argument| match (&argument.value, &argument.description) {
        (Some(serde_json::Value::String(text)), _) | (None, Some(text)) => text.clone(),
        (Some(value), _) => value.to_string(),
        (None, None) => String::new(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A test that panicked while it held the lock leaves the list whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
