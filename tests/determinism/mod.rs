//! The same document and seed give the same run, native and in the browser's WebAssembly.
use crate::browser::{Browser, Site};
use loadpath_core::rng::Seed;
use loadpath_core::sim::simulate;
use loadpath_core::time::Span;
use loadpath_core::topology::lessons::{self, Lesson};
use loadpath_core::topology::{Node, Topology, check, three_tier};

/// Every component and every law of time, under enough load to fill queues.
const EVERYTHING: &str = r#"{"loadpath": 1, "name": "everything",
    "nodes": [
        {"id": "near", "kind": "clients", "share": 2, "timeout": "80ms"},
        {"id": "far", "kind": "clients"},
        {"id": "ring", "kind": "load_balancer", "policy": "hash_ring", "instances": 2},
        {"id": "two", "kind": "load_balancer", "policy": "power_of_two", "service_time": "erlang 3 100us"},
        {"id": "web", "kind": "service", "instances": 3, "workers": 4, "queue": 20, "service_time": "lognormal 4ms p99 20ms"},
        {"id": "api", "kind": "service", "workers": 6, "service_time": "hyperexp 3ms cv2 6"},
        {"id": "aside", "kind": "cache", "instances": 3, "capacity": 300, "ttl": "500ms"},
        {"id": "through", "kind": "cache", "capacity": 200, "service_time": "uniform 50us..150us"},
        {"id": "db", "kind": "database", "shards": 3, "sharding": "ring", "connections": 3},
        {"id": "log", "kind": "database", "shards": 2, "write_time": "exp 2ms"}],
    "edges": [
        {"from": "near", "to": "ring"}, {"from": "far", "to": "ring", "latency": "20ms"}, {"from": "ring", "to": "web"},
        {"from": "web", "to": "aside"}, {"from": "web", "to": "db"}, {"from": "web", "to": "two", "latency": "0s"},
        {"from": "two", "to": "api"}, {"from": "api", "to": "through"}, {"from": "through", "to": "log"}],
    "workload": {"rate": "900/s", "classes": [
        {"name": "read", "weight": 6, "keys": 20000, "skew": 1.1},
        {"name": "scan", "weight": 2, "keys": 5000, "skew": 0},
        {"name": "write", "operation": "write", "weight": 2, "keys": 20000, "skew": 0.7}]}}"#;

const SEED: u32 = 7;
const SECONDS: u32 = 20;

/// The example, everything, and every lesson.
fn designs() -> Vec<Topology> {
    let mut designs = vec![three_tier(), Topology::from_json(EVERYTHING).unwrap()];
    designs.extend(lessons::all().iter().map(Lesson::document));
    designs
}

fn native(document: &Topology) -> u64 {
    let plan = check(document).unwrap();
    simulate(&plan, Seed(u64::from(SEED)), Span::ZERO, Span(u64::from(SECONDS) * Span::SECOND.0)).digest()
}

#[tokio::test]
async fn a_run_has_one_digest_native_and_in_webassembly() {
    let site = Site::of_the_page();
    let browser = Browser::launch().await;
    let page = browser.open(site.address()).await;
    page.wait_until("the module is there", "performance.getEntriesByName('loadpath:first-topology')[0]")
        .await;
    for document in designs() {
        let json = serde_json::to_string(&document.to_json()).unwrap();
        let call =
            format!("import('/loadpath.js').then(page => page.simulate_digest({json}, {SEED}, {SECONDS}))");
        let in_wasm: String = page.evaluate(&call).await;
        assert_eq!(in_wasm, format!("{:016x}", native(&document)), "{}", document.name);
    }
    page.finish().await;
}

#[test]
fn another_seed_is_another_run_and_the_same_seed_the_same() {
    for document in designs() {
        let plan = check(&document).unwrap();
        let digest = |seed| simulate(&plan, Seed(seed), Span::ZERO, Span::SECOND).digest();
        assert_eq!(digest(1), digest(1));
        assert_ne!(digest(1), digest(2));
    }
}

#[test]
fn a_node_that_nobody_calls_changes_nothing_for_the_others() {
    let seconds = Span(5 * Span::SECOND.0);
    for document in designs() {
        let before = simulate(&check(&document).unwrap(), Seed(3), Span::SECOND, seconds);
        let mut more = document.clone();
        more.nodes.insert(1, Node { id: "idle".to_owned(), kind: "service".to_owned(), ..Node::default() });
        let mut after = simulate(&check(&more).unwrap(), Seed(3), Span::SECOND, seconds);
        let idle = after.nodes.remove(1);
        assert_eq!(idle.outcomes.total(), 0);
        assert_eq!(before.digest(), after.digest(), "{}", document.name);
    }
}
