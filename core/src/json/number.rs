//! Numbers: the grammar of JSON in, the text of `Number.prototype.toString` out.
//!
//! Most numbers of real documents are canonical already, and that can be proven without converting them: two different
//! decimals of at most 15 significant digits never round to the same double, so such a decimal is the shortest text
//! of its double. What remains is form: JavaScript writes no exponent from 1e-6 up to 1e21, no trailing zero in a
//! fraction, and no minus before zero. [`Number::is_canonical`] decides by these rules alone and may say no too often;
//! [`Number::rewritten`] gives such a decimal that form. Only what has more digits, or lies near the ends of the doubles,
//! needs its double, and that is left to [`Numbers`].

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::ops::Range;

use super::draft::Short;
use super::error::{Error, Expected, Reason};

/// Writes the numbers whose form cannot be told from their digits: those of more than 15 significant ones, and those near
/// the ends of the doubles.
///
/// Where a host can do it (JavaScript's `String(Number(text))`), tables and algorithms that are the larger part of a
/// small canonicaliser stay out: see [`canonicalize_by`](super::canonicalize_by).
pub trait Numbers {
    /// Calls `write`, once, with the text that `JSON.stringify` gives the double nearest to `number`, a number of
    /// JSON's grammar: its shortest ECMAScript form, `0` for either zero, `null` for what lies beyond the doubles.
    fn canonical(&self, number: &str, write: impl FnOnce(&str));
}

/// The [`Numbers`] of this crate, which need nobody: read by `lexical-core` (correctly rounded, and within a fraction of
/// a microsecond even close to half way between two doubles, where `core` takes several), and written by `ryu-js`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnNumbers;

impl Numbers for OwnNumbers {
    fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
        format(value(number), write);
    }
}

/// Decimals of up to this many significant digits survive the way to a double and back (`DBL_DIG`).
const EXACT_DIGITS: usize = 15;
/// With as many zeros behind the point of `0.`, JavaScript writes an exponent: 0.000001, then 1e-7.
const TOO_MANY_ZEROS: &[u8] = b"000000";
/// Decimals of up to 15 digits are told apart by doubles from 10^-307 to 10^308; well within those they are exact.
const SAFE_SCALE: u32 = 300;
/// Longer numbers are shortened before they are read, see [`shorten`].
const LONG: usize = 1_024;
/// Half way between two doubles needs 767 digits at most; what follows more than these is either zero or not.
const KEPT_DIGITS: usize = 800;

/// Where the parts of a number lie in the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'a> {
    input: &'a str,
    start: usize,
    /// Start of the digits before the point: behind the sign.
    integer: usize,
    /// End of the digits before the point.
    integer_end: usize,
    /// End of the digits after the point; `integer_end` when there is no point.
    fraction_end: usize,
    end: usize,
}

impl<'a> Number<'a> {
    /// Reads the number that starts at `start`: a digit or `-`.
    #[inline(always)]
    pub(super) fn scan(input: &'a str, start: usize) -> Result<Self, Error> {
        let bytes = input.as_bytes();
        let integer = start + usize::from(bytes.get(start) == Some(&b'-'));
        let integer_end = digits(bytes, integer)?;
        if bytes[integer] == b'0' && integer_end > integer + 1 {
            return Err(Error::new(integer + 1, Reason::InvalidNumber));
        }
        let mut end = integer_end;
        if bytes.get(end) == Some(&b'.') {
            end = digits(bytes, end + 1)?;
        }
        let fraction_end = end;
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            end += 1;
            end += usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
            end = digits(bytes, end)?;
        }
        Ok(Self { input, start, integer, integer_end, fraction_end, end })
    }

    /// Where it lies in the input.
    pub(super) const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// As it stands in the input.
    pub(super) fn text(&self) -> &'a str {
        self.input.get(self.range()).unwrap_or_default()
    }

    /// Whether it is proven, cheaply, to be written as JavaScript writes it.
    #[inline(always)]
    pub(super) fn is_canonical(&self) -> bool {
        let bytes = self.input.as_bytes();
        let zero = bytes[self.integer] == b'0';
        if self.fraction_end == self.integer_end {
            let digits = self.end - self.integer;
            return self.end == self.integer_end
                && digits <= EXACT_DIGITS
                && !(zero && self.start < self.integer);
        }
        let fraction = &bytes[self.integer_end + 1..self.fraction_end];
        let digits = self.integer_end - self.integer + fraction.len();
        self.end == self.fraction_end
            && digits <= EXACT_DIGITS
            && !fraction.ends_with(b"0")
            && !(zero && fraction.starts_with(TOO_MANY_ZEROS))
    }

    /// Its canonical form if that can be told from its digits: at most 15 significant ones, and not too near to the ends
    /// of the doubles, where those have less precision or are infinite.
    #[inline(always)]
    pub(super) fn rewritten(&self) -> Option<Short> {
        let mut out = Short::new();
        // Whatever is significant, perhaps with the point in it.
        let mut digits = &self.input.as_bytes()[self.integer..self.fraction_end];
        while let [rest @ .., b'0' | b'.'] = digits {
            digits = rest;
        }
        let mut first = 0;
        while let [b'0' | b'.', rest @ ..] = digits {
            digits = rest;
            first += 1;
        }
        if digits.is_empty() {
            out.push_byte(b'0');
            return Some(out);
        }
        let point = self.integer_end - self.integer;
        let count = digits.len() - usize::from(first < point && point < first + digits.len());
        // The value is 0.DIGITS × 10^scale.
        let length = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
        let scale = if first < point { length(point - first) } else { -length(first - point - 1) };
        let scale = scale.saturating_add(self.exponent());
        if count > EXACT_DIGITS || scale.unsigned_abs() > SAFE_SCALE {
            return None;
        }
        if self.start < self.integer {
            out.push_byte(b'-');
        }
        out.decimal(digits.iter().copied().filter(|byte| *byte != b'.'), scale);
        Some(out)
    }

    /// Beyond 32 bits it makes no difference: no text has as many digits.
    fn exponent(&self) -> i32 {
        let (negative, digits) = match self.input.as_bytes().get(self.fraction_end + 1..self.end) {
            Some([b'-', digits @ ..]) => (true, digits),
            Some([b'+', digits @ ..] | digits) => (false, digits),
            None => return 0,
        };
        let magnitude = digits
            .iter()
            .fold(0_i32, |sum, digit| sum.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
        if negative { -magnitude } else { magnitude }
    }
}

impl Short {
    /// 0.DIGITS × 10^scale, as `Number::toString` has it (ECMA-262 6.1.6.1.20), where scale is called n.
    #[inline(always)]
    fn decimal(&mut self, digits: impl Iterator<Item = u8>, scale: i32) {
        let exponent = (!(-5..=21).contains(&scale)).then_some(scale - 1);
        let mut point = if exponent.is_some() { 1 } else { scale };
        if point <= 0 {
            self.push(b"0.");
            for _ in point..0 {
                self.push_byte(b'0');
            }
        }
        for (place, digit) in digits.enumerate() {
            if place > 0 && point == 0 {
                self.push_byte(b'.');
            }
            self.push_byte(digit);
            point -= 1;
        }
        for _ in 0..point {
            self.push_byte(b'0');
        }
        if let Some(exponent) = exponent {
            self.push(if exponent < 0 { b"e-" } else { b"e+" });
            let exponent = exponent.unsigned_abs();
            for power in [100, 10, 1] {
                if exponent >= power {
                    self.push_byte(b'0' + (exponent / power % 10).to_le_bytes()[0]);
                }
            }
        }
    }
}

/// The double nearest to a number of JSON's grammar; infinite when it is beyond them.
fn value(number: &str) -> f64 {
    let text = match Number::scan(number, 0) {
        Ok(parts) if number.len() > LONG => Cow::Owned(shorten(&parts)),
        _ => Cow::Borrowed(number),
    };
    lexical_core::parse(text.as_bytes()).expect("JSON's numbers are a subset of those that it reads")
}

/// The end of the digits that must stand at `start`.
#[inline(always)]
fn digits(bytes: &[u8], start: usize) -> Result<usize, Error> {
    let count = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count > 0 { Ok(start + count) } else { Err(missing_digit(bytes, start)) }
}

#[cold]
fn missing_digit(bytes: &[u8], start: usize) -> Error {
    let expected = Expected::Digit;
    Error::new(
        start,
        match bytes.get(start) {
            Some(found) => Reason::UnexpectedByte { found: *found, expected },
            None => Reason::UnexpectedEnd { expected },
        },
    )
}

/// A number that rounds to the same double and is short. Whoever reads decimals stops counting exponents somewhere, which
/// is wrong for a mantissa with as many zeros: `0.00…001e1000001`.
fn shorten(number: &Number<'_>) -> String {
    let integer = &number.input[number.integer..number.integer_end];
    let fraction = number.input[number.integer_end..number.fraction_end].trim_start_matches('.');
    let mut digits = integer.bytes().chain(fraction.bytes());
    // The value is 0.DIGITS × 10^scale.
    let mut scale = number.exponent().saturating_add(i32::try_from(integer.len()).unwrap_or(i32::MAX));
    let mut out = String::with_capacity(KEPT_DIGITS + 32);
    if number.start < number.integer {
        out.push('-');
    }
    out.push_str("0.");
    let start = out.len();
    for digit in digits.by_ref() {
        if digit == b'0' && out.len() == start {
            scale = scale.saturating_sub(1);
            continue;
        }
        out.push(char::from(digit));
        if out.len() - start == KEPT_DIGITS {
            break;
        }
    }
    // Any digit beyond only says on which side of half way the number lies.
    out.push(if digits.any(|digit| digit != b'0') { '1' } else { '0' });
    // Beyond these everything is zero or infinite: the digits themselves add nothing, they stand behind the point.
    let scale = scale.clamp(-10_000, 10_000);
    write!(out, "e{scale}").expect("writing into a String cannot fail");
    out
}

/// Calls `write` with the text that `JSON.stringify` gives `value`.
pub(super) fn format(value: f64, write: impl FnOnce(&str)) {
    if value == 0.0 {
        write("0");
    } else if value.is_finite() {
        write(ryu_js::Buffer::new().format_finite(value));
    } else {
        write("null");
    }
}

/// Writes a number as `JSON.stringify` does: the shortest text that reads back as the same double, in ECMAScript's
/// form. What is not finite becomes `null`, and minus zero `0`.
///
/// ```
/// let mut out = Vec::new();
/// sigpost_core::json::write_number(&mut out, 1e21);
/// assert_eq!(out, b"1e+21");
/// ```
pub fn write_number(out: &mut Vec<u8>, n: f64) {
    format(n, |text| out.extend_from_slice(text.as_bytes()));
}
