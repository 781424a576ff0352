//! What Node makes of texts, as recorded in `tests/vectors/canonical`, is what we make of them.

use std::path::Path;

use base64::Engine as _;
use serde_json::Value;
use sigpost_core::json::{Reason, canonicalize};

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/canonical").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let Value::Array(vectors) = file["vectors"].take() else { panic!("{name} holds no vectors") };
    assert!(vectors.len() > 50, "{name} holds too few vectors");
    vectors
}

fn input(vector: &Value) -> Vec<u8> {
    match (vector["input"].as_str(), vector["input_base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(text)) => {
            base64::engine::general_purpose::STANDARD.decode(text).expect("input_base64 is base64")
        }
        _ => panic!("{vector}: one input, please"),
    }
}

/// The name of a reason, as it stands in the code.
fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::UnexpectedEnd { .. } => "UnexpectedEnd",
        Reason::UnexpectedByte { .. } => "UnexpectedByte",
        Reason::InvalidUtf8 => "InvalidUtf8",
        Reason::InvalidEscape => "InvalidEscape",
        Reason::InvalidNumber => "InvalidNumber",
        Reason::ControlCharacter => "ControlCharacter",
        Reason::TrailingData => "TrailingData",
        Reason::ByteOrderMark => "ByteOrderMark",
        other => panic!("{other:?} is for limits, not for texts"),
    }
}

#[test]
fn what_node_accepts_is_written_as_node_writes_it() {
    for vector in vectors("valid.json") {
        let output = vector["output"].as_str().unwrap();
        let ours =
            canonicalize(&input(&vector)).unwrap_or_else(|error| panic!("{vector}: {error}")).into_owned();
        assert_eq!(String::from_utf8(ours).unwrap(), output, "{vector}");
        assert_eq!(&*canonicalize(output.as_bytes()).unwrap(), output.as_bytes(), "{vector}");
    }
}

#[test]
fn what_node_refuses_is_refused_for_the_recorded_reason() {
    for vector in vectors("invalid.json") {
        let error = canonicalize(&input(&vector)).expect_err(&vector.to_string());
        assert_eq!(name(error.reason()), vector["reason"], "{vector}: {error}");
    }
}
