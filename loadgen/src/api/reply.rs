//! Answers: their body, their headers, their refusals.
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use loadpath_core::wire::Refusal;
use serde::Serialize;

/// An answer.
pub(super) type Reply = Response;

/// A refusal where something else was wanted. Boxed, because it is much larger than that.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Box<Reply>);

impl From<Reply> for Refused {
    fn from(reply: Reply) -> Self {
        Self(Box::new(reply))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Reply {
        *self.0
    }
}

/// What a browser is told of every answer. Scripts, styles and connections only from here; nobody frames or embeds it.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
         connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cache-control", "no-cache"),
];

/// Adds what a browser is told of every answer.
pub(super) fn harden(mut reply: Reply) -> Reply {
    for (name, value) in HEADERS {
        reply.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    reply
}

/// A body of this kind.
pub(super) fn content(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

/// A plain text.
pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    content(status, "text/plain; charset=utf-8", text)
}

/// A value as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).expect("the API's types hold only what JSON can say");
    content(status, "application/json", body)
}

/// A refusal: what is wrong and what to do.
pub(super) fn refuse(status: StatusCode, error: impl Into<String>) -> Reply {
    json(status, &Refusal { error: error.into(), faults: Vec::new() })
}

/// It was done, and there is nothing to say.
pub(super) fn done() -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply
}
