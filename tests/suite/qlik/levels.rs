//! Who receives what, and in which form.

use super::*;

const TYPE: &str = "com.qlik.v1.app.created";
/// Every webhook of these tests receives it: when it has come, all before it have.
const LAST: &str = "last";

fn seen(receiver: &Receiver, at: &str) -> Vec<String> {
    let requests = receiver.requests();
    let of = requests.iter().filter(|request| request.target == at);
    let mut ids: Vec<_> =
        of.map(|request| request.json().unwrap()["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn a_webhook_of_level_user_receives_what_concerns_its_owner_and_one_of_the_tenant_everything() {
    let (server, receiver) = (serve(""), receiver());
    let make = |token: &str, at: &str, more: Value| {
        let mut body = json!({ "url": receiver.url(at), "enabled": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        create(&server, token, &body)
    };
    make(ADA, "/tenant", json!({}));
    make(BOB, "/bob", json!({ "level": "user" }));
    make(ADA, "/bobs-by-ada", json!({ "level": "user", "ownerId": "bob" }));
    make(ADA, "/ada", json!({ "level": "user" }));
    make(BOB, "/off", json!({ "level": "user", "enabled": false }));
    for (id, more) in [
        ("user", json!({ "userid": "bob" })),
        ("owner", json!({ "userid": "cat", "ownerid": "bob" })),
        ("space", json!({ "userid": "cat", "spaceid": "space-of-bob" })),
        ("case", json!({ "userid": "BOB", "spaceid": "Space-of-bob" })),
        ("others", json!({ "userid": "ada", "ownerid": "ada", "spaceid": "space-of-cat" })),
        ("nobody", json!({})),
        (LAST, json!({ "userid": "bob", "ownerid": "ada" })),
    ] {
        publish(&server, id, TYPE, &more);
    }
    receiver.wait_for(7 + 4 + 4 + 2, SOON).unwrap();
    assert_eq!(seen(&receiver, "/tenant").len(), 7);
    for at in ["/bob", "/bobs-by-ada"] {
        assert_eq!(seen(&receiver, at), [LAST, "owner", "space", "user"], "{at}");
    }
    assert_eq!(seen(&receiver, "/ada"), [LAST, "others"]);
    assert!(seen(&receiver, "/off").is_empty());
}

#[test]
fn a_filter_lets_through_what_it_says_and_either_name_of_a_type_subscribes_to_both() {
    let (server, receiver) = (serve(""), receiver());
    let make = |at: &str, types: Value, filter: Option<&str>| {
        let body = json!({ "url": receiver.url(at), "enabled": true, "eventTypes": types, "filter": filter });
        create(&server, ADA, &body)
    };
    make("/older", json!([TYPE]), None);
    make("/newer", json!(["com.qlik.app.created"]), None);
    make("/space", json!([TYPE]), Some("spaceId eq \"s\" and (id ne \"x\" or topLevelResourceId eq \"t\")"));
    make("/status", json!(["com.qlik.v1.app.reload.finished"]), Some("data.status eq \"error\""));
    for (id, event_type, more) in [
        ("a", TYPE, json!({ "spaceid": "s", "data": { "id": "y" } })),
        ("b", "com.qlik.app.created", json!({ "spaceid": "s", "data": { "id": "x" } })),
        ("c", TYPE, json!({ "spaceid": "s", "toplevelresourceid": "t", "data": { "id": "x" } })),
        ("d", TYPE, json!({ "data": { "id": "y" } })),
        ("e", "com.qlik.v1.app.reload.finished", json!({ "data": { "status": "ok" } })),
        ("f", "com.qlik.v1.app.reload.finished", json!({ "data": { "status": "error" } })),
        ("g", "com.qlik.app.exported", json!({})),
        (LAST, TYPE, json!({ "spaceid": "s" })),
    ] {
        publish(&server, id, event_type, &more);
    }
    let requests = receiver.wait_for(5 + 5 + 3 + 1, SOON).unwrap();
    for at in ["/older", "/newer"] {
        assert_eq!(seen(&receiver, at), ["a", "b", "c", "d", LAST], "{at}");
    }
    assert_eq!(seen(&receiver, "/space"), ["a", "c", LAST]);
    assert_eq!(seen(&receiver, "/status"), ["f"]);
    // It keeps the name that it was published with.
    for request in requests.iter().filter(|request| request.target == "/older") {
        let body = request.json().unwrap();
        let published = if body["id"] == "b" { "com.qlik.app.created" } else { TYPE };
        assert_eq!(body["type"], published);
    }
}

#[test]
fn each_envelope_arrives_as_it_is_documented() {
    for (envelope, cloud_events) in [("cloudevents", true), ("hybrid", true), ("cloudevents", false)] {
        let (server, receiver) = (serve(&format!("envelope = \"{envelope}\"")), receiver());
        let more =
            json!({ "url": receiver.url("/"), "enabled": true, "enableCloudEventDelivery": cloud_events });
        let made = create(&server, ADA, &more);
        assert_eq!(made["enableCloudEventDelivery"], cloud_events);
        let event = publish(&server, "1", TYPE, &json!({ "userid": "u", "ownerid": "o", "tenantid": "t" }));
        let request = receiver.wait_for(1, SOON).unwrap().remove(0);
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("user-agent"), Some("Qlik Webhook"));
        let body = request.json().unwrap();
        let (newer, older) = (body.get("specversion").is_some(), body.get("cloudEventsVersion").is_some());
        assert_eq!((newer, older), (cloud_events, envelope == "hybrid" || !cloud_events), "{body}");
        assert_eq!(body["data"], event["data"]);
        if newer {
            assert_eq!((&body["specversion"], &body["userid"]), (&json!("1.0"), &json!("u")));
        }
        if older {
            assert_eq!((&body["cloudEventsVersion"], &body["eventType"]), (&json!("0.1"), &json!(TYPE)));
            assert_eq!(body["extensions"], json!({ "ownerId": "o", "tenantId": "t", "userId": "u" }));
        }
    }
}
