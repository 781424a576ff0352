//! Creating, reading and deleting webhooks; tokens; who sees what.

use super::*;

#[test]
fn the_documented_payload_creates_a_webhook_with_the_documented_answer() {
    let server = serve("");
    // As curl's `--data` sends it, without a JSON content type.
    let body = r#"{ "webhooks": [ { "url": "https://demo.service.com/processWebhook", "name": "ViewMonitorHook",
        "global": false, "notificationType": [ "ALL_NOTIFICATIONS" ], "actionType": "triggered" } ] }"#;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = client(&server, USER).send("POST", "/webhooks", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json().unwrap();
    assert_eq!(keys(&answer), ["createdWebhooks", "errors"]);
    let created = &answer["createdWebhooks"][0];
    let documented = ["id", "url", "name", "global", "actionType", "createdBy", "createdAt", "updatedAt"];
    assert_eq!(keys(created), documented);
    assert_eq!((created["id"].as_i64(), created["createdBy"].as_i64()), (Some(1), Some(2)));
    let time = created["createdAt"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");

    let read = client(&server, USER).get("/webhooks/1").unwrap().json().unwrap();
    assert_eq!(read["notificationType"], json!(["ALL_NOTIFICATIONS"]));
    assert_eq!(read["secret"], Value::Null, "a secret is never shown");
    let list = client(&server, USER).get("/webhooks").unwrap().json().unwrap();
    assert_eq!(list, json!([read]));
    let deleted = client(&server, USER).delete("/webhooks/1").unwrap();
    assert_eq!((deleted.status, keys(&deleted.json().unwrap())), (200, documented.to_vec()));
    assert_eq!(client(&server, USER).get("/webhooks/1").unwrap().status, 404);
    assert_eq!(client(&server, USER).delete("/webhooks/1").unwrap().status, 404);
}

#[test]
fn entries_are_judged_one_by_one_and_the_request_succeeds_whatever_becomes_of_them() {
    let server = serve("event_types = [\"ourOwn\"]");
    let bad = |change: fn(&mut Value)| {
        let mut entry = entry("https://example.com/");
        change(&mut entry);
        entry
    };
    let cases = [
        (bad(|e| e["url"] = json!("/internal-webhook/automatic-subscription")), "absolute"),
        (bad(|e| e["url"] = json!("organization.immuta.com")), "absolute"),
        (bad(|e| e["url"] = json!("https://ada:pw@example.com/")), "user name"),
        (bad(|e| e["url"] = json!("gopher://example.com/")), "http or https"),
        (bad(|e| e["url"] = json!("http://10.0.0.1/")), "may not reach"),
        (bad(|e| e["url"] = json!("http://[::ffff:10.0.0.1]/")), "may not reach"),
        (bad(|e| e["url"] = json!("http://169.254.169.254/latest/meta-data/")), "may not reach"),
        (bad(|e| e["url"] = json!("http://2852039166/")), "may not reach"),
        (bad(|e| e["url"] = json!(7)), "url must be text"),
        (bad(|e| e["name"] = json!("")), "name must have"),
        (bad(|e| e["name"] = Value::Null), "name must be text"),
        (bad(|e| e["global"] = json!("yes")), "global is required"),
        (bad(|e| e["notificationType"] = json!([])), "at least one"),
        (bad(|e| e["notificationType"] = json!("modelCreated")), "must be an array"),
        (bad(|e| e["notificationType"] = json!(["nobodyKnows"])), "\"nobodyKnows\", which is not known"),
        (bad(|e| e["notificationType"] = json!([1])), "nothing but text"),
        (bad(|e| e["actionType"] = json!("sent")), "triggered or received"),
        (bad(|e| e["secret"] = json!("")), "secret must not be empty"),
        (bad(|e| e["secret"] = json!(1)), "secret must be text"),
        (bad(|e| e["secret"] = json!("x".repeat(1_025))), "secret must not be longer"),
        (bad(|e| e["secert"] = json!("x")), "\"secert\" is not allowed"),
        (json!("https://example.com/"), "must be an object"),
        (Value::Null, "must be an object"),
    ];
    let mut entries: Vec<Value> = cases.iter().map(|(entry, _)| entry.clone()).collect();
    entries.push(bad(|e| e["notificationType"] = json!(["ourOwn", "queryCreated", "collectionCreated"])));
    let answer = client(&server, ADMIN).post("/webhooks", &json!({ "webhooks": entries })).unwrap();
    assert_eq!(answer.status, 200);
    let answer = answer.json().unwrap();
    assert_eq!(answer["createdWebhooks"].as_array().unwrap().len(), 1);
    for (index, (entry, message)) in cases.iter().enumerate() {
        let error = &answer["errors"][index];
        assert_eq!(error["index"], index);
        assert!(error["message"].as_str().unwrap().contains(message), "{entry}: {error}");
        assert_eq!(error["url"].as_str(), entry["url"].as_str());
        assert_eq!(error["name"].as_str(), entry["name"].as_str());
    }
    // The server itself is no receiver, in any spelling, although the tenant may reach the loopback network.
    let port = server.base().rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"] {
        let own = entry(&format!("http://{host}:{port}/webhooks"));
        let answer = client(&server, ADMIN).post("/webhooks", &json!({ "webhooks": [own] })).unwrap();
        let error = answer.json().unwrap()["errors"][0]["message"].clone();
        assert!(error.as_str().unwrap().contains("may not reach"), "{host}: {error}");
    }
    let none = client(&server, ADMIN).post("/webhooks", &json!({ "webhooks": [1] })).unwrap();
    assert_eq!((none.status, &none.json().unwrap()["createdWebhooks"]), (200, &json!([])));
}

#[test]
fn an_entry_with_a_member_twice_or_a_number_without_a_double_is_wrong_alone() {
    let server = serve("");
    let good = entry("https://example.com/");
    for (secret, wrong) in [
        (r#""secret":"one","secret":"two""#, "repeats another"),
        // JavaScript reads null, and null is no secret.
        (r#""secret":1e999"#, "beyond what a double holds at offset 48 of this entry"),
    ] {
        let body =
            format!(r#"{{"webhooks":[{{"url":"https://a.example/","name":"a",{secret}}},{good}],"more":1}}"#);
        let answer = client(&server, ADMIN).send("POST", "/webhooks", &[], body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json().unwrap();
        assert_eq!(answer["createdWebhooks"][0]["name"], "hook");
        let error = &answer["errors"][0];
        assert_eq!(
            (&error["index"], &error["name"], &error["url"]),
            (&json!(0), &json!("a"), &json!("https://a.example/"))
        );
        assert!(error["message"].as_str().unwrap().contains(wrong), "{error}");
    }
}

#[test]
fn what_stands_beside_the_entries_is_judged_with_the_request() {
    let server = serve("");
    let send = |body: String| client(&server, ADMIN).send("POST", "/webhooks", &[], body.as_bytes()).unwrap();
    let good = entry("https://example.com/");
    // Half a surrogate pair in a name nobody asks for is JSON all the same.
    let odd = send(format!("{{\"webhooks\":[{good}],\"\\ud800\":1}}"));
    assert_eq!((odd.status, odd.json().unwrap()["errors"].clone()), (200, json!([])));
    for (body, message) in [
        ("{\"webhooks\":[],\"a\":1,\"a\":2}".to_owned(), "repeats another"),
        (format!("{{\"a\":1,\"webhooks\":[{good},{good}],\"a\":2}}"), "repeats another"),
        ("{\"webhooks\":[],\"webhooks\":[]}".to_owned(), "repeats another"),
        (format!("{{\"webhooks\":[{good}],\"a\":-1e999}}"), "beyond what a double holds"),
        (format!("{{\"webhooks\":[{good}],\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70)), "nested deeper"),
    ] {
        let answer = send(body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(message), "{}", answer.text());
    }
}

#[test]
fn an_entry_that_is_too_deep_is_wrong_alone() {
    let server = serve("");
    let (good, deep) = (entry("https://example.com/"), "[".repeat(50_000) + &"]".repeat(50_000));
    let body = format!("{{\"webhooks\":[{deep},{{\"name\":\"n\",\"url\":[[{deep}]]}},{good}]}}");
    let answer = client(&server, ADMIN).send("POST", "/webhooks", &[], body.as_bytes()).unwrap();
    let status = answer.status;
    let answer = answer.json().unwrap();
    assert_eq!((status, answer["createdWebhooks"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    for (index, name) in [(0, Value::Null), (1, json!("n"))] {
        let error = &answer["errors"][index];
        assert_eq!((&error["index"], &error["name"]), (&json!(index), &name));
        assert!(error["message"].as_str().unwrap().contains("nested deeper than 64"), "{error}");
    }
}

#[test]
fn of_entries_beyond_a_thousand_one_error_tells() {
    let server = serve("");
    let body = format!("{{\"webhooks\":[{}]}}", vec!["0"; 400_000].join(","));
    let answer = client(&server, ADMIN).send("POST", "/webhooks", &[], body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200);
    let errors = answer.json().unwrap()["errors"].as_array().unwrap().clone();
    assert_eq!((errors.len(), &errors[1_000]["index"]), (1_001, &json!(1_000)));
    assert!(errors[1_000]["message"].as_str().unwrap().contains("at most 1000"), "{}", errors[1_000]);
    assert!(errors[999]["message"].as_str().unwrap().contains("must be an object"), "{}", errors[999]);
}

#[test]
fn receive_is_taken_for_received() {
    let server = serve("");
    let mut entry = entry("https://example.com/");
    entry["actionType"] = json!("receive");
    let id = create(&server, ADMIN, &entry);
    let read = client(&server, ADMIN).get(&format!("/webhooks/{id}")).unwrap().json().unwrap();
    assert_eq!(read["actionType"], "received");
}

#[test]
fn users_see_their_own_webhooks_and_admins_all_of_their_tenant() {
    let server = serve("");
    let mut own = entry("https://example.com/");
    own["global"] = json!(false);
    let (by_admin, by_user) =
        (create(&server, ADMIN, &entry("https://example.com/")), create(&server, USER, &own));
    let ids = |token: &str| {
        let list = client(&server, token).get("/webhooks").unwrap().json().unwrap();
        list.as_array().unwrap().iter().map(|webhook| webhook["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(ADMIN), [by_admin, by_user]);
    assert_eq!(ids(USER), [by_user]);
    assert_eq!(ids(OTHER_USER), [0_i64; 0]);
    assert_eq!(ids(STRANGER), [0_i64; 0]);
    for (token, id) in [(USER, by_admin), (OTHER_USER, by_user), (STRANGER, by_admin)] {
        for answer in [
            client(&server, token).get(&format!("/webhooks/{id}")).unwrap(),
            client(&server, token).delete(&format!("/webhooks/{id}")).unwrap(),
        ] {
            assert_eq!(answer.status, 404, "{token}");
            assert_eq!(keys(&answer.json().unwrap()), ["statusCode", "error", "message"]);
        }
    }
    assert_eq!(client(&server, ADMIN).delete(&format!("/webhooks/{by_user}")).unwrap().status, 200);
    // Another tenant counts for itself.
    assert_eq!(create(&server, STRANGER, &entry("https://example.com/")), 1);
}

#[test]
fn only_admins_create_global_webhooks() {
    let server = serve("");
    let body = json!({ "webhooks": [entry("https://example.com/")] });
    let answer = client(&server, USER).post("/webhooks", &body).unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.json().unwrap()["errors"][0]["message"].as_str().unwrap().contains("admin"));
}

#[test]
fn a_sender_only_publishes_and_an_operator_only_manages() {
    let server = serve("");
    for path in ["/webhooks", "/webhooks/actions", "/webhooks/history", "/webhooks/1"] {
        assert_eq!(client(&server, SENDER).get(path).unwrap().status, 403, "{path}");
        assert_eq!(client(&server, OPERATOR).get(path).unwrap().status, 403, "{path}");
    }
    assert_eq!(send_event(&client(&server, USER), &event("1", "modelCreated", &json!({}))).status, 403);
    assert_eq!(send_event(&client(&server, OPERATOR), &event("1", "modelCreated", &json!({}))).status, 403);
    let acting = client(&server, OPERATOR).with_header("sigpost-tenant", "acme");
    assert_eq!(acting.get("/webhooks").unwrap().status, 200);
    assert_eq!(acting.get("/webhooks/history").unwrap().status, 403);
    assert_eq!(
        client(&server, OPERATOR).with_header("sigpost-tenant", "nobody").get("/webhooks").unwrap().status,
        404
    );
    // A tenant's own users cannot leave it.
    let stranger = client(&server, STRANGER).with_header("sigpost-tenant", "acme");
    create(&server, ADMIN, &entry("https://example.com/"));
    assert_eq!(stranger.get("/webhooks").unwrap().json().unwrap(), json!([]));
}

#[test]
fn the_list_of_actions_is_that_of_the_release() {
    let saas = serve("event_types = [\"ourOwn\"]");
    let names = client(&saas, USER).get("/webhooks/actions").unwrap().json().unwrap();
    assert_eq!(names.as_array().unwrap().len(), 78);
    assert_eq!((&names[0], &names[77]), (&json!("ALL_NOTIFICATIONS"), &json!("ourOwn")));
    let old = serve("notification_list = \"2024.3\"");
    let names = client(&old, USER).get("/webhooks/actions").unwrap().json().unwrap();
    assert_eq!((names.as_array().unwrap().len(), &names[70]), (71, &json!("policyAdjustmentCreated")));
}

#[test]
fn an_api_key_is_exchanged_for_a_bearer_and_works_bare_too() {
    let server = serve("");
    let exchange =
        |key: &str| server.client().post("/bim/apikey/authenticate", &json!({ "apikey": key })).unwrap();
    let answer = exchange(USER);
    assert_eq!(answer.status, 200);
    let bearer = answer.json().unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(client(&server, &bearer).get("/webhooks").unwrap().status, 200);
    assert_eq!(server.client().with_header("authorization", USER).get("/webhooks").unwrap().status, 200);
    assert_eq!(server.client().with_header("authorization", &bearer).get("/webhooks").unwrap().status, 200);
    for wrong in ["wrong", &bearer, OPERATOR, ""] {
        let answer = exchange(wrong);
        assert_eq!(
            (answer.status, &answer.json().unwrap()["error"]),
            (401, &json!("Unauthorized")),
            "{wrong}"
        );
    }
    assert_eq!(
        server.client().post("/bim/apikey/authenticate", &json!({ "key": USER })).unwrap().status,
        400
    );
}

#[test]
fn without_a_valid_token_there_is_nothing_but_401() {
    let server = serve("");
    let bad = [None, Some(""), Some("Bearer"), Some("Bearer wrong"), Some("Basic dTpw"), Some("wrong")];
    for authorization in bad {
        let client = match authorization {
            None => server.client(),
            Some(value) => server.client().with_header("authorization", value),
        };
        for (method, path) in [
            ("GET", "/webhooks"),
            ("POST", "/webhooks"),
            ("GET", "/webhooks/1"),
            ("DELETE", "/webhooks/1"),
            ("GET", "/webhooks/actions"),
            ("GET", "/webhooks/history"),
            ("POST", "/webhooks/history/retry/1"),
        ] {
            let answer = client.send(method, path, &[], b"").unwrap();
            let body = answer.json().unwrap();
            assert_eq!(
                (answer.status, &body["statusCode"]),
                (401, &json!(401)),
                "{method} {path} {authorization:?}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        let answer = client.send("POST", "/v1/events", &[], b"").unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (401, Some("application/problem+json")));
    }
}

#[test]
fn failed_authentication_is_limited_per_address() {
    let unguessable = "u".repeat(43);
    let toml = config("").replace("rate_limit = false", "").replace(SENDER, &unguessable);
    let server = Launch::sigpost(toml).unwrap().start().unwrap();
    let answers: Vec<_> = (0..30).map(|_| client(&server, "wrong").get("/webhooks").unwrap()).collect();
    let last = answers.last().unwrap();
    assert_eq!(last.status, 429, "{}", last.text());
    assert!(last.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(answers[0].status, 401);
    // Not even a right token is looked at until then, or guessing would cost nothing; but one that nobody guesses is.
    assert_eq!(client(&server, ADMIN).get("/webhooks").unwrap().status, 429);
    let sent = send_event(&client(&server, &unguessable), &event("1", "modelCreated", &json!({})));
    assert_eq!(sent.status, 202, "{}", sent.text());
    assert_eq!(client(&server, &"v".repeat(43)).get("/webhooks").unwrap().status, 429);
    // It does not open the way for a key in the body.
    let key = json!({ "apikey": USER });
    let answer = client(&server, &unguessable).post("/bim/apikey/authenticate", &key).unwrap();
    assert_eq!(answer.status, 429, "{}", answer.text());
    let exchange =
        || server.client().post("/bim/apikey/authenticate", &json!({ "apikey": "wrong" })).unwrap();
    assert_eq!(exchange().status, 429);
    let welcome = || (client(&server, ADMIN).get("/webhooks").unwrap().status == 200).then_some(());
    Deadline::after(SOON).poll(welcome).expect("the refusal passes");
    assert_eq!(exchange().status, 401);
}

#[test]
fn deleting_cancels_what_is_pending_and_keeps_history() {
    let server = serve("retry = [\"0s\", \"1h\"]");
    let receiver = receiver();
    receiver.otherwise(sigpost_tests::receiver::Reply::status(500));
    let id = create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    wait_for_history(&server, ADMIN, "?includeGlobal=true", 1);
    assert_eq!(client(&server, ADMIN).delete(&format!("/webhooks/{id}")).unwrap().status, 200);
    let page = history(&server, ADMIN, "?includeGlobal=true");
    assert_eq!((&page["count"], &page["records"][0]["webhooksId"]), (&json!("1"), &json!(id)));
    let record = page["records"][0]["id"].as_i64().unwrap();
    let retry =
        client(&server, ADMIN).send("POST", &format!("/webhooks/history/retry/{record}"), &[], b"").unwrap();
    assert_eq!(retry.status, 404, "{}", retry.text());
    accept(&server, "2");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(receiver.requests().len(), 1, "a deleted webhook receives nothing");
}
