//! A file of OTLP traces as JSON lines (the collector's file exporter): how long calls to each service took.
//!
//! A call is a span of kind server or consumer. Where the span of its caller is in the file, the call took as long as that, and what the
//! callee did not see of it was waiting: on the way, or before the callee began. Only lengths of time are subtracted, never clocks
//! of different processes.
use super::Told;
use loadpath_core::run::Outcome;
use loadpath_core::time::Span;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// More spans are not read.
const MOST_SPANS: usize = 2_000_000;
/// What a histogram can hold.
const LONGEST_NS: u64 = 600 * Span::SECOND.0;

#[derive(Deserialize)]
struct Batch {
    #[serde(default, rename = "resourceSpans")]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    resource: Attributes,
    #[serde(default, rename = "scopeSpans")]
    scopes: Vec<Scope>,
}

#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Text,
}

#[derive(Default, Deserialize)]
struct Text {
    #[serde(default, rename = "stringValue")]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Scope {
    #[serde(default)]
    spans: Vec<OneSpan>,
}

#[derive(Deserialize)]
struct OneSpan {
    #[serde(default, rename = "traceId")]
    trace: String,
    #[serde(rename = "spanId")]
    id: String,
    #[serde(default, rename = "parentSpanId")]
    parent: String,
    #[serde(default)]
    kind: Kind,
    #[serde(rename = "startTimeUnixNano")]
    start: Nanos,
    #[serde(rename = "endTimeUnixNano")]
    end: Nanos,
    #[serde(default)]
    status: Status,
}

/// A number, or its name: both occur.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Kind {
    Number(u8),
    Name(String),
    #[default]
    None,
}

impl Kind {
    fn is(&self, number: u8, name: &str) -> bool {
        match self {
            Self::Number(own) => *own == number,
            Self::Name(own) => own == name,
            Self::None => false,
        }
    }
}

/// JSON says large numbers as texts, and some writers do not.
#[derive(Deserialize)]
#[serde(untagged)]
enum Nanos {
    Number(u64),
    Text(String),
}

impl Nanos {
    fn get(&self) -> Option<u64> {
        match self {
            Self::Number(nanos) => Some(*nanos),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    code: Kind,
}

/// A call that a service answered.
struct Call {
    service: String,
    trace: String,
    parent: String,
    length: u64,
    failed: bool,
}

/// The spans of a file that began in a window of time.
#[derive(Default)]
pub struct Spans {
    calls: Vec<Call>,
    /// How long each caller's span took, by trace and span.
    callers: HashMap<(String, String), u64>,
}

/// What the spans say of a service.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its calls.
    pub told: Told,
    /// Of how many the caller's span is known.
    pub with_caller: u64,
}

impl Spans {
    /// Reads the spans that began in `[from, until)`, in nanoseconds since 1970.
    ///
    /// # Errors
    /// A sentence that names the line, when it is not OTLP in JSON, or there are too many spans.
    pub fn read(text: &str, from: u64, until: u64) -> Result<Self, String> {
        let (mut all, mut count) = (Self::default(), 0);
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let batch: Batch =
                serde_json::from_str(line).map_err(|why| format!("line {}: {why}", number + 1))?;
            for resource in batch.resources {
                let mut names =
                    resource.resource.attributes.into_iter().filter(|one| one.key == "service.name");
                let service = names.next().and_then(|one| one.value.text).unwrap_or_default();
                for span in resource.scopes.into_iter().flat_map(|scope| scope.spans) {
                    count += 1;
                    if count > MOST_SPANS {
                        return Err(format!(
                            "it has more than {MOST_SPANS} spans: cut out the time that counts"
                        ));
                    }
                    all.add(&service, span, (from, until));
                }
            }
        }
        Ok(all)
    }

    fn add(&mut self, service: &str, span: OneSpan, (from, until): (u64, u64)) {
        let (Some(start), Some(end)) = (span.start.get(), span.end.get()) else { return };
        if end < start || !(from..until).contains(&start) {
            return;
        }
        let length = (end - start).min(LONGEST_NS);
        if span.kind.is(2, "SPAN_KIND_SERVER") || span.kind.is(5, "SPAN_KIND_CONSUMER") {
            let failed = span.status.code.is(2, "STATUS_CODE_ERROR");
            self.calls.push(Call {
                service: service.to_owned(),
                trace: span.trace,
                parent: span.parent,
                length,
                failed,
            });
        } else if span.kind.is(3, "SPAN_KIND_CLIENT") {
            // A producer's span ends when the message is sent, and says nothing of the call.
            self.callers.insert((span.trace, span.id), length);
        }
    }

    /// What is known of each service, by its name.
    pub fn services(&self) -> BTreeMap<String, Seen> {
        let mut services: BTreeMap<String, Seen> = BTreeMap::new();
        for call in &self.calls {
            let seen = services.entry(call.service.clone()).or_default();
            let caller = self.callers.get(&(call.trace.clone(), call.parent.clone()));
            let response = caller.copied().unwrap_or(call.length).max(call.length);
            seen.told.response.record(Span(response));
            seen.told.add(if call.failed { Outcome::Failed } else { Outcome::Ok }, 1);
            if caller.is_some() {
                seen.with_caller += 1;
                seen.told.wait.record(Span(response - call.length));
            }
        }
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, kind: &str, from: u64, to: u64, code: u8) -> String {
        format!(
            r#"{{"traceId":"t","spanId":"{id}","parentSpanId":"{parent}","kind":{kind},"startTimeUnixNano":"{from}","endTimeUnixNano":{to},"status":{{"code":{code}}},"name":"x"}}"#
        )
    }

    fn batch(service: &str, spans: &[String]) -> String {
        let spans = spans.join(",");
        format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{service}"}}}}]}},"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#
        )
    }

    #[test]
    fn a_call_takes_as_long_as_its_caller_saw_and_the_rest_was_waiting() {
        let web = batch(
            "web",
            &[span("1", "", "2", 1_000, 90_001_000, 0), span("2", "1", "3", 2_000, 50_002_000, 0)],
        );
        // Its clock is far off; only lengths count.
        let db = batch(
            "db",
            &[
                span("3", "2", "\"SPAN_KIND_SERVER\"", 5_000, 30_005_000, 2),
                span("9", "", "2", 7_777_777, 7_777_778, 0),
            ],
        );
        let text = format!("{web}\n\n{db}\n");
        let services = Spans::read(&text, 0, 1_000_000).unwrap().services();
        let (web, db) = (&services["web"], &services["db"]);
        assert_eq!((web.told.outcomes.ok, web.with_caller), (1, 0));
        assert_eq!(
            (db.told.outcomes.failed, db.told.outcomes.ok, db.with_caller),
            (1, 0, 1),
            "what began later is another run's"
        );
        assert!((db.told.response.max().as_millis() - 50.0).abs() < 0.1);
        assert!((db.told.wait.max().as_millis() - 20.0).abs() < 0.1);
        assert!(web.told.wait.is_empty());
    }

    #[test]
    fn what_is_no_trace_is_a_sentence_with_its_line() {
        assert!(Spans::read("{}\nhello", 0, 1).err().unwrap().contains("line 2"));
        assert!(Spans::read(&format!("{}\n", "[".repeat(100_000)), 0, 1).is_err());
        let backwards = batch("x", &[span("1", "", "2", 10, 5, 0)]);
        assert!(Spans::read(&backwards, 0, 100).unwrap().services().is_empty());
    }
}
