//! Wycheproof's vectors, through the interface that a receiver uses. See `tests/vectors/wycheproof/README.md`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sigpost_core::signature::{Algorithm, Scheme, Secret, SignInput, Signer, Verifier, VerifyError};

/// How many cases there were of which kind: `valid`, `invalid`.
type Counts = BTreeMap<String, u64>;

fn json(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/wycheproof").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What is said of a file in `expected.json`.
fn expected(file: &str) -> Value {
    let all = json("expected.json");
    all["files"].as_array().unwrap().iter().find(|one| one["file"] == file).unwrap().clone()
}

fn bytes(case: &Value, member: &str) -> Vec<u8> {
    hex::decode(case[member].as_str().unwrap()).unwrap()
}

fn verify(scheme: &Scheme, secret: &Secret, body: &[u8], tag: &str) -> Result<(), VerifyError> {
    let verifier = Verifier::new(scheme, std::slice::from_ref(secret)).unwrap();
    verifier.verify([("X-Tag", tag.as_bytes())], body, 0).map(|_| ())
}

fn count(counts: &mut Counts, case: &Value) {
    *counts.entry(case["result"].as_str().unwrap().to_owned()).or_default() += 1;
}

/// Tries every case of a file of HMACs.
fn macs(file: &str, algorithm: Algorithm) {
    let expected = expected(file);
    assert_eq!(expected["algorithm"], algorithm.name());
    let scheme = Scheme::custom("wycheproof", "x-tag").algorithm(algorithm).build().unwrap();
    let malformed = Err(VerifyError::MalformedHeader("x-tag".into()));
    let (mut whole, mut truncated) = (Counts::new(), Counts::new());
    for group in json(file)["testGroups"].as_array().unwrap() {
        let is_whole = group["tagSize"] == expected["tagSize"];
        for case in group["tests"].as_array().unwrap() {
            let (name, body) = (format!("{file} {}", case["tcId"]), bytes(case, "msg"));
            let (tag, secret) = (case["tag"].as_str().unwrap(), Secret::new(bytes(case, "key")).unwrap());
            let result = verify(&scheme, &secret, &body, tag);
            if !is_whole {
                assert_eq!(result, malformed, "{name}");
                count(&mut truncated, case);
                continue;
            }
            let input = SignInput { body: &body, id: None, timestamp: None };
            let signed = Signer::new(&scheme, &secret).unwrap().sign(input).unwrap().remove(0).1;
            if case["result"] == "valid" {
                assert_eq!((result, &*signed), (Ok(()), tag), "{name}");
            } else {
                assert_eq!(result, Err(VerifyError::Mismatch), "{name}");
                assert_ne!(signed, tag, "{name}");
            }
            count(&mut whole, case);
        }
    }
    let counted = serde_json::json!({ "whole": whole, "truncated": truncated });
    assert_eq!(counted["whole"], expected["whole"], "{file}");
    assert_eq!(counted["truncated"], expected["truncated"], "{file}");
}

#[test]
fn hmac_sha1_takes_valid_tags_of_full_length_and_nothing_else() {
    macs("hmac_sha1_test.json", Algorithm::HmacSha1);
}

#[test]
fn hmac_sha256_takes_valid_tags_of_full_length_and_nothing_else() {
    macs("hmac_sha256_test.json", Algorithm::HmacSha256);
}

#[test]
fn hmac_sha512_takes_valid_tags_of_full_length_and_nothing_else() {
    macs("hmac_sha512_test.json", Algorithm::HmacSha512);
}

#[cfg(feature = "ed25519")]
#[test]
fn ed25519_takes_valid_signatures_and_nothing_else() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sigpost_core::signature::KeyForm;

    let file = "ed25519_test.json";
    let expected = expected(file);
    let builder = Scheme::custom("wycheproof", "x-tag").algorithm(Algorithm::Ed25519);
    let scheme = builder.key(KeyForm::Ed25519).build().unwrap();
    let (mut counts, mut refused) = (Counts::new(), Vec::new());
    for group in json(file)["testGroups"].as_array().unwrap() {
        let key = format!("whpk_{}", STANDARD.encode(bytes(&group["publicKey"], "pk")));
        let secret = Secret::new(key).unwrap();
        for case in group["tests"].as_array().unwrap() {
            count(&mut counts, case);
            let signature = case["sig"].as_str().unwrap();
            match verify(&scheme, &secret, &bytes(case, "msg"), signature) {
                Ok(()) => assert_eq!(case["result"], "valid", "{}", case["tcId"]),
                Err(VerifyError::MalformedHeader(_)) => assert_ne!(signature.len(), 128, "{}", case["tcId"]),
                Err(error) => {
                    assert_eq!(error, VerifyError::Mismatch, "{}", case["tcId"]);
                    if case["result"] == "valid" {
                        refused.push(case["tcId"].clone());
                    }
                }
            }
        }
    }
    assert_eq!(serde_json::json!(counts), expected["whole"]);
    assert_eq!(Value::Array(refused), expected["refused"]);
}

#[test]
fn every_file_is_expected_and_has_a_test_here() {
    let all = json("expected.json");
    let listed = all["files"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap().to_owned());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/wycheproof");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let found: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    let ours = ["README.md", "expected.json"].map(ToOwned::to_owned);
    assert_eq!(found, listed.chain(ours).collect());
    assert_eq!(found.len() - 2, 4, "a file has no test here");
}
