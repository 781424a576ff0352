//! The text that is being written: mostly long stretches of the input, as they stand.
//!
//! Invariant: the draft is `own` followed by `input[from..to]`. Adding what follows in the input only moves `to`, so
//! that stretches are copied whole, and a document that is canonical already is not copied at all. Nothing else has to
//! know whether it is.

use alloc::borrow::Cow;
use alloc::string::String;

/// A text under construction. Positions in it never move: objects are brought in order at the end, see
/// [`order`](super::order).
#[derive(Debug)]
pub(super) struct Draft<'a> {
    input: &'a str,
    own: String,
    from: usize,
    to: usize,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(input: &'a str) -> Self {
        Self { input, own: String::new(), from: 0, to: 0 }
    }

    /// The text that is read.
    pub(super) const fn input(&self) -> &'a str {
        self.input
    }

    /// Its length in bytes.
    pub(super) const fn len(&self) -> usize {
        self.own.len() + (self.to - self.from)
    }

    /// What was written so far.
    pub(super) fn text(&mut self) -> &str {
        if self.own.is_empty() {
            return &self.input[self.from..self.to];
        }
        self.settle();
        &self.own
    }

    /// What was written since the draft had this length.
    pub(super) fn since(&mut self, length: usize) -> &str {
        if let Some(skipped) = length.checked_sub(self.own.len()) {
            return &self.input[self.from + skipped..self.to];
        }
        &self.text()[length..]
    }

    /// Adds `input[from..to]`.
    #[inline]
    pub(super) fn keep(&mut self, from: usize, to: usize) {
        if from != self.to {
            self.settle();
            self.from = from;
        }
        self.to = to;
    }

    /// Adds a text. If it follows in the input, that stays as it is.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        if self.input.as_bytes()[self.to..].starts_with(text.as_bytes()) {
            self.to += text.len();
        } else {
            self.settle();
            self.own.push_str(text);
        }
    }

    /// Copies what is still only a stretch of the input.
    fn settle(&mut self) {
        if self.from == self.to {
            return;
        }
        if self.own.is_empty() {
            self.own.reserve(self.input.len());
        }
        self.own.push_str(&self.input[self.from..self.to]);
        self.from = self.to;
    }

    /// The whole text: a part of the input if it is one stretch of it.
    pub(super) fn finish(mut self) -> Cow<'a, str> {
        if self.own.is_empty() {
            return Cow::Borrowed(&self.input[self.from..self.to]);
        }
        self.settle();
        Cow::Owned(self.own)
    }
}
