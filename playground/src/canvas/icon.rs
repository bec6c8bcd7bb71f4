//! A picture for each kind, drawn with lines so that it takes the colour of its surroundings.
use yew::prelude::*;

/// The picture of a kind, so many pixels wide and high.
pub fn icon(kind: &str, size: u32) -> Html {
    let size = size.to_string();
    html! {
        <svg class="ic" width={size.clone()} height={size} viewBox="0 0 24 24" aria-hidden="true">
            { lines(kind) }
        </svg>
    }
}

fn lines(kind: &str) -> Html {
    match kind {
        "clients" => html! {<>
            <circle cx="9" cy="8" r="3.2"/>
            <path d="M3.5 19c.6-3.6 2.7-5.4 5.5-5.4s4.9 1.8 5.5 5.4"/>
            <circle cx="17" cy="9" r="2.4"/>
            <path d="M16.4 13.6c2.4 0 4 1.5 4.5 4.4"/>
        </>},
        "load_balancer" => html! {<>
            <path d="M4 12h6M10 12l7-6M10 12h8M10 12l7 6"/>
            <circle cx="18.5" cy="5.5" r="1.5"/>
            <circle cx="19.5" cy="12" r="1.5"/>
            <circle cx="18.5" cy="18.5" r="1.5"/>
        </>},
        "service" => html! {<>
            <rect x="4" y="4.5" width="16" height="6" rx="1.5"/>
            <rect x="4" y="13.5" width="16" height="6" rx="1.5"/>
            <path d="M7.5 7.5h.01M7.5 16.5h.01M11 7.5h6M11 16.5h6"/>
        </>},
        "host" => {
            html! { <><rect x="3.5" y="4.5" width="17" height="11.5" rx="2"/><path d="M8.5 20h7M12 16v4"/></> }
        }
        "zone" => html! { <rect x="3.5" y="5" width="17" height="14" rx="3" stroke-dasharray="3 2.4"/> },
        "cache" => html! { <path d="M13 3L5 13.5h6L10.5 21 19 10h-6.2z"/> },
        "database" => html! {<>
            <ellipse cx="12" cy="6" rx="7" ry="2.8"/>
            <path d="M5 6v12c0 1.5 3.1 2.8 7 2.8s7-1.3 7-2.8V6M5 12c0 1.5 3.1 2.8 7 2.8s7-1.3 7-2.8"/>
        </>},
        "dns" => html! {<>
            <circle cx="12" cy="12" r="8"/>
            <path d="M4 12h16M12 4c2.6 2.400 3.800 5 3.800 8s-1.200 5.600-3.800 8c-2.600-2.400-3.800-5-3.800-8S9.400 6.400 12 4z"/>
        </>},
        "cdn" => {
            html! { <path d="M7 18.500a4 4 0 0 1-.4-8A5.500 5.500 0 0 1 17.200 9a4.800 4.800 0 0 1-.4 9.500zM12 15.500v-5M9.800 12.500L12 10.300l2.200 2.200"/> }
        }
        "queue" => html! {<>
            <rect x="3.500" y="8" width="4" height="8" rx="1"/>
            <rect x="9" y="8" width="4" height="8" rx="1"/>
            <rect x="14.500" y="8" width="4" height="8" rx="1"/>
            <path d="M20.500 9.500L23 12l-2.500 2.500"/>
        </>},
        "workers" => html! {<>
            <circle cx="12" cy="12" r="3.200"/>
            <path d="M12 4v3M12 17v3M4 12h3M17 12h3M6.400 6.400l2.100 2.100M15.500 15.500l2.100 2.100M17.600 6.400l-2.100 2.100M8.500 15.500l-2.100 2.100"/>
        </>},
        "object_store" => html! {<>
            <ellipse cx="12" cy="6.500" rx="7.500" ry="2.500"/>
            <path d="M4.500 6.500L6.500 19c.2.900 2.600 1.600 5.500 1.600s5.300-.7 5.500-1.600l2-12.500"/>
        </>},
        "external" => html! {<>
            <path d="M10 5.500H5.500v13h13V14"/>
            <path d="M13.500 4.500h6v6M19.500 4.500L11 13"/>
        </>},
        "monitoring" => html! { <path d="M3 12.500h4l2.500-6.500 4 12 2.800-7.500 1.400 2H21"/> },
        "play" => html! { <path d="M8 5.5v13l10.5-6.5z" fill="currentColor"/> },
        "pause" => html! { <path d="M8.5 5.5v13M15.5 5.5v13" stroke-width="3"/> },
        "restart" => html! { <path d="M5 12a7 7 0 1 0 2.2-5.1M5 4.5V8h3.6"/> },
        "undo" => html! { <path d="M9 6L4.5 10.5 9 15M5 10.5h9a5 5 0 0 1 0 10h-2"/> },
        "redo" => html! { <path d="M15 6l4.5 4.5L15 15M19 10.5h-9a5 5 0 0 0 0 10h2"/> },
        "close" => html! { <path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/> },
        "step" => html! { <path d="M6.500 5.500v13L16 12zM18.500 5.500v13"/> },
        "dice" => html! {<>
            <rect x="4.500" y="4.500" width="15" height="15" rx="3"/>
            <path d="M9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01" stroke-width="2.400"/>
        </>},
        "share" => {
            html! { <path d="M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1"/> }
        }
        "plus" => html! { <path d="M12 5.5v13M5.5 12h13"/> },
        "minus" => html! { <path d="M5.5 12h13"/> },
        "fit" => html! { <path d="M4.5 9V4.500H9M15 4.500h4.500V9M19.500 15v4.500H15M9 19.500H4.500V15"/> },
        "moon" => html! { <path d="M19.500 14.200A8 8 0 0 1 9.800 4.500a8 8 0 1 0 9.700 9.700z"/> },
        "keys" => html! {<>
            <rect x="3" y="6.500" width="18" height="11" rx="2"/>
            <path d="M7 10.500h.01M10.500 10.500h.01M14 10.500h.01M17 10.500h.01M8.500 14h7"/>
        </>},
        "search" => html! {<>
            <circle cx="10.500" cy="10.500" r="6"/>
            <path d="M15 15l5 5"/>
        </>},
        "bolt" => html! { <path d="M13 3L5 13.500h6L10.500 21 19 10h-6.200z" fill="currentColor"/> },
        // A kind that this page does not know.
        _ => html! {<>
            <rect x="4" y="4" width="16" height="16" rx="3"/>
            <path d="M9.5 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M12 16.500h.01"/>
        </>},
    }
}
