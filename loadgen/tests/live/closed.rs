//! Closed loops: users who think, of two kinds, one of which has no patience.
use super::Both;

/// Eighty users who think for a fifth of a second want 320 requests a second of ten workers that carry 200: the queue is as long as the users
/// make it, and no longer.
const DESIGN: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "calm", "kind": "clients", "share": 3, "timeout": "2s"},
    {"id": "hasty", "kind": "clients", "share": 1, "timeout": "150ms"},
    {"id": "web", "kind": "service", "workers": 10, "service_time": "exp 50ms"}
  ],
  "edges": [{"from": "calm", "to": "web"}, {"from": "hasty", "to": "web"}],
  "workload": {"arrivals": "closed", "users": 80, "think_time": "exp 200ms", "classes": [{"name": "read", "keys": 1}]}
}"#;

#[test]
fn users_who_wait_for_their_answers_make_the_same_load_and_lose_patience_as_often() {
    let both = Both::of(DESIGN, 5);
    let [live, simulated] = [&both.live, &both.simulated].map(loadpath_core::run::Run::achieved_rate);
    eprintln!("throughput: live {live:.1}/s, simulated {simulated:.1}/s");
    // A thousand exponential services: 3 % of deviation; and a busy machine gives a worker back some milliseconds after its fifty.
    assert!((-0.2..0.12).contains(&(live / simulated - 1.0)), "{live} is not {simulated}");
    let [live, simulated] = both.nodes("hasty").map(|node| node.outcomes);
    let share = |outcomes: loadpath_core::run::Outcomes| outcomes.timed_out as f64 / outcomes.total() as f64;
    eprintln!("hasty who gave up: live {:.3}, simulated {:.3}", share(live), share(simulated));
    // The queue comes and goes within tenths of a second: of five seconds, some twenty independent looks at it.
    assert!((share(live) - share(simulated)).abs() < 0.2, "{live:?}");
    assert_eq!(both.nodes("calm")[0].outcomes.timed_out, 0, "nobody else gives up");
    // The users that are not at the service think: the response time law of a closed loop.
    let [live, simulated] = both.nodes("calm").map(|node| node.response.mean().as_secs());
    eprintln!("calm: live {:.1} ms, simulated {:.1} ms", live * 1e3, simulated * 1e3);
    assert!((live - simulated).abs() < 0.35 * simulated, "{live} is not {simulated}");
    assert!(both.live.notes.iter().any(|note| note.contains("80 users who think")), "{:?}", both.live.notes);
}
