//! What holds for every text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::json::{Canonical, Kind, Limits, View, canonicalize, write_number, write_string};

/// JSON, with the white space, keys and escapes that need work.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".into()),
        Just("true".into()),
        Just("false".into()),
        "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    scalar.prop_recursive(6, 64, 8, |inner| {
        let space = "[ \t\r\n]{0,2}";
        let element = (space, inner.clone()).prop_map(|(space, value)| space + &value);
        let member = (key(), space, inner).prop_map(|(key, space, value)| key + &space + ":" + &value);
        prop_oneof![
            prop::collection::vec(element, 0..8)
                .prop_map(|elements| alloc::format!("[{}]", elements.join(" ,"))),
            prop::collection::vec(member, 0..24)
                .prop_map(|members| alloc::format!("{{{} }}", members.join(","))),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,20}",
        "[^\"\\\\\\x00-\\x1f]",
        "\\\\[\"\\\\/bfnrt]",
        "\\\\u[0-9a-fA-F]{4}",
        "\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| alloc::format!("\"{}\"", pieces.concat()))
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "\"[ab]\"",
        "\"[0-9]{1,2}\"",
        "\"42949672(9[45]|00)\"",
        Just("\"__proto__\"".into()),
        string()
    ]
}

/// Writes a value again from what a view shows of it.
fn rewrite(view: View<'_>, out: &mut Vec<u8>) {
    match view.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool => out.extend_from_slice(if view.as_bool().unwrap() { b"true" } else { b"false" }),
        Kind::Number => write_number(out, view.as_f64().unwrap()),
        Kind::String => match view.as_str() {
            Some(text) => write_string(out, &text),
            None => out.extend_from_slice(view.raw().as_bytes()),
        },
        Kind::Array => {
            out.push(b'[');
            for (place, element) in view.elements().unwrap().enumerate() {
                out.extend_from_slice(if place > 0 { b"," } else { b"" });
                rewrite(element, out);
            }
            out.push(b']');
        }
        Kind::Object => {
            out.push(b'{');
            for (place, (key, value)) in view.members().unwrap().enumerate() {
                out.extend_from_slice(if place > 0 { b"," } else { b"" });
                match key.to_text() {
                    Ok(text) => {
                        assert!(key.matches(&text));
                        assert_eq!(view.get(&text), Some(value));
                        write_string(out, &text);
                    }
                    Err(_) => out.extend_from_slice(key.raw().as_bytes()),
                }
                out.push(b':');
                rewrite(value, out);
            }
            out.push(b'}');
        }
    }
}

/// The point half way between the double of these bits and the next, cut to so many digits, and the tail behind them.
fn half_way(bits: u64, digits: usize, tail: &str) -> String {
    const LIMB: u64 = 1_000_000_000;
    let (biased, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let mantissa = fraction | u64::from(biased > 0) << 52;
    // The point is this odd number times two to this power; a negative power of two is one of five, and one of ten.
    let (odd, power) = (2 * mantissa + 1, i64::try_from(biased.max(1)).unwrap() - 1_076);
    let factor = if power < 0 { 5 } else { 2 };
    let mut limbs = Vec::from([odd % LIMB, odd / LIMB]);
    for _ in 0..power.abs() {
        let mut carry = 0;
        for limb in &mut limbs {
            let product = *limb * factor + carry;
            (*limb, carry) = (product % LIMB, product / LIMB);
        }
        limbs.push(carry);
        limbs.pop_if(|limb| *limb == 0);
    }
    let text: String = limbs.iter().rev().map(|limb| alloc::format!("{limb:09}")).collect();
    let text = text.trim_start_matches('0');
    let kept = &text[..digits.min(text.len())];
    let exponent = power.min(0) + i64::try_from(text.len() - kept.len()).unwrap();
    let exponent = exponent - i64::try_from(tail.len()).unwrap();
    alloc::format!("{kept}{tail}e{exponent}")
}

proptest! {
    #[test]
    fn the_result_is_canonical_and_borrowed_the_second_time(text in document()) {
        let once = canonicalize(text.as_bytes()).unwrap();
        let twice = canonicalize(&once).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert!(matches!(twice, Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_view_shows_is_all_there_is(text in document()) {
        let canonical = Canonical::parse(text.as_bytes(), Limits::default()).unwrap();
        let mut again = Vec::new();
        rewrite(canonical.view(), &mut again);
        prop_assert_eq!(String::from_utf8(again).unwrap(), canonical.as_str());
        let bytes = canonicalize(text.as_bytes()).unwrap();
        prop_assert_eq!(canonical.into_bytes(), &*bytes);
    }

    #[test]
    fn a_document_cut_short_is_none(text in document(), cut in any::<prop::sample::Index>()) {
        // A number cut short may be a number.
        let text = alloc::format!("[{text}]");
        let cut = cut.index(text.len());
        let error = canonicalize(&text.as_bytes()[..cut]).unwrap_err();
        prop_assert!(error.offset() <= cut);
    }

    #[test]
    fn white_space_between_tokens_changes_nothing(text in document()) {
        let canonical = canonicalize(text.as_bytes()).unwrap();
        let spaced = alloc::format!("\r\n\t {text} \n");
        prop_assert_eq!(canonicalize(spaced.as_bytes()).unwrap(), canonical);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = canonicalize(&bytes);
    }

    #[test]
    fn no_text_of_jsons_own_bytes_makes_it_panic(text in "[\\[\\]{},:\"\\\\u0-9aeE.+\\-dD \n]{0,48}") {
        if let Err(error) = canonicalize(text.as_bytes()) {
            prop_assert!(error.offset() <= text.len());
        }
    }

    #[test]
    fn a_changed_byte_never_makes_it_panic(text in document(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(output) = canonicalize(&bytes) {
            prop_assert_eq!(&canonicalize(&output).unwrap(), &output);
        }
    }

    #[test]
    fn a_written_string_is_canonical_and_reads_back(text: String) {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        prop_assert!(matches!(canonicalize(&out), Ok(Cow::Borrowed(same)) if same == out));
        let canonical = Canonical::parse(&out, Limits::default()).unwrap();
        let read = canonical.view().as_str();
        prop_assert_eq!(read.as_deref(), Some(text.as_str()));
    }

    #[test]
    fn a_written_number_is_canonical_and_reads_back(bits: u64) {
        let number = f64::from_bits(bits);
        let mut out = Vec::new();
        write_number(&mut out, number);
        prop_assert!(matches!(canonicalize(&out), Ok(Cow::Borrowed(same)) if same == out));
        let canonical = Canonical::parse(&out, Limits::default()).unwrap();
        prop_assert_eq!(canonical.view().as_f64(), number.is_finite().then_some(number));
    }

    #[test]
    fn a_decimal_close_to_half_way_between_two_doubles_is_written_as_its_double_is(
        bits in 0..0x7fe0_0000_0000_0000_u64,
        digits in 15..60_usize,
        tail in "[1-9]?",
    ) {
        let text = half_way(bits, digits, &tail);
        let mut out = Vec::new();
        write_number(&mut out, text.parse().unwrap());
        prop_assert_eq!(&*canonicalize(text.as_bytes()).unwrap(), &*out, "{}", text);
    }

    #[test]
    fn a_short_decimal_is_written_as_its_double_is(
        text in "-?(0|[1-9][0-9]{0,16}|[1-9]0{0,24})(\\.(0{0,9}[0-9]{1,16}|[0-9]{1,4}0{0,24}))?([eE][+-]?[0-9]{1,3})?",
    ) {
        let mut out = Vec::new();
        write_number(&mut out, text.parse().unwrap());
        prop_assert_eq!(&*canonicalize(text.as_bytes()).unwrap(), &*out);
    }
}
