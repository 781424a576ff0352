//! The text that is being written: mostly long stretches of the input, as they stand.
//!
//! Whatever is read is also written, unless the draft is told to put something else in its place. So what is canonical
//! costs nothing but being read, stretches are copied whole, and a document that is canonical already is not copied at
//! all. Nothing else has to know whether it is.
//!
//! Invariant: once the input is read up to `at`, the draft is what is `own` followed by `input[from..at]`.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Up to this length a stretch is copied as if it were as long.
const SHORT: usize = 32;

/// A text that takes the place of another: an escape, a character or a number.
#[derive(Clone, Debug)]
pub(super) struct Short {
    /// The text, and room.
    bytes: [u8; SHORT],
    length: usize,
}

impl Short {
    pub(super) const fn new() -> Self {
        Self { bytes: [b'0'; SHORT], length: 0 }
    }

    /// A character as it is.
    pub(super) fn of(character: char) -> Self {
        let mut text = Self::new();
        text.length = character.encode_utf8(&mut text.bytes).len();
        text
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Puts a text behind it, as far as there is room: no escape and no number takes as much.
    #[inline(never)]
    pub(super) fn push(&mut self, text: &[u8]) {
        for byte in text {
            self.push_byte(*byte);
        }
    }

    /// Puts a digit or another byte behind it.
    pub(super) fn push_byte(&mut self, byte: u8) {
        if let Some(room) = self.bytes.get_mut(self.length) {
            *room = byte;
            self.length += 1;
        }
    }
}

/// A text under construction. Positions in it never move: objects are brought in order at the end, see
/// [`order`](super::order).
#[derive(Debug)]
pub(super) struct Draft<'a> {
    input: &'a str,
    /// What is written, up to `length`, and room.
    own: Vec<u8>,
    length: usize,
    from: usize,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(input: &'a str) -> Self {
        Self { input, own: Vec::new(), length: 0, from: 0 }
    }

    /// The text that is read.
    pub(super) const fn input(&self) -> &'a str {
        self.input
    }

    /// Its length in bytes when the input is read up to `at`.
    #[inline(always)]
    pub(super) const fn len(&self, at: usize) -> usize {
        self.length + (at - self.from)
    }

    /// What was written when the input is read up to `at`.
    pub(super) fn text(&mut self, at: usize) -> &[u8] {
        if self.length == 0 {
            return &self.input.as_bytes()[self.from..at];
        }
        self.settle(at);
        &self.own[..self.length]
    }

    /// What was written since the draft had this length, when the input is read up to `at`.
    #[inline(always)]
    pub(super) fn since(&mut self, length: usize, at: usize) -> &[u8] {
        if let Some(skipped) = length.checked_sub(self.length) {
            return &self.input.as_bytes()[self.from + skipped..at];
        }
        &self.text(at)[length..]
    }

    /// Writes `text` instead of a part of the input, which goes on behind it: whole characters both. A part that says the
    /// same stays.
    pub(super) fn replace(&mut self, part: Range<usize>, text: &Short) {
        if self.input.as_bytes()[part.clone()] != *text.as_bytes() {
            self.settle(part.start);
            self.write(&text.bytes, text.length);
            self.from = part.end;
        }
    }

    /// Leaves out a part of the input.
    #[inline(always)]
    pub(super) fn leave_out(&mut self, part: Range<usize>) {
        self.copy(part.start);
        self.from = part.end;
    }

    /// Copies what up to `at` is still only a stretch of the input.
    #[inline(never)]
    fn settle(&mut self, at: usize) {
        self.copy(at);
    }

    /// [`settle`](Self::settle), for who does so all the time.
    #[inline(always)]
    fn copy(&mut self, at: usize) {
        if at > self.from {
            self.write(&self.input.as_bytes()[self.from..], at - self.from);
            self.from = at;
        }
    }

    /// Writes the first `length` bytes of `text`.
    #[inline(always)]
    fn write(&mut self, text: &[u8], length: usize) {
        if self.own.len() - self.length < length + SHORT {
            self.make_room(length + SHORT);
        }
        let room = &mut self.own[self.length..];
        // Most stretches are short, and a copy of constant length is a few instructions.
        match (text.first_chunk(), room.first_chunk_mut::<SHORT>()) {
            (Some(chunk), Some(room)) if length <= SHORT => *room = *chunk,
            _ => room[..length].copy_from_slice(&text[..length]),
        }
        self.length += length;
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, room: usize) {
        if self.own.is_empty() {
            self.own = vec![0; room.max(self.input.len() + SHORT)];
        } else {
            self.own.resize(self.length + room.max(self.length), 0);
        }
    }

    /// The whole text, the input being read up to `at`: a part of the input if it is one stretch of it.
    pub(super) fn finish(mut self, at: usize) -> Cow<'a, [u8]> {
        if self.length == 0 {
            return Cow::Borrowed(&self.input.as_bytes()[self.from..at]);
        }
        self.settle(at);
        self.own.truncate(self.length);
        Cow::Owned(self.own)
    }
}
