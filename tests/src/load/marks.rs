//! What an event carries so that it can be told apart and timed wherever it arrives: its number and when it was sent.
//!
//! The mark stands in the event's data as a string, which every system passes on as it is.

/// Bytes of a mark: `@@`, twenty digits, `:`, twenty digits, `@@`.
pub const LENGTH: usize = 45;
const FENCE: &[u8] = b"@@";
const DIGITS: usize = 20;

/// A number and a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which event it is.
    pub number: u64,
    /// When it was sent: nanoseconds of the machine's monotonic clock, which all its processes share.
    pub sent: u64,
}

impl Mark {
    /// Writes itself over a text of its length.
    ///
    /// # Panics
    /// When the text is shorter.
    pub fn write(self, text: &mut [u8]) {
        text[..2].copy_from_slice(FENCE);
        digits(self.number, &mut text[2..22]);
        text[22] = b':';
        digits(self.sent, &mut text[23..43]);
        text[43..LENGTH].copy_from_slice(FENCE);
    }

    /// The first one in a text.
    #[must_use]
    pub fn find(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        loop {
            let at = rest.windows(2).position(|pair| pair == FENCE)?;
            rest = &rest[at..];
            let mark = rest.get(..LENGTH)?;
            if let (Some(number), Some(sent)) = (number(&mark[2..22]), number(&mark[23..43]))
                && mark[22] == b':'
                && &mark[43..] == FENCE
            {
                return Some(Self { number, sent });
            }
            rest = &rest[2..];
        }
    }
}

/// Writes a number in as many digits as there is room for.
pub fn digits(mut number: u64, text: &mut [u8]) {
    for digit in text.iter_mut().rev() {
        // A digit is below ten.
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

fn number(text: &[u8]) -> Option<u64> {
    debug_assert_eq!(text.len(), DIGITS);
    text.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Now, by the clock that marks tell.
#[must_use]
pub fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again_in_whatever_text() {
        let mark = Mark { number: 42, sent: u64::MAX };
        let mut text = *b"a@@b@@______________________________________________________@@c@";
        mark.write(&mut text[8..]);
        assert_eq!(Mark::find(&text), Some(mark));
        for broken in 8..8 + LENGTH {
            let mut text = text;
            text[broken] = b'!';
            assert_eq!(Mark::find(&text), None, "{broken}");
        }
        assert_eq!(Mark::find(b"@@"), None);
    }
}
