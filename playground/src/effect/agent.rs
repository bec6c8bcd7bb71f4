//! Talking to the agent that served the page: requests, and the stream of a live run's events.
use super::told;
use crate::msg::Msg;
use gloo::events::EventListener;
use loadpath_core::wire::{CodeExchange, Event, Refusal, Session, StartRun, Started, Status};
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{EventSource, Headers, MessageEvent, RequestInit, Response};
use yew::Callback;

/// How often a stream may break in a row before the agent is taken for gone; the browser waits about 3 s between tries.
const MOST_TRIES: u32 = 4;

/// Asks whether an agent is there.
pub(super) fn ask(tell: Callback<Msg>) {
    spawn_local(async move {
        let status = request("GET", "api/status", None, None).await.ok();
        let status = status.and_then(|text| loadpath_core::json::read::<Status>(&text).ok());
        tell.emit(Msg::Agent(status.map(Box::new)));
    });
}

/// Exchanges the one-time code for the right to act.
pub(super) fn exchange(tell: Callback<Msg>, code: String) {
    spawn_local(async move {
        let body = serde_json::to_string(&CodeExchange { code }).ok();
        let session =
            request("POST", "api/session", None, body).await.and_then(|text| read::<Session>(&text));
        tell.emit(Msg::Token(session.map(|session| session.token)));
    });
}

/// Starts a live run.
pub(super) fn start(tell: Callback<Msg>, token: String, run: &StartRun) {
    let body = serde_json::to_string(run).ok();
    spawn_local(async move {
        let started = request("POST", "api/runs", Some(token), body).await;
        tell.emit(match started.and_then(|text| read::<Started>(&text)) {
            Ok(started) => Msg::Started(started.id),
            Err(error) => Msg::Refused(format!("The live run did not start: {error}.")),
        });
    });
}

/// Does something to a live run; only a refusal is told.
pub(super) fn act(tell: Callback<Msg>, token: String, path: String, body: Option<String>) {
    spawn_local(async move {
        if let Err(error) = request("POST", &path, Some(token), body).await {
            tell.emit(Msg::Refused(format!("The agent refused: {error}.")));
        }
    });
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    loadpath_core::json::read(text).map_err(|error| format!("the agent's answer cannot be read ({error})"))
}

/// Sends a request and gives the answer's text, or a sentence.
async fn request(
    method: &str,
    path: &str,
    token: Option<String>,
    body: Option<String>,
) -> Result<String, String> {
    let response = send(method, path, token, body).await.map_err(|error| told(&error))?;
    let text = response.text().map_err(|error| told(&error))?;
    let text = JsFuture::from(text).await.map_err(|error| told(&error))?.as_string().unwrap_or_default();
    if response.ok() {
        return Ok(text);
    }
    let status = response.status();
    Err(match loadpath_core::json::read::<Refusal>(&text) {
        Ok(refusal) => refusal.faults.iter().fold(refusal.error, |told, fault| format!("{told}; {fault}")),
        Err(_) => format!("the agent answered {status}"),
    })
}

async fn send(
    method: &str,
    path: &str,
    token: Option<String>,
    body: Option<String>,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    if let Some(token) = token {
        headers.set("Authorization", &format!("Bearer {token}"))?;
    }
    let options = RequestInit::new();
    options.set_method(method);
    if let Some(body) = body {
        headers.set("Content-Type", "application/json")?;
        options.set_body(&JsValue::from_str(&body));
    }
    options.set_headers(&headers);
    let window = web_sys::window().expect("the page runs in a window");
    JsFuture::from(window.fetch_with_str_and_init(path, &options)).await?.dyn_into()
}

/// A live run's stream of events. Dropped, it is closed.
pub(super) struct Events {
    source: EventSource,
    _listeners: [EventListener; 2],
}

impl Events {
    pub(super) fn open(tell: &Callback<Msg>, run: &str) -> Option<Self> {
        let source = EventSource::new(&format!("api/runs/{run}/events")).ok()?;
        let broken = Rc::new(Cell::new(0));
        let (tell_event, mended) = (tell.clone(), Rc::clone(&broken));
        let messages = EventListener::new(&source, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
            mended.set(0);
            tell_event.emit(match loadpath_core::json::read::<Event>(&data) {
                Ok(event) => Msg::Live(Box::new(event)),
                Err(error) => Msg::Failed(format!("An event of the live run cannot be read: {error}.")),
            });
        });
        let (watched, tell) = (source.clone(), tell.clone());
        let errors = EventListener::new(&source, "error", move |_| {
            broken.set(broken.get() + 1);
            if broken.get() == 1 {
                tell.emit(Msg::LiveBroke);
            }
            // It tries again by itself, for ever where nobody listens any more.
            if watched.ready_state() == EventSource::CLOSED || broken.get() == MOST_TRIES {
                tell.emit(Msg::LiveLost);
            }
        });
        Some(Self { source, _listeners: [messages, errors] })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.source.close();
    }
}
