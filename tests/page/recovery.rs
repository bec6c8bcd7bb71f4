//! A thread of the page that breaks: it is told, and what ran goes on.
use super::{Open, RUNNING};

/// Keeps hold of the page's threads, and breaks one as a trap in it would: it is gone, and the browser says so.
const HOLD_THREADS: &str = "
    window.threads = [];
    window.Worker = class extends Worker { constructor(...of) { super(...of); threads.push(this); } };
    window.breakThread = (i) => { threads[i].terminate(); threads[i].dispatchEvent(new ErrorEvent('error', { message: 'unreachable' })); };
";

#[tokio::test]
async fn a_simulation_that_breaks_is_told_and_starts_over_by_itself() {
    let open = Open::example().await;
    open.page.run_before_loading(HOLD_THREADS).await;
    open.page.reload().await;
    open.page.wait_until("it runs", RUNNING).await;
    let _: () = open.page.evaluate("breakThread(0)").await;
    open.page
        .wait_until(
            "it says so",
            "document.querySelector('.notice').textContent.includes('broke (unreachable) and was started over')",
        )
        .await;
    open.page.wait_until("there is another thread", "threads.length === 2").await;
    open.page.wait_until("it runs again", RUNNING).await;
    let _: () = open.page.evaluate("breakThread(1)").await;
    open.page
        .wait_until("it waits", "document.querySelector('.notice.error').textContent.includes('broke again')")
        .await;
    open.click("[aria-label='Start over']").await;
    open.page.wait_until("a person starts it over", RUNNING).await;
    open.page.finish().await;
}
