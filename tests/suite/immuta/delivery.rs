//! What arrives at a receiver, and when.

use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::node::{NodeReceiver, Options};
use sigpost_tests::receiver::{Answer, Reply};

use super::*;

#[test]
fn a_published_event_is_delivered_and_verified_by_the_npm_package_and_independently() {
    let server = serve("");
    let schemes = ["immuta", "immuta-sha1", "standard-webhooks"].map(str::to_owned).to_vec();
    let options = Options { secret: "a shared secret".into(), schemes, status: None };
    let mut receiver = NodeReceiver::start(&options).unwrap();
    let id = create(&server, ADMIN, &entry(&receiver.url("/hook")));
    let text = "Ada hat „Öffentlich“ angelegt 🎉 \u{2028} \"quoted\" \\ \u{7f}";
    let mut published =
        event("1", "modelCreated", &json!({ "modelId": 1.0, "10": "b", "9": "a", "actionBy": 2 }));
    published["data"]["text"] = json!(text);
    assert_eq!(publish(&server, &published).status, 202);

    let delivery = receiver.next(SOON).unwrap();
    assert!(delivery.ok, "{:?} {:?}", delivery.code, delivery.results);
    assert_eq!(delivery.results.len(), 3);
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(body["text"], text);
    let expected =
        json!({ "9": "a", "10": "b", "modelId": 1, "actionBy": 2, "notificationType": "modelCreated" });
    assert_eq!(body["metadata"], expected);
    assert_eq!((body["webhookId"].as_i64(), &body["webhookName"]), (Some(id), &json!("hook")));
    assert_eq!(keys(&body), ["text", "metadata", "webhookId", "webhookName"]);
    assert_eq!(delivery.headers["content-type"], "application/json");

    let record = &wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0];
    assert_eq!((&record["statusCode"], &record["response"]), (&json!(200), &json!({})));
    assert_eq!(record["request"], body);
}

#[test]
fn a_receiver_with_another_secret_rejects_what_arrives() {
    let server = serve("");
    let options = Options { secret: "another secret".into(), schemes: vec!["immuta".into()], status: None };
    let mut receiver = NodeReceiver::start(&options).unwrap();
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let delivery = receiver.next(SOON).unwrap();
    assert_eq!((delivery.ok, delivery.code.as_deref()), (false, Some("mismatch")));
    let record = &wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0];
    assert_eq!((&record["statusCode"], &record["response"]), (&json!(401), &json!({ "body": "" })));
}

#[test]
fn an_unsigned_webhook_carries_no_signature_header_of_any_kind() {
    let (server, receiver) = (serve(""), receiver());
    let mut unsigned = entry(&receiver.url("/"));
    unsigned.as_object_mut().unwrap().remove("secret");
    create(&server, ADMIN, &unsigned);
    accept(&server, "1");
    let request = &receiver.wait_for(1, SOON).unwrap()[0];
    assert!(
        request.headers.iter().all(|(name, _)| !name.to_lowercase().contains("signature")),
        "{request:?}"
    );
}

#[test]
fn settings_choose_the_signature_headers() {
    let server = serve("immuta_signatures = [\"sha256\"]\nstandard_webhooks = false");
    let receiver = receiver();
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let request = &receiver.wait_for(1, SOON).unwrap()[0];
    assert!(request.header("x-immuta-webhook-signature-sha256").is_some());
    assert_eq!(request.header("x-immuta-webhook-signature"), None);
    assert_eq!(request.header("webhook-signature"), None);
    assert_eq!(request.header("webhook-id"), None);
}

#[test]
fn a_silent_receiver_gives_the_timed_out_record_of_the_documents_after_the_configured_time() {
    let server = serve("timeout = \"500ms\"\nretry = []");
    let receiver = receiver();
    receiver.otherwise(Answer::Hang);
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let record = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0].clone();
    assert_eq!(record["statusCode"], 500);
    assert_eq!(record["response"], json!({ "body": { "code": "ESOCKETTIMEDOUT", "connect": false } }));
}

#[test]
fn a_body_that_never_ends_is_a_timeout_too() {
    let server = serve("timeout = \"500ms\"\nretry = []");
    let receiver = receiver();
    receiver.otherwise(Answer::Stall);
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let record = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0].clone();
    assert_eq!(record["response"]["body"]["code"], "ESOCKETTIMEDOUT");
}

#[test]
fn each_way_a_connection_fails_has_its_own_code() {
    let server = serve("timeout = \"5s\"\nretry = []");
    let receiver = receiver();
    receiver.otherwise(Answer::Close);
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let plain = receiver.address();
    let cases = [
        (receiver.url("/"), "ECONNRESET", false),
        (format!("http://{closed}/"), "ECONNREFUSED", true),
        ("http://no-such-host.invalid/".to_owned(), "", true),
        // A receiver that speaks no TLS hangs up during the handshake.
        (format!("https://{plain}/"), "ECONNRESET", true),
        ("http://inside.test/".to_owned(), "EACCES", true),
    ];
    for (url, _, _) in &cases {
        create(&server, ADMIN, &entry(url));
    }
    accept(&server, "1");
    let page = wait_for_history(&server, ADMIN, "?includeGlobal=true", cases.len());
    for (url, code, connect) in &cases {
        let record = page["records"].as_array().unwrap().iter().find(|record| record["url"] == *url).unwrap();
        assert_eq!(record["statusCode"], 500, "{url}");
        let body = &record["response"]["body"];
        assert_eq!(body["connect"], *connect, "{url}: {body}");
        if code.is_empty() {
            // Without any name server the answer is another one than with one that knows no such name.
            assert!(["ENOTFOUND", "EAI_AGAIN"].contains(&body["code"].as_str().unwrap()), "{url}: {body}");
        } else {
            assert_eq!(body["code"], *code, "{url}");
        }
    }
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let server = serve("retry = []");
    let (receiver, target) = (receiver(), receiver());
    receiver.otherwise(Reply::status(307).header("location", &target.url("/secret")).body("moved"));
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let record = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0].clone();
    assert_eq!((&record["statusCode"], &record["response"]), (&json!(307), &json!({ "body": "moved" })));
    assert!(target.requests().is_empty());
}

#[test]
fn a_huge_answer_is_cut_and_the_next_delivery_goes_on() {
    let server = serve("retry = []");
    let receiver = receiver();
    receiver.then(Reply::status(500).huge(50 << 20));
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let page = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1);
    assert_eq!(page["records"][0]["response"]["body"].as_str().unwrap().len(), 4_096);
    accept(&server, "2");
    receiver.wait_for(2, SOON).unwrap();
}

#[test]
fn a_failed_delivery_is_tried_again_with_the_same_bytes_and_the_same_id() {
    // The ladder's shortest step is lengthened by up to 30 s; a receiver's Retry-After is what a test can wait for.
    let server = serve("retry = [\"0s\", \"0s\", \"0s\"]");
    let receiver = receiver();
    receiver.then(Reply::status(500));
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let requests = receiver.wait_for(2, Duration::from_secs(45)).unwrap();
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    let id = "x-immuta-webhook-signature-sha256";
    assert_eq!(requests[0].header(id), requests[1].header(id));
    let page = wait_for_history(&server, ADMIN, "?includeGlobal=true&successOrFailure=success", 1);
    assert_eq!(page["records"][0]["statusCode"], 200);
}

#[test]
fn a_fixed_host_is_reached_by_its_name() {
    let (server, receiver) = (serve(""), receiver());
    let port = receiver.address().port();
    create(&server, ADMIN, &entry(&format!("http://hooks.test:{port}/a?b=c")));
    accept(&server, "1");
    let request = &receiver.wait_for(1, SOON).unwrap()[0];
    assert_eq!(request.target, "/a?b=c");
    assert_eq!(request.header("host"), Some(format!("hooks.test:{port}").as_str()));
}

#[test]
fn the_server_does_not_deliver_to_itself() {
    let server = serve("retry = []");
    // Its address is refused at once; a name is judged whenever it is resolved.
    let port = server.base().rsplit_once(':').unwrap().1.to_owned();
    create(&server, ADMIN, &entry(&format!("http://hooks.test:{port}/v1/events")));
    accept(&server, "1");
    let record = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1)["records"][0].clone();
    assert_eq!(record["response"]["body"]["code"], "EACCES");
}

#[test]
fn a_slow_receiver_does_not_hold_up_another() {
    let server = serve("timeout = \"5s\"");
    let (slow, fast) = (receiver(), receiver());
    slow.otherwise(Answer::Hang);
    create(&server, ADMIN, &entry(&slow.url("/")));
    create(&server, ADMIN, &entry(&fast.url("/")));
    for id in 0..200 {
        accept(&server, &id.to_string());
    }
    fast.wait_for(200, Duration::from_secs(4)).unwrap();
}

#[test]
fn one_tenants_backlog_does_not_hold_up_anothers_publishing() {
    let server = serve("timeout = \"20s\"");
    let receiver = receiver();
    receiver.otherwise(Reply::status(200).after(Duration::from_millis(500)));
    for _ in 0..20 {
        create(&server, ADMIN, &entry(&receiver.url("/")));
    }
    let events: Vec<_> = (0..500).map(|id| event(&id.to_string(), "modelCreated", &json!({}))).collect();
    let headers = [("content-type", "application/cloudevents-batch+json")];
    let batch = serde_json::to_vec(&events).unwrap();
    let sender = client(&server, SENDER);
    let publishing = std::thread::spawn(move || sender.send("POST", "/v1/events", &headers, &batch).unwrap());
    receiver.wait_for(20, SOON).unwrap();
    for id in 0..20 {
        let answer =
            send_event(&client(&server, STRANGER), &event(&id.to_string(), "modelCreated", &json!({})));
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    // Its own publishing may be asked to wait, and is told for how long; what it was told is accepted is on its way.
    let answer = publishing.join().unwrap();
    let results = answer.json().unwrap();
    if answer.status == 202 {
        let results = results["results"].as_array().unwrap();
        assert_eq!(results.len(), 500);
        assert!(results.iter().all(|result| result["status"] == "accepted"), "{results:?}");
    } else {
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{results}");
        assert!(results["type"].as_str().unwrap().ends_with("saturated"), "{results}");
    }
}
