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

/// The forms that the request's `accept-encoding` names: what it prefers first, and of equals the shortest. What it says
/// by `*` is not used: a browser names what it takes.
pub(super) fn accepted(headers: &HeaderMap) -> Vec<Encoding> {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let items: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
    let weight = |encoding: Encoding| items.iter().find_map(|item| weight(item, encoding.name()));
    let mut taken: Vec<_> = Encoding::ALL
        .into_iter()
        .filter_map(|encoding| Some((weight(encoding)?, encoding)))
        .filter(|&(weight, _)| weight > 0.0)
        .collect();
    taken.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    taken.into_iter().map(|(_, encoding)| encoding).collect()
}

/// How much an item like `br;q=0.5` wants a form, if it names it. A weight that cannot be read counts as none was given.
fn weight(item: &str, name: &str) -> Option<f32> {
    let mut parts = item.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(name) {
        return None;
    }
    let given =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    Some(given.and_then(|(_, weight)| weight.parse().ok()).unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[Encoding]) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        assert_eq!(accepted(&headers), expected, "{value}");
    }

    #[test]
    fn a_form_is_taken_if_it_is_named_and_not_refused() {
        check("gzip, deflate, br, zstd", &[Encoding::Brotli, Encoding::Gzip]);
        check("GZIP;q=0.2", &[Encoding::Gzip]);
        check("br;q=0, gzip", &[Encoding::Gzip]);
        check("br; q=0.0, gzip;q=0.000", &[]);
        check("identity", &[]);
        check("*", &[]);
        check("br;Q=0, gzip", &[Encoding::Gzip]);
        check("br;q=0.5, gzip;q=0.9", &[Encoding::Gzip, Encoding::Brotli]);
        check("br;q=wide", &[Encoding::Brotli]);
        assert_eq!(accepted(&HeaderMap::new()), []);
    }
}
