//! Sorting what is short and rare: one sort for all types, where the library's makes one of each.
//!
//! [`slice::sort_by`] is some five kilobytes for each type and comparison, more than most of what calls it. Here the places
//! of the items are sorted, by a comparison that is called through a pointer, and the items then follow. What sorts
//! often, or much, takes the library's.
//!
//! ```
//! let mut words = ["much", "to", "sort"];
//! loadpath_core::order::sort_by(&mut words, |a, b| a.len().cmp(&b.len()));
//! assert_eq!(words, ["to", "much", "sort"]);
//! ```
use std::cmp::Ordering;

/// Sorts by a comparison, which is a total order; equal items keep their order. O(n log n), and room for a number per item.
///
/// # Panics
/// When there are more than 2³² items.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut from = places(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    for first in 0..from.len() {
        let mut place = first;
        // Along its cycle: each swap brings one item to its place.
        loop {
            let next = std::mem::replace(&mut from[place], place as u32) as usize;
            if next == first {
                break;
            }
            items.swap(place, next);
            place = next;
        }
    }
}

/// Sorts by a key; equal items keep their order. The key is made anew for each comparison.
///
/// # Panics
/// When there are more than 2³² items.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Gathers items into a collection one after the other: collecting into a tree sorts them first, by a sort of their own.
pub fn gather<T, C: Default + Extend<T>>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}

/// Which item comes to each place.
#[inline(never)]
fn places(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<u32> {
    let count = u32::try_from(count).expect("a list of the page's or a design's has far fewer items");
    let mut places: Vec<u32> = (0..count).collect();
    places.sort_by(|&a, &b| compare(a as usize, b as usize));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The twin is the library's stable sort; the second number tells equal items apart.
        #[test]
        fn it_sorts_as_the_library_does(keys in prop::collection::vec(0_u8..16, 0..200)) {
            let mut items: Vec<(u8, usize)> = keys.into_iter().enumerate().map(|(at, key)| (key, at)).collect();
            let mut twin = items.clone();
            twin.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            prop_assert_eq!(items, twin);
        }
    }
}
