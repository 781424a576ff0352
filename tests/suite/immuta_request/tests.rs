//! Trying out a configuration and a stored webhook.

use sigpost_tests::receiver::Answer;

use super::*;

fn test(server: &Server, path: &str, body: &Value) -> Value {
    let answer = client(server, ADMIN).post(path, body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

#[test]
fn a_configuration_is_tried_out_as_it_would_be_and_nothing_is_kept() {
    let (server, documented) = (serve(""), Documented::read());
    let receiver = receiver();
    let body = json!({ "url": receiver.url("/try"), "verifyTls": true, "signingKey": "a signing key" });
    for root in [ROOT, MARKETPLACE] {
        let result = test(&server, &format!("{root}/test"), &body);
        documented.assert("WebhookTestResult", &result, &["errorMessage"]);
        assert_eq!(result, json!({ "status": "SUCCESS", "httpStatusCode": 200 }));
    }
    let requests = receiver.wait_for(2, SOON).unwrap();
    for request in &requests {
        assert_eq!(request.target, "/try");
        verify(request, "a signing key").unwrap();
        let keys: Vec<_> = request.json().unwrap().as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["deliveryId", "webhookId", "type", "createdAt", "data"]);
    }
    assert_ne!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    assert_eq!(client(&server, ADMIN).get(ROOT).unwrap().json().unwrap(), json!([]));
    let unsigned = test(&server, &format!("{ROOT}/test"), &json!({ "url": receiver.url("/") }));
    assert_eq!(unsigned["status"], "SUCCESS");
    let last = receiver.wait_for(3, SOON).unwrap().remove(2);
    assert_eq!(last.header("x-immuta-webhook-signature-sha256"), None);
}

#[test]
fn a_test_that_fails_is_answered_all_the_same_and_says_why_but_never_where() {
    let (server, documented) = (serve("timeout = \"1s\""), Documented::read());
    let receiver = receiver();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = receiver.address();
    let cases: Vec<(Answer, String, u16, &str)> = vec![
        (Reply::status(500).body("broken at 10.1.2.3").into(), receiver.url("/"), 500, "answered 500"),
        (Reply::status(410).into(), receiver.url("/"), 410, "answered 410"),
        (Reply::status(307).into(), receiver.url("/"), 307, "redirects are not followed"),
        (Answer::Hang, receiver.url("/"), 0, "no complete answer came in time"),
        (Answer::Stall, receiver.url("/"), 0, "no complete answer came in time"),
        (Answer::Close, receiver.url("/"), 0, "closed before an answer"),
        (Answer::Bytes(b"SSH-2.0\r\n\r\n".to_vec()), receiver.url("/"), 0, "not HTTP"),
        (Answer::Hang, format!("http://{closed}/"), 0, "refused"),
        (Answer::Close, "http://inside.test/".to_owned(), 0, "may not reach"),
        (Answer::Close, "http://no-such-host.invalid/".to_owned(), 0, "host name"),
        // A receiver that speaks no TLS hangs up during the handshake.
        (Answer::Close, format!("https://{plain}/"), 0, "the connection was closed while it was made"),
    ];
    for (reply, url, status, message) in cases {
        receiver.otherwise(reply);
        let body = json!({ "url": url, "verifyTls": false });
        let made = create(&server, &body);
        for (path, body) in [(format!("{ROOT}/test"), &body), (format!("{}/test", path(&made)), &json!({}))] {
            let result = test(&server, &path, body);
            documented.assert("WebhookTestResult", &result, &[]);
            assert_eq!(
                (&result["status"], &result["httpStatusCode"]),
                (&json!("FAILED"), &json!(status)),
                "{url}"
            );
            let said = result["errorMessage"].as_str().unwrap();
            assert!(said.contains(message), "{url}: {said}");
            assert!(!said.contains("127.0.0.1") && !said.contains("10."), "{url}: {said}");
        }
    }
}

#[test]
fn a_test_of_a_stored_webhook_is_signed_with_its_key_and_stands_in_its_history() {
    let server = serve("");
    let receiver = receiver();
    let made = create(&server, &json!({ "url": receiver.url("/"), "signingKey": "a signing key" }));
    let other = create(&server, &json!({ "url": receiver.url("/other") }));
    receiver.then(Reply::status(503));
    assert_eq!(test(&server, &format!("{}/test", path(&made)), &json!({}))["status"], "FAILED");
    let second = test(&server, &format!("{MARKETPLACE}/{}/test", made["id"].as_str().unwrap()), &json!({}));
    assert_eq!(second, json!({ "status": "SUCCESS", "httpStatusCode": 200 }));
    let requests = receiver.wait_for(2, SOON).unwrap();
    let told = wait_for_history(&server, &made, 2)["data"].clone();
    for (request, told) in requests.iter().rev().zip(told.as_array().unwrap()) {
        verify(request, "a signing key").unwrap();
        let body = request.json().unwrap();
        assert_eq!(body["deliveryId"], told["deliveryId"]);
        assert_eq!((&body["webhookId"], &told["webhookId"]), (&made["id"], &made["id"]));
    }
    assert_eq!(history(&server, &other, "")["meta"]["totalCount"], 0, "only the one that was asked for");
    // A test changes nobody's state: it is not tried again either.
    assert_eq!(get(&server, &made)["suppressed"], false);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn a_suppressed_webhook_can_be_tried_and_stays_suppressed() {
    let server = serve("retry = []");
    let receiver = receiver();
    receiver.otherwise(Reply::status(410));
    let made = create(&server, &json!({ "url": receiver.url("/") }));
    for (id, count) in [("1", 1), ("2", 2)] {
        publish(&server, id);
        wait_for_history(&server, &made, count);
    }
    let suppressed = || (get(&server, &made)["suppressed"] == true).then_some(());
    Deadline::after(SOON).poll(suppressed).unwrap();
    receiver.otherwise(Reply::status(200));
    assert_eq!(test(&server, &format!("{}/test", path(&made)), &json!({}))["status"], "SUCCESS");
    assert_eq!(get(&server, &made)["suppressed"], true);
}
