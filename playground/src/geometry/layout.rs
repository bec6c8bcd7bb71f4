//! Places for nodes that have none: callers left of what they call.
use super::point::WorldPoint;

const COLUMN: f64 = 220.0;
const ROW: f64 = 110.0;

/// A place for each of `count` nodes: a column for each step from the first callers, the nodes of a column below one
/// another. Edges that go round are cut where they are found.
pub fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<WorldPoint> {
    let mut column = vec![0; count];
    // The longest way has fewer steps than there are nodes; a cycle would never settle.
    for _ in 0..count.min(64) {
        let mut settled = true;
        for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
            if column[to] < column[from] + 1 && column[from] + 1 < count {
                column[to] = column[from] + 1;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    let columns = column.iter().max().map_or(0, |last| last + 1);
    let heights: Vec<usize> = (0..columns).map(|c| column.iter().filter(|&&of| of == c).count()).collect();
    let tallest = heights.iter().max().copied().unwrap_or(0);
    let mut filled = vec![0; columns];
    let place = |c: usize| {
        let row = filled[c] as f64 + (tallest - heights[c]) as f64 / 2.0;
        filled[c] += 1;
        WorldPoint::new(40.0 + c as f64 * COLUMN, 40.0 + row * ROW)
    };
    column.iter().copied().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_stand_left_of_what_they_call_and_nobody_on_another() {
        let edges = [(0, 1), (1, 2), (2, 3), (2, 4)];
        let places = layers(5, &edges);
        assert!(edges.iter().all(|&(from, to)| places[from].x < places[to].x), "{places:?}");
        for i in 0..places.len() {
            assert!(places[..i].iter().all(|other| other.distance(places[i]) >= 100.0), "{places:?}");
        }
    }

    #[test]
    fn a_circle_gets_places_too() {
        assert_eq!(layers(3, &[(0, 1), (1, 2), (2, 0)]).len(), 3);
        assert_eq!(layers(0, &[]), Vec::new());
    }
}
