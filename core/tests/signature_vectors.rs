//! The vectors that Rust, Node and browsers share: `tests/vectors/signature/*.json`, each with its source.

use std::path::Path;

use serde_json::Value;
use sigpost_core::signature::{Scheme, Secret, SignInput, Signer, Verifier, VerifyError};

struct Vector {
    name: String,
    scheme: &'static Scheme,
    secret: Secret,
    now: i64,
    body: String,
    headers: Vec<(String, String)>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        assert!(!text("source").is_empty());
        let headers = value["headers"].as_object().unwrap();
        Self {
            name: path.display().to_string(),
            scheme: Scheme::preset(&text("scheme")).unwrap(),
            secret: Secret::new(text("secret")).unwrap(),
            now: value["now"].as_i64().unwrap(),
            body: text("body"),
            headers: headers.iter().map(|(name, tag)| (name.clone(), tag.as_str().unwrap().into())).collect(),
        }
    }

    fn header(&self, name: Option<&str>) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| Some(header.as_str()) == name)?;
        Some(value)
    }
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/signature");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 5, "vectors are missing: {paths:?}");
    paths.iter().map(|path| Vector::read(path)).collect()
}

#[test]
fn every_vector_is_verified_and_no_altered_body_is() {
    for vector in vectors() {
        let verifier = Verifier::new(vector.scheme, std::slice::from_ref(&vector.secret));
        let headers = || vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let verified = verifier.verify(headers(), vector.body.as_bytes(), vector.now);
        assert_eq!(&*verified.unwrap().signed_body, vector.body.as_bytes(), "{}", vector.name);
        let mut altered = vector.body.clone().into_bytes();
        altered[0] ^= 1;
        assert_eq!(verifier.verify(headers(), &altered, vector.now), Err(VerifyError::Mismatch));
    }
}

#[test]
fn every_vector_is_signed_alike_whole_and_in_pieces() {
    for vector in vectors() {
        let signer = Signer::new(vector.scheme, &vector.secret);
        let id = vector.header(vector.scheme.id_header());
        let timestamp = vector.header(vector.scheme.timestamp_header()).map(|text| text.parse().unwrap());
        let whole = signer.sign(SignInput { body: vector.body.as_bytes(), id, timestamp }).unwrap();
        for (name, value) in &whole {
            assert_eq!(vector.header(Some(name)), Some(value.as_str()), "{}", vector.name);
        }
        assert_eq!(whole.len(), vector.headers.len());
        for size in [1, 7, 64, 1_000] {
            let mut signing = signer.begin(id, timestamp).unwrap();
            vector.body.as_bytes().chunks(size).for_each(|piece| signing.update(piece));
            assert_eq!(signing.finish(), whole);
        }
    }
}

#[test]
fn a_body_in_pieces_is_verified_as_it_is_whole() {
    for vector in vectors() {
        let verifier = Verifier::new(vector.scheme, std::slice::from_ref(&vector.secret));
        let headers = || vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        for size in [1, 7, 64, 1_000] {
            let mut check = verifier.begin(headers()).unwrap();
            vector.body.as_bytes().chunks(size).for_each(|piece| check.update(piece));
            let genuine = check.finish(vector.now).unwrap();
            assert_eq!(
                (genuine.secret, genuine.id.as_deref()),
                (0, vector.header(vector.scheme.id_header()))
            );
        }
        let mut check = verifier.begin(headers()).unwrap();
        check.update(&vector.body.as_bytes()[1..]);
        assert_eq!(check.finish(vector.now), Err(VerifyError::Mismatch));
    }
}
