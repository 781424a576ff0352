//! Versions of webhooks in headers: `ETag` tells which one an answer shows, `If-Match` says which one is meant (RFC 9110,
//! sections 8.8.3 and 13.1.1).

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::app::Precondition;
use crate::domain::Webhook;

/// Names the version in an answer.
pub(super) fn tagged(mut response: Response, webhook: &Webhook) -> Response {
    // Digits between quotes are always a header's value.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", webhook.version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The version that is meant. A tag that we did not make is nobody's, and a weak one matches nothing.
pub(super) fn if_match(headers: &HeaderMap) -> Precondition {
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    if lines.peek().is_none() {
        return Precondition::None;
    }
    let tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let tags: Vec<_> = tags.map(str::trim).collect();
    if tags.contains(&"*") {
        return Precondition::None;
    }
    let version = |tag: &&str| {
        let text = tag.strip_prefix('"')?.strip_suffix('"')?;
        // Tags are compared as they are written: "03" is not "3".
        text.parse().ok().filter(|version: &u64| version.to_string() == text)
    };
    Precondition::Versions(tags.iter().filter_map(version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Precondition {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, HeaderValue::from_static(line));
        }
        if_match(&headers)
    }

    #[test]
    fn if_match_names_versions_or_none_at_all() {
        assert_eq!(read(&[]), Precondition::None);
        assert_eq!(read(&["*"]), Precondition::None);
        assert_eq!(read(&["\"3\""]), Precondition::Versions(vec![3]));
        assert_eq!(read(&["\"3\", \"5\"", "\"7\""]), Precondition::Versions(vec![3, 5, 7]));
        for never in ["W/\"3\"", "3", "\"x\"", "\"\"", "", "\"-1\"", "\"3", "\"+3\"", "\"03\""] {
            assert_eq!(read(&[never]), Precondition::Versions(Vec::new()), "{never}");
        }
    }
}
