//! The running simulation, and what acts on it.
use super::Open;
use crate::browser::Key;

/// How busy a node says it is, in percent.
fn busy(node: usize) -> String {
    format!("parseFloat(document.querySelector('#node-{node} .percent').textContent)")
}

const ERRORS: &str = "parseFloat(document.querySelector('#kpi-errors b').textContent)";

#[tokio::test]
async fn numbers_stand_on_nodes_edges_and_charts() {
    let open = Open::example().await;
    for node in 1..5 {
        let p99 = format!("/p99 [0-9]/.test(document.querySelector('#node-{node} .p99').textContent)");
        open.page.wait_until("the node shows a p99", &p99).await;
        open.page.wait_until("the node shows how busy it is", &format!("{} >= 0", busy(node))).await;
    }
    open.page
        .wait_until(
            "every edge shows its rate",
            "[...document.querySelectorAll('.edge')].every(e => /[0-9]/.test(e.textContent))",
        )
        .await;
    open.page
        .wait_until(
            "the curve is drawn",
            "document.querySelector('#simulated-curve').getAttribute('d').length > 50",
        )
        .await;
    open.page
        .wait_until(
            "the table has figures",
            "/ms/.test(document.querySelector('[data-row=p99] td').textContent)",
        )
        .await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_parameter_that_is_edited_changes_the_simulation() {
    let open = Open::example().await;
    open.page.wait_until("the web tier is not busy", &format!("{} < 40", busy(2))).await;
    open.click("#node-2 b").await;
    open.write("#field-node-service_time", "exp 30ms").await;
    // 400/s at 30 ms and more, over 16 workers: above three quarters.
    open.page.wait_until("the web tier is busy", &format!("{} > 60", busy(2))).await;
    open.page
        .wait_until(
            "its bar says so by colour too",
            "document.querySelector('#node-2 .bar.warm, #node-2 .bar.hot')",
        )
        .await;
    open.page.key(Key::plain("Escape")).await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.key(Key::plain("z").with_control()).await;
    open.page.wait_until("undone, it is not busy again", &format!("{} < 40", busy(2))).await;
    open.page.finish().await;
}

#[tokio::test]
async fn a_click_on_an_instance_kills_it_and_the_next_restores_it() {
    let open = Open::example().await;
    open.wait_for_count("#node-2 .dot", 2).await;
    open.click("#node-2 .dot").await;
    open.page.wait_until("it is down", "document.querySelector('#node-2 .dot.down')").await;
    // Until the balancer's probes notice, it sends requests to a closed port.
    open.page.wait_until("requests fail", &format!("{ERRORS} > 1")).await;
    open.page.wait_until("the balancer has noticed", &format!("{ERRORS} < 1")).await;
    open.click("#node-2 .dot").await;
    open.wait_for_count("#node-2 .dot.down", 0).await;
    open.page.finish().await;
}

#[tokio::test]
async fn the_load_slider_acts_at_once_and_can_be_undone() {
    let open = Open::example().await;
    let _: () = open.page.evaluate("document.querySelector('#load').focus()").await;
    open.page.key(Key::plain("End")).await;
    let design = open
        .wait_for_design("the rate is written down", |d| d.workload.params["rate"] == "100k/s".into())
        .await;
    assert_eq!(design.nodes.len(), 5);
    open.page.wait_until("the web tier is overloaded", &format!("{} > 95", busy(2))).await;
    open.page.wait_until("it refuses", &format!("{ERRORS} > 10")).await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("the rate is as before", |d| d.workload.params["rate"] == "400/s".into()).await;
    open.page.finish().await;
}

#[tokio::test]
async fn it_pauses_goes_on_and_runs_faster() {
    let open = Open::example().await;
    let clock = "document.querySelector('#clock').textContent";
    let flows = "document.querySelector('.canvas.flows')";
    open.page.wait_until("traffic moves", flows).await;
    open.click("#play").await;
    open.page.wait_until("traffic stands still", "!document.querySelector('.canvas.flows')").await;
    open.click("#play").await;
    open.page.wait_until("traffic moves again", flows).await;
    open.choose("#speed", "20×").await;
    // A minute at 20 times the speed is three seconds; at the plain speed it would not be reached in time.
    open.page.wait_until("a minute has passed", &format!("{clock} >= '01:05'")).await;
    open.page.finish().await;
}
