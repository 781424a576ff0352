use std::borrow::Cow;

use sigpost_core::filter::{Attribute, Filter};

/// Values that are tried for each filter.
const ROUNDS: usize = 24;

/// The input is the text of a filter. Whatever it is:
///
/// - nothing panics, and an error's place is in the text;
/// - what is printed is no longer, parses to an equal filter, and is printed the same;
/// - it matches what a second reading of the text matches, which knows no normal form and just recurses.
///
/// # Panics
/// When one of these does not hold.
pub fn filter(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(error.position() <= text.len(), "{error}");
            return;
        }
    };
    let printed = filter.to_string();
    assert!(printed.len() <= text.len(), "{printed:?} is longer");
    let again = Filter::parse(&printed).expect("what is printed is a filter");
    assert_eq!(again, filter);
    assert_eq!(again.to_string(), printed);

    let tokens = tokens(text);
    for round in 0..ROUNDS {
        let values = Attribute::ALL.map(|attribute| (attribute, value(&tokens, attribute, round)));
        let of =
            |attribute| values.iter().find(|(other, _)| *other == attribute).and_then(|(_, value)| *value);
        let mut reading = Reading { rest: &tokens, value_of: &of };
        let expected = reading.any();
        assert!(reading.rest.is_empty(), "{text:?} was read in part");
        assert_eq!(filter.matches(|attribute| of(attribute).map(Cow::Borrowed)), expected, "{values:?}");
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Word(String),
    Value(String),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(other) if other.eq_ignore_ascii_case(word))
    }
}

/// The tokens of a text that is known to be a filter.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_ascii_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => {
                tokens.push(if first == '(' { Token::Open } else { Token::Close });
                1
            }
            '"' => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let value = values.next().and_then(Result::ok).expect("a value is a JSON string");
                tokens.push(Token::Value(value));
                values.byte_offset()
            }
            _ => {
                let end = |c: char| c.is_ascii_whitespace() || "()\"".contains(c);
                let length = rest.find(end).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_ascii_start();
    }
    tokens
}

/// A value for an attribute: none, one that nobody asks for, or one of those that are asked for.
fn value(tokens: &[Token], attribute: Attribute, round: usize) -> Option<&str> {
    let asked = tokens.windows(3).filter_map(|comparison| match comparison {
        [name, _, Token::Value(value)] if name.is(attribute.name()) => Some(value.as_str()),
        _ => None,
    });
    let choices: Vec<Option<&str>> = [None, Some("nobody")].into_iter().chain(asked.map(Some)).collect();
    // Another step for each attribute, so that they do not go together.
    let step = 1 + 2 * attribute.name().len();
    choices[round * step % choices.len()]
}

/// The grammar as it stands, by recursion: no filter opens more parentheses than the stack bears.
struct Reading<'a, F> {
    rest: &'a [Token],
    value_of: &'a F,
}

impl<'a, F: Fn(Attribute) -> Option<&'a str>> Reading<'a, F> {
    /// Steps over the next token if it is so.
    fn next(&mut self, is: impl FnOnce(&Token) -> bool) -> bool {
        let so = self.rest.first().is_some_and(is);
        if so {
            self.rest = &self.rest[1..];
        }
        so
    }

    fn any(&mut self) -> bool {
        let mut result = self.all();
        while self.next(|token| token.is("or")) {
            result |= self.all();
        }
        result
    }

    fn all(&mut self) -> bool {
        let mut result = self.term();
        while self.next(|token| token.is("and")) {
            result &= self.term();
        }
        result
    }

    fn term(&mut self) -> bool {
        if self.next(|token| *token == Token::Open) {
            let result = self.any();
            assert!(self.next(|token| *token == Token::Close), "a parenthesis is not closed");
            return result;
        }
        let [name, operator, Token::Value(value), rest @ ..] = self.rest else { panic!("no comparison") };
        self.rest = rest;
        let attribute = Attribute::ALL.into_iter().find(|attribute| name.is(attribute.name()));
        let equal = (self.value_of)(attribute.expect("an attribute")) == Some(value);
        if operator.is("eq") { equal } else { !equal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_reading_knows_what_binds_tighter() {
        for (text, expected) in [
            (r#"id eq "a""#, true),
            (r#"ID NE "\u0061""#, false),
            (r#"spaceId ne "x""#, true),
            (r#"id eq "a" or id eq "b" and id eq "c""#, true),
            (r#"(id eq "a" or id eq "b")and(id eq "c")"#, false),
        ] {
            let tokens = tokens(text);
            let of = |attribute| (attribute == Attribute::Id).then_some("a");
            let mut reading = Reading { rest: &tokens, value_of: &of };
            assert_eq!((reading.any(), reading.rest), (expected, &[][..]), "{text}");
        }
    }
}
