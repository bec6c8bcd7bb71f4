//! What is known at once: the estimate until the simulation replaces it, and what the design costs.
use super::Open;

/// Remembers every source that the header's figures name, from now on.
const REMEMBER: &str = "(() => { window.sources = []; new MutationObserver(() => { \
     const now = document.querySelector('.kpis').dataset.from; \
     if (window.sources.at(-1) !== now) window.sources.push(now); }) \
     .observe(document.querySelector('header'), {subtree: true, attributes: true, childList: true}); })()";

#[tokio::test]
async fn an_edit_is_estimated_at_once_and_the_simulation_replaces_the_estimate() {
    let open = Open::example().await;
    let _: () = open.page.evaluate(REMEMBER).await;
    open.click("#node-2 b").await;
    open.write("#field-node-instances", "3").await;
    open.page
        .wait_until(
            "first the estimate was shown, then the simulation",
            "window.sources.join(' ').includes('estimate simulation')",
        )
        .await;
    open.page
        .wait_until(
            "it says when it is full",
            "/k\\/s|[0-9]\\/s/.test(document.querySelector('#kpi-limit b').textContent)",
        )
        .await;
    open.click(".tabs button:nth-child(3)").await;
    open.page
        .wait_until(
            "the node is explained, with what the estimate assumes",
            "/full at about/.test(document.querySelector('#explain').textContent) && document.querySelector('#assumptions li')",
        )
        .await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_bill_says_what_is_paid_for_and_its_prices_can_be_changed() {
    let open = Open::example().await;
    let total = "document.querySelector('#kpi-cost b').textContent";
    let before: String = open.page.evaluate(total).await;
    assert!(before.starts_with('$'), "{before}");
    open.click("#kpi-cost").await;
    open.page.wait_until("the bill is open", "document.querySelector('#bill:popover-open tbody tr')").await;
    open.click("#change-prices").await;
    open.write("#field-prices-core_hour", "0.5").await;
    open.page.wait_until("the total follows", &format!("{total} !== {before:?}")).await;
    open.click("button[aria-label^=Undo]").await;
    open.page.wait_until("undo takes it back", &format!("{total} === {before:?}")).await;
    open.page.finish().await;
}
