//! The vectors of `tests/vectors/signature`, computed outside this code base: each is verified, and signed where it says
//! how.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use sigpost_core::signature::{
    Algorithm, Encoding, KeyForm, Part, Scheme, Secret, Separator, SignInput, SignedBody, Signer, Verifier,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/signature")
}

/// The files by name, each with the number of its cases, so that none is read empty.
const FILES: [(&str, usize); 11] = [
    ("custom.json", 434),
    ("generic.json", 77),
    ("github.json", 83),
    ("immuta.json", 244),
    ("qlik.json", 77),
    ("shopify.json", 77),
    ("slack.json", 108),
    ("standard-webhooks-ed25519.json", 142),
    ("standard-webhooks.json", 134),
    ("stripe.json", 122),
    ("svix.json", 135),
];

fn file(name: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap();
    assert!(file["source"].is_string(), "{name} does not say where it comes from");
    file["cases"].as_array().unwrap().clone()
}

/// Every case that this build can know. Those of a feature that it lacks have a test of their own.
fn cases() -> impl Iterator<Item = Value> {
    FILES.iter().flat_map(|(name, _)| file(name)).filter(|case| !is_absent(case))
}

fn is_absent(case: &Value) -> bool {
    match text(case, "feature") {
        None => false,
        Some("ed25519") => cfg!(not(feature = "ed25519")),
        Some(other) => panic!("no feature {other}"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

fn scheme(value: &Value) -> Scheme {
    if let Some(name) = value.as_str() {
        return Scheme::preset(name).unwrap_or_else(|| panic!("no preset {name}")).clone();
    }
    let owned = |key| text(value, key).map(ToOwned::to_owned);
    let parts: Vec<Part> = value["signed"].as_array().unwrap().iter().map(part).collect();
    let mut builder = Scheme::custom(owned("name").unwrap(), owned("header").unwrap())
        .parts(parts)
        .algorithm(named(value, "algorithm", Algorithm::ALL, Algorithm::name))
        .encoding(named(value, "encoding", Encoding::ALL, Encoding::name))
        .body(named(value, "body", SignedBody::ALL, SignedBody::name))
        .key(named(value, "key", KeyForm::ALL, KeyForm::name));
    if let Some(name) = owned("idHeader") {
        builder = builder.id(name);
    }
    let tolerance = || u32::try_from(value["tolerance"].as_u64().unwrap()).unwrap();
    if let Some(name) = owned("timestampHeader") {
        builder = builder.timestamp(name, tolerance());
    }
    if let Some(prefix) = owned("timestampPrefix") {
        builder = builder.timestamp_entry(prefix, tolerance());
    }
    if let Some(prefix) = owned("prefix") {
        builder = builder.prefix(prefix);
    }
    if let Some(separator) = owned("separator") {
        let found = Separator::ALL.iter().find(|known| separator.chars().eq([known.character()]));
        builder = builder.separator(*found.unwrap());
    }
    builder.build().unwrap()
}

fn part(value: &Value) -> Part {
    match value.as_str() {
        Some("body") => Part::Body,
        Some("id") => Part::Id,
        Some("timestamp") => Part::Timestamp,
        Some(other) => panic!("no part {other}"),
        None => Part::Literal(text(value, "text").unwrap().to_owned().into()),
    }
}

fn named<T: Copy>(value: &Value, key: &str, all: &[T], name: fn(T) -> &'static str) -> T {
    let wanted = text(value, key).unwrap();
    *all.iter().find(|known| name(**known) == wanted).unwrap_or_else(|| panic!("no {key} {wanted}"))
}

fn body(value: &Value) -> Vec<u8> {
    if let Some(text) = text(value, "text") {
        return text.as_bytes().to_vec();
    }
    if let Some(digits) = text(value, "hex") {
        return hex::decode(digits).unwrap();
    }
    text(value, "repeat").unwrap().repeat(value["times"].as_u64().unwrap().try_into().unwrap()).into_bytes()
}

/// Names, and values whose code points are their bytes.
fn headers(value: &Value) -> Vec<(String, Vec<u8>)> {
    let pairs = value.as_array().unwrap().iter();
    pairs
        .map(|pair| {
            let bytes = pair[1].as_str().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap());
            (pair[0].as_str().unwrap().to_owned(), bytes.collect())
        })
        .collect()
}

/// None if one of them is refused as empty.
fn secrets(case: &Value) -> Option<Vec<Secret>> {
    let texts = case["secrets"].as_array().unwrap().iter();
    texts.map(|text| Secret::new(text.as_str().unwrap()).ok()).collect()
}

#[test]
fn every_file_is_read_and_has_as_many_cases_as_it_should() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    found.sort();
    assert_eq!(found, FILES.map(|(name, _)| name));
    assert_eq!(FILES.map(|(name, _)| (name, file(name).len())), FILES);
}

#[test]
fn every_preset_has_vectors_of_every_outcome_and_one_that_was_made_elsewhere() {
    for scheme in Scheme::presets() {
        let of = |case: &Value| text(case, "scheme") == Some(scheme.name());
        let cases: Vec<Value> = cases().filter(of).collect();
        assert!(cases.len() > 60, "{} has {} cases", scheme.name(), cases.len());
        let is = |code| cases.iter().any(|case| text(&case["expect"], "error") == code);
        for code in ["mismatch", "malformed_header", "missing_header", "duplicate_header"] {
            assert!(is(Some(code)), "{} has no case of {code}", scheme.name());
        }
        assert!(is(None) && cases.iter().any(|case| case["sign"].is_object()), "{}", scheme.name());
        assert!(scheme.time().is_none() || is(Some("stale_timestamp")) && is(Some("future_timestamp")));
        assert_eq!(is(Some("sha1_only")), scheme.weaker_header().is_some(), "{}", scheme.name());
        let elsewhere = |case: &Value| text(case, "name").unwrap().contains(": made elsewhere: ");
        assert!(cases.iter().any(elsewhere), "{}", scheme.name());
    }
}

/// What this build lacks is listed here by its number, and is unknown to it: no case is passed over unseen.
#[test]
fn the_cases_of_a_feature_that_this_build_lacks_are_counted_and_unknown_to_it() {
    let absent: Vec<Value> = FILES.iter().flat_map(|(name, _)| file(name)).filter(is_absent).collect();
    let expected = if cfg!(feature = "ed25519") { 0 } else { 142 };
    assert_eq!(absent.len(), expected);
    for case in absent {
        assert_eq!(Scheme::preset(text(&case, "scheme").unwrap()), None, "{}", case["name"]);
    }
}

#[test]
fn every_vector_verifies_or_fails_as_it_says() {
    for case in cases() {
        let name = text(&case, "name").unwrap();
        let (headers, body) = (headers(&case["headers"]), body(&case["body"]));
        let expect = &case["expect"];
        let Some(secrets) = secrets(&case) else {
            assert_eq!(text(expect, "error"), Some("no_secret"), "{name}");
            continue;
        };
        let verifier = match Verifier::new(&scheme(&case["scheme"]), &secrets) {
            Ok(verifier) => verifier,
            Err(error) => {
                assert_eq!(text(expect, "error"), Some("invalid_secret"), "{name}: {error}");
                continue;
            }
        };
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let result = verifier.verify(pairs, &body, case["now"].as_i64().unwrap());
        match (result, text(expect, "error")) {
            (Err(error), Some(code)) => assert_eq!(error.code(), code, "{name}"),
            (Ok(verified), None) => {
                let signed = text(expect, "signed").map_or(body.as_slice(), str::as_bytes);
                assert_eq!(&*verified.signed_body, signed, "{name}");
                assert_eq!(u64::try_from(verified.secret).ok(), expect["secretIndex"].as_u64(), "{name}");
                assert_eq!(verified.id, text(expect, "id"), "{name}");
                assert_eq!(verified.timestamp, expect["timestamp"].as_i64(), "{name}");
            }
            (result, code) => panic!("{name}: {code:?} was expected, not {result:?}"),
        }
    }
}

#[test]
fn every_vector_that_says_how_is_signed_to_the_byte() {
    let mut signed = 0;
    for case in cases() {
        let Some(sign) = case["sign"].as_object() else {
            continue;
        };
        let name = text(&case, "name").unwrap();
        let body = body(&case["body"]);
        let input = SignInput { body: &body, id: sign["id"].as_str(), timestamp: sign["timestamp"].as_i64() };
        let signer = Signer::new(&scheme(&case["scheme"]), &secrets(&case).unwrap()[0]).unwrap();
        let made = signer.sign(input).unwrap();
        let made: Vec<(String, Vec<u8>)> =
            made.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
        assert_eq!(made, headers(&case["headers"]), "{name}");
        signed += 1;
    }
    assert!(signed > 300, "only {signed} cases say how they are signed");
}

#[test]
fn the_vectors_are_what_their_script_writes() {
    let script = folder().join("generate.py");
    let run = std::process::Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
