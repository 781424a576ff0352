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

fn cases() -> Vec<Value> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert!(file["source"].is_string(), "{} does not say where it comes from", path.display());
            cases.extend(file["cases"].as_array().unwrap().iter().cloned());
        }
    }
    assert!(cases.len() > 200, "only {} cases", cases.len());
    cases
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

fn secrets(case: &Value) -> Vec<Secret> {
    let texts = case["secrets"].as_array().unwrap().iter();
    texts.map(|text| Secret::new(text.as_str().unwrap()).unwrap()).collect()
}

#[test]
fn every_vector_verifies_or_fails_as_it_says() {
    for case in cases() {
        let name = text(&case, "name").unwrap();
        let (headers, body) = (headers(&case["headers"]), body(&case["body"]));
        let verifier = Verifier::new(&scheme(&case["scheme"]), &secrets(&case)).unwrap();
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let result = verifier.verify(pairs, &body, case["now"].as_i64().unwrap());
        let expect = &case["expect"];
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
        let signer = Signer::new(&scheme(&case["scheme"]), &secrets(&case)[0]).unwrap();
        let made = signer.sign(input).unwrap();
        let made: Vec<(String, Vec<u8>)> =
            made.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
        assert_eq!(made, headers(&case["headers"]), "{name}");
        signed += 1;
    }
    assert!(signed > 80, "only {signed} cases say how they are signed");
}

#[test]
fn the_vectors_are_what_their_script_writes() {
    let script = folder().join("generate.py");
    let run = std::process::Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
