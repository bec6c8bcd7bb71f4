//! The harness itself: its input is trusted, it hears every complaint, and it leaves nothing running.

use std::path::Path;
use std::time::{Duration, Instant};

use super::chromium::processes_of;
use super::{Browser, Key, Point, Site};

/// A site of one script, which the policy allows, unlike a script in the page.
fn site(folder: &Path, script: &str) -> Site {
    let page = "<!doctype html><title>t</title><link rel=icon href=data:,><body><input id=field><script src=t.js></script>";
    std::fs::write(folder.join("index.html"), page).expect("the folder is ours");
    std::fs::write(folder.join("t.js"), script).expect("the folder is ours");
    Site::of(folder.to_owned())
}

#[tokio::test]
async fn mouse_and_keys_arrive_as_trusted_events_in_their_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "window.seen = [];
        for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'wheel', 'keydown'])
            addEventListener(kind, (e) => e.isTrusted && seen.push([kind, e.clientX ?? 0, e.buttons ?? 0, e.key ?? '']));";
    let site = site(folder.path(), script);
    let browser = Browser::launch().await;
    let page = browser.open_with(site.address(), "window.early = true").await;
    assert!(page.evaluate::<bool>("early").await, "a script ran before the page's own");
    page.drag(Point::new(300.0, 200.0), Point::new(420.0, 200.0)).await;
    page.wheel(Point::new(10.0, 300.0), 0.0, 100.0).await;
    page.pinch(Point::new(10.0, 300.0), 10.0).await;
    page.click(page.center_of("#field").await).await;
    page.type_text("12ms").await;
    page.key(Key::plain("a")).await;
    page.key(Key::plain("z").with_control().with_shift()).await;
    page.wait_until("all has arrived", "seen.filter(([kind]) => kind === 'keydown').length === 2").await;
    let seen: Vec<(String, f64, u32, String)> = page.evaluate("seen").await;
    let dragged: Vec<f64> = seen.iter().filter(|e| e.0 == "pointermove" && e.2 == 1).map(|e| e.1).collect();
    assert_eq!(dragged.last(), Some(&420.0), "moves with the button held: {dragged:?}");
    assert!(dragged.is_sorted() && dragged.len() > 1);
    let kinds: Vec<&str> = seen.iter().map(|e| e.0.as_str()).filter(|kind| *kind != "pointermove").collect();
    assert_eq!(
        kinds,
        ["pointerdown", "pointerup", "wheel", "wheel", "pointerdown", "pointerup", "keydown", "keydown"]
    );
    let typed: String = page.evaluate("document.querySelector('#field').value").await;
    assert_eq!(typed, "12msa");
    assert!(page.metrics().await["Nodes"] > 0.0);
    page.count_thread_time().await;
    let busy = page.metrics().await["TaskDuration"];
    let _: () =
        page.evaluate("{ const end = performance.now() + 20; while (performance.now() < end); }").await;
    assert!(page.metrics().await["TaskDuration"] > busy, "a thread that computes takes time");
    let busy = "{ const end = performance.now() + 40; while (performance.now() < end); }";
    let tasks = page.tasks_while(async { page.evaluate::<()>(busy).await }).await;
    // It computed for most of its 40 ms, however busy the machine was meanwhile.
    let longest = tasks.iter().copied().fold(0.0, f64::max);
    assert!((4.0..60.0).contains(&longest), "the longest of {} tasks took {longest} ms", tasks.len());
    let picture = folder.path().join("picture.png");
    page.screenshot(&picture).await;
    assert!(std::fs::read(&picture).expect("the picture is written").starts_with(b"\x89PNG"));
    page.finish().await;
}

#[tokio::test]
async fn whatever_goes_wrong_in_a_page_or_its_worker_is_heard() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let worker = "console.error('said by the worker'); setTimeout(() => { throw new Error('thrown by the worker'); });";
    std::fs::write(folder.path().join("w.js"), worker).expect("the folder is ours");
    let script = "console.error('said by the page', 7);
        setTimeout(() => { throw new Error('thrown by the page'); });
        Promise.reject(new Error('rejected by the page'));
        new Worker('w.js', { type: 'module' });
        fetch('missing.json');
        const style = document.createElement('style'); document.head.append(style); style.textContent = 'p { color: red }';
        console.warn('only a warning');";
    let site = site(folder.path(), script);
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    let expected = [
        "said by the page 7",
        "thrown by the page",
        "rejected by the page",
        "said by the worker",
        "thrown by the worker",
        "missing.json",
        "Content Security Policy",
    ];
    let begun = Instant::now();
    let mut heard = String::new();
    while !expected.iter().all(|words| heard.contains(words)) {
        page.hear_out().await;
        heard.extend(page.take_errors().iter().map(|error| format!("{error}\n")));
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "of {expected:?}, only these were heard:\n{heard}"
        );
    }
    assert!(!heard.contains("only a warning"), "{heard}");
    page.finish().await;
}

#[tokio::test]
#[should_panic(expected = "console: said by the page")]
async fn an_error_in_the_console_fails_the_test() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = site(folder.path(), "console.error('said by the page');");
    let browser = Browser::launch().await;
    browser.open(site.address()).await.finish().await;
}

#[tokio::test]
async fn a_dropped_browser_leaves_no_process_and_no_file() {
    let browser = Browser::launch().await;
    let profile = browser.profile().to_string_lossy().into_owned();
    assert!(processes_of(&profile) > 0, "the browser's processes name their profile");
    drop(browser);
    assert_eq!(processes_of(&profile), 0, "processes of the browser are still there");
    assert!(!Path::new(&profile).exists(), "its profile is still there: {profile}");
}
