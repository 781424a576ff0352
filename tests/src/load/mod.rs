//! What publishes to a server and what receives from it, by the thousand, and the reckoning between the two.
//!
//! An event carries a [mark](marks): its number, and when it was sent. So whoever receives it can say which one it is and
//! how long it took, in any system's form, and every test and benchmark under load can end by holding what was
//! acknowledged against what arrived.

pub mod balance;
pub mod events;
pub mod marks;
pub mod publisher;
pub mod taker;
pub mod usage;
pub mod wire;

/// The value below which so many of a hundred lie; 0 of none.
#[must_use]
pub fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().unwrap_or(0)
}
