//! Creating, replacing, deleting; who may, and how errors look.

use super::*;

#[test]
fn a_new_webhook_takes_defaults_and_says_where_it_is() {
    let server = serve("");
    for base in [V1, CORE] {
        let answer = client(&server, ADA).post(base, &hook(&json!({}))).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json().unwrap();
        let id = made["id"].as_str().unwrap();
        assert_eq!(answer.header("location"), Some(&*format!("https://hooks.test{base}/{id}")));
        assert_eq!(made["createdAt"], made["updatedAt"]);
        let expected = json!({
            "id": id, "url": SOMEWHERE, "name": "hook", "level": "tenant", "enabled": false, "headers": {},
            "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
            "eventTypes": ["com.qlik.v1.app.created"], "secretKeyAdded": false, "createdByUserId": "ada",
            "updatedByUserId": "ada", "encryptedHeaders": [], "enableCloudEventDelivery": true,
            "checkCertificateRevocation": false, "origin": "api",
        });
        assert_eq!(made, expected);
        for other in [V1, CORE] {
            assert_eq!(get(&server, &format!("{other}/{id}")), made);
        }
    }
    // `null` is as good as nothing, and the body need not say that it is JSON.
    let nulls =
        hook(&json!({ "level": null, "filter": null, "secret": null, "enabled": null, "headers": null,
        "ownerId": null, "description": null, "encryptedHeaders": null, "enableCloudEventDelivery": null,
        "checkCertificateRevocation": null, "origin": null }));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = client(&server, ADA).send("POST", CORE, &form, nulls.to_string().as_bytes()).unwrap();
    assert_eq!((answer.status, &answer.json().unwrap()["level"]), (201, &json!("tenant")));
}

#[test]
fn a_target_that_breaks_a_rule_is_refused() {
    let server = start(&config("rate_limit = false", "", ""));
    let admin = client(&server, ADA);
    let made = create(&server, ADA, &json!({}));
    for (more, mentions) in [
        (json!({ "url": "http://hooks.example.com/" }), "url must use https"),
        (json!({ "url": "https://8.8.8.8/" }), "url must have a host name"),
        (json!({ "url": "https://[2606:4700:4700::1111]/" }), "url must have a host name"),
        (json!({ "url": "string" }), "url must be absolute"),
        (json!({ "url": "https://localhost/" }), "url must have a fully qualified host name"),
        (json!({ "url": "https://intranet./x" }), "url must have a fully qualified host name"),
        (json!({ "url": "https://a..example/" }), "url must have a fully qualified host name"),
        (json!({ "url": "https:///ada:pw@example.com/" }), "url has no valid host"),
        (json!({ "url": "https://\\ada:pw@example.com/" }), "url has no valid host"),
        (
            json!({ "url": format!("https://a.example/{}", "é".repeat(2_031)) }),
            "url is longer than 2048 characters",
        ),
    ] {
        refused(&admin.post(V1, &hook(&more)).unwrap(), 400, mentions);
        refused(&send(&admin, "PUT", &path(&made), &hook(&more)), 400, mentions);
        let patch = json!([{ "op": "replace", "path": "/url", "value": more["url"] }]);
        refused(&send(&admin, "PATCH", &path(&made), &patch), 400, mentions);
    }
    assert_eq!(get(&server, &path(&made))["url"], SOMEWHERE);
}

#[test]
fn a_webhook_that_breaks_a_rule_is_refused_by_the_name_qlik_gives_its_member() {
    let server = start(&config("rate_limit = false", "", ""));
    let admin = client(&server, ADA);
    let made = create(&server, ADA, &json!({}));
    let before = get(&server, &path(&made));
    let header = |bytes: usize| json!({ "X-A": "x".repeat(bytes - 3) });
    for (more, mentions) in [
        (json!({ "url": 5 }), "url must be text"),
        (json!({ "name": "" }), "name must have 1 to 512"),
        (json!({ "name": "é".repeat(513) }), "name must have 1 to 512"),
        (json!({ "description": "é".repeat(1_025) }), "description must have at most 1024"),
        (json!({ "secret": "é".repeat(31) }), "secret must have 32 to 64"),
        (json!({ "secret": "x".repeat(65) }), "secret must have 32 to 64"),
        (json!({ "secret": "" }), "secret must not be empty"),
        (json!({ "eventTypes": ["string"] }), "eventTypes names \"string\", which is not known"),
        (json!({ "eventTypes": "com.qlik.v1.app.created" }), "eventTypes must be an array"),
        (json!({ "level": "space" }), "level must be \"tenant\" or \"user\""),
        (json!({ "level": { "user": null } }), "level must be \"tenant\" or \"user\""),
        (
            json!({ "level": "user", "eventTypes": ["com.qlik.v1.app.deleted"] }),
            "level user does not go with",
        ),
        (json!({ "filter": "id co \"a\"" }), "filter: "),
        (json!({ "filter": "data.status eq \"ok\"" }), "filter: "),
        (json!({ "headers": header(2_049) }), "headers must have at most 2048"),
        (json!({ "encryptedHeaders": header(2_049) }), "encryptedHeaders must have at most 2048"),
        (json!({ "headers": { "X-A": "b", "x-a": "c" } }), "headers must not name \"x-a\" twice"),
        (
            json!({ "headers": { "X-A": "b" }, "encryptedHeaders": { "x-a": "c" } }),
            "encryptedHeaders must not name",
        ),
        (json!({ "headers": { "Qlik-Signature": "x" } }), "headers must not name \"Qlik-Signature\""),
        (json!({ "headers": { "Content-Type": "x" } }), "headers must not name"),
        (json!({ "encryptedHeaders": { "webhook-id": "x" } }), "encryptedHeaders must not name"),
        (json!({ "headers": { "X-A": "b\r\nx: y" } }), "headers must have values of"),
        (json!({ "headers": ["X-A"] }), "headers must be an object"),
        (json!({ "headers": { "X-A": 1 } }), "headers.X-A must be text"),
        (json!({ "ownerId": "bob" }), "ownerId is for webhooks that receive only"),
        (json!({ "ownerId": "nobody", "level": "user" }), "ownerId is no user of this tenant"),
        (json!({ "ownerId": "é", "level": "user" }), "ownerId is no user of this tenant"),
        (json!({ "enabled": "true" }), "enabled must be true or false"),
        (json!({ "checkCertificateRevocation": 1 }), "checkCertificateRevocation must be true or false"),
        (json!({ "id": "x" }), "id is not known"),
        (json!({ "secretKeyAdded": true }), "secretKeyAdded is not known"),
    ] {
        refused(&admin.post(V1, &hook(&more)).unwrap(), 400, mentions);
        refused(&send(&admin, "PUT", &path(&made), &hook(&more)), 400, mentions);
    }
    refused(&admin.post(CORE, &hook(&json!({ "origin": "mars" }))).unwrap(), 400, "origin must be \"api\"");
    refused(
        &send(&admin, "PUT", &path(&made), &hook(&json!({ "origin": "api" }))),
        400,
        "origin is not known",
    );
    for body in [&b"{"[..], b"", b"\xff", b"[]", b"{\"name\":\"a\",\"name\":\"b\"}", &[b'['; 100]] {
        refused(&admin.send("POST", CORE, &[], body).unwrap(), 400, "");
        refused(&admin.send("PUT", &path(&made), &[], body).unwrap(), 400, "");
        refused(&admin.send("PATCH", &path(&made), &[], body).unwrap(), 400, "");
    }
    refused(&admin.send("POST", V1, &[], &vec![b' '; (1 << 20) + 1]).unwrap(), 413, "1048576 bytes");
    assert_eq!(get(&server, &path(&made)), before);
    assert_eq!(names(&get(&server, CORE)), ["hook"]);
}

#[test]
fn a_webhook_may_be_as_long_as_it_may_be() {
    let server = start(&config("rate_limit = false", "", ""));
    let longest = json!({
        "url": format!("https://a.example/{}", "x".repeat(2_030)), "name": "é".repeat(512), "description": "é".repeat(1_024),
        "secret": "é".repeat(64), "headers": { "X-A": "x".repeat(2_045) }, "encryptedHeaders": { "X-B": "x".repeat(2_045) },
        "ownerId": "ada",
    });
    let long = create(&server, ADA, &longest);
    assert_eq!((long["url"].as_str().unwrap().len(), &long["name"]), (2_048, &longest["name"]));
}

#[test]
fn put_clears_what_it_leaves_out_but_for_the_owner_and_cloud_events() {
    let server = serve("");
    let admin = client(&server, ADA);
    let full = json!({
        "level": "user", "ownerId": "bob", "filter": "id eq \"a\"", "secret": SECRET, "enabled": true, "description": "why",
        "headers": { "X-A": "b" }, "encryptedHeaders": { "X-B": "c" }, "checkCertificateRevocation": true,
        "origin": "automations",
    });
    let made = create(&server, ADA, &full);
    let answer = send(&admin, "PUT", &path(&made), &hook(&json!({ "name": "bare" })));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bare = answer.json().unwrap();
    let expected = json!({
        "id": made["id"], "url": SOMEWHERE, "name": "bare", "level": "tenant", "enabled": false, "headers": {},
        "createdAt": made["createdAt"], "updatedAt": bare["updatedAt"], "eventTypes": ["com.qlik.v1.app.created"],
        "secretKeyAdded": false, "createdByUserId": "ada", "updatedByUserId": "ada", "encryptedHeaders": [],
        "enableCloudEventDelivery": true, "checkCertificateRevocation": false, "origin": "automations",
    });
    assert_eq!(bare, expected);
    assert_ne!(bare["updatedAt"], made["updatedAt"]);
    // The owner has stayed, and sees it again when it is for a user.
    let again = send(&admin, "PUT", &path(&made), &hook(&json!({ "level": "user" }))).json().unwrap();
    assert_eq!(again["ownerId"], "bob");
    let given = send(&admin, "PUT", &path(&made), &hook(&json!({ "level": "user", "ownerId": "cat" })));
    assert_eq!(given.json().unwrap()["ownerId"], "cat");
    assert_eq!(client(&server, CAT).get(&path(&made)).unwrap().status, 200);
    refused(&client(&server, BOB).get(&path(&made)).unwrap(), 404, "no such webhook");
    for (missing, mentions) in [("url", "url is required"), ("name", "name is required")] {
        let mut body = hook(&json!({}));
        body.as_object_mut().unwrap().remove(missing);
        refused(&send(&admin, "PUT", &path(&made), &body), 400, mentions);
    }
}

#[test]
fn cloud_event_delivery_is_turned_on_once_and_never_off() {
    let server = serve("");
    let admin = client(&server, ADA);
    let made = create(&server, ADA, &json!({ "enableCloudEventDelivery": false }));
    let put = |value: &Value| {
        let answer = send(&admin, "PUT", &path(&made), &hook(value));
        assert_eq!(answer.status, 200, "{value}: {}", answer.text());
        answer.json().unwrap()["enableCloudEventDelivery"].clone()
    };
    assert_eq!(put(&json!({})), json!(false), "left out, it stays as it is");
    assert_eq!(put(&json!({ "enableCloudEventDelivery": false })), json!(false));
    assert_eq!(put(&json!({ "enableCloudEventDelivery": true })), json!(true));
    assert_eq!(put(&json!({})), json!(true));
    let off = hook(&json!({ "enableCloudEventDelivery": false }));
    refused(
        &send(&admin, "PUT", &path(&made), &off),
        400,
        "enableCloudEventDelivery cannot be turned off again",
    );
}

#[test]
fn users_see_and_change_their_own_and_admins_all() {
    let server = serve("");
    let [bob, cat] = [BOB, CAT].map(|token| client(&server, token));
    refused(&bob.post(CORE, &hook(&json!({}))).unwrap(), 403, "admin");
    refused(&bob.post(CORE, &hook(&json!({ "level": "tenant", "url": "nonsense" }))).unwrap(), 403, "admin");
    refused(&bob.post(CORE, &hook(&json!({ "level": "user", "ownerId": "cat" }))).unwrap(), 403, "admin");
    let own = create(&server, BOB, &json!({ "level": "user", "ownerId": "bob" }));
    assert_eq!(own["ownerId"], "bob");
    let renamed = json!([{ "op": "replace", "path": "/name", "value": "renamed" }]);
    let user = hook(&json!({ "level": "user" }));
    let requests = |webhook: &Value| {
        let path = path(webhook);
        let delivery = format!("{path}/deliveries/018bcfe5-6800-7fff-bfff-ffffffffffff");
        [
            ("GET", path.clone(), Value::Null),
            ("PATCH", path.clone(), renamed.clone()),
            ("PUT", path.clone(), user.clone()),
            ("GET", format!("{path}/deliveries"), Value::Null),
            ("GET", delivery.clone(), Value::Null),
            ("POST", format!("{delivery}/actions/resend"), Value::Null),
            ("DELETE", path, Value::Null),
        ]
    };
    let ask = |client: &Client, webhook: &Value| {
        requests(webhook).map(|(method, path, body)| send(client, method, &path, &body).status)
    };
    assert_eq!(ask(&cat, &own), [404; 7]);
    assert_eq!(ask(&client(&server, STRANGER), &own), [404; 7]);
    assert_eq!(ask(&client(&server, PUB), &own), [403; 7]);
    assert_eq!(ask(&client(&server, FOREIGNER), &own), [404; 7]);
    assert_eq!(ask(&server.client(), &own), [401; 7]);
    assert_eq!(ask(&client(&server, OPERATOR), &own), [403; 7]);
    let inside = client(&server, OPERATOR).with_header("sigpost-tenant", "acme");
    assert_eq!(ask(&inside, &create(&server, ADA, &json!({}))), [200, 403, 403, 403, 403, 403, 204]);
    // A webhook of the tenant is an admin's to make.
    refused(&send(&bob, "PUT", &path(&own), &hook(&json!({}))), 403, "admin");
    refused(
        &send(&bob, "PUT", &path(&own), &hook(&json!({ "level": "user", "ownerId": "cat" }))),
        403,
        "admin",
    );
    assert_eq!(ask(&bob, &own), [200, 204, 200, 200, 404, 404, 204]);
    let another = create(&server, BOB, &json!({ "level": "user" }));
    assert_eq!(ask(&client(&server, ADA), &another), [200, 204, 200, 200, 404, 404, 204]);
    let changed = create(&server, BOB, &json!({ "level": "user" }));
    assert_eq!(send(&client(&server, ADA), "PATCH", &path(&changed), &renamed).status, 204);
    let shown = get(&server, &path(&changed));
    assert_eq!((&shown["createdByUserId"], &shown["updatedByUserId"]), (&json!("bob"), &json!("ada")));
}

#[test]
fn a_user_owns_150_webhooks_and_no_more() {
    let server = serve("");
    let bob = client(&server, BOB);
    let body = hook(&json!({ "level": "user" }));
    let made: Vec<_> = (0..150).map(|_| bob.post(CORE, &body).unwrap()).collect();
    assert!(made.iter().all(|answer| answer.status == 201));
    refused(&bob.post(CORE, &body).unwrap(), 403, "150 webhooks of this owner");
    // Nor does anybody else give it one more.
    let given = hook(&json!({ "level": "user", "ownerId": "bob" }));
    refused(&client(&server, ADA).post(CORE, &given).unwrap(), 403, "150");
    let other = create(&server, ADA, &json!({}));
    refused(&send(&client(&server, ADA), "PUT", &path(&other), &given), 403, "150");
    assert_eq!(bob.delete(&path(&made[0].json().unwrap())).unwrap().status, 204);
    assert_eq!(bob.post(CORE, &body).unwrap().status, 201);
}

#[test]
fn many_webhooks_given_away_at_once_do_not_exceed_the_quota_of_whoever_gets_them() {
    let server = serve("");
    let body = hook(&json!({ "level": "user" }));
    for _ in 0..148 {
        assert_eq!(client(&server, CAT).post(CORE, &body).unwrap().status, 201);
    }
    let paths: Vec<_> = (0..24).map(|_| path(&create(&server, ADA, &json!({ "level": "user" })))).collect();
    let given = hook(&json!({ "level": "user", "ownerId": "cat" }));
    let start = std::sync::Barrier::new(paths.len());
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = paths
            .iter()
            .map(|path| {
                let (ada, given, start) = (client(&server, ADA), &given, &start);
                scope.spawn(move || {
                    start.wait();
                    send(&ada, "PUT", path, given).status
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let with = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((with(200), with(403)), (2, 22), "{statuses:?}");
}

#[test]
fn a_webhook_may_name_no_types_and_receives_nothing_then() {
    let server = serve("");
    let body = json!({ "name": "hook", "url": SOMEWHERE });
    let made = client(&server, ADA).post(CORE, &body).unwrap();
    assert_eq!((made.status, &made.json().unwrap()["eventTypes"]), (201, &json!([])));
    let made = create(&server, ADA, &json!({}));
    let remove = json!([{ "op": "remove", "path": "/eventTypes", "value": 1 }]);
    assert_eq!(send(&client(&server, ADA), "PATCH", &path(&made), &remove).status, 204);
    assert_eq!(get(&server, &path(&made))["eventTypes"], json!([]));
}

#[test]
fn the_older_path_says_that_it_is_whatever_it_answers() {
    let server = serve("");
    let admin = client(&server, ADA).with_header("qlik-api-version", "2026-08");
    let made = create(&server, ADA, &json!({}));
    let id = made["id"].as_str().unwrap();
    let marks = |answer: &Response| {
        ["deprecation", "sunset", "link"].map(|name| answer.header(name).map(str::to_owned))
    };
    for (method, rest, status) in [
        ("GET", String::new(), 200),
        ("GET", "?limit=x".to_owned(), 400),
        ("GET", "/event-types".to_owned(), 200),
        ("GET", format!("/{id}"), 200),
        ("GET", "/nothing".to_owned(), 404),
        ("GET", format!("/{id}/nothing"), 404),
        ("GET", format!("/{id}/deliveries"), 200),
        ("POST", format!("/{id}"), 405),
        ("DELETE", format!("/{id}"), 204),
    ] {
        let core = admin.send(method, &format!("{CORE}{rest}"), &[], b"").unwrap();
        assert_eq!(marks(&core), [None, None, None], "{method} {rest}");
        let old = admin.send(method, &format!("{V1}{rest}"), &[], b"").unwrap();
        let gone = method == "DELETE";
        assert_eq!((core.status, old.status), (status, if gone { 404 } else { status }), "{method} {rest}");
        assert_eq!(core.header("allow").is_some(), status == 405);
        assert_eq!(old.header("allow"), core.header("allow"));
        let [deprecation, sunset, link] = marks(&old);
        assert_eq!(deprecation.as_deref(), Some("@1793664000"), "{method} {rest}");
        assert_eq!(sunset.as_deref(), Some("Mon, 01 Nov 2027 00:00:00 GMT"));
        let path = rest.split('?').next().unwrap();
        assert_eq!(link.unwrap(), format!("<https://hooks.test{CORE}{path}>; rel=\"successor-version\""));
    }
}

#[test]
fn every_error_has_qliks_form_and_a_trace_of_its_own() {
    let server = serve("");
    let admin = client(&server, ADA);
    let nowhere = "/018bcfe5-6800-7fff-bfff-ffffffffffff";
    let mut traces = Vec::new();
    for (asking, method, path, status, title) in [
        (&admin, "GET", format!("{CORE}?limit=0"), 400, "Bad Request"),
        (&server.client(), "GET", CORE.to_owned(), 401, "Unauthorized"),
        (&client(&server, PUB), "GET", CORE.to_owned(), 403, "Forbidden"),
        (&client(&server, OPERATOR), "GET", CORE.to_owned(), 403, "Forbidden"),
        (&client(&server, FOREIGNER), "GET", CORE.to_owned(), 404, "Not Found"),
        (&admin, "GET", format!("{CORE}{nowhere}"), 404, "Not Found"),
        (&admin, "GET", format!("{CORE}/%FF"), 404, "Not Found"),
        (&admin, "GET", format!("{CORE}/a/b/c/d"), 404, "Not Found"),
        (&admin, "GET", "/api/core".to_owned(), 404, "Not Found"),
        (&admin, "GET", "/api/core/apps".to_owned(), 404, "Not Found"),
        (&admin, "GET", format!("{V1}/a/b/c/d"), 404, "Not Found"),
        (&admin, "PUT", CORE.to_owned(), 405, "Method Not Allowed"),
        (&admin, "PUT", V1.to_owned(), 405, "Method Not Allowed"),
        (&admin, "POST", format!("{CORE}/event-types"), 405, "Method Not Allowed"),
    ] {
        let answer = asking.send(method, &path, &[], b"").unwrap();
        let body = refused(&answer, status, "");
        assert_eq!(body["errors"][0]["title"], title, "{path}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
        traces.push(body["traceId"].to_string());
    }
    traces.sort();
    let all = traces.len();
    traces.dedup();
    assert_eq!(traces.len(), all);
    let no_token = server.client().get(V1).unwrap();
    assert_eq!((no_token.status, &no_token.json().unwrap()["errors"][0]["code"]), (401, &json!("HTTP-401")));
}

#[test]
fn whoever_asks_too_often_is_told_in_qliks_words_how_long_to_wait() {
    let server = start(&config("", "", ""));
    for base in [CORE, V1] {
        let path = format!("{base}/018bcfe5-6800-7fff-bfff-ffffffffffff");
        let bob = client(&server, BOB);
        let mut answers = (0..300).map(|_| bob.delete(&path).unwrap());
        let answer = answers.find(|answer| answer.status == 429).unwrap();
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        let expected = json!([{
            "code": "HTTP-429", "title": "API rate limit reached.",
            "detail": format!("You need to wait {seconds} seconds until limit is lifted."),
        }]);
        assert_eq!(answer.json().unwrap()["errors"], expected);
        assert_eq!(client(&server, CAT).delete(&path).unwrap().status, 404, "others are not counted");
        assert_eq!(bob.get(base).unwrap().status, 200, "reading is counted apart");
    }
}

#[test]
fn all_of_it_outlives_a_crash() {
    let mut server = serve("");
    let full = json!({
        "level": "user", "ownerId": "bob", "filter": "(id EQ \"a\" or spaceId ne \"s\")", "secret": SECRET, "enabled": true,
        "description": "why", "headers": { "X-A": "b" }, "encryptedHeaders": { "X-B": "c" },
        "checkCertificateRevocation": true, "origin": "management-console", "enableCloudEventDelivery": false,
    });
    let made = create(&server, ADA, &full);
    let list = get(&server, CORE);
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(get(&server, &path(&made)), made);
    assert_eq!(get(&server, CORE), list);
    let found = get(&server, &format!("{CORE}?sort=-createdAt&limit=1&name=hook"));
    assert_eq!(found["data"][0], made);
}
