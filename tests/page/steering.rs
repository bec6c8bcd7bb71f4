//! What runs is visible and steerable: transport, faults, the timeline, charts, single requests.
use super::{Open, RUNNING};
use crate::browser::{Key, Point};
use loadpath_core::topology::{link, three_tier};

const CLOCK: &str = "document.querySelector('#clock').textContent";

fn text(selector: &str) -> String {
    format!("document.querySelector({selector:?}).textContent")
}

impl Open {
    /// Chooses an option by its text, with the keys that move through a list.
    pub(super) async fn choose(&self, selector: &str, name: &str) {
        let focus = format!("document.querySelector({selector:?}).focus()");
        let way = format!(
            "(() => {{ const s = document.querySelector({selector:?});
              return [...s.options].findIndex(o => o.text === {name:?}) - s.selectedIndex; }})()"
        );
        self.page.wait_until("there is the choice", &format!("document.querySelector({selector:?})")).await;
        let _: () = self.page.evaluate(&focus).await;
        let steps: i64 = self.page.evaluate(&way).await;
        let key = if steps > 0 { "ArrowDown" } else { "ArrowUp" };
        for _ in 0..steps.abs() {
            self.page.key(Key::plain(key)).await;
        }
        self.page.wait_until("it is chosen", &format!("{way} === 0")).await;
    }

    /// Does something to a part of the design, by the menu of faults.
    async fn inject(&self, of: &str, says: &str) {
        if self.count("#inject").await == 0 {
            self.click("#fault").await;
        }
        self.choose("#fault-target", of).await;
        let find =
            format!("[...document.querySelectorAll('.offer')].find(b => b.textContent.startsWith({says:?}))");
        self.page.wait_until(&format!("it offers to {says}"), &find).await;
        // A button that is used again for another offer keeps what was written on it.
        let mark = format!(
            "document.querySelectorAll('[data-wanted]').forEach(b => b.removeAttribute('data-wanted')), void ({find}.dataset.wanted = '')"
        );
        let _: () = self.page.evaluate(&mark).await;
        self.click("[data-wanted]").await;
    }

    async fn blur(&self) {
        let _: () = self.page.evaluate("document.activeElement.blur()").await;
    }
}

#[tokio::test]
async fn a_paused_simulation_steps_by_a_key_and_the_same_seed_gives_the_same_run() {
    let open = Open::example().await;
    open.click("#play").await;
    open.page.wait_until("it stands still", "!document.querySelector('.canvas.flows')").await;
    let find = "(() => { const t = document.querySelector('#clock').textContent.split(':'); return t[0] * 60 + +t[1]; })()";
    let before: f64 = open.page.evaluate(find).await;
    open.blur().await;
    for _ in 0..21 {
        open.page.key(Key::plain(".")).await;
    }
    open.page.wait_until("two seconds have passed", &format!("{find} >= {}", before + 2.0)).await;
    open.write("#seed", "77").await;
    open.page.wait_until("the link has the seed", "location.hash.endsWith('&seed=77')").await;
    let link: String = open.page.evaluate("location.href").await;
    let elsewhere = open.browser.open(&link).await;
    elsewhere.wait_until("it has the seed", "document.querySelector('#seed').value === '77'").await;
    elsewhere.wait_until("it runs", RUNNING).await;
    elsewhere.finish().await;
    open.page.finish().await;
}

#[tokio::test]
async fn faults_are_injected_by_a_menu_shown_on_the_canvas_and_kept_on_the_timeline() {
    let open = Open::example().await;
    open.click("#node-2 b").await;
    open.inject("Web tier", "Slow down Web tier 10 times").await;
    open.page
        .wait_until("the node says so", &format!("{}.includes('10× slow')", text("#node-2 .badges")))
        .await;
    open.inject("Web tier", "Let Web tier work at full speed again").await;
    let name: String = open
        .page
        .evaluate("[...document.querySelector('#fault-target').options].map(o => o.text).find(t => t.includes('→'))")
        .await;
    open.inject(&name, "Cut").await;
    open.page
        .wait_until("the edge says so", "document.querySelector('.edge.cut').textContent.includes('cut')")
        .await;
    open.inject(&name, "Join").await;
    open.wait_for_count(".edge.cut", 0).await;
    open.click(".deed .btn").await;
    let design = open.wait_for_design("it is kept", |design| design.timeline.len() == 1).await;
    assert_eq!(design.timeline[0].action, "join");
    open.page.key(Key::plain("Escape")).await;
    open.wait_for_count("#inject", 0).await;
    open.page.finish().await;
}

#[tokio::test]
async fn events_are_added_dragged_edited_by_keys_and_undone() {
    let open = Open::example().await;
    open.click("#add-event").await;
    open.wait_for_count(".event", 1).await;
    open.choose("#field-event-action", "Change load").await;
    open.write("#field-event-rate", "50/s").await;
    let design = open
        .wait_for_design("the event is written down", |d| {
            d.timeline.first().is_some_and(|event| event.params.get("rate") == Some(&"50/s".into()))
        })
        .await;
    let from = open.page.center_of("#event-0 path").await;
    open.page.drag(from, Point::new(from.x + 60.0, from.y)).await;
    let later = open.wait_for_design("it was dragged", |d| d.timeline[0].at != design.timeline[0].at).await;
    let _: () = open.page.evaluate("document.querySelector('#event-0').focus()").await;
    open.page.key(Key::plain("ArrowRight")).await;
    open.wait_for_design("a key moves it", |d| d.timeline[0].at != later.timeline[0].at).await;
    open.page.key(Key::plain("Delete")).await;
    open.wait_for_count(".event", 0).await;
    open.blur().await;
    open.page.key(Key::plain("z").with_control()).await;
    open.wait_for_count(".event", 1).await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_was_planned_happens_and_is_marked() {
    let mut document = three_tier();
    document.timeline =
        serde_json::from_str(r#"[{"at":"6s","action":"kill","node":"web","instance":1}]"#).unwrap();
    let open = Open::at(&format!("#{}", link::encode(&document))).await;
    open.page.wait_until("it runs", RUNNING).await;
    open.page.wait_until("the instance dies", "document.querySelector('#node-2 .dot.down')").await;
    open.page.wait_until("the chart has a mark", "document.querySelector('.event-mark')").await;
    open.page.wait_until("the event is past", "document.querySelector('.event.past')").await;
    open.page.finish().await;
}

#[tokio::test]
async fn charts_read_out_what_is_under_the_pointer_and_have_tables() {
    let open = Open::example().await;
    open.page.wait_until("some seconds have passed", &format!("{CLOCK} >= '00:09'")).await;
    for chart in ["over-time", "percentiles"] {
        open.page.move_mouse(open.page.center_of(&format!("#{chart}")).await).await;
        if chart == "over-time" {
            let at = open.page.center_of("#over-time").await;
            open.page.move_mouse(Point::new(at.x - 90.0, at.y)).await;
        }
        let says = format!("/[0-9]/.test({})", text(&format!("#{chart} .read-out")));
        open.page.wait_until("it reads out", &says).await;
    }
    open.click("#chart-heat").await;
    open.page
        .wait_until(
            "the heat map has cells",
            "document.querySelector('#heat .shade-5').getAttribute('d').length > 20",
        )
        .await;
    let rows = "document.querySelectorAll('[aria-label=\"Latency over time\"] table tbody tr').length >= 3";
    open.page.wait_until("it has a table", rows).await;
    open.click("#chart-shares").await;
    open.page
        .wait_until(
            "waits stand apart from work",
            "document.querySelectorAll('#shares tbody tr').length >= 3",
        )
        .await;
    open.click("#node-4 b").await;
    open.click(".tabs button:nth-child(2)").await;
    for figure in ["Utilization", "Waiting", "Calls"] {
        open.wait_for_count(&format!("#multiples [data-figure={figure}] svg"), 1).await;
    }
    open.page.finish().await;
}

#[tokio::test]
async fn a_request_is_found_behind_a_cell_and_its_link_replays_it() {
    let open = Open::example().await;
    // What is done by hand is part of the run that the link replays.
    open.click("#node-2 .dot").await;
    open.page.wait_until("it is down", "document.querySelector('#node-2 .dot.down')").await;
    open.page.wait_until("some seconds have passed", &format!("{CLOCK} >= '00:10'")).await;
    open.click("#play").await;
    open.click("#over-time").await;
    let at = open.page.center_of("#over-time").await;
    open.page.click(Point::new(at.x - 120.0, at.y)).await;
    open.page.wait_until("requests are found", "document.querySelectorAll('.found').length > 3").await;
    open.click(".found").await;
    open.page
        .wait_until("it is shown hop by hop", "document.querySelectorAll('#waterfall tbody tr').length >= 2")
        .await;
    let took: String = open.page.evaluate("document.querySelector('.found.on b').textContent").await;
    let head: String = open.page.evaluate(&text(".requests h2 small")).await;
    assert!(head.ends_with(&format!("took {took}")), "{head}, found as {took}");
    let rows: String = open.page.evaluate(&text("#waterfall tbody")).await;
    let link: String = open.page.evaluate("document.querySelector('#copy-request').dataset.link").await;
    let elsewhere = open.browser.open(&format!("{}#{link}", open.site.address())).await;
    elsewhere
        .wait_until("the same hops are shown", &format!("{} === {rows:?}", text("#waterfall tbody")))
        .await;
    elsewhere.finish().await;
    open.page.key(Key::plain("Escape")).await;
    open.page.finish().await;
}
