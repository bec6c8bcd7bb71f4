//! The whole design in the corner, with its zones and hosts, and which part of it is shown.
use super::stage;
use crate::geometry::{Group, Rect, Scene, WorldPoint};
use crate::msg::Msg;
use crate::shared::Shared;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Its size on the page, in pixels.
pub(super) const WIDTH: f64 = 132.0;
pub(super) const HEIGHT: f64 = 84.0;

/// What the minimap shows.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Where the nodes stand.
    pub scene: Shared<Scene>,
    /// The part of the plane that the canvas shows.
    pub shown: Rect,
    /// Where messages go.
    pub tell: Callback<Msg>,
}

/// The minimap. The frame of what is shown is drawn with the camera.
#[component]
pub fn Minimap(props: &Props) -> Html {
    let plane = plane(&props.scene);
    let view_box = format!("{} {} {} {}", plane.x, plane.y, plane.width, plane.height);
    // The framework listens at the root of the page, which is the current target of every event.
    let map = use_node_ref();
    let look = {
        let (tell, map) = (props.tell.clone(), map.clone());
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 == 0 {
                return;
            }
            if let Some(element) = map.cast::<Element>() {
                // A drag goes on outside the minimap. A pointer that is gone already needs no capture.
                let _ = element.set_pointer_capture(event.pointer_id());
                let rect = element.get_bounding_client_rect();
                let x = (f64::from(event.client_x()) - rect.left()) / rect.width();
                let y = (f64::from(event.client_y()) - rect.top()) / rect.height();
                let at = WorldPoint::new(plane.x + x * plane.width, plane.y + y * plane.height);
                tell.emit(Msg::Centre(at));
            }
        })
    };
    let regions = props.scene.regions.iter().map(|region| match region.group {
        Group::Zone(_) => spot("zone", region.rect),
        Group::Host(_) => spot("host", region.rect),
    });
    let frame = use_node_ref();
    {
        let frame = frame.clone();
        use_effect_with((plane, props.shown), move |(_, shown)| {
            if let Some(frame) = frame.cast::<HtmlElement>() {
                stage::place_frame(&frame, *shown);
            }
        });
    }
    let nodes: String = props.scene.nodes.iter().map(outline).collect();
    html! {
        <div ref={map} class="minimap" aria-hidden="true" onpointerdown={look.clone()} onpointermove={look}>
            <svg viewBox={view_box} preserveAspectRatio="none">{ for regions }<path class="spot" d={nodes} /></svg>
            <div ref={frame} id="minimap-view" class="view" data-x={plane.x.to_string()} data-y={plane.y.to_string()}
                data-scale={(WIDTH / plane.width).to_string()} />
        </div>
    }
}

fn spot(class: &'static str, rect: Rect) -> Html {
    html! {
        <rect {class} x={rect.x.to_string()} y={rect.y.to_string()} rx="14"
            width={rect.width.to_string()} height={rect.height.to_string()} />
    }
}

/// A rectangle as a part of a path.
fn outline(rect: &Rect) -> String {
    format!("M{:.0} {:.0}h{:.0}v{:.0}h{:.0}z", rect.x, rect.y, rect.width, rect.height, -rect.width)
}

/// The part of the plane that the minimap shows: the design with room around it, in the minimap's proportions.
fn plane(scene: &Scene) -> Rect {
    let empty = Rect { x: 0.0, y: 0.0, width: 900.0, height: 500.0 };
    let regions = scene.regions.iter().map(|region| region.rect);
    let bounds = Rect::around(scene.nodes.iter().copied().chain(regions)).unwrap_or(empty).grown(220.0);
    let scale = (bounds.width / WIDTH).max(bounds.height / HEIGHT);
    let middle = bounds.middle();
    let (width, height) = (WIDTH * scale, HEIGHT * scale);
    Rect { x: middle.x - width / 2.0, y: middle.y - height / 2.0, width, height }
}
