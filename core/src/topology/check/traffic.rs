//! The workload: classes of requests, and how they arrive.
use super::super::catalog::{ARRIVALS, CLASS};
use super::super::fault::{Fault, Place};
use super::super::reader::Reader;
use super::super::spec::Topology;
use super::at;
use super::names::is_id;
use crate::dist::Law;
use crate::workload::{Arrivals, Class, Operation, Spacing};
use std::collections::BTreeSet;

pub(super) fn classes(document: &Topology, faults: &mut Vec<Fault>) -> Vec<Class> {
    use Operation::{Job, Read, Static, Write};
    let mut names = BTreeSet::new();
    let classes = document.workload.classes.iter().enumerate().map(|(i, class)| {
        let called = format!("class \"{}\"", class.name);
        let mut r = Reader { params: &class.params, rows: CLASS, place: Place::Class(i), called, faults };
        r.refuse_strangers();
        if !is_id(&class.name) {
            let what = "a class's name is a small letter, then small letters, digits and hyphens, 31 at most";
            r.fault(Some("name"), what.to_owned());
        } else if !names.insert(class.name.as_str()) {
            r.fault(Some("name"), "another class has this name already".to_owned());
        }
        let topic = r.text("topic").to_owned();
        Class {
            name: class.name.clone(),
            operation: r.choice("operation", &[Read, Write, Static, Job]),
            weight: r.number("weight"),
            keys: u64::from(r.count("keys")),
            skew: r.number("skew"),
            // The row's maximum fits.
            size: r.bytes("size") as u32,
            priority: r.count("priority") as u8,
            session: r.switch("session"),
            topic: if topic.is_empty() { class.name.clone() } else { topic },
        }
    });
    let classes: Vec<Class> = classes.collect();
    if classes.is_empty() {
        let what = "there is no class of requests; add one, like {\"name\": \"read\"}".to_owned();
        faults.push(at(Place::Workload, "the workload".to_owned(), Some("classes"), what));
    }
    classes
}

/// How requests arrive.
pub(super) struct Traffic {
    pub(super) arrivals: Arrivals,
    pub(super) users: u32,
    pub(super) think_time: Option<Law>,
}

pub(super) fn traffic(document: &Topology, faults: &mut Vec<Fault>) -> Traffic {
    let called = "the workload".to_owned();
    let params = &document.workload.params;
    let mut r = Reader { params, rows: ARRIVALS, place: Place::Workload, called, faults };
    r.refuse_strangers();
    let bursty = Spacing::Bursty(r.number("burstiness"));
    // A closed loop spaces nothing; what stands there is not asked for.
    let spacing = r.choice("arrivals", &[Spacing::Poisson, Spacing::Constant, bursty, Spacing::Poisson]);
    let closed = r.choice("arrivals", &[false, false, false, true]);
    let think_time = r.law("think_time");
    Traffic {
        arrivals: Arrivals { spacing, rate: r.number("rate") },
        users: r.count("users"),
        think_time: closed.then_some(think_time),
    }
}
