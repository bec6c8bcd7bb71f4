//! Edits and their inverses against a copy of the document.
use super::*;
use crate::rng::{Rng, Seed};
use crate::topology::{Params, three_tier};

fn pick<'a>(rng: &mut Rng, names: &[&'a str]) -> &'a str {
    names[rng.below(names.len() as u64) as usize]
}

const NODES: [&str; 6] = ["users", "lb", "web", "cache", "extra", "other"];
const ZONES: [&str; 3] = ["", "east", "west"];
const HOSTS: [&str; 3] = ["", "box", "tower"];

fn happening(rng: &mut Rng) -> Happening {
    let mut params = Params::new();
    params.insert("node".to_owned(), pick(rng, &NODES).into());
    params.insert("zone".to_owned(), pick(rng, &ZONES[1..]).into());
    Happening { at: "1s".to_owned(), action: "kill".to_owned(), params }
}

fn any_bag(rng: &mut Rng) -> Bag {
    let id = |rng: &mut Rng| pick(rng, &NODES).to_owned();
    match rng.below(8) {
        0 => Bag::Node(id(rng)),
        1 => Bag::Edge(id(rng), id(rng)),
        2 => Bag::Class("read".to_owned()),
        3 => Bag::Workload,
        4 => Bag::Zone(pick(rng, &ZONES).to_owned()),
        5 => Bag::Host(pick(rng, &HOSTS).to_owned()),
        6 => Bag::Objectives,
        _ => Bag::Prices,
    }
}

fn any_place(rng: &mut Rng) -> Option<usize> {
    (rng.below(2) == 0).then(|| rng.below(6) as usize)
}

fn any_edit(rng: &mut Rng, depth: u32) -> Edit {
    let node = pick(rng, &NODES).to_owned();
    let (from, to) = (pick(rng, &NODES).to_owned(), pick(rng, &NODES).to_owned());
    let (zone, host) = (pick(rng, &ZONES).to_owned(), pick(rng, &HOSTS).to_owned());
    let place = any_place(rng);
    match rng.below(if depth > 0 { 15 } else { 14 }) {
        0 | 1 => Edit::Set {
            of: any_bag(rng),
            name: pick(rng, &["rate", "instances", "x"]).to_owned(),
            value: (rng.below(3) > 0).then(|| Value::Number(rng.below(9) as f64)),
        },
        2 => Edit::Stand { node, zone, host },
        3 => Edit::AddNode { place, node: Node { id: node, zone, host, ..Node::default() } },
        4 => Edit::RemoveNode { id: node },
        5 => Edit::AddEdge { place, edge: Edge { from, to, params: Params::new() } },
        6 => Edit::RemoveEdge { from, to },
        7 => Edit::AddZone { place, zone: Zone { id: zone, ..Zone::default() } },
        8 => Edit::RemoveZone { id: zone },
        9 => Edit::AddRoundTrip {
            place,
            round_trip: RoundTrip { from: zone, to: "east".to_owned(), params: Params::new() },
        },
        10 => Edit::RemoveRoundTrip { place: rng.below(4) as usize },
        11 => Edit::AddHost { place, host: Host { id: host, ..Host::default() } },
        12 => Edit::RemoveHost { id: host },
        13 if rng.below(2) == 0 => Edit::RemoveHappening { place: rng.below(4) as usize },
        13 => Edit::AddHappening { place, happening: happening(rng) },
        _ => Edit::Several((0..rng.below(4)).map(|_| any_edit(rng, depth - 1)).collect()),
    }
}

#[test]
fn any_edits_taken_back_in_reverse_leave_the_document_as_it_was() {
    let mut made = 0;
    for seed in 0..200 {
        let mut rng = Seed(seed).stream("edits");
        let mut document = three_tier();
        let mut before = Vec::new();
        for _ in 0..60 {
            let copy = document.clone();
            match any_edit(&mut rng, 2).apply(&mut document) {
                Ok(inverse) => before.push((copy, inverse)),
                Err(_) => assert_eq!(document, copy, "a refused edit changes nothing"),
            }
        }
        made += before.len();
        for (copy, inverse) in before.into_iter().rev() {
            inverse.apply(&mut document).unwrap();
            assert_eq!(document, copy);
        }
    }
    // Of 12,000, so that the test is not about refusals.
    assert!(made > 4_000, "{made}");
}

#[test]
fn an_inverse_has_an_inverse_that_makes_the_edit_again() {
    for seed in 0..500 {
        let mut rng = Seed(seed).stream("twice");
        let mut document = three_tier();
        let edit = any_edit(&mut rng, 2);
        let Ok(back) = edit.apply(&mut document) else { continue };
        let changed = document.clone();
        let again = back.apply(&mut document).unwrap();
        again.apply(&mut document).unwrap();
        assert_eq!(document, changed, "{edit:?}");
    }
}

#[test]
fn an_edit_reads_back_what_it_wrote() {
    let mut rng = Seed(3).stream("json");
    for _ in 0..500 {
        let edit = any_edit(&mut rng, 2);
        let text = serde_json::to_string(&edit).unwrap();
        assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit, "{text}");
    }
}

#[test]
fn a_fault_says_what_is_missing() {
    let mut document = three_tier();
    let fault = |edit: Edit, document: &mut Topology| edit.apply(document).unwrap_err().to_string();
    assert_eq!(
        fault(Edit::RemoveNode { id: "nobody".to_owned() }, &mut document),
        "there is no node \"nobody\""
    );
    let node = document.nodes[0].clone();
    assert_eq!(fault(Edit::AddNode { place: None, node }, &mut document), "node \"users\" is there already");
}
