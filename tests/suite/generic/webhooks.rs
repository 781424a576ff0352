//! Creating, changing and deleting; who may.

use base64::Engine as _;

use super::*;

/// The page's body of "Create Webhook".
const DOCUMENTED: &str = r#"{
  "url": "https://example.com/webhooks/data-events",
  "events": ["data.created", "data.updated", "data.deleted"],
  "description": "Data events webhook for analytics platform"
}"#;

#[test]
fn the_documented_bodies_are_answered_as_documented() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    // The body is JSON whatever its content type.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let created = admin.send("POST", ROOT, &form, DOCUMENTED.as_bytes()).unwrap();
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json().unwrap();
    like(
        &json!({ "data": {
            "id": "wh_789012",
            "url": "https://example.com/webhooks/data-events",
            "events": ["data.created", "data.updated", "data.deleted"],
            "status": "active",
            "created_at": "2023-06-21T09:15:30Z",
            "secret": "whsec_abcdefghijklmnopqrstuvwxyz1234",
            "description": "Data events webhook for analytics platform",
        } }),
        &created,
        &[],
    );
    let created = &created["data"];
    let id = created["id"].as_str().unwrap();
    assert!(id.len() == 35 && id.starts_with("wh_"), "{id}");
    assert_time(&created["created_at"]);
    let sent: Value = serde_json::from_str(DOCUMENTED).unwrap();
    for member in ["url", "events", "description"] {
        assert_eq!(created[member], sent[member]);
    }
    let secret = created["secret"].as_str().unwrap();
    let key = base64::engine::general_purpose::STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
    assert_eq!(key.unwrap().len(), 24, "{secret}");

    let update = json!({
        "events": ["data.created", "data.updated"], "status": "inactive",
        "description": "Data creation and update events only",
    });
    let updated = put(&admin, &path(created), &update);
    assert_eq!(updated.status, 200, "{}", updated.text());
    let updated = updated.json().unwrap();
    like(
        &json!({ "data": {
            "id": "wh_789012",
            "url": "https://example.com/webhooks/data-events",
            "events": ["data.created", "data.updated"],
            "status": "inactive",
            "created_at": "2023-06-21T09:15:30Z",
            "updated_at": "2023-06-21T10:22:15Z",
            "description": "Data creation and update events only",
        } }),
        &updated,
        &[],
    );
    assert_time(&updated["data"]["updated_at"]);
    for member in ["events", "status", "description"] {
        assert_eq!(updated["data"][member], update[member]);
    }
    for member in ["id", "url", "created_at"] {
        assert_eq!(updated["data"][member], created[member]);
    }

    let deleted = admin.delete(&path(created)).unwrap();
    let done = json!({ "success": true, "message": "Webhook deleted successfully" });
    assert_eq!((deleted.status, deleted.json().unwrap()), (200, done));
    refused(&admin.get(&path(created)).unwrap(), 404, "not_found", "no such webhook");
    refused(&admin.delete(&path(created)).unwrap(), 404, "not_found", "no such webhook");
}

#[test]
fn an_update_merges_and_null_clears_the_description_alone() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let made = admin.post(ROOT, &serde_json::from_str(DOCUMENTED).unwrap()).unwrap().json().unwrap();
    let made = &made["data"];
    for (change, member, value) in [
        (json!({}), "status", json!("active")),
        (json!({ "url": "https://example.com/new" }), "url", json!("https://example.com/new")),
        (json!({ "events": ["system.alert", "system.alert"] }), "events", json!(["system.alert"])),
        (json!({ "description": "now" }), "description", json!("now")),
        (json!({ "description": null }), "description", Value::Null),
        (json!({ "description": "" }), "description", json!("")),
        (json!({ "status": "inactive" }), "status", json!("inactive")),
        (json!({ "status": "active" }), "status", json!("active")),
    ] {
        let before = get(&server, made);
        let answer = put(&admin, &path(made), &change);
        assert_eq!(answer.status, 200, "{change}: {}", answer.text());
        let after = get(&server, made);
        assert_eq!(after[member], value, "{change}");
        for (name, kept) in before.as_object().unwrap() {
            let touched = name == "updated_at" || change.get(name).is_some();
            assert!(touched || after[name] == *kept, "{change} changed {name}: {after}");
        }
        let answered = answer.json().unwrap()["data"].clone();
        for (name, shown) in answered.as_object().unwrap() {
            assert_eq!(after[name], *shown, "{change}");
        }
    }
}

#[test]
fn a_number_beyond_the_doubles_is_refused_and_clears_nothing() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let made = create(&server, SOMEWHERE, &["user.created"]);
    // JavaScript reads null, which would clear it.
    let answer = admin.send("PUT", &path(&made), &[], br#"{"description":-1e999}"#).unwrap();
    refused(&answer, 400, "bad_request", "beyond what a double holds at offset 15");
}

#[test]
fn what_is_not_understood_is_refused_by_name_and_a_bad_url_is_unprocessable() {
    let server = serve("event_types = [\"our.own\"]");
    let admin = client(&server, ADMIN);
    let made = create(&server, SOMEWHERE, &["our.own"]);
    let before = get(&server, &made);
    let good = || json!({ "url": SOMEWHERE, "events": ["user.created"] });
    let too_many: Vec<String> = (0..201).map(|n| format!("type.{n}")).collect();
    let long = "x".repeat(1_025);
    let changes = [
        (json!({ "url": 7 }), "url must be text"),
        (json!({ "url": null }), "url must be text"),
        (json!({ "events": "user.created" }), "events must be an array"),
        (json!({ "events": null }), "events must be an array"),
        (json!({ "events": [] }), "at least one"),
        (json!({ "events": ["user.created", "nobody.knows"] }), "\"nobody.knows\", which is not known"),
        (json!({ "events": [1] }), "events[0] must be text"),
        (json!({ "events": too_many }), "more than 200"),
        (json!({ "description": 5 }), "description must be text"),
        (json!({ "description": long }), "at most 1024"),
        (json!({ "secret": "whsec_mine" }), "secret is not known"),
        (json!({ "colour": "red" }), "colour is not known"),
    ];
    for (change, message) in &changes {
        let mut body = good();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&admin.post(ROOT, &body).unwrap(), 400, "bad_request", message);
        refused(&put(&admin, &path(&made), change), 400, "bad_request", message);
    }
    for (change, message) in [
        (json!({ "status": "paused" }), "\"active\" or \"inactive\""),
        (json!({ "status": null }), "status must be"),
        (json!({ "id": "wh_1" }), "id is not known"),
    ] {
        refused(&put(&admin, &path(&made), &change), 400, "bad_request", message);
    }
    for (body, message) in [
        (json!({ "events": ["user.created"] }), "url is required"),
        (json!({ "url": SOMEWHERE }), "events is required"),
        (json!([]), "must be an object"),
        (json!({ "url": SOMEWHERE, "events": ["user.created"], "status": "active" }), "status is not known"),
    ] {
        refused(&admin.post(ROOT, &body).unwrap(), 400, "bad_request", message);
    }
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let own = format!("{}{ROOT}", server.base());
    for (url, message) in [
        ("example.com/hook", "absolute"),
        ("", "absolute"),
        ("ftp://example.com/", "http or https"),
        ("https://ada:pw@example.com/", "user name"),
        ("https://exa mple.com/", "white space"),
        ("https://example.com:0/", "port"),
        (long.as_str(), "longer than 2048"),
        ("http://10.0.0.1/", "may not reach"),
        ("http://169.254.169.254/latest/meta-data/", "may not reach"),
        (own.as_str(), "may not reach"),
    ] {
        let answer = admin.post(ROOT, &json!({ "url": url, "events": ["user.created"] })).unwrap();
        refused(&answer, 422, "invalid_url", message);
        refused(&put(&admin, &path(&made), &json!({ "url": url })), 422, "invalid_url", message);
    }
    for body in [&b"{"[..], b"\xff", b"", b"{\"url\":\"a\",\"url\":\"b\"}", &[b'['; 100]] {
        assert_eq!(admin.send("POST", ROOT, &[], body).unwrap().status, 400);
        assert_eq!(admin.send("PUT", &path(&made), &[], body).unwrap().status, 400);
    }
    let large = vec![b' '; (1 << 20) + 1];
    refused(&admin.send("POST", ROOT, &[], &large).unwrap(), 413, "too_large", "1048576 bytes");
    assert_eq!(get(&server, &made), before, "a refused update changes nothing");
    let list = admin.get(ROOT).unwrap().json().unwrap();
    assert_eq!(list["meta"]["total"], 1, "{list}");
}

#[test]
fn users_read_all_webhooks_of_their_tenant_and_only_admins_change_or_try_them() {
    let server = serve("");
    let made = create(&server, SOMEWHERE, &["user.created"]);
    let one = path(&made);
    let test = format!("{one}/test");
    let body = json!({ "url": SOMEWHERE, "events": ["user.created"] }).to_string();
    let requests = [
        ("GET", ROOT, ""),
        ("GET", one.as_str(), ""),
        ("POST", ROOT, body.as_str()),
        ("PUT", one.as_str(), "{}"),
        ("POST", test.as_str(), ""),
        ("DELETE", one.as_str(), ""),
    ];
    let ask = |token: &str, headers: &[(&str, &str)], expected: [u16; 6]| {
        for ((method, path, body), status) in requests.iter().zip(expected) {
            let answer = client(&server, token).send(method, path, headers, body.as_bytes()).unwrap();
            assert_eq!(answer.status, status, "{token}: {method} {path}: {}", answer.text());
            if status == 403 {
                assert_eq!(answer.json().unwrap()["error"]["code"], "forbidden");
            }
        }
    };
    ask(USER, &[], [200, 200, 403, 403, 403, 403]);
    ask(SENDER, &[], [403; 6]);
    ask(STRANGER, &[], [200, 404, 201, 404, 404, 404]);
    ask("nobody", &[], [401; 6]);
    ask(OPERATOR, &[], [403; 6]);
    ask(OPERATOR, &[("sigpost-tenant", "nowhere")], [404; 6]);
    ask(OPERATOR, &[("sigpost-tenant", "other")], [200, 404, 403, 403, 403, 404]);
    // For users there is no difference between what is not theirs to change and what is not there.
    let unknown = "/api/v1/webhooks/wh_018bcfe568007bababababababababab";
    refused(&client(&server, USER).delete(unknown).unwrap(), 403, "forbidden", "admin");
    ask(OPERATOR, &[("sigpost-tenant", "acme")], [200, 200, 403, 403, 403, 200]);
    assert_eq!(client(&server, ADMIN).get(ROOT).unwrap().json().unwrap()["meta"]["total"], 0);
}

#[test]
fn a_user_who_owns_a_webhook_still_only_reads_it() {
    let server = serve("");
    let made = create(&server, SOMEWHERE, &["user.created"]);
    // Its creator is an admin no longer.
    let mut server = server;
    let demoted = config("rate_limit = false", "").replacen(
        "id = \"ada\"\nroles = [\"admin\"]",
        "id = \"ada\"\nroles = [\"user\"]",
        1,
    );
    server.restart_with(&demoted).unwrap();
    let ada = client(&server, ADMIN);
    assert_eq!(ada.get(&path(&made)).unwrap().status, 200);
    refused(&put(&ada, &path(&made), &json!({})), 403, "forbidden", "admin");
    refused(&ada.delete(&path(&made)).unwrap(), 403, "forbidden", "admin");
    refused(&ada.post(&format!("{}/test", path(&made)), &json!({})).unwrap(), 403, "forbidden", "admin");
}

#[test]
fn an_id_that_names_nothing_is_not_found_whatever_is_asked_of_it() {
    let server = serve("");
    let made = create(&server, SOMEWHERE, &["user.created"]);
    let id = made["id"].as_str().unwrap();
    let admin = client(&server, ADMIN);
    for id in ["wh_123456", "1", "%FF", "wh_018bcfe568007bababababababababab", &id.to_uppercase(), &id[3..]] {
        for (method, end) in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test")] {
            let answer = admin.send(method, &format!("{ROOT}/{id}{end}"), &[], b"{}").unwrap();
            refused(&answer, 404, "not_found", "no such webhook");
        }
    }
    assert_eq!(get(&server, &made)["id"], id);
}

#[test]
fn other_paths_and_methods_are_refused_in_the_same_form() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let made = create(&server, SOMEWHERE, &["user.created"]);
    for path in ["/api/v1/webhooks/", "/api/v1/webhooks/wh_1/history", "/api/v1/webhooks/wh_1/test/more"] {
        refused(&admin.get(path).unwrap(), 404, "not_found", "no such path");
    }
    for (method, path) in [
        ("DELETE", ROOT.to_owned()),
        ("PATCH", path(&made)),
        ("POST", path(&made)),
        ("GET", format!("{}/test", path(&made))),
    ] {
        let answer = admin.send(method, &path, &[], b"").unwrap();
        refused(&answer, 405, "method_not_allowed", "method");
        assert!(answer.header("allow").is_some());
    }
}

#[test]
fn all_of_it_outlives_a_crash() {
    let mut server = serve("");
    let made = create(&server, SOMEWHERE, &["user.created", "system.alert"]);
    let change = json!({ "description": "kept", "status": "inactive" });
    assert_eq!(put(&client(&server, ADMIN), &path(&made), &change).status, 200);
    let before = get(&server, &made);
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(get(&server, &made), before);
    assert_eq!((&before["status"], &before["description"]), (&json!("inactive"), &json!("kept")));
}
