//! Regions behind nodes: how large a zone or a host is drawn, and which one a point lies in.
use super::point::{Rect, WorldPoint};

/// How high a region's label is.
pub const LABEL_HEIGHT: f64 = 26.0;
/// The label's distance from the region's left side.
const LABEL_LEFT: f64 = 8.0;

/// What a region stands for, by its place in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A zone.
    Zone(usize),
    /// A host.
    Host(usize),
}

/// A region that is drawn behind nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// What it stands for.
    pub group: Group,
    /// How far it reaches.
    pub rect: Rect,
    /// The nodes in it.
    pub members: Vec<usize>,
    /// How wide its label is.
    pub label_width: f64,
}

impl Group {
    /// The region of this group around what stands in it: room on all sides, and at the top for the label too.
    pub fn around(self, inner: Rect) -> Rect {
        let (side, top) = match self {
            Self::Zone(_) => (30.0, 44.0),
            Self::Host(_) => (12.0, 32.0),
        };
        Rect {
            x: inner.x - side,
            y: inner.y - top,
            width: inner.width + 2.0 * side,
            height: inner.height + top + side,
        }
    }

    /// Whether both are zones or both hosts.
    pub fn is_like(self, other: Self) -> bool {
        matches!((self, other), (Self::Zone(_), Self::Zone(_)) | (Self::Host(_), Self::Host(_)))
    }
}

impl Region {
    /// Where its label stands, by which it is dragged.
    pub fn label(&self) -> Rect {
        let width = self.label_width.min(self.rect.width - LABEL_LEFT);
        Rect { x: self.rect.x + LABEL_LEFT, y: self.rect.y + 4.0, width, height: LABEL_HEIGHT }
    }

    /// Whether moving these nodes moves the whole region: all of its nodes go, and they are several.
    ///
    /// A single node that is moved may be meant to leave; several that keep their distances are not.
    pub fn goes_with(&self, moved: impl Fn(usize) -> bool) -> bool {
        self.members.len() > 1 && self.members.iter().all(|&node| moved(node))
    }
}

/// The smallest region of this sort (zones, or hosts) in which a point lies, by its place.
pub fn innermost(regions: &[Region], sort: Group, point: WorldPoint) -> Option<usize> {
    let holds = |region: &Region| region.group.is_like(sort) && region.rect.contains(point);
    let area = |i: usize| regions[i].rect.width * regions[i].rect.height;
    let found = (0..regions.len()).filter(|&i| holds(&regions[i]));
    found.min_by(|&a, &b| area(a).total_cmp(&area(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(group: Group, size: f64, members: &[usize]) -> Region {
        let rect = Rect { x: 0.0, y: 0.0, width: size, height: size };
        Region { group, rect, members: members.to_vec(), label_width: 60.0 }
    }

    #[test]
    fn a_point_belongs_to_the_smallest_region_of_its_sort() {
        let regions = [
            region(Group::Zone(0), 900.0, &[]),
            region(Group::Zone(1), 300.0, &[]),
            region(Group::Host(0), 100.0, &[]),
        ];
        let at = |x, sort| innermost(&regions, sort, WorldPoint::new(x, x));
        assert_eq!(at(50.0, Group::Zone(0)), Some(1));
        assert_eq!(at(50.0, Group::Host(0)), Some(2));
        assert_eq!(at(500.0, Group::Zone(0)), Some(0));
        assert_eq!(at(950.0, Group::Zone(0)), None);
    }

    #[test]
    fn a_region_goes_with_all_of_its_nodes_and_stays_when_one_leaves() {
        let moved = |nodes: &'static [usize]| move |i: usize| nodes.contains(&i);
        assert!(region(Group::Zone(0), 1.0, &[1, 2]).goes_with(moved(&[1, 2, 3])));
        assert!(!region(Group::Zone(0), 1.0, &[1, 2]).goes_with(moved(&[1])));
        assert!(!region(Group::Zone(0), 1.0, &[1]).goes_with(moved(&[1])));
        assert!(!region(Group::Zone(0), 1.0, &[]).goes_with(moved(&[1])));
    }

    #[test]
    fn a_region_holds_what_it_is_drawn_around() {
        let inner = Rect { x: 10.0, y: 10.0, width: 150.0, height: 76.0 };
        for group in [Group::Zone(0), Group::Host(0)] {
            let rect = group.around(inner);
            assert!(
                rect.contains(WorldPoint::new(10.0, 10.0)) && rect.contains(WorldPoint::new(160.0, 86.0))
            );
            let label = Region { group, rect, members: Vec::new(), label_width: 60.0 }.label();
            assert!(label.bottom() <= inner.y, "the label lies above what is inside");
        }
    }
}
