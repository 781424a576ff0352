//! The filter of Qlik Cloud's webhooks: which events of its types a webhook wants.
//!
//! ```text
//! filter      = group *( SP "or" SP group )              ; the words in any case
//! group       = term *( SP "and" SP term )
//! term        = comparison / "(" filter ")"
//! comparison  = attribute SP ( "eq" / "ne" ) SP value    ; a value is a JSON string
//! attribute   = "id" / "spaceId" / "topLevelResourceId" / "data.status"
//! ```
//!
//! It is a part of SCIM's filters (RFC 7644, section 3.4.2.2); Qlik's description of a webhook's `filter` says which:
//! these attributes, operators and words, values in double quotes. Neither says everything. What is decided here:
//!
//! - Names of attributes are in any case, as operators are: RFC 7644.
//! - Values are equal when they are identical, upper and lower case told apart. RFC 7644 wants that of attributes that
//!   are case-exact; identifiers are (RFC 7643, section 3.1), and Qlik writes the status in lower case only.
//! - An attribute that is absent equals no value: `eq` is false, `ne` is true. `null` is absent, `""` is not.
//! - `SP` is white space as JSON has it, as much as you like; it may also stand beside a parenthesis and around the
//!   whole. RFC 7644 has one space and none elsewhere.
//! - Grouping is allowed, as in RFC 7644. Qlik does not mention it, nor `not`, which is refused.
//! - A value that holds half of a surrogate pair is refused: no text equals it.
//!
//! A filter comes from a stranger, so it is bounded: [`MAX_BYTES`], [`MAX_COMPARISONS`], [`MAX_DEPTH`]. Nothing here
//! recurses.

mod error;
mod event;
mod normal;
mod parse;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

pub use error::{EventTypesError, Expected, FilterError, Reason};

use crate::json;

/// The longest filter in bytes.
pub const MAX_BYTES: usize = 8_192;
/// The most comparisons in a filter.
pub const MAX_COMPARISONS: usize = 256;
/// The most parentheses that may be open at once.
pub const MAX_DEPTH: usize = 32;

/// The one event type whose webhooks may filter by `data.status`.
const RELOAD_FINISHED: &str = "com.qlik.v1.app.reload.finished";

/// A filter. Two are equal when they differ only in white space, in the case of words, in how a value is escaped and
/// in parentheses that change nothing: those around what binds tighter anyway, and around equals, as in
/// `a or (b or c)`.
///
/// It is printed in a normal form: one space, names and words as in the documentation, values as `JSON.stringify`
/// writes them, no needless parenthesis. That is never longer than what was parsed, and parses to an equal filter.
///
/// ```
/// use sigpost_core::filter::{Attribute, Filter};
/// let filter = Filter::parse(r#"spaceid EQ "a" Or (id eq "b" and topLevelResourceId ne "c")"#)?;
/// assert_eq!(filter.to_string(), r#"spaceId eq "a" or id eq "b" and topLevelResourceId ne "c""#);
/// assert!(filter.matches(|attribute| match attribute {
///     Attribute::Id => Some("b".into()),
///     _ => None,
/// }));
/// let error = Filter::parse(r#"id co "b""#).unwrap_err();
/// assert_eq!(error.to_string(), r#"operator "co" at byte 3 is not supported: use `eq` or `ne`"#);
/// # Ok::<(), sigpost_core::filter::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In the order of the text, never empty. Their levels hold the whole structure: no tree, nothing to recurse into.
    comparisons: Vec<Comparison>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Comparison {
    /// How deep the operator lies that joins this comparison to the one before: even levels are `or`, odd ones `and`,
    /// and the deeper binds tighter. The first, which joins nothing, has 0.
    ///
    /// Levels between neighbours are enough: those of `a and (b or c)` are 0, 1, 2, those of `a and b or c` 0, 1, 0.
    level: u8,
    attribute: Attribute,
    operator: Operator,
    value: String,
}

/// What a filter may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// `id`: of what the event is about.
    Id,
    /// `spaceId`: of the space it happened in.
    SpaceId,
    /// `topLevelResourceId`: of what holds the thing the event is about.
    TopLevelResourceId,
    /// `data.status`: how a reload ended, `ok` or `error`. See [`Filter::check_event_types`].
    DataStatus,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 4] = [Self::Id, Self::SpaceId, Self::TopLevelResourceId, Self::DataStatus];

    /// The name, as Qlik writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::SpaceId => "spaceId",
            Self::TopLevelResourceId => "topLevelResourceId",
            Self::DataStatus => "data.status",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    Eq,
    Ne,
}

const fn is_or(level: u8) -> bool {
    level.is_multiple_of(2)
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] says what was found, at which byte, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut comparisons = parse::parse(text)?;
        normal::normalize(&mut comparisons);
        Ok(Self { comparisons })
    }

    /// Whether the attributes that `value_of` tells pass. It is asked for those that matter, each at most once.
    pub fn matches<'a>(&self, mut value_of: impl FnMut(Attribute) -> Option<Cow<'a, str>>) -> bool {
        let mut values = [const { None }; Attribute::ALL.len()];
        // Of what stands to the left; the first comparison replaces it.
        let mut result = false;
        // Comparisons that are joined at this level or deeper cannot change the result.
        let mut decided = u8::MAX;
        for comparison in &self.comparisons {
            let level = comparison.level;
            if level >= decided {
                continue;
            }
            if is_or(level) == result {
                decided = level;
                continue;
            }
            // `true and x` is x, `false or x` is x: what was to the left is done with.
            decided = u8::MAX;
            let attribute = comparison.attribute;
            let value: &Option<_> = values[attribute as usize].get_or_insert_with(|| value_of(attribute));
            let equal = value.as_deref() == Some(comparison.value.as_str());
            result = equal == (comparison.operator == Operator::Eq);
        }
        result
    }

    /// The attributes it asks for, each once.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> {
        let used = |attribute: &Attribute| self.comparisons.iter().any(|one| one.attribute == *attribute);
        Attribute::ALL.into_iter().filter(used)
    }

    /// Whether a webhook of these event types may have this filter: `data.status` is for
    /// `com.qlik.v1.app.reload.finished` alone, says Qlik's description of `filter`. All else is for every type.
    ///
    /// # Errors
    /// [`EventTypesError`] names the type that forbids `data.status`.
    ///
    /// ```
    /// use sigpost_core::filter::Filter;
    /// let filter = Filter::parse(r#"data.status eq "error""#)?;
    /// assert!(filter.check_event_types(["com.qlik.v1.app.reload.finished"]).is_ok());
    /// let types = ["com.qlik.v1.app.reload.finished", "com.qlik.app.created"];
    /// assert_eq!(filter.check_event_types(types).unwrap_err().event_type(), Some("com.qlik.app.created"));
    /// # Ok::<(), sigpost_core::filter::FilterError>(())
    /// ```
    pub fn check_event_types<'a>(
        &self,
        event_types: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), EventTypesError> {
        if !self.attributes().any(|attribute| attribute == Attribute::DataStatus) {
            return Ok(());
        }
        let mut none = true;
        for event_type in event_types {
            none = false;
            if event_type != RELOAD_FINISHED {
                return Err(EventTypesError::new(Some(event_type)));
            }
        }
        if none { Err(EventTypesError::new(None)) } else { Ok(()) }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How many parentheses hold an operator: one for each `or` above it or itself, but for the outermost.
        let groups = |level: u8| level / 2;
        let mut text = Vec::new();
        for (place, comparison) in self.comparisons.iter().enumerate() {
            let level = comparison.level;
            let next = self.comparisons.get(place + 1).map_or(0, |next| next.level);
            if place > 0 {
                text.extend_from_slice(if is_or(level) { b" or " } else { b" and " });
            }
            text.extend((groups(level)..groups(next)).map(|_| b'('));
            text.extend_from_slice(comparison.attribute.name().as_bytes());
            text.extend_from_slice(match comparison.operator {
                Operator::Eq => b" eq ",
                Operator::Ne => b" ne ",
            });
            json::write_string(&mut text, &comparison.value);
            text.extend((groups(next)..groups(level)).map(|_| b')'));
        }
        f.pad(core::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_by_the_left_is_not_asked_of_the_right() {
        let filter = Filter::parse(
            r#"(id eq "a" or spaceId eq "x") and topLevelResourceId eq "b" and spaceId eq "x" or id ne "a""#,
        );
        let mut asked = Vec::new();
        let passes = filter.unwrap().matches(|attribute| {
            asked.push(attribute);
            (attribute == Attribute::Id).then_some(Cow::Borrowed("a"))
        });
        assert!(!passes);
        assert_eq!(asked, [Attribute::Id, Attribute::TopLevelResourceId]);
    }
}
