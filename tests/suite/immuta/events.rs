//! Publishing: the three modes of CloudEvents over HTTP, idempotency, and what is refused.

use super::*;

#[test]
fn an_event_is_taken_in_structured_binary_and_batched_mode() {
    let (server, receiver) = (serve(""), receiver());
    create(&server, ADMIN, &entry(&receiver.url("/")));
    let sender = client(&server, SENDER);

    let structured = publish(&server, &event("1", "modelCreated", &json!({})));
    assert_eq!(
        (structured.status, structured.json().unwrap()),
        (202, json!({ "id": "1", "source": "/test", "status": "accepted" }))
    );
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/test"),
        ("ce-type", "modelCreated"),
    ];
    let binary = sender.send("POST", "/v1/events", &headers, br#"{ "text": "binary" }"#).unwrap();
    assert_eq!(binary.status, 202, "{}", binary.text());

    let mut wrong = event("5", "modelCreated", &json!({}));
    wrong["data"]["text"] = json!(1);
    let batch = json!([
        event("3", "modelCreated", &json!({})),
        event("1", "modelCreated", &json!({})),
        event("1", "modelDeleted", &json!({})),
        { "specversion": "1.0", "id": "4" },
        wrong,
        event("3", "modelCreated", &json!({})),
    ]);
    let headers = [("content-type", "application/cloudevents-batch+json")];
    let answer = sender.send("POST", "/v1/events", &headers, batch.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let results = answer.json().unwrap()["results"].clone();
    let statuses: Vec<_> = results.as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["accepted", "duplicate", "conflict", "invalid", "invalid", "duplicate"]);
    assert!(results[3]["detail"].as_str().unwrap().contains("`source` is required"), "{results}");
    assert_eq!((&results[3]["id"], results[3].get("source")), (&json!("4"), None));
    assert!(results[4]["detail"].as_str().unwrap().contains("data.text"), "{results}");
    wait_for_history(&server, ADMIN, "", 3);
    assert_eq!(receiver.requests().len(), 3);
}

#[test]
fn the_same_event_again_is_a_duplicate_and_the_same_key_with_other_content_a_conflict() {
    let (mut server, receiver) = (serve(""), receiver());
    create(&server, ADMIN, &entry(&receiver.url("/")));
    let first = event("1", "modelCreated", &json!({ "a": 1.0, "b": [] }));
    let status = |answer: Response| (answer.status, answer.json().unwrap()["status"].clone());
    assert_eq!(status(publish(&server, &first)), (202, json!("accepted")));
    assert_eq!(status(publish(&server, &first)), (202, json!("duplicate")));
    // Equal in canonical form, and in another order of attributes.
    let same = r#"{"data":{"text":"something happened","metadata":{"a":1e0,"b":[ ]}},"type":"modelCreated",
        "source":"/test","id":"1","specversion":"1.0"}"#;
    let headers = [("content-type", "application/cloudevents+json")];
    let answer = client(&server, SENDER).send("POST", "/v1/events", &headers, same.as_bytes()).unwrap();
    assert_eq!(status(answer), (202, json!("duplicate")));
    let mut other = first.clone();
    other["data"]["metadata"]["a"] = json!(2);
    let conflict = publish(&server, &other);
    assert_eq!((conflict.status, conflict.header("content-type")), (409, Some("application/problem+json")));
    let mut attribute = first.clone();
    attribute["subject"] = json!("x");
    assert_eq!(publish(&server, &attribute).status, 409);
    let mut elsewhere = first.clone();
    elsewhere["source"] = json!("/elsewhere");
    assert_eq!(status(publish(&server, &elsewhere)), (202, json!("accepted")));
    // What a crash finds undelivered, or delivered and not yet noted, is sent again: let both be noted before.
    wait_for_history(&server, ADMIN, "", 2);
    // Another tenant has its own keys, and the memory survives a crash.
    assert_eq!(status(send_event(&client(&server, STRANGER), &first)), (202, json!("accepted")));
    server.restart().unwrap();
    assert_eq!(status(publish(&server, &first)), (202, json!("duplicate")));
    assert_eq!(publish(&server, &other).status, 409);
    wait_for_history(&server, ADMIN, "", 2);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn one_event_sent_by_many_at_once_is_delivered_once() {
    let (server, receiver) = (serve(""), receiver());
    create(&server, ADMIN, &entry(&receiver.url("/")));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let sender = client(&server, SENDER);
            std::thread::spawn(move || {
                let answer = send_event(&sender, &event("1", "modelCreated", &json!({})));
                answer.json().unwrap()["status"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    let mut statuses: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], "accepted");
    assert!(statuses[1..].iter().all(|status| status == "duplicate"), "{statuses:?}");
    wait_for_history(&server, ADMIN, "", 1);
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn what_is_no_event_of_the_system_is_refused_with_its_reason() {
    let server = serve("");
    let mut cases: Vec<(Value, u16, &str)> = Vec::new();
    let mut case = |change: fn(&mut Value), status, detail| {
        let mut event = event("1", "modelCreated", &json!({}));
        change(&mut event);
        cases.push((event, status, detail));
    };
    case(|e| e["specversion"] = json!("0.3"), 400, "`specversion` must be");
    case(|e| e["id"] = json!(""), 400, "`id` must not be empty");
    case(|e| e["type"] = json!(null), 400, "`type` is required");
    case(|e| e["source"] = json!("über/uns"), 400, "`source` must be a URI reference");
    case(|e| e["time"] = json!("yesterday"), 400, "`time` must be");
    case(|e| e["Bad Name"] = json!(1), 400, "is not an attribute name");
    case(|e| e["data"] = json!([]), 422, "data must be a JSON object");
    case(|e| e["data"]["text"] = json!(null), 422, "data.text must be a string");
    case(|e| e["data"]["metadata"] = json!(1), 422, "data.metadata must be");
    case(|e| e["data"]["attachments"] = json!([]), 422, "data.attachments is not part");
    case(
        |e| e["data"]["metadata"]["notificationType"] = json!("modelDeleted"),
        422,
        "notificationType must be",
    );
    case(|e| e["type"] = json!("ALL_NOTIFICATIONS"), 422, "ALL_NOTIFICATIONS");
    for (event, status, detail) in cases {
        let answer = publish(&server, &event);
        let problem = answer.json().unwrap();
        assert_eq!(answer.status, status, "{event}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{event}: {problem}");
        assert_eq!((&problem["status"], problem["type"].as_str().is_some()), (&json!(status), true));
    }
}
