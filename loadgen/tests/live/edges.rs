//! What callers do on an edge: each class of this design goes by an edge of its own, with a policy of its own.
use super::{Both, shares_agree};

/// Every back end has workers for all; the entry takes no time of its own. What is random takes 40 ms on the average, so that what a
/// busy machine adds is little beside it.
const DESIGN: &str = r#"{
  "loadpath": 1,
  "nodes": [
    {"id": "users", "kind": "clients", "timeout": "1s"},
    {"id": "web", "kind": "service", "workers": 1000, "service_time": "0s"},
    {"id": "late", "kind": "service", "workers": 100, "service_time": "exp 40ms"},
    {"id": "flaky", "kind": "external", "service_time": "1ms", "error_share": 0.5},
    {"id": "slow", "kind": "service", "workers": 100, "service_time": "exp 40ms"},
    {"id": "one", "kind": "service", "workers": 100, "service_time": "exp 10ms"},
    {"id": "many", "kind": "service", "workers": 100, "service_time": "10ms"},
    {"id": "wide", "kind": "service", "workers": 100, "service_time": "10ms"},
    {"id": "plain", "kind": "service", "workers": 100, "service_time": "10ms"},
    {"id": "log", "kind": "service", "workers": 100, "service_time": "10ms"},
    {"id": "broken", "kind": "external", "service_time": "1ms", "error_share": 1}
  ],
  "edges": [
    {"from": "users", "to": "web"},
    {"from": "web", "to": "plain", "classes": "plain"},
    {"from": "web", "to": "late", "classes": "timeout", "timeout": "80ms"},
    {"from": "web", "to": "flaky", "classes": "retry", "retries": 3, "backoff": "2ms"},
    {"from": "web", "to": "slow", "classes": "hedge", "hedge_after": "80ms", "hedge_budget": 1},
    {"from": "web", "to": "one", "classes": "pool", "connections": 1},
    {"from": "web", "to": "many", "classes": "many", "calls": 2.5},
    {"from": "web", "to": "wide", "classes": "wide", "calls": 4, "mode": "parallel"},
    {"from": "web", "to": "log", "classes": "wide", "mode": "asynchronous"},
    {"from": "web", "to": "broken", "classes": "breaker", "breaker": 0.5, "breaker_open": "10s"}
  ],
  "workload": {
    "rate": "400/s",
    "classes": [
      {"name": "timeout", "keys": 1}, {"name": "retry", "keys": 1}, {"name": "hedge", "keys": 1},
      {"name": "pool", "keys": 1}, {"name": "many", "keys": 1}, {"name": "wide", "keys": 1},
      {"name": "breaker", "keys": 1}, {"name": "plain", "keys": 1}
    ]
  }
}"#;

#[test]
fn edges_on_sockets_time_out_retry_hedge_pool_and_break_as_in_the_simulator() {
    let both = Both::of(DESIGN, 5);

    // P(X > 80 ms) = e^-2 of an exponential with a mean of 40 ms; what sockets add makes a few more late.
    both.errors_agree("timeout");
    // The callee goes on, and its answers are counted when they come.
    let [live, _] = both.nodes("late");
    let asked = both.classes("timeout")[0].outcomes.total();
    assert!(live.outcomes.ok.abs_diff(asked) <= 8, "{:?} of {asked}", live.outcomes);

    // Tried four times at most: 0.5^4 fail, and 1.875 attempts are made for a call.
    both.errors_agree("retry");
    let attempts = both.nodes("flaky").map(|node| node.outcomes.total() as f64);
    let calls = both.classes("retry").map(|class| class.outcomes.total() as f64);
    let [live, simulated] = [attempts[0] / calls[0], attempts[1] / calls[1]];
    // An attempt's number has a deviation of 1.05 (see the unit test of `RetryPolicy`).
    assert!((live - simulated).abs() < 4.0 * 1.05 / calls[0].sqrt(), "{live} attempts, not {simulated}");

    // The service says so itself, up to half a second before the end: a tenth of five seconds.
    let [live, simulated] = both.counted("web", "retries", "retry");
    let per_call = |(retries, calls): (u64, u64)| retries as f64 / calls as f64;
    assert!((per_call(live) - per_call(simulated)).abs() < 0.45, "{live:?}, not {simulated:?}");

    // e^-2 of the calls are made twice.
    let again = |place: usize| {
        let calls = both.classes("hedge")[place].outcomes.total();
        (both.nodes("slow")[place].outcomes.total().saturating_sub(calls), calls)
    };
    shares_agree("hedged", again(0), again(1));
    let added = both.added("plain");
    both.responses_agree("hedge", 2.0 * added);

    // A connection is held for what sockets add, too. One connection at half its load: an M/M/1 queue before it, which is no part of what the callee is seen to take.
    both.responses_agree("pool", 3.0 * added);
    let [live, _] = both.nodes("one");
    let [class, _] = both.classes("pool");
    assert!(live.response.mean().as_secs() < 0.8 * class.response.mean().as_secs());

    // Two or three in turn take 25 ms; four at once take 10 ms, and what nobody waits for takes none.
    both.responses_agree("many", 4.0 * added);
    both.responses_agree("wide", 4.0 * added);
    let sent = both.nodes("log")[0].outcomes.ok;
    let asked = both.classes("wide")[0].outcomes.total();
    assert!(sent.abs_diff(asked) <= 8, "{sent} of {asked} were sent without waiting");

    // It opens when half of a hundred were looked at and all of them failed, and lets nobody through for longer than this lasts.
    let [live, _] = both.nodes("broken");
    assert!(live.outcomes.total() <= 60, "{:?} got through", live.outcomes);
    assert_eq!(both.errors_agree("breaker"), 1.0);
}
