//! The timeline: what happens when, and to whom.
use super::super::catalog::ACTIONS;
use super::super::fault::{Fault, Place};
use super::super::kind::NodeKind;
use super::super::plan::{Action, PlanNode};
use super::super::reader::Reader;
use super::super::spec::{Edge, Topology};
use super::at;
use super::names::Names;
use crate::id::{EdgeIndex, NodeIndex};
use crate::order;
use crate::time::{Span, Time};

/// Everything on the timeline, in order of time; what is written first is first among equals.
pub(super) fn timeline(
    document: &Topology,
    names: &Names,
    nodes: &[Option<PlanNode>],
    faults: &mut Vec<Fault>,
) -> Vec<(Time, Action)> {
    let each = document.timeline.iter().enumerate();
    let mut timeline: Vec<(Time, Action)> =
        each.filter_map(|(i, _)| read(document, i, names, nodes, faults)).collect();
    order::sort_by_key(&mut timeline, |&(at, _)| at);
    timeline
}

fn read(
    document: &Topology,
    i: usize,
    names: &Names,
    nodes: &[Option<PlanNode>],
    faults: &mut Vec<Fault>,
) -> Option<(Time, Action)> {
    let (happening, place) = (&document.timeline[i], Place::Timeline(i));
    let called = format!("timeline, {} at {}", happening.action, happening.at);
    let when = happening.at.parse::<Span>();
    if let Err(fault) = &when {
        faults.push(at(place.clone(), called.clone(), Some("at"), fault.to_string()));
    }
    let Some(kind) = ACTIONS.iter().find(|action| action.name == happening.action) else {
        let known: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
        let what = format!("there is no action \"{}\"; there are {}", happening.action, known.join(", "));
        faults.push(at(place, called, Some("action"), what));
        return None;
    };
    let mut reader = Reader { params: &happening.params, rows: kind.params, place, called, faults };
    reader.refuse_strangers();
    let mut who = Who { names, nodes, edges: &document.edges, r: reader };
    let action = who.action(kind.name)?;
    Some((Time::ZERO + when.ok()?, action))
}

/// Reads to whom something happens.
struct Who<'a, 'd> {
    names: &'a Names<'d>,
    nodes: &'a [Option<PlanNode>],
    edges: &'d [Edge],
    r: Reader<'a>,
}

impl Who<'_, '_> {
    fn action(&mut self, name: &str) -> Option<Action> {
        let database = |kind: &NodeKind| matches!(kind, NodeKind::Database(_));
        let cache = |kind: &NodeKind| matches!(kind, NodeKind::Cache(_) | NodeKind::Cdn(_));
        let tier = |kind: &NodeKind| {
            matches!(kind, NodeKind::Service(_) | NodeKind::Workers(_) | NodeKind::LoadBalancer(_))
        };
        Some(match name {
            "kill" => self.instance().map(|(node, instance)| Action::Kill(node, instance))?,
            "restore" => self.instance().map(|(node, instance)| Action::Restore(node, instance))?,
            "slow" => {
                let (node, instance) = self.instance()?;
                Action::Slow(node, instance, self.r.number("factor"))
            }
            "set_rate" => Action::SetRate(self.r.number("rate")),
            "flush" => Action::Flush(self.node("a cache or a CDN", cache)?.0),
            "partition" => self.zones().map(|(zone, other)| Action::Partition(zone, other))?,
            "heal" => self.zones().map(|(zone, other)| Action::Heal(zone, other))?,
            "cut" => Action::Cut(self.edge()?),
            "join" => Action::Join(self.edge()?),
            "lose_zone" => Action::LoseZone(self.zone()?),
            "restore_zone" => Action::RestoreZone(self.zone()?),
            "promote" => {
                let (node, kind) = self.node("a database", database)?;
                let NodeKind::Database(spec) = kind else { return None };
                let shard = self.r.count("shard") as u16;
                if shard > spec.shards {
                    let what = format!("it has {} shards; name one of them", spec.shards);
                    self.r.fault(Some("shard"), what);
                    return None;
                }
                if let Some(why) = spec.unpromotable() {
                    self.r.fault(Some("node"), why.to_owned());
                    return None;
                }
                Action::Promote(node, shard - 1)
            }
            "add_shard" => {
                let (node, _) = self.node("a database", database)?;
                Action::AddShard(node, self.r.number("rate"))
            }
            "deploy" => {
                let (node, _) = self.node("a service, workers or a load balancer", tier)?;
                Action::Deploy(node, self.r.span("pause"))
            }
            other => unreachable!("{other} is in the catalog but is not read"),
        })
    }

    fn node(&mut self, what: &str, fits: impl Fn(&NodeKind) -> bool) -> Option<(NodeIndex, NodeKind)> {
        let id = self.r.text("node").to_owned();
        let Some(&place) = self.names.nodes.get(id.as_str()) else {
            self.r.fault(Some("node"), format!("there is no node \"{id}\"; name {what} that is there"));
            return None;
        };
        // A node that could not be read has its own fault.
        let kind = &self.nodes[place].as_ref()?.kind;
        if !fits(kind) {
            self.r.fault(Some("node"), format!("this happens to {what}, and \"{id}\" is none"));
            return None;
        }
        Some((NodeIndex(place as u16), kind.clone()))
    }

    fn instance(&mut self) -> Option<(NodeIndex, Option<u16>)> {
        let mortal = |kind: &NodeKind| {
            !matches!(kind, NodeKind::Clients(_) | NodeKind::Dns(_) | NodeKind::Monitoring(_))
        };
        let (node, kind) = self.node("a node with instances", mortal)?;
        let instance = self.r.count("instance") as u16;
        if instance > kind.most_instances() {
            let what = format!("it has {} instances; name one of them, or 0 for all", kind.most_instances());
            self.r.fault(Some("instance"), what);
            return None;
        }
        Some((node, instance.checked_sub(1)))
    }

    fn edge(&mut self) -> Option<EdgeIndex> {
        let (from, to) = (self.r.text("from").to_owned(), self.r.text("to").to_owned());
        let place = self.edges.iter().position(|edge| edge.from == from && edge.to == to);
        if place.is_none() {
            self.r.fault(
                Some("to"),
                format!("\"{from}\" does not call \"{to}\"; name the two ends of an edge"),
            );
        }
        // The limits keep every list below a u16.
        place.map(|place| EdgeIndex(place as u16))
    }

    fn zone(&mut self) -> Option<u16> {
        let id = self.r.text("zone").to_owned();
        if id.is_empty() {
            self.r.fault(Some("zone"), "it says no zone; name one that is there".to_owned());
        }
        self.names.zone_of(&id, "zone", &mut self.r)
    }

    fn zones(&mut self) -> Option<(u16, Option<u16>)> {
        let zone = self.zone()?;
        let other = self.r.text("other").to_owned();
        let place = self.names.zone_of(&other, "other", &mut self.r);
        (other.is_empty() || place.is_some()).then_some((zone, place))
    }
}
