//! Reading values out of canonical text, in place.
//!
//! A [`View`] only ever lies over text that was written by this module, so its syntax is not in question: there is no
//! white space, every string and number has its one form, and navigation cannot fail on anything but "there is no such
//! member". Nothing is indexed: to look up a member is to step over those before it, with one counter for what is open
//! and no recursion. Reading some members of a document is linear; visiting every level of a deep one costs its size
//! times its depth.

use alloc::borrow::{Cow, ToOwned as _};
use core::fmt;
use core::iter::FusedIterator;

use super::string::{self, Decoded};
use super::{Canonical, LoneSurrogate};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, finite: `JSON.stringify` writes `null` for others.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A value inside canonical text. Equal when the text is, which is when JavaScript would write the same.
///
/// ```
/// use sigpost_core::json::{Canonical, Kind, Limits};
/// let text = Canonical::parse(br#"{"n": [1.0, true], "\u0061": "b"}"#, Limits::default()).unwrap();
/// let view = text.view();
/// assert_eq!(view.get("a").and_then(|a| a.as_str()).as_deref(), Some("b"));
/// let mut elements = view.get("n").and_then(|n| n.elements()).unwrap();
/// assert_eq!(elements.next().and_then(|n| n.as_i64()), Some(1));
/// assert_eq!(elements.next().map(|value| value.kind()), Some(Kind::Bool));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct View<'a>(&'a str);

impl<'a> View<'a> {
    /// Over the text of exactly one value, in canonical form.
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Its canonical text.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// What it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self.0.as_bytes() {
            [b'{', ..] => Kind::Object,
            [b'[', ..] => Kind::Array,
            [b'"', ..] => Kind::String,
            [b't' | b'f', ..] => Kind::Bool,
            [b'n', ..] | [] => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Its members in JavaScript's order, each key once. None if it is no object.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        self.inside('{', '}').map(|rest| Members { rest })
    }

    /// The value of a member. None if there is none of this name, or this is no object.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.members()?.find(|(name, _)| name.matches(key)).map(|(_, value)| value)
    }

    /// Its elements. None if it is no array.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        self.inside('[', ']').map(|rest| Elements { rest })
    }

    /// Its truth. None if it is no boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Its value if it is an integer, as canonical text shows it: `1.0` and `1e2` are, `1.5` and `1e21` are not. None
    /// if it does not fit. Integers beyond ±2⁵³ were rounded as JavaScript does.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        // No text of another kind is an i64: strings have quotes, and JSON has no plus.
        self.0.parse().ok()
    }

    /// Its value if it is a number.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.kind() {
            Kind::Number => self.0.parse().ok(),
            _ => None,
        }
    }

    /// Its text, decoded. None if it is no string, or one that holds a lone surrogate and so is no text.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        string::decode(self.inside('"', '"')?).ok()
    }

    /// A copy that lives on its own. Part of a canonical text is canonical.
    #[must_use]
    pub fn to_canonical(self) -> Canonical {
        Canonical(self.0.to_owned())
    }

    fn inside(self, open: char, close: char) -> Option<&'a str> {
        self.0.strip_prefix(open)?.strip_suffix(close)
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The name of a member, in canonical text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key<'a>(&'a str);

impl<'a> Key<'a> {
    /// Its canonical text, with quotes.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// Whether it is this name, once decoded. One that holds a lone surrogate is no text, and equals none.
    #[must_use]
    pub fn matches(self, name: &str) -> bool {
        let inner = self.inner();
        // Without an escape the text is its own decoding; with one it is longer than what it stands for.
        inner == name && !inner.contains('\\')
            || inner.len() > name.len() && Decoded::new(inner).eq(name.chars().map(Ok))
    }

    /// The name, decoded.
    ///
    /// # Errors
    /// When it holds a lone surrogate: no text can stand for it.
    pub fn to_text(self) -> Result<Cow<'a, str>, LoneSurrogate> {
        string::decode(self.inner())
    }

    fn inner(self) -> &'a str {
        &self.0[1..self.0.len() - 1]
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The members of an object, see [`View::members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Key<'a>, View<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (key, rest) = self.rest.split_at(string_length(self.rest.as_bytes()));
        let (value, rest) = split_value(rest.strip_prefix(':')?);
        self.rest = rest;
        Some((Key(key), value))
    }
}

impl FusedIterator for Members<'_> {}

/// The elements of an array, see [`View::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Elements<'a> {
    type Item = View<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (value, rest) = split_value(self.rest);
        self.rest = rest;
        Some(value)
    }
}

impl FusedIterator for Elements<'_> {}

/// The value at the beginning of `text`, and what follows the comma behind it.
fn split_value(text: &str) -> (View<'_>, &str) {
    let (value, rest) = text.split_at(value_length(text.as_bytes()));
    (View(value), rest.strip_prefix(',').unwrap_or(rest))
}

/// Length of the value at the beginning of a canonical text.
fn value_length(text: &[u8]) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += string_length(&text[at..]);
                if open == 0 {
                    return at;
                }
                continue;
            }
            b'[' | b'{' => open += 1,
            b',' if open == 0 => return at,
            b']' | b'}' if open <= 1 => return at + 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Length of the string at the beginning of a canonical text, with its quotes.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        at = string::plain_run(text, at.min(text.len()));
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(_) => return at + 1,
            None => return text.len(),
        }
    }
}
