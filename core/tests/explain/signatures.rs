//! The signature, the secret or the time is not what the scheme says.

use super::*;

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
fn a_secret_beside_the_right_one_that_is_no_key_is_told() {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let tag = sha256(STANDARD.decode(&key[6..]).unwrap(), format!("id.{NOW}.{JSON}"));
    let mut headers = header("svix-signature", format!("v1,{}", STANDARD.encode(tag)));
    headers.extend(header("svix-id", "id"));
    headers.extend(header("svix-timestamp", NOW.to_string()));
    let explanation = ask(Scheme::SVIX, &["not base64!!", key], &headers, JSON.as_bytes());
    assert_eq!(codes(&explanation), ["secret_beside"]);
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
