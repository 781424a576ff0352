//! Reading values out of canonical text.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use crate::json::{Canonical, Kind, Limits, LoneSurrogate, View};

fn parse(text: &str) -> Canonical {
    Canonical::parse(text.as_bytes(), Limits::default()).unwrap()
}

#[test]
fn every_kind_is_told_apart() {
    let text = parse(r#"[null, true, false, 0, -1.5, "", "{", [], [1], {}, {"a": 1}]"#);
    let kinds: Vec<Kind> = text.view().elements().unwrap().map(View::kind).collect();
    use Kind::{Array, Bool, Null, Number, Object, String};
    assert_eq!(kinds, [Null, Bool, Bool, Number, Number, String, String, Array, Array, Object, Object]);
}

#[test]
fn members_come_in_the_order_of_javascript() {
    let text = parse(r#"{"b":[1,{"c":"]}"}],"a":"x,\"","7":{"d":[]},"":null}"#);
    let members: Vec<_> =
        text.view().members().unwrap().map(|(key, value)| (key.raw(), value.raw())).collect();
    let expected = [
        (r#""7""#, r#"{"d":[]}"#),
        (r#""b""#, r#"[1,{"c":"]}"}]"#),
        (r#""a""#, r#""x,\"""#),
        (r#""""#, "null"),
    ];
    assert_eq!(members, expected);
    assert_eq!(text.view().get("b").unwrap().to_canonical(), parse(r#"[1,{"c":"]}"}]"#));
}

#[test]
fn a_member_is_found_by_its_decoded_name() {
    let text = parse(r#"{"\\n":0,"\n":1,"\u001f":2,"caf\u00e9":3,"\"q\"":4,"n":5,"\ud800":6,"a\\":7}"#);
    for (name, value) in
        [("\\n", 0), ("\n", 1), ("\u{1f}", 2), ("café", 3), ("\"q\"", 4), ("n", 5), ("a\\", 7)]
    {
        assert_eq!(text.view().get(name).unwrap().as_i64(), Some(value), "{name:?}");
    }
    for name in ["", "\\u001f", "\\ud800", "\u{fffd}", "a", "\\\"q\\\"", "\\\\n"] {
        assert_eq!(text.view().get(name), None, "{name:?}");
    }
    let keys: Vec<_> = text.view().members().unwrap().map(|(key, _)| key.to_text()).collect();
    assert_eq!(keys[4].as_deref(), Ok("\"q\""));
    assert_eq!(keys[6], Err(LoneSurrogate { unit: 0xd800 }));
    assert_eq!(LoneSurrogate { unit: 0xd800 }.to_string(), "a lone surrogate, U+D800");
}

#[test]
fn a_value_is_read_as_what_it_is_and_as_nothing_else() {
    let value = parse(
        r#"[true, 1e2, -7.25, "a\u0000\ud83d\ude00", "\udc00", 1e20, 9223372036854774784, null, "1", "true"]"#,
    );
    let elements: Vec<_> = value.view().elements().unwrap().collect();
    assert_eq!((elements[0].as_bool(), elements[0].as_i64()), (Some(true), None));
    assert_eq!((elements[1].as_i64(), elements[1].as_f64()), (Some(100), Some(100.0)));
    assert_eq!((elements[2].as_i64(), elements[2].as_f64()), (None, Some(-7.25)));
    assert_eq!(elements[3].as_str().as_deref(), Some("a\0😀"));
    assert_eq!((elements[4].as_str(), elements[4].raw()), (None, r#""\udc00""#));
    assert_eq!((elements[5].as_i64(), elements[5].as_f64()), (None, Some(1e20)));
    assert_eq!(elements[6].as_i64(), Some(9_223_372_036_854_775_000), "as JavaScript writes it");
    assert_eq!((elements[7].as_bool(), elements[7].as_f64(), elements[7].as_str()), (None, None, None));
    assert_eq!((elements[8].as_i64(), elements[8].as_f64(), elements[9].as_bool()), (None, None, None));
    assert!(elements.iter().all(|element| element.members().is_none() && element.elements().is_none()));
}

#[test]
fn empty_containers_have_nothing_inside() {
    assert_eq!(parse(" [ ] ").view().elements().unwrap().count(), 0);
    assert_eq!(parse(" { } ").view().members().unwrap().count(), 0);
    assert!(parse("{}").view().elements().is_none() && parse("[]").view().members().is_none());
}

#[test]
fn stepping_over_a_deep_value_recurses_not() {
    let levels = 500_000;
    let deep = alloc::format!("[{}{},2]", "[".repeat(levels), "]".repeat(levels));
    let limits = Limits { max_depth: levels + 1, ..Limits::default() };
    let text = Canonical::parse(deep.as_bytes(), limits).unwrap();
    assert_eq!(text.view().elements().unwrap().nth(1).and_then(View::as_i64), Some(2));
}
