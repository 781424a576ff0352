//! Why a text is no filter, and where; why a filter does not go with event types.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use super::{MAX_BYTES, MAX_COMPARISONS, MAX_DEPTH, RELOAD_FINISHED};
use crate::json;

/// How much of what was found is repeated.
const MAX_FOUND_CHARS: usize = 32;

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    position: usize,
    reason: Reason,
}

impl FilterError {
    pub(super) const fn new(position: usize, reason: Reason) -> Self {
        Self { position, reason }
    }

    /// Where in the text, in bytes from its beginning: at the first byte of what was found, or at the end of the text
    /// when something is missing there.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What is wrong there.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }
}

/// What is wrong with a text. What was `found` is cut after 32 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// More bytes than [`MAX_BYTES`]. The position is that of the first character that ends beyond it.
    TooLong,
    /// More comparisons than [`MAX_COMPARISONS`]. The position is the first one too many.
    TooManyComparisons,
    /// More open parentheses than [`MAX_DEPTH`]. The position is the first one too many.
    TooDeep,
    /// The text ends where something must follow.
    UnexpectedEnd {
        /// What must follow.
        expected: Expected,
    },
    /// Something that cannot stand where it stands.
    Unexpected {
        /// A word or a character.
        found: String,
        /// What must stand there.
        expected: Expected,
    },
    /// Two parts that touch: there must be a space at the position.
    MissingSpace,
    /// A name that is none of the four attributes.
    UnknownAttribute {
        /// The name.
        found: String,
    },
    /// An operator other than `eq` and `ne`; `pr`, `co` and the like are SCIM's but not Qlik's.
    UnsupportedOperator {
        /// The operator.
        found: String,
    },
    /// A value that is no string: a number, `true`, `null`, text without quotes.
    UnsupportedValue {
        /// The value.
        found: String,
    },
    /// `not`, which is SCIM's but not Qlik's.
    Not,
    /// A value in double quotes that is no JSON string.
    InvalidString(json::Reason),
    /// A value that holds half of a surrogate pair.
    LoneSurrogate,
    /// A `(` that is never closed. The position is the innermost one.
    Unclosed,
    /// A `)` that closes nothing.
    Unopened,
}

/// What the grammar asks for at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A comparison, or a `(`.
    Comparison,
    /// `eq` or `ne`.
    Operator,
    /// A JSON string.
    Value,
    /// `and`, `or`, a `)` if one is due, or the end.
    Conjunction,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comparison => "write a comparison such as `id eq \"abc\"`",
            Self::Operator => "write `eq` or `ne` after the attribute",
            Self::Value => "write a value in double quotes after the operator",
            Self::Conjunction => "write `and` or `or` between comparisons",
        })
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match &self.reason {
            Reason::TooLong => write!(f, "longer than {MAX_BYTES} bytes: shorten the filter"),
            Reason::TooManyComparisons => {
                write!(f, "more than {MAX_COMPARISONS} comparisons, at byte {at}: use fewer")
            }
            Reason::TooDeep => write!(f, "more than {MAX_DEPTH} open parentheses, at byte {at}: use fewer"),
            Reason::UnexpectedEnd { expected } => write!(f, "unexpected end at byte {at}: {expected}"),
            Reason::Unexpected { found, expected } => {
                write!(f, "unexpected {found:?} at byte {at}: {expected}")
            }
            Reason::MissingSpace => write!(f, "no space at byte {at}: put one there"),
            Reason::UnknownAttribute { found } => write!(
                f,
                "unknown attribute {found:?} at byte {at}: use `id`, `spaceId`, `topLevelResourceId` or `data.status`"
            ),
            Reason::UnsupportedOperator { found } => {
                write!(f, "operator {found:?} at byte {at} is not supported: use `eq` or `ne`")
            }
            Reason::UnsupportedValue { found } => {
                write!(f, "{found:?} at byte {at} is no value: write a JSON string, in double quotes")
            }
            Reason::Not => write!(
                f,
                "`not` at byte {at} is not supported: compare with `ne` instead of `eq`, or `eq` instead of `ne`"
            ),
            Reason::InvalidString(reason) => {
                write!(f, "broken string at byte {at}: {}", advice(*reason))
            }
            Reason::LoneSurrogate => {
                write!(
                    f,
                    "half of a surrogate pair at byte {at}: add its other half, or write the character itself"
                )
            }
            Reason::Unclosed => write!(f, "the parenthesis at byte {at} is never closed: add a `)`"),
            Reason::Unopened => write!(f, "the parenthesis at byte {at} closes nothing: remove it"),
        }
    }
}

/// What to do about a broken string.
const fn advice(reason: json::Reason) -> &'static str {
    match reason {
        json::Reason::InvalidEscape => {
            "after a backslash write one of \"\\/bfnrt, or u and four hexadecimal digits"
        }
        json::Reason::ControlCharacter => "write the control character as an escape, such as `\\n`",
        _ => "end it with a double quote",
    }
}

impl core::error::Error for FilterError {}

/// A filter by `data.status` for a webhook of other event types than `com.qlik.v1.app.reload.finished`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypesError {
    event_type: Option<String>,
}

impl EventTypesError {
    pub(super) fn new(event_type: Option<&str>) -> Self {
        Self { event_type: event_type.map(ToOwned::to_owned) }
    }

    /// The first type that forbids it. None if there are no types at all.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }
}

impl fmt::Display for EventTypesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a filter by `data.status` needs `{RELOAD_FINISHED}` as the only event type: ")?;
        match self.event_type() {
            Some(other) => write!(f, "remove {:?}, or `data.status` from the filter", cut(other)),
            None => f.write_str("add it, or remove `data.status` from the filter"),
        }
    }
}

impl core::error::Error for EventTypesError {}

/// The beginning of what was found, so that an error does not repeat a stranger's whole text.
pub(super) fn cut(found: &str) -> String {
    found.chars().take(MAX_FOUND_CHARS).collect()
}
