//! The order of an object's members, and members that are named twice.
//!
//! JavaScript lists array indices first (`"0"` to `"4294967294"`, no sign, no leading zero), ascending, then all other
//! keys as they were first created; a key that comes again keeps its place and takes the later value
//! (`OrdinaryOwnPropertyKeys`, ECMA-262 10.1.11.1). `__proto__` is a key like any other.
//!
//! Most objects are in order already and nothing happens. For one that is not, its members' final order is recorded
//! when it closes, over positions of the draft, and [`Order::apply`] writes the text once at the end: moving text at
//! every level would cost depth times size. Keys are compared in canonical form, which is equal for equal keys.
//!
//! No input makes this slow: members are sorted by hash (by its digits, which is linear) and, where hashes agree, by the
//! bytes of the keys, so chosen collisions buy a sender nothing but a sort.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use super::Duplicates;
use super::error::{Error, Reason};
use super::sort;

/// In a plan: the member gave way to a later one of its name.
const REPLACED: u32 = u32::MAX;

/// A position of the draft or the input; [`MAX_BYTES`](super::parse::MAX_BYTES) keeps both within 32 bits.
fn position(at: usize) -> u32 {
    u32::try_from(at).expect("texts are limited to what 32 bits can address")
}

const fn index(at: u32) -> usize {
    const { assert!(usize::BITS >= u32::BITS, "positions are indices") };
    at as usize
}

/// A member of an open object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Where its key starts in the draft: at the quote. It ends before the comma in front of the next.
    start: u32,
    /// Length of its key, with quotes.
    key_length: u32,
    hash: u32,
    /// Where its key starts in the input.
    offset: u32,
}

impl Member {
    fn key<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[index(self.start)..][..index(self.key_length)]
    }
}

/// An open object.
#[derive(Debug)]
pub(super) struct Object {
    first_member: usize,
    /// Where its members start in the draft: behind the brace.
    body: usize,
    /// No array index below this may follow: the last one that came, or beyond all when another key did.
    floor: u64,
    disordered: bool,
    /// One bit for each sixty-fourth of the hashes that came.
    seen: u64,
    /// Some bit came twice: two keys may be equal.
    suspicious: bool,
}

impl Object {
    pub(super) const fn new(first_member: usize, body: usize) -> Self {
        Self { first_member, body, floor: 0, disordered: false, seen: 0, suspicious: false }
    }

    /// Which of the parser's members is its first.
    pub(super) const fn first_member(&self) -> usize {
        self.first_member
    }

    /// Takes note of the next member: its canonical key with quotes, where that starts in the draft and the input.
    #[inline(always)]
    pub(super) fn member(&mut self, key: &[u8], start: usize, offset: usize) -> Member {
        self.floor = match quoted_index(key) {
            Some(index) => {
                self.disordered |= u64::from(index) < self.floor;
                u64::from(index)
            }
            None => u64::MAX,
        };
        let hash = hash(key);
        let bit = 1 << (hash % u64::BITS);
        self.suspicious |= self.seen & bit != 0;
        self.seen |= bit;
        Member { start: position(start), key_length: position(key.len()), hash, offset: position(offset) }
    }
}

/// The members of one object, rearranged: `body` of the draft becomes `pieces`, with commas between them.
#[derive(Debug)]
struct Rearranged {
    body: Range<usize>,
    pieces: Range<usize>,
}

/// What has to be rearranged in a draft.
#[derive(Debug)]
pub(super) struct Order {
    duplicates: Duplicates,
    objects: Vec<Rearranged>,
    /// Members as ranges of the draft, in their final order.
    pieces: Vec<Range<u32>>,
    // Kept for their memory.
    plan: Vec<u32>,
    sorted: Vec<u64>,
    scratch: Vec<u64>,
}

impl Order {
    pub(super) const fn new(duplicates: Duplicates) -> Self {
        Self {
            duplicates,
            objects: Vec::new(),
            pieces: Vec::new(),
            plan: Vec::new(),
            sorted: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Closes an object of these members, which end where the `text` of the draft does.
    #[inline]
    pub(super) fn close<'a>(
        &mut self,
        object: &Object,
        members: &[Member],
        text: impl FnOnce() -> &'a [u8],
    ) -> Result<(), Error> {
        if object.suspicious || object.disordered { self.settle(object, members, text()) } else { Ok(()) }
    }

    #[inline(never)]
    fn settle(&mut self, object: &Object, members: &[Member], text: &[u8]) -> Result<(), Error> {
        self.plan.clear();
        self.plan.extend(0..position(members.len()));
        let repeated = object.suspicious && self.find_duplicates(text, members)?;
        if repeated || object.disordered {
            self.rearrange(object, text, members);
        }
        Ok(())
    }

    /// Whether a key comes twice. If so, the plan says for each member which one stands in its place.
    fn find_duplicates(&mut self, text: &[u8], members: &[Member]) -> Result<bool, Error> {
        self.sort_by_hash(members);
        let key = |entry: u64| members[member_of(entry)].key(text);
        let mut first_repeated: Option<u32> = None;
        for run in self.sorted.chunk_by_mut(|a, b| a >> u32::BITS == b >> u32::BITS) {
            let [mut first, .., _] = *run else { continue };
            sort::by(run, |a, b| key(a).cmp(key(b)).then(a.cmp(&b)).is_lt());
            for entry in &*run {
                let member = member_of(*entry);
                if *entry == run[0] || key(first) != key(*entry) {
                    first = *entry;
                    continue;
                }
                self.plan[member_of(first)] = position(member);
                self.plan[member] = REPLACED;
                let offset = members[member].offset;
                first_repeated = Some(first_repeated.map_or(offset, |first| first.min(offset)));
            }
        }
        match (first_repeated, self.duplicates) {
            (Some(offset), Duplicates::Reject) => Err(Error::new(index(offset), Reason::DuplicateKey)),
            (found, _) => Ok(found.is_some()),
        }
    }

    /// Members as numbers that sort by hash, then by place.
    fn sort_by_hash(&mut self, members: &[Member]) {
        self.sorted.clear();
        self.sorted.extend((0_u32..).zip(members).map(|(place, member)| entry(member.hash, place)));
        sort::by_major(&mut self.sorted, &mut self.scratch);
    }

    /// Records the final order of an object's members, as the plan says which there are.
    fn rearrange(&mut self, object: &Object, text: &[u8], members: &[Member]) {
        let first_piece = self.pieces.len();
        let piece = |member: usize| {
            let end = members.get(member + 1).map_or(text.len(), |next| index(next.start) - 1);
            members[member].start..position(end)
        };
        self.sorted.clear();
        let members_left = self.plan.iter().filter(|member| **member != REPLACED);
        // Behind the last index there is one number left, for all that is none.
        self.sorted.extend(members_left.map(|member| {
            entry(quoted_index(members[index(*member)].key(text)).unwrap_or(u32::MAX), *member)
        }));
        sort::by_major(&mut self.sorted, &mut self.scratch);
        self.pieces.extend(self.sorted.iter().map(|entry| piece(member_of(*entry))));
        self.objects
            .push(Rearranged { body: object.body..text.len(), pieces: first_piece..self.pieces.len() });
    }

    /// The draft with every object in order.
    pub(super) fn apply(mut self, draft: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
        if self.objects.is_empty() {
            return draft;
        }
        // They closed from the inside out; a walk through the draft meets them by where they start.
        self.sorted.clear();
        self.sorted.extend(
            (0_u32..).zip(&self.objects).map(|(place, object)| entry(position(object.body.start), place)),
        );
        sort::by_major(&mut self.sorted, &mut self.scratch);
        let text = &*draft;
        let mut out = Vec::with_capacity(text.len());
        // What is still to be written, next on top: a range of the draft, and whether a comma goes before it.
        let mut todo = Vec::from([(0..position(text.len()), false)]);
        while let Some((range, comma)) = todo.pop() {
            if comma {
                out.push(b',');
            }
            let (start, end) = (index(range.start), index(range.end));
            // One that starts here is the object whose piece this is: a brace goes before every other.
            let next = self.sorted.partition_point(|object| *object >> u32::BITS <= u64::from(range.start));
            let object = self.sorted.get(next).map(|object| &self.objects[member_of(*object)]);
            let Some(object) = object.filter(|object| object.body.end <= end) else {
                out.extend_from_slice(&text[start..end]);
                continue;
            };
            out.extend_from_slice(&text[start..object.body.start]);
            todo.push((position(object.body.end)..range.end, false));
            let pieces = &self.pieces[object.pieces.clone()];
            todo.extend(pieces.iter().enumerate().rev().map(|(place, piece)| (piece.clone(), place > 0)));
        }
        Cow::Owned(out)
    }
}

/// Sorts by `major`, then by `member`.
fn entry(major: u32, member: u32) -> u64 {
    u64::from(major) << u32::BITS | u64::from(member)
}

/// The member of an [`entry`].
fn member_of(entry: u64) -> usize {
    let [a, b, c, d, ..] = entry.to_le_bytes();
    index(u32::from_le_bytes([a, b, c, d]))
}

/// The array index that a key, given with quotes, stands for: the decimal form of 0 to 2³² − 2.
#[inline(always)]
fn quoted_index(key: &[u8]) -> Option<u32> {
    // Hardly any key begins with a digit.
    if key[1].is_ascii_digit() { array_index(&key[1..key.len() - 1]) } else { None }
}

/// The same for a key without its quotes.
#[inline(never)]
pub(crate) fn array_index(digits: &[u8]) -> Option<u32> {
    match digits {
        [b'0'] => Some(0),
        [b'1'..=b'9', rest @ ..] if rest.len() < 10 && rest.iter().all(u8::is_ascii_digit) => {
            let value = digits.iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            u32::try_from(value).ok().filter(|index| *index < u32::MAX)
        }
        _ => None,
    }
}

/// A fast hash that spreads well; nothing relies on its collisions being hard to find.
#[inline(always)]
fn hash(key: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
    let mut state = key.len() as u64;
    // The last word may overlap the one before it: no length needs its bytes one by one.
    let last = match (key.first_chunk::<4>(), key.last_chunk::<4>(), key.last_chunk::<8>()) {
        (.., Some(last)) => {
            let (words, _) = key.as_chunks();
            state = words.iter().fold(state, |state, word| mix(state, u64::from_le_bytes(*word)));
            u64::from_le_bytes(*last)
        }
        (Some(first), Some(last), None) => entry(u32::from_le_bytes(*first), u32::from_le_bytes(*last)),
        // Two quotes, and between them one byte at most.
        _ => u64::from(key[1]),
    };
    let [.., a, b, c, d] = mix(state, last).wrapping_mul(MULTIPLIER).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use std::time::{Duration, Instant};

    use super::*;

    /// An object of these keys, brought in order with one hash for all: whatever the hash, an attacker is granted it.
    #[expect(clippy::disallowed_methods, reason = "a test of how long something takes reads the clock")]
    fn collide(keys: &[String], duplicates: Duplicates) -> Result<String, Error> {
        let (mut text, mut members) = (String::from("{"), Vec::new());
        let mut object = Object::new(0, 1);
        for (place, key) in keys.iter().enumerate() {
            let start = text.len() + usize::from(place > 0);
            text += if place > 0 { "," } else { "" };
            text += key;
            let member = object.member(key.as_bytes(), start, start);
            members.push(Member { hash: 7, ..member });
            text += &format!(":{place}");
        }
        let start = Instant::now();
        let mut order = Order::new(duplicates);
        object.suspicious = true;
        let end = text.len();
        text.push('}');
        order.close(&object, &members, || &text.as_bytes()[..end])?;
        let text = String::from_utf8(order.apply(Cow::Borrowed(text.as_bytes())).into_owned()).unwrap();
        assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
        Ok(text)
    }

    fn keys(count: u32) -> Vec<String> {
        let key = |place: u32| format!("\"{:0>300} {}\"", "the same beginning", place * 7_919 % count);
        (0..count).map(key).collect()
    }

    #[test]
    fn keys_of_one_hash_cost_a_sort_and_stay_apart() {
        let keys = keys(50_000);
        let members = keys.iter().zip(0..).map(|(key, place)| format!("{key}:{place}")).collect::<Vec<_>>();
        assert!(collide(&keys, Duplicates::Reject).unwrap() == format!("{{{}}}", members.join(",")));
    }

    #[test]
    fn a_repeated_key_is_found_among_keys_of_one_hash() {
        let once = keys(50_000);
        let twice = [once.clone(), once.clone()].concat();
        let members =
            once.iter().zip(50_000..).map(|(key, place)| format!("{key}:{place}")).collect::<Vec<_>>();
        assert!(collide(&twice, Duplicates::LastWins).unwrap() == format!("{{{}}}", members.join(",")));
        let reason = collide(&twice, Duplicates::Reject).unwrap_err().reason();
        assert_eq!(reason, Reason::DuplicateKey);
    }

    #[test]
    fn hashes_of_ordinary_keys_hardly_collide() {
        let mut hashes: Vec<u32> = (0..100_000).map(|key| hash(format!("\"key{key}\"").as_bytes())).collect();
        hashes.sort_unstable();
        // By chance: 100,000 squared, halved, by 2^32, which is 1.2.
        let collisions = hashes.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(collisions < 20, "{collisions}");
    }

    #[test]
    fn array_indices_are_the_decimal_forms_below_two_to_the_32_minus_one() {
        for (key, index) in [
            ("\"0\"", Some(0)),
            ("\"7\"", Some(7)),
            ("\"4294967294\"", Some(u32::MAX - 1)),
            ("\"4294967295\"", None),
            ("\"9999999999\"", None),
            ("\"10000000000\"", None),
            ("\"00\"", None),
            ("\"-1\"", None),
            ("\"1a\"", None),
            ("\"\"", None),
        ] {
            assert_eq!(quoted_index(key.as_bytes()), index, "{key}");
        }
    }
}
