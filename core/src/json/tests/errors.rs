//! What is said of texts that are refused.

use alloc::string::ToString as _;

use crate::json::{Duplicates, Error, Limits, Reason, canonicalize, canonicalize_with};

fn error(text: &str) -> Error {
    canonicalize(text.as_bytes()).expect_err(text)
}

#[test]
fn an_error_says_where_and_what() {
    for (text, message) in [
        ("", "unexpected end at offset 0: expected a value"),
        ("[", "unexpected end at offset 1: expected a value or ']'"),
        ("[,", "unexpected byte 0x2c at offset 1: expected a value or ']'"),
        ("[1,]", "unexpected byte 0x5d at offset 3: expected a value"),
        ("[\"[\" 1]", "unexpected byte 0x31 at offset 5: expected ',' or ']'"),
        ("{1", "unexpected byte 0x31 at offset 1: expected a key or '}'"),
        ("{\"a\":1,}", "unexpected byte 0x7d at offset 7: expected a key"),
        ("{\"a\" 1}", "unexpected byte 0x31 at offset 5: expected ':'"),
        ("{\"a\":1 ]", "unexpected byte 0x5d at offset 7: expected ',' or '}'"),
        ("{\"a\":", "unexpected end at offset 5: expected a value"),
        ("tru ", "unexpected byte 0x20 at offset 3: expected true, false or null"),
        ("nul", "unexpected end at offset 3: expected true, false or null"),
        ("-", "unexpected end at offset 1: expected a digit"),
        ("1.e", "unexpected byte 0x65 at offset 2: expected a digit"),
        ("1e+", "unexpected end at offset 3: expected a digit"),
        ("007", "invalid number at offset 1: a leading zero"),
        ("\"a", "unexpected end at offset 2: expected the end of the string"),
        ("\"\\u00", "unexpected end at offset 5: expected the end of the string"),
        ("\"\\u0x", "invalid escape in a string at offset 1"),
        ("\"\\ud800\\u12\"", "invalid escape in a string at offset 7"),
        ("\"a\\x\"", "invalid escape in a string at offset 2"),
        ("\"a\u{1}\"", "unescaped control character in a string at offset 2"),
        ("1 2", "unexpected data after the value at offset 2"),
        ("\u{feff}1", "a byte order mark at offset 0: JSON has none"),
        ("1\u{feff}", "unexpected data after the value at offset 1"),
    ] {
        assert_eq!(error(text).to_string(), message, "{text:?}");
    }
    let deep = canonicalize_with(b"[[1]]", Limits { max_depth: 1, ..Limits::default() }).unwrap_err();
    assert_eq!(deep.to_string(), "nested deeper than 1 levels at offset 1");
    assert_eq!(canonicalize(b"\"\xff\"").unwrap_err().to_string(), "invalid UTF-8 at offset 1");
}

#[test]
fn a_repeated_key_is_refused_where_it_repeats_if_asked() {
    let strict = Limits { duplicates: Duplicates::Reject, ..Limits::default() };
    for (text, offset) in [
        (r#"{"a":1,"a":2}"#, 7),
        (r#"{"a":1, "b":2, "\u0061":3, "b":4}"#, 15),
        (r#"{"1":1,"1":1}"#, 7),
        (r#"[{"x":{"y":1,"y":2}}]"#, 13),
    ] {
        let error = canonicalize_with(text.as_bytes(), strict).unwrap_err();
        assert_eq!((error.offset(), error.reason()), (offset, Reason::DuplicateKey), "{text}");
        assert_eq!(
            error.to_string(),
            alloc::format!("a key that repeats another of its object at offset {offset}")
        );
    }
    let fine = br#"{"a":{"a":1},"A":{"a":2},"1":0,"01":0}"#;
    assert_eq!(&*canonicalize_with(fine, strict).unwrap(), br#"{"1":0,"a":{"a":1},"A":{"a":2},"01":0}"#);
}
