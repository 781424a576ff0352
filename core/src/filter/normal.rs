//! Forgets parentheses that change nothing.

use alloc::vec;
use alloc::vec::Vec;

use super::Comparison;

/// Renumbers the levels, which count every parenthesis of the text, so that filters with equal structure have equal
/// levels: an operator that lies directly in one of its own kind joins it (`a or (b or c)` is one `or` of three), one
/// that lies in the other kind is one level deeper, and the outermost `or` is at 0, the outermost `and` at 1.
pub(super) fn normalize(comparisons: &mut [Comparison]) {
    let written: Vec<u8> = comparisons.iter().map(|comparison| comparison.level).collect();
    let around = surrounding(&written);
    // Outer ones first. The first comparison joins nothing and keeps its 0.
    let mut outer_first: Vec<usize> = (1..written.len()).collect();
    outer_first.sort_by_key(|place| written[*place]);
    for place in outer_first {
        comparisons[place].level = match around[place] {
            None => written[place] % 2,
            Some(outer) => comparisons[outer].level + (written[place] + written[outer]) % 2,
        };
    }
}

/// For each operator the one that it lies in directly, or an equal one to its left, or none for the outermost.
fn surrounding(levels: &[u8]) -> Vec<Option<usize>> {
    let mut around = vec![None; levels.len()];
    // The operators to the left that can still have something in them, each in the one below.
    let mut open: Vec<usize> = Vec::new();
    for place in 1..levels.len() {
        let mut inner = None;
        while let Some(top) = open.pop_if(|top| levels[*top] > levels[place]) {
            inner = Some(top);
        }
        // It lay in what is now below it; this one came between.
        if let Some(inner) = inner {
            around[inner] = Some(place);
        }
        around[place] = open.last().copied();
        open.push(place);
    }
    around
}
