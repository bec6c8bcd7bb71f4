//! The page in a real Chromium, by real input: the harness, and what it says of itself and of the page's shell.
//!
//! A test opens a page, acts by mouse and keys, waits for what should become true, and finishes:
//!
//! ```text
//! let site = Site::of_the_page();
//! let browser = Browser::launch().await;
//! let page = browser.open(site.address()).await;
//! page.wait_until("the canvas is drawn", "document.querySelector('#canvas')").await;
//! page.drag(page.center_of("#web").await, Point::new(400.0, 300.0)).await;
//! page.finish().await;
//! ```
//!
//! Any error in the console of the page or of its workers fails the test. One browser runs at a time, so that tests do
//! not slow each other down; it is gone when [`Browser`] is dropped.

mod built;
mod chromium;
mod input;
mod page;
mod site;
mod trace;

mod harness;
mod shell;

pub(crate) use built::{built_loadgen, built_page, fetched_axe, validator};
pub(crate) use chromium::Browser;
pub(crate) use input::{Key, Point};
pub(crate) use page::Page;
pub(crate) use site::Site;
