//! The truth table that was measured on Node 20.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::json::{Reason, canonicalize};

fn canonical(text: &str) -> String {
    String::from_utf8(
        canonicalize(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}")).into_owned(),
    )
    .unwrap()
}

#[test]
fn objects_are_in_the_order_of_javascript() {
    for (input, output) in [
        (r#"{"b":1,"2":1,"10":1,"1":1,"a":1}"#, r#"{"1":1,"2":1,"10":1,"b":1,"a":1}"#),
        (r#"{"z":0,"4294967294":1,"0":2}"#, r#"{"0":2,"4294967294":1,"z":0}"#),
        (r#"{"z":0,"4294967295":1,"0":2}"#, r#"{"0":2,"z":0,"4294967295":1}"#),
        (
            r#"{"01":1,"+1":2,"-1":3,"1.0":4,"1e1":5,"-0":6,"1":7}"#,
            r#"{"1":7,"01":1,"+1":2,"-1":3,"1.0":4,"1e1":5,"-0":6}"#,
        ),
        (
            r#"{"z":0,"9007199254740991":1,"4294967296":3,"5":2}"#,
            r#"{"5":2,"z":0,"9007199254740991":1,"4294967296":3}"#,
        ),
        (r#"{"a":1,"\u0031":2}"#, r#"{"1":2,"a":1}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":1,"b":2,"\u0061":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"x":1,"3":1,"3":2,"1":0}"#, r#"{"1":0,"3":2,"x":1}"#),
        (r#"{"__proto__":1,"a":1,"__proto__":2}"#, r#"{"__proto__":2,"a":1}"#),
        (
            r#"{"1":{"b":0,"2":[{"c":1,"0":2}],"b":{}},"0":{}}"#,
            r#"{"0":{},"1":{"2":[{"0":2,"c":1}],"b":{}}}"#,
        ),
        (r#"{"a":{"z":1,"9":2},"a":3}"#, r#"{"a":3}"#),
        (r#"{"\ud800":1,"\uD800":2}"#, r#"{"\ud800":2}"#),
        (r#"{"":1,"":2}"#, r#"{"":2}"#),
    ] {
        assert_eq!(canonical(input), output, "{input}");
    }
}

#[test]
fn numbers_are_the_shortest_text_of_their_double() {
    for (inputs, output) in [
        (&["-0", "-0.0", "0e5", "-0e-5", "-1e-400", "2e-324", "0.0", "0.000"][..], "0"),
        (&["1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999"], "null"),
        (&["1.7976931348623158e308"], "1.7976931348623157e+308"),
        (&["3e-324"], "5e-324"),
        (&["1e20"], "100000000000000000000"),
        (&["1e21", "1000000000000000000000"], "1e+21"),
        (&["0.000001"], "0.000001"),
        (&["0.0000001"], "1e-7"),
        (&["1.0", "1.000000000000000", "10e-1"], "1"),
        (&["4.50"], "4.5"),
        (&["1E5", "1e+5", "100000"], "100000"),
        (&["9007199254740993"], "9007199254740992"),
        (&["12345678901234567890"], "12345678901234567000"),
        (&["123456789012345678901234567890"], "1.2345678901234568e+29"),
        (&["333333333.33333329"], "333333333.3333333"),
        (&["2.2250738585072011e-308"], "2.225073858507201e-308"),
        (&["9244904400873339.000"], "9244904400873340"),
        (&["-0.5"], "-0.5"),
    ] {
        for input in inputs {
            assert_eq!(canonical(input), output, "{input}");
            assert_eq!(
                canonical(&alloc::format!("[{{\"n\": {input}}}]")),
                alloc::format!("[{{\"n\":{output}}}]")
            );
        }
    }
}

#[test]
fn strings_are_escaped_as_stringify_does() {
    for (input, output) in [
        (r#""\u001B\u007F\u00e9\u2028\u2029\/\u002f""#, "\"\\u001b\u{7f}é\u{2028}\u{2029}//\""),
        (r#""\u0008\u000c\u000A\u000d\u0009\u000b\u0000""#, r#""\b\f\n\r\t\u000b\u0000""#),
        (r#""\uD800""#, r#""\ud800""#),
        (r#""\uDFFF""#, r#""\udfff""#),
        (r#""\uDC00\uD800""#, r#""\udc00\ud800""#),
        (r#""\uD83Dx""#, r#""\ud83dx""#),
        (r#""\uD83D\n""#, r#""\ud83d\n""#),
        (r#""\uD83D\uDE00""#, "\"😀\""),
        (r#""\uD83D\uD83D\uDE00""#, "\"\\ud83d😀\""),
        ("\"\\ufeff\u{feff}\"", "\"\u{feff}\u{feff}\""),
        (r#""\ufffe\uffff""#, "\"\u{fffe}\u{ffff}\""),
        (r#""\u0022\u005C\"\\""#, r#""\"\\\"\\""#),
    ] {
        assert_eq!(canonical(input), output, "{input}");
    }
}

#[test]
fn what_json_parse_refuses_is_refused() {
    for input in [
        "\u{feff}1",
        "\u{a0}1",
        "\u{c}1",
        "[1,]",
        "01",
        "-01",
        "+1",
        ".5",
        "5.",
        "1e",
        "1e+",
        "NaN",
        "\"\t\"",
        "\"\n\"",
        "'a'",
        r#""\x41""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u123"#,
        "",
        " ",
        "1 2",
        "1//",
        "/**/1",
        "-",
        "--1",
        "1\0",
        "TRUE",
        "tru",
        "truee",
        "nul",
        "[",
        "]",
        "{",
        "}",
        "[}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "[,]",
        "[1 2]",
        "{\"a\" 1}",
        "{a:1}",
        "\"",
        "\"\\",
        "\"\\\"",
        "{\"a\":1 \"b\":2}",
    ] {
        assert!(canonicalize(input.as_bytes()).is_err(), "{input:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused_where_they_are() {
    for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80"] {
        let text = [b"[\"a", bytes, b"\"]"].concat();
        let error = canonicalize(&text).unwrap_err();
        assert_eq!((error.offset(), error.reason()), (3, Reason::InvalidUtf8));
    }
}

#[test]
fn a_canonical_text_is_borrowed() {
    for text in
        ["0", "\"a\\u001b\\n\"", "[]", "{}", r#"{"0":1,"7":2,"b":[1.5,-3,"x"],"a":{"\ud800":null}}"#, "1e-7"]
    {
        assert!(
            matches!(canonicalize(text.as_bytes()), Ok(Cow::Borrowed(same)) if same == text.as_bytes()),
            "{text}"
        );
    }
    assert!(matches!(canonicalize(b"[1, 2]"), Ok(Cow::Owned(_))));
}

#[test]
fn what_is_canonical_is_borrowed_whatever_white_space_stands_around_it() {
    for text in ["[1]", " [1]", "[1]\n", "\r\n\t {\"a\":\"b\"} \n", "\n0.5 ", " \"\" "] {
        let canonical = canonicalize(text.as_bytes()).unwrap();
        assert!(matches!(canonical, Cow::Borrowed(inner) if inner == text.trim().as_bytes()), "{text:?}");
    }
}
