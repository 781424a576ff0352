//! Changing webhooks: merge patches, versions, owners, and finding them again.

use sigpost_tests::receiver::Reply;

use super::*;

const SOMEWHERE: &str = "http://127.0.0.1:9/";

fn admin(server: &Server, system: &str) -> Client {
    client(server, system, "admin")
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_makes_the_next_version() {
    let server = serve();
    for (system, member, value) in [
        ("native", "name", json!("renamed")),
        ("immuta", "action", json!("received")),
        ("immuta-request", "verify_tls", json!(false)),
        ("generic", "description", json!("what it is for")),
        ("qlik", "description", json!("what it is for")),
    ] {
        let made = create(&server, system, SOMEWHERE, &json!({ "secret": null }));
        let admin = admin(&server, system);
        assert_eq!(admin.get(&path(&made)).unwrap().header("etag"), Some("\"1\""), "{system}");
        let change = json!({ "profile": { member: value } });
        let answer = patch(&admin, &path(&made), &[("if-match", "\"1\"")], &change);
        let changed = body(&answer, 200);
        assert_eq!(answer.header("etag"), Some("\"2\""), "{system}");
        let mut expected = made.clone();
        expected["profile"][member] = value;
        expected["version"] = json!(2);
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected, "{system}");
        assert!(changed["updated_at"].as_str() >= made["updated_at"].as_str());
        assert_eq!(body(&admin.get(&path(&made)).unwrap(), 200), expected, "{system}");
    }
}

#[test]
fn null_gives_a_member_its_default_and_what_must_be_there_stays() {
    let server = serve();
    let generic = create(&server, "generic", SOMEWHERE, &json!({ "secret": null }));
    let (who, at) = (admin(&server, "generic"), path(&generic));
    body(&patch(&who, &at, &[], &json!({ "profile": { "description": "d" } })), 200);
    let cleared = patch(&who, &at, &[], &json!({ "profile": { "description": null } }));
    assert_eq!(body(&cleared, 200)["profile"], generic["profile"]);
    for (member, field) in
        [("url", "url"), ("enabled", "enabled"), ("owner", "owner"), ("profile", "profile")]
    {
        refused(&patch(&who, &at, &[], &json!({ member: null })), 422, Some(field), member);
    }
    let types = json!({ "profile": { "event_types": null } });
    refused(&patch(&who, &at, &[], &types), 422, Some("profile"), "event_types");
    let immuta = create(&server, "immuta", SOMEWHERE, &json!({ "secret": null }));
    let own =
        patch(&admin(&server, "immuta"), &path(&immuta), &[], &json!({ "profile": { "global": null } }));
    assert_eq!(body(&own, 200)["profile"]["global"], json!(false));
    let request = create(&server, "immuta-request", SOMEWHERE, &json!({ "secret": null }));
    let (who, at) = (admin(&server, "immuta-request"), path(&request));
    body(&patch(&who, &at, &[], &json!({ "profile": { "verify_tls": false } })), 200);
    let default = patch(&who, &at, &[], &json!({ "profile": { "verify_tls": null } }));
    assert_eq!(body(&default, 200)["profile"]["verify_tls"], json!(true));
}

#[test]
fn a_change_that_breaks_a_rule_is_refused_with_its_field_and_changes_nothing() {
    let server = serve();
    let long = "x".repeat(1_025);
    for (system, field, change) in [
        ("native", "url", json!({ "url": "/relative" })),
        ("native", "url", json!({ "url": "http://10.0.0.1/" })),
        ("native", "url", json!({ "url": 5 })),
        ("native", "enabled", json!({ "enabled": "yes" })),
        ("native", "owner", json!({ "owner": "nobody" })),
        ("native", "owner", json!({ "owner": "" })),
        ("native", "secret", json!({ "secret": "not here" })),
        ("native", "colour", json!({ "colour": "red" })),
        ("native", "profile", json!({ "profile": [] })),
        ("native", "profile", json!({ "profile": { "colour": "red" } })),
        ("native", "profile", json!({ "profile": { "dialect": "generic" } })),
        ("native", "profile", json!({ "profile": { "event_types": ["unknown"] } })),
        ("native", "profile", json!({ "profile": { "event_types": [] } })),
        ("immuta", "profile", json!({ "profile": { "name": "" } })),
        ("immuta", "profile", json!({ "profile": { "action": "acted" } })),
        ("immuta-request", "profile", json!({ "profile": { "verify_tls": 1 } })),
        ("generic", "profile", json!({ "profile": { "description": long } })),
        ("generic", "profile", json!({ "profile": { "name": "it has none" } })),
        ("qlik", "profile", json!({ "profile": { "name": "" } })),
        ("qlik", "profile", json!({ "profile": { "cloud_events": false } })),
        ("qlik", "profile", json!({ "profile": { "origin": "automations" } })),
        ("qlik", "profile", json!({ "profile": { "headers": { "host": "elsewhere" } } })),
    ] {
        let made = create(&server, system, SOMEWHERE, &json!({ "secret": null }));
        let who = admin(&server, system);
        // One member that is right does not help one that is wrong.
        let mut whole = change.clone();
        if change.get("enabled").is_none() {
            whole["enabled"] = json!(false);
        }
        refused(&patch(&who, &path(&made), &[], &whole), 422, Some(field), &format!("{system} {whole}"));
        assert_eq!(body(&who.get(&path(&made)).unwrap(), 200), made, "{system} {whole}");
    }
    let made = create(&server, "native", SOMEWHERE, &json!({}));
    let who = admin(&server, "native");
    refused(&patch(&who, &path(&made), &[], &json!(["url"])), 422, None, "no object");
    for text in [&b"{"[..], b"", b"{\"url\":\"a\",\"url\":\"b\"}"] {
        refused(&who.send("PATCH", &path(&made), &[], text).unwrap(), 400, None, "malformed");
    }
    let huge = format!("{{\"url\":\"{}\"}}", "x".repeat(1 << 20));
    refused(&who.send("PATCH", &path(&made), &[], huge.as_bytes()).unwrap(), 413, None, "large");
}

#[test]
fn a_webhook_moves_and_what_waited_while_it_was_off_goes_where_it_points_then() {
    let (server, old, new) = (serve(), receiver(), receiver());
    let made = create(&server, "native", &old.url("/"), &json!({ "enabled": false }));
    assert_eq!((&made["state"], &made["disabled_reason"]), (&json!("disabled"), &json!("by-owner")));
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    let who = admin(&server, "native");
    body(&patch(&who, &path(&made), &[], &json!({ "url": new.url("/there") })), 200);
    assert_eq!(publish(&server, "native", &event("2")).status, 202);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((old.requests().len(), new.requests().len()), (0, 0), "it is off");
    let on = body(&patch(&who, &path(&made), &[], &json!({ "enabled": true })), 200);
    assert_eq!((&on["state"], on.get("disabled_reason")), (&json!("enabled"), None));
    let requests = new.wait_for(2, SOON).unwrap();
    assert!(requests.iter().all(|request| request.target == "/there") && old.requests().is_empty());
    let off = body(&patch(&who, &path(&made), &[], &json!({ "enabled": false })), 200);
    assert_eq!(off["disabled_reason"], "by-owner");
}

#[test]
fn of_two_changes_of_one_version_at_once_only_one_is_made() {
    let server = serve();
    let made = create(&server, "native", SOMEWHERE, &json!({}));
    let (who, at) = (admin(&server, "native"), path(&made));
    for round in 1..=10 {
        let tag = format!("\"{round}\"");
        let answers = std::thread::scope(|scope| {
            let one = |name: &'static str| {
                let (who, at, tag) = (who.clone(), at.clone(), tag.clone());
                scope.spawn(move || {
                    patch(&who, &at, &[("if-match", &tag)], &json!({ "profile": { "name": name } }))
                })
            };
            let both = [one("a"), one("b")];
            both.map(|thread| thread.join().unwrap())
        });
        let mut statuses = answers.each_ref().map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{round}");
        let (done, lost) = if answers[0].status == 200 { (0, 1) } else { (1, 0) };
        refused(&answers[lost], 412, None, "outdated");
        assert!(answers[lost].text().contains("urn:sigpost:problem:outdated"));
        let now = body(&who.get(&at).unwrap(), 200);
        assert_eq!(now, body(&answers[done], 200));
        assert_eq!(now["version"], round + 1);
    }
    // Without a condition both are made, whichever comes first.
    let urls = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"];
    for round in 0..10 {
        let url = urls[round % 2];
        let name = format!("round {round}");
        let changes = [json!({ "url": url }), json!({ "profile": { "name": name } })];
        std::thread::scope(|scope| {
            for change in &changes {
                let (who, at) = (who.clone(), at.clone());
                scope.spawn(move || body(&patch(&who, &at, &[], change), 200));
            }
        });
        let now = body(&who.get(&at).unwrap(), 200);
        assert_eq!((&now["url"], &now["profile"]["name"]), (&json!(url), &json!(name)));
    }
}

#[test]
fn if_match_guards_every_way_of_changing() {
    let server = serve();
    let made = create(&server, "generic", SOMEWHERE, &json!({}));
    let (who, at) = (admin(&server, "generic"), path(&made));
    let secret = format!("{at}/secret");
    body(&patch(&who, &at, &[], &json!({ "enabled": false })), 200);
    for stale in ["\"1\"", "W/\"2\"", "\"3\"", "2", "nonsense"] {
        let condition = [("if-match", stale)];
        refused(&patch(&who, &at, &condition, &json!({ "enabled": true })), 412, None, stale);
        for (method, at) in [("DELETE", &at), ("POST", &secret), ("DELETE", &secret)] {
            refused(&who.send(method, at, &condition, b"").unwrap(), 412, None, stale);
        }
    }
    assert_eq!(body(&who.get(&at).unwrap(), 200)["version"], 2, "nothing has changed");
    let rotated = who.send("POST", &secret, &[("if-match", "\"7\", \"2\"")], b"").unwrap();
    assert_eq!((rotated.status, rotated.header("etag")), (200, Some("\"3\"")));
    let cleared = who.send("DELETE", &secret, &[("if-match", "\"3\"")], b"").unwrap();
    assert_eq!((cleared.status, cleared.header("etag")), (204, Some("\"4\"")));
    assert_eq!(patch(&who, &at, &[("if-match", "*")], &json!({ "enabled": true })).status, 200);
    assert_eq!(who.send("DELETE", &at, &[("if-match", "\"5\"")], b"").unwrap().status, 204);
    refused(&who.send("DELETE", &at, &[("if-match", "\"5\"")], b"").unwrap(), 404, None, "gone");
    refused(&patch(&who, &at, &[("if-match", "*")], &json!({})), 404, None, "gone");
}

#[test]
fn an_admin_makes_webhooks_for_others_and_gives_them_away() {
    let server = serve();
    let admin = admin(&server, "immuta");
    let [user, other] = ["user", "other"].map(|role| client(&server, "immuta", role));
    let profile = json!({
        "dialect": "immuta", "name": "hook", "event_types": ["order.paid"], "action": "triggered",
    });
    let new = |owner: &str| json!({ "url": SOMEWHERE, "profile": profile, "owner": owner });
    let made = body(&admin.post("/v1/webhooks", &new("2")).unwrap(), 201);
    assert_eq!(made["owner"], "2");
    assert_eq!(user.get(&path(&made)).unwrap().status, 200);
    refused(&other.get(&path(&made)).unwrap(), 404, None, "not theirs");
    let own = body(&user.post("/v1/webhooks", &new("2")).unwrap(), 201);
    refused(&user.post("/v1/webhooks", &new("4")).unwrap(), 403, None, "for somebody else");
    refused(&admin.post("/v1/webhooks", &new("nobody")).unwrap(), 422, Some("owner"), "for nobody");
    refused(&patch(&user, &path(&own), &[], &json!({ "owner": "4" })), 403, None, "given away");
    refused(&patch(&user, &path(&own), &[], &json!({ "profile": { "global": true } })), 403, None, "global");
    body(&patch(&user, &path(&own), &[], &json!({ "owner": "2", "profile": { "name": "mine" } })), 200);
    let given = body(&patch(&admin, &path(&own), &[], &json!({ "owner": "4" })), 200);
    assert_eq!((&given["owner"], &given["profile"]["name"]), (&json!("4"), &json!("mine")));
    refused(&patch(&user, &path(&own), &[], &json!({ "colour": "red" })), 404, None, "no longer theirs");
    body(&patch(&other, &path(&own), &[], &json!({ "enabled": false })), 200);
}

#[test]
fn qlik_headers_are_merged_by_name_and_encrypted_ones_do_not_follow_to_another_receiver() {
    let (server, receiver) = (serve(), receiver());
    let mut profile = profile("qlik");
    profile["headers"] = json!({ "X-One": "1", "x-two": "2" });
    profile["encrypted_headers"] = json!({ "x-key": "hidden-1", "x-more": "hidden-2" });
    let made = create(&server, "qlik", &receiver.url("/"), &json!({ "secret": null, "profile": profile }));
    assert_eq!(made["profile"]["encrypted_headers"], json!(["x-key", "x-more"]));
    let (who, at) = (admin(&server, "qlik"), path(&made));
    let change = json!({ "profile": {
        "headers": { "x-one": "one", "x-two": null, "x-three": "3" }, "encrypted_headers": { "x-more": null },
    } });
    let answer = patch(&who, &at, &[], &change);
    assert!(!answer.text().contains("hidden"), "{}", answer.text());
    let changed = body(&answer, 200);
    assert_eq!(changed["profile"]["headers"], json!({ "x-one": "one", "x-three": "3" }));
    assert_eq!(changed["profile"]["encrypted_headers"], json!(["x-key"]));
    // A receiver that answers with what it was sent.
    receiver.otherwise(Reply::status(200).header("X-Key", "hidden-1").header("x-one", "one"));
    assert_eq!(publish(&server, "qlik", &event("1")).status, 202);
    let request = receiver.wait_for(1, SOON).unwrap().remove(0);
    let sent = |name| request.header(name);
    assert_eq!((sent("x-one"), sent("x-two"), sent("x-three")), (Some("one"), None, Some("3")));
    assert_eq!((sent("x-key"), sent("x-more")), (Some("hidden-1"), None));
    let listed = listed(&who, 1);
    let shown_key = shown(&listed[0]["request"], "x-key").unwrap();
    assert_eq!((&shown_key["value"], &shown_key["omitted"]), (&Value::Null, &json!(true)));
    assert_eq!(shown(&listed[0]["request"], "x-one").unwrap()["value"], "one");
    let answered_key = shown(&listed[0]["response"], "x-key").unwrap();
    assert_eq!((&answered_key["value"], &answered_key["omitted"]), (&Value::Null, &json!(true)));
    assert_eq!(shown(&listed[0]["response"], "x-one").unwrap()["value"], "one");
    let of_one = format!("/v1/deliveries/{}", id(&listed[0]));
    let told = who.get(&of_one).unwrap().text();
    assert!(!told.contains("hidden"), "{told}");
    let elsewhere = json!({ "url": "http://127.0.0.1:9/elsewhere" });
    assert_eq!(patch(&who, &at, &[], &elsewhere).status, 422);
    let mut entered = elsewhere.clone();
    entered["profile"] = json!({ "encrypted_headers": { "x-key": "hidden-3" } });
    body(&patch(&who, &at, &[], &entered), 200);
}

#[test]
fn an_owner_who_is_no_admin_changes_neither_what_its_webhook_receives_nor_where_that_goes() {
    let server = serve();
    let mut profile = profile("native");
    profile["event_types"] = json!(["order.paid"]);
    let made = create(&server, "native", SOMEWHERE, &json!({ "owner": "2", "profile": profile }));
    let owner = client(&server, "native", "user");
    for change in [
        json!({ "url": "http://127.0.0.1:9/mine" }),
        json!({ "profile": { "event_types": ["*"] } }),
        json!({ "owner": "4" }),
    ] {
        let answer = patch(&owner, &path(&made), &[], &change);
        problem(&answer, 403, "forbidden", &change.to_string());
    }
    // To say the same again changes nothing.
    let same = json!({ "url": SOMEWHERE, "profile": { "event_types": ["order.paid"] }, "enabled": false });
    assert_eq!(body(&patch(&owner, &path(&made), &[], &same), 200)["state"], "disabled");
    assert_eq!(owner.post(&format!("{}/secret", path(&made)), &json!({})).unwrap().status, 200);
    let admin = admin(&server, "native");
    body(&patch(&admin, &path(&made), &[], &json!({ "profile": { "event_types": ["*"] } })), 200);
    let entries = body(&admin.get("/v1/audit?operation=webhook.update").unwrap(), 200)["entries"].clone();
    let changed: Vec<_> =
        entries.as_array().unwrap().iter().map(|entry| &entry["detail"]["changed"]).collect();
    assert_eq!(changed, ["profile", "enabled"]);
}

#[test]
fn webhooks_are_found_by_state_owner_type_and_text() {
    let server = serve();
    let admin = admin(&server, "native");
    let make = |url: &str, name: &str, types: &[&str], more: &Value| {
        let profile = json!({ "dialect": "native", "name": name, "event_types": types });
        let mut all = json!({ "profile": profile, "secret": null });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        id(&create(&server, "native", url, &all))
    };
    let first = make("http://127.0.0.1:9/Orders", "Ärger", &["*"], &json!({}));
    let second = make(SOMEWHERE, "orders of 100 %", &["order.paid"], &json!({ "enabled": false }));
    let third = make(SOMEWHERE, "", &["order.paid"], &json!({ "owner": "2" }));
    let all = [first, second, third];
    for (query, expected) in [
        ("", &[0, 1, 2][..]),
        ("state=enabled", &[0, 2]),
        ("state=disabled", &[1]),
        ("owner=2", &[2]),
        ("owner=1", &[0, 1]),
        ("owner=99", &[]),
        ("event_type=order.paid", &[0, 1, 2]),
        ("event_type=order.sent", &[0]),
        ("q=ORDERS", &[0, 1]),
        ("q=%C3%A4rger", &[0]),
        ("q=100%20%25", &[1]),
        ("q=nothing", &[]),
        ("q=orders&state=disabled&owner=1", &[1]),
        ("event_type=order.paid&limit=2", &[0, 1]),
    ] {
        let page = body(&admin.get(&format!("/v1/webhooks?{query}")).unwrap(), 200);
        let found: Vec<_> = page["webhooks"].as_array().unwrap().iter().map(id).collect();
        let expected: Vec<_> = expected.iter().map(|&index| all[index].clone()).collect();
        assert_eq!(found, expected, "{query}");
    }
    // A page goes on with the same question.
    let page = body(&admin.get("/v1/webhooks?event_type=order.paid&limit=2").unwrap(), 200);
    let next = format!("/v1/webhooks?event_type=order.paid&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(id(&body(&admin.get(&next).unwrap(), 200)["webhooks"][0]), all[2]);
    let user = body(&client(&server, "native", "user").get("/v1/webhooks").unwrap(), 200);
    assert_eq!(user["webhooks"].as_array().unwrap().len(), 1, "a user sees its own");
    for (query, name) in
        [("state=on", "state"), ("owner=", "owner"), ("q=", "q"), ("event_type=", "event_type")]
    {
        let answer = admin.get(&format!("/v1/webhooks?{query}")).unwrap();
        refused(&answer, 400, None, query);
        assert!(answer.text().contains(name), "{}", answer.text());
    }
}

/// Where a webhook leads may be closed after it was made. Whoever wants it off, or its secret away, must be able to.
#[test]
fn a_change_that_leaves_the_url_is_not_judged_by_where_it_leads() {
    let mut server = serve();
    let made = SYSTEMS.map(|system| (system, create(&server, system, SOMEWHERE, &json!({}))));
    let closed = config().replace("[\"127.0.0.0/8\"]", "[]").replace("targets = true", "targets = false");
    assert_ne!(closed, config());
    server.restart_with(&closed).unwrap();
    for (system, made) in made {
        let (who, at) = (admin(&server, system), path(&made));
        let off = body(&patch(&who, &at, &[], &json!({ "url": SOMEWHERE, "enabled": false })), 200);
        assert_eq!(off["state"], "disabled", "{system}");
        body(&who.post(&format!("{at}/secret"), &json!({})).unwrap(), 200);
        assert_eq!(who.delete(&format!("{at}/secret")).unwrap().status, 204, "{system}");
        let moved = patch(&who, &at, &[], &json!({ "url": "http://127.0.0.1:8/" }));
        refused(&moved, 422, Some("url"), system);
    }
}

#[test]
fn many_who_change_one_webhook_at_once_all_get_their_turn() {
    let server = serve();
    let made = create(&server, "immuta-request", SOMEWHERE, &json!({}));
    let (who, at) = (admin(&server, "immuta-request"), path(&made));
    std::thread::scope(|scope| {
        for number in 0..40 {
            let (who, at) = (who.clone(), at.clone());
            scope.spawn(move || {
                let change = json!({ "profile": { "verify_tls": number % 2 == 0 } });
                body(&patch(&who, &at, &[], &change), 200);
            });
        }
    });
    assert_eq!(body(&who.get(&at).unwrap(), 200)["version"], 41);
}
