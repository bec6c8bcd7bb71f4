//! How a queue is drawn in streams and consumers of JetStream.
//!
//! | the document | here |
//! |---|---|
//! | direct | a stream that is a work queue, with one consumer |
//! | fan_out | a stream that keeps a message until every consumer has acknowledged it; one for each workers node |
//! | topic | the same, with a filter for each consumer; workers that share no topic have streams of their own |
//! | log | a stream that keeps the last messages of each partition's subject, and a consumer for each workers node and partition |
//!
//! JetStream bounds a stream, not a consumer, and counts what is under way: where it refuses new messages, its streams have room
//! for that besides the capacity; where the oldest makes room, the oldest may be one that is under way.
use super::ACKNOWLEDGED_WITHIN;
use super::lines::{Line, Lines};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};
use loadpath_core::topology::{Plan, QueueMode, QueueNode};
use loadpath_core::workload::Operation;

/// Each partition of a log is a consumer of each workers node.
const MOST_PARTITIONS: u32 = 64;

/// What of a queue JetStream cannot be.
pub(super) fn missing<'p>(
    plan: &Plan,
    spec: &QueueNode,
    mut bindings: impl Iterator<Item = &'p str>,
) -> Option<String> {
    if spec.mode == QueueMode::Log && spec.partitions > MOST_PARTITIONS {
        return Some(format!(
            "partitions: each is a consumer of each workers node, and so there are {MOST_PARTITIONS} at most"
        ));
    }
    if spec.mode != QueueMode::Topic {
        return None;
    }
    let is_word = |word: &str| !word.is_empty() && !word.contains(['*', '>', ' ', '\t']);
    let jobs = plan.classes.iter().filter(|class| class.operation == Operation::Job);
    let mut topics = jobs.map(|class| class.topic.as_str());
    if let Some(topic) = topics.find(|topic| !topic.split('.').all(is_word)) {
        return Some(format!("topic \"{topic}\": its subjects are words without * and >"));
    }
    let is_pattern = |binding: &str| {
        let words = open_ended(binding).unwrap_or(binding);
        words.is_empty() || words.split('.').all(|word| word == "*" || is_word(word) && word != "#")
    };
    let binding = bindings.find(|binding| !is_pattern(binding))?;
    Some(format!("binding \"{binding}\": its subjects have words and *, and # only as the last of them"))
}

/// A stream, and who takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) name: String,
    subjects: Vec<String>,
    retention: RetentionPolicy,
    /// Each line, and by which subjects its messages are known; all of them when it has no filter.
    pub(super) lines: Vec<(usize, String)>,
}

/// The streams of a queue, and by which subject the messages of each class go in; of a log, none.
pub(super) fn drafts(lines: &Lines) -> (Vec<Draft>, Vec<Option<String>>) {
    let draft = |name: &str, subject: &str, retention, lines| Draft {
        name: name.to_owned(),
        subjects: vec![subject.to_owned()],
        retention,
        lines,
    };
    let all = || (0..lines.lines.len()).map(|line| (line, String::new())).collect();
    let every = || vec![Some("m".to_owned()); lines.classes.len()];
    match lines.spec.mode {
        QueueMode::Direct => (vec![draft("messages", "m", RetentionPolicy::WorkQueue, all())], every()),
        QueueMode::FanOut => (vec![draft("messages", "m", RetentionPolicy::Interest, all())], every()),
        QueueMode::Log => {
            let of = |(number, line): (usize, &Line)| (number, format!("p.{}", line.partition.unwrap_or(0)));
            let partitions = lines.lines.iter().enumerate().map(of).collect();
            let none = vec![None; lines.classes.len()];
            (vec![draft("log", "p.*", RetentionPolicy::Limits, partitions)], none)
        }
        QueueMode::Topic => {
            let groups = groups(lines);
            let filter =
                |group, line: usize| (line, format!("t.{group}.{}", pattern(&lines.lines[line].binding)));
            let drafts = groups.iter().enumerate().map(|(group, members)| {
                let (name, subject) = (format!("topics-{group}"), format!("t.{group}.>"));
                let its = members.iter().map(|&line| filter(group, line)).collect();
                draft(&name, &subject, RetentionPolicy::Interest, its)
            });
            let subject = |(topic, routed): &(String, Vec<usize>)| {
                let first = routed.first()?;
                let group = groups.iter().position(|members| members.contains(first))?;
                Some(format!("t.{group}.{}", pattern(topic)))
            };
            (drafts.collect(), lines.classes.iter().map(subject).collect())
        }
    }
}

/// Lines that share a class are in one group: a message is in one stream.
fn groups(lines: &Lines) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..lines.lines.len()).collect();
    for (_, routed) in &lines.classes {
        for pair in routed.windows(2) {
            let (from, to) = (group[pair[1]], group[pair[0]]);
            group.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
        }
    }
    let members = |number| (0..group.len()).filter(|&line| group[line] == number).collect::<Vec<_>>();
    (0..group.len()).map(members).filter(|members| !members.is_empty()).collect()
}

/// What stands before a last # that is a word of its own.
fn open_ended(binding: &str) -> Option<&str> {
    if binding == "#" { Some("") } else { binding.strip_suffix(".#") }
}

/// The end of a subject for a topic, and of a filter for a binding. The last word is one that no topic has, because # stands for
/// none too, and > does not.
fn pattern(binding: &str) -> String {
    match open_ended(binding) {
        Some("") => ">".to_owned(),
        Some(before) => format!("{before}.>"),
        None if binding.is_empty() => "_".to_owned(),
        None => format!("{binding}._"),
    }
}

/// The stream itself.
pub(super) fn config(lines: &Lines, draft: &Draft) -> Config {
    let QueueNode { mode, capacity, drop_oldest, .. } = lines.spec;
    let under_way = draft.lines.iter().map(|&(line, _)| lines.lines[line].places).max().unwrap_or(0);
    let config = Config {
        name: draft.name.clone(),
        subjects: draft.subjects.clone(),
        retention: draft.retention,
        ..Config::default()
    };
    if mode == QueueMode::Log {
        let of_each = i64::from(capacity.div_ceil(u32::from(lines.partitions)));
        return Config { max_messages_per_subject: of_each, discard: DiscardPolicy::Old, ..config };
    }
    let (discard, room) = if drop_oldest { (DiscardPolicy::Old, 0) } else { (DiscardPolicy::New, under_way) };
    Config { max_messages: i64::from(capacity) + i64::from(room), discard, ..config }
}

/// What hands out a line.
pub(super) fn consumer(lines: &Lines, line: usize, name: &str, filter: &str) -> pull::Config {
    pull::Config {
        durable_name: Some(name.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACKNOWLEDGED_WITHIN,
        max_deliver: i64::from(lines.spec.deliveries),
        max_ack_pending: i64::from(held_at_most(lines, line)),
        filter_subject: filter.to_owned(),
        ..pull::Config::default()
    }
}

/// How many messages of a line the desk may hold, under way or not.
pub(super) fn held_at_most(lines: &Lines, line: usize) -> u32 {
    lines.lines[line].places + lines.lines[line].ahead(lines.spec.capacity)
}

/// Whether the oldest message makes room.
pub(super) fn forgets(spec: &QueueNode) -> bool {
    spec.drop_oldest || spec.mode == QueueMode::Log
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::topology::{Topology, check};

    fn topics(bindings: &[&str], topics: &[&str]) -> Lines {
        let tier = |i| format!(r#"{{"id":"w{i}","kind":"workers"}}"#);
        let edge = |(i, b): (usize, &&str)| format!(r#"{{"from":"mq","to":"w{i}","binding":"{b}"}}"#);
        let class = |(i, t): (usize, &&str)| format!(r#"{{"name":"c{i}","operation":"job","topic":"{t}"}}"#);
        let tiers: Vec<String> = (0..bindings.len()).map(tier).collect();
        let edges: Vec<String> = bindings.iter().enumerate().map(edge).collect();
        let classes: Vec<String> = topics.iter().enumerate().map(class).collect();
        let document = format!(
            r#"{{"loadpath":1,"name":"topics","nodes":[{{"id":"users","kind":"clients"}},{{"id":"app","kind":"service"}},
            {{"id":"mq","kind":"queue","mode":"topic","engine":"nats"}},{}],
            "edges":[{{"from":"users","to":"app"}},{{"from":"app","to":"mq"}},{}],
            "workload":{{"arrivals":"poisson","rate":"1/s","users":1,"classes":[{}]}}}}"#,
            tiers.join(","),
            edges.join(","),
            classes.join(",")
        );
        let plan =
            check(&Topology::from_json(&document).unwrap()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let index = plan.find("mq").unwrap();
        let loadpath_core::topology::NodeKind::Queue(spec) = &plan.node(index).kind else { panic!() };
        Lines::new(&plan, index, spec)
    }

    #[test]
    fn workers_that_share_no_topic_have_streams_of_their_own() {
        let lines = topics(&["mail.*", "film.#", "#.cut"], &["mail.out", "film.cut", "none"]);
        let routed: Vec<_> = lines.classes.iter().map(|(_, routed)| routed.clone()).collect();
        assert_eq!(routed, [vec![0], vec![1, 2], vec![]]);
        assert_eq!(
            lines.lines[0],
            Line {
                tiers: vec![0],
                binding: "mail.*".to_owned(),
                partition: None,
                places: lines.lines[0].places
            }
        );
        let (drafts, subjects) =
            drafts(&topics(&["mail.*", "film.#", "film.*"], &["mail.out", "film.cut", "none"]));
        let filters: Vec<_> =
            drafts.iter().map(|draft| (draft.subjects.clone(), draft.lines.clone())).collect();
        let filter = |line, text: &str| (line, text.to_owned());
        assert_eq!(
            filters,
            [
                (vec!["t.0.>".to_owned()], vec![filter(0, "t.0.mail.*._")]),
                (vec!["t.1.>".to_owned()], vec![filter(1, "t.1.film.>"), filter(2, "t.1.film.*._")]),
            ]
        );
        assert_eq!(subjects, [Some("t.0.mail.out._".to_owned()), Some("t.1.film.cut._".to_owned()), None]);
    }

    #[test]
    fn a_binding_is_a_filter_where_it_can_be_and_refused_where_not() {
        for (binding, says) in
            [("#", ">"), ("a.#", "a.>"), ("a.*", "a.*._"), ("*", "*._"), ("", "_"), ("a#", "a#._")]
        {
            assert_eq!(pattern(binding), says);
        }
    }
}
