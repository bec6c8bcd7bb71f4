//! What a person can do on the page, without an agent, by real mouse and keys in a real browser.
pub(crate) mod accessibility;
mod clipboard;
mod comparison;
mod design;
mod editing;
mod estimate;
mod figures;
mod finder;
mod findings;
mod fingers;
mod frames;
mod gestures;
mod inspector;
mod keeping;
mod leaving;
mod lessons;
mod library;
mod looks;
mod offline;
mod places;
mod recovery;
mod running;
mod source;
mod steering;

use crate::browser::{Browser, Key, Page, Point, Site};
use loadpath_core::topology::{Topology, link};
use std::time::{Duration, Instant};

/// The page on a static site, with the example open and its simulation running.
struct Open {
    page: Page,
    browser: Browser,
    site: Site,
}

const RUNNING: &str =
    "/[0-9]/.test(document.querySelector('.kpis[data-from=simulation] #kpi-rate b').textContent)";

impl Open {
    async fn example() -> Self {
        let open = Self::at("").await;
        open.page.wait_until("the simulation shows numbers", RUNNING).await;
        open
    }

    /// The page at an address with this fragment.
    async fn at(fragment: &str) -> Self {
        let site = Site::of_the_page();
        let browser = Browser::launch().await;
        let page = browser.open(&format!("{}{fragment}", site.address())).await;
        page.wait_until("the page is there", "document.querySelector('#canvas')").await;
        Self { page, browser, site }
    }

    /// The design that the address bar holds, once it fulfils the claim.
    async fn wait_for_design(&self, what: &str, claim: impl Fn(&Topology) -> bool) -> Topology {
        let begun = Instant::now();
        loop {
            let hash: String = self.page.evaluate("location.hash").await;
            if let Ok(design) = link::decode(&hash)
                && claim(&design)
            {
                return design;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it is still not true that {what}: {hash}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn count(&self, selector: &str) -> usize {
        self.page.evaluate(&format!("document.querySelectorAll({selector:?}).length")).await
    }

    async fn wait_for_count(&self, selector: &str, count: usize) {
        let claim = format!("document.querySelectorAll({selector:?}).length === {count}");
        self.page.wait_until(&format!("there are {count} of {selector}"), &claim).await;
    }

    async fn click(&self, selector: &str) {
        self.page.click(self.page.center_of(selector).await).await;
    }

    /// Selects two nodes, the second by a click with Shift.
    async fn select_both(&self, first: usize, second: usize) {
        // The first click brings a bar of actions, and with it the canvas may shift: where the second stands is asked before.
        let then = self.page.center_of(&format!("#node-{second} b")).await;
        self.click(&format!("#node-{first} b")).await;
        self.page.move_mouse(then).await;
        self.page.click_with_shift(then).await;
        self.wait_for_count(".node.selected", 2).await;
    }

    /// Writes into a field as a person does: selects what is there, types, and presses Enter.
    async fn write(&self, selector: &str, text: &str) {
        self.click(selector).await;
        self.page.key(Key::plain("a").with_control()).await;
        self.page.type_text(text).await;
        self.page.key(Key::plain("Enter")).await;
    }

    /// Drops a component from the palette.
    async fn draw(&self, kind: &str, at: Point) {
        let count = self.count(".node").await;
        self.page.drag(self.page.center_of(&format!(".pi[data-kind={kind}]")).await, at).await;
        self.wait_for_count(".node", count + 1).await;
    }

    /// Drags from a node's port to another node.
    async fn connect(&self, from: usize, to: usize) {
        let port = self.page.center_of(&format!("#node-{from} .port.out")).await;
        self.page.drag(port, self.page.center_of(&format!("#node-{to}")).await).await;
    }
}
