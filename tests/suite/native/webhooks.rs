//! `/v1/webhooks`: making, reading, deleting, and who may.

use sigpost_tests::node::{NodeReceiver, Options};

use super::*;

const SOMEWHERE: &str = "http://127.0.0.1:9/";

#[test]
fn a_generated_secret_is_shown_once_and_signs() {
    let server = serve();
    let shell = receiver();
    let first = create(&server, "generic", &shell.url("/"), &json!({}));
    let secret = first["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 38, "{secret}");
    let path = format!("/v1/webhooks/{}", id(&first));
    assert!(!client(&server, "generic", "admin").get(&path).unwrap().text().contains("whsec_"));
    assert_eq!(publish(&server, "generic", &event("1")).status, 202);
    let request = shell.wait_for(1, SOON).unwrap().remove(0);
    // What was caught is handed to the package, as a receiver would.
    let options =
        Options { secret, schemes: vec!["generic".into(), "standard-webhooks".into()], status: None };
    let mut node = NodeReceiver::start(&options).unwrap();
    let headers: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| name.contains("signature") || name.starts_with("webhook-"))
        .map(|(name, value)| (name.as_str(), core::str::from_utf8(value).unwrap()))
        .collect();
    Client::new(&node.url("")).send("POST", "/", &headers, &request.body).unwrap();
    let delivery = node.next(SOON).unwrap();
    assert!(delivery.ok, "{:?}", delivery.results);
}

#[test]
fn null_as_a_secret_makes_a_webhook_without_signatures() {
    let (server, receiver) = (serve(), receiver());
    let webhook = create(&server, "native", &receiver.url("/"), &json!({ "secret": null }));
    assert_eq!((&webhook["signed"], webhook.get("secret")), (&json!(false), None));
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    let request = receiver.wait_for(1, SOON).unwrap().remove(0);
    assert!(request.header("webhook-signature").is_none() && request.header("webhook-id").is_some());
}

#[test]
fn a_number_beyond_the_doubles_is_refused_and_not_taken_for_null() {
    let server = serve();
    let admin = client(&server, "native", "admin");
    let body = r#"{"url":"https://a.example/","secret":1e999,"profile":{"dialect":"native","name":"a"}}"#;
    let answer = admin.send("POST", "/v1/webhooks", &[], body.as_bytes()).unwrap();
    problem(&answer, 400, "malformed-json", "create");
    assert!(answer.text().contains("beyond what a double holds at offset 37"), "{}", answer.text());
    let made = create(&server, "native", SOMEWHERE, &json!({}));
    let path = format!("/v1/webhooks/{}", id(&made));
    for (method, path) in [("PATCH", path.clone()), ("POST", format!("{path}/secret"))] {
        let answer = admin.send(method, &path, &[], br#"{"secret":[-1e999]}"#).unwrap();
        problem(&answer, 400, "malformed-json", method);
    }
    // What an event carries is signed as JavaScript writes it.
    let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"order.paid","data":{"n":1e999}}"#;
    let json = [("content-type", "application/cloudevents+json")];
    assert_eq!(
        client(&server, "native", "sender")
            .send("POST", "/v1/events", &json, event.as_bytes())
            .unwrap()
            .status,
        202
    );
}

#[test]
fn whoever_may_not_publish_is_told_so_whatever_the_body_is() {
    let server = serve();
    for (role, status) in [("user", 403), ("sender", 400)] {
        let json = [("content-type", "application/cloudevents+json")];
        let answer = client(&server, "native", role).send("POST", "/v1/events", &json, b"{").unwrap();
        assert_eq!(answer.status, status, "{role}: {}", answer.text());
    }
    let answer = client(&server, "native", "user").send("POST", "/v1/events", &[], b"").unwrap();
    problem(&answer, 403, "forbidden", "no content type");
}

#[test]
fn a_webhook_is_read_listed_and_deleted_and_outlives_a_crash() {
    let mut server = serve();
    let made = create(&server, "qlik", SOMEWHERE, &json!({ "secret": null }));
    assert_eq!(
        made["profile"],
        json!({
            "dialect": "qlik", "name": "hook", "description": null, "event_types": ["order.paid"],
            "level": "tenant", "cloud_events": true, "filter": null, "headers": {}, "encrypted_headers": [],
            "check_certificate_revocation": false, "origin": "api",
        })
    );
    assert_eq!(
        (&made["owner"], &made["state"], &made["url"]),
        (&json!("1"), &json!("enabled"), &json!(SOMEWHERE))
    );
    server.kill().unwrap();
    server.restart().unwrap();
    let admin = client(&server, "qlik", "admin");
    let path = format!("/v1/webhooks/{}", id(&made));
    assert_eq!(admin.get(&path).unwrap().json().unwrap(), made);
    let listed = admin.get("/v1/webhooks").unwrap().json().unwrap();
    assert_eq!(listed, json!({ "webhooks": [made], "next": null }));
    let deleted = admin.send("DELETE", &path, &[], b"").unwrap();
    assert_eq!((deleted.status, deleted.text().as_ref()), (204, ""));
    refused(&admin.get(&path).unwrap(), 404, None, "read after delete");
    refused(&admin.send("DELETE", &path, &[], b"").unwrap(), 404, None, "delete twice");
}

#[test]
fn a_list_comes_in_pages() {
    let server = serve();
    let admin = client(&server, "generic", "admin");
    let made: Vec<_> = (0..5).map(|_| id(&create(&server, "generic", SOMEWHERE, &json!({})))).collect();
    let (mut found, mut query) = (Vec::new(), "limit=2".to_owned());
    for page in 0..3 {
        let answer = admin.get(&format!("/v1/webhooks?{query}")).unwrap().json().unwrap();
        let webhooks = answer["webhooks"].as_array().unwrap();
        assert_eq!(webhooks.len(), if page < 2 { 2 } else { 1 });
        found.extend(webhooks.iter().map(id));
        // A webhook that goes meanwhile costs nobody else its place.
        if page == 0 {
            admin.send("DELETE", &format!("/v1/webhooks/{}", made[1]), &[], b"").unwrap();
        }
        match answer["next"].as_str() {
            Some(next) => query = format!("limit=2&cursor={next}"),
            None => assert_eq!(page, 2),
        }
    }
    assert_eq!(found, made);
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=__________8", "cursor"),
        ("limit=1&limit=2", "limit"),
        ("page=1", "page"),
    ] {
        let answer = admin.get(&format!("/v1/webhooks?{query}")).unwrap();
        refused(&answer, 400, None, query);
        assert!(answer.text().contains(name), "{query}: {}", answer.text());
    }
}

#[test]
fn roles_decide_who_may_make_and_see_webhooks() {
    let server = serve();
    for system in SYSTEMS {
        let made = create(&server, system, SOMEWHERE, &json!({ "secret": null }));
        let path = format!("/v1/webhooks/{}", id(&made));
        let body = json!({ "url": SOMEWHERE, "profile": profile(system) });
        for (role, create, read) in [("user", 403, 404), ("sender", 403, 403)] {
            let who = client(&server, system, role);
            assert_eq!(who.post("/v1/webhooks", &body).unwrap().status, create, "{system} {role}");
            assert_eq!(who.get(&path).unwrap().status, read, "{system} {role}");
            assert_eq!(who.send("DELETE", &path, &[], b"").unwrap().status, read, "{system} {role}");
        }
        // Another tenant's admin, no token, and an operator with and without a tenant.
        let stranger = client(&server, if system == "native" { "qlik" } else { "native" }, "admin");
        refused(&stranger.get(&path).unwrap(), 404, None, system);
        refused(&server.client().get(&path).unwrap(), 401, None, system);
        let operator = server.client().with_token(OPERATOR);
        refused(&operator.get(&path).unwrap(), 403, None, system);
        let inside = [("sigpost-tenant", system)];
        assert_eq!(operator.send("GET", &path, &inside, b"").unwrap().status, 200, "{system}");
        let create = operator.send("POST", "/v1/webhooks", &inside, body.to_string().as_bytes()).unwrap();
        refused(&create, 403, None, system);
    }
}

#[test]
fn a_webhook_that_breaks_a_rule_is_refused_with_its_field() {
    let server = serve();
    let admin = |system| client(&server, system, "admin");
    let with = |system: &str, change: &dyn Fn(&mut Value)| {
        let mut body = json!({ "url": SOMEWHERE, "profile": profile(system) });
        change(&mut body);
        body
    };
    let url = |url: &'static str| move |body: &mut Value| body["url"] = json!(url);
    for address in [
        "/relative",
        "ftp://a.example/",
        "https://ada@a.example/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "",
    ] {
        let answer = admin("native").post("/v1/webhooks", &with("native", &url(address))).unwrap();
        refused(&answer, 422, Some("url"), address);
    }
    let long = "s".repeat(1_025);
    for (system, field, change) in [
        ("native", Some("secret"), &(|body: &mut Value| body["secret"] = json!("")) as &dyn Fn(&mut Value)),
        ("native", Some("secret"), &|body| body["secret"] = json!(long)),
        ("qlik", Some("secret"), &|body| body["secret"] = json!("x".repeat(31))),
        ("native", Some("secret"), &|body| body["secret"] = json!(7)),
        ("native", Some("colour"), &|body| body["colour"] = json!("red")),
        ("native", None, &|body| *body = json!([SOMEWHERE, "secret", ["native", "n", ["*"]]])),
        ("native", Some("profile"), &|body| body["profile"] = json!(["native", "n", ["*"]])),
        ("native", Some("url"), &|body| body["url"] = json!(5)),
        ("native", Some("url"), &|body| drop(body.as_object_mut().unwrap().remove("url"))),
        ("native", Some("profile"), &|body| body["profile"]["colour"] = json!("red")),
        ("native", Some("profile"), &|body| body["profile"]["dialect"] = json!("mail")),
        ("native", Some("profile"), &|body| body["profile"] = profile("generic")),
        ("native", Some("profile"), &|body| body["profile"]["event_types"] = json!(["unknown"])),
        ("native", Some("profile"), &|body| body["profile"]["event_types"] = json!([])),
        ("native", Some("profile"), &|body| body["profile"]["event_types"] = json!(["*", 1])),
        ("native", Some("profile"), &|body| {
            drop(body["profile"].as_object_mut().unwrap().remove("event_types"));
        }),
        ("immuta-request", Some("profile"), &|body| body["profile"]["verify_tls"] = json!("no")),
        ("immuta", Some("profile"), &|body| body["profile"]["action"] = json!("acted")),
        ("immuta", Some("profile"), &|body| body["profile"]["name"] = json!("")),
        ("qlik", Some("profile"), &|body| body["profile"]["level"] = json!("space")),
        ("qlik", Some("profile"), &|body| body["profile"]["description"] = json!(long)),
        ("generic", Some("profile"), &|body| body["profile"]["description"] = json!(long)),
    ] {
        let body = with(system, change);
        refused(&admin(system).post("/v1/webhooks", &body).unwrap(), 422, field, &body.to_string());
    }
    for (system, types) in [("immuta", json!(["nope"])), ("generic", json!(["nope"])), ("generic", json!([]))]
    {
        let body = with(system, &|body| body["profile"]["event_types"] = types.clone());
        let answer = admin(system).post("/v1/webhooks", &body).unwrap();
        assert!(answer.text().contains("profile: event_types "), "{system}: {}", answer.text());
    }
    let half = br#"{"url":"http://127.0.0.1:9/","profile":{"dialect":"native","name":"\ud800","event_types":["*"]}}"#;
    let answer = admin("native").send("POST", "/v1/webhooks", &[], half).unwrap();
    refused(&answer, 422, Some("profile"), "half a character");
    assert!(answer.text().contains("profile.name must be well-formed"), "{}", answer.text());
    for body in [&b"{"[..], b"{\"url\":\"a\",\"url\":\"b\"}", b"\xff", &[b'['; 100]] {
        refused(&admin("native").send("POST", "/v1/webhooks", &[], body).unwrap(), 400, None, "malformed");
    }
    for path in ["/v1/webhooks/1", "/v1/webhooks/%FF", "/v1/webhooks/018bcfe5-6800-7fff-bfff-ffffffffffff"] {
        refused(&admin("native").get(path).unwrap(), 404, None, path);
    }
    for (method, path) in [("PUT", "/v1/webhooks"), ("POST", "/v1/webhooks/1")] {
        refused(&admin("native").send(method, path, &[], b"").unwrap(), 405, None, path);
    }
    assert_eq!(admin("native").get("/v1/webhooks").unwrap().json().unwrap()["webhooks"], json!([]));
}

#[test]
fn a_qlik_profile_that_breaks_a_rule_is_refused() {
    let server = serve();
    let admin = client(&server, "qlik", "admin");
    for (member, value) in [
        ("filter", json!("id co \"a\"")),
        ("filter", json!("data.status eq \"ok\"")),
        ("filter", json!(7)),
        ("headers", json!({ "Content-Length": "1" })),
        ("headers", json!({ "x-a": "b\r\nx: y" })),
        ("headers", json!({ "x\r\ny": "b" })),
        ("headers", json!({ "x-a": 1 })),
        ("headers", json!([["x-a", "b"]])),
        ("headers", json!({ "x-a": "b", "X-A": "c" })),
        ("encrypted_headers", json!({ "x-a": "s".repeat(2_046) })),
        ("encrypted_headers", json!({ "x-a": "hush\u{0}" })),
        ("encrypted_headers", json!(["x-a"])),
        ("level", json!("space")),
        ("check_certificate_revocation", json!("yes")),
        ("origin", json!("mars")),
    ] {
        let mut profile = profile("qlik");
        profile[member] = value;
        let body = json!({ "url": SOMEWHERE, "profile": profile });
        let answer = admin.post("/v1/webhooks", &body).unwrap();
        refused(&answer, 422, Some("profile"), &body.to_string());
        assert!(answer.text().contains(member) && !answer.text().contains("hush"), "{}", answer.text());
    }
    let mut profile = profile("qlik");
    profile["event_types"] = json!(["com.qlik.v1.app.deleted"]);
    profile["level"] = json!("user");
    let answer = admin.post("/v1/webhooks", &json!({ "url": SOMEWHERE, "profile": profile })).unwrap();
    refused(&answer, 422, Some("profile"), "a type of the tenant's for a user");
    assert_eq!(admin.get("/v1/webhooks").unwrap().json().unwrap()["webhooks"], json!([]));
}

#[test]
fn a_qlik_target_must_be_a_host_name_reached_by_https_unless_the_operator_relaxes_it() {
    let strict = config().replace("relaxed_targets = true", "relaxed_targets = false");
    let server = Launch::sigpost(strict).unwrap().start().unwrap();
    let admin = client(&server, "qlik", "admin");
    for (url, status) in
        [("http://a.example/", 422), ("https://127.0.0.1/", 422), ("https://a.example/", 201)]
    {
        let answer = admin.post("/v1/webhooks", &json!({ "url": url, "profile": profile("qlik") })).unwrap();
        assert_eq!(answer.status, status, "{url}: {}", answer.text());
    }
}

#[test]
fn a_qlik_user_has_150_webhooks_and_another_as_many_again() {
    let server = serve();
    let (user, admin) = (client(&server, "qlik", "user"), client(&server, "qlik", "admin"));
    let mut own = profile("qlik");
    own["level"] = json!("user");
    let body = json!({ "url": SOMEWHERE, "secret": null, "profile": own });
    let made: Vec<_> = (0..150).map(|_| user.post("/v1/webhooks", &body).unwrap()).collect();
    assert!(made.iter().all(|answer| answer.status == 201));
    let answer = user.post("/v1/webhooks", &body).unwrap();
    refused(&answer, 403, None, "one too many");
    assert!(answer.text().contains("150 webhooks of this owner"), "{}", answer.text());
    assert_eq!(admin.post("/v1/webhooks", &body).unwrap().status, 201, "somebody else's");
    let first = format!("/v1/webhooks/{}", id(&made[0].json().unwrap()));
    assert_eq!(user.send("DELETE", &first, &[], b"").unwrap().status, 204);
    assert_eq!(user.post("/v1/webhooks", &body).unwrap().status, 201, "there is room again");
}
