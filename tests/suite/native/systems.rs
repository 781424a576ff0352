//! Every system's body and signatures, as a receiver with the npm package sees them.

use sigpost_tests::node::{Delivery, NodeReceiver, Options};

use super::*;

/// Creates a signed webhook in the system's tenant, publishes an event, and has it verified.
fn delivered(server: &Server, system: &str, schemes: &[&str], more: &Value) -> (Value, Delivery, Value) {
    let secret = "a secret of thirty-two characters";
    let schemes = schemes.iter().map(|&scheme| scheme.to_owned()).collect();
    let options = Options { secret: secret.into(), schemes, status: None };
    let mut node = NodeReceiver::start(&options).unwrap();
    let mut more = more.clone();
    more["secret"] = json!(secret);
    let webhook = create(server, system, &node.url("/hook"), &more);
    assert_eq!((&webhook["signed"], webhook.get("secret")), (&json!(true), None), "{webhook}");
    assert_eq!(publish(server, system, &event("1")).status, 202);
    let delivery = node.next(SOON).unwrap();
    assert!(delivery.ok, "{system}: {:?} {:?}", delivery.code, delivery.results);
    let body = serde_json::from_slice(&delivery.body).unwrap();
    (webhook, delivery, body)
}

const DATA: &str = r#"{"text":"Paid „€ 1“.","metadata":{"9":"a","10":"b","amount":1}}"#;

fn data() -> Value {
    serde_json::from_str(DATA).unwrap()
}

#[test]
fn a_native_delivery_is_the_event_signed_by_standard_webhooks() {
    let server = serve();
    let (_, delivery, body) = delivered(&server, "native", &["standard-webhooks"], &json!({}));
    let expected = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/shop","type":"order.paid","time":"2026-11-21T09:30:00Z","userid":"2","data":{DATA}}}"#
    );
    assert_eq!(String::from_utf8(delivery.body).unwrap(), expected);
    assert_eq!(delivery.headers["content-type"], "application/cloudevents+json");
    assert_eq!(body["data"], data());
}

#[test]
fn an_immuta_delivery_made_by_the_native_api_is_one_of_immutas() {
    let server = serve();
    let schemes = ["immuta", "immuta-sha1", "standard-webhooks"];
    let (_, _, body) = delivered(&server, "immuta", &schemes, &json!({}));
    assert_eq!((&body["webhookId"], &body["webhookName"]), (&json!(1), &json!("hook")));
    // The same webhook by Immuta's own API.
    let shown = client(&server, "immuta", "admin").get("/webhooks/1").unwrap().json().unwrap();
    assert_eq!((&shown["global"], &shown["notificationType"]), (&json!(true), &json!(["order.paid"])));
}

#[test]
fn a_request_delivery_names_itself_and_its_webhook() {
    let server = serve();
    let schemes = ["immuta-request", "standard-webhooks"];
    let (webhook, _, body) = delivered(&server, "immuta-request", &schemes, &json!({}));
    let delivery_id = body["deliveryId"].as_str().unwrap();
    assert_eq!(delivery_id.as_bytes()[14], b'7', "a UUID of version 7: {delivery_id}");
    let expected = json!({
        "deliveryId": delivery_id, "webhookId": webhook["id"], "type": "order.paid",
        "createdAt": "2026-11-21T09:30:00.000Z", "data": data(),
    });
    assert_eq!(body, expected);
}

#[test]
fn a_generic_delivery_is_an_envelope_signed_with_the_whole_secret() {
    let server = serve();
    let (_, _, body) = delivered(&server, "generic", &["generic", "standard-webhooks"], &json!({}));
    assert!(body["id"].as_str().unwrap().starts_with("evt_"), "{body}");
    assert_eq!((&body["type"], &body["created"]), (&json!("order.paid"), &json!("2026-11-21T09:30:00Z")));
    assert_eq!(body["data"], data());
}

#[test]
fn a_qlik_delivery_is_a_cloud_event_in_qliks_words() {
    let server = serve();
    let (_, delivery, body) = delivered(&server, "qlik", &["qlik", "standard-webhooks"], &json!({}));
    assert_eq!(delivery.headers["content-type"], "application/json");
    assert_eq!(delivery.headers["user-agent"], "Qlik Webhook");
    assert_eq!((&body["specversion"], &body["datacontenttype"]), (&json!("1.0"), &json!("application/json")));
    assert_eq!(body["data"], data());
}

#[test]
fn a_qlik_webhook_without_cloud_events_gets_the_envelope_before_them() {
    let server = serve();
    let mut older = profile("qlik");
    older["cloud_events"] = json!(false);
    let (_, _, body) = delivered(&server, "qlik", &["qlik"], &json!({ "profile": older }));
    assert_eq!((&body["cloudEventsVersion"], &body["eventType"]), (&json!("0.1"), &json!("order.paid")));
    assert_eq!((&body["extensions"], &body["data"]), (&json!({ "userId": "2" }), &data()));
}

#[test]
fn a_plain_users_qlik_webhook_receives_its_own_events_only() {
    let (server, receiver) = (serve(), receiver());
    let mut own = profile("qlik");
    own["level"] = json!("user");
    let body = json!({ "url": receiver.url("/own"), "profile": own });
    assert_eq!(client(&server, "qlik", "user").post("/v1/webhooks", &body).unwrap().status, 201);
    for (id, attributes) in [
        ("1", json!({ "userid": "2" })),
        ("2", json!({ "userid": "9" })),
        ("3", json!({ "userid": "9", "spaceid": "space-2" })),
    ] {
        let mut event = event(id);
        event.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        assert_eq!(publish(&server, "qlik", &event).status, 202);
    }
    let requests = receiver.wait_for(2, SOON).unwrap();
    let mut ids: Vec<_> = requests
        .iter()
        .map(|request| {
            serde_json::from_slice::<Value>(&request.body).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort();
    assert_eq!(ids, ["1", "3"]);
}

#[test]
fn a_qlik_webhook_with_a_filter_receives_what_passes_with_the_headers_it_adds() {
    let (mut server, receiver) = (serve(), receiver());
    let mut chosen = profile("qlik");
    chosen["filter"] = json!("( id EQ \"a\" or spaceId eq \"s\" )");
    chosen["headers"] = json!({ "X-Team": "blue" });
    chosen["encrypted_headers"] = json!({ "Authorization": "Bearer hush" });
    let made = create(&server, "qlik", &receiver.url("/"), &json!({ "profile": chosen }));
    assert_eq!(made["profile"]["filter"], chosen["filter"]);
    assert_eq!(made["profile"]["headers"], chosen["headers"]);
    assert_eq!(made["profile"]["encrypted_headers"], json!(["Authorization"]));
    // The secret of a header is sealed, and opened again.
    server.kill().unwrap();
    server.restart().unwrap();
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert!(!client(&server, "qlik", "admin").get(&path).unwrap().text().contains("hush"));
    for (id, more) in [
        ("1", json!({ "subject": "b", "data": { "id": "b" } })),
        ("2", json!({ "subject": "b", "data": { "id": "a" } })),
        ("3", json!({ "spaceid": "s", "data": null })),
        ("4", json!({ "subject": "a", "data": { "id": 1 } })),
    ] {
        let mut event = event(id);
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(publish(&server, "qlik", &event).status, 202);
    }
    // One after them that passes tells that nothing else is on its way.
    let mut last = event("5");
    last["subject"] = json!("a");
    assert_eq!(publish(&server, "qlik", &last).status, 202);
    let requests = receiver.wait_for(3, SOON).unwrap();
    let mut ids: Vec<_> = requests
        .iter()
        .map(|request| {
            assert_eq!(request.header("x-team"), Some("blue"));
            assert_eq!(request.header("authorization"), Some("Bearer hush"));
            assert_eq!(request.header("user-agent"), Some("Qlik Webhook"));
            serde_json::from_slice::<Value>(&request.body).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort();
    assert_eq!(ids, ["2", "3", "5"]);
}

#[test]
fn what_is_no_json_is_refused_where_bodies_are_json() {
    let server = serve();
    let mut bytes = event("1");
    bytes.as_object_mut().unwrap().remove("data");
    bytes["data_base64"] = json!("AAE=");
    for system in ["immuta-request", "generic", "qlik"] {
        let answer = publish(&server, system, &bytes);
        assert_eq!(
            (answer.status, answer.json().unwrap()["type"].clone()),
            (422, json!("urn:sigpost:problem:unfit"))
        );
    }
    assert_eq!(publish(&server, "native", &bytes).status, 202);
}
