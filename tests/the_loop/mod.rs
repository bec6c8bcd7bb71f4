//! The whole loop as a person goes through it: the agent, a real browser, a design drawn, simulated, brought up, measured,
//! compared, shared.
use crate::browser::{Browser, Key, Page, Point, fetched_axe};
use crate::page::accessibility::AUDIT;
use agent::Agent;
use loadpath_core::topology::link;
use std::io::Write;
use std::time::{Duration, Instant};

mod agent;
mod presence;

const RATE_SHOWN: &str =
    "/[0-9]/.test(document.querySelector('.kpis[data-from=simulation] #kpi-rate b').textContent)";
const RUN_LIVE: &str = "document.querySelector('#run-live')";
const CURVE: &str = "document.querySelector('#measured-curve').getAttribute('d').length > 50";

async fn count(page: &Page, selector: &str) -> usize {
    page.evaluate(&format!("document.querySelectorAll('{selector}').length")).await
}

/// Numbers in the table of simulated and measured: a row's cells as text.
async fn cells(page: &Page, row: &str) -> Vec<String> {
    page.evaluate(&format!(
        "[...document.querySelectorAll('#compare [data-row=\"{row}\"] td')].map(td => td.textContent)"
    ))
    .await
}

/// Starts a live run of so many seconds, sees its curve while it runs, and waits until it has ended.
async fn run_live(page: &Page, seconds: u32) {
    page.click(page.center_of("#run-live").await).await;
    page.wait_until("the dialog offers to start", "document.querySelector('#start-live')").await;
    page.evaluate::<serde_json::Value>(&format!(
        "(() => {{ const input = document.querySelector('#live-seconds'); input.value = '{seconds}';
          input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
    ))
    .await;
    page.click(page.center_of("#start-live").await).await;
    page.wait_until("the measured curve is drawn while it runs", CURVE).await;
    page.wait_until("the run has ended", RUN_LIVE).await;
}

/// The page's address, once its fragment holds the design of this name.
async fn link_of(page: &Page, name: &str) -> String {
    let begun = Instant::now();
    loop {
        let link: String = page.evaluate("location.href").await;
        let (_, fragment) = link.split_once('#').unwrap_or_default();
        if link::decode(fragment).is_ok_and(|document| document.name == name) {
            return link;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the address does not follow the design: {link}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn draw_simulate_run_live_compare_and_share() {
    let agent = Agent::start();
    let browser = Browser::launch().await;
    let page = browser.open(&agent.address).await;
    page.wait_until("the simulation shows numbers", RATE_SHOWN).await;
    page.wait_until("the code has gone from the address", "!location.hash.includes('code')").await;

    // Draw: another service, dropped on free canvas; then it is undone.
    let nodes = count(&page, ".node").await;
    page.drag(page.center_of(".pi[data-kind=service]").await, Point::new(640.0, 560.0)).await;
    page.wait_until("it is drawn", &format!("document.querySelectorAll('.node').length === {}", nodes + 1))
        .await;
    page.key(Key::plain("z").with_control()).await;
    page.wait_until("it is undone", &format!("document.querySelectorAll('.node').length === {nodes}")).await;

    // Run live, for a few seconds.
    run_live(&page, 4).await;
    page.wait_until("the measured curve stays", CURVE).await;
    for row in ["p50", "p90", "p99"] {
        let cells = cells(&page, row).await;
        writeln!(std::io::stderr(), "{row}: simulated {}, measured {}, {}", cells[0], cells[1], cells[2])
            .expect("stderr");
        assert!(
            cells.iter().take(2).all(|cell| cell.starts_with(|c: char| c.is_ascii_digit())),
            "{row}: {cells:?}"
        );
    }

    let title = "document.querySelector('#compare th:nth-child(3)').title";
    let first_bytes: String = page.evaluate(title).await;
    assert!(first_bytes.contains("of the actual send in half of all"), "{first_bytes}");

    // How well the one foretold the other, in one number that says what it is made of.
    let score = "/ of 100/.test(document.querySelector('#fidelity .score').textContent)";
    page.click(page.center_of("#fidelity-line").await).await;
    page.wait_until("the score is explained", score).await;
    let all = "document.querySelectorAll('#fidelity tr[data-figure^=all]').length === 4";
    page.wait_until("the figures of all requests are there", all).await;
    page.click(page.center_of("#fidelity summary").await).await;
    page.wait_until("how it is made is told", "document.querySelector('#fidelity details').open").await;
    page.run_script(&fetched_axe()).await;
    let violations: Vec<String> = page.evaluate(AUDIT).await;
    assert!(violations.is_empty(), "{violations:?}");
    page.click(page.center_of("#drawer button[aria-label=Close]").await).await;

    // Share: the same design elsewhere, from the link alone.
    let _: () = page
        .evaluate(
            "(() => { const input = document.querySelector('#design-name'); input.value = 'Shared by link';
              input.dispatchEvent(new Event('change', { bubbles: true })); })()",
        )
        .await;
    let link = link_of(&page, "Shared by link").await;
    let _: () = page.evaluate("localStorage.clear()").await;
    page.finish().await;
    let elsewhere = browser.open(&link).await;
    elsewhere
        .wait_until(
            "the same design is open",
            "document.querySelector('#design-name').value === 'Shared by link'",
        )
        .await;
    assert_eq!(count(&elsewhere, ".node").await, nodes);
    elsewhere.finish().await;
    agent.interrupt();
}
