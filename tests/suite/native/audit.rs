//! `/v1/audit`: what was changed and by whom, what an operator was refused, and nothing that is secret.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::*;

fn entries(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/v1/audit?{query}")).unwrap();
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json().unwrap()["entries"].as_array().unwrap().clone()
}

/// Who has done what to which kind of thing, newest first.
fn short(entries: &[Value]) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |entry: &Value| {
        (text(&entry["actor"]["id"]), text(&entry["operation"]), text(&entry["object"]["id"]))
    };
    entries.iter().map(one).collect()
}

#[test]
fn every_change_leaves_an_entry_that_outlives_a_restart() {
    let mut server = serve();
    let native = inside(&server, "native");
    make(&operator(&server), "/v1/tenants", &json!({ "name": "shop", "dialect": "native" }));
    let change = json!({ "settings": { "timeout": "2s" }, "egress": { "relaxed_targets": true } });
    assert_eq!(alter(&operator(&server), "/v1/tenants/shop", &change).status, 200);
    make(&native, "/v1/users", &json!({ "id": "ada", "roles": ["admin", "sender"] }));
    assert_eq!(alter(&native, "/v1/users/ada", &json!({ "roles": ["admin"] })).status, 200);
    let token = make(&native, "/v1/tokens", &json!({ "user": "ada" }));
    let ada = server.client().with_token(token["token"].as_str().unwrap());
    let receiver = receiver();
    let hook = make(&ada, "/v1/webhooks", &json!({ "url": receiver.url("/"), "profile": profile("native") }));
    let (hook, id) = (hook["id"].as_str().unwrap(), token["id"].as_str().unwrap());
    assert_eq!(ada.delete(&format!("/v1/webhooks/{hook}")).unwrap().status, 204);
    assert_eq!(native.delete(&format!("/v1/tokens/{id}")).unwrap().status, 204);
    assert_eq!(native.delete("/v1/users/ada").unwrap().status, 204);
    assert_eq!(operator(&server).delete("/v1/tenants/shop").unwrap().status, 204);
    server.restart().unwrap();
    let all = entries(&operator(&server), "");
    let expected = [
        ("ops", "tenant.delete", "shop"),
        ("ops", "user.delete", "ada"),
        ("ops", "token.revoke", id),
        ("ada", "webhook.delete", hook),
        ("ada", "webhook.create", hook),
        ("ops", "token.create", id),
        ("ops", "user.update", "ada"),
        ("ops", "user.create", "ada"),
        ("ops", "tenant.update", "shop"),
        ("ops", "tenant.create", "shop"),
    ];
    let expected: Vec<_> = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).into();
    assert_eq!(short(&all), expected);
    assert!(all.iter().all(|entry| entry["outcome"] == json!("done")), "{all:?}");
    // Each names its tenant, its actor's kind, and what else there is to say.
    assert_eq!((&all[0]["tenant"], &all[3]["tenant"]), (&json!("shop"), &json!("native")));
    assert_eq!((&all[0]["actor"]["kind"], &all[3]["actor"]["kind"]), (&json!("operator"), &json!("user")));
    assert_eq!(all[8]["detail"], json!({ "changed": "egress.relaxed_targets settings.timeout" }));
    assert_eq!(
        (&all[5]["detail"], &all[6]["detail"]),
        (&json!({ "user": "ada" }), &json!({ "changed": "roles", "roles": "admin" }))
    );
    // An admin reads its tenant's, an operator a tenant's by naming it.
    for reader in [client(&server, "native", "admin"), inside(&server, "native")] {
        let own = entries(&reader, "");
        assert_eq!(own.len(), 7);
        assert!(own.iter().all(|entry| entry["tenant"] == json!("native")), "{own:?}");
    }
    assert_eq!(entries(&client(&server, "qlik", "admin"), ""), [json!(null); 0]);
}

#[test]
fn bearers_and_resends_leave_an_entry_too() {
    let (server, receiver) = (serve(), receiver());
    create(&server, "immuta", &receiver.url("/"), &json!({}));
    assert_eq!(publish(&server, "immuta", &event("1")).status, 202);
    receiver.wait_for(1, SOON).unwrap();
    let key = token("immuta", "admin");
    let bearer = server.client().post("/bim/apikey/authenticate", &json!({ "apikey": key })).unwrap();
    let bearer = bearer.json().unwrap()["token"].as_str().unwrap().to_owned();
    let holder = server.client().with_token(&bearer);
    let pause = Duration::from_millis(20);
    while holder.send("POST", "/webhooks/history/retry/1", &[], b"").unwrap().status != 200 {
        std::thread::sleep(pause);
    }
    let all = entries(&client(&server, "immuta", "admin"), "");
    let operations: Vec<_> = all.iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["delivery.resend", "token.exchange", "webhook.create"]);
    let (object, detail) = (&all[0]["object"], &all[0]["detail"]);
    assert_eq!(object["kind"], "delivery");
    // By the ids that the history knows them by.
    for delivery in [&object["id"], &detail["new_delivery"]] {
        let path = format!("/v1/deliveries/{}", delivery.as_str().unwrap());
        assert_eq!(client(&server, "immuta", "admin").get(&path).unwrap().status, 200, "{path}");
    }
}

#[test]
fn tests_leave_an_entry_each_and_none_tells_a_url() {
    let (server, receiver) = (serve(), receiver());
    for system in SYSTEMS {
        let made = create(&server, system, &receiver.url("/a-secret-path"), &json!({}));
        let (admin, hook) = (client(&server, system, "admin"), made["id"].as_str().unwrap());
        let tested = admin.post(&format!("/v1/webhooks/{hook}/test"), &json!({})).unwrap().json().unwrap();
        let draft = json!({ "url": receiver.url("/a-secret-path"), "profile": profile(system) });
        assert_eq!(admin.post("/v1/webhooks/test", &draft).unwrap().status, 200);
        let all = entries(&admin, "operation=webhook.test");
        let [of_draft, of_stored] = &all[..] else { panic!("{all:?}") };
        let host = receiver.url("").strip_prefix("http://").unwrap().to_owned();
        assert_eq!((&of_draft["object"], &of_draft["detail"]), (&Value::Null, &json!({ "host": host })));
        assert_eq!(of_stored["object"], json!({ "kind": "webhook", "id": hook }));
        assert_eq!(of_stored["detail"], json!({ "new_delivery": tested["id"] }));
        assert!(!admin.get("/v1/audit").unwrap().text().contains("a-secret-path"));
    }
}

#[test]
fn an_operator_that_names_no_tenant_one_can_read_acts_in_none() {
    let server = serve();
    let raw = |lines: &str| {
        let request = format!(
            "GET /v1/audit HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {OPERATOR}\r\n{lines}connection: close\r\n\r\n"
        );
        let mut socket = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(raw("").starts_with("HTTP/1.1 200 "));
    assert!(raw("sigpost-tenant: native\r\n").starts_with("HTTP/1.1 200 "));
    for lines in [
        "sigpost-tenant: nativ\u{e9}\r\n",
        "sigpost-tenant:\r\n",
        "sigpost-tenant: native\r\nsigpost-tenant: native\r\n",
        "sigpost-tenant: native\r\nsigpost-tenant: qlik\r\n",
    ] {
        let answer = raw(lines);
        assert!(
            answer.starts_with("HTTP/1.1 404 ") && answer.contains("no such tenant"),
            "{lines}: {answer}"
        );
    }
}

#[test]
fn what_an_operator_is_refused_is_recorded() {
    let server = serve();
    let body = json!({ "url": "http://127.0.0.1:9/", "profile": profile("native") });
    assert_eq!(inside(&server, "native").post("/v1/webhooks", &body).unwrap().status, 403);
    assert_eq!(operator(&server).get("/v1/users").unwrap().status, 403);
    assert_eq!(operator(&server).get("/api/v1/webhooks").unwrap().status, 403);
    // Recorded behind the answer's back.
    let deadline = SOON.as_millis() / 20;
    let found = (0..deadline).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        Some(entries(&operator(&server), "actor=ops")).filter(|found| found.len() == 3)
    });
    let mut found = found.expect("three entries");
    found.sort_by_key(|entry| entry["operation"].as_str().unwrap().to_owned());
    assert!(found.iter().all(|entry| entry["outcome"] == json!("refused") && entry["object"].is_null()));
    let shown: Vec<_> = found.iter().map(|entry| (&entry["operation"], &entry["tenant"])).collect();
    let expected = [
        (&json!("user.manage"), &Value::Null),
        (&json!("webhook.create"), &json!("native")),
        (&json!("webhook.read"), &Value::Null),
    ];
    assert_eq!(shown, expected);
    assert_eq!(entries(&client(&server, "native", "admin"), "").len(), 1);
}

#[test]
fn an_operator_that_reads_inside_a_tenant_is_told_of_once_an_hour() {
    let server = serve();
    let native = inside(&server, "native");
    assert_eq!(native.get("/v1/webhooks/no-such").unwrap().status, 404);
    for path in ["/v1/users", "/v1/webhooks?limit=2", "/v1/audit"] {
        assert_eq!(native.get(path).unwrap().status, 200, "{path}");
    }
    assert_eq!(operator(&server).get("/v1/tenants").unwrap().status, 200);
    assert_eq!(client(&server, "native", "admin").get("/v1/webhooks").unwrap().status, 200);
    assert_eq!(inside(&server, "qlik").get("/api/core/webhooks").unwrap().status, 200);
    let all = entries(&operator(&server), "");
    let shown: Vec<_> = all.iter().map(|entry| (&entry["tenant"], &entry["detail"])).collect();
    let (core, users) = (json!({ "first": "/api/core/webhooks" }), json!({ "first": "/v1/users" }));
    assert_eq!(shown, [(&json!("qlik"), &core), (&json!("native"), &users)]);
    for entry in &all {
        assert_eq!((&entry["operation"], &entry["outcome"]), (&json!("tenant.visit"), &json!("done")));
        assert_eq!(entry["actor"], json!({ "kind": "operator", "id": "ops" }));
    }
}

#[test]
fn the_log_is_read_in_pages_and_by_what_is_asked() {
    let server = serve();
    let admin = client(&server, "native", "admin");
    for id in ["a", "b", "c", "d", "e"] {
        make(&admin, "/v1/users", &json!({ "id": id, "roles": [] }));
    }
    assert_eq!(admin.delete("/v1/users/a").unwrap().status, 204);
    let (mut seen, mut query) = (Vec::new(), "limit=2&operation=user.create".to_owned());
    loop {
        let page = admin.get(&format!("/v1/audit?{query}")).unwrap().json().unwrap();
        let found = page["entries"].as_array().unwrap();
        assert!(found.len() <= 2);
        seen.extend(found.iter().map(|entry| entry["object"]["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&operation=user.create&cursor={next}");
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    let all = entries(&admin, "actor=1");
    assert_eq!((all.len(), entries(&admin, "actor=2").len()), (6, 0));
    let newest = all[0]["at"].as_str().unwrap();
    assert!(entries(&admin, &format!("until={newest}")).len() < 6);
    assert!(!entries(&admin, &format!("since={newest}")).is_empty());
    assert_eq!(entries(&admin, "since=2999-01-01T00:00:00Z").len(), 0);
    for bad in ["limit=101", "cursor=x", "since=yesterday", "who=1", "actor=1&actor=2"] {
        problem(&admin.get(&format!("/v1/audit?{bad}")).unwrap(), 400, "bad-query", bad);
    }
}

#[test]
fn no_token_and_no_secret_stands_in_the_log_or_in_the_files() {
    let (mut server, receiver) = (serve(), receiver());
    let secret = "a secret of thirty-two characters";
    let hook = create(&server, "immuta", &receiver.url("/"), &json!({ "secret": secret }));
    let generated = create(&server, "generic", &receiver.url("/"), &json!({}));
    let admin = client(&server, "immuta", "admin");
    let made = make(&admin, "/v1/tokens", &json!({ "user": "2", "name": "ci" }));
    let made = made["token"].as_str().unwrap();
    let exchange = server.client().post("/bim/apikey/authenticate", &json!({ "apikey": made })).unwrap();
    let bearer = exchange.json().unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(server.client().with_token(&bearer).get("/webhooks").unwrap().status, 200);
    let path = format!("/v1/webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).unwrap().status, 204);
    let mut log = operator(&server).get("/v1/audit?limit=100").unwrap().body;
    log.extend(server.stderr().into_bytes());
    let configured = token("immuta", "admin");
    let secrets = [secret, generated["secret"].as_str().unwrap(), made, &bearer, &configured, OPERATOR];
    // While it runs and after it has stopped: the log of the database is merged into it at the end.
    for stopped in [false, true] {
        if stopped {
            server.terminate(SOON).unwrap();
        }
        let mut bytes = log.clone();
        for name in ["sigpost.db", "sigpost.db-wal"] {
            bytes.extend(std::fs::read(server.folder().join("data").join(name)).unwrap_or_default());
        }
        assert!(contains(&bytes, "token.exchange"), "what is there is found");
        for secret in secrets {
            assert!(!contains(&bytes, secret), "{secret}");
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
