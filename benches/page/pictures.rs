//! What the page's screens look like, in both colour schemes.
use crate::NUMBERS;
use crate::agent::Agent;
use crate::browser::{Browser, Key, Page, Point, Site};
use std::path::Path;
use std::time::Duration;

/// A desk's window, a tablet's and a phone's.
const DESK: (i64, i64) = (1_440, 900);
const TABLET: (i64, i64) = (1_024, 768);
const PHONE: (i64, i64) = (390, 844);
/// How long whatever moves into its place takes, and somewhat more.
const SETTLED: Duration = Duration::from_millis(600);

/// Writes them all into this folder, as `SCREEN-light.png` and `SCREEN-dark.png`.
pub(crate) async fn write(folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    measured(folder).await;
    simulated(folder).await;
    lesson(folder).await;
    requests(folder).await;
}

/// A live run laid over the simulation, and the inspector; from the agent.
async fn measured(folder: &Path) {
    let agent = Agent::start();
    let browser = Browser::launch().await;
    let page = browser.open(&agent.address).await;
    page.wait_until("numbers are shown", NUMBERS).await;
    click(&page, "#run-live").await;
    page.wait_until("the dialog offers to start", "document.querySelector('#start-live')").await;
    click(&page, "#start-live").await;
    page.wait_until("the run has begun", "document.querySelector('#stop-live')").await;
    page.wait_until("the run has ended", "document.querySelector('#run-live')").await;
    click(&page, "[data-kind=cache].node").await;
    picture(&page, folder, "canvas").await;
    click(&page, "[data-kind=service].node").await;
    for section in ["Capacity", "Queueing"] {
        click(&page, &format!("[data-section={section}]")).await;
    }
    picture(&page, folder, "inspector").await;
    page.key(Key::plain("Escape")).await;
    page.wait_until("the workload is shown", "document.querySelector('#load-plot')").await;
    picture(&page, folder, "workload").await;
    page.resize(PHONE.0, PHONE.1, true).await;
    picture(&page, folder, "phone").await;
    page.finish().await;
    agent.interrupt();
}

/// What helps while a design is drawn: findings, a comparison, its text, a smaller window, and where one begins.
async fn simulated(folder: &Path) {
    let (site, browser) = (Site::of_the_page(), Browser::launch().await);
    let page = browser.open(site.address()).await;
    page.wait_until("numbers are shown", NUMBERS).await;
    click(&page, "#open-findings").await;
    picture(&page, folder, "findings").await;
    click(&page, "#open-compare").await;
    click(&page, "#keep-baseline").await;
    click(&page, "#node-2 b").await;
    click(&page, "#field-node-instances").await;
    page.key(Key::plain("a").with_control()).await;
    page.type_text("4").await;
    page.key(Key::plain("Enter")).await;
    page.wait_until("it is compared", "document.querySelectorAll('#comparison tbody tr').length > 3").await;
    click(&page, ".notice button").await;
    picture(&page, folder, "compare").await;
    click(&page, ".drawer button[aria-label=Close]").await;
    page.run_script("document.activeElement.blur()").await;
    page.key(Key::plain("t")).await;
    page.wait_until("the text is shown", "document.querySelector('#source .inks')").await;
    picture(&page, folder, "text").await;
    page.run_script("document.activeElement.blur()").await;
    page.key(Key::plain("t")).await;
    page.resize(TABLET.0, TABLET.1, false).await;
    picture(&page, folder, "tablet").await;
    page.resize(DESK.0, DESK.1, false).await;
    click(&page, "#design").await;
    click(&page, "#new").await;
    page.wait_until("nothing is drawn", "!document.querySelector('.node')").await;
    picture(&page, folder, "empty").await;
    click(&page, "#lessons").await;
    picture(&page, folder, "lessons").await;
    page.finish().await;
}

/// A lesson whose claims have been checked.
async fn lesson(folder: &Path) {
    let (site, browser) = (Site::of_the_page(), Browser::launch().await);
    let page = browser.open(&format!("{}?lesson=celebrity", site.address())).await;
    page.wait_until("numbers are shown", NUMBERS).await;
    click(&page, "#next-step").await;
    click(&page, ".choice").await;
    click(&page, "#next-step").await;
    click(&page, "#check-claims").await;
    page.wait_until("all were checked", "document.querySelectorAll('.claims .tick.good').length === 4").await;
    picture(&page, folder, "lesson").await;
    page.finish().await;
}

/// A request hop by hop, out of a second of the run.
async fn requests(folder: &Path) {
    let (site, browser) = (Site::of_the_page(), Browser::launch().await);
    let page = browser.open(site.address()).await;
    page.wait_until("numbers are shown", NUMBERS).await;
    tokio::time::sleep(10 * SETTLED).await;
    click(&page, "#play").await;
    let at = page.center_of("#over-time").await;
    page.click(Point::new(at.x - 120.0, at.y)).await;
    page.wait_until("requests are found", "document.querySelectorAll('.found').length > 3").await;
    click(&page, ".found").await;
    picture(&page, folder, "request").await;
    page.finish().await;
}

async fn click(page: &Page, selector: &str) {
    page.click(page.center_of(selector).await).await;
}

async fn picture(page: &Page, folder: &Path, screen: &str) {
    tokio::time::sleep(SETTLED).await;
    for theme in ["light", "dark"] {
        let switch = format!("document.documentElement.setAttribute('data-theme', '{theme}')");
        page.evaluate::<serde_json::Value>(&switch).await;
        page.screenshot(&folder.join(format!("{screen}-{theme}.png"))).await;
    }
}
