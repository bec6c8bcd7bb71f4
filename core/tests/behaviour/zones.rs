//! The way between zones, also where DNS led a request.
use crate::design::{at, design, edges, good, run_on};
use loadpath_core::rng::Seed;
use loadpath_core::sim::{Command, Simulation};

#[test]
fn a_request_that_dns_led_across_pays_the_round_trip_and_a_partition_stops_it() {
    for dns_stands in ["", r#", "zone": "b""#] {
        let nodes = format!(
            r#"{{"id": "users", "kind": "clients", "zone": "a"}},
            {{"id": "dns", "kind": "dns", "ttl": "1h"{dns_stands}}},
            {{"id": "web", "kind": "service", "zone": "b", "workers": 1000, "service_time": "10ms"}}"#
        );
        let rest = r#", "zones": [{"id": "a"}, {"id": "b"}], "round_trips": [{"from": "a", "to": "b", "time": "100ms"}]"#;
        let plan = design(&nodes, &edges("users>dns, dns>web"), r#""rate": "100/s""#, rest);
        let mut simulation = Simulation::new(&plan, Seed(1));
        // All resolvers have asked by then.
        simulation.run_until(at(10.0));
        let run = run_on(&mut simulation, 10.0);
        let median = run.response().quantile(0.5).as_secs();
        // A histogram's bucket is narrower than a hundredth of its value.
        assert!((median / 0.110 - 1.0).abs() < 0.01, "{median}");
        simulation.command(&Command::Partition { zone: "a".to_owned(), other: None }).unwrap();
        run_on(&mut simulation, 3.0);
        assert_eq!(good(&run_on(&mut simulation, 5.0).outcomes()), 0.0);
        simulation.command(&Command::Heal { zone: "a".to_owned(), other: None }).unwrap();
        run_on(&mut simulation, 3.0);
        assert_eq!(good(&run_on(&mut simulation, 5.0).outcomes()), 1.0);
    }
}
