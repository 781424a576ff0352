//! What an independent reader makes of filters, as recorded in `tests/vectors/filter`, is what we make of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sigpost_core::filter::{Attribute, Expected, Filter, Reason};
use sigpost_core::json::{self, Canonical, Limits};
use sigpost_core::notification::cloudevents::CloudEvent;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/filter")
}

fn file(name: &str) -> Value {
    let path = folder().join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).expect("the vectors are JSON")
}

fn cases(name: &str, at_least: usize) -> Vec<Value> {
    let cases = file(name)["cases"].as_array().unwrap().clone();
    assert!(cases.len() >= at_least, "{name} holds only {} cases", cases.len());
    assert!(cases.iter().all(|case| case["source"].as_str().is_some_and(|source| !source.is_empty())));
    cases
}

/// The events by their names, in the order of the names.
fn events() -> BTreeMap<String, CloudEvent> {
    let event = |text: &Value| {
        let text = Canonical::parse(text.as_str().unwrap().as_bytes(), Limits::default()).unwrap();
        CloudEvent::from_json(text.view()).unwrap()
    };
    let file = file("valid.json");
    let events = file["events"].as_object().unwrap();
    events.iter().map(|(name, text)| (name.clone(), event(text))).collect()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", case["name"]))
}

fn texts(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

/// A reason as the vectors write it.
fn name(reason: &Reason) -> String {
    let expected = |expected: &Expected| match expected {
        Expected::Comparison => "Comparison",
        Expected::Operator => "Operator",
        Expected::Value => "Value",
        Expected::Conjunction => "Conjunction",
        other => panic!("{other:?} has no vector"),
    };
    let string = |reason: &json::Reason| match reason {
        json::Reason::UnexpectedEnd { .. } => "UnexpectedEnd",
        json::Reason::InvalidEscape => "InvalidEscape",
        json::Reason::ControlCharacter => "ControlCharacter",
        other => panic!("{other:?} is not for strings"),
    };
    match reason {
        Reason::TooLong => "TooLong".to_owned(),
        Reason::TooManyComparisons => "TooManyComparisons".to_owned(),
        Reason::TooDeep => "TooDeep".to_owned(),
        Reason::UnexpectedEnd { expected: what } => format!("UnexpectedEnd {}", expected(what)),
        Reason::Unexpected { expected: what, .. } => format!("Unexpected {}", expected(what)),
        Reason::MissingSpace => "MissingSpace".to_owned(),
        Reason::UnknownAttribute { .. } => "UnknownAttribute".to_owned(),
        Reason::UnsupportedOperator { .. } => "UnsupportedOperator".to_owned(),
        Reason::UnsupportedValue { .. } => "UnsupportedValue".to_owned(),
        Reason::Not => "Not".to_owned(),
        Reason::InvalidString(reason) => format!("InvalidString {}", string(reason)),
        Reason::LoneSurrogate => "LoneSurrogate".to_owned(),
        Reason::Unclosed => "Unclosed".to_owned(),
        Reason::Unopened => "Unopened".to_owned(),
        other => panic!("{other:?} has no vector"),
    }
}

#[test]
fn every_valid_filter_lets_the_recorded_events_pass_and_no_others() {
    let events = events();
    assert!(events.len() > 40, "only {} events", events.len());
    for case in cases("valid.json", 60) {
        let filter = Filter::parse(text(&case, "filter")).unwrap_or_else(|error| panic!("{case}: {error}"));
        let mut expected = texts(&case["matches"]);
        expected.sort_unstable();
        let passed = events.iter().filter(|(_, event)| filter.matches_event(event));
        let passed: Vec<&str> = passed.map(|(name, _)| name.as_str()).collect();
        assert_eq!(passed, expected, "{}", case["name"]);
    }
}

#[test]
fn every_valid_filter_has_the_recorded_normal_form_and_attributes() {
    for case in cases("valid.json", 60) {
        let filter: Filter = text(&case, "filter").parse().unwrap();
        let normal = text(&case, "normal");
        assert_eq!(filter.to_string(), normal, "{}", case["name"]);
        assert_eq!(Filter::parse(normal).unwrap(), filter, "{}", case["name"]);
        let mut attributes: Vec<&str> = filter.attributes().map(Attribute::name).collect();
        attributes.sort_unstable();
        assert_eq!(attributes, texts(&case["attributes"]), "{}", case["name"]);
    }
}

#[test]
fn every_invalid_filter_is_refused_where_and_why_it_is_recorded() {
    for case in cases("invalid.json", 40) {
        let error = Filter::parse(text(&case, "filter")).expect_err(text(&case, "name"));
        let found = (error.position() as u64, name(error.reason()));
        let expected = (case["position"].as_u64().unwrap(), text(&case, "reason").to_owned());
        assert_eq!(found, expected, "{}: {error}", case["name"]);
    }
}

#[test]
fn data_status_is_refused_for_the_recorded_event_types_only() {
    for case in cases("event-types.json", 10) {
        let filter = Filter::parse(text(&case, "filter")).unwrap();
        let refused = match filter.check_event_types(texts(&case["eventTypes"])) {
            Ok(()) => Value::Bool(false),
            Err(error) => Value::from(error.event_type()),
        };
        assert_eq!(refused, case["refused"], "{}", case["name"]);
    }
}

#[test]
fn the_vectors_are_what_their_script_writes() {
    let script = folder().join("generate.mjs");
    let run = std::process::Command::new("node").arg(script).arg("--check").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
