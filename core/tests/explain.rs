//! Every mistake that [`explain`] tells apart, made as people make it and seen named; and nothing named for a signature
//! that nobody made.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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

#[test]
fn a_body_that_was_parsed_and_written_again_is_named_with_what_was_signed() {
    let php = r#"{"id":7,"name":"Zo\u00eb \u2014 1\/2 <b>","none":{},"tags":["a","b"]}"#;
    let go = r#"{"id":7,"name":"Zoë — 1/2 \u003cb\u003e","none":{},"tags":["a","b"]}"#;
    let dot_net = r#"{"id":7,"name":"Zo\u00EB \u2014 1/2 \u003Cb\u003E","none":{},"tags":["a","b"]}"#;
    let four_spaces = pretty().replace("  ", "    ");
    for (sent, style) in [
        (PYTHON, "Python's json.dumps"),
        (&PYTHON.replace("\\u00eb", "ë").replace("\\u2014", "—"), "ensure_ascii=False"),
        (&PYTHON.replace(", ", ",").replace(": ", ":"), "everything but ASCII"),
        (php, "PHP's"),
        (go, "Go's"),
        (dot_net, ".NET's"),
        (&pretty(), "two spaces"),
        (&four_spaces, "four spaces"),
        (&pretty().replace("  ", "\t"), "tabs"),
    ] {
        let explanation = ask(Scheme::QLIK, &[SECRET], &signed(sent), JSON.as_bytes());
        assert_eq!(codes(&explanation), ["reserialized"], "{style}");
        let text = explanation.mistakes[0].to_string();
        assert!(text.contains(style), "{style}: {text}");
    }
    // The sender is JSON.stringify-like, and the receiver's keys or numbers came out otherwise.
    assert_eq!(body_mistake(r#"{"1":0,"a":1.5}"#, r#"{"a":1.50,"1":0}"#), ["reserialized"]);
}

#[test]
fn pretty_printed_and_ascii_escaped_bodies_are_named() {
    assert_eq!(body_mistake(JSON, pretty()), ["pretty_printed"]);
    assert_eq!(body_mistake(r#"{"a":1}"#, "{\"a\": 1}\n"), ["reserialized"]);
    assert_eq!(body_mistake(JSON, PYTHON), ["ascii_escaped"]);
    assert_eq!(body_mistake(JSON, PYTHON.replace("\\u00eb", "ë").replace("\\u2014", "—")), ["reserialized"]);
}

#[test]
fn white_space_at_the_ends_and_line_ends_are_named() {
    assert_eq!(body_mistake(JSON, format!("{JSON}\n")), ["newline_added"]);
    assert_eq!(body_mistake(JSON, format!("{JSON}\r\n")), ["newline_added"]);
    assert_eq!(body_mistake(format!("{JSON}\n"), JSON), ["newline_dropped"]);
    assert_eq!(body_mistake(format!("{JSON}\r\n"), JSON), ["newline_dropped"]);
    assert_eq!(body_mistake(JSON, format!("  {JSON} \n")), ["space_added"]);
    assert_eq!(body_mistake("a\r\nb\r\n", "a\nb\n"), ["line_endings"]);
    assert_eq!(body_mistake("a\nb\n", "a\r\nb\r\n"), ["line_endings"]);
}

#[test]
fn marks_and_decodings_are_named() {
    assert_eq!(body_mistake(JSON, format!("\u{feff}{JSON}")), ["byte_order_mark_added"]);
    assert_eq!(body_mistake(format!("\u{feff}{JSON}"), JSON), ["byte_order_mark_dropped"]);
    // Buffer.toString('latin1'), and TextDecoder('latin1'), which is windows-1252.
    let latin1: String = JSON.bytes().map(char::from).collect();
    assert_eq!(body_mistake(JSON, latin1), ["decoded_as_latin1"]);
    assert_eq!(
        body_mistake("\u{201c}x\u{2014}", "\u{e2}\u{20ac}\u{153}x\u{e2}\u{20ac}\u{201d}"),
        ["decoded_as_latin1"]
    );
    assert_eq!(body_mistake("caf\u{e9}", b"caf\xe9"), ["encoded_as_latin1"]);
}

#[test]
fn forms_and_wrappings_are_named() {
    let form = "payload=%7B%22a%22%3A%22b+c%22%7D";
    assert_eq!(body_mistake(r#"{"a":"b c"}"#, form), ["form_encoded"]);
    assert_eq!(body_mistake(form, r#"{"a":"b c"}"#), ["form_decoded"]);
    // Slack's commands are forms, which parsers rewrite and express.urlencoded() makes an object of.
    let command = "token=a1&text=caf%C3%A9+*1*%2F2&user_name=Zo";
    let rewritten = command.replace('+', "%20").replace("%2F", "/");
    assert_eq!(body_mistake(command, rewritten), ["form_rewritten"]);
    let object = r#"{"token":"a1","text":"café *1*/2","user_name":"Zo"}"#;
    assert_eq!(body_mistake(command, object), ["form_rewritten"]);
    // express.urlencoded() reads JSON as the name of a field.
    let key = serde_json::json!({ r#"{"a":"b"}"#: "" }).to_string();
    assert_eq!(body_mistake(r#"{"a":"b"}"#, key), ["read_as_form"]);
    assert_eq!(body_mistake(JSON, serde_json::to_string(JSON).unwrap()), ["encoded_twice"]);
    let buffer = serde_json::json!({ "type": "Buffer", "data": JSON.as_bytes() }).to_string();
    assert_eq!(body_mistake(JSON, buffer), ["buffer_as_json"]);
    assert_eq!(body_mistake(JSON, STANDARD.encode(JSON)), ["base64_body"]);
    // It could be read as a form as well: a field PQ, whose value is =.
    assert_eq!(body_mistake("=", STANDARD.encode("=")), ["base64_body"]);
}

#[test]
fn empty_and_overlong_bodies_are_named() {
    // An attacker who has seen an empty body signed proves nothing about another.
    assert_eq!(body_mistake("", r#"{"transfer":1000000}"#), [""; 0]);
    assert_eq!(body_mistake("", "{}"), ["empty_replaced"]);
    assert_eq!(body_mistake("", "null"), ["empty_replaced"]);
    assert_eq!(body_mistake("", "\0\0"), ["nul_padded"]);
    assert_eq!(body_mistake("{}", ""), ["empty_dropped"]);
    assert_eq!(body_mistake(JSON, format!("{JSON}\0\0\0\0")), ["nul_padded"]);
    let mut headers = signed(JSON);
    headers.extend(header("Content-Length", JSON.len().to_string()));
    let held = format!("{JSON}rest of the buffer");
    assert_eq!(codes(&ask(Scheme::QLIK, &[SECRET], &headers, held.as_bytes())), ["too_long"]);
}

#[test]
fn a_wrong_algorithm_encoding_or_prefix_is_named() {
    let say = |value: &str| {
        let explanation =
            ask(Scheme::GITHUB, &[SECRET], &header("x-hub-signature-256", value), JSON.as_bytes());
        codes(&explanation)
    };
    let tag = sha256(SECRET, JSON);
    let sha1 =
        Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(JSON).finalize().into_bytes();
    let sha512 =
        Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(JSON).finalize().into_bytes();
    assert_eq!(say(&format!("sha256={}", hex::encode(sha1))), ["algorithm"]);
    assert_eq!(say(&format!("sha256={}", hex::encode(sha512))), ["algorithm"]);
    assert_eq!(say(&format!("sha1={}", hex::encode(sha1))), ["prefix", "algorithm"]);
    assert_eq!(say(&format!("sha256={}", STANDARD.encode(&tag))), ["encoding"]);
    assert_eq!(say(&format!("sha256={}", URL_SAFE_NO_PAD.encode(&tag))), ["encoding"]);
    assert_eq!(say(&format!("sha256={}", STANDARD.encode(hex::encode(&tag)))), ["encoding", "hex_in_base64"]);
    assert_eq!(say(&hex::encode(&tag)), ["prefix"]);
    assert_eq!(say(&format!("v1,{}", hex::encode(&tag))), ["prefix"]);
    assert_eq!(say(&format!("\"sha256={}\"", hex::encode(&tag))), ["quoted_signature"]);
    assert_eq!(say(&format!("sha256={}", hex::encode(&tag[..16]))), ["truncated_signature"]);
    assert_eq!(say(&format!("sha256={}", hex::encode(&tag[..4]))), [""; 0]);
    // In a column of 64 characters, and to as many bytes as SHA-1 has.
    assert_eq!(say(&format!("sha256={}", hex::encode(&tag))[..64]), ["truncated_signature"]);
    assert_eq!(say(&format!("sha256={}", hex::encode(&tag[..20]))), ["truncated_signature"]);
    for cut in [27, 41, 42, 43] {
        let value = &STANDARD.encode(&tag)[..cut];
        let explanation =
            ask(Scheme::SHOPIFY, &[SECRET], &header("x-shopify-hmac-sha256", value), JSON.as_bytes());
        let expected = if cut == 43 { "signature_form" } else { "truncated_signature" };
        assert_eq!(codes(&explanation), [expected], "{cut}");
    }
}

#[test]
fn what_stands_before_the_tag_is_told_and_a_list_is_no_prefix() {
    let tag = hex::encode(sha256(SECRET, JSON));
    let say = |scheme: &Scheme, value: String| {
        ask(scheme, &[SECRET], &header(scheme.signature_header(), value), JSON.as_bytes()).mistakes
    };
    for scheme in [Scheme::QLIK, Scheme::GITHUB] {
        assert_eq!(say(scheme, format!("v1,{tag}")), [Mistake::Prefix { found: "v1,".to_owned() }]);
    }
    // As proxies join two headers of one name, and what copying adds.
    for value in
        [format!("{tag}, {tag}"), format!("{tag} "), format!("{tag}\n"), format!("x={},{tag}", &tag[8..])]
    {
        assert_eq!(say(Scheme::QLIK, value), [Mistake::SignatureForm]);
    }
    let unpadded = STANDARD.encode(sha256(SECRET, JSON)).replace('=', "");
    assert_eq!(say(Scheme::SHOPIFY, unpadded), [Mistake::SignatureForm]);
}

#[test]
fn of_two_signatures_while_a_secret_is_rotated_either_is_read_as_it_stands() {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let tag = STANDARD.encode(sha256(STANDARD.decode(&key[6..]).unwrap(), format!("id.{NOW}.{JSON}")));
    let mut headers = header("webhook-signature", format!("v1,{} v1,{tag}", STANDARD.encode([7; 32])));
    headers.extend(header("webhook-id", "id"));
    headers.extend(header("webhook-timestamp", NOW.to_string()));
    let explanation = ask(Scheme::STANDARD_WEBHOOKS, &[key], &headers, format!("{JSON}\n").as_bytes());
    assert_eq!(codes(&explanation), ["newline_added"]);
}

#[test]
fn a_secret_that_is_used_otherwise_is_named() {
    let whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let key = STANDARD.decode(&whsec[6..]).unwrap();
    let say = |scheme: &Scheme, secret: &str, key: &[u8]| {
        let message = if scheme.id_header().is_some() { format!("id.{NOW}.{JSON}") } else { JSON.to_owned() };
        let tag = sha256(key, message);
        let value = match scheme.id_header() {
            Some(_) => format!("v1,{}", STANDARD.encode(tag)),
            None => hex::encode(tag),
        };
        let mut headers = header(scheme.signature_header(), value);
        headers.extend(scheme.id_header().map(|name| (name.to_owned(), b"id".to_vec())));
        headers.extend(scheme.timestamp_header().map(|name| (name.to_owned(), NOW.to_string().into_bytes())));
        codes(&ask(scheme, &[secret], &headers, JSON.as_bytes()))
    };
    let text = SECRET.as_bytes();
    assert_eq!(say(Scheme::QLIK, &format!("{SECRET}\n"), text), ["secret_space_around"]);
    assert_eq!(say(Scheme::QLIK, &format!("  {SECRET}"), text), ["secret_space_around"]);
    assert_eq!(say(Scheme::QLIK, &format!("\"{SECRET}\""), text), ["secret_quoted"]);
    assert_eq!(say(Scheme::QLIK, &format!(" '{SECRET}'\n"), text), ["secret_quoted"]);
    assert_eq!(say(Scheme::QLIK, SECRET, format!("{SECRET}\n").as_bytes()), ["secret_newline_dropped"]);
    assert_eq!(say(Scheme::GENERIC, whsec, &key), ["secret_used_decoded"]);
    assert_eq!(say(Scheme::STANDARD_WEBHOOKS, whsec, whsec.as_bytes()), ["secret_used_whole"]);
    assert_eq!(say(Scheme::SVIX, whsec, whsec.as_bytes()), ["secret_used_whole"]);
    assert_eq!(say(Scheme::STANDARD_WEBHOOKS, whsec, &whsec.as_bytes()[6..]), ["secret_used_without_prefix"]);
    assert_eq!(say(Scheme::QLIK, SECRET, &hex::decode(SECRET).unwrap()), ["secret_used_from_hex"]);
    assert_eq!(say(Scheme::GENERIC, &whsec[6..], whsec.as_bytes()), ["secret_prefix_dropped"]);
    // Nothing is decoded here; see `standard_key`.
    let derived = sha256(SECRET, "sigpost/standard-webhooks/v1");
    assert_eq!(say(Scheme::QLIK, SECRET, &derived), ["secret_used_derived"]);
    // A secret that is no key of the scheme at all.
    assert_eq!(say(Scheme::SVIX, &format!("\"{whsec}\""), &key), ["secret_quoted"]);
}

#[test]
fn another_webhooks_secret_is_named_and_a_rotated_one_is_no_mistake() {
    let headers = signed(JSON);
    let with = |secrets: &[&str], others: &[&str]| {
        ask_with(Scheme::QLIK, secrets, others, &headers, JSON.as_bytes(), Effort::default())
    };
    let explanation = with(&["mine"], &["a", "b", SECRET]);
    assert_eq!(explanation.mistakes, [Mistake::AnotherSecret { index: 2 }]);
    assert_eq!(with(&["new", SECRET], &["a"]).verdict, Verdict::Genuine);
    assert_eq!(with(&["new"], &["a"]).mistakes, []);
}

#[test]
fn another_schemes_header_is_named_by_what_it_proves() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    for scheme in Scheme::presets().iter().filter(|scheme| scheme.algorithm().name() != "ed25519") {
        let input = SignInput { body: JSON.as_bytes(), id: Some("msg_1"), timestamp: Some(NOW) };
        let headers = Signer::new(scheme, &Secret::new(secret).unwrap()).unwrap().sign(input).unwrap();
        let headers: Headers =
            headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
        let other = Scheme::custom("other", "x-other-signature").build().unwrap();
        let explanation = ask(&other, &[secret], &headers, JSON.as_bytes());
        assert_eq!(codes(&explanation)[0], "another_scheme", "{}", scheme.name());
        // immuta and immuta-request sign alike.
        let name = scheme.name().trim_end_matches("-request");
        assert_eq!(
            explanation.mistakes,
            [Mistake::AnotherScheme { name: name.to_owned() }],
            "{}",
            scheme.name()
        );
        // Without the secret it is only seen, not proven.
        let explanation = ask(&other, &["another secret"], &headers, JSON.as_bytes());
        assert!(hints(&explanation).contains(&"header_of_another_scheme"), "{}", scheme.name());
    }
}

#[test]
fn the_sha1_header_alone_is_told_and_proven() {
    let tag =
        Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(JSON).finalize().into_bytes();
    let headers = header("x-immuta-webhook-signature", hex::encode(tag));
    let explanation = ask(Scheme::IMMUTA, &[SECRET], &headers, JSON.as_bytes());
    assert!(matches!(&explanation.verdict, Verdict::Refused(error) if error.code() == "sha1_only"));
    assert_eq!(explanation.mistakes, [Mistake::WeakerSignature]);
    let headers = header("X-Hub-Signature", format!("sha1={}", hex::encode(tag)));
    assert_eq!(
        ask(Scheme::GITHUB, &[SECRET], &headers, JSON.as_bytes()).mistakes,
        [Mistake::WeakerSignature]
    );
    assert_eq!(
        codes(&ask(Scheme::GITHUB, &[SECRET], &headers, pretty().as_bytes())),
        ["weaker_signature", "pretty_printed"]
    );
}

#[test]
fn other_signed_parts_and_swapped_arguments_are_named() {
    let mut headers = header("qlik-signature", hex::encode(sha256(SECRET, format!("{NOW}.{JSON}"))));
    headers.extend(header("webhook-timestamp", NOW.to_string()));
    let explanation = ask(Scheme::QLIK, &[SECRET], &headers, JSON.as_bytes());
    assert_eq!(codes(&explanation), ["signed_parts"]);
    assert_eq!(explanation.mistakes[0].to_string(), "what was signed is {timestamp}.{body}");
    let Mistake::SignedParts { signed } = &explanation.mistakes[0] else { panic!() };
    assert_eq!(*signed, [Part::Timestamp, Part::Literal(".".into()), Part::Body]);

    let headers = header("qlik-signature", hex::encode(sha256(JSON, SECRET)));
    assert_eq!(codes(&ask(Scheme::QLIK, &[SECRET], &headers, JSON.as_bytes())), ["swapped_arguments"]);
}

#[test]
fn a_header_under_the_name_that_cgi_gives_it_is_named() {
    let value = hex::encode(sha256(SECRET, JSON));
    for name in ["HTTP_QLIK_SIGNATURE", "qlik_signature"] {
        let explanation = ask(Scheme::QLIK, &[SECRET], &header(name, &value), JSON.as_bytes());
        assert_eq!(explanation.mistakes, [Mistake::HeaderName { found: name.to_owned() }]);
    }
    // A server may hand over both; then the name is not what is wrong.
    let headers = [header("HTTP_QLIK_SIGNATURE", &value), header("qlik-signature", &value)].concat();
    let explanation = ask(Scheme::QLIK, &[SECRET], &headers, format!("{JSON}\n").as_bytes());
    assert_eq!(codes(&explanation), ["newline_added"]);
}

#[test]
fn a_time_that_is_off_or_in_milliseconds_is_named() {
    let say = |time: i64, signs: i64| {
        let mut headers = header("x-slack-signature", {
            format!("v0={}", hex::encode(sha256(SECRET, format!("v0:{signs}:{JSON}"))))
        });
        headers.extend(header("x-slack-request-timestamp", time.to_string()));
        ask(Scheme::SLACK, &[SECRET], &headers, JSON.as_bytes())
    };
    let say_at = |now: i64| {
        let tag = hex::encode(sha256(SECRET, format!("{NOW}.{JSON}")));
        let value = format!("t={NOW},v1={tag}");
        let headers = [("stripe-signature", value.as_bytes())];
        let secrets = [Secret::new(SECRET).unwrap()];
        let question = Question {
            scheme: Scheme::STRIPE,
            secrets: &secrets,
            other_secrets: &[],
            headers: &headers,
            body: JSON.as_bytes(),
            now,
            effort: Effort::default(),
        };
        explain(question).mistakes
    };
    assert_eq!(say(NOW - 301, NOW - 301).mistakes, [Mistake::Stale { age: 301 }]);
    assert_eq!(say(NOW + 301, NOW + 301).mistakes, [Mistake::Future { ahead: 301 }]);
    assert_eq!(say(NOW * 1_000, NOW * 1_000).mistakes, [Mistake::Milliseconds]);
    assert_eq!(say(NOW - 301, NOW).mistakes, []);
    assert_eq!(say(NOW, NOW).verdict, Verdict::Genuine);
    for now in [i64::MIN, i64::MAX] {
        assert_eq!(say_at(now).len(), 1, "{now}");
    }
}

#[test]
fn a_canonical_scheme_says_that_the_body_was_signed_as_sent() {
    let scheme = Scheme::QLIK.with_body(SignedBody::Canonical);
    let explanation = ask(&scheme, &[SECRET], &signed(pretty()), pretty().as_bytes());
    assert_eq!(codes(&explanation), ["signed_as_sent"]);
}

#[test]
fn a_canonical_scheme_signs_the_form_of_what_was_meant() {
    let scheme = Scheme::QLIK.with_body(SignedBody::Canonical);
    let say = |held: &str| codes(&ask(&scheme, &[SECRET], &signed(JSON), held.as_bytes()));
    assert_eq!(say(&format!("\u{feff}{}", pretty())), ["byte_order_mark_added"]);
    assert_eq!(say(&STANDARD.encode(pretty())), ["base64_body"]);
    assert_eq!(say(&serde_json::to_string(&pretty()).unwrap()), ["encoded_twice"]);
    // What is no JSON has no canonical form: its sender cannot have signed one.
    let explanation = ask(&scheme, &[SECRET], &signed("a=b"), b"a=b");
    assert_eq!(codes(&explanation), ["signed_as_sent"]);
}

#[test]
fn a_right_signature_in_headers_that_are_refused_is_told() {
    let twice = [signed(JSON), signed(JSON)].concat();
    assert_eq!(codes(&ask(Scheme::QLIK, &[SECRET], &twice, JSON.as_bytes())), ["headers"]);
    let message = format!("evt.1.{NOW}.{JSON}");
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let tag = sha256(STANDARD.decode(&key[6..]).unwrap(), message);
    let mut headers = header("webhook-signature", format!("v1,{}", STANDARD.encode(tag)));
    headers.extend(header("webhook-id", "evt.1"));
    headers.extend(header("webhook-timestamp", NOW.to_string()));
    assert_eq!(codes(&ask(Scheme::STANDARD_WEBHOOKS, &[key], &headers, JSON.as_bytes())), ["headers"]);
}

#[test]
fn what_everybody_may_know_proves_nothing() {
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    for written in [public.to_owned(), format!("{public}\n"), format!("\"{public}\"")] {
        for key in [written.as_bytes(), public.as_bytes(), &public.as_bytes()[5..]] {
            for name in ["x-hub-signature-256", "x-immuta-webhook-signature-sha256", "qlik-signature"] {
                let tag = hex::encode(sha256(key, JSON));
                let headers =
                    header(name, if name.starts_with("x-hub") { format!("sha256={tag}") } else { tag });
                let others = Scheme::presets().iter().filter(|scheme| scheme.signature_header() != name);
                for scheme in others.chain([&Scheme::QLIK]) {
                    let with_others = ask_with(
                        scheme,
                        &[SECRET],
                        &[&written],
                        &headers,
                        JSON.as_bytes(),
                        Effort::default(),
                    );
                    assert_eq!(with_others.mistakes, [], "{}", scheme.name());
                    let own = ask(scheme, &[&written], &headers, JSON.as_bytes());
                    assert_eq!(own.mistakes, [], "{}", scheme.name());
                }
            }
        }
    }
}

#[test]
fn two_mistakes_at_once_are_both_named() {
    let explanation = ask(Scheme::QLIK, &[&format!("{SECRET}\n")], &signed(JSON), pretty().as_bytes());
    assert_eq!(codes(&explanation), ["pretty_printed", "secret_space_around"]);
    let mut headers = header("HTTP_X_SLACK_SIGNATURE", {
        STANDARD.encode(sha256(SECRET, format!("v0:{}:{JSON}", NOW - 900)))
    });
    headers.extend(header("x-slack-request-timestamp", (NOW - 900).to_string()));
    let explanation = ask(Scheme::SLACK, &[SECRET], &headers, format!("{JSON}\n").as_bytes());
    let expected = ["newline_added", "prefix", "encoding", "header_name", "stale_timestamp"];
    assert_eq!(codes(&explanation), expected);
}

#[test]
fn what_cannot_be_proven_is_hinted_at() {
    let say = |headers: &Headers, body: &[u8]| hints(&ask(Scheme::QLIK, &[SECRET], headers, body));
    let with = |name: &str, value: &str| {
        let mut headers = signed("what the sender signed");
        headers.extend(header(name, value));
        headers
    };
    // gzip: the compressed bytes were signed, and a proxy or a client took the compression off; or the other way round.
    assert_eq!(say(&with("content-encoding", "gzip"), JSON.as_bytes()), ["decompressed_body"]);
    assert_eq!(say(&signed(JSON), b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), ["compressed_body"]);
    assert_eq!(say(&signed(JSON), b""), ["empty_body"]);
    let cut = &JSON.as_bytes()[..JSON.len() - 9];
    assert_eq!(say(&signed(JSON), cut), ["cut_json"]);
    assert_eq!(say(&with("content-length", "4000"), b"x"), ["truncated_body"]);
    assert_eq!(say(&signed(JSON), "caf\u{fffd}".as_bytes()), ["replacement_character"]);
    assert_eq!(say(&signed(JSON), b"[object Object]"), ["object_object"]);
}

#[cfg(feature = "ed25519")]
#[test]
fn mistakes_with_a_public_key_are_named_too() {
    let private =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let scheme = Scheme::STANDARD_WEBHOOKS_ED25519;
    let input = SignInput { body: JSON.as_bytes(), id: Some("msg_1"), timestamp: Some(NOW) };
    let headers = Signer::new(scheme, &Secret::new(private).unwrap()).unwrap().sign(input).unwrap();
    let headers: Headers =
        headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
    assert_eq!(codes(&ask(scheme, &[public], &headers, pretty().as_bytes())), ["pretty_printed"]);
    assert_eq!(
        codes(&ask(scheme, &[&format!("{public}\n")], &headers, JSON.as_bytes())),
        ["secret_space_around"]
    );
    assert_eq!(codes(&ask(scheme, &[&public[5..]], &headers, JSON.as_bytes())), ["secret_prefix_dropped"]);
    assert_eq!(codes(&ask(scheme, &[public], &headers, b"{}")), [""; 0]);
}

#[test]
fn work_is_bounded_and_the_result_says_when_that_was_too_little() {
    let body = vec![b'['; 3 << 20];
    let none = Effort { longest_body: 1 << 20, hashed_bytes: 0 };
    let explanation = ask_with(Scheme::QLIK, &[SECRET], &[], &signed("x"), &body, none);
    assert!(explanation.exhausted && explanation.mistakes.is_empty());
    // Nothing is made from a body that is longer, and what is made is no longer.
    let explanation = ask_with(Scheme::QLIK, &[SECRET], &[], &signed("x"), &body, Effort::default());
    assert!(explanation.mistakes.is_empty() && explanation.exhausted);
    assert!(explanation.exhausted);
    // What would be longer than allowed is not made.
    let wide = format!("[{}1]", "1,".repeat(100_000));
    let indented = wide.replace(['[', ','], "\n    ");
    let tight = Effort { longest_body: 300_000, ..Effort::default() };
    assert!(ask_with(Scheme::QLIK, &[SECRET], &[], &signed(indented), wide.as_bytes(), tight).exhausted);
    // Deep nesting, which indentation would blow up to the square of its depth.
    let deep = ["[".repeat(5_000), "]".repeat(5_000)].concat();
    let explanation = ask(Scheme::QLIK, &[SECRET], &signed("x"), deep.as_bytes());
    assert!(explanation.mistakes.is_empty());
    // Many entries, many headers, many secrets.
    let many: Headers = (0..2_000).map(|_| ("qlik-signature".to_owned(), b"a=b,".repeat(2_000))).collect();
    let secrets: Vec<_> = (0..2_000).map(|place| format!("secret {place}")).collect();
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    let explanation = ask_with(Scheme::QLIK, &secrets, &secrets, &many, JSON.as_bytes(), Effort::default());
    assert!(explanation.mistakes.is_empty());
}

#[test]
fn all_that_a_request_can_make_grow_is_paid_for() {
    let effort = |hashed_bytes| Effort { hashed_bytes, ..Effort::default() };
    let exhausted = |scheme, headers: &Headers, body: &[u8], hashed_bytes| {
        ask_with(scheme, &[SECRET], &[], headers, body, effort(hashed_bytes)).exhausted
    };
    // Without an id nothing can be hashed, but bodies are made: thirty of them, again and again.
    let tag = format!("v1,{}", STANDARD.encode([7; 32]));
    let headers = header("webhook-signature", &tag);
    assert!(exhausted(Scheme::STANDARD_WEBHOOKS, &headers, &[b'['; 1 << 18], 4 << 20));
    // A long id is hashed with each message.
    let mut headers = headers;
    headers.extend(header("webhook-timestamp", NOW.to_string()));
    assert!(!exhausted(Scheme::STANDARD_WEBHOOKS, &headers, b"x", 1 << 20));
    headers.extend(header("webhook-id", "x".repeat(1 << 18)));
    assert!(exhausted(Scheme::STANDARD_WEBHOOKS, &headers, b"x", 1 << 20));
    // So is a long key.
    let long = "x".repeat(1 << 18);
    let explanation = ask_with(Scheme::QLIK, &[&long], &[], &signed("x"), b"y", effort(1 << 20));
    assert!(explanation.exhausted);
}

#[cfg(feature = "ed25519")]
#[test]
fn each_signature_by_a_private_key_that_is_tried_is_paid_for() {
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let with = |count: u8| {
        let tags: Vec<_> = (0..count).map(|tag| format!("v1a,{}", STANDARD.encode([tag; 64]))).collect();
        let mut headers = header("webhook-signature", tags.join(" "));
        headers.extend(header("webhook-id", "id"));
        headers.extend(header("webhook-timestamp", NOW.to_string()));
        let effort = Effort { hashed_bytes: 1 << 20, ..Effort::default() };
        let scheme = Scheme::STANDARD_WEBHOOKS_ED25519;
        ask_with(scheme, &[public], &[], &headers, b"", effort).exhausted
    };
    assert!(!with(1));
    assert!(with(16));
}

#[cfg(feature = "ed25519")]
#[test]
fn a_public_key_for_the_scheme_that_shares_its_header_is_told() {
    let private =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let input = SignInput { body: JSON.as_bytes(), id: Some("msg_1"), timestamp: Some(NOW) };
    let signer = Signer::new(Scheme::STANDARD_WEBHOOKS_ED25519, &Secret::new(private).unwrap()).unwrap();
    let headers = signer.sign(input).unwrap().into_iter();
    let headers: Headers = headers.map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
    let explanation = ask(Scheme::STANDARD_WEBHOOKS, &[public], &headers, JSON.as_bytes());
    let name = "standard-webhooks-ed25519".to_owned();
    assert_eq!(explanation.mistakes, [Mistake::AnotherScheme { name }]);
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(JSON.as_bytes().to_vec()),
        Just(PYTHON.as_bytes().to_vec()),
        Just(b"payload=%7B%7D".to_vec()),
        Just(Vec::new()),
        vec(any::<u8>(), 0..200),
    ]
}

/// A tag of any length in any writing.
fn values() -> impl Strategy<Value = String> {
    let tag = prop_oneof![
        vec(any::<u8>(), 20),
        vec(any::<u8>(), 32),
        vec(any::<u8>(), 64),
        vec(any::<u8>(), 0..70)
    ];
    (tag, 0..3, prop::sample::select(vec!["", "sha256=", "v1,", "v1=", "v0=", "t=1700000000,v1="])).prop_map(
        |(tag, encoding, prefix)| match encoding {
            0 => format!("{prefix}{}", hex::encode(tag)),
            1 => format!("{prefix}{}", STANDARD.encode(tag)),
            _ => format!("{prefix}{}", URL_SAFE_NO_PAD.encode(tag)),
        },
    )
}

proptest! {
    #[test]
    fn no_cause_is_ever_claimed_for_a_random_signature(
        scheme in prop::sample::select(Scheme::presets()), body in bodies(), value in values(), others in values(),
    ) {
        let mut headers = header(scheme.signature_header(), value);
        for preset in Scheme::presets().iter().filter(|preset| preset.signature_header() != scheme.signature_header()) {
            headers.extend(header(preset.signature_header(), &others));
        }
        for name in ["webhook-id", "svix-id"] {
            headers.extend(header(name, "msg_1"));
        }
        for name in ["webhook-timestamp", "svix-timestamp", "x-slack-request-timestamp"] {
            headers.extend(header(name, NOW.to_string()));
        }
        let secrets = [SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        let explanation = ask_with(scheme, &secrets, &["other"], &headers, &body, Effort::default());
        prop_assert_eq!(codes(&explanation), [""; 0]);
        prop_assert!(!explanation.exhausted);
    }

    #[test]
    fn no_result_holds_a_tag_or_a_key(scheme in prop::sample::select(Scheme::presets()), body in bodies()) {
        // What is asked about is unsigned, and everything that could be computed is looked for in the answer.
        let headers = header(scheme.signature_header(), "00".repeat(32));
        let text = format!("{:?}", ask(scheme, &[SECRET], &headers, &body));
        let tag = sha256(SECRET, &body);
        for hidden in [hex::encode(&tag), STANDARD.encode(&tag), SECRET.to_owned(), format!("{tag:?}")] {
            prop_assert!(!text.contains(&hidden), "{}", text);
        }
    }
}
