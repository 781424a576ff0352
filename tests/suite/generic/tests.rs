//! "Test Webhook".

use sigpost_tests::receiver::{Answer, Reply};

use super::*;

fn test(server: &Server, webhook: &Value, body: &[u8]) -> Response {
    client(server, ADMIN).send("POST", &format!("{}/test", path(webhook)), &[], body).unwrap()
}

#[test]
fn the_documented_test_arrives_signed_and_is_answered_as_documented() {
    let server = serve("");
    let receiver = receiver();
    receiver.then(Reply::status(204).after(Duration::from_millis(150)));
    let made = create(&server, &receiver.url("/"), &["system.alert"]);
    let answer = test(&server, &made, br#"{ "event": "user.created" }"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json().unwrap();
    like(
        &json!({
            "success": true,
            "message": "Test event sent successfully",
            "details": { "status_code": 200, "response_time": 342, "timestamp": "2023-06-21T10:30:15Z" },
        }),
        &answer,
        &[],
    );
    assert_eq!(
        (&answer["success"], &answer["message"]),
        (&json!(true), &json!("Test event sent successfully"))
    );
    let details = &answer["details"];
    assert_eq!(details["status_code"], 204);
    let time = details["response_time"].as_u64().unwrap();
    assert!((150..10_000).contains(&time), "{time} ms");
    assert_time(&details["timestamp"]);
    let request = receiver.wait_for(1, SOON).unwrap().remove(0);
    assert_eq!(request.json().unwrap()["type"], "user.created");
    delivery::verify(&request, made["secret"].as_str().unwrap()).unwrap();
    let shown = get(&server, &made);
    assert!(shown["last_triggered"].as_str().unwrap() >= details["timestamp"].as_str().unwrap(), "{shown}");
}

#[test]
fn without_a_type_the_test_is_of_one_that_the_webhook_receives() {
    let server = serve("event_types = [\"our.own\"]");
    let receiver = receiver();
    let made = create(&server, &receiver.url("/"), &["our.own", "user.created"]);
    for body in [&b""[..], b"{}", b"null"] {
        assert_eq!(test(&server, &made, body).json().unwrap()["success"], true);
    }
    assert_eq!(test(&server, &made, br#"{"event":"our.own"}"#).json().unwrap()["success"], true);
    for request in receiver.wait_for(4, SOON).unwrap() {
        assert_eq!(request.json().unwrap()["type"], "our.own");
    }
    for (body, message) in [
        (&br#"{"event":"nobody.knows"}"#[..], "event must be a type"),
        (br#"{"event":""}"#, "event must be a type"),
        (br#"{"event":null}"#, "event must be text"),
        (br#"{"event":["user.created"]}"#, "event must be text"),
        (br#"{"events":"user.created"}"#, "events is not known"),
        (b"[]", "must be an object"),
        (b"{", "offset"),
    ] {
        refused(&test(&server, &made, body), 400, "bad_request", message);
    }
    assert_eq!(receiver.requests().len(), 4);
}

#[test]
fn a_test_that_fails_says_why_and_never_where() {
    let server = serve("timeout = \"1s\"");
    let receiver = receiver();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = receiver.address();
    let cases: Vec<(Answer, String, Option<u16>, &str)> = vec![
        (Reply::status(500).body("broken at 10.1.2.3").into(), receiver.url("/"), Some(500), "answered 500"),
        (Reply::status(404).into(), receiver.url("/"), Some(404), "answered 404"),
        (Reply::status(302).into(), receiver.url("/"), Some(302), "redirects are not followed"),
        (Answer::Hang, receiver.url("/"), None, "no complete answer came in time"),
        (Answer::Stall, receiver.url("/"), None, "no complete answer came in time"),
        (Answer::Close, receiver.url("/"), None, "closed before an answer"),
        (Answer::Bytes(b"SSH-2.0\r\n\r\n".to_vec()), receiver.url("/"), None, "not HTTP"),
        (Answer::Hang, format!("http://{closed}/"), None, "refused"),
        (Answer::Close, "http://inside.test/".to_owned(), None, "may not reach"),
        (Answer::Close, "http://no-such-host.invalid/".to_owned(), None, "host name"),
        // A receiver that speaks no TLS hangs up during the handshake.
        (Answer::Close, format!("https://{plain}/"), None, "the connection was closed while it was made"),
    ];
    for (reply, url, status, message) in cases {
        receiver.otherwise(reply);
        let made = create(&server, &url, &["user.created"]);
        let answer = test(&server, &made, b"");
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());
        let answer = answer.json().unwrap();
        assert_eq!(answer["success"], false, "{url}: {answer}");
        assert_eq!(answer["details"]["status_code"], json!(status), "{url}: {answer}");
        assert!(answer["details"]["response_time"].as_u64().unwrap() < 10_000, "{url}: {answer}");
        let said = answer["message"].as_str().unwrap();
        assert!(said.starts_with("Test event failed: ") && said.contains(message), "{url}: {said}");
        assert!(
            !said.contains("127.0.0.1") && !said.contains("10.0.0.1") && !said.contains("10.1.2.3"),
            "{said}"
        );
        assert!(!get(&server, &made)["last_triggered"].is_null());
    }
}

#[test]
fn an_inactive_webhook_can_be_tried_and_stays_inactive() {
    let server = serve("");
    let receiver = receiver();
    let made = create(&server, &receiver.url("/"), &["user.created"]);
    put(&client(&server, ADMIN), &path(&made), &json!({ "status": "inactive" }));
    assert_eq!(test(&server, &made, b"").json().unwrap()["success"], true);
    assert_eq!(get(&server, &made)["status"], "inactive");
}
