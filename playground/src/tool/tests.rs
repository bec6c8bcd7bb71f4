use super::*;
use crate::editing;
use crate::geometry::node_rect;
use loadpath_core::topology::catalog;

struct Bench {
    scene: Scene,
    camera: Camera,
    selection: Selection,
    tool: Tool,
    changes: Vec<Change>,
    offers: Vec<(usize, WorldPoint)>,
    groups: Vec<Group>,
    held: Held,
    previews: Vec<Preview>,
}

impl Bench {
    fn new() -> Self {
        let nodes = [(0.0, 0.0), (300.0, 0.0), (600.0, 200.0)].map(|(x, y)| node_rect(WorldPoint::new(x, y)));
        Self {
            scene: Scene { nodes: nodes.to_vec(), edges: vec![Some((0, 1))], ..Scene::default() },
            camera: Camera { x: 10.0, y: 20.0, zoom: 2.0 },
            selection: Selection::default(),
            tool: Tool::Idle,
            changes: Vec::new(),
            offers: Vec::new(),
            groups: Vec::new(),
            held: Held::default(),
            previews: Vec::new(),
        }
    }

    fn on_screen(&self, x: f64, y: f64) -> ScreenPoint {
        self.camera.to_screen(WorldPoint::new(x, y))
    }

    fn send(&mut self, pointer: &Pointer) {
        let ground = Ground { scene: &self.scene, camera: self.camera, selection: &self.selection };
        let (tool, acts) = std::mem::take(&mut self.tool).step(pointer, &ground);
        self.tool = tool;
        for act in acts {
            match act {
                Act::Select(selection) => self.selection = selection,
                Act::Camera(camera) => self.camera = camera,
                Act::Preview(preview) => self.previews.push(preview),
                Act::Change(change) => self.changes.push(change),
                Act::Offer { from, at } => self.offers.push((from, at)),
                Act::SelectGroup(group) => self.groups.push(group),
                Act::Hover(_) => {}
            }
        }
    }

    fn down(&mut self, x: f64, y: f64, shift: bool) {
        let at = self.on_screen(x, y);
        self.send(&Pointer::Down(Down { at, pans: false, held: Held { shift, ..self.held }, touch: false }));
    }

    fn drag(&mut self, x: f64, y: f64) {
        let at = self.on_screen(x, y);
        let held = self.held;
        self.send(&Pointer::Moved { at, held });
    }

    fn up(&mut self, x: f64, y: f64) {
        let at = self.on_screen(x, y);
        self.send(&Pointer::Up { at, on_canvas: true });
    }

    fn click(&mut self, x: f64, y: f64, shift: bool) {
        self.down(x, y, shift);
        self.up(x, y);
    }

    fn selected(&self) -> Vec<usize> {
        self.selection.nodes.iter().copied().collect()
    }
}

#[test]
fn a_click_selects_and_shift_adds_and_takes_away() {
    let mut bench = Bench::new();
    bench.click(75.0, 30.0, false);
    assert_eq!(bench.selected(), [0]);
    bench.click(375.0, 30.0, true);
    assert_eq!(bench.selected(), [0, 1]);
    bench.click(75.0, 30.0, true);
    assert_eq!(bench.selected(), [1]);
    bench.click(375.0, 30.0, false);
    assert_eq!(bench.selected(), [1]);
    assert!(bench.changes.is_empty());
}

#[test]
fn a_drag_moves_all_that_is_selected_by_whole_steps_of_the_grid() {
    let mut bench = Bench::new();
    bench.click(75.0, 30.0, false);
    bench.click(375.0, 30.0, true);
    bench.down(75.0, 30.0, false);
    bench.drag(108.0, 63.0);
    bench.up(108.0, 63.0);
    let Some(Change::Move { nodes, dx, dy }) = bench.changes.pop() else { panic!("{:?}", bench.changes) };
    assert_eq!((nodes.len(), dx, dy), (2, 30.0, 30.0));
}

#[test]
fn a_cancelled_drag_draws_everything_back_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.down(75.0, 30.0, false);
    bench.drag(200.0, 63.0);
    bench.send(&Pointer::Cancelled);
    assert_eq!(bench.previews.pop(), Some(Preview::Clear));
    let back = Preview::Moved { nodes: vec![0], dx: 0.0, dy: 0.0, copies: false, guides: Vec::new() };
    assert_eq!(bench.previews.pop(), Some(back));
    assert!(bench.changes.is_empty() && matches!(bench.tool, Tool::Idle));
}

#[test]
fn a_marquee_selects_what_it_touches_and_escape_restores_what_was() {
    let mut bench = Bench::new();
    bench.click(675.0, 240.0, false);
    bench.down(-20.0, -20.0, true);
    bench.drag(310.0, 40.0);
    assert_eq!(bench.selected(), [0, 1, 2]);
    bench.send(&Pointer::Cancelled);
    assert_eq!(bench.selected(), [2]);
    bench.down(-20.0, -20.0, false);
    bench.drag(310.0, 40.0);
    bench.up(310.0, 40.0);
    assert_eq!(bench.selected(), [0, 1]);
}

#[test]
fn an_edge_is_drawn_from_a_port_to_a_node_and_asks_on_the_canvas_what_is_to_be_there() {
    let mut bench = Bench::new();
    bench.down(450.0, 38.0, false);
    bench.drag(620.0, 230.0);
    assert!(matches!(
        bench.previews.last(),
        Some(Preview::Wire { wire: Wire { anchor: 1, .. }, over: Some(2), .. })
    ));
    bench.up(620.0, 230.0);
    assert!(matches!(bench.changes.pop(), Some(Change::Connect { from: 1, to: 2 })));
    bench.down(450.0, 38.0, false);
    bench.up(500.0, 400.0);
    assert!(bench.changes.is_empty());
    assert_eq!(bench.offers, [(1, WorldPoint::new(500.0, 400.0))]);
    bench.click(450.0, 38.0, false);
    assert_eq!(bench.offers.len(), 1, "a click on a port asks nothing");
}

#[test]
fn an_end_of_the_selected_edge_is_dragged_to_another_node_and_to_nowhere_changes_nothing() {
    let mut bench = Bench::new();
    bench.click(225.0, 40.0, false);
    bench.down(300.0, 38.0, false);
    bench.drag(620.0, 230.0);
    bench.up(620.0, 230.0);
    let wire = Wire { anchor: 0, forward: true, edge: Some(0) };
    let Some(Change::Editing(editing::Change::Reconnect { wire: told, node: 2 })) = bench.changes.pop()
    else {
        panic!("{:?}", bench.changes)
    };
    assert_eq!(told, wire);
    bench.down(150.0, 38.0, false);
    bench.drag(200.0, 300.0);
    let loose = Wire { anchor: 1, forward: false, edge: Some(0) };
    assert!(matches!(bench.previews.last(), Some(Preview::Wire { wire, over: None, .. }) if *wire == loose));
    bench.up(200.0, 300.0);
    assert!(bench.changes.is_empty() && bench.offers.is_empty());
}

/// Drags the first node and gives how far it went.
fn pulled(bench: &mut Bench, dx: f64, dy: f64) -> (f64, f64) {
    bench.down(75.0, 30.0, false);
    bench.drag(75.0 + dx, 30.0 + dy);
    bench.up(75.0 + dx, 30.0 + dy);
    match bench.changes.pop() {
        Some(Change::Move { dx, dy, .. } | Change::Editing(editing::Change::Copy { dx, dy, .. })) => (dx, dy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn shift_keeps_to_an_axis_and_control_leaves_the_grid() {
    let held = |shift, ctrl| Held { shift, ctrl, alt: false };
    let mut bench = Bench::new();
    assert_eq!(pulled(&mut bench, 33.0, 51.0), (30.0, 50.0));
    bench.held = held(true, false);
    bench.selection = Selection::default();
    assert_eq!(pulled(&mut bench, 33.0, 51.0), (0.0, 50.0));
    bench.selection = Selection::default();
    assert_eq!(pulled(&mut bench, 64.0, 51.0), (60.0, 0.0));
    bench.held = held(false, true);
    assert_eq!(pulled(&mut bench, 33.0, 51.0), (33.0, 51.0));
}

#[test]
fn a_node_beside_anothers_line_falls_into_it_and_the_line_is_drawn() {
    let mut bench = Bench::new();
    bench.scene.nodes[2].y = 203.0;
    assert_eq!(pulled(&mut bench, 36.0, 202.0), (40.0, 203.0));
    let drawn = |preview: &Preview| matches!(preview, Preview::Moved { guides, .. } if guides.len() == 1);
    assert!(bench.previews.iter().any(drawn));
}

#[test]
fn alt_drags_a_copy_away_and_the_original_stays() {
    let mut bench = Bench::new();
    bench.held.alt = true;
    bench.down(75.0, 30.0, false);
    bench.drag(175.0, 230.0);
    assert!(matches!(bench.previews.last(), Some(Preview::Moved { copies: true, .. })));
    bench.up(175.0, 230.0);
    assert!(
        matches!(bench.changes.pop(), Some(Change::Editing(editing::Change::Copy { dx, dy, .. })) if (dx, dy) == (100.0, 200.0))
    );
}

#[test]
fn a_region_is_dragged_by_its_label_by_whole_steps() {
    let mut bench = Bench::new();
    let rect = Rect { x: -40.0, y: -60.0, width: 600.0, height: 200.0 };
    let region =
        crate::geometry::Region { group: Group::Zone(0), rect, members: vec![0, 1], label_width: 80.0 };
    bench.scene.regions.push(region);
    bench.click(-20.0, -45.0, false);
    assert_eq!((bench.groups.pop(), bench.changes.len()), (Some(Group::Zone(0)), 0));
    bench.down(-20.0, -45.0, false);
    bench.drag(14.0, -31.0);
    assert_eq!(bench.previews.last(), Some(&Preview::Region { region: 0, dx: 30.0, dy: 10.0 }));
    bench.up(14.0, -31.0);
    let moved = bench.changes.pop();
    assert!(
        matches!(moved, Some(Change::Editing(editing::Change::MoveGroup { group: Group::Zone(0), dx, dy })) if (dx, dy) == (30.0, 10.0))
    );
    // Inside, a region is canvas: a marquee begins there.
    bench.down(200.0, 120.0, false);
    assert!(matches!(bench.tool, Tool::Marquee(_)));
}

#[test]
fn an_edge_is_selected_by_a_click_near_it() {
    let mut bench = Bench::new();
    bench.click(225.0, 40.0, false);
    assert_eq!(bench.selection.edges.iter().copied().collect::<Vec<_>>(), [0]);
}

#[test]
fn a_component_lands_where_it_is_dropped_on_the_canvas_and_nowhere_else() {
    let kind = catalog::kind("cache").unwrap();
    for (on_canvas, added) in [(true, 1), (false, 0)] {
        let mut bench = Bench::new();
        let from = ScreenPoint::new(30.0, 40.0);
        bench.send(&Pointer::Grab { kind, at: from });
        bench.drag(200.0, 300.0);
        let at = bench.on_screen(200.0, 300.0);
        bench.send(&Pointer::Up { at, on_canvas });
        assert_eq!(bench.changes.len(), added);
    }
}

#[test]
fn a_press_on_the_palette_without_a_drag_is_left_to_the_click() {
    let mut bench = Bench::new();
    let at = ScreenPoint::new(30.0, 40.0);
    bench.send(&Pointer::Grab { kind: catalog::kind("cache").unwrap(), at });
    bench.send(&Pointer::Up { at, on_canvas: true });
    assert!(bench.changes.is_empty());
}

#[test]
fn panning_follows_the_pointer() {
    let mut bench = Bench::new();
    let at = ScreenPoint::new(100.0, 100.0);
    bench.send(&Pointer::Down(Down { at, pans: true, held: Held::default(), touch: false }));
    let moved = |x, y| Pointer::Moved { at: ScreenPoint::new(x, y), held: Held::default() };
    bench.send(&moved(130.0, 90.0));
    bench.send(&moved(150.0, 80.0));
    assert_eq!((bench.camera.x, bench.camera.y), (60.0, 0.0));
}
