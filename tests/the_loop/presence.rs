//! The agent goes away and comes back: the page says so, goes on without it, and recovers by itself.
use super::agent::Agent;
use super::{RATE_SHOWN, run_live};
use crate::browser::{Browser, Key, Page};
use std::time::{Duration, Instant};

/// How long the page may take to say it. It asks every two seconds; the rest is for a machine that is busy otherwise.
const SAID_WITHIN: Duration = Duration::from_secs(5);

/// Waits until a notice says this, and gives how long that took. What the browser's console says meanwhile of an agent
/// that does not answer is nothing that the page did wrong.
async fn says(page: &Page, text: &str) -> Duration {
    let begun = Instant::now();
    let shown =
        format!("[...document.querySelectorAll('.notice')].some((e) => e.textContent.includes({text:?}))");
    while !page.evaluate::<bool>(&shown).await {
        assert!(begun.elapsed() < Duration::from_secs(30), "the page does not say {text:?}");
        forgive_unanswered(page).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

async fn forgive_unanswered(page: &Page) {
    page.hear_out().await;
    let errors = page.take_errors();
    assert!(errors.iter().all(|error| error.contains("/api/")), "{errors:?}");
}

#[tokio::test]
async fn an_agent_that_is_killed_is_missed_at_once_and_found_again_when_it_is_back() {
    let agent = Agent::start();
    let host = agent.address.split('/').nth(2).expect("an address has a host");
    let port = host.rsplit(':').next().expect("and a port").to_owned();
    let browser = Browser::launch().await;
    let page = browser.open(&agent.address).await;
    page.wait_until("the simulation shows numbers", RATE_SHOWN).await;
    page.click(page.center_of("#run-live").await).await;
    page.wait_until("the agent is there", "document.querySelector('#start-live:not(:disabled)')").await;
    page.key(Key::plain("Escape")).await;
    // Dropped, it is killed.
    drop(agent);
    let missed = says(&page, "The agent does not answer").await;
    assert!(missed < SAID_WITHIN, "it is said after {missed:?}");
    // The simulation goes on without it.
    let clock: String = page.evaluate("document.querySelector('#clock').textContent").await;
    let begun = Instant::now();
    while page.evaluate::<String>("document.querySelector('#clock').textContent").await <= clock {
        assert!(begun.elapsed() < Duration::from_secs(30), "the simulation stands at {clock}");
        forgive_unanswered(&page).await;
    }
    let agent = Agent::start_with(&["--port", &port]);
    let found = says(&page, "The agent is back").await;
    assert!(found < SAID_WITHIN, "it is said after {found:?}");
    forgive_unanswered(&page).await;
    // The right to act is the new agent's to give: by the address that it printed, pasted over this page's own.
    let (_, code) = agent.address.split_once('#').expect("the address holds a code");
    page.evaluate::<serde_json::Value>(&format!("void (location.hash = {code:?})")).await;
    page.wait_until("the code has gone from the address", "!location.hash.includes('code')").await;
    run_live(&page, 2).await;
    page.finish().await;
    agent.interrupt();
}
