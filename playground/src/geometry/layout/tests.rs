use super::*;

fn graph(count: usize, edges: &[(usize, usize)]) -> Graph {
    Graph { count, edges: edges.to_vec(), groups: vec![None; count] }
}

fn overlaps(places: &[WorldPoint]) -> bool {
    let mut rects: Vec<Rect> = places.iter().map(|&at| node_rect(at)).collect();
    rects.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    rects.windows(2).any(|pair| pair[0].touches(&pair[1]))
}

/// A graph of layers with edges to the next and the one after, by a small generator of its own.
fn large(count: usize, edges: usize) -> Graph {
    let mut state = 7_u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let edges = (0..edges)
        .map(|_| {
            let from = below(count - 1);
            (from, from + 1 + below((count - from - 1).min(40)))
        })
        .collect();
    Graph { count, edges, groups: vec![None; count] }
}

#[test]
fn callers_stand_left_of_what_they_call_and_nobody_on_another() {
    let edges = [(0, 1), (1, 2), (2, 3), (2, 4)];
    let places = lay_out(&graph(5, &edges));
    assert!(edges.iter().all(|&(from, to)| places[from].x < places[to].x), "{places:?}");
    assert!(!overlaps(&places), "{places:?}");
    assert_eq!(places[2].y * 2.0, places[3].y + places[4].y, "between those that it calls: {places:?}");
}

#[test]
fn a_circle_gets_places_too() {
    let places = lay_out(&graph(3, &[(0, 1), (1, 2), (2, 0)]));
    assert!(places[0].x < places[1].x && places[1].x < places[2].x);
    assert_eq!(lay_out(&graph(0, &[])), Vec::new());
}

#[test]
fn edges_that_need_not_cross_do_not() {
    // Drawn in the order of the document, each of these pairs crosses.
    let places = lay_out(&graph(6, &[(0, 5), (1, 4), (2, 3)]));
    for (a, b, c, d) in [(0, 1, 5, 4), (1, 2, 4, 3), (0, 2, 5, 3)] {
        assert_eq!(places[a].y < places[b].y, places[c].y < places[d].y, "{places:?}");
    }
}

#[test]
fn groups_stand_apart_from_one_another_and_from_strangers() {
    // Clients and a name server call two data centers of a balancer, two services and a database each.
    let mut edges = vec![(0, 1), (1, 2), (1, 6)];
    for first in [2, 6] {
        edges.extend([
            (first, first + 1),
            (first, first + 2),
            (first + 1, first + 3),
            (first + 2, first + 3),
        ]);
    }
    let mut groups = vec![None, None];
    groups.extend([Some(1); 4]);
    groups.extend([Some(0); 4]);
    let places = lay_out(&Graph { count: 10, edges, groups: groups.clone() });
    let around = |group| {
        let members = (0..10).filter(|&i| groups[i] == Some(group)).map(|i| node_rect(places[i]));
        Rect::around(members).map(|rect| crate::geometry::Group::Zone(group).around(rect)).unwrap()
    };
    assert!(around(0).bottom() <= around(1).y, "the first zone stands above: {places:?}");
    assert!(
        (0..2).all(|i| [0, 1].iter().all(|&group| !around(group).touches(&node_rect(places[i])))),
        "{places:?}"
    );
    assert!(!overlaps(&places));
}

#[test]
fn the_same_graph_gets_the_same_places_and_one_more_node_moves_no_column() {
    let graph = large(60, 90);
    let places = lay_out(&graph);
    assert_eq!(places, lay_out(&graph));
    let mut more = graph.clone();
    more.count += 1;
    more.edges.push((59, 60));
    more.groups.push(None);
    assert!(places.iter().zip(lay_out(&more)).all(|(a, b)| a.x == b.x));
}

#[test]
fn a_thousand_nodes_are_laid_out_without_overlap_and_their_callers_left_of_them() {
    let graph = large(1_000, 1_500);
    let places = lay_out(&graph);
    assert!(!overlaps(&places));
    assert!(graph.edges.iter().all(|&(from, to)| places[from].x < places[to].x));
}

#[test]
fn what_has_a_place_keeps_it_and_what_has_none_finds_room_beside_its_callers() {
    let placed = [Some(WorldPoint::new(0.0, 0.0)), Some(WorldPoint::new(220.0, 0.0)), None, None, None];
    let places = place_missing(&graph(5, &[(0, 1), (0, 2), (2, 3)]), &placed);
    assert_eq!(places[..2], [WorldPoint::new(0.0, 0.0), WorldPoint::new(220.0, 0.0)]);
    assert_eq!(places[2], WorldPoint::new(220.0, ROW), "below what stands there already");
    assert_eq!(places[3].x, 440.0);
    assert!(!overlaps(&places), "{places:?}");
}
