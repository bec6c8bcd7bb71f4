//! A million users: 100,000 requests a second through three tiers, with a million keys; and the same design for other loads.
use loadpath_core::topology::Topology;

/// Requests per second of the design at scale 1: a million users who each send one in ten seconds.
pub(crate) const RATE: u32 = 100_000;

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loop {
    /// At the rate, whether answered or not.
    Open,
    /// Each user thinks for ten seconds after an answer.
    Closed,
}

/// The design for `tenths` tenths of a million users. Each tier is busy for 0.5 to 0.65 of the time, which leaves room for
/// the first seconds, when the caches are cold. With the load, balancers and web servers grow in number; caches and shards
/// grow in size, since one of them has the most popular key, which 6.5 % of all requests ask for, however many there are.
/// The caches hold a tenth of the keys.
pub(crate) fn million(tenths: u32, arrivals: Loop) -> Topology {
    let of_ten = |instances: u32| (instances * tenths).div_ceil(10);
    let (users, rate) = (tenths * 100_000, RATE / 10 * tenths);
    let arrivals = match arrivals {
        Loop::Open => format!(r#""rate": "{rate}/s", "users": {users}"#),
        Loop::Closed => format!(r#""arrivals": "closed", "users": {users}, "think_time": "exp 10s""#),
    };
    let text = format!(
        r#"{{"loadpath": 1,
        "nodes": [{{"id": "users", "kind": "clients", "timeout": "2s"}},
                  {{"id": "lb", "kind": "load_balancer", "policy": "power_of_two", "instances": {}, "cores": 2,
                   "service_time": "50us"}},
                  {{"id": "web", "kind": "service", "instances": {}, "workers": 36, "service_time": "exp 2ms"}},
                  {{"id": "cache", "kind": "cache", "instances": 4, "workers": {}, "capacity": 25000,
                   "service_time": "exp 40us"}},
                  {{"id": "db", "kind": "database", "shards": 8, "connections": {}}}],
        "edges": [{{"from": "users", "to": "lb", "latency": "10ms"}}, {{"from": "lb", "to": "web"}},
                  {{"from": "web", "to": "cache"}}, {{"from": "web", "to": "db"}}],
        "workload": {{{arrivals},
                     "classes": [{{"name": "read", "weight": 49, "keys": 1000000, "skew": 0.99}},
                                 {{"name": "write", "operation": "write", "keys": 1000000, "skew": 0.99}}]}}}}"#,
        of_ten(4),
        of_ten(20),
        of_ten(2),
        of_ten(28),
    );
    Topology::from_json(&text).expect("the bench's designs are well formed")
}
