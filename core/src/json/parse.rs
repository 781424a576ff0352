//! Reading: one pass over the text with an explicit stack, writing the canonical form of each token to the
//! [`Draft`] as it is met. White space is what is not written. Objects are closed by [`order`](super::order).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::Limits;
use super::draft::{Draft, Short};
use super::error::{Error, Expected, Reason};
use super::number::{Number, Numbers};
use super::order::{Member, Object, Order};
use super::string;
use super::word;

/// The longest text that is read whatever the limits say: V8 has no longer strings. (It counts UTF-16 code units, of
/// which what is not ASCII has fewer than bytes.) It keeps every position of the draft within 32 bits, as a number grows
/// to less than six times its length.
pub(super) const MAX_BYTES: usize = 1 << 29;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The canonical form of `input`.
pub(super) fn canonical<'a, N: Numbers>(
    input: &'a [u8],
    limits: Limits,
    numbers: N,
) -> Result<Cow<'a, [u8]>, Error> {
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
        limits,
        draft: Draft::new(input),
        open: Vec::with_capacity(8),
        members: Vec::with_capacity(16),
        order: Order::new(limits.duplicates),
        numbers,
    };
    let end = parser.document()?;
    Ok(parser.order.apply(parser.draft.finish(end)))
}

/// The same as text.
pub(super) fn canonical_text(input: &[u8], limits: Limits, numbers: impl Numbers) -> Result<String, Error> {
    let bytes = canonical(input, limits, numbers)?.into_owned();
    Ok(String::from_utf8(bytes).expect("only whole characters are replaced, and by text"))
}

/// A container that is being read.
#[derive(Debug)]
enum Container {
    Array,
    Object(Object),
}

struct Parser<'a, N> {
    bytes: &'a [u8],
    limits: Limits,
    draft: Draft<'a>,
    /// What is open, outermost first.
    open: Vec<Container>,
    /// The members read so far of every open object, outermost first.
    members: Vec<Member>,
    order: Order,
    numbers: N,
}

/// What was read up to a place of the text.
enum Read {
    /// A complete value.
    Value(usize),
    /// What goes before a value: it must follow.
    BeforeValue(usize),
}

/// The methods that read take the index of the next byte and return that of the byte behind what they read: it is no
/// field, so that it stays in a register.
impl<N: Numbers> Parser<'_, N> {
    /// Reads the whole text; returns the end of its value.
    fn document(&mut self) -> Result<usize, Error> {
        let mut at = 0;
        loop {
            match self.value(at)? {
                Read::BeforeValue(next) => at = next,
                Read::Value(mut end) => loop {
                    if self.open.is_empty() {
                        return self.nothing_follows(end);
                    }
                    match self.after_value(end)? {
                        Read::Value(next) => end = next,
                        Read::BeforeValue(next) => {
                            at = next;
                            break;
                        }
                    }
                },
            }
        }
    }

    fn nothing_follows(&self, end: usize) -> Result<usize, Error> {
        let at = end + space(&self.bytes[end..]);
        if at < self.bytes.len() {
            return Err(Error::new(at, Reason::TrailingData));
        }
        Ok(end)
    }

    /// Reads a value, or the beginning of a container that is not empty.
    #[inline(always)]
    fn value(&mut self, at: usize) -> Result<Read, Error> {
        let at = self.skip_space(at);
        let end = match self.bytes.get(at) {
            Some(b'"') => string::read(&mut self.draft, at)?,
            Some(b'-' | b'0'..=b'9') => self.number(at)?,
            Some(b'{') => return self.open_object(at),
            Some(b'[') => return self.open_array(at),
            Some(b't') => self.literal(at, b"true")?,
            Some(b'f') => self.literal(at, b"false")?,
            Some(b'n') => self.literal(at, b"null")?,
            _ => {
                let first = self.bytes[..at].trim_ascii_end().ends_with(b"[");
                return Err(self.unexpected(at, if first { Expected::ValueOrEnd } else { Expected::Value }));
            }
        };
        Ok(Read::Value(end))
    }

    /// Reads what follows a complete value in the innermost container: its end, which makes it the complete value, or
    /// what goes before its next.
    #[inline(always)]
    fn after_value(&mut self, at: usize) -> Result<Read, Error> {
        let in_array = matches!(self.open.last(), Some(Container::Array));
        let at = self.skip_space(at);
        match self.bytes.get(at) {
            Some(b',') if in_array => Ok(Read::BeforeValue(at + 1)),
            Some(b',') => self.key(at + 1, Expected::Key).map(Read::BeforeValue),
            Some(b']') if in_array => {
                self.open.pop();
                Ok(Read::Value(at + 1))
            }
            Some(b'}') if !in_array => {
                self.close_object(at)?;
                Ok(Read::Value(at + 1))
            }
            _ => {
                Err(self
                    .unexpected(at, if in_array { Expected::CommaOrBracket } else { Expected::CommaOrBrace }))
            }
        }
    }

    fn open_array(&mut self, at: usize) -> Result<Read, Error> {
        self.descend(at)?;
        let at = self.skip_space(at + 1);
        if self.bytes.get(at) == Some(&b']') {
            return Ok(Read::Value(at + 1));
        }
        self.open.push(Container::Array);
        Ok(Read::BeforeValue(at))
    }

    fn open_object(&mut self, at: usize) -> Result<Read, Error> {
        self.descend(at)?;
        let at = self.skip_space(at + 1);
        if self.bytes.get(at) == Some(&b'}') {
            return Ok(Read::Value(at + 1));
        }
        self.open.push(Container::Object(Object::new(self.members.len(), self.draft.len(at))));
        self.key(at, Expected::KeyOrEnd).map(Read::BeforeValue)
    }

    /// Reads a key and the colon behind it.
    #[inline(always)]
    fn key(&mut self, at: usize, expected: Expected) -> Result<usize, Error> {
        let offset = self.skip_space(at);
        if self.bytes.get(offset) != Some(&b'"') {
            return Err(self.unexpected(offset, expected));
        }
        let start = self.draft.len(offset);
        let at = string::read(&mut self.draft, offset)?;
        let key = self.draft.since(start, at);
        if let Some(Container::Object(object)) = self.open.last_mut() {
            self.members.push(object.member(key, start, offset));
        }
        let at = self.skip_space(at);
        if self.bytes.get(at) != Some(&b':') {
            return Err(self.unexpected(at, Expected::Colon));
        }
        Ok(at + 1)
    }

    fn close_object(&mut self, at: usize) -> Result<(), Error> {
        if let Some(Container::Object(object)) = self.open.pop() {
            let members = &self.members[object.first_member()..];
            self.order.close(&object, members, || self.draft.text(at))?;
            self.members.truncate(object.first_member());
        }
        Ok(())
    }

    fn descend(&self, at: usize) -> Result<(), Error> {
        let limit = self.limits.max_depth;
        if self.open.len() >= limit {
            return Err(Error::new(at, Reason::TooDeep { limit }));
        }
        Ok(())
    }

    #[inline(always)]
    fn number(&mut self, at: usize) -> Result<usize, Error> {
        let number = Number::scan(self.draft.input(), at)?;
        if !number.is_canonical() {
            self.rewrite(&number);
        }
        Ok(number.range().end)
    }

    #[inline(never)]
    fn rewrite(&mut self, number: &Number<'_>) {
        match number.rewritten() {
            Some(text) => self.draft.replace(number.range(), &text),
            None => {
                let (draft, range) = (&mut self.draft, number.range());
                self.numbers.canonical(number.text(), |text| {
                    let mut short = Short::new();
                    short.push(text.as_bytes());
                    draft.replace(range, &short);
                });
            }
        }
    }

    #[inline(always)]
    fn literal(&self, at: usize, text: &[u8]) -> Result<usize, Error> {
        let here = &self.bytes[at..];
        if here.starts_with(text) {
            return Ok(at + text.len());
        }
        let same = here.iter().zip(text).take_while(|(a, b)| a == b).count();
        Err(self.unexpected(at + same, Expected::Literal))
    }

    /// Leaves out the white space that begins here, if there is any.
    #[inline(always)]
    fn skip_space(&mut self, at: usize) -> usize {
        if self.bytes.get(at).is_some_and(|byte| *byte <= b' ') { self.leave_out_space(at) } else { at }
    }

    #[inline(never)]
    fn leave_out_space(&mut self, at: usize) -> usize {
        let end = at + space(&self.bytes[at..]);
        self.draft.leave_out(at..end);
        end
    }

    #[cold]
    #[inline(never)]
    fn unexpected(&self, at: usize, expected: Expected) -> Error {
        Error::new(
            at,
            match self.bytes.get(at) {
                Some(found) => Reason::UnexpectedByte { found: *found, expected },
                None => Reason::UnexpectedEnd { expected },
            },
        )
    }
}

/// Length of the white space at the beginning of `bytes`: `JSON.parse` knows four characters of it.
#[inline(always)]
fn space(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r') => at += 1,
            Some(b'\n') => {
                at += 1;
                // Indentation: all spaces of a word in one step.
                while let Some(word) = word::load(bytes, at) {
                    let spaces = word::first(word ^ word::all(b' '));
                    at += spaces;
                    if spaces < word::LANES {
                        break;
                    }
                }
            }
            _ => return at,
        }
    }
}
