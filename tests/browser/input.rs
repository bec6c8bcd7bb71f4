//! Mouse and keys as a person moves them: events that the browser itself makes and trusts.

use std::sync::PoisonError;

use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    DispatchTouchEventParams, DispatchTouchEventReturns, DispatchTouchEventType, InsertTextParams,
    MouseButton, TouchPoint,
};
use chromiumoxide::keys::{KeyDefinition, get_key_definition};
use chromiumoxide::types::{Command, Method, MethodId};
use serde::Serialize;

use super::Page;

/// A place in the window, in CSS pixels from its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Point {
    pub(crate) fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// The end of a touch. The protocol's own type leaves an empty list out, and Chromium wants to see it.
#[derive(Debug, Serialize)]
struct TouchEnd {
    r#type: &'static str,
    #[serde(rename = "touchPoints")]
    touch_points: [TouchPoint; 0],
}

impl Method for TouchEnd {
    fn identifier(&self) -> MethodId {
        DispatchTouchEventParams::IDENTIFIER.into()
    }
}

impl Command for TouchEnd {
    type Response = DispatchTouchEventReturns;
}

/// A key by its name (`"Enter"`, `"Delete"`, `"z"`), with what is held down beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    name: &'static str,
    modifiers: i64,
}

impl Key {
    pub(crate) fn plain(name: &'static str) -> Self {
        Self { name, modifiers: 0 }
    }

    pub(crate) fn with_control(self) -> Self {
        Self { modifiers: self.modifiers | 2, ..self }
    }

    pub(crate) fn with_shift(self) -> Self {
        Self { modifiers: self.modifiers | 8, ..self }
    }
}

/// Where the mouse is and whether its left button is down.
#[derive(Clone, Copy, Default)]
pub(super) struct Mouse {
    at: Point,
    pressed: bool,
}

/// How many moves a drag is made of: enough for a page that looks at each.
const DRAG_STEPS: u32 = 12;

impl Page {
    /// The middle of the first element that matches a selector.
    pub(crate) async fn center_of(&self, selector: &str) -> Point {
        let element = format!("document.querySelector({selector:?})");
        self.wait_until(&format!("there is {selector}"), &element).await;
        // A person scrolls the inspector and the drawer to what lies below their edges, and clicks on what stands still.
        let bounds = format!(
            "new Promise((done) => {{
                let before, tries = 60;
                const look = () => {{
                    const e = {element};
                    if (!e) return done(before ?? [0, 0]);
                    if (e.closest('#inspector, #drawer')) e.scrollIntoView({{block: 'nearest'}});
                    const r = e.getBoundingClientRect(), now = [r.x + r.width / 2, r.y + r.height / 2];
                    if (before && Math.hypot(now[0] - before[0], now[1] - before[1]) < 0.5 || --tries === 0) return done(now);
                    before = now;
                    let over = false;
                    const again = () => {{ if (!over) {{ over = true; setTimeout(look); }} }};
                    requestAnimationFrame(again);
                    setTimeout(again, 100);
                }};
                look();
            }})"
        );
        let [x, y]: [f64; 2] = self.evaluate_to_its_end(&bounds).await;
        Point { x, y }
    }

    pub(crate) async fn move_mouse(&self, to: Point) {
        self.mouse_event(DispatchMouseEventType::MouseMoved, to, |_| {}).await;
    }

    /// Presses the left button where the mouse is.
    pub(crate) async fn press(&self) {
        self.mouse_event(DispatchMouseEventType::MousePressed, self.mouse_state().at, |mouse| {
            mouse.pressed = true;
        })
        .await;
    }

    /// Lets the left button go where the mouse is.
    pub(crate) async fn release(&self) {
        let at = self.mouse_state().at;
        self.mouse_event(DispatchMouseEventType::MouseReleased, at, |mouse| mouse.pressed = false).await;
    }

    pub(crate) async fn click(&self, at: Point) {
        self.move_mouse(at).await;
        self.press().await;
        self.release().await;
    }

    /// A click with shift held.
    pub(crate) async fn click_with_shift(&self, at: Point) {
        for kind in [DispatchMouseEventType::MousePressed, DispatchMouseEventType::MouseReleased] {
            self.button_event(kind, at, MouseButton::Left, 1, 8).await;
        }
    }

    /// Two clicks in a row.
    pub(crate) async fn double_click(&self, at: Point) {
        self.move_mouse(at).await;
        for count in [1, 2] {
            for kind in [DispatchMouseEventType::MousePressed, DispatchMouseEventType::MouseReleased] {
                self.button_event(kind, at, MouseButton::Left, count, 0).await;
            }
        }
    }

    /// A click with the right button.
    pub(crate) async fn right_click(&self, at: Point) {
        self.move_mouse(at).await;
        for kind in [DispatchMouseEventType::MousePressed, DispatchMouseEventType::MouseReleased] {
            self.button_event(kind, at, MouseButton::Right, 1, 0).await;
        }
    }

    async fn button_event(
        &self,
        kind: DispatchMouseEventType,
        at: Point,
        button: MouseButton,
        clicks: i64,
        modifiers: i64,
    ) {
        let mut params = mouse_params(kind.clone(), at);
        let held = if button == MouseButton::Right { 2 } else { 1 };
        params.buttons = Some(if kind == DispatchMouseEventType::MousePressed { held } else { 0 });
        (params.button, params.click_count, params.modifiers) = (Some(button), Some(clicks), Some(modifiers));
        self.tab.execute(params).await.expect("Chromium takes mouse events");
    }

    /// Fingers come down at these points.
    pub(crate) async fn touch(&self, fingers: &[Point]) {
        self.touch_event(DispatchTouchEventType::TouchStart, fingers).await;
    }

    /// The fingers that are down go to these points.
    pub(crate) async fn touch_move(&self, fingers: &[Point]) {
        self.touch_event(DispatchTouchEventType::TouchMove, fingers).await;
    }

    /// All fingers leave.
    pub(crate) async fn touch_end(&self) {
        let end = TouchEnd { r#type: "touchEnd", touch_points: [] };
        self.tab.execute(end).await.expect("Chromium takes that fingers leave");
    }

    async fn touch_event(&self, kind: DispatchTouchEventType, fingers: &[Point]) {
        let point = |(i, finger): (usize, &Point)| {
            let mut point = TouchPoint::new(finger.x, finger.y);
            point.id = Some(i as f64);
            point
        };
        let points: Vec<TouchPoint> = fingers.iter().enumerate().map(point).collect();
        let params = DispatchTouchEventParams::new(kind, points);
        self.tab.execute(params).await.expect("Chromium takes fingers");
    }

    /// Presses at one point, moves in small steps, lets go at the other.
    pub(crate) async fn drag(&self, from: Point, to: Point) {
        self.sweep(from, to, false).await;
        self.release().await;
    }

    /// Presses at one point and moves in small steps to the other, with shift held or without; the button stays down.
    pub(crate) async fn sweep(&self, from: Point, to: Point, shift: bool) {
        let modifiers = if shift { 8 } else { 0 };
        self.move_mouse(from).await;
        self.button_event(DispatchMouseEventType::MousePressed, from, MouseButton::Left, 1, modifiers).await;
        self.mouse.lock().unwrap_or_else(PoisonError::into_inner).pressed = true;
        for step in 1..=DRAG_STEPS {
            let part = f64::from(step) / f64::from(DRAG_STEPS);
            self.move_mouse(Point::new(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part))
                .await;
        }
    }

    /// Turns the wheel at a point; positive is down and to the right.
    pub(crate) async fn wheel(&self, at: Point, right: f64, down: f64) {
        let mut params = mouse_params(DispatchMouseEventType::MouseWheel, at);
        (params.delta_x, params.delta_y) = (Some(right), Some(down));
        self.tab.execute(params).await.expect("Chromium takes mouse events");
    }

    /// Turns the wheel with control held, as a pinch on a touchpad is told; positive is away.
    pub(crate) async fn pinch(&self, at: Point, down: f64) {
        let mut params = mouse_params(DispatchMouseEventType::MouseWheel, at);
        (params.delta_x, params.delta_y, params.modifiers) = (Some(0.0), Some(down), Some(2));
        self.tab.execute(params).await.expect("Chromium takes mouse events");
    }

    /// Presses a key and lets it go.
    pub(crate) async fn key(&self, key: Key) {
        self.hold(key).await;
        self.let_go(key).await;
    }

    /// Presses a key.
    pub(crate) async fn hold(&self, key: Key) {
        let definition = definition(key);
        let text = definition.text.or_else(|| (definition.key.len() == 1).then_some(definition.key));
        // With control held, a letter is a command and types nothing.
        let text = text.filter(|_| key.modifiers & 2 == 0);
        let kind =
            if text.is_some() { DispatchKeyEventType::KeyDown } else { DispatchKeyEventType::RawKeyDown };
        let mut params = key_params(kind, key);
        params.text = text.map(str::to_owned);
        params.commands = clipboard_command(key).map(|command| vec![command.to_owned()]);
        self.tab.execute(params).await.expect("Chromium takes key events");
    }

    /// Lets a key go.
    pub(crate) async fn let_go(&self, key: Key) {
        let params = key_params(DispatchKeyEventType::KeyUp, key);
        self.tab.execute(params).await.expect("Chromium takes key events");
    }

    /// Types text into what has the focus, as an input method would.
    pub(crate) async fn type_text(&self, text: &str) {
        self.tab.execute(InsertTextParams::new(text)).await.expect("Chromium takes text");
    }

    async fn mouse_event(&self, kind: DispatchMouseEventType, at: Point, change: impl FnOnce(&mut Mouse)) {
        let held = self.mouse_state().pressed;
        let mut params = mouse_params(kind.clone(), at);
        // A move names the button that is held; press and release name the one that changes.
        if kind != DispatchMouseEventType::MouseMoved {
            (params.button, params.click_count) = (Some(MouseButton::Left), Some(1));
        } else if held {
            params.button = Some(MouseButton::Left);
        }
        let down = kind == DispatchMouseEventType::MousePressed;
        params.buttons = Some(i64::from(down || (held && kind == DispatchMouseEventType::MouseMoved)));
        self.tab.execute(params).await.expect("Chromium takes mouse events");
        let mut mouse = self.mouse.lock().unwrap_or_else(PoisonError::into_inner);
        mouse.at = at;
        change(&mut mouse);
    }

    fn mouse_state(&self) -> Mouse {
        *self.mouse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn definition(key: Key) -> &'static KeyDefinition {
    get_key_definition(key.name).unwrap_or_else(|| panic!("there is no key {:?}", key.name))
}

fn key_params(kind: DispatchKeyEventType, key: Key) -> DispatchKeyEventParams {
    let definition = definition(key);
    let mut params = DispatchKeyEventParams::new(kind);
    params.modifiers = Some(key.modifiers);
    params.key = Some(definition.key.to_owned());
    params.code = Some(definition.code.to_owned());
    params.windows_virtual_key_code = Some(definition.key_code);
    params
}

/// What a browser's window makes of a key before the page does; a key that comes by the protocol passes the window by.
fn clipboard_command(key: Key) -> Option<&'static str> {
    match (key.modifiers, key.name) {
        (2, "x") => Some("cut"),
        (2, "c") => Some("copy"),
        (2, "v") => Some("paste"),
        _ => None,
    }
}

fn mouse_params(kind: DispatchMouseEventType, at: Point) -> DispatchMouseEventParams {
    let mut params = DispatchMouseEventParams::new(kind, at.x, at.y);
    params.pointer_type =
        Some(chromiumoxide::cdp::browser_protocol::input::DispatchMouseEventPointerType::Mouse);
    params
}
