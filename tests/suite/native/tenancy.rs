//! `/v1/tenants`, `/v1/users` and `/v1/tokens`: making, changing and removing who may do what, over restarts.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use sigpost_tests::receiver::Reply;

use super::*;

/// A tenant that the operator makes: native, reaching this machine.
fn shop() -> Value {
    json!({
        "name": "shop", "dialect": "native", "egress": { "allow": ["127.0.0.0/8"] },
        "settings": { "retry": [], "event_types": ["order.paid"] },
    })
}

/// Makes a user in a tenant and a token for it.
fn employ(server: &Server, tenant: &str, id: &str, roles: &Value) -> String {
    make(&inside(server, tenant), "/v1/users", &json!({ "id": id, "roles": roles }));
    hand_out(&inside(server, tenant), &json!({ "user": id }))["token"].as_str().unwrap().to_owned()
}

/// Makes a token; what was answered.
fn hand_out(client: &Client, body: &Value) -> Value {
    let made = make(client, "/v1/tokens", body);
    assert_eq!(made["token"].as_str().unwrap().len(), 43, "256 bits: {made}");
    made
}

fn send_event(client: &Client, id: &str) -> u16 {
    let headers = [("content-type", "application/cloudevents+json")];
    client.send("POST", "/v1/events", &headers, event(id).to_string().as_bytes()).unwrap().status
}

/// Waits for the delivery of an event, and returns the events delivered by then: one may come twice when the server was
/// killed meanwhile.
fn delivered(receiver: &Receiver, id: &str) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    for count in 1.. {
        let requests = receiver.wait_for(count, SOON).unwrap();
        let bodies = requests.iter().map(|request| request.json().unwrap());
        // A native body has the event's id, an Immuta one what the test has put into its metadata.
        let ids: BTreeSet<_> =
            bodies.filter_map(|body| text(&body["id"]).or_else(|| text(&body["metadata"]["id"]))).collect();
        if ids.contains(id) {
            return ids;
        }
    }
    unreachable!("waiting ends with a panic")
}

fn ids(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_tenant_works_from_its_creation_to_its_deletion_and_then_nothing_of_it_does() {
    let (mut server, receiver) = (serve(), receiver());
    let answer = operator(&server).post("/v1/tenants", &shop()).unwrap();
    assert_eq!((answer.status, answer.header("location")), (201, Some("/v1/tenants/shop")));
    let made = answer.json().unwrap();
    assert_eq!(
        (&made["name"], &made["dialect"], &made["origin"]),
        (&json!("shop"), &json!("native"), &json!("api"))
    );
    assert_eq!(made["egress"], json!({ "allow": ["127.0.0.0/8"], "hosts": {}, "relaxed_targets": false }));
    assert_eq!((&made["settings"]["retry"], &made["settings"]["timeout"]), (&json!([]), &json!("10s")));
    assert!(made["created_at"].as_str().unwrap().ends_with('Z'), "{made}");
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let webhook = json!({ "url": receiver.url("/"), "profile": profile("native"), "secret": null });
    let admin = |server: &Server| server.client().with_token(&token);
    let hook = make(&admin(&server), "/v1/webhooks", &webhook);
    assert_eq!(hook["owner"], json!("ada"));
    assert_eq!(send_event(&admin(&server), "1"), 202);
    delivered(&receiver, "1");
    // After a crash all of it is there.
    server.restart().unwrap();
    assert_eq!(admin(&server).get("/v1/tenants/shop").unwrap().json().unwrap(), made);
    assert_eq!(admin(&server).get("/v1/webhooks").unwrap().json().unwrap()["webhooks"], json!([hook]));
    assert_eq!(send_event(&admin(&server), "2"), 202);
    delivered(&receiver, "2");
    // And then it is not.
    assert_eq!(operator(&server).delete("/v1/tenants/shop").unwrap().status, 204);
    for restarted in [false, true] {
        if restarted {
            server.restart().unwrap();
        }
        problem(&admin(&server).get("/v1/webhooks").unwrap(), 401, "unauthenticated", "its token");
        assert_eq!(send_event(&admin(&server), "3"), 401);
        problem(&inside(&server, "shop").get("/v1/users").unwrap(), 404, "not-found", "acting in it");
        problem(&operator(&server).get("/v1/tenants/shop").unwrap(), 404, "not-found", "reading it");
        problem(&operator(&server).delete("/v1/tenants/shop").unwrap(), 404, "not-found", "deleting it");
    }
    // Its name is its dialect's; one made anew under it has neither users nor tokens, and its webhooks back.
    let mut other = shop();
    other["dialect"] = json!("generic");
    problem(&operator(&server).post("/v1/tenants", &other).unwrap(), 409, "conflict", "another dialect");
    make(&operator(&server), "/v1/tenants", &shop());
    assert_eq!(inside(&server, "shop").get("/v1/users").unwrap().json().unwrap()["users"], json!([]));
    assert_eq!(admin(&server).get("/v1/webhooks").unwrap().status, 401);
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let admin = server.client().with_token(&token);
    assert_eq!(admin.get("/v1/webhooks").unwrap().json().unwrap()["webhooks"], json!([hook]));
    assert_eq!(send_event(&admin, "4"), 202);
    assert_eq!(delivered(&receiver, "4"), ids(&["1", "2", "4"]));
}

#[test]
fn what_is_pending_for_a_deleted_tenant_waits_and_is_delivered_when_it_is_back() {
    let (server, receiver) = (serve(), receiver());
    let mut patient = shop();
    patient["settings"]["retry"] = json!(["0s", "0s", "0s", "0s", "0s"]);
    make(&operator(&server), "/v1/tenants", &patient);
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let admin = server.client().with_token(&token);
    receiver.otherwise(Reply::status(503));
    make(&admin, "/v1/webhooks", &json!({ "url": receiver.url("/"), "profile": profile("native") }));
    assert_eq!(send_event(&admin, "1"), 202);
    receiver.wait_for(1, SOON).unwrap();
    assert_eq!(operator(&server).delete("/v1/tenants/shop").unwrap().status, 204);
    receiver.otherwise(Reply::status(200));
    let seen = receiver.requests().len();
    make(&operator(&server), "/v1/tenants", &patient);
    employ(&server, "shop", "ada", &json!(["admin"]));
    receiver.wait_for(seen + 1, Duration::from_secs(60)).unwrap();
}

#[test]
fn what_is_pending_for_a_deleted_tenant_outlives_restarts_and_is_delivered_once_when_it_is_back() {
    let (mut server, receiver) = (serve(), receiver());
    let mut patient = shop();
    patient["settings"]["retry"] = json!(["0s", "1h"]);
    make(&operator(&server), "/v1/tenants", &patient);
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let admin = server.client().with_token(&token);
    make(
        &admin,
        "/v1/webhooks",
        &json!({ "url": receiver.url("/"), "enabled": false, "profile": profile("native") }),
    );
    let webhook = id(&body(&admin.get("/v1/webhooks").unwrap(), 200)["webhooks"][0]);
    for event in ["1", "2"] {
        assert_eq!(send_event(&admin, event), 202);
    }
    assert_eq!(operator(&server).delete("/v1/tenants/shop").unwrap().status, 204);
    server.restart().unwrap();
    // It comes, goes and comes once more: what was taken up already is not taken up again.
    make(&operator(&server), "/v1/tenants", &patient);
    assert_eq!(operator(&server).delete("/v1/tenants/shop").unwrap().status, 204);
    make(&operator(&server), "/v1/tenants", &patient);
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let admin = server.client().with_token(&token);
    assert_eq!(
        patch(&admin, &format!("/v1/webhooks/{webhook}"), &[], &json!({ "enabled": true })).status,
        200
    );
    receiver.wait_for(2, SOON).unwrap();
    assert_eq!(send_event(&admin, "3"), 202);
    receiver.wait_for(3, SOON).unwrap();
    assert_eq!(delivered(&receiver, "3"), ids(&["1", "2", "3"]));
    assert_eq!(receiver.requests().len(), 3);
}

#[test]
fn a_change_of_a_tenant_takes_effect_at_once_and_stays_over_a_restart() {
    let (mut server, receiver) = (serve(), receiver());
    let mut generic = shop();
    generic["dialect"] = json!("generic");
    make(&operator(&server), "/v1/tenants", &generic);
    let token = employ(&server, "shop", "ada", &json!(["admin"]));
    let admin = |server: &Server| server.client().with_token(&token);
    let body = json!({ "url": receiver.url("/"), "profile": profile("generic") });
    make(&admin(&server), "/v1/webhooks", &body);
    assert_eq!(send_event(&admin(&server), "1"), 202);
    assert!(receiver.wait_for(1, SOON).unwrap()[0].header("webhook-signature").is_some());
    let change = json!({ "settings": { "standard_webhooks": false, "timeout": "2s" } });
    let changed = alter(&operator(&server), "/v1/tenants/shop", &change);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json().unwrap();
    assert_eq!(
        (&changed["settings"]["standard_webhooks"], &changed["settings"]["timeout"]),
        (&json!(false), &json!("2s"))
    );
    assert_eq!(changed["settings"]["event_types"], json!(["order.paid"]), "what is not given stays");
    assert_eq!(changed["egress"]["allow"], json!(["127.0.0.0/8"]));
    assert_eq!(send_event(&admin(&server), "2"), 202);
    assert!(receiver.wait_for(2, SOON).unwrap()[1].header("webhook-signature").is_none());
    // In good order, so that nothing is delivered twice.
    server.terminate(SOON).unwrap();
    server.restart().unwrap();
    assert_eq!(operator(&server).get("/v1/tenants/shop").unwrap().json().unwrap(), changed);
    let before = receiver.requests().len();
    // Closed again, this machine is out of reach for new webhooks and for the one that is there.
    let closed = alter(&operator(&server), "/v1/tenants/shop", &json!({ "egress": { "allow": [] } }));
    assert_eq!(closed.json().unwrap()["egress"]["allow"], json!([]));
    problem(&admin(&server).post("/v1/webhooks", &body).unwrap(), 422, "invalid", "a closed network");
    assert_eq!(send_event(&admin(&server), "3"), 202);
    // Long enough for what would have been delivered.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.requests().len(), before);
}

#[test]
fn what_the_configuration_declares_is_read_only() {
    let server = serve();
    let (operator, admin) = (operator(&server), client(&server, "qlik", "admin"));
    let shown = operator.get("/v1/tenants/qlik").unwrap().json().unwrap();
    assert_eq!((&shown["origin"], shown.get("created_at")), (&json!("file"), None));
    let change = json!({ "settings": { "timeout": "2s" } });
    problem(&alter(&operator, "/v1/tenants/qlik", &change), 409, "configured", "changing a tenant");
    problem(&operator.delete("/v1/tenants/qlik").unwrap(), 409, "configured", "deleting a tenant");
    let mut same = shop();
    same["name"] = json!("qlik");
    problem(&operator.post("/v1/tenants", &same).unwrap(), 409, "conflict", "the same name");
    assert_eq!(operator.get("/v1/tenants/qlik").unwrap().json().unwrap(), shown);
    let user = admin.get("/v1/users/2").unwrap().json().unwrap();
    let expected =
        json!({ "id": "2", "name": "2", "roles": ["user"], "spaces": ["space-2"], "origin": "file" });
    assert_eq!(user, expected);
    problem(&alter(&admin, "/v1/users/2", &json!({ "roles": ["admin"] })), 409, "configured", "a user");
    problem(&admin.delete("/v1/users/2").unwrap(), 409, "configured", "deleting a user");
    let same = json!({ "id": "2", "roles": [] });
    problem(&admin.post("/v1/users", &same).unwrap(), 409, "conflict", "the same id");
    let tokens = admin.get("/v1/tokens").unwrap().json().unwrap();
    let tokens = tokens["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 4, "{tokens:?}");
    for token in tokens {
        assert_eq!((&token["origin"], &token["name"]), (&json!("file"), &Value::Null));
        let path = format!("/v1/tokens/{}", token["id"].as_str().unwrap());
        assert_eq!(admin.get(&path).unwrap().json().unwrap()["user"], token["user"]);
        problem(&admin.delete(&path).unwrap(), 409, "configured", "revoking a token");
    }
    assert_eq!(admin.get("/v1/users/2").unwrap().json().unwrap(), user);
}

#[test]
fn users_beside_the_configured_ones_come_change_and_go() {
    let (mut server, receiver) = (serve(), receiver());
    let admin = client(&server, "immuta", "admin");
    let answer = admin
        .post("/v1/users", &json!({ "id": "77", "name": "Grace", "roles": ["user"], "spaces": ["s"] }))
        .unwrap();
    assert_eq!((answer.status, answer.header("location")), (201, Some("/v1/users/77")));
    let made = answer.json().unwrap();
    let expected =
        json!({ "id": "77", "name": "Grace", "roles": ["user"], "spaces": ["s"], "origin": "api" });
    assert_eq!(made, expected);
    let token = hand_out(&admin, &json!({ "user": "77", "name": "laptop" }));
    let grace = |server: &Server| server.client().with_token(token["token"].as_str().unwrap());
    let mut own = profile("immuta");
    own["global"] = json!(false);
    let hook = json!({ "url": receiver.url("/"), "profile": own });
    assert_eq!(make(&grace(&server), "/v1/webhooks", &hook)["owner"], json!("77"));
    // Its rights follow its roles, whichever token it holds.
    assert_eq!(send_event(&grace(&server), "1"), 403);
    let changed = alter(&admin, "/v1/users/77", &json!({ "roles": ["user", "sender"] })).json().unwrap();
    assert_eq!((&changed["roles"], &changed["name"]), (&json!(["user", "sender"]), &json!("Grace")));
    let mut concerning = event("2");
    concerning["data"]["metadata"]["actionBy"] = json!(77);
    let publish = |server: &Server, id: &str| {
        let mut event = concerning.clone();
        event["id"] = json!(id);
        event["data"]["metadata"]["id"] = json!(id);
        let headers = [("content-type", "application/cloudevents+json")];
        let sender = client(server, "immuta", "sender");
        assert_eq!(
            sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap().status,
            202
        );
    };
    publish(&server, "2");
    delivered(&receiver, "2");
    server.restart().unwrap();
    let admin = client(&server, "immuta", "admin");
    assert_eq!(admin.get("/v1/users/77").unwrap().json().unwrap(), changed);
    assert_eq!(grace(&server).get("/v1/webhooks").unwrap().status, 200);
    let listed = |page: &Value| -> Vec<String> {
        let users = page["users"].as_array().unwrap();
        users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = admin.get("/v1/users?limit=4").unwrap().json().unwrap();
    let rest = admin.get(&format!("/v1/users?limit=4&cursor={}", first["next"].as_str().unwrap())).unwrap();
    assert_eq!(
        (listed(&first), listed(&rest.json().unwrap())),
        (vec!["1".into(), "2".into(), "3".into(), "4".into()], vec!["77".into()])
    );
    // Gone, it has nothing more: no token, no delivery.
    assert_eq!(admin.delete("/v1/users/77").unwrap().status, 204);
    problem(&grace(&server).get("/v1/webhooks").unwrap(), 401, "unauthenticated", "the token of nobody");
    problem(&admin.get("/v1/users/77").unwrap(), 404, "not-found", "a user that is gone");
    publish(&server, "3");
    server.restart().unwrap();
    let admin = client(&server, "immuta", "admin");
    make(&admin, "/v1/users", &json!({ "id": "77", "roles": ["user"] }));
    assert_eq!(grace(&server).get("/v1/webhooks").unwrap().status, 401, "a new user has no old tokens");
    publish(&server, "4");
    assert_eq!(delivered(&receiver, "4"), ids(&["2", "4"]), "event 3 was for nobody");
}

#[test]
fn a_token_is_shown_once_and_ends_at_once_when_it_is_revoked() {
    let mut server = serve();
    let admin = client(&server, "generic", "admin");
    let made = hand_out(&admin, &json!({ "name": "ci" }));
    assert_eq!((&made["user"], &made["name"], &made["origin"]), (&json!("1"), &json!("ci"), &json!("api")));
    assert_eq!((&made["expires_at"], &made["last_used_at"]), (&Value::Null, &Value::Null));
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    let holder = |server: &Server| server.client().with_token(made["token"].as_str().unwrap());
    assert_eq!(holder(&server).get("/v1/webhooks").unwrap().status, 200);
    let shown = admin.get(&path).unwrap();
    assert!(!shown.text().contains(made["token"].as_str().unwrap()), "shown once only");
    let shown = shown.json().unwrap();
    assert!(shown.get("token").is_none() && shown["last_used_at"].is_string(), "{shown}");
    // In good order it keeps when it was used; a crash may cost the last minute.
    server.terminate(SOON).unwrap();
    server.restart().unwrap();
    let admin = client(&server, "generic", "admin");
    let again = admin.get(&path).unwrap().json().unwrap();
    assert_eq!(again["last_used_at"], shown["last_used_at"]);
    let listed = admin.get("/v1/tokens").unwrap().json().unwrap();
    assert!(listed["tokens"].as_array().unwrap().contains(&again), "{listed}");
    assert_eq!(holder(&server).delete(&path).unwrap().status, 204, "it may end itself");
    problem(&holder(&server).get("/v1/webhooks").unwrap(), 401, "unauthenticated", "revoked");
    problem(&admin.get(&path).unwrap(), 404, "not-found", "revoked");
    problem(&admin.delete(&path).unwrap(), 404, "not-found", "revoked twice");
    server.restart().unwrap();
    assert_eq!(holder(&server).get("/v1/webhooks").unwrap().status, 401);
}

#[test]
fn a_token_ends_by_itself_and_makes_none_that_outlives_it() {
    let server = serve();
    let admin = client(&server, "generic", "admin");
    let short = hand_out(&admin, &json!({ "expires_in": "2s" }));
    let holder = server.client().with_token(short["token"].as_str().unwrap());
    assert_eq!(holder.get("/v1/webhooks").unwrap().status, 200);
    for body in [
        json!({}),
        json!({ "expires_in": "1h" }),
        json!({ "user": "1", "expires_at": "2999-01-01T00:00:00Z" }),
    ] {
        let answer = holder.post("/v1/tokens", &body).unwrap();
        problem(&answer, 422, "invalid", &body.to_string());
    }
    hand_out(&holder, &json!({ "expires_in": "100ms" }));
    std::thread::sleep(Duration::from_millis(2_100));
    problem(&holder.get("/v1/webhooks").unwrap(), 401, "unauthenticated", "expired");
    let listed = admin.get("/v1/tokens").unwrap().json().unwrap();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 4, "expired ones are gone: {listed}");
}

/// Sends a request whose body comes after something else has happened, and returns the status line.
fn slowly(
    server: &Server,
    token: &str,
    (method, path, body): (&str, &str, &Value),
    meanwhile: impl FnOnce(),
) -> String {
    let mut socket = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\
         content-type: application/cloudevents+json\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    // It asks for the body when it has let the head pass.
    let mut asked = [0; 25];
    socket.read_exact(&mut asked).unwrap();
    assert_eq!(&asked[..], b"HTTP/1.1 100 Continue\r\n\r\n", "{method} {path}");
    meanwhile();
    socket.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn what_ends_while_a_request_comes_in_has_ended_for_it_too() {
    let server = serve();
    let admin = client(&server, "native", "admin");
    let hook = json!({ "url": "http://127.0.0.1:9/", "profile": profile("native") });
    let made = create(&server, "native", "http://127.0.0.1:9/", &json!({}));
    for (method, path, body) in [
        ("POST", "/v1/tokens", &json!({})),
        ("POST", "/v1/users", &json!({ "id": "x", "roles": ["admin"] })),
        ("POST", "/v1/webhooks", &hook),
        ("PATCH", &path(&made), &json!({ "enabled": false })),
        ("POST", &format!("{}/secret", path(&made)), &json!({})),
        ("POST", "/v1/events", &event("1")),
    ] {
        let token = hand_out(&admin, &json!({}));
        let revoke = || {
            let path = format!("/v1/tokens/{}", id(&token));
            assert_eq!(admin.delete(&path).unwrap().status, 204);
        };
        let status = slowly(&server, token["token"].as_str().unwrap(), (method, path, body), revoke);
        assert!(status.starts_with("HTTP/1.1 401 "), "{method} {path}: {status}");
    }
    make(&admin, "/v1/users", &json!({ "id": "eve", "roles": ["admin"] }));
    let eve = hand_out(&admin, &json!({ "user": "eve" }));
    let demote = || {
        assert_eq!(patch(&admin, "/v1/users/eve", &[], &json!({ "roles": ["user"] })).status, 200);
    };
    let promote = ("PATCH", "/v1/users/eve", &json!({ "roles": ["admin"] }));
    let status = slowly(&server, eve["token"].as_str().unwrap(), promote, demote);
    assert!(status.starts_with("HTTP/1.1 403 "), "{status}");
    assert_eq!(body(&admin.get("/v1/users/eve").unwrap(), 200)["roles"], json!(["user"]));
}

#[test]
fn a_plain_user_has_its_own_tokens_only() {
    let server = serve();
    let (admin, user) = (client(&server, "native", "admin"), client(&server, "native", "user"));
    let own = hand_out(&user, &json!({ "name": "mine" }));
    let others = hand_out(&admin, &json!({ "name": "the admin's" }));
    let path = |token: &Value| format!("/v1/tokens/{}", token["id"].as_str().unwrap());
    let listed = user.get("/v1/tokens").unwrap().json().unwrap();
    let users: Vec<_> = listed["tokens"].as_array().unwrap().iter().map(|token| &token["user"]).collect();
    assert_eq!(users, ["2", "2"], "{listed}");
    problem(&user.post("/v1/tokens", &json!({ "user": "1" })).unwrap(), 404, "not-found", "for another");
    problem(&user.get(&path(&others)).unwrap(), 404, "not-found", "another's");
    problem(&user.delete(&path(&others)).unwrap(), 404, "not-found", "another's");
    let stranger = client(&server, "qlik", "admin");
    problem(&stranger.delete(&path(&own)).unwrap(), 404, "not-found", "another tenant's");
    assert_eq!(user.get(&path(&own)).unwrap().status, 200);
    assert_eq!(admin.delete(&path(&own)).unwrap().status, 204, "an admin ends any of its tenant's");
}

#[test]
fn a_token_made_here_is_an_api_key_and_takes_its_bearers_along_when_it_ends() {
    let server = serve();
    let admin = client(&server, "immuta", "admin");
    let key = hand_out(&admin, &json!({ "user": "2" }));
    let exchange =
        |text: &str| server.client().post("/bim/apikey/authenticate", &json!({ "apikey": text })).unwrap();
    let bearer =
        exchange(key["token"].as_str().unwrap()).json().unwrap()["token"].as_str().unwrap().to_owned();
    let holder = server.client().with_token(&bearer);
    assert_eq!(holder.get("/webhooks").unwrap().status, 200);
    assert_eq!(exchange(&bearer).status, 401, "a bearer does not renew itself");
    problem(&holder.post("/v1/tokens", &json!({})).unwrap(), 422, "invalid", "nor in this way");
    let listed = admin.get("/v1/tokens").unwrap().json().unwrap();
    let origins: Vec<_> =
        listed["tokens"].as_array().unwrap().iter().map(|t| t["origin"].as_str().unwrap()).collect();
    assert_eq!(origins.iter().filter(|origin| **origin == "exchange").count(), 1, "{listed}");
    let path = format!("/v1/tokens/{}", key["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).unwrap().status, 204);
    assert_eq!(holder.get("/webhooks").unwrap().status, 401);
    assert_eq!(exchange(key["token"].as_str().unwrap()).status, 401);
}

#[test]
fn bearers_end_with_the_key_in_the_file_that_they_were_exchanged_for() {
    let mut server = serve();
    let key = token("immuta", "admin");
    let bearer = server.client().post("/bim/apikey/authenticate", &json!({ "apikey": key })).unwrap();
    let bearer = bearer.json().unwrap()["token"].as_str().unwrap().to_owned();
    let status = |server: &Server| server.client().with_token(&bearer).get("/v1/users").unwrap().status;
    server.restart().unwrap();
    assert_eq!(status(&server), 200);
    // It leaked, and is replaced.
    server.restart_with(&config().replace(&key, "another-key-of-the-admin")).unwrap();
    assert_eq!(
        (status(&server), server.client().with_token(&key).get("/v1/users").unwrap().status),
        (401, 401)
    );
}

/// Who may do what: role × operation, as in the table of `app::access`.
#[test]
fn roles_decide_who_manages_what() {
    let server = serve();
    make(&operator(&server), "/v1/tenants", &shop());
    let who = [
        ("nobody", server.client()),
        ("operator", operator(&server)),
        ("operator inside", inside(&server, "native")),
        ("admin", client(&server, "native", "admin")),
        ("user", client(&server, "native", "user")),
        ("sender", client(&server, "native", "sender")),
        ("stranger", client(&server, "qlik", "admin")),
    ];
    let body = |value: Value| value.to_string();
    let (bad, change) = (body(json!({})), body(json!({})));
    let unknown = "/v1/tokens/018bcfe5-6800-7fff-bfff-ffffffffffff";
    // Bodies and names are such that whoever has the right is answered 4xx too, but another one, and nothing changes.
    let table: [(&str, &str, &str, [u16; 7]); 14] = [
        ("GET", "/v1/tenants", "", [401, 200, 200, 200, 403, 403, 200]),
        ("GET", "/v1/tenants/native", "", [401, 200, 200, 200, 403, 403, 404]),
        ("GET", "/v1/tenants/shop", "", [401, 200, 404, 404, 403, 403, 404]),
        ("POST", "/v1/tenants", &bad, [401, 422, 422, 403, 403, 403, 403]),
        ("PATCH", "/v1/tenants/native", &change, [401, 409, 409, 403, 403, 403, 403]),
        ("DELETE", "/v1/tenants/native", "", [401, 409, 409, 403, 403, 403, 403]),
        ("GET", "/v1/users", "", [401, 403, 200, 200, 403, 403, 200]),
        ("POST", "/v1/users", &bad, [401, 403, 422, 422, 403, 403, 422]),
        ("PATCH", "/v1/users/9", &change, [401, 403, 404, 404, 403, 403, 404]),
        ("DELETE", "/v1/users/9", "", [401, 403, 404, 404, 403, 403, 404]),
        ("GET", "/v1/tokens", "", [401, 403, 200, 200, 200, 403, 200]),
        ("POST", "/v1/tokens", "{\"user\":\"9\"}", [401, 403, 404, 404, 404, 403, 404]),
        ("DELETE", unknown, "", [401, 403, 404, 404, 404, 403, 404]),
        ("GET", "/v1/audit", "", [401, 200, 200, 200, 403, 403, 200]),
    ];
    for (method, path, body, expected) in table {
        for ((name, client), status) in who.iter().zip(expected) {
            let answer = client.send(method, path, &[], body.as_bytes()).unwrap();
            assert_eq!(answer.status, status, "{name}: {method} {path}: {}", answer.text());
        }
    }
    let names = |client: &Client| -> Vec<String> {
        let page = client.get("/v1/tenants").unwrap().json().unwrap();
        page["tenants"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&who[1].1), ["generic", "immuta", "immuta-request", "native", "qlik", "shop"]);
    assert_eq!((names(&who[2].1), names(&who[6].1)), (vec!["native".to_owned()], vec!["qlik".to_owned()]));
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_field() {
    let server = serve();
    let operator = operator(&server);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = shop();
        change(&mut body);
        body
    };
    for (field, change) in [
        ("name", &(|body: &mut Value| body["name"] = json!("a b")) as &dyn Fn(&mut Value)),
        ("name", &|body| body["name"] = json!("..")),
        ("name", &|body| drop(body.as_object_mut().unwrap().remove("name"))),
        ("dialect", &|body| body["dialect"] = json!("klick")),
        ("colour", &|body| body["colour"] = json!("red")),
        ("egress", &|body| body["egress"]["allow"] = json!(["10/8"])),
        ("egress", &|body| body["egress"]["allow"] = json!("10.0.0.0/8")),
        ("egress", &|body| body["egress"]["hosts"] = json!({ "a": "b" })),
        ("egress", &|body| body["egress"]["ca_file"] = json!("/etc/passwd")),
        ("settings", &|body| body["settings"]["timeout"] = json!("1h")),
        ("settings", &|body| body["settings"]["timeout"] = json!(10)),
        ("settings", &|body| body["settings"]["retry"] = json!(["5s"])),
        ("settings", &|body| body["settings"]["envelope"] = json!("padded")),
        ("settings", &|body| body["settings"]["retentoin"] = json!("7d")),
    ] {
        let body = with(change);
        let answer = operator.post("/v1/tenants", &body).unwrap();
        problem(&answer, 422, "invalid", &body.to_string());
        assert_eq!(answer.json().unwrap()["field"], json!(field), "{}", answer.text());
    }
    let answer =
        operator.post("/v1/tenants", &with(&|body| body["egress"]["ca_file"] = json!("x.pem"))).unwrap();
    assert!(answer.text().contains("only the configuration file"), "{}", answer.text());
    let immuta = client(&server, "immuta", "admin");
    for (field, body) in [
        ("id", json!({ "id": "u1", "roles": [] })),
        ("id", json!({ "id": "02", "roles": [] })),
        ("roles", json!({ "id": "9" })),
        ("roles", json!({ "id": "9", "roles": ["operator"] })),
        ("name", json!({ "id": "9", "roles": [], "name": "" })),
        ("spaces", json!({ "id": "9", "roles": [], "spaces": [""] })),
    ] {
        let answer = immuta.post("/v1/users", &body).unwrap();
        problem(&answer, 422, "invalid", &body.to_string());
        assert_eq!(answer.json().unwrap()["field"], json!(field), "{}", answer.text());
    }
    for (field, body) in [
        ("expires_in", json!({ "expires_in": "soon" })),
        ("expires_in", json!({ "expires_in": "0s" })),
        ("expires_at", json!({ "expires_at": "2000-01-01T00:00:00Z" })),
        ("expires_at", json!({ "expires_at": "2999-01-01T00:00:00Z", "expires_in": "1h" })),
        ("name", json!({ "name": "n".repeat(257) })),
    ] {
        let answer = immuta.post("/v1/tokens", &body).unwrap();
        problem(&answer, 422, "invalid", &body.to_string());
        assert_eq!(answer.json().unwrap()["field"], json!(field), "{}", answer.text());
    }
    let answer = inside(&server, "immuta").post("/v1/tokens", &json!({})).unwrap();
    problem(&answer, 422, "invalid", "an operator must say whose the token is to be");
}

#[test]
fn a_user_whose_id_needs_escaping_is_found_by_its_location() {
    let server = serve();
    let admin = client(&server, "qlik", "admin");
    let id = "auth0|a/b?c#d%e";
    let answer = admin.post("/v1/users", &json!({ "id": id, "roles": ["user"] })).unwrap();
    let location = answer.header("location").unwrap();
    assert_eq!(admin.get(location).unwrap().json().unwrap()["id"], json!(id), "{location}");
    assert_eq!(admin.delete(location).unwrap().status, 204);
}
