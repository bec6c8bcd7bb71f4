//! Two designs side by side.
use super::{Open, RUNNING};
use crate::browser::Key;

#[tokio::test]
async fn a_changed_design_is_told_from_its_baseline_in_words_marks_and_figures() {
    let open = Open::example().await;
    open.click("#open-compare").await;
    open.click("#keep-baseline").await;
    open.click("#node-2 b").await;
    open.write("#field-node-instances", "6").await;
    open.page
        .wait_until(
            "the difference is told",
            "/instances 2 → 6/.test(document.querySelector('#difference').textContent)",
        )
        .await;
    open.wait_for_count(".node.altered", 1).await;
    open.page
        .wait_until(
            "each figure has a verdict; it costs more",
            "document.querySelectorAll('#comparison tbody tr').length === 6 \
             && document.querySelector('#comparison [data-row=\"$/mo\"]').dataset.verdict === 'worse'",
        )
        .await;
    let cut = "(() => { const b = document.querySelector('.drawer-body'); return b.scrollWidth > b.clientWidth; })()";
    assert!(!open.page.evaluate::<bool>(cut).await, "a verdict is cut off");
    open.page
        .wait_until(
            "the baseline's curve is on the chart",
            "document.querySelector('#baseline-curve').getAttribute('d').length > 20",
        )
        .await;
    open.click(".drawer button[aria-label=Close]").await;
    open.wait_for_count(".node.altered", 0).await;
    open.page.reload().await;
    open.page.wait_until("the simulation shows numbers again", RUNNING).await;
    open.click("#open-compare").await;
    let kept = "[...document.querySelectorAll('#compare-before option')].some((o) => o.text.startsWith('Baseline 1'))";
    open.page.wait_until("the baseline is still there after a reload", kept).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_design_of_the_library_can_be_compared_with() {
    let open = Open::example().await;
    open.write("#design-name", "Old").await;
    open.wait_for_design("it has its name", |d| d.name == "Old").await;
    open.show_designs().await;
    open.click("#library li.current [aria-label^=Duplicate]").await;
    open.wait_for_count("#library li", 2).await;
    open.page.key(Key::plain("Escape")).await;
    open.wait_for_count("#library", 0).await;
    open.click("#node-2 b").await;
    open.write("#field-node-instances", "5").await;
    open.click("#open-compare").await;
    let chosen = "[...document.querySelectorAll('#compare-before option')].findIndex((o) => o.text.startsWith('My designs: Old'))";
    open.page
        .run_script(&format!(
            "(() => {{ const s = document.querySelector('#compare-before'); s.selectedIndex = {chosen}; \
             s.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
        ))
        .await;
    open.page
        .wait_until(
            "what differs is told",
            "/instances 2 → 5/.test(document.querySelector('#difference').textContent)",
        )
        .await;
    open.wait_for_count("#comparison tbody tr", 6).await;
    open.page.finish().await;
}
