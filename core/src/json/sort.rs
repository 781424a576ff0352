//! Sorting entries: numbers of 64 bits, of which the upper half is what they are sorted by.
//!
//! Two small sorts instead of the standard library's: each of its instances takes more code than all of [`order`](super::order),
//! and a sender can choose what is sorted, so what counts is the worst case.

use alloc::vec::Vec;

/// Up to this many entries are put in one by one.
const FEW: usize = 24;

/// Bits that are sorted by at once.
const DIGIT: u32 = 8;

/// Sorts by the upper half of each entry, entries that agree in it keeping their order: linear, whatever they are.
pub(super) fn by_major(entries: &mut Vec<u64>, scratch: &mut Vec<u64>) {
    let is_sorted = |entries: &[u64]| entries.is_sorted_by_key(|entry| entry >> u32::BITS);
    if entries.len() <= FEW {
        return insert(entries);
    }
    if is_sorted(entries) {
        return;
    }
    scratch.clear();
    scratch.resize(entries.len(), 0);
    for shift in (u32::BITS..u64::BITS).step_by(DIGIT as usize) {
        let digit = |entry: u64| usize::from((entry >> shift).to_le_bytes()[0]);
        let mut places = [0; 1 << DIGIT];
        for entry in &*entries {
            places[digit(*entry)] += 1;
        }
        // All alike: nothing moves.
        if places[digit(entries[0])] == entries.len() {
            continue;
        }
        let mut sum = 0;
        for place in &mut places {
            sum += core::mem::replace(place, sum);
        }
        for entry in &*entries {
            let place = &mut places[digit(*entry)];
            scratch[*place] = *entry;
            *place += 1;
        }
        core::mem::swap(entries, scratch);
    }
}

fn insert(entries: &mut [u64]) {
    for end in 1..entries.len() {
        let entry = entries[end];
        let mut at = end;
        while at > 0 && entries[at - 1] >> u32::BITS > entry >> u32::BITS {
            entries[at] = entries[at - 1];
            at -= 1;
        }
        entries[at] = entry;
    }
}

/// Sorts by a strict order of the entries: a heap sort.
pub(super) fn by(entries: &mut [u64], less: impl Fn(u64, u64) -> bool) {
    let count = entries.len();
    // First every half is made a heap, then the largest is moved behind it again and again.
    for step in (0..count + count / 2).rev() {
        let (mut root, end) = if let Some(root) = step.checked_sub(count) {
            (root, count)
        } else {
            entries.swap(0, step);
            (0, step)
        };
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && less(entries[child], entries[child + 1]) {
                child += 1;
            }
            if !less(entries[root], entries[child]) {
                break;
            }
            entries.swap(root, child);
            root = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_are_sorted_by_their_upper_half_and_keep_their_order_within(
            majors in prop::collection::vec(prop_oneof![any::<u32>(), 0..300_u32, Just(7 << 16)], 0..600),
        ) {
            let mut entries: Vec<u64> =
                majors.iter().zip(0_u64..).map(|(major, place)| u64::from(*major) << u32::BITS | place).collect();
            let mut expected = entries.clone();
            expected.sort_by_key(|entry| entry >> u32::BITS);
            by_major(&mut entries, &mut Vec::from([1, 2, 3]));
            prop_assert_eq!(entries, expected);
        }

        #[test]
        fn entries_are_sorted_by_any_order(mut entries in prop::collection::vec(0..500_u64, 0..300)) {
            let mut expected = entries.clone();
            expected.sort_by(|a, b| b.cmp(a));
            by(&mut entries, |a, b| a > b);
            prop_assert_eq!(entries, expected);
        }
    }
}
