//! Creating, reading, changing and deleting; who may.

use super::*;

#[test]
fn a_webhook_lives_as_the_documents_say_on_both_of_its_paths() {
    let (server, documented) = (serve(""), Documented::read());
    let admin = client(&server, ADMIN);
    for root in [ROOT, MARKETPLACE] {
        let body = json!({ "url": SOMEWHERE, "verifyTls": false, "signingKey": "a signing key" });
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let created = admin.send("POST", root, &form, body.to_string().as_bytes()).unwrap();
        assert_eq!(created.status, 200, "{}", created.text());
        let created = created.json().unwrap();
        documented.assert("Webhook", &created, &[]);
        let one = format!("{root}/{}", created["id"].as_str().unwrap());
        assert_eq!(
            created,
            json!({
                "id": created["id"], "url": SOMEWHERE, "verifyTls": false, "signingKey": true, "suppressed": false,
            })
        );
        assert_eq!(created["id"].as_str().unwrap().len(), 36);
        assert_eq!(admin.get(&one).unwrap().json().unwrap(), created);
        assert_eq!(admin.get(root).unwrap().json().unwrap(), json!([created]));

        let changed = put(&admin, &one, &json!({ "verifyTls": true, "url": "https://example.com/new" }));
        assert_eq!(changed.status, 200, "{}", changed.text());
        let changed = changed.json().unwrap();
        documented.assert("Webhook", &changed, &[]);
        assert_eq!(
            (&changed["verifyTls"], &changed["url"]),
            (&json!(true), &json!("https://example.com/new"))
        );
        assert_eq!(admin.get(&one).unwrap().json().unwrap(), changed);

        let deleted = admin.delete(&one).unwrap();
        assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
        refused(&admin.get(&one).unwrap(), 404, "Not Found", "no such webhook");
        refused(&admin.delete(&one).unwrap(), 404, "Not Found", "no such webhook");
        assert_eq!(admin.get(root).unwrap().json().unwrap(), json!([]));
    }
}

#[test]
fn tls_is_verified_and_nothing_signed_unless_said_otherwise() {
    let server = serve("");
    for body in [json!({ "url": SOMEWHERE }), json!({ "url": SOMEWHERE, "signingKey": "" })] {
        let made = create(&server, &body);
        assert_eq!((&made["verifyTls"], &made["signingKey"]), (&json!(true), &json!(false)), "{body}");
    }
}

#[test]
fn what_an_update_omits_stays_as_it_is() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let made = create(&server, &json!({ "url": SOMEWHERE, "verifyTls": false, "signingKey": "key" }));
    for (change, member, value) in [
        (json!({}), "url", json!(SOMEWHERE)),
        // The one that resets a secret: it must not switch the checking of certificates back on, or off.
        (json!({ "signingKey": "another" }), "signingKey", json!(true)),
        (json!({ "url": "https://example.com/new" }), "url", json!("https://example.com/new")),
        (json!({ "verifyTls": true }), "verifyTls", json!(true)),
        (json!({ "signingKey": "" }), "signingKey", json!(false)),
        (json!({ "url": SOMEWHERE }), "url", json!(SOMEWHERE)),
    ] {
        let mut expected = get(&server, &made);
        expected[member] = value;
        let answer = put(&admin, &path(&made), &change);
        assert_eq!(answer.status, 200, "{change}: {}", answer.text());
        assert_eq!(answer.json().unwrap(), expected, "{change}");
        assert_eq!(get(&server, &made), expected, "{change}");
    }
}

#[test]
fn a_new_signing_key_signs_from_the_next_delivery_on_and_an_empty_one_ends_signing() {
    let server = serve("retry = []");
    let receiver = receiver();
    let made = create(&server, &json!({ "url": receiver.url("/"), "signingKey": "the old key" }));
    let admin = client(&server, ADMIN);
    let deliver = |id: &str, count: usize| {
        publish(&server, id);
        receiver.wait_for(count, SOON).unwrap().remove(count - 1)
    };
    let first = deliver("1", 1);
    verify(&first, "the old key").unwrap();
    let body = first.json().unwrap();
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["deliveryId", "webhookId", "type", "createdAt", "data"]
    );
    assert_eq!(
        (&body["webhookId"], &body["data"], &body["type"]),
        (&made["id"], &json!({ "request": "1" }), &json!("marketplace.data_product.access_requests.created"))
    );
    assert_eq!(put(&admin, &path(&made), &json!({ "signingKey": "the new key" })).status, 200);
    let second = deliver("2", 2);
    verify(&second, "the new key").unwrap();
    assert_eq!(verify(&second, "the old key"), Err(VerifyError::Mismatch));
    assert_eq!(put(&admin, &path(&made), &json!({ "signingKey": "" })).status, 200);
    let third = deliver("3", 3);
    let signed = |(name, _): &(String, Vec<u8>)| name.to_lowercase().contains("signature");
    assert!(!third.headers.iter().any(signed), "{third:?}");
    // Nothing shows a key.
    for path in [ROOT.to_owned(), path(&made), format!("{}/history", path(&made))] {
        assert!(!admin.get(&path).unwrap().text().contains("the new key"));
    }
    assert!(!server.stderr().contains("the new key"));
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let made = create(&server, &json!({ "url": SOMEWHERE }));
    let test = format!("{ROOT}/test");
    let bad = |answer: &Response, message: &str| refused(answer, 400, "Bad Request", message);
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let own = format!("{}{ROOT}", server.base());
    for (change, message) in [
        (json!({ "url": 7 }), "url must be text"),
        (json!({ "url": null }), "url must be text"),
        (json!({ "url": "" }), "absolute"),
        (json!({ "url": "/internal" }), "absolute"),
        (json!({ "url": "ftp://example.com/" }), "http or https"),
        (json!({ "url": "https://ada:pw@example.com/" }), "user name"),
        (json!({ "url": long }), "longer than 2048"),
        (json!({ "url": "http://10.0.0.1/" }), "may not reach"),
        (json!({ "url": "http://169.254.169.254/" }), "may not reach"),
        (json!({ "url": own }), "may not reach"),
        (json!({ "verifyTls": "no" }), "verifyTls must be true or false"),
        (json!({ "verifyTls": null }), "verifyTls must be true or false"),
        (json!({ "signingKey": true }), "signingKey must be text"),
        (json!({ "signingKey": null }), "signingKey must be text"),
        (json!({ "signingKey": "k".repeat(1_025) }), "signingKey must not be longer than 1024"),
        (json!({ "suppressed": false }), "suppressed is not known"),
        (json!({ "verify_tls": false }), "verify_tls is not known"),
    ] {
        let mut body = json!({ "url": SOMEWHERE });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bad(&admin.post(ROOT, &body).unwrap(), message);
        bad(&admin.post(&test, &body).unwrap(), message);
        bad(&put(&admin, &path(&made), &change), message);
    }
    for path in [ROOT, &test] {
        bad(&admin.post(path, &json!({ "verifyTls": true })).unwrap(), "url is required");
    }
    let longest = json!({ "url": SOMEWHERE, "signingKey": "k".repeat(1_024) });
    assert_eq!(put(&admin, &path(&made), &longest).status, 200);
    for (method, path) in [("POST", ROOT), ("POST", test.as_str()), ("PUT", &path(&made))] {
        for body in [&b"{"[..], b"", b"[]", b"\xff", b"{\"url\":\"a\",\"url\":\"b\"}"] {
            bad(&admin.send(method, path, &[], body).unwrap(), "");
        }
        let large = vec![b' '; (1 << 20) + 1];
        refused(&admin.send(method, path, &[], &large).unwrap(), 413, "Payload Too Large", "1048576 bytes");
    }
    assert_eq!(admin.get(ROOT).unwrap().json().unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn all_of_it_is_for_admins_of_a_tenant_that_speaks_it() {
    let server = serve("");
    let made = create(&server, &json!({ "url": SOMEWHERE }));
    let one = path(&made);
    let (test, history, configuration) =
        (format!("{one}/test"), format!("{one}/history"), format!("{ROOT}/test"));
    let body = json!({ "url": "http://127.0.0.1:9/" }).to_string();
    let requests = [
        ("GET", ROOT, ""),
        ("GET", one.as_str(), ""),
        ("GET", &history, ""),
        ("POST", ROOT, &body),
        ("POST", &configuration, &body),
        ("PUT", &one, "{}"),
        ("POST", &test, ""),
        ("DELETE", &one, ""),
    ];
    let ask = |token: &str, headers: &[(&str, &str)], expected: [u16; 8]| {
        for ((method, path, body), status) in requests.iter().zip(expected) {
            for prefix in ["", "/marketplace"] {
                let path = format!("{prefix}{path}");
                let answer = client(&server, token).send(method, &path, headers, body.as_bytes()).unwrap();
                assert_eq!(answer.status, status, "{token}: {method} {path}: {}", answer.text());
            }
        }
    };
    ask(USER, &[], [403; 8]);
    ask(SENDER, &[], [403; 8]);
    ask("nobody", &[], [401; 8]);
    ask(FOREIGNER, &[], [404; 8]);
    // The other tenant may not reach the address it names.
    ask(STRANGER, &[], [200, 404, 404, 400, 400, 404, 404, 404]);
    ask(OPERATOR, &[], [403; 8]);
    ask(OPERATOR, &[("sigpost-tenant", "native")], [404; 8]);
    ask(OPERATOR, &[("sigpost-tenant", "other")], [200, 404, 403, 403, 403, 403, 403, 404]);
    refused(&client(&server, USER).get(ROOT).unwrap(), 403, "Forbidden", "the role admin");
    let nobody = server.client().get(ROOT).unwrap();
    refused(&nobody, 401, "Unauthorized", "token");
    assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
    let operator = client(&server, OPERATOR).with_header("sigpost-tenant", "acme");
    assert_eq!(operator.get(&one).unwrap().status, 200);
    assert_eq!(operator.delete(&one).unwrap().status, 204);
}

#[test]
fn an_id_that_names_nothing_is_not_found_whatever_is_asked_of_it() {
    let server = serve("");
    let made = create(&server, &json!({ "url": SOMEWHERE }));
    let admin = client(&server, ADMIN);
    let unhyphenated = made["id"].as_str().unwrap().replace('-', "");
    for id in ["1", "%FF", "018bcfe5-6800-7fff-bfff-ffffffffffff", &unhyphenated, "wh_1"] {
        for (method, end) in
            [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/history")]
        {
            let answer = admin.send(method, &format!("{ROOT}/{id}{end}"), &[], b"{}").unwrap();
            refused(&answer, 404, "Not Found", "no such webhook");
        }
    }
}

#[test]
fn other_paths_and_methods_are_refused_in_the_same_form() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    for path in ["/api/notification", "/api/notification/webhooks", "/marketplace", "/marketplace/webhooks"] {
        refused(&admin.get(path).unwrap(), 404, "Not Found", "no such path");
    }
    for root in [ROOT, MARKETPLACE] {
        for (method, end) in [("DELETE", ""), ("PATCH", "/1"), ("GET", "/test"), ("POST", "/1/history")] {
            let answer = admin.send(method, &format!("{root}{end}"), &[], b"").unwrap();
            refused(&answer, 405, "Method Not Allowed", "method");
            assert!(answer.header("allow").is_some(), "{method} {end}");
        }
    }
}

#[test]
fn a_webhook_whose_receiver_is_gone_is_suppressed_until_any_update() {
    let server = serve("retry = []");
    let receiver = receiver();
    receiver.otherwise(Reply::status(410));
    let made = create(&server, &json!({ "url": receiver.url("/") }));
    let admin = client(&server, ADMIN);
    publish(&server, "1");
    wait_for_history(&server, &made, 1);
    assert_eq!(get(&server, &made)["suppressed"], false, "the first may be a mishap");
    publish(&server, "2");
    let suppressed = || Some(get(&server, &made)).filter(|webhook| webhook["suppressed"] == true);
    let suppressed = Deadline::after(SOON).poll(suppressed).unwrap();
    Documented::read().assert("Webhook", &suppressed, &[]);
    // What is published meanwhile waits.
    publish(&server, "3");
    receiver.otherwise(Reply::status(200));
    let updated = put(&admin, &path(&made), &json!({}));
    assert_eq!((updated.status, &updated.json().unwrap()["suppressed"]), (200, &json!(false)));
    assert_eq!(receiver.wait_for(3, SOON).unwrap()[2].json().unwrap()["data"]["request"], "3");
    publish(&server, "4");
    receiver.wait_for(4, SOON).unwrap();
    assert_eq!(get(&server, &made)["suppressed"], false);
    // An update through the native API is one too.
    receiver.otherwise(Reply::status(410));
    publish(&server, "5");
    wait_for_history(&server, &made, 5);
    publish(&server, "6");
    let suppressed = || Some(get(&server, &made)).filter(|webhook| webhook["suppressed"] == true);
    Deadline::after(SOON).poll(suppressed).unwrap();
    let native = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let change = json!({ "profile": { "verify_tls": false } }).to_string();
    let updated = admin.send("PATCH", &native, &[], change.as_bytes()).unwrap();
    assert_eq!((updated.status, &updated.json().unwrap()["state"]), (200, &json!("enabled")));
    assert_eq!(get(&server, &made)["suppressed"], false);
}

#[test]
fn all_of_it_outlives_a_crash() {
    let mut server = serve("retry = []");
    let receiver = receiver();
    receiver.otherwise(Reply::status(410));
    let made = create(&server, &json!({ "url": receiver.url("/"), "verifyTls": false, "signingKey": "key" }));
    for (id, count) in [("1", 1), ("2", 2)] {
        publish(&server, id);
        wait_for_history(&server, &made, count);
    }
    let suppressed = || (get(&server, &made)["suppressed"] == true).then_some(());
    Deadline::after(SOON).poll(suppressed).unwrap();
    let (before, told) = (get(&server, &made), history(&server, &made, ""));
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(get(&server, &made), before);
    assert_eq!(history(&server, &made, ""), told);
    let answer = client(&server, ADMIN).post(&format!("{}/test", path(&made)), &json!({})).unwrap();
    assert_eq!(answer.json().unwrap()["httpStatusCode"], 410);
    verify(receiver.wait_for(3, SOON).unwrap().last().unwrap(), "key").unwrap();
}
