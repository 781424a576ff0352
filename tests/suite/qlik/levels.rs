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
fn a_webhook_of_the_tenant_is_nobodys_own_whoever_had_it_before() {
    let (mut server, receiver) = (serve(""), receiver());
    let url = json!({ "url": receiver.url("/"), "enabled": true, "level": "user" });
    let made = create(&server, BOB, &url);
    let (core, native) = (path(&made), format!("/v1/webhooks/{}", made["id"].as_str().unwrap()));
    let (ada, bob) = (client(&server, ADA), client(&server, BOB));
    // Ada's PUT leaves the level out: it is the tenant's now, for admins.
    let put = hook(&json!({ "url": receiver.url("/"), "enabled": true }));
    let changed = send(&ada, "PUT", &core, &put);
    assert_eq!((changed.status, &changed.json().unwrap()["level"]), (200, &json!("tenant")));
    publish(&server, "1", TYPE, &json!({ "userid": "ada" }));
    let delivery = deliveries(&server, &made, 1).remove(0);
    let delivery = delivery["id"].as_str().unwrap();
    for (method, path, body) in [
        ("GET", core.clone(), json!(null)),
        ("PATCH", core.clone(), json!([{ "op": "replace", "path": "/url", "value": SOMEWHERE }])),
        ("PUT", core.clone(), hook(&json!({ "level": "user" }))),
        ("DELETE", core.clone(), json!(null)),
        ("GET", format!("{core}/deliveries"), json!(null)),
        ("GET", format!("{core}/deliveries/{delivery}"), json!(null)),
        ("POST", format!("{core}/deliveries/{delivery}/actions/resend"), json!(null)),
        ("GET", native.clone(), json!(null)),
        ("PATCH", native.clone(), json!({ "url": SOMEWHERE })),
        ("POST", format!("{native}/secret"), json!({})),
        ("GET", format!("/v1/deliveries/{delivery}"), json!(null)),
        ("GET", format!("{native}/stats"), json!(null)),
    ] {
        assert_eq!(send(&bob, method, &path, &body).status, 404, "{method} {path}");
    }
    assert_eq!(bob.get(CORE).unwrap().json().unwrap()["data"], json!([]));
    assert_eq!(bob.get("/v1/deliveries").unwrap().json().unwrap()["deliveries"], json!([]));
    assert_eq!(ada.get("/v1/deliveries").unwrap().json().unwrap()["deliveries"][0]["id"], *delivery);
    // The native API is no way round.
    let profile = json!({ "dialect": "qlik", "name": "hook", "event_types": [TYPE] });
    let given = json!({ "url": SOMEWHERE, "owner": "bob", "profile": profile });
    let answer = ada.post("/v1/webhooks", &given).unwrap();
    assert_eq!((answer.status, &answer.json().unwrap()["field"]), (422, &json!("owner")));
    let answer = send(&ada, "PATCH", &native, &json!({ "owner": "cat" }));
    assert_eq!((answer.status, &answer.json().unwrap()["field"]), (422, &json!("owner")));
    // Nor is it Ada's when she is no admin any more.
    let demoted = config("rate_limit = false", "relaxed_targets = true", "retry = []").replacen(
        "id = \"ada\"\nroles = [\"admin\"]",
        "id = \"ada\"\nroles = [\"user\"]",
        1,
    );
    server.restart_with(&demoted).unwrap();
    let ada = client(&server, ADA);
    assert_eq!(ada.get(&core).unwrap().status, 404);
    assert_eq!(send(&ada, "PUT", &core, &hook(&json!({ "level": "user" }))).status, 404);
    assert_eq!(ada.get("/v1/deliveries").unwrap().json().unwrap()["deliveries"], json!([]));
}

#[test]
fn whoever_may_not_ask_is_not_told_what_is_wrong_with_the_question() {
    let server = serve("");
    let made = create(&server, ADA, &json!({}));
    for path in [format!("{CORE}?limit=0"), format!("{}/deliveries?limit=0", path(&made))] {
        refused(&client(&server, PUB).get(&path).unwrap(), 403, "role");
        refused(&client(&server, OPERATOR).get(&path).unwrap(), 403, "Sigpost-Tenant");
        refused(&client(&server, BOB).get(&path).unwrap(), 400, "limit");
    }
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
