//! Every mistake that [`explain`] tells apart, made as people make it and seen named; and nothing named for a signature
//! that nobody made.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bodies;
mod nothing;
mod signatures;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::collection::vec;
use proptest::prelude::*;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sigpost_core::signature::{
    Effort, Explanation, Hint, Mistake, Part, Question, Scheme, Secret, SignInput, SignedBody, Signer,
    Verdict, explain,
};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const JSON: &str = r#"{"id":7,"name":"Zoë — 1/2 <b>","none":{},"tags":["a","b"]}"#;

type Headers = Vec<(String, Vec<u8>)>;

fn sha256(key: impl AsRef<[u8]>, message: impl AsRef<[u8]>) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key.as_ref())
        .unwrap()
        .chain_update(message.as_ref())
        .finalize()
        .into_bytes()
        .to_vec()
}

fn header(name: &str, value: impl AsRef<[u8]>) -> Headers {
    vec![(name.to_owned(), value.as_ref().to_vec())]
}

/// As Qlik signs: bare hex of the body.
fn signed(body: impl AsRef<[u8]>) -> Headers {
    header("qlik-signature", hex::encode(sha256(SECRET, body)))
}

fn ask(scheme: &Scheme, secrets: &[&str], headers: &Headers, body: &[u8]) -> Explanation {
    ask_with(scheme, secrets, &[], headers, body, Effort::default())
}

fn ask_with(
    scheme: &Scheme,
    secrets: &[&str],
    others: &[&str],
    headers: &Headers,
    body: &[u8],
    effort: Effort,
) -> Explanation {
    let secret = |text: &&str| Secret::new(*text).unwrap();
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    explain(Question {
        scheme,
        secrets: &secrets.iter().map(secret).collect::<Vec<_>>(),
        other_secrets: &others.iter().map(secret).collect::<Vec<_>>(),
        headers: &pairs,
        body,
        now: NOW,
        effort,
    })
}

fn codes(explanation: &Explanation) -> Vec<&'static str> {
    assert!(!matches!(explanation.verdict, Verdict::Genuine), "it verified");
    explanation.mistakes.iter().map(Mistake::code).collect()
}

fn hints(explanation: &Explanation) -> Vec<&'static str> {
    assert_eq!(codes(explanation), [""; 0]);
    explanation.hints.iter().map(Hint::code).collect()
}

/// What `ask` says of a body that Qlik signed in another form.
fn body_mistake(sent: impl AsRef<[u8]>, held: impl AsRef<[u8]>) -> Vec<&'static str> {
    codes(&ask(Scheme::QLIK, &[SECRET], &signed(sent), held.as_ref()))
}

fn pretty() -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(JSON).unwrap()).unwrap()
}

/// What Python's `json.dumps` writes.
const PYTHON: &str = r#"{"id": 7, "name": "Zo\u00eb \u2014 1/2 <b>", "none": {}, "tags": ["a", "b"]}"#;
