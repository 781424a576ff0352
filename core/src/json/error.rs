//! Why a text is refused, and where.

use core::fmt;

/// A text that is not JSON, or is beyond the [`Limits`](super::Limits) it was read with.
///
/// ```
/// use sigpost_core::json::{Reason, canonicalize};
/// let error = canonicalize(b"[1,]").unwrap_err();
/// assert_eq!(error.offset(), 3);
/// assert_eq!(error.to_string(), "unexpected byte 0x5d at offset 3: expected a value");
/// assert!(matches!(error.reason(), Reason::UnexpectedByte { found: b']', .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    offset: usize,
    reason: Reason,
}

impl Error {
    pub(super) const fn new(offset: usize, reason: Reason) -> Self {
        Self { offset, reason }
    }

    /// Where in the text, in bytes from its beginning: at the first byte that cannot stay, or at the end of the text when
    /// something is missing there. Encoding is judged before grammar, in the whole text: where that is no UTF-8, it says
    /// so, whatever is wrong earlier. For a text that is too long it is the limit.
    ///
    /// ```
    /// use sigpost_core::json::{Reason, canonicalize};
    /// assert_eq!(canonicalize(b"[1,] 2").unwrap_err().offset(), 3);
    /// let error = canonicalize(b"[1,] \xff").unwrap_err();
    /// assert_eq!((error.offset(), error.reason()), (5, Reason::InvalidUtf8));
    /// ```
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong there.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The text ends where something must follow.
    UnexpectedEnd {
        /// What must follow.
        expected: Expected,
    },
    /// A byte that cannot stand where it stands.
    UnexpectedByte {
        /// The byte.
        found: u8,
        /// What must stand there.
        expected: Expected,
    },
    /// Bytes that are no UTF-8, surrogates and overlong forms included. JavaScript never sees them: decoders put
    /// U+FFFD in their place, which changes the text, so they are refused.
    InvalidUtf8,
    /// A `\` that is followed by none of `" \ / b f n r t`, nor by `u` and four hexadecimal digits.
    InvalidEscape,
    /// A number with a leading zero. Where digits are missing, as in `1.` and `-x`, the reason is
    /// [`UnexpectedEnd`](Self::UnexpectedEnd) or [`UnexpectedByte`](Self::UnexpectedByte).
    ///
    /// ```
    /// use sigpost_core::json::{Expected, Reason, canonicalize};
    /// assert_eq!(canonicalize(b"01").unwrap_err().reason(), Reason::InvalidNumber);
    /// let missing = Reason::UnexpectedEnd { expected: Expected::Digit };
    /// assert_eq!(canonicalize(b"1.").unwrap_err().reason(), missing);
    /// ```
    InvalidNumber,
    /// A control character, U+0000 to U+001F, in a string: it must be escaped.
    ControlCharacter,
    /// Something other than white space after the value.
    TrailingData,
    /// The text starts with U+FEFF, which is no white space to `JSON.parse`.
    ByteOrderMark,
    /// More arrays and objects inside one another than [`Limits::max_depth`](super::Limits).
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More bytes than [`Limits::max_bytes`](super::Limits).
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// An object names a member twice, and [`Duplicates::Reject`](super::Duplicates) was asked for. The offset is
    /// that of the first key that repeats another of its object.
    DuplicateKey,
}

/// What the grammar asks for at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A value.
    Value,
    /// A value, or the end of the array that was just opened.
    ValueOrEnd,
    /// A key: a string.
    Key,
    /// A key, or the end of the object that was just opened.
    KeyOrEnd,
    /// The `:` between a key and its value.
    Colon,
    /// A `,` or `]`.
    CommaOrBracket,
    /// A `,` or `}`.
    CommaOrBrace,
    /// More of a string, up to its closing quote.
    Quote,
    /// The rest of `true`, `false` or `null`.
    Literal,
    /// A digit.
    Digit,
}

impl Expected {
    const fn text(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::ValueOrEnd => "a value or ']'",
            Self::Key => "a key",
            Self::KeyOrEnd => "a key or '}'",
            Self::Colon => "':'",
            Self::CommaOrBracket => "',' or ']'",
            Self::CommaOrBrace => "',' or '}'",
            Self::Quote => "the end of the string",
            Self::Literal => "true, false or null",
            Self::Digit => "a digit",
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Error {
    /// Calls `write` with the pieces of the message, in order: [`Display`](fmt::Display) for where its machinery would
    /// be a fair part of the program.
    ///
    /// ```
    /// let error = sigpost_core::json::canonicalize(b"[1,]").unwrap_err();
    /// let mut message = String::new();
    /// error.message(|piece| message.push_str(piece));
    /// assert_eq!(message, error.to_string());
    /// ```
    pub fn message(&self, mut write: impl FnMut(&str)) {
        // Before the offset and behind it.
        let (before, behind) = match self.reason {
            Reason::UnexpectedEnd { expected } => ("unexpected end", expected.text()),
            Reason::UnexpectedByte { expected, .. } => ("unexpected byte ", expected.text()),
            Reason::InvalidUtf8 => ("invalid UTF-8", ""),
            Reason::InvalidEscape => ("invalid escape in a string", ""),
            Reason::InvalidNumber => ("invalid number", "a leading zero"),
            Reason::ControlCharacter => ("unescaped control character in a string", ""),
            Reason::TrailingData => ("unexpected data after the value", ""),
            Reason::ByteOrderMark => ("a byte order mark", "JSON has none"),
            Reason::TooDeep { .. } => ("nested deeper than ", ""),
            Reason::TooLarge { .. } => ("larger than ", ""),
            Reason::DuplicateKey => ("a key that repeats another of its object", ""),
        };
        write(before);
        match self.reason {
            Reason::UnexpectedByte { found, .. } => {
                write("0x");
                for digit in [found >> 4, found & 0xf] {
                    write(
                        core::str::from_utf8(&[b"0123456789abcdef"[usize::from(digit)]]).unwrap_or_default(),
                    );
                }
            }
            Reason::TooDeep { limit } => {
                decimal(limit, &mut write);
                write(" levels");
            }
            Reason::TooLarge { limit } => {
                decimal(limit, &mut write);
                return write(" bytes");
            }
            _ => {}
        }
        write(" at offset ");
        decimal(self.offset, &mut write);
        match self.reason {
            Reason::UnexpectedEnd { .. } | Reason::UnexpectedByte { .. } => write(": expected "),
            Reason::InvalidNumber | Reason::ByteOrderMark => write(": "),
            _ => {}
        }
        write(behind);
    }
}

fn decimal(mut number: usize, write: &mut impl FnMut(&str)) {
    let mut text = [0; 20];
    let mut start = text.len();
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    write(core::str::from_utf8(&text[start..]).unwrap_or_default());
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Ok(());
        self.message(|piece| {
            if written.is_ok() {
                written = f.write_str(piece);
            }
        });
        written
    }
}

impl core::error::Error for Error {}

/// A string that holds half of a surrogate pair, such as `"\ud800"`: it is a string to JavaScript, but no text, and
/// no UTF-8 stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoneSurrogate {
    /// The surrogate, U+D800 to U+DFFF.
    pub unit: u16,
}

impl fmt::Display for LoneSurrogate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a lone surrogate, U+{:04X}", self.unit)
    }
}

impl core::error::Error for LoneSurrogate {}
