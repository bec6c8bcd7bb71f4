//! Both colour schemes, and that what is written can be read in both.
use super::Open;
use std::path::Path;

/// The contrast of two colours after WCAG 2.2, from their computed values.
const CONTRAST: &str = "((text, ground) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const luminance = (name) => {
        canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
        const probe = document.createElement('i');
        document.body.append(probe);
        probe.style.color = `var(${name})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        probe.remove();
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((c) => {
            const s = c / 255;
            return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [a, b] = [luminance(text), luminance(ground)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
})";

/// Text and the ground that it stands on, and the least contrast: 4.5 for text, 3 for marks (WCAG 2.2, 1.4.3 and 1.4.11).
const PAIRS: [(&str, &str, f64); 10] = [
    ("--ink", "--panel", 4.5),
    ("--ink", "--bg", 4.5),
    ("--mute", "--panel", 4.5),
    ("--mute", "--bg", 4.5),
    ("--hot", "--panel", 4.5),
    ("--measured", "--panel", 3.0),
    ("--accent", "--panel", 3.0),
    ("--on-accent", "--accent", 4.5),
    ("--ok", "--panel", 3.0),
    ("--warm", "--panel", 3.0),
];

#[tokio::test]
async fn both_colour_schemes_can_be_read_and_are_kept() {
    let open = Open::example().await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    let mut grounds: Vec<String> = Vec::new();
    for scheme in ["light", "dark"] {
        for (text, ground, least) in PAIRS {
            let contrast: f64 = open.page.evaluate(&format!("{CONTRAST}('{text}', '{ground}')")).await;
            assert!(contrast >= least, "{scheme}: {text} on {ground} has a contrast of {contrast:.2}");
        }
        grounds.push(open.page.evaluate(ground).await);
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("canvas-{scheme}.png"));
        open.page.screenshot(&picture).await;
        open.click("header [aria-label='Light or dark']").await;
        open.page
            .wait_until("the colours have changed", &format!("{ground} !== {:?}", grounds[grounds.len() - 1]))
            .await;
    }
    // The browser starts light; the second click came back to it.
    let kept: String = open.page.evaluate(ground).await;
    assert_eq!(kept, grounds[0]);
    open.click("header [aria-label='Light or dark']").await;
    open.page.go_to(open.site.address()).await;
    open.page.wait_until("dark is kept over a reload", &format!("{ground} === {:?}", grounds[1])).await;
    open.page.finish().await;
}

#[tokio::test]
async fn every_button_and_field_has_a_name_and_nothing_sticks_out() {
    let open = Open::example().await;
    for node in 0..5 {
        open.click(&format!("#node-{node} b")).await;
        open.page
            .wait_until("it is selected", &format!("document.querySelector('#node-{node}.selected')"))
            .await;
        let nameless: Vec<String> = open
            .page
            .evaluate(
                "[...document.querySelectorAll('button, input:not([hidden]), select')]
                    .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length))
                    .map((e) => e.outerHTML)",
            )
            .await;
        assert_eq!(nameless, Vec::<String>::new());
    }
    let wide: bool = open.page.evaluate("document.documentElement.scrollWidth > innerWidth").await;
    assert!(!wide, "the page scrolls sideways");
    let aside: bool = open
        .page
        .evaluate("(e => e.scrollWidth > e.clientWidth)(document.querySelector('#inspector'))")
        .await;
    assert!(!aside, "the inspector scrolls sideways");
    open.page.finish().await;
}
