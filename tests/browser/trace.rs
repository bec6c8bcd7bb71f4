//! What the threads of a page compute, task by task, as Chromium itself traces it.

use chromiumoxide::cdp::browser_protocol::io::{ReadParams, StreamHandle};
use chromiumoxide::cdp::browser_protocol::tracing::{
    EndParams, EventTracingComplete, StartParams, StartTransferMode, TraceConfig,
};
use futures_util::StreamExt;
use serde_json::Value;

use super::Page;

/// What finds the page's own process and main thread among those that are traced.
const MARK: &str = "loadpath-test: this thread";

impl Page {
    /// What each task of the page's main thread computes while `during` goes on, in milliseconds: the thread's own time, so
    /// that what other programs do on the machine is not seen.
    pub(crate) async fn tasks_while(&self, during: impl Future<Output = ()>) -> Vec<f64> {
        let mut complete = self.tab.event_listener::<EventTracingComplete>().await.expect("the browser runs");
        let categories = ["toplevel", "blink.user_timing"].map(str::to_owned).to_vec();
        let config = TraceConfig { included_categories: Some(categories), ..TraceConfig::default() };
        // As a stream: parts that come as events may come after it is said to be complete.
        let mode = Some(StartTransferMode::ReturnAsStream);
        let start = StartParams { trace_config: Some(config), transfer_mode: mode, ..StartParams::default() };
        self.tab.execute(start).await.expect("Chromium traces");
        self.evaluate::<Value>(&format!("void performance.mark({MARK:?})")).await;
        during.await;
        self.tab.execute(EndParams::default()).await.expect("Chromium ends its trace");
        let complete = complete.next().await.expect("Chromium says when its trace is complete");
        let stream = complete.stream.clone().expect("it is returned as a stream");
        let trace: Value = serde_json::from_str(&self.read(&stream).await).expect("a trace is JSON");
        tasks_of_the_marked_thread(trace["traceEvents"].as_array().expect("a trace is made of events"))
    }

    async fn read(&self, stream: &StreamHandle) -> String {
        let mut text = String::new();
        loop {
            let part = self.tab.execute(ReadParams::new(stream.clone())).await.expect("a stream can be read");
            text.push_str(&part.data);
            if part.eof {
                return text;
            }
        }
    }
}

fn tasks_of_the_marked_thread(events: &[Value]) -> Vec<f64> {
    let thread = |event: &Value| (event["pid"].as_u64(), event["tid"].as_u64());
    let marked = events.iter().find(|event| event["name"] == MARK).map(thread);
    let marked = marked.expect("the page's own thread is in the trace");
    let is_task = |event: &&Value| {
        thread(event) == marked && event["name"].as_str().is_some_and(|name| name.ends_with("RunTask"))
    };
    // In microseconds; a task that computed nothing that could be measured has none.
    events.iter().filter(is_task).map(|task| task["tdur"].as_f64().unwrap_or_default() / 1e3).collect()
}
