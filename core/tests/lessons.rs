//! Every lesson's claims hold, with their whole interval, under three seeds; its design is sound, small in a link, and the same
//! on every run.
use loadpath_core::claims;
use loadpath_core::rng::Seed;
use loadpath_core::sim::Simulation;
use loadpath_core::time::{Span, Time};
use loadpath_core::topology::lessons::{self, Lesson, Part, Relation, Shows, Variant};
use loadpath_core::topology::{check, link};

const SEEDS: [u64; 3] = [1, 2, 3];

fn lesson(id: &str) -> &'static Lesson {
    lessons::find(id).unwrap_or_else(|| panic!("there is a lesson {id}"))
}

fn holds(id: &str) {
    let mut failed = Vec::new();
    for seed in SEEDS {
        for verdict in claims::check(lesson(id), Seed(seed)) {
            println!("{id}, seed {seed}: {}", told(&verdict));
            if !verdict.holds {
                failed.push(format!("seed {seed}: {}", told(&verdict)));
            }
        }
    }
    assert!(failed.is_empty(), "{id}:\n{}", failed.join("\n"));
}

/// What a task starts with leaves a goal to be reached, and its solution reaches them all.
fn is_to_be_done(id: &str) {
    let lesson = lesson(id);
    let goals = |variant: &Variant, seed: u64| {
        let design = lesson.variant(variant).expect("the design is there");
        claims::check_goals(lesson, &design, Seed(seed))
    };
    // One seed for what is to be reached: the claims above show that seeds agree.
    let open = goals(&lesson.task.start, SEEDS[0]);
    assert!(open.iter().any(|goal| !matches!(goal, Ok(verdict) if verdict.holds)), "{id}: nothing to do");
    for goal in goals(&lesson.task.solution, SEEDS[0]) {
        let verdict = goal.unwrap_or_else(|why| panic!("{id}: {why}"));
        assert!(verdict.holds, "{id}: {}", told(&verdict));
    }
}

fn told(verdict: &claims::ClaimVerdict) -> String {
    let other = verdict.compared.map_or(String::new(), |other| format!(" against {:.4}", other.value));
    format!(
        "{} measured {:.4} ± {:.4}{other}, margin {:.4} ± {:.4}: {}",
        if verdict.holds { "holds" } else { "FAILS" },
        verdict.measured.value,
        verdict.measured.half_width,
        verdict.margin.value,
        verdict.margin.half_width,
        verdict.says
    )
}

/// A test for each lesson, so that they run side by side.
macro_rules! claims_hold {
    ($($name:ident: $id:literal),* $(,)?) => {
        const TRIED: &[&str] = &[$($id),*];
        $(#[test]
        fn $name() {
            holds($id);
            is_to_be_done($id);
        })*
    };
}

claims_hold! {
    the_single_server: "single-server",
    the_separate_database: "separate-database",
    the_load_balancer: "load-balancer",
    replication: "replication",
    cache_and_cdn: "cache-and-cdn",
    the_stateless_tier: "stateless-tier",
    data_centers: "data-centers",
    the_message_queue: "message-queue",
    sharding: "sharding",
    the_thundering_herd: "thundering-herd",
    the_retry_storm: "retry-storm",
    the_celebrity: "celebrity",
    lost_writes: "lost-writes",
    dns_ttl: "dns-ttl",
    the_cold_cache: "cold-cache",
    the_tail_at_scale: "tail-at-scale",
}

#[test]
fn every_lesson_is_tried() {
    let ids: Vec<&str> = lessons::all().iter().map(|lesson| lesson.id).collect();
    assert_eq!(ids, TRIED);
    assert_eq!(lessons::all().iter().filter(|lesson| lesson.part == Part::Growth).count(), 9);
}

#[test]
fn a_link_to_any_lesson_is_shorter_than_a_thousand_characters() {
    for lesson in lessons::all() {
        let link = link::encode(&lesson.document());
        println!("{}: {} characters", lesson.id, link.len());
        assert!(link.len() < 1_000, "{}: {} characters", lesson.id, link.len());
        assert_eq!(link::decode(&link), Ok(lesson.document()), "{}", lesson.id);
    }
}

#[test]
fn every_lesson_says_what_it_is_good_for_and_what_it_costs() {
    for lesson in lessons::all() {
        let id = lesson.id;
        let texts = [&lesson.title, &lesson.goal, &lesson.reason, &lesson.costs, &lesson.weakness];
        assert!(texts.iter().all(|text| !text.trim().is_empty()), "{id}");
        assert!(lesson.predict.right < lesson.predict.choices.len(), "{id}");
        let shows = |what: &[Shows]| lesson.claims.iter().any(|claim| what.contains(&claim.shows));
        assert!(shows(&[Shows::Benefit]) && shows(&[Shows::Cost, Shows::Weakness]), "{id}");
        for claim in &lesson.claims {
            assert!(claim.from < claim.to, "{id}: {}", claim.says);
            let other = match &claim.holds {
                Relation::BelowTimes(_, other) | Relation::AboveTimes(_, other) => Some(other),
                Relation::Below(_) | Relation::Above(_) => None,
            };
            for variant in std::iter::once(&claim.design).chain(other) {
                let design = lesson.variant(variant).unwrap_or_else(|| panic!("{id}: {}", claim.says));
                assert!(check(&design).is_ok(), "{id}: {}: {:?}", claim.says, check(&design).err());
            }
        }
    }
}

#[test]
fn every_change_that_a_claim_makes_changes_something() {
    for lesson in lessons::all() {
        for claim in &lesson.claims {
            let other = match &claim.holds {
                Relation::BelowTimes(_, other) | Relation::AboveTimes(_, other) => Some(other),
                Relation::Below(_) | Relation::Above(_) => None,
            };
            for variant in std::iter::once(&claim.design).chain(other) {
                let drawn = Variant { of: variant.of, ..Variant::default() };
                let mut design = lesson.variant(&drawn).unwrap();
                for change in &variant.with {
                    let before = design.clone();
                    change.apply(&mut design);
                    assert_ne!(design, before, "{}: {}: {change:?}", lesson.id, claim.says);
                }
            }
        }
    }
}

#[test]
fn nodes_of_a_design_do_not_cover_one_another() {
    for lesson in lessons::all() {
        let document = lesson.document();
        for (i, node) in document.nodes.iter().enumerate() {
            let [x, y] = node.at.unwrap_or_else(|| panic!("{}: {} has a place", lesson.id, node.id));
            for other in &document.nodes[..i] {
                let [u, v] = other.at.unwrap_or_default();
                let apart = (x - u).abs() >= 220.0 || (y - v).abs() >= 100.0;
                assert!(apart, "{}: {} covers {}", lesson.id, node.id, other.id);
            }
        }
    }
}

#[test]
fn a_lesson_runs_the_same_every_time() {
    for lesson in lessons::all() {
        let plan = check(&lesson.document()).unwrap();
        let digest = || {
            let mut simulation = Simulation::new(&plan, Seed(7));
            simulation.run_until(Time::ZERO + Span::from_millis(5_000));
            simulation.digest()
        };
        assert_eq!(digest(), digest(), "{}", lesson.id);
    }
}
