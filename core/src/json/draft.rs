//! The text that is being written: mostly long stretches of the input, as they stand.
//!
//! Whatever is read is also written, unless the draft is told to put something else in its place. So what is canonical
//! costs nothing but being read, stretches are copied whole, and a document that is canonical already is not copied at
//! all. Nothing else has to know whether it is.
//!
//! Invariant: once the input is read up to `at`, the draft is `own` followed by `input[from..at]`.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

/// Up to this length a stretch is copied as if it were as long.
const SHORT: usize = 32;

/// A text under construction. Positions in it never move: objects are brought in order at the end, see
/// [`order`](super::order).
#[derive(Debug)]
pub(super) struct Draft<'a> {
    input: &'a str,
    own: Vec<u8>,
    from: usize,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(input: &'a str) -> Self {
        Self { input, own: Vec::new(), from: 0 }
    }

    /// The text that is read.
    pub(super) const fn input(&self) -> &'a str {
        self.input
    }

    /// Its length in bytes when the input is read up to `at`.
    #[inline(always)]
    pub(super) const fn len(&self, at: usize) -> usize {
        self.own.len() + (at - self.from)
    }

    /// What was written when the input is read up to `at`.
    pub(super) fn text(&mut self, at: usize) -> &[u8] {
        if self.own.is_empty() {
            return &self.input.as_bytes()[self.from..at];
        }
        self.settle(at);
        &self.own
    }

    /// What was written since the draft had this length, when the input is read up to `at`.
    #[inline(always)]
    pub(super) fn since(&mut self, length: usize, at: usize) -> &[u8] {
        if let Some(skipped) = length.checked_sub(self.own.len()) {
            return &self.input.as_bytes()[self.from + skipped..at];
        }
        &self.text(at)[length..]
    }

    /// Writes `text` instead of a part of the input, which goes on behind it. A part that says the same stays.
    #[inline]
    pub(super) fn replace(&mut self, part: Range<usize>, text: &str) {
        if self.input.as_bytes()[part.clone()] != *text.as_bytes() {
            self.settle(part.start);
            self.own.extend_from_slice(text.as_bytes());
            self.from = part.end;
        }
    }

    /// Copies what up to `at` is still only a stretch of the input.
    #[inline(always)]
    fn settle(&mut self, at: usize) {
        let rest = &self.input.as_bytes()[self.from..];
        let length = at - self.from;
        if length == 0 {
            return;
        }
        if self.own.is_empty() {
            self.own.reserve(self.input.len() + SHORT);
        }
        // Most stretches are short, and a copy of constant length is a few instructions.
        match rest.first_chunk::<SHORT>() {
            Some(chunk) if length <= SHORT => {
                let end = self.own.len() + length;
                self.own.extend_from_slice(chunk);
                self.own.truncate(end);
            }
            _ => self.own.extend_from_slice(&rest[..length]),
        }
        self.from = at;
    }

    /// The whole text, the input being read up to `at`: a part of the input if it is one stretch of it.
    pub(super) fn finish(mut self, at: usize) -> Cow<'a, [u8]> {
        if self.own.is_empty() {
            return Cow::Borrowed(&self.input.as_bytes()[self.from..at]);
        }
        self.settle(at);
        Cow::Owned(self.own)
    }
}
