//! Reading: one pass over the text with an explicit stack, writing the canonical form of each token to the
//! [`Draft`] as it is met. White space is what is not written. Objects are closed by [`order`](super::order).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::Limits;
use super::draft::Draft;
use super::error::{Error, Expected, Reason};
use super::number::{self, Number};
use super::order::{Member, Object, Order};
use super::string;

/// The longest text that is read whatever the limits say: V8 has no longer strings. (It counts UTF-16 code units, of
/// which what is not ASCII has fewer than bytes.) It keeps every position of the draft within 32 bits, as a number grows
/// to less than five times its length.
pub(super) const MAX_BYTES: usize = 1 << 29;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The canonical form of `input`.
pub(super) fn canonical(input: &[u8], limits: Limits) -> Result<Cow<'_, str>, Error> {
    let limit = limits.max_bytes.min(MAX_BYTES);
    if input.len() > limit {
        return Err(Error::new(limit, Reason::TooLarge { limit }));
    }
    let input =
        core::str::from_utf8(input).map_err(|error| Error::new(error.valid_up_to(), Reason::InvalidUtf8))?;
    if input.starts_with(BYTE_ORDER_MARK) {
        return Err(Error::new(0, Reason::ByteOrderMark));
    }
    let mut parser = Parser {
        bytes: input.as_bytes(),
        at: 0,
        limits,
        draft: Draft::new(input),
        open: Vec::new(),
        members: Vec::new(),
        order: Order::new(limits.duplicates),
    };
    parser.document()?;
    Ok(parser.order.apply(parser.draft.finish()))
}

/// A container that is being read.
#[derive(Debug)]
enum Container {
    Array,
    Object(Object),
}

struct Parser<'a> {
    bytes: &'a [u8],
    /// The next byte to read.
    at: usize,
    limits: Limits,
    draft: Draft<'a>,
    /// What is open, outermost first.
    open: Vec<Container>,
    /// The members read so far of every open object, outermost first.
    members: Vec<Member>,
    order: Order,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<(), Error> {
        loop {
            // A container that is not empty goes on with a value, everything else is one.
            if self.value()? {
                while self.closes()? {}
                if self.open.is_empty() {
                    break;
                }
            }
        }
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(Error::new(self.at, Reason::TrailingData));
        }
        Ok(())
    }

    /// Reads the beginning of a value. True when the value is complete; false when a container was opened and its
    /// first value is next.
    fn value(&mut self) -> Result<bool, Error> {
        self.skip_space();
        match self.bytes.get(self.at) {
            Some(b'"') => self.at = string::copy(&mut self.draft, self.at)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => {
                // An array that was just opened ends its draft with its bracket.
                let first = self.draft.text().ends_with('[');
                return Err(self.unexpected(if first { Expected::ValueOrEnd } else { Expected::Value }));
            }
        }
        Ok(true)
    }

    /// Reads what follows a complete value: true when it closes the innermost container, which then is the complete
    /// value; false when another value follows or nothing is open.
    fn closes(&mut self) -> Result<bool, Error> {
        let Some(container) = self.open.last() else { return Ok(false) };
        let in_array = matches!(container, Container::Array);
        self.skip_space();
        match self.bytes.get(self.at) {
            Some(b',') => {
                self.punctuation(",");
                if !in_array {
                    self.key(Expected::Key)?;
                }
                Ok(false)
            }
            Some(b']') if in_array => {
                self.punctuation("]");
                self.open.pop();
                Ok(true)
            }
            Some(b'}') if !in_array => {
                self.close_object()?;
                Ok(true)
            }
            _ => {
                Err(self.unexpected(if in_array { Expected::CommaOrBracket } else { Expected::CommaOrBrace }))
            }
        }
    }

    fn open_array(&mut self) -> Result<bool, Error> {
        self.descend()?;
        self.punctuation("[");
        self.skip_space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.punctuation("]");
            return Ok(true);
        }
        self.open.push(Container::Array);
        Ok(false)
    }

    fn open_object(&mut self) -> Result<bool, Error> {
        self.descend()?;
        self.punctuation("{");
        self.skip_space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.punctuation("}");
            return Ok(true);
        }
        self.open.push(Container::Object(Object::new(self.members.len(), self.draft.len())));
        self.key(Expected::KeyOrEnd)?;
        Ok(false)
    }

    /// Reads a key and the colon behind it.
    fn key(&mut self, expected: Expected) -> Result<(), Error> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.unexpected(expected));
        }
        let offset = self.at;
        let start = self.draft.len();
        self.at = string::copy(&mut self.draft, offset)?;
        let key = self.draft.since(start).as_bytes();
        if let Some(Container::Object(object)) = self.open.last_mut() {
            self.members.push(object.member(key, start, offset));
        }
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(self.unexpected(Expected::Colon));
        }
        self.punctuation(":");
        Ok(())
    }

    fn close_object(&mut self) -> Result<(), Error> {
        if let Some(Container::Object(object)) = self.open.pop() {
            self.order.close(&object, &mut self.draft, &self.members[object.first_member()..])?;
            self.members.truncate(object.first_member());
        }
        self.punctuation("}");
        Ok(())
    }

    fn descend(&self) -> Result<(), Error> {
        let limit = self.limits.max_depth;
        if self.open.len() >= limit {
            return Err(Error::new(self.at, Reason::TooDeep { limit }));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        let number = Number::scan(self.draft.input(), self.at)?;
        let end = self.at + number.len();
        if number.is_canonical() {
            self.draft.keep(self.at, end);
        } else {
            number::format(number.value(), |text| self.draft.push(text));
        }
        self.at = end;
        Ok(())
    }

    fn literal(&mut self, text: &str) -> Result<(), Error> {
        let here = &self.bytes[self.at..];
        let same = here.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
        if same < text.len() {
            self.at += same;
            return Err(self.unexpected(Expected::Literal));
        }
        self.draft.keep(self.at, self.at + text.len());
        self.at += text.len();
        Ok(())
    }

    /// Steps over one byte that is written as it stands.
    fn punctuation(&mut self, text: &'static str) {
        self.draft.push(text);
        self.at += 1;
    }

    /// `JSON.parse` knows four characters of white space.
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: Expected) -> Error {
        Error::new(
            self.at,
            match self.bytes.get(self.at) {
                Some(found) => Reason::UnexpectedByte { found: *found, expected },
                None => Reason::UnexpectedEnd { expected },
            },
        )
    }
}
