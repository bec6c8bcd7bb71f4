//! For everyone: an audit of every screen, the graph as a list, the keyboard, less motion, colours of one's own, small
//! windows.
use super::{Open, RUNNING};
use crate::browser::{Key, fetched_axe};

/// What the audit finds in what is shown now: each violated rule with the elements that violate it.
pub(crate) const AUDIT: &str = "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations.flatMap(
    (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replaceAll('\\n', ' ')}`)))";

impl Open {
    /// Fails for whatever the audit finds, in both colour schemes.
    async fn audit(&self, screen: &str, found: &mut Vec<String>) {
        for scheme in ["light", "dark"] {
            let set = format!("document.documentElement.setAttribute('data-theme', '{scheme}')");
            self.page.evaluate::<serde_json::Value>(&set).await;
            let faults: Vec<String> = self.page.evaluate(AUDIT).await;
            found.extend(faults.into_iter().map(|fault| format!("{screen}, {scheme}: {fault}")));
        }
    }

    async fn press_tab(&self, text: &str) {
        let tab = format!(
            "[...document.querySelectorAll('#inspector [role=tab]')].find(e => e.textContent === {text:?}).click()"
        );
        let _: () = self.page.evaluate(&tab).await;
    }
}

#[tokio::test]
async fn the_audit_finds_nothing_on_any_screen_in_both_colour_schemes() {
    let open = Open::example().await;
    open.page.run_script(&fetched_axe()).await;
    let mut found = Vec::new();
    open.audit("the design", &mut found).await;
    open.press_tab("Places").await;
    open.click("#add-zone").await;
    open.click("#add-zone").await;
    open.click("#add-host").await;
    open.audit("places", &mut found).await;
    open.press_tab("Goals and prices").await;
    open.audit("goals and prices", &mut found).await;
    for node in 0..5 {
        open.click(&format!("#node-{node} b")).await;
        open.audit(&format!("node {node}"), &mut found).await;
    }
    open.write("#field-node-connections", "many").await;
    open.page
        .wait_until("the fault is told", "document.querySelector('#field-node-connections-fault')")
        .await;
    open.audit("a fault", &mut found).await;
    open.press_tab("Metrics").await;
    open.audit("metrics", &mut found).await;
    open.page.key(Key::plain("Escape")).await;
    open.page.key(Key::plain("t")).await;
    open.page.wait_until("the text is shown", "document.querySelector('#source .inks')").await;
    open.audit("the document as text", &mut found).await;
    open.page.key(Key::plain("t")).await;
    open.wait_for_count("#source", 0).await;
    open.page.key(Key::plain("?")).await;
    open.page.wait_until("the keys are shown", "document.querySelector('dialog[open]')").await;
    open.audit("the keys", &mut found).await;
    open.page.key(Key::plain("Escape")).await;
    open.wait_for_count("dialog", 0).await;
    let _: () = open.page.evaluate("document.querySelector('#outline').focus()").await;
    open.audit("the list", &mut found).await;
    open.click("#design").await;
    open.audit("the menu", &mut found).await;
    open.click("#new").await;
    open.wait_for_count(".node", 0).await;
    open.audit("the empty canvas", &mut found).await;
    open.page.resize(390, 844, true).await;
    open.click("#empty-example").await;
    open.audit("a phone", &mut found).await;
    open.click("#sheet-handle").await;
    open.audit("a phone's sheet", &mut found).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    open.page.finish().await;
}

#[tokio::test]
async fn the_graph_is_a_list_that_leads_and_follows_the_selection() {
    let open = Open::example().await;
    // The first stop of the Tab key goes past the header.
    open.page.key(Key::plain("Tab")).await;
    open.page.key(Key::plain("Enter")).await;
    open.page.wait_until("the list has the focus", "document.activeElement.id === 'outline'").await;
    // Keys count that come faster than frames.
    for _ in 0..3 {
        open.page.key(Key::plain("ArrowDown")).await;
    }
    open.wait_for_count("#node-2.selected", 1).await;
    let active: String =
        open.page.evaluate("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent").await;
    assert_eq!(active, "Web tier, service, 2 × 8 workers; calls Cache, Database");
    open.page.key(Key::plain("Enter")).await;
    open.page.wait_until("the parameters have the focus", "document.activeElement.id === 'inspector'").await;
    open.click("#node-4 b").await;
    open.page
        .wait_until(
            "the list follows",
            "document.querySelector('#outline').getAttribute('aria-activedescendant') === 'outline-4'",
        )
        .await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_changes_is_said() {
    let open = Open::example().await;
    let said = |text: &str| format!("document.querySelector('#said').textContent === {text:?}");
    open.click("#node-3 b").await;
    open.page.key(Key::plain("Delete")).await;
    open.page.wait_until("the removal is said", &said("Removed Cache")).await;
    open.page.key(Key::plain("z").with_control()).await;
    open.page.wait_until("its return is said", &said("Added Cache")).await;
    open.page.key(Key::plain("p")).await;
    open.page.wait_until("the pause is said", &said("Paused")).await;
    open.page.finish().await;
}

#[tokio::test]
async fn less_motion_and_the_systems_colours_are_honoured() {
    let open = Open::example().await;
    open.page.wait_until("traffic moves", "document.getAnimations().length > 0").await;
    open.page.prefer(&[("prefers-reduced-motion", "reduce")]).await;
    open.page.wait_until("nothing moves", "document.getAnimations().length === 0").await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    open.page.prefer(&[("prefers-color-scheme", "light")]).await;
    let light: String = open.page.evaluate(ground).await;
    open.page.prefer(&[("prefers-color-scheme", "dark")]).await;
    open.page.wait_until("dark is followed", &format!("{ground} !== {light:?}")).await;
    // With colours of one's own, how busy a node is stays seen: its bar is the system's highlight, not its ground.
    open.page.prefer(&[("forced-colors", "active"), ("prefers-color-scheme", "dark")]).await;
    let fills = "(() => { const { color, backgroundColor } = getComputedStyle(document.querySelector('#node-2 .bar'));
        return [color, backgroundColor]; })()";
    let [taken, track]: [String; 2] = open.page.evaluate(fills).await;
    assert_ne!(taken, track);
    open.page.finish().await;
}

#[tokio::test]
async fn a_tablet_shows_everything_and_a_phone_views_and_plays() {
    let open = Open::example().await;
    let sideways = "document.documentElement.scrollWidth > innerWidth";
    open.page.resize(768, 1_024, false).await;
    open.page.wait_until("it fits", &format!("!({sideways})")).await;
    open.click("#node-2 b").await;
    open.page.wait_until("its parameters are there", "document.querySelector('#field-node-workers')").await;
    open.page.resize(390, 844, true).await;
    open.page.go_to(open.site.address()).await;
    open.page.wait_until("a phone runs it", RUNNING).await;
    assert!(!open.page.evaluate::<bool>(sideways).await, "the page scrolls sideways");
    let shown = "[...document.querySelectorAll('.node')].every((e) => { const r = e.getBoundingClientRect();
        return r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight; })";
    open.page.wait_until("the whole design is seen", shown).await;
    // The controls stand at the bottom of the canvas, all of them in the window.
    let low = "(() => { const r = document.querySelector('.toolbar').getBoundingClientRect(), b = document.querySelector('.board').getBoundingClientRect();
        return b.bottom - r.bottom < 12 && r.left >= 0 && r.right <= innerWidth; })()";
    assert!(open.page.evaluate::<bool>(low).await, "the controls are at the bottom");
    let apart = "(() => { const seen = [...document.querySelectorAll('.toolbar > *')].map((e) => e.getBoundingClientRect())
        .filter((r) => r.width > 1).sort((a, b) => a.left - b.left);
        return seen.length > 5 && seen.every((r, i) => r.right <= innerWidth && (i === 0 || seen[i - 1].right <= r.left)); })()";
    assert!(open.page.evaluate::<bool>(apart).await, "the controls are in each other's way");
    open.click("#play").await;
    open.page
        .wait_until("it is paused", "document.querySelector('#play').ariaLabel.startsWith('Go on')")
        .await;
    assert_eq!(open.page.evaluate::<f64>("document.querySelector('aside').clientHeight").await, 0.0);
    open.click("#node-2 b").await;
    open.click("#sheet-handle").await;
    open.page.wait_until("the sheet is up", "document.querySelector('aside').clientHeight > 300").await;
    open.page.finish().await;
}
