//! What comes and goes beside the document: the agent, and keys faster than frames.
use super::tests::{started, with_agent};
use super::*;
use crate::model::{Agent, Selection, Walk};

#[test]
fn every_key_counts_in_the_list_and_its_ends_are_not_left() {
    let mut model = started();
    let last = model.document.nodes.len() - 1;
    let walks = [
        (Walk::Next, 0),
        (Walk::Next, 1),
        (Walk::Next, 2),
        (Walk::Previous, 1),
        (Walk::First, 0),
        (Walk::Previous, 0),
        (Walk::Last, last),
        (Walk::Next, last),
    ];
    for (walk, node) in walks {
        update(&mut model, Msg::Walk(walk));
        assert_eq!(model.selection, Selection::node(node), "{walk:?}");
    }
    update(&mut model, Msg::Escape);
    update(&mut model, Msg::Walk(Walk::Previous));
    assert_eq!(model.selection, Selection::node(last));
    assert_eq!(Walk::First.from(None, 0), None);
}

#[test]
fn an_agent_that_goes_is_missed_once_and_sought_until_it_is_back() {
    let mut model = started();
    let asking = |effects: &[Effect]| {
        let due = effects.iter().find_map(|effect| match effect {
            Effect::After { msg, .. } => match **msg {
                Msg::AgentDue(asking) => Some(asking),
                _ => None,
            },
            _ => None,
        });
        due.expect("it is asked again")
    };
    assert!(update(&mut model, Msg::Agent(None)).is_empty(), "a folder of files is not asked again");
    with_agent(&mut model);
    let first = asking(&update(&mut model, Msg::Agent(None)));
    assert!(model.agent == Agent::Gone && model.notices.iter().filter(|n| n.is_error).count() == 1);
    let second = asking(&update(&mut model, Msg::Agent(None)));
    assert_eq!(model.notices.iter().filter(|n| n.is_error).count(), 1, "it is said once");
    assert!(update(&mut model, Msg::AgentDue(first)).is_empty(), "one asking waits at a time");
    assert!(matches!(update(&mut model, Msg::AgentDue(second))[..], [Effect::AskAgent]));
    let told = model.notices.len();
    with_agent(&mut model);
    assert!(matches!(model.agent, Agent::Present { .. }) && model.notices.len() == told + 1);
}
