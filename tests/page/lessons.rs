//! The course: read, predict, see, do; and one's own design comes back.
use super::Open;

#[tokio::test]
async fn a_lesson_is_predicted_seen_and_done_and_the_simulator_judges() {
    let open = Open::at("?lesson=celebrity").await;
    open.wait_for_design("the lesson is on the canvas", |d| d.name == "Celebrity on a shard").await;
    let query: String = open.page.evaluate("location.search").await;
    assert_eq!(query, "", "a reload goes on and does not begin anew");
    open.click("#next-step").await;
    open.click(".choice").await;
    open.page.wait_until("it says why", "document.querySelector('.choice.right')").await;
    open.click("#next-step").await;
    open.wait_for_count(".claims li", 4).await;
    open.click("#check-claims").await;
    open.wait_for_count(".claims .tick.good", 4).await;
    open.click("#next-step").await;
    open.page.wait_until("the goal is open", "document.querySelector('.goals [data-goal=\"✗\"]')").await;
    open.click("#node-2 b").await;
    open.click("[data-section^=Shard]").await;
    open.write("#field-node-isolated_keys", "100").await;
    open.page.wait_until("it is reached", "document.querySelector('#reached')").await;
    open.page.wait_until("the next lesson is offered", "document.querySelector('#next-lesson')").await;
    open.page.reload().await;
    open.page.wait_until("it goes on after a reload", "document.querySelector('[data-step=Do].on')").await;
    open.page.finish().await;
}

#[tokio::test]
async fn ones_own_design_waits_while_a_lesson_is_open_and_comes_back() {
    let open = Open::example().await;
    open.write("#design-name", "Mine").await;
    open.wait_for_design("it has a name", |d| d.name == "Mine").await;
    open.click("#lessons").await;
    open.click("[data-lesson=load-balancer]").await;
    open.wait_for_design("the lesson is there", |d| d.name == "Load balancer").await;
    open.page
        .wait_until(
            "what is new is marked on the canvas and told in words",
            "document.querySelector('.node.added .mark') && document.querySelector('#difference li')",
        )
        .await;
    open.click(".back").await;
    let own = open.wait_for_design("it is back", |d| d.name == "Mine").await;
    assert_eq!(own.nodes, loadpath_core::topology::three_tier().nodes);
    open.page.finish().await;
}
