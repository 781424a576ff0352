//! Whose turn it is.
//!
//! A slot goes to the waiting member that holds the fewest, and among equals to the one whose last turn is longest
//! ago. A member whose attempts are slow keeps its slots longer and so gets new ones less often: what is shared out
//! evenly is slot *time*. Nobody who waits starves: who holds none comes before everybody who holds some, and whose
//! slots all come back holds none.

use std::collections::BTreeSet;
use std::hash::Hash;

use crate::domain::IdMap;

/// Members that share slots.
#[derive(Debug)]
pub(super) struct Turns<K> {
    members: IdMap<K, Member>,
    waiting: BTreeSet<(usize, u64, K)>,
    turn: u64,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    held: usize,
    last_turn: u64,
    waiting: bool,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { members: IdMap::default(), waiting: BTreeSet::new(), turn: 0 }
    }
}

impl<K: Copy + Ord + Hash> Turns<K> {
    /// Whose turn it is, among those that hold fewer slots than this.
    pub(super) fn next_below(&self, most: usize) -> Option<K> {
        // Who holds the fewest comes first: if that one holds too many, all do.
        self.waiting.first().filter(|(held, _, _)| *held < most).map(|&(_, _, key)| key)
    }

    /// Whether anybody waits.
    pub(super) fn any_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether there is nobody: none waits and none holds a slot.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Says whether a member waits for a slot. A new one comes after those that wait already and hold as many.
    pub(super) fn set_waiting(&mut self, key: K, waiting: bool) {
        if !waiting && !self.members.contains_key(&key) {
            return;
        }
        self.turn += 1;
        let turn = self.turn;
        self.change(key, turn, |member| member.waiting = waiting);
    }

    /// A member takes a slot.
    pub(super) fn take(&mut self, key: K) {
        self.turn += 1;
        let turn = self.turn;
        self.change(key, turn, |member| {
            member.held += 1;
            member.last_turn = turn;
        });
    }

    /// A member gives a slot back.
    pub(super) fn give_back(&mut self, key: K) {
        let turn = self.turn;
        self.change(key, turn, |member| member.held = member.held.saturating_sub(1));
    }

    fn change(&mut self, key: K, joined: u64, change: impl FnOnce(&mut Member)) {
        let member = self.members.entry(key).or_insert(Member { held: 0, last_turn: joined, waiting: false });
        let before = *member;
        change(member);
        let after = *member;
        if before.waiting {
            self.waiting.remove(&(before.held, before.last_turn, key));
        }
        if after.waiting {
            self.waiting.insert((after.held, after.last_turn, key));
        } else if after.held == 0 {
            self.members.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(turns: &mut Turns<char>) -> char {
        let key = turns.next_below(usize::MAX).unwrap();
        turns.take(key);
        key
    }

    #[test]
    fn equals_take_turns() {
        let mut turns = Turns::default();
        for key in ['a', 'b', 'c'] {
            turns.set_waiting(key, true);
        }
        let served: String = (0..6).map(|_| serve(&mut turns)).collect();
        assert_eq!(served, "abcabc");
    }

    #[test]
    fn who_keeps_its_slots_gets_new_ones_less_often() {
        let mut turns = Turns::default();
        turns.set_waiting('s', true);
        turns.set_waiting('f', true);
        let mut slow = 0;
        for _ in 0..100 {
            // The fast one gives its slot back at once, the slow one never.
            match serve(&mut turns) {
                'f' => turns.give_back('f'),
                _ => slow += 1,
            }
        }
        assert_eq!(slow, 1);
    }

    #[test]
    fn who_gives_its_slot_back_before_the_next_turn_does_not_keep_its_place() {
        let mut turns = Turns::default();
        turns.set_waiting('a', true);
        turns.set_waiting('b', true);
        let mut served = String::new();
        for _ in 0..6 {
            let key = serve(&mut turns);
            turns.give_back(key);
            served.push(key);
        }
        assert_eq!(served, "ababab");
    }

    #[test]
    fn who_holds_as_many_as_are_allowed_gets_no_more() {
        let mut turns = Turns::default();
        turns.set_waiting('a', true);
        turns.take('a');
        turns.take('a');
        assert_eq!((turns.next_below(2), turns.next_below(3)), (None, Some('a')));
        turns.set_waiting('b', true);
        assert_eq!(turns.next_below(2), Some('b'));
    }

    #[test]
    fn who_neither_waits_nor_holds_is_forgotten() {
        let mut turns = Turns::default();
        turns.set_waiting('a', true);
        turns.take('a');
        turns.set_waiting('a', false);
        assert!(!turns.is_empty());
        assert_eq!(turns.next_below(usize::MAX), None);
        turns.give_back('a');
        assert!(turns.is_empty());
    }
}
