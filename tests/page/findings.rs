//! What is weak about the design, on the canvas and in a list, and what mends it.
use super::Open;
use crate::browser::Key;
use loadpath_core::topology::Value;

const BALANCER: &str = ".finding[data-kind=OneBalancer]";

#[tokio::test]
async fn a_finding_is_mended_by_one_click_and_undo_takes_it_back() {
    let open = Open::example().await;
    open.page.wait_until("the balancer has a badge", "document.querySelector('#node-1 .badge')").await;
    open.click("#open-findings").await;
    open.click(&format!("{BALANCER} .apply")).await;
    let more = |d: &super::Topology| d.node("lb").and_then(|lb| lb.params.get("instances")).cloned();
    let mended = open.wait_for_design("there is another balancer", |d| more(d).is_some()).await;
    assert_ne!(more(&mended), Some(Value::Number(1.0)));
    open.wait_for_count(BALANCER, 0).await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_count(BALANCER, 1).await;
    open.page.finish().await;
}

#[tokio::test]
async fn trying_a_mend_runs_both_and_shows_before_and_after() {
    let open = Open::example().await;
    // The selected node's own findings stand in the inspector.
    open.click("#node-1 b").await;
    open.click(&format!("#inspector {BALANCER} .try")).await;
    open.page
        .wait_until(
            "both figures are there, and which is better",
            "/better/.test(document.querySelector('#inspector .verdict b').textContent) \
             && /→/.test(document.querySelector('#inspector .verdict .num').textContent)",
        )
        .await;
    open.page.finish().await;
}
