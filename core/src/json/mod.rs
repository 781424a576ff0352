//! JSON in the one form that JavaScript gives it: the bytes of `JSON.stringify(JSON.parse(text))`.
//!
//! Platforms that hand a receiver only the parsed body make it sign what `JSON.stringify` writes; a sender that wants
//! to be verified there signs the same bytes. So "canonical" here is what V8 does, not RFC 8785: keys keep their
//! order, but for array indices, which come first.
//!
//! # Theory
//!
//! - A text is read once, left to right, with an explicit stack; tokens are written in canonical form as they are met.
//!   Stretches that stay as they are get copied whole, and an input that is canonical already not at all: it is
//!   [borrowed](Cow::Borrowed).
//! - Strings keep their characters; escapes become the shortest that `JSON.stringify` uses. Numbers become the double
//!   they stand for, and then its shortest ECMAScript text; beyond the doubles, `null`.
//! - Objects are put in JavaScript's order when they close, by a plan that is carried out once at the end.
//!
//! Guarantees: the bytes are those of Node 20 and 22 for every text that they read, and every text that they refuse is
//! refused (V8 of Node 24 and later misreads some one-character keys written as an escape). The result is a fixed
//! point. Nothing recurses, time is linear but for sorting, memory is a multiple of the text, and [`Limits`] bound
//! both. Nothing panics, whatever the bytes.
//!
//! By default the limits are those of Node 20 and 22 or wider: V8 has no strings longer than 512 MiB, and their
//! `JSON.stringify`, which recurses, overflows the stack they come with long before 100,000 levels (Node 20 at 4,106; at
//! 16,974 with four times the stack). Whoever reads what strangers send asks for less. Beyond the limits lie texts that
//! are longer than 512 MiB in UTF-8 and shorter in UTF-16, and depths that take a far larger stack or an engine that
//! writes without recursion, as V8 does since; [`Limits`] go as deep as one asks.
//!
//! Not guaranteed: that JavaScript can *write* what is written here, as a deep text may overflow its stack and a result
//! may be longer than its strings. Bytes that are no UTF-8 are refused, where JavaScript's decoders would put U+FFFD.

mod draft;
mod error;
mod number;
mod order;
mod parse;
mod sort;
mod string;
mod view;
mod word;

#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

pub use error::{Error, Expected, LoneSurrogate, Reason};
pub use number::{Numbers, OwnNumbers, write_number};
pub(crate) use order::array_index;
pub use string::write_string;
pub use view::{Elements, Key, Kind, Members, View};

/// Up to where a text is read.
///
/// The default refuses nothing that Node 20 and 22 read and write as they come, which is more than a stranger should be
/// granted: the
/// result may take several times the memory of the text. A server that knows the longest body it takes says so here.
///
/// ```
/// use sigpost_core::json::{Duplicates, Limits, canonicalize_with};
/// let limits = Limits { max_bytes: 1 << 20, max_depth: 64, duplicates: Duplicates::Reject };
/// assert!(canonicalize_with(br#"{"a":[1]}"#, limits).is_ok());
/// assert_eq!(canonicalize_with("[".repeat(65).as_bytes(), limits).unwrap_err().offset(), 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest text, in bytes. Above 512 MiB it has no effect: V8's strings end there.
    pub max_bytes: usize,
    /// How many arrays and objects may be inside one another; 0 allows only a value that is neither.
    pub max_depth: usize,
    /// What to do when an object names a member twice.
    pub duplicates: Duplicates,
}

impl Default for Limits {
    /// 512 MiB, 100,000 levels, and duplicates as `JSON.parse` has them.
    fn default() -> Self {
        Self { max_bytes: parse::MAX_BYTES, max_depth: 100_000, duplicates: Duplicates::LastWins }
    }
}

/// What to do when an object names a member twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// What `JSON.parse` does: the place of the first, the value of the last.
    LastWins,
    /// Refuse the text: two readers could read two things. Found when the object closes.
    Reject,
}

/// The bytes of `JSON.stringify(JSON.parse(input))`, within the default [`Limits`], which are meant for texts that are
/// trusted or were measured before. Borrowed when `input` is canonical already, white space around it aside.
///
/// # Errors
/// Where `JSON.parse` throws; also when the bytes are no UTF-8 or beyond the limits.
///
/// ```
/// use sigpost_core::json::canonicalize;
/// let text = br#"{ "b": 1.50, "2": "\u00e9\/", "1": 1e400 }"#;
/// assert_eq!(&*canonicalize(text)?, r#"{"1":null,"2":"é/","b":1.5}"#.as_bytes());
/// # Ok::<(), sigpost_core::json::Error>(())
/// ```
pub fn canonicalize(input: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    canonicalize_with(input, Limits::default())
}

/// As [`canonicalize`], within other limits.
///
/// # Errors
/// As [`canonicalize`]; and for a key that comes twice, if [`Duplicates::Reject`] is asked for.
pub fn canonicalize_with(input: &[u8], limits: Limits) -> Result<Cow<'_, [u8]>, Error> {
    parse::canonical(input, limits, OwnNumbers)
}

/// As [`canonicalize_with`], the numbers being written by `numbers`: with others than [`OwnNumbers`], whatever reads and
/// writes doubles here is not linked.
///
/// # Errors
/// As [`canonicalize_with`].
///
/// ```
/// use sigpost_core::json::{Limits, Numbers, canonicalize_by};
/// struct Standard;
/// impl Numbers for Standard {
///     fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
///         match number.parse::<f64>() {
///             Ok(value) if value.is_finite() && (1e-6..1e21).contains(&value.abs()) => write(&value.to_string()),
///             _ => write("null"), // A host writes all of them.
///         }
///     }
/// }
/// let text = canonicalize_by(b"[1.0, 9007199254740993, 1e400]", Limits::default(), Standard)?;
/// assert_eq!(&*text, b"[1,9007199254740992,null]");
/// # Ok::<(), sigpost_core::json::Error>(())
/// ```
pub fn canonicalize_by<'a>(
    input: &'a [u8],
    limits: Limits,
    numbers: impl Numbers,
) -> Result<Cow<'a, [u8]>, Error> {
    parse::canonical(input, limits, numbers)
}

/// A text that is proven canonical: only parsing makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical(String);

impl Canonical {
    /// Reads a text and keeps its canonical form.
    ///
    /// # Errors
    /// As [`canonicalize_with`].
    pub fn parse(input: &[u8], limits: Limits) -> Result<Self, Error> {
        Self::parse_by(input, limits, OwnNumbers)
    }

    /// As [`Canonical::parse`], the numbers being written by `numbers`.
    ///
    /// # Errors
    /// As [`canonicalize_with`].
    ///
    /// ```
    /// use core::cell::Cell;
    /// use sigpost_core::json::{Canonical, Limits, Numbers, OwnNumbers};
    /// /// Tells whether a number was lost, being beyond the doubles.
    /// struct Noting<'a>(&'a Cell<bool>);
    /// impl Numbers for Noting<'_> {
    ///     fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
    ///         OwnNumbers.canonical(number, |text| {
    ///             self.0.set(self.0.get() || text == "null");
    ///             write(text);
    ///         });
    ///     }
    /// }
    /// let lost = Cell::new(false);
    /// assert_eq!(Canonical::parse_by(b"[1e999]", Limits::default(), Noting(&lost))?.as_str(), "[null]");
    /// assert!(lost.get());
    /// # Ok::<(), sigpost_core::json::Error>(())
    /// ```
    pub fn parse_by(input: &[u8], limits: Limits, numbers: impl Numbers) -> Result<Self, Error> {
        parse::canonical_text(input, limits, numbers).map(Self)
    }

    /// The text as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The value, to be read in place.
    #[must_use]
    pub const fn view(&self) -> View<'_> {
        View::new(self.0.as_str())
    }

    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}
