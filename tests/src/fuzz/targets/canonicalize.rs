use std::borrow::Cow;

use serde_json::{Map, Value};
use sigpost_core::json::{
    self, Canonical, Duplicates, Kind, Limits, Reason, View, canonicalize_with, write_number, write_string,
};

/// The input is a document. Whatever it is:
///
/// - nothing panics, and an error's place is in the document;
/// - the result is a fixed point, is borrowed the second time, and a [`View`] over it shows all there is;
/// - limits that just fit change nothing, and one less refuses;
/// - to refuse duplicates changes nothing else, and refuses exactly the documents that lose members otherwise;
/// - what `serde_json` reads is read here too, and as the same value in JavaScript's order.
///
/// # Panics
/// When one of these does not hold.
pub fn canonicalize(document: &[u8]) {
    let read = json::canonicalize(document);
    let known: Option<Value> = serde_json::from_slice(document).ok();
    match read {
        Err(error) => {
            assert!(error.offset() <= document.len(), "{error}");
            assert!(known.is_none(), "serde_json reads it: {error}");
            let same = Canonical::parse(document, Limits::default()).expect_err("it was refused just now");
            assert_eq!(same, error);
        }
        Ok(text) => {
            fixed(&text);
            limited(document, &text);
            shown(document, &text);
            if let Some(known) = known {
                let ours: Value =
                    serde_json::from_slice(&text).expect("what serde_json reads stays readable");
                same(&reordered(known), &ours);
            }
        }
    }
}

fn fixed(text: &[u8]) {
    let again = json::canonicalize(text).expect("a result is a document");
    assert_eq!(again, text);
    assert!(matches!(again, Cow::Borrowed(_)), "a canonical document was copied");
}

/// Each limit, where it just fits and where it does not.
fn limited(document: &[u8], text: &[u8]) {
    let (levels, members) = outline(document);
    let fits = Limits { max_bytes: document.len(), max_depth: levels, duplicates: Duplicates::LastWins };
    assert_eq!(canonicalize_with(document, fits).as_deref(), Ok(text));
    let short = Limits { max_bytes: document.len() - 1, ..fits };
    let limit = short.max_bytes;
    assert_eq!(reason(document, short), Some(Reason::TooLarge { limit }));
    if let Some(limit) = levels.checked_sub(1) {
        let flat = Limits { max_depth: limit, ..fits };
        assert_eq!(reason(document, flat), Some(Reason::TooDeep { limit }));
    }
    let unique = Limits { duplicates: Duplicates::Reject, ..fits };
    let kept = outline(text).1;
    if kept == members {
        assert_eq!(canonicalize_with(document, unique).as_deref(), Ok(text));
    } else {
        assert!(kept < members);
        assert_eq!(reason(document, unique), Some(Reason::DuplicateKey));
    }
}

fn reason(document: &[u8], limits: Limits) -> Option<Reason> {
    canonicalize_with(document, limits).err().map(|error| error.reason())
}

/// How many levels a document has, and how many members in all: its deepest brackets and its colons, but for those in
/// strings.
fn outline(document: &[u8]) -> (usize, usize) {
    let (mut open, mut levels, mut members) = (0_usize, 0, 0);
    let mut bytes = document.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while bytes
                    .next()
                    .is_some_and(|byte| *byte != b'"' && (*byte != b'\\' || bytes.next().is_some()))
                {
                }
            }
            b'[' | b'{' => {
                open += 1;
                levels = levels.max(open);
            }
            b']' | b'}' => open -= 1,
            b':' => members += 1,
            _ => {}
        }
    }
    (levels, members)
}

/// A view shows what is in the text: written again, it is the text.
fn shown(document: &[u8], text: &[u8]) {
    let canonical = Canonical::parse(document, Limits::default()).expect("it was read just now");
    assert_eq!(canonical.as_bytes(), text);
    let mut out = Vec::new();
    // What is still to be written: a value, or a text between values. The next is last.
    let mut rest = vec![Piece::Value(canonical.view())];
    while let Some(piece) = rest.pop() {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text),
            Piece::Key(key) => match key.to_text() {
                Ok(name) => {
                    assert!(key.matches(&name));
                    write_string(&mut out, &name);
                }
                Err(_) => out.extend_from_slice(key.raw().as_bytes()),
            },
            Piece::Value(view) => {
                let first = rest.len();
                opened(view, &mut rest, &mut out);
                rest[first..].reverse();
            }
        }
    }
    assert_eq!(out, text, "the view shows something else");
}

enum Piece<'a> {
    Text(&'static [u8]),
    Key(json::Key<'a>),
    Value(View<'a>),
}

fn opened<'a>(view: View<'a>, rest: &mut Vec<Piece<'a>>, out: &mut Vec<u8>) {
    match view.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool => out.extend_from_slice(if view.as_bool() == Some(true) { b"true" } else { b"false" }),
        Kind::Number => write_number(out, view.as_f64().expect("a number has a value")),
        Kind::String => match view.as_str() {
            Some(text) => write_string(out, &text),
            // Half a surrogate pair: no text.
            None => out.extend_from_slice(view.raw().as_bytes()),
        },
        Kind::Array => {
            rest.push(Piece::Text(b"["));
            for (place, element) in view.elements().expect("an array has elements").enumerate() {
                rest.extend([Piece::Text(if place > 0 { b"," } else { b"" }), Piece::Value(element)]);
            }
            rest.push(Piece::Text(b"]"));
        }
        Kind::Object => {
            rest.push(Piece::Text(b"{"));
            for (place, (key, value)) in view.members().expect("an object has members").enumerate() {
                rest.extend([Piece::Text(if place > 0 { b"," } else { b"" }), Piece::Key(key)]);
                rest.extend([Piece::Text(b":"), Piece::Value(value)]);
            }
            rest.push(Piece::Text(b"}"));
        }
    }
}

/// The members of every object as JavaScript has them: array indices first, ascending, the others where they were.
fn reordered(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(reordered).collect(),
        Value::Object(members) => {
            let (mut indices, others): (Vec<_>, Vec<_>) =
                members.into_iter().partition(|(key, _)| index(key).is_some());
            indices.sort_by_key(|(key, _)| index(key));
            let all = indices.into_iter().chain(others);
            Value::Object(all.map(|(key, value)| (key, reordered(value))).collect::<Map<_, _>>())
        }
        scalar => scalar,
    }
}

fn index(key: &str) -> Option<u32> {
    key.parse().ok().filter(|index: &u32| *index < u32::MAX && index.to_string() == key)
}

/// Equal, and in the same order. Numbers are as good as equal: `serde_json` keeps integers that are no double, and reads
/// other numbers to the last but one bit.
fn same(expected: &Value, ours: &Value) {
    match (expected, ours) {
        (Value::Number(expected), Value::Number(ours)) => {
            let (expected, ours) = (expected.as_f64().unwrap_or(f64::NAN), ours.as_f64().unwrap_or(f64::NAN));
            let near = (expected - ours).abs() <= expected.abs() * 1e-15 + 1e-320;
            assert!(near, "{expected} is read as {ours}");
        }
        // The largest doubles: what rounds to one here may be infinite there, and the other way round.
        (Value::Number(expected), Value::Null) => {
            assert!(
                expected.as_f64().is_some_and(|expected| expected.abs() > 1.79e308),
                "{expected} is lost"
            );
        }
        (Value::Array(expected), Value::Array(ours)) => {
            assert_eq!(expected.len(), ours.len());
            expected.iter().zip(ours).for_each(|(expected, ours)| same(expected, ours));
        }
        (Value::Object(expected), Value::Object(ours)) => {
            assert!(expected.keys().eq(ours.keys()), "{expected:?} is read as {ours:?}");
            expected.values().zip(ours.values()).for_each(|(expected, ours)| same(expected, ours));
        }
        _ => assert_eq!(expected, ours),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use serde_json::json;

    use super::*;

    #[test]
    fn another_value_or_another_order_is_seen() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let differs = |expected: &'static str, ours: &'static str| {
            catch_unwind(|| same(&reordered(read(expected)), &read(ours))).is_err()
        };
        assert!(!differs(
            r#"{"b":[1.0],"2":0,"a":{},"1":18446744073709551615}"#,
            r#"{"1":18446744073709552000,"2":0,"b":[1],"a":{}}"#
        ));
        for (expected, ours) in [
            ("1", "2"),
            ("1", "null"),
            ("[1]", "[]"),
            (r#"{"a":1,"b":1}"#, r#"{"b":1,"a":1}"#),
            (r#"{"b":1,"1":1}"#, r#"{"b":1,"1":1}"#),
            (r#"[{"1":1,"b":1}]"#, r#"[{"1":1,"b":2}]"#),
        ] {
            assert!(differs(expected, ours), "{expected} {ours}");
        }
        assert_eq!(
            reordered(json!({"01": 0, "4294967295": 0, "4294967294": 0})).to_string(),
            r#"{"4294967294":0,"01":0,"4294967295":0}"#
        );
    }

    #[test]
    fn levels_and_members_are_counted_but_for_those_in_strings() {
        assert_eq!(outline(br#"{"a:[{\":":[{"b":1},[[]]]}"#), (4, 2));
        assert_eq!(outline(b"1"), (0, 0));
    }
}
