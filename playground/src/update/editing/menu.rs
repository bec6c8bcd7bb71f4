//! Menus: what they are of, what stands in them, and what happens when a line is chosen.
use super::super::{canvas, notice};
use super::change::{HOST, ZONE};
use crate::canvas::stage;
use crate::clipboard;
use crate::describe;
use crate::edit::{self, Wire};
use crate::editing::{self, Menu, Subject};
use crate::effect::{Draw, Effect};
use crate::geometry::{Group, Hit, NODE_HEIGHT, NODE_WIDTH, Rect, ScreenPoint, WorldPoint, hit, snap};
use crate::model::{Model, Selection, Single};
use crate::msg::{Change, Msg};
use crate::steering::{Target, faults_for};
use loadpath_core::topology::catalog::KINDS;

/// How near to an edge counts as on it, in pixels.
const EDGE_REACH: f64 = 7.0;
/// How far to the right of its caller a node is put that was chosen with the keyboard.
const BESIDE: f64 = 70.0;

/// A line of a menu.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it says.
    pub title: String,
    /// The keys that do the same.
    pub keys: &'static str,
    /// The picture before it: a kind's name, or none.
    pub icon: &'static str,
    /// What it does; none for a line that only says something.
    pub msg: Option<Msg>,
    /// Whether something goes away.
    pub is_danger: bool,
}

impl Entry {
    fn new(title: impl Into<String>, keys: &'static str, msg: Msg) -> Self {
        Self { title: title.into(), keys, icon: "", msg: Some(msg), is_danger: false }
    }

    fn edit(title: impl Into<String>, keys: &'static str, msg: editing::Msg) -> Self {
        Self::new(title, keys, Msg::Editing(msg))
    }

    fn change(title: impl Into<String>, keys: &'static str, change: editing::Change) -> Self {
        Self::new(title, keys, Msg::Change(Change::Editing(change)))
    }

    fn delete(title: impl Into<String>) -> Self {
        Self { is_danger: true, ..Self::new(title, "Del", Msg::Change(Change::Delete)) }
    }

    fn says(title: impl Into<String>, icon: &'static str) -> Self {
        Self { title: title.into(), keys: "", icon, msg: None, is_danger: false }
    }
}

/// What the open menu is called.
pub fn title(model: &Model, subject: &Subject) -> String {
    let label = |node: usize| model.document.nodes.get(node).map_or_else(String::new, describe::label);
    match subject {
        Subject::Node(node) | Subject::Instance(node, _) => label(*node),
        Subject::Edge(_) => "Edge".to_owned(),
        Subject::Region(group) => edit::name_of(&model.document, *group),
        Subject::Several => "Selection".to_owned(),
        Subject::Canvas(_) => "Canvas".to_owned(),
        Subject::Add(_) => "Add here".to_owned(),
        Subject::Wire(from, _) => format!("{} calls", label(*from)),
        Subject::Zones => "Zone".to_owned(),
        Subject::Faults(_) => "Let it fail".to_owned(),
    }
}

/// The lines of the open menu, in order.
pub fn entries(model: &Model, subject: &Subject) -> Vec<Entry> {
    match *subject {
        Subject::Faults(ref target) => faults(model, target),
        Subject::Node(node) => of_node(model, node),
        Subject::Instance(node, instance) => of_instance(model, node, instance),
        Subject::Edge(edge) => of_edge(model, edge),
        Subject::Region(group) => of_region(model, group),
        Subject::Several => of_several(),
        Subject::Canvas(at) => of_canvas(model, at),
        Subject::Add(at) => add(at),
        Subject::Wire(from, at) => callable(model, from, at),
        Subject::Zones => zones(model),
    }
}

fn of_node(model: &Model, node: usize) -> Vec<Entry> {
    let calls = edit::offers(&model.document, node);
    let mut entries = vec![Entry::edit("Rename", "F2", editing::Msg::Rename)];
    if !calls.is_empty() {
        entries.push(Entry::edit("Connect to…", "C", editing::Msg::Reach));
        entries.push(Entry::edit("Add what it calls…", "Shift C", editing::Msg::QuickConnect));
    }
    entries.push(Entry::new("Copy", "Ctrl C", Msg::Clipboard(clipboard::Msg::Copy)));
    entries.push(Entry::new("Duplicate", "Ctrl D", Msg::Change(Change::Duplicate)));
    entries.push(Entry::edit("Zone…", "", editing::Msg::Submenu(Subject::Zones)));
    entries.push(Entry::edit("Zoom to it", "2", editing::Msg::FitSelection));
    entries.extend(fails(model, Target::Node(node)));
    entries.push(Entry::delete("Delete"));
    entries
}

fn of_instance(model: &Model, node: usize, instance: u16) -> Vec<Entry> {
    let mut entries = faults(model, &Target::Instance(node, instance));
    entries.push(Entry::edit("The whole node…", "", editing::Msg::Submenu(Subject::Node(node))));
    entries
}

/// What can happen to it while it runs.
fn faults(model: &Model, target: &Target) -> Vec<Entry> {
    faults_for(model, target).into_iter().map(|(says, msg)| Entry::new(says, "", msg)).collect()
}

/// The line behind which stands what can happen to it; none where nothing can.
fn fails(model: &Model, target: Target) -> Option<Entry> {
    let can = !faults_for(model, &target).is_empty();
    can.then(|| Entry::edit("Let it fail…", "", editing::Msg::Submenu(Subject::Faults(target))))
}

fn of_edge(model: &Model, edge: usize) -> Vec<Entry> {
    let ends = model.scene.edges.get(edge).copied().flatten();
    let end = |title, anchor, forward| {
        Entry::edit(title, "", editing::Msg::Reconnect(Wire { anchor, forward, edge: Some(edge) }))
    };
    let ends = ends.into_iter().flat_map(|(from, to)| {
        [end("Call another node instead…", from, true), end("Let another node call instead…", to, false)]
    });
    ends.chain(fails(model, Target::Edge(edge))).chain([Entry::delete("Delete")]).collect()
}

fn of_region(model: &Model, group: Group) -> Vec<Entry> {
    let mut entries = vec![
        Entry::edit("Rename", "F2", editing::Msg::Rename),
        Entry::edit("Zoom to it", "2", editing::Msg::FitSelection),
    ];
    if model.scene.regions.iter().any(|region| region.group == group && !region.members.is_empty()) {
        entries.push(Entry::edit("Select what is in it", "", editing::Msg::SelectMembers(group)));
    }
    if let Group::Zone(zone) = group
        && let Some(zone) = model.document.zones.get(zone)
    {
        entries.extend(fails(model, Target::Zone(zone.id.clone())));
    }
    entries.push(Entry::delete("Delete; what is in it stays"));
    entries
}

fn of_several() -> Vec<Entry> {
    vec![
        Entry::new("Copy", "Ctrl C", Msg::Clipboard(clipboard::Msg::Copy)),
        Entry::new("Duplicate", "Ctrl D", Msg::Change(Change::Duplicate)),
        Entry::edit("Zone…", "", editing::Msg::Submenu(Subject::Zones)),
        Entry::change("Lay out", "L", editing::Change::LayOut),
        Entry::edit("Zoom to them", "2", editing::Msg::FitSelection),
        Entry::delete("Delete"),
    ]
}

fn of_canvas(model: &Model, at: WorldPoint) -> Vec<Entry> {
    let area = |(width, height)| {
        let corner = snap(at);
        Some(Rect { x: corner.x, y: corner.y, width, height })
    };
    let mut entries = vec![
        Entry::edit("Add node here…", "", editing::Msg::Submenu(Subject::Add(at))),
        Entry::change("New zone here", "G", editing::Change::AddZone { area: area(ZONE) }),
        Entry::change("New host here", "", editing::Change::AddHost { area: area(HOST) }),
    ];
    entries.push(Entry::new("Paste", "Ctrl V", Msg::Clipboard(clipboard::Msg::Ask)));
    if !model.document.nodes.is_empty() {
        entries.push(Entry::new("Select everything", "Ctrl A", Msg::SelectAll));
        entries.push(Entry::change("Lay out", "L", editing::Change::LayOut));
        entries.push(Entry::new("Show the whole design", "1", Msg::Fit));
    }
    entries.push(Entry::edit("Actual size", "0", editing::Msg::ActualSize));
    entries
}

/// A node that is put here stands with its middle on the place.
fn add(at: WorldPoint) -> Vec<Entry> {
    let corner = at.moved(-NODE_WIDTH / 2.0, -NODE_HEIGHT / 2.0);
    let entry = |kind| Msg::Change(Change::AddNode { kind, at: Some(corner) });
    KINDS.iter().map(|kind| Entry { icon: kind.name, ..Entry::new(kind.title, "", entry(kind)) }).collect()
}

/// Each kind that may be called here; where none may, the sentence why.
fn callable(model: &Model, from: usize, at: WorldPoint) -> Vec<Entry> {
    let corner = at.moved(0.0, -NODE_HEIGHT / 2.0);
    let offers = edit::offers(&model.document, from);
    let open = offers.iter().filter(|(_, why)| why.is_none()).map(|&(kind, _)| {
        let add = editing::Change::AddLinked { from, kind, at: corner };
        Entry { icon: kind.name, ..Entry::change(kind.title, "", add) }
    });
    let open: Vec<Entry> = open.collect();
    if !open.is_empty() {
        return open;
    }
    let why = offers.into_iter().find_map(|(_, why)| why);
    let name = model.document.nodes.get(from).map_or_else(String::new, describe::label);
    vec![Entry::says(why.unwrap_or_else(|| format!("{name} calls nothing")), "")]
}

fn zones(model: &Model) -> Vec<Entry> {
    let zone = |i: usize| edit::name_of(&model.document, Group::Zone(i));
    let stands = |id: &str| {
        model.selection.nodes.iter().all(|&n| model.document.nodes.get(n).is_some_and(|n| n.zone == id))
    };
    let all = (0..model.document.zones.len()).filter(|&i| !stands(&model.document.zones[i].id));
    let mut entries: Vec<Entry> =
        all.map(|i| Entry::change(format!("Into {}", zone(i)), "", editing::Change::Join(Some(i)))).collect();
    if !stands("") {
        entries.push(Entry::change("Into no zone", "", editing::Change::Join(None)));
    }
    entries.push(Entry::change("Into a new zone", "G", editing::Change::AddZone { area: None }));
    entries.push(Entry::change("Onto a new host", "", editing::Change::AddHost { area: None }));
    entries
}

/// Opens the menu of what lies here, and selects it.
pub(super) fn open_at(model: &mut Model, at: ScreenPoint, instance: Option<(usize, u16)>) -> Vec<Effect> {
    let mut effects = super::interrupted(model);
    let world = model.camera.to_world(at);
    let found = hit(&model.scene, world, EDGE_REACH / model.camera.zoom);
    let subject = match (instance, found) {
        (Some((node, instance)), _) => Subject::Instance(node, instance),
        (None, Hit::Node(node) | Hit::Output(node)) => Subject::Node(node),
        (None, Hit::Edge(edge)) => Subject::Edge(edge),
        (None, Hit::Region(region)) => Subject::Region(model.scene.regions[region].group),
        (None, Hit::Canvas) => Subject::Canvas(world),
    };
    let (subject, selected) = match subject {
        Subject::Node(node) if model.selection.nodes.contains(&node) && model.selection.nodes.len() > 1 => {
            (Subject::Several, None)
        }
        Subject::Node(node) | Subject::Instance(node, _) => (subject, Some(Selection::node(node))),
        Subject::Edge(edge) => (subject, Some(Selection::edge(edge))),
        _ => (subject, Some(Selection::default())),
    };
    effects.extend(selected.map(|selection| canvas::select(model, selection)).unwrap_or_default());
    if let Subject::Region(group) = subject {
        model.editing.group = Some(group);
    }
    model.editing.menu = Some(Menu { at, subject });
    effects
}

/// Opens the menu of what is selected, beside it.
pub(super) fn open_by_key(model: &mut Model) -> Vec<Effect> {
    let scene = &model.scene;
    let (width, height) = model.canvas;
    let middle = model.camera.to_world(ScreenPoint::new(width / 2.0, height / 2.0));
    let (subject, at) = match (model.editing.group, model.selection.single()) {
        (Some(group), Single::None) => {
            let region = scene.regions.iter().find(|region| region.group == group);
            (Subject::Region(group), region.map_or(middle, |region| region.label().middle()))
        }
        (_, Single::None) => (Subject::Canvas(middle), middle),
        (_, Single::Node(node)) => (Subject::Node(node), scene.nodes.get(node).map_or(middle, Rect::middle)),
        (_, Single::Edge(edge)) => {
            let ends = scene.edges.get(edge).copied().flatten();
            let way = ends.map(|(from, to)| crate::geometry::route(scene.nodes[from], scene.nodes[to]));
            (Subject::Edge(edge), way.map_or(middle, |way| way.at(0.5)))
        }
        (_, Single::Many) => (Subject::Several, middle),
    };
    model.editing.menu = Some(Menu { at: model.camera.to_screen(at), subject });
    Vec::new()
}

/// Asks what is to be called at a place where nothing is. The edge stays drawn meanwhile.
pub(in crate::update) fn offer(model: &mut Model, from: usize, at: WorldPoint) -> Vec<Effect> {
    let on_screen = model.camera.to_screen(at);
    let (width, height) = model.canvas;
    if !(0.0..=width).contains(&on_screen.x) || !(0.0..=height).contains(&on_screen.y) {
        return vec![Effect::Draw(Draw::Clear)];
    }
    model.editing.menu = Some(Menu { at: on_screen, subject: Subject::Wire(from, at) });
    Vec::new()
}

/// The same with the keyboard: right of the selected node, where nothing stands.
pub(super) fn quick_connect(model: &mut Model) -> Vec<Effect> {
    let Single::Node(from) = model.selection.single() else { return Vec::new() };
    let Some(rect) = model.scene.nodes.get(from).copied() else { return Vec::new() };
    let mut at = WorldPoint::new(rect.right() + BESIDE, rect.middle().y);
    let covered = |at: WorldPoint| {
        let room = Rect { x: at.x, y: at.y - NODE_HEIGHT / 2.0, width: NODE_WIDTH, height: NODE_HEIGHT };
        model.scene.nodes.iter().any(|node| node.touches(&room))
    };
    for _ in 0..=model.scene.nodes.len() {
        if !covered(at) {
            break;
        }
        at = at.moved(0.0, NODE_HEIGHT + 34.0);
    }
    let mut effects = canvas::wire(model, Wire::from(from), at, None);
    model.editing.menu = Some(Menu { at: model.camera.to_screen(at), subject: Subject::Wire(from, at) });
    effects.retain(|effect| matches!(effect, Effect::Draw(_)));
    effects
}

/// Another menu in the same place.
pub(super) fn submenu(model: &mut Model, subject: Subject) -> Vec<Effect> {
    let middle = ScreenPoint::new(model.canvas.0 / 2.0, model.canvas.1 / 2.0);
    let at = model.editing.menu.as_ref().map_or(middle, |menu| menu.at);
    model.editing.menu = Some(Menu { at, subject });
    Vec::new()
}

/// Does what a line says. Some open another menu in the same place.
pub(super) fn chosen(model: &mut Model, line: usize) -> Vec<Effect> {
    let Some(menu) = model.editing.menu.clone() else { return Vec::new() };
    let Some(msg) = entries(model, &menu.subject).into_iter().nth(line).and_then(|entry| entry.msg) else {
        return Vec::new();
    };
    if matches!(msg, Msg::Editing(editing::Msg::Submenu(_))) {
        return super::super::update(model, msg);
    }
    let mut effects = close(model, false);
    effects.extend(super::super::update(model, msg));
    // A name that is to be written and a node that is to be chosen take the focus themselves.
    let goes_on =
        model.editing.renaming.is_some() || model.editing.reaching.is_some() || model.editing.menu.is_some();
    if !goes_on {
        effects.push(Effect::Focus(focus(model)));
    }
    effects
}

/// Closes the menu.
pub(super) fn close(model: &mut Model, refocus: bool) -> Vec<Effect> {
    if model.editing.menu.take().is_none() {
        return Vec::new();
    }
    let mut effects = vec![Effect::Draw(Draw::Clear)];
    if refocus {
        effects.push(Effect::Focus(focus(model)));
    }
    effects
}

/// The element of what is selected.
fn focus(model: &Model) -> String {
    match super::named(model) {
        Some(named) => super::element_of(model, named),
        None => {
            model.selection.nodes.first().map_or_else(|| "canvas".to_owned(), |&node| stage::node_id(node))
        }
    }
}

/// What a person is told who asks for what is not there.
pub(super) fn nothing_to_call(model: &mut Model, node: usize) -> Vec<Effect> {
    let name = model.document.nodes.get(node).map_or_else(String::new, describe::label);
    let why = edit::offers(&model.document, node).into_iter().find_map(|(_, why)| why);
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    notice(model, false, format!("{name} can be connected to none of the nodes here{why}."))
}
