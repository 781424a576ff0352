//! From a text to comparisons, in one pass: what is open is all that is remembered.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::cut;
use super::{Attribute, Comparison, Expected, FilterError, Operator, Reason};
use super::{MAX_BYTES, MAX_COMPARISONS, MAX_DEPTH};
use crate::json::{Canonical, Limits};

// The deepest level that a parser writes must fit.
const _: () = assert!(2 * MAX_DEPTH + 1 < u8::MAX as usize);

/// Reads a filter. Levels count every parenthesis of the text: an operator inside of n is at 2n, or 2n + 1 if it is
/// an `and`.
pub(super) fn parse(text: &str) -> Result<Vec<Comparison>, FilterError> {
    if text.len() > MAX_BYTES {
        return Err(FilterError::new(text.floor_char_boundary(MAX_BYTES), Reason::TooLong));
    }
    let mut parser = Parser { text, at: 0, open: Vec::new() };
    let mut comparisons = Vec::new();
    let mut level = 0;
    loop {
        parser.open_groups()?;
        let start = parser.at;
        comparisons.push(parser.comparison(level)?);
        if comparisons.len() > MAX_COMPARISONS {
            return Err(FilterError::new(start, Reason::TooManyComparisons));
        }
        parser.close_groups()?;
        match parser.conjunction()? {
            Some(next) => level = next,
            None => return Ok(comparisons),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where the parentheses stand that are not closed yet.
    open: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        // `at` is always the beginning of a character.
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, reason: Reason) -> FilterError {
        FilterError::new(self.at, reason)
    }

    /// Steps over white space. Whether there was any.
    fn space(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += length;
        length > 0
    }

    /// The word that begins here; empty at the end, and where a quote, a parenthesis or a bracket stands.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let ends = |c: char| is_space(c) || matches!(c, '"' | '(' | ')' | '[' | ']');
        rest.split(ends).next().unwrap_or_default()
    }

    /// What stands here, for an error: a word, or the character where no word begins.
    fn found(&self) -> String {
        match self.word() {
            "" => self.rest().chars().take(1).collect(),
            word => cut(word),
        }
    }

    fn unexpected(&self, expected: Expected) -> FilterError {
        self.error(if self.rest().is_empty() {
            Reason::UnexpectedEnd { expected }
        } else {
            Reason::Unexpected { found: self.found(), expected }
        })
    }

    fn open_groups(&mut self) -> Result<(), FilterError> {
        self.space();
        while self.rest().starts_with('(') {
            if self.open.len() == MAX_DEPTH {
                return Err(self.error(Reason::TooDeep));
            }
            self.open.push(self.at);
            self.at += 1;
            self.space();
        }
        Ok(())
    }

    /// Leaves a space behind the last parenthesis to whoever needs one there.
    fn close_groups(&mut self) -> Result<(), FilterError> {
        loop {
            let end = self.at;
            self.space();
            if !self.rest().starts_with(')') {
                self.at = end;
                return Ok(());
            }
            if self.open.pop().is_none() {
                return Err(self.error(Reason::Unopened));
            }
            self.at += 1;
        }
    }

    /// The level of the operator that stands here. None at the end.
    fn conjunction(&mut self) -> Result<Option<u8>, FilterError> {
        let spaced = self.space();
        if self.rest().is_empty() {
            return match self.open.last() {
                Some(position) => Err(FilterError::new(*position, Reason::Unclosed)),
                None => Ok(None),
            };
        }
        let word = self.word();
        let and = word.eq_ignore_ascii_case("and");
        if !and && !word.eq_ignore_ascii_case("or") {
            return Err(self.unexpected(Expected::Conjunction));
        }
        if !spaced {
            return Err(self.error(Reason::MissingSpace));
        }
        self.at += word.len();
        if !self.space() && self.rest().starts_with('(') {
            return Err(self.error(Reason::MissingSpace));
        }
        // At most MAX_DEPTH are open: it fits.
        let depth = u8::try_from(self.open.len()).unwrap_or(u8::MAX / 2);
        Ok(Some(2 * depth + u8::from(and)))
    }

    fn comparison(&mut self, level: u8) -> Result<Comparison, FilterError> {
        let attribute = self.attribute()?;
        self.space();
        let operator = self.operator()?;
        let spaced = self.space();
        if self.rest().is_empty() {
            return Err(self.error(Reason::UnexpectedEnd { expected: Expected::Value }));
        }
        if !self.rest().starts_with('"') {
            return Err(self.error(Reason::UnsupportedValue { found: self.found() }));
        }
        if !spaced {
            return Err(self.error(Reason::MissingSpace));
        }
        let value = self.value()?;
        Ok(Comparison { level, attribute, operator, value })
    }

    fn attribute(&mut self) -> Result<Attribute, FilterError> {
        let word = self.word();
        if ["", "and", "or"].iter().any(|other| word.eq_ignore_ascii_case(other)) {
            return Err(self.unexpected(Expected::Comparison));
        }
        if word.eq_ignore_ascii_case("not") {
            return Err(self.error(Reason::Not));
        }
        let attribute = Attribute::from_name(word);
        let attribute =
            attribute.ok_or_else(|| self.error(Reason::UnknownAttribute { found: self.found() }))?;
        self.at += word.len();
        Ok(attribute)
    }

    fn operator(&mut self) -> Result<Operator, FilterError> {
        let word = self.word();
        let operator = if word.eq_ignore_ascii_case("eq") {
            Operator::Eq
        } else if word.eq_ignore_ascii_case("ne") {
            Operator::Ne
        } else if word.is_empty() {
            return Err(self.unexpected(Expected::Operator));
        } else {
            return Err(self.error(Reason::UnsupportedOperator { found: self.found() }));
        };
        self.at += word.len();
        Ok(operator)
    }

    /// The JSON string whose opening quote stands here, decoded.
    fn value(&mut self) -> Result<String, FilterError> {
        let rest = self.rest();
        let string = rest.get(..string_length(rest)).unwrap_or(rest);
        let canonical = Canonical::parse(string.as_bytes(), Limits::default()).map_err(|error| {
            FilterError::new(self.at + error.offset(), Reason::InvalidString(error.reason()))
        })?;
        let Some(value) = canonical.view().as_str() else {
            let offset = lone_surrogate(string).unwrap_or_default();
            return Err(FilterError::new(self.at + offset, Reason::LoneSurrogate));
        };
        self.at += string.len();
        Ok(value.into_owned())
    }
}

/// White space as JSON has it.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Length of the string that `text` begins with, quotes included; of all of it if the string does not end.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Where a JSON string has the first escape that stands for half of a surrogate pair without the other half.
fn lone_surrogate(string: &str) -> Option<usize> {
    let unit = |at: usize| {
        let digits = string.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    loop {
        at += string.get(at..)?.find('\\')?;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => return Some(at),
            (Some(_), _) => 6,
            (None, _) => 2,
        };
    }
}
