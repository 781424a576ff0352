//! Text is read by words of eight bytes and copied by stretches of thirty-two: whatever matters is put at every place
//! around their edges, and must mean the same at each.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use crate::json::string::plain_run;
use crate::json::{
    Canonical, Duplicates, Limits, Numbers, Reason, canonicalize, canonicalize_by, canonicalize_with,
};

/// Twice the longest that is treated at once, and some more.
const FAR: usize = 70;

fn canonical(text: &str) -> String {
    Canonical::parse(text.as_bytes(), Limits::default()).unwrap().as_str().into()
}

#[test]
fn a_run_of_text_ends_at_its_first_special_byte_whatever_stands_around_it() {
    let ends = |byte: u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            for length in [8, 9, 15, 16, 17] {
                let mut text = [b'x'; 17];
                let place = length - 3;
                text[place..place + 2].copy_from_slice(&[first, second]);
                let expected = text[..length].iter().take_while(|byte| !ends(**byte)).count();
                assert_eq!(plain_run(&text[..length], 0), expected, "{first:#x} {second:#x} {length}");
            }
        }
    }
}

#[test]
fn every_ordinary_byte_is_passed_over_wherever_it_stands() {
    for place in 0..FAR {
        for character in ['x', ' ', '!', '#', '[', ']', '\u{7f}', '\u{80}', 'é', '—', '😀', '\u{10ffff}']
        {
            let text = format!("[\"{}{character}{}\"]", "a".repeat(place), "é".repeat(FAR - place));
            assert!(
                matches!(canonicalize(text.as_bytes()), Ok(Cow::Borrowed(same)) if same == text.as_bytes())
            );
        }
    }
}

#[test]
fn an_escape_means_the_same_wherever_it_stands() {
    let escapes = [
        (r"\/", "/"),
        (r"\u00e9", "é"),
        (r"\uD83D\uDE00", "😀"),
        (r"\u000A", r"\n"),
        (r"\u001B", r"\u001b"),
        (r"\uD800", r"\ud800"),
        (r#"\""#, r#"\""#),
        (r"\n", r"\n"),
        (r"\\", r"\\"),
    ];
    for before in 0..FAR {
        for (escape, written) in escapes {
            for after in ["", "b", "bé bé bé bé bé bé bé bé bé bé bé bé bé"] {
                let start = "a".repeat(before);
                let text = format!("[\"{start}{escape}{after}\",\"{escape}{escape}{start}\"]");
                let expected = format!("[\"{start}{written}{after}\",\"{written}{written}{start}\"]");
                assert_eq!(canonical(&text), expected);
            }
        }
    }
}

#[test]
fn what_ends_a_string_wrongly_is_found_where_it_is() {
    for place in 0..FAR {
        let start = format!("\"{}", "é".repeat(place));
        for (wrong, reason) in [
            ("\n", Reason::ControlCharacter),
            ("\0", Reason::ControlCharacter),
            (r"\x", Reason::InvalidEscape),
        ] {
            for after in ["\"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""] {
                let error = canonicalize(format!("{start}{wrong}{after}").as_bytes()).unwrap_err();
                assert_eq!((error.offset(), error.reason()), (start.len(), reason));
            }
        }
        assert_eq!(canonicalize(start.as_bytes()).unwrap_err().offset(), start.len());
    }
}

#[test]
fn white_space_of_any_length_is_left_out_of_text_of_any_length() {
    for length in 0..FAR {
        let (name, more) = ("é".repeat(length / 2), "a".repeat(length));
        let expected = format!("{{\"{name}\":[\"{more}\",1],\"{more}z\":{length}}}");
        for space in [" ", "\n", "\r\n", "\t", "\n ", " \n\t", "\n\n  "] {
            for count in [1, 2, 7, 8, 9, 15, 16, 17, length] {
                let space = format!("{space}{}", " ".repeat(count));
                let text = format!(
                    "{space}{{{space}\"{name}\"{space}:{space}[{space}\"{more}\"{space},{space}1{space}]{space},\
                     {space}\"{more}z\"{space}:{space}{length}{space}}}{space}"
                );
                assert_eq!(canonical(&text), expected);
            }
        }
    }
}

#[test]
fn keys_of_any_length_are_one_when_they_are_equal_and_two_when_a_byte_differs() {
    let strict = Limits { duplicates: Duplicates::Reject, ..Limits::default() };
    for length in 1..FAR {
        let key = "k".repeat(length);
        assert_eq!(
            canonical(&format!("{{\"{key}\":1,\"a\":2,\"{key}\":3}}")),
            format!("{{\"{key}\":3,\"a\":2}}")
        );
        let twice = format!("{{\"{key}\":1,\"{key}\":2}}");
        let error = canonicalize_with(twice.as_bytes(), strict).unwrap_err();
        assert_eq!((error.offset(), error.reason()), (length + 6, Reason::DuplicateKey));
        for place in 0..length {
            let mut other = key.clone();
            other.replace_range(place..=place, "j");
            let text = format!("{{\"{key}\":1,\"{other}\":2,\"{key}k\":3}}");
            assert!(matches!(canonicalize_with(text.as_bytes(), strict), Ok(Cow::Borrowed(_))), "{text}");
        }
    }
}

#[test]
fn a_number_keeps_its_form_up_to_the_digits_that_prove_it() {
    // Digits that end in zeros behind a point, at the edge of what is copied unread, and beyond.
    for digits in 1..25 {
        for zeros in 0..20 {
            let number =
                format!("{}.{}", "9244904400873339123456789".split_at(digits).0, "0".repeat(zeros + 1));
            let value: f64 = number.parse().unwrap();
            let text = format!("[{number},-{number},{number}1]");
            let longer: f64 = format!("{number}1").parse().unwrap();
            let expected = [value, -value, longer].map(|value| {
                let mut out = alloc::vec::Vec::new();
                crate::json::write_number(&mut out, value);
                String::from_utf8(out).unwrap()
            });
            assert_eq!(canonical(&text), format!("[{}]", expected.join(",")));
        }
    }
    // Below that they are written with an exponent.
    let text = "[0.000001,-0.000001,0.0000015,0.0000001,-0.00000015]";
    assert_eq!(canonical(text), "[0.000001,-0.000001,0.0000015,1e-7,-1.5e-7]");
}

/// Must not be asked.
struct Nobody;

impl Numbers for Nobody {
    fn canonical(&self, number: &str, _: impl FnOnce(&str)) {
        panic!("{number} can be told from its digits");
    }
}

#[test]
fn numbers_of_fifteen_digits_are_told_from_their_digits_and_others_are_asked_for() {
    let form = |text: &str| {
        let read = canonicalize_by(text.as_bytes(), Limits::default(), Nobody).map(Cow::into_owned);
        String::from_utf8(read.unwrap()).unwrap()
    };
    for (number, expected) in [
        ("1.50", "1.5"),
        ("-0", "0"),
        ("-0.000e-999999999999999999999", "0"),
        ("1E21", "1e+21"),
        ("-123456789012345000000", "-123456789012345000000"),
        ("1234567890123450000000", "1.23456789012345e+21"),
        ("0.00000000000000000000120", "1.2e-21"),
        ("123456.789012345e3", "123456789.012345"),
        ("1234500e-10", "0.00012345"),
        ("9e299", "9e+299"),
        ("-9.99999999999999E-300", "-9.99999999999999e-300"),
    ] {
        assert_eq!(form(number), expected);
        assert_eq!(canonical(number), expected);
    }

    struct Host;
    impl Numbers for Host {
        fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
            write(&format!("<{number}>"));
        }
    }
    let text = b"[1.0, 9244904400873339.000, -1E308, 12345678901234567]";
    assert_eq!(
        &*canonicalize_by(text, Limits::default(), Host).unwrap(),
        b"[1,<9244904400873339.000>,<-1E308>,<12345678901234567>]"
    );
}
