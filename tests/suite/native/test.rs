//! Trying webhooks out, stored ones and others.

use sigpost_tests::receiver::Reply;

use super::*;

#[test]
fn a_test_is_sent_at_once_whatever_the_webhook_is_subscribed_to_and_answered_with_its_delivery() {
    let server = serve();
    for system in SYSTEMS {
        let receiver = receiver();
        receiver.otherwise(Reply::status(202).header("x-answer", "yes").body("thanks"));
        // Off, so that nothing but a test can arrive.
        let made = create(&server, system, &receiver.url("/try"), &json!({ "enabled": false }));
        let admin = client(&server, system, "admin");
        let at = format!("{}/test", path(&made));
        for (given, expected) in
            [(&b""[..], None), (b"{}", None), (b"{\"event_type\":\"some.type\"}", Some("some.type"))]
        {
            let tested = body(&admin.send("POST", &at, &[], given).unwrap(), 200);
            let request = receiver.requests().pop().unwrap();
            assert_eq!(request.target, "/try");
            assert_eq!(tested["request"]["body"].as_str().unwrap().as_bytes(), request.body, "{system}");
            assert!(String::from_utf8_lossy(&request.body).contains("test"), "it says what it is");
            assert_eq!(tested["webhook"], made["id"]);
            assert_eq!((&tested["cause"], &tested["state"]), (&json!("test"), &json!("delivered")));
            assert_eq!((&tested["attempts"], &tested["success"]), (&json!(1), &json!(true)));
            assert_eq!(
                (&tested["response"]["status"], &tested["response"]["body"]),
                (&json!(202), &json!("thanks"))
            );
            assert_eq!(shown(&tested["response"], "x-answer").unwrap()["value"], "yes");
            assert_eq!(tested["failure"], Value::Null);
            if let Some(expected) = expected {
                assert_eq!(tested["event"]["type"], expected);
            }
            // It is in the history like any other.
            let read = body(&admin.get(&format!("/v1/deliveries/{}", id(&tested))).unwrap(), 200);
            for member in ["id", "request", "response", "message_id", "created_at", "started_at"] {
                assert_eq!(read[member], tested[member], "{system} {member}");
            }
        }
        assert_eq!(body(&admin.get(&path(&made)).unwrap(), 200), {
            let mut unchanged = made;
            for member in ["secret", "standard_secret"] {
                unchanged.as_object_mut().unwrap().remove(member);
            }
            unchanged
        });
    }
}

#[test]
fn a_test_that_fails_is_an_answer_too_and_keeps_more_of_the_receivers() {
    let (server, receiver) = (serve(), receiver());
    let made = create(&server, "generic", &receiver.url("/"), &json!({}));
    let admin = client(&server, "generic", "admin");
    let test = || body(&admin.post(&format!("{}/test", path(&made)), &json!({})).unwrap(), 200);
    receiver.then(Reply::status(500).body("x".repeat(100_000)));
    let failed = test();
    assert_eq!((&failed["state"], &failed["success"]), (&json!("exhausted"), &json!(false)));
    assert_eq!(failed["response"]["body"].as_str().unwrap().len(), 65_536);
    receiver.then(Reply::status(302).header("location", "/elsewhere"));
    assert_eq!((&test()["response"]["status"], receiver.requests().len()), (&json!(302), 2), "not followed");
    drop(receiver);
    let refused = test();
    assert_eq!(refused["response"], Value::Null);
    assert_eq!(refused["failure"], json!({ "class": "connection-refused", "phase": "connect" }));
    let stats = body(&admin.get(&format!("{}/stats", path(&made))).unwrap(), 200);
    assert_eq!(stats["activity"]["failures"], 0, "it says nothing of its health");
}

#[test]
fn a_webhook_that_is_not_stored_is_tried_out_and_no_delivery_is_recorded() {
    let server = serve();
    for system in SYSTEMS {
        let receiver = receiver();
        receiver.then(Reply::status(201).body(vec![0xff, 0xfe]));
        let admin = client(&server, system, "admin");
        let secret = "a secret of thirty-two characters";
        let draft = json!({ "url": receiver.url("/"), "secret": secret, "profile": profile(system) });
        let tried = body(&admin.post("/v1/webhooks/test", &draft).unwrap(), 200);
        let request = receiver.wait_for(1, SOON).unwrap().remove(0);
        let signatures = request.headers.iter().filter(|(name, _)| name.to_lowercase().contains("signature"));
        assert!(signatures.count() > 0, "{system}");
        assert_eq!((&tried["success"], &tried["failure"]), (&json!(true), &Value::Null));
        let response = &tried["response"];
        assert_eq!((&response["status"], &response["body"]), (&json!(201), &json!("\u{fffd}\u{fffd}")));
        assert_eq!(response["body_base64"], "//4=");
        drop(receiver);
        let failed = body(&admin.post("/v1/webhooks/test", &draft).unwrap(), 200);
        assert_eq!((&failed["success"], &failed["response"]), (&json!(false), &Value::Null));
        assert_eq!(failed["failure"]["class"], "connection-refused");
        for list in ["webhooks", "deliveries"] {
            let page = body(&admin.get(&format!("/v1/{list}")).unwrap(), 200);
            assert_eq!(page[list], json!([]), "{system}");
        }
    }
}

#[test]
fn what_cannot_be_tried_out_is_refused_with_its_field() {
    let server = serve();
    let admin = client(&server, "immuta", "admin");
    let made = create(&server, "immuta", "http://127.0.0.1:9/", &json!({}));
    let at = format!("{}/test", path(&made));
    for (given, field) in [
        (json!({ "event_type": "" }), Some("event_type")),
        (json!({ "event_type": "x".repeat(513) }), Some("event_type")),
        (json!({ "event_type": "ALL_NOTIFICATIONS" }), Some("event_type")),
        (json!({ "event_type": 7 }), Some("event_type")),
        (json!({ "event_type": null }), Some("event_type")),
        (json!({ "colour": "red" }), Some("colour")),
        (json!("order.paid"), None),
    ] {
        refused(&admin.post(&at, &given).unwrap(), 422, field, &given.to_string());
    }
    refused(&admin.send("POST", &at, &[], b"{").unwrap(), 400, None, "malformed");
    let native = create(&server, "native", "http://127.0.0.1:9/", &json!({}));
    let all = client(&server, "native", "admin")
        .post(&format!("{}/test", path(&native)), &json!({ "event_type": "*" }))
        .unwrap();
    refused(&all, 422, Some("event_type"), "what stands for all types");
    let draft = |url: &str| json!({ "url": url, "profile": profile("immuta") });
    refused(
        &admin.post("/v1/webhooks/test", &draft("http://10.0.0.1/")).unwrap(),
        422,
        Some("url"),
        "egress",
    );
    refused(&admin.post("/v1/webhooks/test", &json!({})).unwrap(), 422, Some("url"), "nothing");
    // A plain user may try out what it may make.
    let user = client(&server, "immuta", "user");
    refused(&user.post("/v1/webhooks/test", &draft("http://127.0.0.1:9/")).unwrap(), 403, None, "global");
    let mut own = draft("http://127.0.0.1:9/");
    own["profile"]["global"] = json!(false);
    assert_eq!(user.post("/v1/webhooks/test", &own).unwrap().status, 200);
    refused(&user.post(&at, &json!({ "colour": "red" })).unwrap(), 404, None, "another's");
    refused(
        &client(&server, "native", "admin").post(&at, &json!({})).unwrap(),
        404,
        None,
        "another tenant's",
    );
    refused(&client(&server, "immuta", "sender").post(&at, &json!({})).unwrap(), 403, None, "sender");
    assert_eq!(body(&admin.get("/v1/deliveries").unwrap(), 200)["deliveries"], json!([]));
}

#[test]
fn a_user_may_try_ten_times_a_minute() {
    let limited = config().replace("rate_limit = false", "rate_limit = true");
    let server = Launch::sigpost(limited).unwrap().start().unwrap();
    let receiver = receiver();
    let made = create(&server, "native", &receiver.url("/"), &json!({}));
    let admin = client(&server, "native", "admin");
    let at = format!("{}/test", path(&made));
    for count in 0..10 {
        // Those that are not stored count too, those that are refused do not.
        let draft = json!({ "url": receiver.url("/"), "profile": profile("native") });
        let (at, given) =
            if count % 2 == 0 { (at.as_str(), json!({})) } else { ("/v1/webhooks/test", draft) };
        assert_eq!(admin.post(at, &given).unwrap().status, 200, "{count}");
        refused(&admin.post(at, &json!({ "colour": "red" })).unwrap(), 422, Some("colour"), "refused");
    }
    let over = admin.post(&at, &json!({})).unwrap();
    refused(&over, 429, None, "the eleventh");
    assert!(over.text().contains("urn:sigpost:problem:rate-limited"));
    let wait: u32 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(receiver.requests().len(), 10);
    // Others are not held up, nor is anything else.
    let given = body(&patch(&admin, &path(&made), &[], &json!({ "owner": "2" })), 200);
    assert_eq!(client(&server, "native", "user").post(&at, &json!({})).unwrap().status, 200);
    assert_eq!(admin.get(&path(&given)).unwrap().status, 200);
}
