//! The idempotency window: which event was accepted under which key, recently.
//!
//! A key is 64 bits of a digest of (tenant, source, id); the event's row holds the key itself, so a hit is only a
//! hint which row to compare with. The digest starts with the tenant's random name, so nobody can prepare keys that
//! collide, and a collision by chance (one in 10¹¹ at ten million keys) costs no correctness: the row tells.
//!
//! The window ends at an age and at a number of keys, whichever comes first. About 40 bytes per key.

use core::hash::{BuildHasherDefault, Hasher};
use core::time::Duration;
use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::domain::{EventId, TenantUid, Timestamp};

/// How far back a repeated event is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DedupeWindow {
    /// Keys older than this are forgotten.
    pub(super) age: Duration,
    /// With more keys than this the oldest are forgotten.
    pub(super) keys: usize,
}

impl Default for DedupeWindow {
    /// 24 hours, ten million keys.
    fn default() -> Self {
        Self { age: Duration::from_secs(24 * 60 * 60), keys: 10_000_000 }
    }
}

/// A digest of an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

impl Key {
    pub(super) fn of(tenant: &TenantUid, source: &str, id: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(tenant.as_bytes());
        digest.update(source.len().to_be_bytes());
        digest.update(source);
        digest.update(id);
        // Constant: a SHA-256 digest has 32 bytes.
        Self(u64::from_be_bytes(*digest.finalize().first_chunk().expect("a digest has eight bytes")))
    }
}

/// The keys of the committed events.
pub(super) struct Dedupe {
    window: DedupeWindow,
    events: HashMap<Key, EventId, BuildHasherDefault<Taken>>,
    /// In the order of acceptance.
    order: VecDeque<Entry>,
}

/// Sixteen bytes: what is needed to take a key out again when its time has come.
struct Entry {
    key: Key,
    /// The low half of the event's id: tells this entry from a later one with the same key.
    event: u32,
    /// Seconds since 1970.
    received: u32,
}

impl Dedupe {
    pub(super) fn new(window: DedupeWindow) -> Self {
        Self { window, events: HashMap::default(), order: VecDeque::new() }
    }

    /// The event that may have been accepted under this key.
    pub(super) fn get(&self, key: Key) -> Option<EventId> {
        self.events.get(&key).copied()
    }

    /// Remembers an event. Events come in the order of their ids.
    pub(super) fn insert(&mut self, key: Key, event: EventId, received: Timestamp) {
        self.events.insert(key, event);
        self.order.push_back(Entry { key, event: low(event), received: seconds(received) });
        if self.order.len() > self.window.keys {
            self.forget_oldest();
        }
    }

    /// Forgets what is too old.
    pub(super) fn forget_until(&mut self, now: Timestamp) {
        let horizon = i128::from(now.as_second()) - i128::from(self.window.age.as_secs());
        while self.order.front().is_some_and(|entry| i128::from(entry.received) < horizon) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(entry) = self.order.pop_front() else { return };
        if self.events.get(&entry.key).is_some_and(|event| low(*event) == entry.event) {
            self.events.remove(&entry.key);
        }
    }

    /// The first moment that a starting store has to read events from.
    pub(super) fn start(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.window.age).unwrap_or(Timestamp::MIN)
    }

    /// How many of the newest events are worth reading.
    pub(super) const fn capacity(&self) -> usize {
        self.window.keys
    }
}

fn low(event: EventId) -> u32 {
    let [.., a, b, c, d] = event.get().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Saturates in 1970 and 2106.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX)
}

/// Takes a key as it is: it is a digest already.
#[derive(Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn window(age: u64, keys: usize) -> Dedupe {
        Dedupe::new(DedupeWindow { age: Duration::from_secs(age), keys })
    }

    #[test]
    fn a_key_keeps_tenant_source_and_id_apart() {
        let (a, b) = (TenantUid::new([1; 16]), TenantUid::new([2; 16]));
        let key = Key::of(&a, "/source", "id");
        assert_eq!(key, Key::of(&a, "/source", "id"));
        for other in [Key::of(&b, "/source", "id"), Key::of(&a, "/sourcei", "d"), Key::of(&a, "/source", "")]
        {
            assert_ne!(key, other);
        }
    }

    #[test]
    fn the_oldest_keys_go_when_there_are_too_many() {
        let mut dedupe = window(3_600, 2);
        for event in 1..=3_i64 {
            dedupe.insert(Key(event.unsigned_abs()), EventId::new(event), time(0));
        }
        assert_eq!([1, 2, 3].map(|key| dedupe.get(Key(key)).map(EventId::get)), [None, Some(2), Some(3)]);
    }

    #[test]
    fn keys_go_when_they_are_older_than_the_window() {
        let mut dedupe = window(10, 100);
        dedupe.insert(Key(1), EventId::new(1), time(100));
        dedupe.insert(Key(2), EventId::new(2), time(101));
        dedupe.forget_until(time(110));
        assert!(dedupe.get(Key(1)).is_some(), "as old as the window, not older");
        dedupe.forget_until(time(111));
        assert_eq!([1, 2].map(|key| dedupe.get(Key(key)).map(EventId::get)), [None, Some(2)]);
    }

    #[test]
    fn a_key_taken_again_outlives_its_older_entry() {
        let mut dedupe = window(10, 100);
        dedupe.insert(Key(1), EventId::new(1), time(100));
        dedupe.insert(Key(1), EventId::new(2), time(105));
        dedupe.forget_until(time(112));
        assert_eq!(dedupe.get(Key(1)), Some(EventId::new(2)));
        dedupe.forget_until(time(116));
        assert_eq!(dedupe.get(Key(1)), None);
        assert!(dedupe.order.is_empty() && dedupe.events.is_empty());
    }
}
