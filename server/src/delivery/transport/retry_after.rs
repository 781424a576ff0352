//! The `Retry-After` header (RFC 9110, section 10.2.3).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use crate::domain::Timestamp;

/// How long the receiver asks to be left alone. Only 429 and 503 are listened to; a date counts from the response's
/// own `Date`, so that a receiver's wrong clock does no harm; a past date is no wish.
pub(super) fn retry_after(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds still mean: very long.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(value)?;
    let from = headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or(now);
    Duration::try_from(until.duration_since(from)).ok().filter(|wait| !wait.is_zero())
}

/// All three forms that whoever receives one has to take, though only the first may be generated (RFC 9110, section
/// 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    httpdate::parse_http_date(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, retry_after_value: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry_after_value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        let now = "1994-11-06T08:49:37Z".parse().unwrap();
        retry_after(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn seconds_are_taken_on_429_and_503_only() {
        assert_eq!(parse(429, "120", None), Some(Duration::from_secs(120)));
        assert_eq!(parse(503, " 0 ", None), Some(Duration::ZERO));
        assert_eq!(parse(500, "120", None), None);
        assert_eq!(parse(200, "120", None), None);
        assert_eq!(parse(429, &"9".repeat(40), None), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn a_date_counts_from_the_responses_own_date() {
        let until = "Sun, 06 Nov 1994 09:49:37 GMT";
        assert_eq!(parse(503, until, None), Some(Duration::from_secs(3_600)));
        let wrong_clock = Some("Sun, 06 Nov 1994 09:48:37 GMT");
        assert_eq!(parse(503, until, wrong_clock), Some(Duration::from_secs(60)));
        assert_eq!(parse(503, "Sun, 06 Nov 1994 08:00:00 GMT", None), None);
    }

    #[test]
    fn dates_of_older_forms_are_understood_also_when_the_responses_own_has_another() {
        let later =
            ["Sun, 06 Nov 1994 09:49:37 GMT", "Sunday, 06-Nov-94 09:49:37 GMT", "Sun Nov  6 09:49:37 1994"];
        let dates =
            ["Sun, 06 Nov 1994 09:48:37 GMT", "Sunday, 06-Nov-94 09:48:37 GMT", "Sun Nov  6 09:48:37 1994"];
        for until in later {
            assert_eq!(parse(429, until, None), Some(Duration::from_secs(3_600)), "{until}");
            for date in dates {
                assert_eq!(parse(429, until, Some(date)), Some(Duration::from_secs(60)), "{until}, {date}");
            }
        }
    }

    #[test]
    fn nonsense_is_no_wish() {
        for nonsense in
            ["", "-1", "1.5", "soon", "1e9", "Sun, 99 Nov 1994 09:49:37 GMT", "Sun Nov 99 09:49:37 1994"]
        {
            assert_eq!(parse(429, nonsense, None), None, "{nonsense:?}");
        }
    }
}
