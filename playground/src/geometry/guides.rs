//! Where a dragged node would stand in line with others, and the lines that show it.
use super::point::{Rect, WorldPoint};
use super::snap::GRID;
use loadpath_core::order;

/// Nodes farther away than this, to any side, are not aligned with.
const NEAR: f64 = 900.0;
/// Two places are the same within this.
const SAME: f64 = 0.01;

/// A line that shows with what something is aligned, or a gap as wide as another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// From here.
    pub from: WorldPoint,
    /// To here.
    pub to: WorldPoint,
}

/// The place that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aligned {
    /// How far to the right it lies from where the pointer is.
    pub dx: f64,
    /// How far down.
    pub dy: f64,
    /// What shows why.
    pub guides: Vec<Guide>,
}

/// The place at most `reach` away from `rect` at which its edges or its centre are in line with those of a nearby node,
/// or it leaves the same gaps; the grid's next place where there is none. Each axis is looked at by itself.
///
/// Costs one look at each of the others.
pub fn align(rect: Rect, others: &[Rect], reach: f64) -> Aligned {
    let near: Vec<Rect> = others.iter().filter(|other| rect.grown(NEAR).touches(other)).copied().collect();
    let flipped: Vec<Rect> = near.iter().map(flip).collect();
    let (dx, by_gap_x) = along(rect, &near, reach);
    let (dy, by_gap_y) = along(flip(&rect), &flipped, reach);
    let placed = Rect { x: rect.x + dx, y: rect.y + dy, ..rect };
    let mut guides = lines(placed, &near, by_gap_x);
    let turned = lines(flip(&placed), &flipped, by_gap_y);
    guides.extend(turned.into_iter().map(|line| Guide { from: turn(line.from), to: turn(line.to) }));
    Aligned { dx, dy, guides }
}

fn flip(rect: &Rect) -> Rect {
    Rect { x: rect.y, y: rect.x, width: rect.height, height: rect.width }
}

fn turn(point: WorldPoint) -> WorldPoint {
    WorldPoint::new(point.y, point.x)
}

/// How far along x to the best place, and whether gaps make it the best.
fn along(rect: Rect, near: &[Rect], reach: f64) -> (f64, bool) {
    let least = |offsets: &mut dyn Iterator<Item = f64>| {
        offsets.filter(|dx| dx.abs() <= reach).min_by(|a, b| a.abs().total_cmp(&b.abs()))
    };
    let in_line = least(
        &mut near.iter().flat_map(|other| marks(other).into_iter().zip(marks(&rect)).map(|(a, b)| a - b)),
    );
    let in_gap = least(&mut gaps(rect, near).into_iter());
    match (in_line, in_gap) {
        (Some(line), Some(gap)) if gap.abs() < line.abs() - SAME => (gap, true),
        (Some(line), _) => (line, false),
        (None, Some(gap)) => (gap, true),
        (None, None) => ((rect.x / GRID).round() * GRID - rect.x, false),
    }
}

/// Left edge, centre, right edge.
fn marks(rect: &Rect) -> [f64; 3] {
    [rect.x, rect.x + rect.width / 2.0, rect.right()]
}

/// The nearest on each side of those beside it, and the next ones beyond.
fn beside(rect: Rect, near: &[Rect]) -> (Vec<Rect>, Vec<Rect>) {
    let in_row = |other: &&Rect| other.y < rect.bottom() && rect.y < other.bottom();
    let middle = rect.middle().x;
    let mut left: Vec<Rect> = near.iter().filter(in_row).filter(|o| o.middle().x < middle).copied().collect();
    let mut right: Vec<Rect> =
        near.iter().filter(in_row).filter(|o| o.middle().x > middle).copied().collect();
    order::sort_by(&mut left, |a, b| b.x.total_cmp(&a.x));
    order::sort_by(&mut right, |a, b| a.x.total_cmp(&b.x));
    (left, right)
}

/// Offsets at which the gap to a neighbour is as wide as the gap to the other, or as the next one in the row.
fn gaps(rect: Rect, near: &[Rect]) -> Vec<f64> {
    let (left, right) = beside(rect, near);
    let mut offsets = Vec::new();
    if let ([a, ..], [b, ..]) = (&left[..], &right[..])
        && b.x - a.right() >= rect.width
    {
        offsets.push((a.right() + b.x - rect.width) / 2.0 - rect.x);
    }
    if let [a, b, ..] = left[..]
        && a.x > b.right()
    {
        offsets.push(a.right() + (a.x - b.right()) - rect.x);
    }
    if let [a, b, ..] = right[..]
        && b.x > a.right()
    {
        offsets.push(a.x - (b.x - a.right()) - rect.right());
    }
    offsets
}

/// The lines across x that show with what `placed` is aligned: its centre's where that is shared, else the edges'.
fn lines(placed: Rect, near: &[Rect], by_gap: bool) -> Vec<Guide> {
    if by_gap {
        return gap_lines(placed, near);
    }
    let shared = |i: usize| {
        let at = marks(&placed)[i];
        let same: Vec<&Rect> = near.iter().filter(|other| (marks(other)[i] - at).abs() < SAME).collect();
        let top = same.iter().map(|other| other.y).fold(placed.y, f64::min);
        let bottom = same.iter().map(|other| other.bottom()).fold(placed.bottom(), f64::max);
        let line = Guide { from: WorldPoint::new(at, top), to: WorldPoint::new(at, bottom) };
        (!same.is_empty()).then_some(line)
    };
    shared(1).map_or_else(|| [0, 2].into_iter().filter_map(shared).collect(), |line| vec![line])
}

/// The equal gaps in its row.
fn gap_lines(placed: Rect, near: &[Rect]) -> Vec<Guide> {
    let (left, right) = beside(placed, near);
    let mut row: Vec<Rect> =
        left.into_iter().take(2).chain(right.into_iter().take(2)).chain([placed]).collect();
    order::sort_by(&mut row, |a, b| a.x.total_cmp(&b.x));
    let widths: Vec<f64> = row.windows(2).map(|pair| pair[1].x - pair[0].right()).collect();
    let repeats =
        |width: f64| width > 0.0 && widths.iter().filter(|other| (**other - width).abs() < SAME).count() > 1;
    let y = placed.middle().y;
    let line = |pair: &[Rect]| Guide {
        from: WorldPoint::new(pair[0].right(), y),
        to: WorldPoint::new(pair[1].x, y),
    };
    row.windows(2).zip(&widths).filter(|&(_, &width)| repeats(width)).map(|(pair, _)| line(pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(x: f64, y: f64) -> Rect {
        Rect { x, y, width: 150.0, height: 76.0 }
    }

    #[test]
    fn a_node_near_anothers_centre_line_snaps_to_it_and_a_line_says_so() {
        let aligned = align(node(403.0, 304.0), &[node(400.0, 0.0)], 6.0);
        assert_eq!((aligned.dx, aligned.dy), (-3.0, -4.0), "its column by the guide, its row by the grid");
        let line = aligned.guides[0];
        assert_eq!((aligned.guides.len(), line.from.x, line.to.x), (1, 475.0, 475.0));
        assert_eq!((line.from.y, line.to.y), (0.0, 376.0));
    }

    #[test]
    fn the_centre_of_a_wide_one_counts_as_its_edges_do() {
        let wide = Rect { width: 300.0, ..node(0.0, 0.0) };
        assert_eq!(align(node(73.0, 200.0), &[wide], 6.0).dx, 2.0);
        let right = align(node(152.0, 200.0), &[wide], 6.0);
        assert_eq!((right.dx, right.guides.len()), (-2.0, 1));
    }

    #[test]
    fn far_from_everything_the_grid_decides() {
        let aligned = align(node(403.0, 304.0), &[node(5_000.0, 303.0)], 6.0);
        assert_eq!((aligned.dx, aligned.dy, aligned.guides.len()), (-3.0, -4.0, 0));
    }

    #[test]
    fn between_two_the_gaps_become_equal_and_a_row_goes_on_with_its_own_gap() {
        let row = [node(0.0, 0.0), node(443.0, 0.0)];
        let between = align(node(219.0, 2.0), &row, 6.0);
        assert_eq!((between.dx, between.dy), (2.5, -2.0));
        assert_eq!(between.guides.len(), 3, "two gaps, and the row's centre line");
        let after = align(node(884.0, 0.0), &row, 6.0);
        assert_eq!(after.dx, 2.0, "293 lie between the first two");
    }
}
