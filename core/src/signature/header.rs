//! Reading signature, id and timestamp headers, strictly and without allocating.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mac::MAX_TAG;
use super::scheme::{Algorithm, Encoding, Grammar};

/// More candidates than any rotation needs; a bound on the work a forger can cause.
const MAX_CANDIDATES: usize = 16;
const MAX_ID: usize = 256;
/// The latest time that [`timestamp`] reads: fifteen digits.
pub(super) const LATEST: i64 = 999_999_999_999_999;

/// A decoded candidate tag, of the algorithm's length.
#[derive(Clone)]
pub(super) struct Candidate([u8; MAX_TAG], usize);

impl Candidate {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

/// The candidates in a signature header; none when it holds nothing of the scheme's form.
pub(super) fn candidates(
    value: &str,
    grammar: &Grammar,
    encoding: Encoding,
    algorithm: Algorithm,
) -> impl Iterator<Item = Candidate> {
    let (list, prefix) = match grammar {
        Grammar::Bare => (false, ""),
        Grammar::Prefixed(prefix) => (false, prefix.as_ref()),
        Grammar::Versions(version) => (true, version.as_ref()),
    };
    let whole = (!list).then(|| value.strip_prefix(prefix)).flatten();
    let entries = value.split(' ').take(MAX_CANDIDATES).filter(move |_| list);
    let listed = entries.filter_map(move |entry| entry.strip_prefix(prefix)?.strip_prefix(','));
    whole.into_iter().chain(listed).filter_map(move |text| decode(text, encoding, algorithm))
}

fn decode(text: &str, encoding: Encoding, algorithm: Algorithm) -> Option<Candidate> {
    // Decoders want room for what the text's length could hold; two bytes more than any tag.
    let mut buffer = [0; MAX_TAG + 2];
    let len = match encoding {
        Encoding::Hex => {
            let len = text.len() / 2;
            hex::decode_to_slice(text, buffer.get_mut(..len)?).ok()?;
            len
        }
        Encoding::Base64 => STANDARD.decode_slice(text, &mut buffer).ok()?,
    };
    if len != algorithm.tag_len() {
        return None;
    }
    let mut tag = [0; MAX_TAG];
    tag[..len].copy_from_slice(&buffer[..len]);
    Some(Candidate(tag, len))
}

/// A header's value as text: visible ASCII and spaces only. Anything else is malformed, never truncated or mapped.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(value).ok()?;
    text.bytes().all(|b| (0x20..0x7f).contains(&b)).then_some(text)
}

/// A message id: 1 to 256 visible ASCII characters, without a dot, which separates the signed parts.
pub(super) fn id(text: &str) -> Option<&str> {
    let fits = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    fits.then_some(text)
}

/// Seconds since 1970: decimal digits and nothing else, without leading zeros, at most 15 of them.
pub(super) fn timestamp(text: &str) -> Option<i64> {
    let digits = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::vec::Vec;

    use super::*;

    fn count(value: &str, grammar: &Grammar, encoding: Encoding) -> usize {
        candidates(value, grammar, encoding, Algorithm::HmacSha256).count()
    }

    #[test]
    fn a_bare_tag_is_hex_of_either_case_and_exactly_as_long_as_it_must_be() {
        let tag = "ab".repeat(32);
        assert_eq!(count(&tag, &Grammar::Bare, Encoding::Hex), 1);
        assert_eq!(count(&tag.to_uppercase(), &Grammar::Bare, Encoding::Hex), 1);
        for bad in
            ["", "ab", &tag[1..], &tag[2..], &format!("{tag}ab"), &format!(" {tag}"), &tag.replace('a', "g")]
        {
            assert_eq!(count(bad, &Grammar::Bare, Encoding::Hex), 0, "{bad}");
        }
    }

    #[test]
    fn only_the_named_version_of_a_list_counts() {
        let versions = Grammar::Versions("v1".into());
        let tag = STANDARD.encode([7; 32]);
        assert_eq!(count(&format!("v1,{tag}"), &versions, Encoding::Base64), 1);
        assert_eq!(count(&format!("v1a,{tag} v2,{tag} v1,{tag} v1,{tag}"), &versions, Encoding::Base64), 2);
        for bad in [
            &*tag,
            &format!("v1{tag}"),
            &format!("v1, {tag}"),
            &format!("v1,{}", tag.trim_end_matches('=')),
            "",
        ] {
            assert_eq!(count(bad, &versions, Encoding::Base64), 0, "{bad}");
        }
        let many: Vec<_> = core::iter::repeat_n(format!("v1,{tag}"), 1_000).collect();
        assert_eq!(count(&many.join(" "), &versions, Encoding::Base64), MAX_CANDIDATES);
    }

    #[test]
    fn a_timestamp_is_digits_and_nothing_else() {
        assert_eq!(timestamp("1700000000"), Some(1_700_000_000));
        assert_eq!(timestamp("0"), Some(0));
        for bad in ["", "+1", "-1", " 1", "1 ", "01", "1.0", "1e9", "1700abc", "١", "1234567890123456"] {
            assert_eq!(timestamp(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_visible_ascii_without_a_dot() {
        assert_eq!(id("msg_1"), Some("msg_1"));
        for bad in ["", "a.b", "a b", "\u{142}", &"x".repeat(257)] {
            assert_eq!(id(bad), None, "{bad:?}");
        }
        assert_eq!(text("a\u{142}".as_bytes()), None);
        assert_eq!(text(b"a\tb"), None);
    }
}
