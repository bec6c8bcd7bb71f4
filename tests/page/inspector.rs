//! The inspector: what matters now is shown, fields understand what people write, several are changed at once.
use super::Open;
use crate::browser::Key;
use loadpath_core::topology::{Topology, Value};

fn written<'d>(design: &'d Topology, id: &str, name: &str) -> Option<&'d Value> {
    design.node(id)?.params.get(name)
}

#[tokio::test]
async fn sections_fold_and_only_what_has_an_effect_is_shown() {
    let open = Open::example().await;
    open.click("#node-4 b").await;
    open.page
        .wait_until("the essential ones are there", "document.querySelector('#field-node-read_time')")
        .await;
    assert_eq!(
        open.count("[data-section=Replication]").await,
        0,
        "without replicas there is nothing to say of them"
    );
    open.write("#field-node-replicas", "2").await;
    open.click("[data-section=Replication]").await;
    open.page.wait_until("it is open", "document.querySelector('#field-node-replication')").await;
    open.click("[data-section=Replication]").await;
    open.wait_for_count("#field-node-replication", 0).await;
    // A fault opens its section by itself.
    open.click("#node-2 b").await;
    open.click("[data-section=Autoscaling]").await;
    open.page.wait_until("it is open", "document.querySelector('#field-node-autoscale')").await;
    assert_eq!(open.count("#field-node-cooldown").await, 0);
    open.page.finish().await;
}

#[tokio::test]
async fn a_field_takes_what_people_write_marks_it_and_leads_back_to_the_default() {
    let open = Open::example().await;
    open.click("#node-3 b").await;
    open.write("#field-node-capacity", "1.5k").await;
    open.write("#field-node-ttl", "20 ms").await;
    let design = open.wait_for_design("both are written", |d| {
        written(d, "cache", "capacity") == Some(&1_500.0.into())
            && written(d, "cache", "ttl") == Some(&"20ms".into())
    });
    design.await;
    let shown: String = open.page.evaluate("document.querySelector('#field-node-capacity').value").await;
    assert_eq!(shown, "1500");
    open.click("#field-node-ttl").await;
    open.page.key(Key::plain("ArrowUp")).await;
    open.wait_for_design("a step up", |d| written(d, "cache", "ttl") == Some(&"30ms".into())).await;
    open.click("[aria-label^='Time to live back to']").await;
    open.wait_for_design("the default holds", |d| written(d, "cache", "ttl").is_none()).await;
    let shown: String = open.page.evaluate("document.querySelector('#field-node-ttl').placeholder").await;
    assert_eq!(shown, "1m");
    open.page.finish().await;
}

#[tokio::test]
async fn a_search_finds_a_parameter_wherever_it_is_folded() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    open.click("#find-parameter").await;
    open.page.type_text("cooldown").await;
    open.page.wait_until("it is found", "document.querySelector('#field-node-cooldown')").await;
    assert_eq!(open.count("#inspector .f label[for^=field-node]").await, 1);
    open.page.finish().await;
}

#[tokio::test]
async fn a_law_is_drawn_and_another_is_chosen_with_the_same_mean() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    open.page
        .wait_until(
            "it is drawn",
            "document.querySelector('.small-plot svg').ariaLabel.includes('mean 8 ms')",
        )
        .await;
    let _: () = open.page.evaluate("document.querySelector('#field-node-service_time-law').focus()").await;
    open.page.key(Key::plain("ArrowDown")).await;
    open.page.key(Key::plain("Enter")).await;
    let is_lognormal =
        |value: Option<&Value>| value.is_some_and(|value| value.to_string().starts_with("lognormal 8ms p99"));
    open.wait_for_design("it has a tail", |d| is_lognormal(written(d, "web", "service_time"))).await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_several_have_in_common_is_changed_in_all_and_undone_at_once() {
    let open = Open::example().await;
    open.page.key(Key::plain("a").with_control()).await;
    open.wait_for_count(".node.selected", 5).await;
    open.click("#node-2 b").await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.click_with_shift(open.page.center_of("#node-3 b").await).await;
    open.wait_for_count(".node.selected", 2).await;
    open.page
        .wait_until(
            "they differ",
            "document.querySelector('#field-all-instances').placeholder === 'different'",
        )
        .await;
    open.write("#field-all-instances", "3").await;
    let three =
        |d: &Topology| ["web", "cache"].iter().all(|id| written(d, id, "instances") == Some(&3.0.into()));
    open.wait_for_design("both have three", three).await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_design("both are as before", |d| {
        written(d, "web", "instances") == Some(&2.0.into()) && written(d, "cache", "instances").is_none()
    })
    .await;
    open.page.finish().await;
}

#[tokio::test]
async fn zones_round_trips_and_prices_are_edited_where_the_design_is() {
    let open = Open::example().await;
    let page = |text: &str| {
        format!(
            "[...document.querySelectorAll('#inspector [role=tab]')].find(e => e.textContent === '{text}')"
        )
    };
    let _: () = open.page.evaluate(&format!("{}.focus()", page("Places"))).await;
    open.page.key(Key::plain("Enter")).await;
    open.click("#add-zone").await;
    open.click("#add-zone").await;
    open.write("#trip-zone-2-zone-1", "80").await;
    open.wait_for_design("the round trip is written", |d| {
        d.zones.len() == 2 && d.round_trips.iter().any(|trip| trip.params.get("time") == Some(&"80ms".into()))
    })
    .await;
    open.click("#node-2 b").await;
    let _: () = open.page.evaluate("document.querySelector('#field-zone').focus()").await;
    open.page.key(Key::plain("ArrowDown")).await;
    open.page.key(Key::plain("Enter")).await;
    open.wait_for_design("it stands there", |d| d.node("web").is_some_and(|n| n.zone == "zone-1")).await;
    open.page.key(Key::plain("Escape")).await;
    let _: () = open.page.evaluate("document.activeElement.blur()").await;
    open.page.key(Key::plain("Escape")).await;
    let _: () = open.page.evaluate(&format!("{}.click()", page("Goals and prices"))).await;
    open.write("#field-prices-core_hour", "0.07").await;
    open.write("#field-objectives-p99", "50 ms").await;
    open.wait_for_design("both are written", |d| {
        d.prices.get("core_hour") == Some(&0.07.into()) && d.objectives.get("p99") == Some(&"50ms".into())
    })
    .await;
    let _: () = open.page.evaluate(&format!("{}.click()", page("Workload"))).await;
    open.page
        .wait_until(
            "the load is drawn",
            "document.querySelector('#load-plot svg').ariaLabel.includes('400/s')",
        )
        .await;
    open.page.finish().await;
}
