//! What leaves the page: files, pictures, a frame for another page.
use super::{Open, RUNNING};
use crate::browser::{Key, Point};
use loadpath_core::topology::{link, three_tier};

/// Has the page say what it saves.
const LISTEN: &str = "(() => { window.saved = []; const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { window.saved.push(blob); return make.call(URL, blob); }; })()";

impl Open {
    /// The text of the last file that a command saves.
    async fn saved(&self, command: &str, kind: &str) -> String {
        let _: () = self.page.evaluate(LISTEN).await;
        self.click("#design").await;
        self.click(&format!("#{command}")).await;
        self.page.wait_until("it is saved", &format!("saved.at(-1)?.type === {kind:?}")).await;
        self.page.evaluate("saved.at(-1).text()").await
    }
}

#[tokio::test]
async fn a_design_leaves_as_document_drawing_picture_and_flowchart() {
    let open = Open::example().await;
    let svg = open.saved("export-svg", "image/svg+xml").await;
    let shown: [usize; 2] = open
        .page
        .evaluate(
            "saved.at(-1).text().then((text) => { const svg = new DOMParser().parseFromString(text, 'image/svg+xml');
              return [svg.querySelectorAll('parsererror').length, svg.querySelectorAll('text').length]; })",
        )
        .await;
    assert!(shown[0] == 0 && shown[1] >= 10, "{shown:?}: {svg}");
    let mermaid = open.saved("export-mermaid", "text/plain").await;
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("Web tier"), "{mermaid}");
    let json = open.saved("export", "application/json").await;
    assert_eq!(loadpath_core::topology::Topology::from_json(&json).unwrap(), three_tier());
    open.saved("export-png", "image/png").await;
    // Twice as large as the drawing, and something is on it.
    let painted: [f64; 2] = open
        .page
        .evaluate(
            "(async () => { const picture = await createImageBitmap(saved.at(-1));
              const canvas = new OffscreenCanvas(picture.width, picture.height);
              const pen = canvas.getContext('2d'); pen.drawImage(picture, 0, 0);
              const colours = new Set(new Uint32Array(pen.getImageData(0, 0, picture.width, picture.height).data.buffer));
              return [picture.width, colours.size]; })()",
        )
        .await;
    assert!(painted[0] > 1_000.0 && painted[1] > 20.0, "{painted:?}");
    open.page.finish().await;
}

#[tokio::test]
async fn the_dark_drawing_has_dark_colours() {
    let open = Open::example().await;
    open.click("header [aria-label='Light or dark']").await;
    let svg = open.saved("export-svg", "image/svg+xml").await;
    assert!(svg.contains("#0f1319") && !svg.contains("#f6f7f9"), "{svg}");
    open.page.finish().await;
}

#[tokio::test]
async fn inside_another_page_it_plays_and_zooms_and_nothing_can_be_changed() {
    let open = Open::at(&format!("?embed=1#{}", link::encode(&three_tier()))).await;
    open.wait_for_count(".node", 5).await;
    open.page
        .wait_until("traffic runs", "/p99 [0-9]/.test(document.querySelector('#node-2 .p99').textContent)")
        .await;
    assert_eq!(open.count("header, .palette, aside").await, 0);
    let before = open.page.center_of("#node-2").await;
    open.page.drag(before, Point::new(before.x + 60.0, before.y + 40.0)).await;
    let after = open.page.center_of("#node-2").await;
    assert!((after.x - before.x - 60.0).abs() < 2.0, "a drag pans: {before:?} {after:?}");
    for key in ["Delete", "s", "t", "/"] {
        open.page.key(Key::plain(key)).await;
    }
    open.click("[aria-label=Pause]").await;
    open.page.wait_until("it is paused", "document.querySelector('[aria-label=\"Go on\"]')").await;
    assert_eq!(open.count(".node").await, 5);
    assert_eq!(open.count("#finder, #source").await, 0);
    let kept: usize =
        open.page.evaluate("Object.keys(localStorage).filter((k) => k.includes('design')).length").await;
    assert_eq!(kept, 0, "what is looked at is not kept");
    let whole: String = open.page.evaluate("document.querySelector('#open-whole').href").await;
    assert_eq!(whole, format!("{}#{}", open.site.address(), link::encode(&three_tier())));
    open.page.go_to(&whole).await;
    open.page.wait_until("the whole page runs", RUNNING).await;
    open.page.finish().await;
}
