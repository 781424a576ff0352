//! Strings: any JSON string in, the one form that `JSON.stringify` writes out.
//!
//! It escapes `"` and `\`, the control characters (the short escapes where there are some, else `\u00xx`) and lone
//! surrogates (`\udxxx`, lower case). Everything else stands for itself, DEL, U+2028 and U+2029 included, and an
//! escaped surrogate pair becomes its character.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::draft::{Draft, Short};
use super::error::{Error, Expected, LoneSurrogate, Reason};
use super::word;

/// Index of the first byte at or after `at` that ends a run of ordinary text: `"`, `\`, or a control character. The
/// length when there is none.
#[inline(always)]
pub(super) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word::load(bytes, at) {
        // In each: the high bit of a byte that is less than n, (x - n) & !x. A borrow can set bits of later bytes
        // wrongly, but only behind a right one, and the first counts.
        let less = |word: u64, n: u8| word.wrapping_sub(word::all(n)) & !word;
        let quote = less(word ^ word::all(b'"'), 1);
        let backslash = less(word ^ word::all(b'\\'), 1);
        let found = (less(word, 0x20) | quote | backslash) & word::all(0x80);
        if found != 0 {
            return at + word::first(found);
        }
        at += word::LANES;
    }
    at + bytes[at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// Reads the string whose opening quote is at `start`, its canonical form being put in the draft. Returns the index
/// behind its closing quote.
#[inline(always)]
pub(super) fn read(draft: &mut Draft<'_>, start: usize) -> Result<usize, Error> {
    let bytes = draft.input().as_bytes();
    let at = plain_run(bytes, start + 1);
    if bytes.get(at) == Some(&b'"') { Ok(at + 1) } else { read_escaped(draft, at) }
}

/// Reads the rest of a string, from the first byte that is no ordinary text.
#[inline(never)]
fn read_escaped(draft: &mut Draft<'_>, mut at: usize) -> Result<usize, Error> {
    let bytes = draft.input().as_bytes();
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match bytes.get(at + 1) {
                Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'/') => {
                    draft.leave_out(at..at + 1);
                    at += 2;
                }
                Some(b'u') => at = unicode_escape(draft, at)?,
                Some(_) => return Err(Error::new(at, Reason::InvalidEscape)),
                None => return Err(unterminated(bytes)),
            },
            Some(_) => return Err(Error::new(at, Reason::ControlCharacter)),
            None => return Err(unterminated(bytes)),
        }
        // Where there is one escape there are often many.
        if bytes.get(at) != Some(&b'\\') {
            at = plain_run(bytes, at);
        }
    }
}

fn unterminated(bytes: &[u8]) -> Error {
    Error::new(bytes.len(), Reason::UnexpectedEnd { expected: Expected::Quote })
}

/// Writes what the `\u` escape at `at` stands for, with its second half if it is a surrogate pair. Returns the index
/// behind it.
fn unicode_escape(draft: &mut Draft<'_>, at: usize) -> Result<usize, Error> {
    let bytes = draft.input().as_bytes();
    let unit = hex4(bytes, at)?;
    let mut end = at + ESCAPE_LENGTH;
    let mut character = char::from_u32(u32::from(unit));
    if character.is_none() && bytes.get(end..end + 2) == Some(b"\\u") {
        let second = hex4(bytes, end)?;
        if let Some(Ok(pair)) = char::decode_utf16([unit, second]).next() {
            end += ESCAPE_LENGTH;
            character = Some(pair);
        }
    }
    draft.replace(at..end, &character.map_or_else(|| escape(unit), form));
    Ok(end)
}

/// `\uxxxx`
const ESCAPE_LENGTH: usize = 6;

/// The four hexadecimal digits of the `\u` escape at `at`.
fn hex4(bytes: &[u8], at: usize) -> Result<u16, Error> {
    let Some(digits) = bytes.get(at + 2..at + ESCAPE_LENGTH) else {
        // Wrong or missing: what is there decides.
        let present = bytes.get(at + 2..).unwrap_or_default();
        let wrong = present.iter().any(|byte| !byte.is_ascii_hexdigit());
        return Err(if wrong { Error::new(at, Reason::InvalidEscape) } else { unterminated(bytes) });
    };
    let unit = digits.iter().try_fold(0, |unit, digit| Some((unit << 4) | u16::from(hex_value(*digit)?)));
    unit.ok_or(Error::new(at, Reason::InvalidEscape))
}

/// What a hexadecimal digit, of either case, stands for.
const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The escape of a code unit, lower case.
fn escape(unit: u16) -> Short {
    let mut text = Short::new();
    text.push(b"\\u");
    for shift in [12, 8, 4, 0] {
        text.push_byte(b"0123456789abcdef"[usize::from((unit >> shift) & 0xf)]);
    }
    text
}

/// The canonical form of a character inside a string.
#[inline(never)]
fn form(character: char) -> Short {
    let short = match character {
        '"' | '\\' => character,
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\0'..' ' => return escape(u16::from(u8::try_from(character).unwrap_or_default())),
        _ => return Short::of(character),
    };
    let mut text = Short::new();
    text.push_byte(b'\\');
    text.push_byte(u8::try_from(short).unwrap_or_default());
    text
}

/// Writes a string, quotes included, as `JSON.stringify` does.
///
/// ```
/// let mut out = Vec::new();
/// sigpost_core::json::write_string(&mut out, "a\u{1b}\"/é\n");
/// assert_eq!(out, r#""a\u001b\"/é\n""#.as_bytes());
/// ```
pub fn write_string(out: &mut Vec<u8>, s: &str) {
    let bytes = s.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut at = 0;
    loop {
        let end = plain_run(bytes, at);
        out.extend_from_slice(&bytes[at..end]);
        let Some(special) = bytes.get(end) else { break };
        out.extend_from_slice(form(char::from(*special)).as_bytes());
        at = end + 1;
    }
    out.push(b'"');
}

/// The characters of a canonical string, given without its quotes.
#[derive(Clone, Debug)]
pub(super) struct Decoded<'a> {
    rest: &'a str,
}

impl<'a> Decoded<'a> {
    pub(super) const fn new(inner: &'a str) -> Self {
        Self { rest: inner }
    }
}

impl Iterator for Decoded<'_> {
    type Item = Result<char, LoneSurrogate>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut characters = self.rest.chars();
        let mut decoded = characters.next()?;
        if decoded == '\\' {
            decoded = match characters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, rest) = characters.as_str().split_at_checked(4)?;
                    self.rest = rest;
                    let unit = u16::from_str_radix(digits, 16).ok()?;
                    return Some(char::from_u32(u32::from(unit)).ok_or(LoneSurrogate { unit }));
                }
                other => other,
            };
        }
        self.rest = characters.as_str();
        Some(Ok(decoded))
    }
}

/// The text of a canonical string, given without its quotes.
pub(super) fn decode(inner: &str) -> Result<Cow<'_, str>, LoneSurrogate> {
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    // Not collect(): the length is known well enough.
    let mut text = String::with_capacity(inner.len());
    for character in Decoded::new(inner) {
        text.push(character?);
    }
    Ok(Cow::Owned(text))
}
