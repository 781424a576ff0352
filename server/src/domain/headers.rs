//! The headers of an answer, as far as they are kept.

use bytes::Bytes;

/// Response header lines, in the order in which they came: `name: value`, each ended by CR LF, names in lower case.
///
/// Whole lines only: one that would not fit any more is left out, so that a long cookie does not hide what comes
/// after it. What is not UTF-8 in a value is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ResponseHeaders(Bytes);

impl ResponseHeaders {
    /// None at all.
    pub const EMPTY: Self = Self(Bytes::new());

    /// How many bytes are kept, line ends included.
    pub const MAX_BYTES: usize = 2_048;

    /// Keeps as many lines as fit. A name or value that could be taken for more than one line is left out.
    pub fn new<'a>(lines: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut kept = String::new();
        for (name, value) in lines {
            if name.len() + value.len() > Self::MAX_BYTES {
                continue;
            }
            let (name, value) = (name.to_ascii_lowercase(), String::from_utf8_lossy(value));
            let fits = kept.len() + name.len() + value.len() + ": \r\n".len() <= Self::MAX_BYTES;
            if fits && is_name(&name) && is_value(&value) {
                kept.extend([&name, ": ", &*value, "\r\n"]);
            }
        }
        Self(kept.into())
    }

    /// Takes lines as stored; `None` if [`Self::new`] never made them.
    #[must_use]
    pub fn restore(stored: Bytes) -> Option<Self> {
        let text = core::str::from_utf8(&stored).ok()?;
        let whole = text.is_empty() || text.ends_with("\r\n");
        let mut lines = text.split_terminator("\r\n");
        let sound = lines
            .all(|line| line.split_once(": ").is_some_and(|(name, value)| is_name(name) && is_value(value)));
        (whole && sound && stored.len() <= Self::MAX_BYTES).then_some(Self(stored))
    }

    /// The lines as bytes, for storing.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether none was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values. A name may come more than once.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        // Both constructors made sure of it.
        let text = core::str::from_utf8(&self.0).unwrap_or_default();
        text.split_terminator("\r\n").filter_map(|line| line.split_once(": "))
    }
}

/// Whether a text can be the name of a header: a token (RFC 9110, section 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// A token in lower case.
fn is_name(name: &str) -> bool {
    is_token(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_value(value: &str) -> bool {
    !value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(headers: &ResponseHeaders) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn owned(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lines_are_kept_in_order_with_names_in_lower_case() {
        let given: [(&str, &[u8]); 4] =
            [("Set-Cookie", b"a: b"), ("x-empty", b""), ("set-cookie", b"c=d"), ("Server", b"\xc3\xa9 \xff")];
        let headers = ResponseHeaders::new(given);
        let expected = owned(&[
            ("set-cookie", "a: b"),
            ("x-empty", ""),
            ("set-cookie", "c=d"),
            ("server", "é \u{fffd}"),
        ]);
        assert_eq!(lines(&headers), expected);
        assert_eq!(ResponseHeaders::restore(headers.as_bytes().clone()), Some(headers));
    }

    #[test]
    fn only_whole_lines_are_kept_and_never_more_than_the_bound() {
        let half = [b'x'; ResponseHeaders::MAX_BYTES / 2];
        let headers = ResponseHeaders::new([("a", &half[..]), ("b", &half[..]), ("c", b"short")]);
        assert_eq!(headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "c"]);
        let exact = [b'x'; ResponseHeaders::MAX_BYTES - 5];
        assert_eq!(ResponseHeaders::new([("a", &exact[..])]).as_bytes().len(), ResponseHeaders::MAX_BYTES);
        assert!(ResponseHeaders::new([("ab", &exact[..])]).is_empty());
        // Three times as long once it is text.
        assert!(ResponseHeaders::new([("a", &[0xff; 1_000][..])]).is_empty());
    }

    #[test]
    fn nothing_can_pass_for_a_line_of_its_own() {
        let given: [(&str, &[u8]); 6] = [
            ("x", b"a\r\nset-cookie: b"),
            ("x", b"a\nb"),
            ("x", b"a\0b"),
            ("a: b", b"c"),
            ("", b"c"),
            ("y\r\nz", b"c"),
        ];
        assert_eq!(ResponseHeaders::new(given), ResponseHeaders::EMPTY);
    }

    #[test]
    fn what_was_never_made_is_not_restored() {
        let long = format!("a: {}\r\n", "x".repeat(ResponseHeaders::MAX_BYTES));
        for bad in ["a", "a: b", "a: b\r\nc", "a:b\r\n", "A: b\r\n", ": b\r\n", "a: b\nc\r\n", "\r\n", &long]
        {
            assert_eq!(ResponseHeaders::restore(bad.to_owned().into()), None, "{bad:?}");
        }
        assert_eq!(ResponseHeaders::restore(Bytes::from_static(b"a: \xff\r\n")), None);
        assert_eq!(ResponseHeaders::restore(Bytes::new()), Some(ResponseHeaders::EMPTY));
    }
}
