//! A layered queueing network of a design, as LQNS and its kin read it, so that another solver can be asked the same question.
//!
//! Each node is a task of as many threads as its instances have workers, on a processor of as many cores; each class that comes to
//! it is an entry, with its own time as demand and the mean calls that it makes. Calls that nobody waits for are sent without
//! reply. The network is a task without limit: a call goes there, too, for its round trip. (Franks et al. 2009, "Enhanced
//! modeling and solution of layered queueing networks", IEEE TSE 35(2); the XML is that of the LQNS user manual, §4.)
use crate::analytic::{self, Flow};
use crate::dist::Law;
use crate::id::EdgeIndex;
use crate::topology::{Mode, NodeKind, Plan, PlanEdge, Work};
use crate::workload::Operation;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Calls rarer than this are none.
const LEAST: f64 = 1e-9;

/// A layered queueing network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lqn {
    /// The model, in LQNS' XML. Times are seconds.
    pub xml: String,
    /// What of the design it does not say, a sentence each.
    pub lost: Vec<&'static str>,
}

/// The design as a layered queueing network. Mean calls are those of [`Flow`] at the design's rate, hit ratios of caches
/// included. Costs about as much as [`analytic::solve`].
pub fn lqn(plan: &Plan) -> Lqn {
    let model = Model::of(plan);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = if plan.name.is_empty() { "design" } else { &plan.name };
    put(&mut xml, &format!("<lqn-model name=\"{}\">", escaped(name)));
    put(
        &mut xml,
        "  <solver-params comment=\"Seconds; rates per second.\" conv_val=\"1e-5\" it_limit=\"100\" print_int=\"10\" underrelax_coeff=\"0.9\"/>",
    );
    for (h, host) in plan.hosts.iter().enumerate() {
        let tasks: Vec<usize> = (0..plan.nodes.len()).filter(|&i| model.host(i) == Some(h)).collect();
        if tasks.iter().any(|&i| model.is_task(i)) {
            let shape =
                format!("scheduling=\"ps\" multiplicity=\"{}\" speed-factor=\"{}\"", host.cores, host.speed);
            put(&mut xml, &format!("  <processor name=\"host.{}\" {shape}>", host.id));
            tasks.iter().for_each(|&i| model.task(&mut xml, i));
            put(&mut xml, "  </processor>");
        }
    }
    for i in (0..plan.nodes.len()).filter(|&i| model.host(i).is_none() && model.is_task(i)) {
        put(&mut xml, &format!("  <processor name=\"cores.{}\" {}>", plan.nodes[i].id, model.cores(i)));
        model.task(&mut xml, i);
        put(&mut xml, "  </processor>");
    }
    model.users(&mut xml);
    model.delays(&mut xml);
    put(&mut xml, "</lqn-model>");
    Lqn { xml, lost: lost(plan) }
}

fn put(xml: &mut String, line: &str) {
    writeln!(xml, "{line}").expect("a string takes every character");
}

/// What is read in an XML attribute as this text, without the characters that XML cannot say.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars().take(200) {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => written.push(' '),
            c => written.push(c),
        }
    }
    written
}

/// The plan with what flows in it, and names for its classes.
struct Model<'p> {
    plan: &'p Plan,
    flow: Flow,
    classes: Vec<String>,
    /// Whether users wait for one another's answers.
    closed: bool,
}

impl<'p> Model<'p> {
    fn of(plan: &'p Plan) -> Self {
        // In a closed loop the rate is where users, response and think time agree.
        let rate: f64 = analytic::solve(plan).classes.iter().map(|class| class.rate).sum();
        let rate = if rate.is_finite() && rate > 0.0 { rate } else { plan.arrivals.rate };
        let mut taken = BTreeSet::new();
        let classes = plan.classes.iter().map(|class| word(&class.name, &mut taken)).collect();
        Self { plan, flow: Flow::at_rate(plan, rate), classes, closed: plan.think_time.is_some() }
    }

    fn host(&self, node: usize) -> Option<usize> {
        work(&self.plan.nodes[node].kind).and(self.plan.nodes[node].host).map(usize::from)
    }

    /// Whether anything comes to it.
    fn is_task(&self, node: usize) -> bool {
        self.flow.total(node) > LEAST
    }

    fn entry(&self, node: usize, class: usize) -> String {
        format!("{}.{}", self.plan.nodes[node].id, self.classes[class])
    }

    /// How the cores of its processor are shared; one for each worker where none are counted.
    fn cores(&self, node: usize) -> String {
        let kind = &self.plan.nodes[node].kind;
        match work(kind) {
            Some(work) if work.cores > 0 => {
                let cores = work.cores * u32::from(kind.instances());
                format!("scheduling=\"ps\" multiplicity=\"{cores}\"")
            }
            _ => "scheduling=\"inf\"".to_owned(),
        }
    }

    fn task(&self, xml: &mut String, node: usize) {
        if !self.is_task(node) {
            return;
        }
        let (spec, flow) = (&self.plan.nodes[node], &self.flow.nodes[node]);
        let shape = threads(&spec.kind).map_or_else(
            || "scheduling=\"inf\"".to_owned(),
            |threads| format!("scheduling=\"fcfs\" multiplicity=\"{threads}\""),
        );
        put(xml, &format!("    <task name=\"{}\" {shape}>", spec.id));
        for class in (0..flow.len()).filter(|&class| flow[class] > LEAST) {
            let arrivals = (matches!(spec.kind, NodeKind::Clients(_)) && !self.closed).then_some(flow[class]);
            let demand = own_time(&spec.kind, self.plan.classes[class].operation);
            activity(xml, &self.entry(node, class), arrivals, &demand, &self.calls(node, class));
        }
        let upkeep = self.flow.upkeep[node];
        if upkeep > LEAST {
            let demand = own_time(&spec.kind, Operation::Read);
            activity(xml, &format!("{}..upkeep", spec.id), Some(upkeep), &demand, &[]);
        }
        put(xml, "    </task>");
    }

    /// What a request of a class calls at a node: entry, mean calls, whether an answer is awaited.
    fn calls(&self, node: usize, class: usize) -> Vec<(String, f64, bool)> {
        let arriving = self.flow.nodes[node][class];
        let mut calls = Vec::new();
        if pause(&self.plan.nodes[node].kind).is_some() {
            calls.push((format!("{}..pause", self.plan.nodes[node].id), 1.0, true));
        }
        for &index in &self.plan.nodes[node].out {
            let edge = self.plan.edge(index);
            let mean = self.flow.edges[index.index()][class] / arriving;
            // What nothing comes to is no entry.
            if mean <= LEAST || self.flow.nodes[edge.to.index()][class] <= LEAST {
                continue;
            }
            let waits = self.waits(edge);
            if waits && edge.latency.0 > 0 {
                calls.push((delay_entry(self.plan, edge), mean, true));
            }
            calls.push((self.entry(edge.to.index(), class), mean, waits));
        }
        calls
    }

    fn waits(&self, edge: &PlanEdge) -> bool {
        edge.mode != Mode::Asynchronous && !matches!(self.plan.node(edge.from).kind, NodeKind::Queue(_))
    }

    /// The users of a closed loop: each client node's send, wait and think.
    fn users(&self, xml: &mut String) {
        let Some(think) = self.plan.think_time.filter(|_| self.closed) else { return };
        for (i, node) in self.plan.nodes.iter().enumerate() {
            let NodeKind::Clients(clients) = &node.kind else { continue };
            let users = (f64::from(self.plan.users) * clients.share).round().max(1.0);
            let all: f64 = self.flow.nodes[i].iter().sum();
            if all <= LEAST {
                continue;
            }
            put(xml, &format!("  <processor name=\"users.{}\" scheduling=\"inf\">", node.id));
            let think = think.mean().as_secs();
            put(
                xml,
                &format!(
                    "    <task name=\"users.{}\" scheduling=\"ref\" multiplicity=\"{users}\" think-time=\"{think}\">",
                    node.id
                ),
            );
            let shares = self.flow.nodes[i].iter().enumerate().filter(|(_, rate)| **rate > LEAST);
            let calls: Vec<_> =
                shares.map(|(class, rate)| (self.entry(i, class), rate / all, true)).collect();
            activity(xml, &format!("users.{}..cycle", node.id), None, &NO_TIME, &calls);
            put(xml, "    </task>");
            put(xml, "  </processor>");
        }
    }

    /// What takes time and holds nobody's core: the network and pauses.
    fn delays(&self, xml: &mut String) {
        let mut entries: Vec<(String, Law)> = Vec::new();
        for (i, node) in self.plan.nodes.iter().enumerate().filter(|(i, _)| self.is_task(*i)) {
            if let Some(pause) =
                pause(&node.kind).filter(|_| self.flow.nodes[i].iter().any(|rate| *rate > LEAST))
            {
                entries.push((format!("{}..pause", node.id), pause));
            }
        }
        for (e, edge) in self.plan.edges.iter().enumerate() {
            let is_used = |class: &usize| self.calls_by(EdgeIndex(e as u16), *class);
            if self.waits(edge) && edge.latency.0 > 0 && (0..self.classes.len()).any(|class| is_used(&class))
            {
                entries.push((delay_entry(self.plan, edge), Law::Constant(edge.latency + edge.latency)));
            }
        }
        if entries.is_empty() {
            return;
        }
        put(
            xml,
            "  <processor name=\"..delays\" scheduling=\"inf\">\n    <task name=\"..delays\" scheduling=\"inf\">",
        );
        entries.iter().for_each(|(name, law)| activity(xml, name, None, law, &[]));
        put(xml, "    </task>\n  </processor>");
    }

    fn calls_by(&self, edge: EdgeIndex, class: usize) -> bool {
        let (from, to) = (self.plan.edge(edge).from.index(), self.plan.edge(edge).to.index());
        let arriving = self.flow.nodes[from][class];
        arriving > LEAST
            && self.flow.edges[edge.index()][class] / arriving > LEAST
            && self.flow.nodes[to][class] > LEAST
    }
}

const NO_TIME: Law = Law::Constant(crate::time::Span::ZERO);

fn delay_entry(plan: &Plan, edge: &PlanEdge) -> String {
    format!("{}..to..{}", plan.node(edge.from).id, plan.node(edge.to).id)
}

/// An entry of one phase.
fn activity(
    xml: &mut String,
    name: &str,
    arrivals: Option<f64>,
    demand: &Law,
    calls: &[(String, f64, bool)],
) {
    let arrivals = arrivals.map_or_else(String::new, |rate| format!(" open-arrival-rate=\"{rate}\""));
    put(xml, &format!("      <entry name=\"{name}\" type=\"PH1PH2\"{arrivals}>"));
    put(xml, "        <entry-phase-activities>");
    let (mean, cv2) = (demand.mean().as_secs(), demand.cv2());
    let variation =
        if mean > 0.0 && cv2 != 1.0 { format!(" host-demand-cvsq=\"{cv2}\"") } else { String::new() };
    let head =
        format!("          <activity name=\"{name}.1\" phase=\"1\" host-demand-mean=\"{mean}\"{variation}");
    if calls.is_empty() {
        put(xml, &format!("{head}/>"));
    } else {
        put(xml, &format!("{head}>"));
        for (to, mean, waits) in calls {
            let call = if *waits { "synch-call" } else { "asynch-call" };
            put(xml, &format!("            <{call} dest=\"{to}\" calls-mean=\"{mean}\"/>"));
        }
        put(xml, "          </activity>");
    }
    put(xml, "        </entry-phase-activities>\n      </entry>");
}

fn work(kind: &NodeKind) -> Option<&Work> {
    match kind {
        NodeKind::Service(spec) => Some(&spec.work),
        NodeKind::Workers(spec) => Some(&spec.work),
        _ => None,
    }
}

fn pause(kind: &NodeKind) -> Option<Law> {
    work(kind).map(|work| work.pause).filter(|law| law.mean().0 > 0)
}

/// The requests that all its instances work on at once; none without a limit.
fn threads(kind: &NodeKind) -> Option<u64> {
    let each = match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => return None,
        NodeKind::Cdn(spec) => spec.workers,
        NodeKind::LoadBalancer(spec) => spec.cores,
        NodeKind::Service(spec) => spec.work.workers,
        NodeKind::Queue(spec) => spec.workers,
        NodeKind::Workers(spec) => spec.work.workers,
        NodeKind::Cache(spec) => spec.workers,
        NodeKind::Database(spec) => spec.connections,
        NodeKind::ObjectStore(spec) => spec.concurrency,
        NodeKind::External(spec) => spec.concurrency,
    };
    Some(u64::from(each) * u64::from(kind.instances()))
}

fn own_time(kind: &NodeKind, operation: Operation) -> Law {
    match kind {
        NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_) => NO_TIME,
        NodeKind::Cdn(spec) => spec.service_time,
        NodeKind::LoadBalancer(spec) => spec.service_time,
        NodeKind::Service(spec) => spec.work.service_time.scaled(1.0 / spec.work.speed),
        NodeKind::Queue(spec) => spec.service_time,
        NodeKind::Workers(spec) => spec.work.service_time.scaled(1.0 / spec.work.speed),
        NodeKind::Cache(spec) => spec.service_time,
        NodeKind::Database(spec) if operation == Operation::Write => spec.write_time,
        NodeKind::Database(spec) => spec.read_time,
        NodeKind::ObjectStore(spec) => spec.service_time,
        NodeKind::External(spec) => spec.service_time,
    }
}

/// A name that is read as nothing but a name: letters, digits and underscores, each taken once.
fn word(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        name.chars().take(40).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = if plain.is_empty() { "class".to_owned() } else { plain };
    let mut word = plain.clone();
    for number in 2.. {
        if taken.insert(word.clone()) {
            break;
        }
        word = format!("{plain}_{number}");
    }
    word
}

fn lost(plan: &Plan) -> Vec<&'static str> {
    let edge = |is: fn(&PlanEdge) -> bool| plan.edges.iter().any(is);
    let node = |is: fn(&NodeKind) -> bool| plan.nodes.iter().any(|node| is(&node.kind));
    let all = [
        (
            node(|kind| kind.instances() > 1),
            "instances of a node are one pool: how they are picked, and that each has a queue of its own, is not said",
        ),
        (edge(|edge| edge.mode == Mode::Parallel), "calls that go out together are made one after the other"),
        (
            edge(PlanEdge::has_policy),
            "timeouts, retries, hedges, breakers and pools of connections are not said",
        ),
        (
            node(|kind| matches!(kind, NodeKind::Cache(_) | NodeKind::Cdn(_))),
            "hit ratios are Che's approximation at the design's rate, and stay so at every other",
        ),
        (true, "queues have no end: nothing is refused"),
        (!plan.timeline.is_empty(), "the timeline is not said: it is the design at its start"),
        (
            node(|kind| matches!(kind, NodeKind::Dns(_))),
            "lookups of names take no time: nearly all are answered by resolvers",
        ),
        (plan.nodes.iter().any(|node| node.reliability.is_some()), "nothing fails"),
    ];
    all.into_iter().filter_map(|(is_lost, what)| is_lost.then_some(what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{check, lessons, three_tier};
    use std::collections::BTreeMap;

    /// What stands in an attribute of a line.
    fn attribute<'l>(line: &'l str, name: &str) -> Option<&'l str> {
        line.split_once(&format!(" {name}=\""))?.1.split_once('"').map(|(value, _)| value)
    }

    /// What comes to each entry per second, by going through the model as a solver does.
    fn visits(xml: &str, users: f64) -> BTreeMap<String, f64> {
        let (mut rates, mut calls, mut entry) = (BTreeMap::new(), Vec::new(), String::new());
        for line in xml.lines() {
            if line.contains("<entry ") {
                entry = attribute(line, "name").unwrap().to_owned();
                let own = attribute(line, "open-arrival-rate").map_or(0.0, |rate| rate.parse().unwrap());
                let own = if entry.ends_with("..cycle") { users } else { own };
                assert_eq!(rates.insert(entry.clone(), own), None, "{entry} twice");
            } else if line.contains("synch-call") {
                let mean: f64 = attribute(line, "calls-mean").unwrap().parse().unwrap();
                calls.push((entry.clone(), attribute(line, "dest").unwrap().to_owned(), mean));
            }
        }
        let own = rates.clone();
        // As many rounds as a way can be long.
        for _ in 0..40 {
            let mut next = own.clone();
            for (from, to, mean) in &calls {
                *next.get_mut(to).unwrap_or_else(|| panic!("{from} calls {to}, which is not there")) +=
                    mean * rates[from];
            }
            rates = next;
        }
        rates
    }

    #[test]
    fn as_much_comes_to_every_node_as_in_the_design() {
        for lesson in lessons::all() {
            let plan = check(&lesson.document()).unwrap();
            let model = Model::of(&plan);
            let rate: f64 = (0..plan.nodes.len())
                .filter(|&i| matches!(plan.nodes[i].kind, NodeKind::Clients(_)))
                .map(|i| model.flow.total(i))
                .sum();
            let visits = visits(&lqn(&plan).xml, rate);
            for (i, node) in plan.nodes.iter().enumerate() {
                let begins = format!("{}.", node.id);
                let own = |name: &str| {
                    name.starts_with(&begins) && !name.contains("..pause") && !name.contains("..to..")
                };
                let came: f64 = visits.iter().filter(|(name, _)| own(name)).map(|(_, rate)| rate).sum();
                let expected = model.flow.total(i);
                // Products of shares, rounded at each step.
                assert!(
                    (came - expected).abs() <= 1e-6 * expected.max(1.0),
                    "{}, {}: {came} for {expected}",
                    lesson.id,
                    node.id
                );
            }
        }
    }

    #[test]
    fn a_closed_loop_has_users_who_think() {
        let mut document = three_tier();
        document.workload.params.insert("arrivals".to_owned(), "closed".into());
        document.workload.params.insert("users".to_owned(), 50.0.into());
        document.workload.params.insert("think_time".to_owned(), "2s".into());
        let xml = lqn(&check(&document).unwrap()).xml;
        assert!(
            xml.contains(
                "<task name=\"users.users\" scheduling=\"ref\" multiplicity=\"50\" think-time=\"2\">"
            ),
            "{xml}"
        );
        assert!(!xml.contains("open-arrival-rate=\"4"), "{xml}");
    }

    #[test]
    fn no_name_of_a_design_is_read_as_xml() {
        let tags = |document: &crate::topology::Topology| {
            let xml = lqn(&check(document).unwrap()).xml;
            (xml.matches('<').count(), xml.matches('"').count(), xml.lines().count(), xml)
        };
        let mut document = three_tier();
        let plain = tags(&document);
        document.name = "\"/><task>&lt;]]>\n<!--".to_owned();
        let hostile = tags(&document);
        assert_eq!((plain.0, plain.1, plain.2), (hostile.0, hostile.1, hostile.2), "{}", hostile.3);
        assert_eq!(word("a b", &mut BTreeSet::from(["a_b".to_owned()])), "a_b_2");
    }
}
