//! The text that is being written, which is the input itself for as long as they agree.
//!
//! Invariant: before the first divergence the draft is `input[..same]`; after it, a text of its own. So a document
//! that is canonical already is never copied, and nothing has to know whether it is.

use alloc::borrow::Cow;
use alloc::string::String;

/// A text under construction. Positions in it never move: objects are brought in order at the end, see
/// [`order`](super::order).
#[derive(Debug)]
pub(super) struct Draft<'a> {
    input: &'a str,
    same: usize,
    own: Option<String>,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(input: &'a str) -> Self {
        Self { input, same: 0, own: None }
    }

    /// The text that is read.
    pub(super) const fn input(&self) -> &'a str {
        self.input
    }

    /// What was written so far.
    pub(super) fn text(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.input[..self.same])
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.own.as_ref().map_or(self.same, String::len)
    }

    /// Adds `input[from..to]`.
    #[inline]
    pub(super) fn keep(&mut self, from: usize, to: usize) {
        match &mut self.own {
            Some(own) => own.push_str(&self.input[from..to]),
            None if from == self.same => self.same = to,
            None => self.push(&self.input[from..to]),
        }
    }

    /// Adds a text.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        match &mut self.own {
            Some(own) => own.push_str(text),
            None if self.input.as_bytes()[self.same..].starts_with(text.as_bytes()) => {
                self.same += text.len();
            }
            None => self.diverge(text),
        }
    }

    #[cold]
    fn diverge(&mut self, text: &str) {
        let mut own = String::with_capacity(self.input.len().max(self.same + text.len()));
        own.push_str(&self.input[..self.same]);
        own.push_str(text);
        self.own = Some(own);
    }

    /// The whole text: a part of the input if they never diverged.
    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.own {
            Some(own) => Cow::Owned(own),
            None => Cow::Borrowed(&self.input[..self.same]),
        }
    }
}
