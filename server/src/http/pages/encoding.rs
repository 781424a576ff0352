//! In which forms a client takes a file (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

/// A form that files are kept in beside their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// The shortest first.
    const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What the file's name ends with.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// The forms that the request's `accept-encoding` names, the shortest first. What it says by `*` is not used: a browser
/// names what it takes.
pub(super) fn accepted(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    Encoding::ALL.into_iter().filter(|encoding| {
        let values =
            headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|item| takes(item, encoding.name()))
    })
}

/// Whether an item like `br;q=0.5` says that a form is taken.
fn takes(item: &str, name: &str) -> bool {
    let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
    let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0_f32));
    coding.trim().eq_ignore_ascii_case(name) && !refused
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[Encoding]) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        assert_eq!(accepted(&headers).collect::<Vec<_>>(), expected, "{value}");
    }

    #[test]
    fn a_form_is_taken_if_it_is_named_and_not_refused() {
        check("gzip, deflate, br, zstd", &[Encoding::Brotli, Encoding::Gzip]);
        check("GZIP;q=0.2", &[Encoding::Gzip]);
        check("br;q=0, gzip", &[Encoding::Gzip]);
        check("br; q=0.0, gzip;q=0.000", &[]);
        check("identity", &[]);
        check("*", &[]);
        assert_eq!(accepted(&HeaderMap::new()).count(), 0);
    }
}
