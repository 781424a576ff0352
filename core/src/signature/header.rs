//! Reading signature, id and timestamp headers, strictly and without allocating.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, Engine as _};

use super::mac::MAX_TAG;
use super::scheme::{Encoding, Grammar, Scheme, Separator};

/// More entries than any rotation needs; a bound on the work a forger can cause.
pub(super) const MAX_ENTRIES: usize = 16;
const MAX_ID: usize = 256;
/// The latest time that [`timestamp`] reads: fifteen digits.
pub(super) const LATEST: i64 = 999_999_999_999_999;

/// Base64 for URLs, whose users write the padding or leave it out.
pub(super) const URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A decoded candidate tag, of the algorithm's length. Decoders want room for what the text's length could hold: two
/// bytes more than any tag.
#[derive(Clone)]
pub(super) struct Candidate([u8; MAX_TAG + 2], usize);

impl Candidate {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

/// The entries of a signature header: one, or those of its list, of which the first [`MAX_ENTRIES`] count.
#[derive(Clone)]
struct Entries<'a> {
    rest: Option<&'a str>,
    separator: Option<Separator>,
    left: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let Some(separator) = self.separator else { return Some(rest) };
        self.left = self.left.checked_sub(1)?;
        let (entry, rest) = match rest.split_once(separator.character()) {
            Some((entry, rest)) => (entry, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(entry.trim_matches(' '))
    }
}

fn entries(value: &str, separator: Option<Separator>) -> Entries<'_> {
    Entries { rest: Some(value), separator, left: MAX_ENTRIES }
}

/// The candidates in a signature header; none when it holds nothing of the scheme's form.
pub(super) fn candidates(value: &str, scheme: &Scheme) -> impl Iterator<Item = Candidate> + Clone {
    let Grammar { prefix, separator } = &scheme.grammar;
    let (encoding, len) = (scheme.encoding, scheme.algorithm.tag_len());
    let prefix = Some(&**prefix).filter(|prefix| !prefix.is_empty());
    entries(value, *separator).filter_map(move |entry| {
        let text = prefix.map_or(Some(entry), |prefix| entry.strip_prefix(prefix))?;
        decode(text, encoding, len)
    })
}

/// The time in a signature header's list, behind this text: there must be exactly one.
pub(super) fn time_entry<'a>(value: &'a str, grammar: &Grammar, prefix: &str) -> Option<&'a str> {
    let mut times = entries(value, grammar.separator).filter_map(|entry| entry.strip_prefix(prefix));
    times.next().filter(|_| times.next().is_none())
}

fn decode(text: &str, encoding: Encoding, len: usize) -> Option<Candidate> {
    let mut buffer = [0; MAX_TAG + 2];
    let decoded = match encoding {
        Encoding::Hex => {
            // This decoder would pass over "0x"; then what it decodes does not fill this much.
            const_hex::decode_to_slice(text, buffer.get_mut(..text.len() / 2)?).ok()?;
            text.len() / 2
        }
        Encoding::Base64 => STANDARD.decode_slice(text, &mut buffer).ok()?,
        Encoding::Base64Url => URL.decode_slice(text, &mut buffer).ok()?,
    };
    (decoded == len).then_some(Candidate(buffer, len))
}

/// A header's value as text: visible ASCII and spaces only. Anything else is malformed, never truncated or mapped.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    // To the end, whatever is found: many bytes are looked at in one go then.
    let fits = value.iter().fold(true, |fits, byte| fits & (0x20..0x7f).contains(byte));
    core::str::from_utf8(value).ok().filter(|_| fits)
}

/// A message id: 1 to 256 visible ASCII characters, without a dot, which separates the signed parts.
pub(super) fn id(text: &str) -> Option<&str> {
    // To the end, as above.
    let fits = text.bytes().fold(true, |fits, b| fits & b.is_ascii_graphic() & (b != b'.'));
    (fits && (1..=MAX_ID).contains(&text.len())).then_some(text)
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
    use crate::signature::SchemeBuilder;

    fn scheme(encoding: Encoding) -> SchemeBuilder {
        Scheme::custom("x", "x-sig").encoding(encoding)
    }

    fn count(value: &str, scheme: &SchemeBuilder) -> usize {
        candidates(value, &scheme.clone().build().unwrap()).count()
    }

    #[test]
    fn a_bare_tag_is_hex_of_either_case_and_exactly_as_long_as_it_must_be() {
        let bare = scheme(Encoding::Hex);
        let tag = "ab".repeat(32);
        assert_eq!(count(&tag, &bare), 1);
        assert_eq!(count(&tag.to_uppercase(), &bare), 1);
        for bad in [
            "",
            "ab",
            &tag[1..],
            &tag[2..],
            &format!("{tag}ab"),
            &format!(" {tag}"),
            &format!("0x{tag}"),
            &tag.replace('a', "g"),
        ] {
            assert_eq!(count(bad, &bare), 0, "{bad}");
        }
    }

    #[test]
    fn base64_has_its_padding_and_base64url_may_have_it() {
        let tag = [0xfb; 32];
        let (standard, url) = (STANDARD.encode(tag), URL.encode(tag));
        assert!(standard.contains('+') && url.contains('-') && !url.ends_with('='));
        assert_eq!(count(&standard, &scheme(Encoding::Base64)), 1);
        assert_eq!(count(standard.trim_end_matches('='), &scheme(Encoding::Base64)), 0);
        assert_eq!(count(&url, &scheme(Encoding::Base64)), 0);
        assert_eq!(count(&url, &scheme(Encoding::Base64Url)), 1);
        assert_eq!(count(&format!("{url}="), &scheme(Encoding::Base64Url)), 1);
        assert_eq!(count(&format!("{url}=="), &scheme(Encoding::Base64Url)), 0);
        assert_eq!(count(&standard, &scheme(Encoding::Base64Url)), 0);
    }

    #[test]
    fn only_entries_with_the_prefix_count() {
        let versions = scheme(Encoding::Base64).prefix("v1,").separator(Separator::Space);
        let tag = STANDARD.encode([7; 32]);
        assert_eq!(count(&format!("v1,{tag}"), &versions), 1);
        assert_eq!(count(&format!("v1a,{tag} v2,{tag} v1,{tag}  v1,{tag}"), &versions), 2);
        for bad in [
            &*tag,
            &format!("v1{tag}"),
            &format!("v1, {tag}"),
            &format!("v1,{}", tag.trim_end_matches('=')),
            "",
        ] {
            assert_eq!(count(bad, &versions), 0, "{bad}");
        }
        let many: Vec<_> = core::iter::repeat_n(format!("v1,{tag}"), 1_000).collect();
        assert_eq!(count(&many.join(" "), &versions), MAX_ENTRIES);
    }

    #[test]
    fn a_list_by_commas_may_have_spaces_and_exactly_one_time() {
        let fields = scheme(Encoding::Hex).prefix("v1=").separator(Separator::Comma);
        let tag = "ab".repeat(32);
        assert_eq!(count(&format!("t=1,v1={tag},v0={tag},v1={tag}"), &fields), 2);
        assert_eq!(count(&format!("t=1 , v1={tag} ,v1={tag}"), &fields), 2);
        let grammar = fields.build().unwrap().grammar;
        assert_eq!(time_entry("t=1,v1=x", &grammar, "t="), Some("1"));
        assert_eq!(time_entry("v1=x, t=12", &grammar, "t="), Some("12"));
        for bad in ["v1=x", "t=1,t=1", "t=1,v1=x,t=2", "T=1", "xt=1", ""] {
            assert_eq!(time_entry(bad, &grammar, "t="), None, "{bad}");
        }
        // Beyond the entries that count there is none.
        assert_eq!(time_entry(&format!("{}t=1", "v1=x,".repeat(MAX_ENTRIES)), &grammar, "t="), None);
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
