//! Where nothing is proven nothing is named, and where something was not tried, that is said.

use super::*;

/// What a stranger puts before a header of the request.
#[test]
fn a_header_of_nearly_the_name_stands_in_for_none_that_is_there() {
    let time = NOW - 1_000_000;
    let tag = sha256(SECRET, format!("v0:{time}:{JSON}"));
    for (name, value) in
        [("x_slack_request_timestamp", format!("{NOW}000")), ("HTTP_X_SLACK_SIGNATURE", "v0=00".into())]
    {
        let mut headers = header(name, value);
        headers.extend(header("x-slack-signature", format!("v0={}", hex::encode(&tag))));
        headers.extend(header("x-slack-request-timestamp", time.to_string()));
        let explanation = ask(Scheme::SLACK, &[SECRET], &headers, JSON.as_bytes());
        assert_eq!(explanation.mistakes, [Mistake::Stale { age: 1_000_000 }]);
        let explanation = ask(Scheme::SLACK, &[SECRET], &headers, pretty().as_bytes());
        assert_eq!(codes(&explanation), ["pretty_printed", "stale_timestamp"]);
    }
}

#[test]
fn the_age_of_a_time_that_nobody_signed_is_not_told() {
    let say = |tag: Vec<u8>| {
        let value = format!("t={},v1={}", NOW - 900, hex::encode(tag));
        codes(&ask(Scheme::STRIPE, &[SECRET], &header("stripe-signature", value), JSON.as_bytes()))
    };
    assert_eq!(say(sha256(JSON, SECRET)), ["swapped_arguments"]);
    assert_eq!(say(sha256(SECRET, JSON)), ["signed_parts"]);
}

#[test]
fn a_signature_with_the_empty_key_proves_nothing() {
    let headers = header("qlik-signature", hex::encode(sha256("", JSON)));
    for secret in ["AAAA", "0000", "whsec_AAAA", "whsec_ICAg"] {
        assert_eq!(ask(Scheme::QLIK, &[secret], &headers, JSON.as_bytes()).mistakes, [], "{secret}");
    }
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
        // Unsigned, and signed with a mistake: everything that could be computed is looked for in the answer.
        let unsigned = header(scheme.signature_header(), "00".repeat(32));
        let text = format!("{:?}", ask(scheme, &[SECRET], &unsigned, &body));
        let held = [b"\xef\xbb\xbf".as_slice(), &body].concat();
        let named = ask(Scheme::QLIK, &[SECRET], &signed(&body), &held);
        prop_assert!(!named.mistakes.is_empty());
        let text = format!("{text}{named:?}{:?}", named.mistakes.iter().map(ToString::to_string).collect::<Vec<_>>());
        let tag = sha256(SECRET, &body);
        for hidden in [hex::encode(&tag), STANDARD.encode(&tag), SECRET.to_owned(), format!("{tag:?}")] {
            prop_assert!(!text.contains(&hidden), "{}", text);
        }
    }
}
