//! The history of deliveries: what is told is what a receiver got.

use sigpost_tests::receiver::{Answer, Reply, Request};

use super::*;

fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).unwrap()
}

/// What every request carries because of how it travels, and not because of what it says.
const CARRIED: [&str; 3] = ["host", "content-length", "connection"];

/// The headers of a request as they came, in lower case and sorted.
fn received(request: &Request) -> Vec<(String, String)> {
    let all = request.headers.iter().map(|(name, value)| (name.to_lowercase(), text(value)));
    let mut all: Vec<_> = all.filter(|(name, _)| !CARRIED.contains(&name.as_str())).collect();
    all.sort();
    all
}

/// The headers of a request as they are told, sorted.
fn told(request: &Value) -> Vec<(String, String)> {
    let all = request["headers"].as_array().unwrap().iter();
    let text = |header: &Value, member: &str| header[member].as_str().unwrap().to_owned();
    let mut all: Vec<_> = all.map(|header| (text(header, "name"), text(header, "value"))).collect();
    all.sort();
    all
}

#[test]
fn a_delivery_is_told_as_its_receiver_got_it_signatures_included() {
    let server = serve();
    for system in SYSTEMS {
        let receiver = receiver();
        receiver.then(
            Reply::status(418).header("X-Tea", "green").header("set-cookie", "a=b").body("I am „short“"),
        );
        let secret = "a secret of thirty-two characters";
        let made = create(&server, system, &receiver.url("/in?x=1"), &json!({ "secret": secret }));
        assert_eq!(publish(&server, system, &event("e-1")).status, 202);
        let request = receiver.wait_for(1, SOON).unwrap().remove(0);
        let admin = client(&server, system, "admin");
        let entry = listed(&admin, 1).remove(0);
        let delivery = body(&admin.get(&format!("/v1/deliveries/{}", id(&entry))).unwrap(), 200);
        assert_eq!(delivery["webhook"], made["id"]);
        assert_eq!(
            delivery["event"],
            json!({ "id": "e-1", "source": "/shop", "type": "order.paid" }),
            "{system}"
        );
        assert_eq!((&delivery["cause"], &delivery["state"]), (&json!("event"), &json!("exhausted")));
        assert_eq!((&delivery["attempts"], &delivery["next_attempt_at"]), (&json!(1), &Value::Null));
        assert_eq!(delivery["message_id"].as_str(), request.header("webhook-id"));
        assert_eq!(delivery["request"]["url"], receiver.url("/in?x=1"));
        assert_eq!(told(&delivery["request"]), received(&request), "{system}");
        assert!(shown(&delivery["request"], "webhook-signature").is_some());
        assert_eq!(delivery["request"]["body"].as_str().unwrap(), text(&request.body));
        let response = &delivery["response"];
        assert_eq!((&response["status"], &response["body"]), (&json!(418), &json!("I am „short“")));
        assert_eq!(shown(response, "x-tea").unwrap()["value"], "green");
        assert_eq!(response.get("body_base64"), None);
        assert_eq!((&delivery["success"], &delivery["failure"]), (&json!(false), &Value::Null));
        assert!(delivery["duration_ms"].as_f64().unwrap() > 0.0);
        let history = delivery["history"].as_array().unwrap();
        assert_eq!((history.len(), &history[0]["number"]), (1, &json!(1)));
        for member in ["started_at", "duration_ms", "success", "response", "failure"] {
            assert_eq!(history[0][member], delivery[member]);
        }
        assert_eq!(told(&history[0]["request"]), told(&delivery["request"]));
        // A list leaves bodies out, unless they are asked for.
        let mut without = delivery.clone();
        without.as_object_mut().unwrap().remove("history");
        let page = body(&admin.get("/v1/deliveries?include=bodies").unwrap(), 200);
        assert_eq!(page["deliveries"], json!([without]));
        for part in ["request", "response"] {
            without[part].as_object_mut().unwrap().remove("body");
        }
        assert_eq!(entry, without);
        let of_webhook = body(&admin.get(&format!("{}/deliveries", path(&made))).unwrap(), 200);
        assert_eq!(of_webhook, json!({ "deliveries": [without], "next": null, "prev": null }));
    }
}

#[test]
fn what_came_of_an_attempt_is_told_in_stable_words() {
    let server = serve();
    let admin = client(&server, "native", "admin");
    let [closing, garbled, binary] = [receiver(), receiver(), receiver()];
    closing.otherwise(Answer::Close);
    garbled.otherwise(Answer::Bytes(b"SMTP 1.0 hello\r\n\r\n".to_vec()));
    binary.otherwise(Reply::status(200).body(vec![0x80, b'a']));
    for (url, class, phase) in [
        ("http://127.0.0.1:9/".to_owned(), "connection-refused", "connect"),
        (closing.url("/"), "connection-reset", "exchange"),
        (garbled.url("/"), "invalid-response", "exchange"),
        ("http://no-such-host.invalid/".to_owned(), "dns", "connect"),
        ("http://localhost:1/".to_owned(), "connection-refused", "connect"),
    ] {
        let made = create(&server, "native", &url, &json!({}));
        let tested = body(&admin.post(&format!("{}/test", path(&made)), &json!({})).unwrap(), 200);
        assert_eq!((&tested["response"], &tested["success"]), (&Value::Null, &json!(false)), "{url}");
        let failure = &tested["failure"];
        assert!(failure["class"].as_str().unwrap().starts_with(class), "{url}: {failure}");
        assert_eq!(failure["phase"], phase, "{url}");
        assert_eq!(tested["request"]["url"], url);
    }
    let made = create(&server, "native", &binary.url("/"), &json!({}));
    let tested = body(&admin.post(&format!("{}/test", path(&made)), &json!({})).unwrap(), 200);
    assert_eq!(
        (&tested["response"]["body"], &tested["response"]["body_base64"]),
        (&json!("\u{fffd}a"), &json!("gGE="))
    );
}

#[test]
fn deliveries_are_found_by_every_filter() {
    let (server, receiver) = (serve(), receiver());
    let admin = client(&server, "native", "admin");
    let good = create(&server, "native", &receiver.url("/"), &json!({}));
    let bad = create(&server, "native", "http://127.0.0.1:9/", &json!({ "owner": "2" }));
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    let both = listed(&admin, 2);
    let of = |webhook: &Value| both.iter().find(|entry| entry["webhook"] == webhook["id"]).unwrap();
    let (delivered, exhausted) = (id(of(&good)), id(of(&bad)));
    std::thread::sleep(Duration::from_millis(5));
    let more = json!({ "event_type": "some.type" });
    let test = body(&admin.post(&format!("{}/test", path(&good)), &more).unwrap(), 200);
    let resent = body(&admin.post(&format!("/v1/deliveries/{exhausted}/resend"), &json!({})).unwrap(), 201);
    let (test, resent, since) = (id(&test), id(&resent), test["created_at"].as_str().unwrap());
    let all = [&delivered, &exhausted, &test, &resent];
    for (query, expected) in [
        (String::new(), &[0, 1, 2, 3][..]),
        (format!("webhook={}", id(&good)), &[0, 2]),
        (format!("webhook={}", id(&bad)), &[1, 3]),
        ("event_type=order.paid".into(), &[0, 1, 3]),
        ("event_type=some.type".into(), &[2]),
        ("event_type=some".into(), &[]),
        ("state=delivered".into(), &[0, 2]),
        ("state=exhausted".into(), &[1, 3]),
        ("state=pending".into(), &[]),
        ("state=cancelled".into(), &[]),
        ("state=expired".into(), &[]),
        ("cause=event".into(), &[0, 1]),
        ("cause=test".into(), &[2]),
        ("cause=resend".into(), &[3]),
        ("cause=replay".into(), &[]),
        ("success=true".into(), &[0, 2]),
        ("success=false".into(), &[1, 3]),
        (format!("since={since}"), &[2, 3]),
        (format!("until={since}"), &[0, 1]),
        (format!("until={since}&success=true&cause=event&state=delivered"), &[0]),
    ] {
        let page = body(&admin.get(&format!("/v1/deliveries?{query}")).unwrap(), 200);
        let mut found: Vec<_> = page["deliveries"].as_array().unwrap().iter().map(id).collect();
        let mut expected: Vec<_> = expected.iter().map(|&index| all[index].clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{query}");
    }
    let order = |query: &str| {
        let page = body(&admin.get(&format!("/v1/deliveries?{query}")).unwrap(), 200);
        page["deliveries"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    let mut turned = order("order=asc");
    assert_eq!(&turned[2..], [test, resent]);
    turned.reverse();
    assert_eq!((order("order=desc"), order("")), (turned.clone(), turned));
    // A user's are those of its own webhooks.
    let user = client(&server, "native", "user");
    let own = body(&user.get("/v1/deliveries").unwrap(), 200);
    assert_eq!(own["deliveries"].as_array().unwrap().len(), 2);
    assert!(own["deliveries"].as_array().unwrap().iter().all(|entry| entry["webhook"] == bad["id"]));
    refused(&user.get(&format!("/v1/deliveries?webhook={}", id(&good))).unwrap(), 404, None, "another's");
    refused(&user.get(&format!("{}/deliveries", path(&good))).unwrap(), 404, None, "another's");
}

#[test]
fn what_is_not_known_in_a_query_is_refused_by_name() {
    let server = serve();
    let admin = client(&server, "native", "admin");
    let made = create(&server, "native", "http://127.0.0.1:9/", &json!({}));
    let nobody = "018bcfe5-6800-7fff-bfff-ffffffffffff";
    for (query, name) in [
        ("webhook=1", "webhook"),
        ("event_type=", "event_type"),
        ("state=done", "state"),
        ("cause=because", "cause"),
        ("success=yes", "success"),
        ("since=now", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("order=up", "order"),
        ("include=everything", "include"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=", "cursor"),
        ("cursor=AAAAAAAAAAAA", "cursor"),
        ("offset=1", "offset"),
        ("state=pending&state=pending", "state"),
    ] {
        for list in ["/v1/deliveries".to_owned(), format!("{}/deliveries", path(&made))] {
            let answer = admin.get(&format!("{list}?{query}")).unwrap();
            refused(&answer, 400, None, query);
            assert!(answer.text().contains(name), "{query}: {}", answer.text());
        }
    }
    let narrowed = format!("{}/deliveries?webhook={}", path(&made), id(&made));
    refused(&admin.get(&narrowed).unwrap(), 400, None, "the path names it already");
    refused(&admin.get(&format!("/v1/deliveries?webhook={nobody}")).unwrap(), 404, None, "nobody's");
    for at in ["/v1/deliveries/1", "/v1/deliveries/%FF", &format!("/v1/deliveries/{nobody}")] {
        refused(&admin.get(at).unwrap(), 404, None, at);
        refused(&admin.post(&format!("{at}/resend"), &json!({})).unwrap(), 404, None, at);
    }
    refused(&admin.delete("/v1/deliveries").unwrap(), 405, None, "method");
}

#[test]
fn pages_lead_forward_and_back_while_new_deliveries_arrive() {
    let (server, receiver) = (serve(), receiver());
    create(&server, "native", &receiver.url("/"), &json!({}));
    let admin = client(&server, "native", "admin");
    let publish_more = |from: usize, to: usize| {
        for count in from..to {
            assert_eq!(publish(&server, "native", &event(&count.to_string())).status, 202);
            listed(&admin, count + 1);
        }
    };
    publish_more(0, 7);
    let mut events: Vec<_> = listed(&admin, 7).iter().map(id).collect();
    let page = |query: &str| body(&admin.get(&format!("/v1/deliveries?limit=3{query}")).unwrap(), 200);
    let ids = |page: &Value| page["deliveries"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
    let follow =
        |page_before: &Value, side: &str| page(&format!("&cursor={}", page_before[side].as_str().unwrap()));
    let first = page("");
    assert_eq!((ids(&first), &first["prev"]), (events[..3].to_vec(), &Value::Null));
    publish_more(7, 9);
    let second = follow(&first, "next");
    assert_eq!(ids(&second), events[3..6]);
    let third = follow(&second, "next");
    assert_eq!((ids(&third), &third["next"]), (events[6..].to_vec(), &Value::Null));
    let back = follow(&third, "prev");
    assert_eq!(ids(&back), events[3..6]);
    assert_eq!(ids(&follow(&back, "next")), events[6..]);
    let start = follow(&back, "prev");
    assert_eq!(ids(&start), events[..3]);
    // Before what was the first page are those that came meanwhile.
    let newer: Vec<_> = listed(&admin, 9).iter().take(2).map(id).collect();
    let before = follow(&start, "prev");
    assert_eq!((ids(&before), &before["prev"]), (newer.clone(), &Value::Null));
    assert_eq!(ids(&follow(&before, "next")), events[..3]);
    // The other way round, with a filter.
    events.reverse();
    events.extend(newer.into_iter().rev());
    let (mut seen, mut at) = (Vec::new(), page("&order=asc&success=true"));
    loop {
        seen.extend(ids(&at));
        let Some(next) = at["next"].as_str() else { break };
        at = page(&format!("&order=asc&success=true&cursor={next}"));
    }
    assert_eq!(seen, events);
}

#[test]
fn a_resend_is_a_delivery_of_its_own_with_the_same_bytes_to_where_the_webhook_points_now() {
    let (server, first, second) = (serve(), receiver(), receiver());
    first.otherwise(Reply::status(500));
    let made = create(&server, "immuta-request", &first.url("/"), &json!({ "secret": "a secret" }));
    let admin = client(&server, "immuta-request", "admin");
    assert_eq!(publish(&server, "immuta-request", &event("1")).status, 202);
    let failed = id(&listed(&admin, 1)[0]);
    let at = format!("/v1/deliveries/{failed}");
    let original = body(&admin.get(&at).unwrap(), 200);
    body(&patch(&admin, &path(&made), &[], &json!({ "url": second.url("/new") })), 200);
    let answer = admin.send("POST", &format!("{at}/resend"), &[], b"").unwrap();
    let resent = body(&answer, 201);
    assert_eq!(answer.header("location"), Some(format!("/v1/deliveries/{}", id(&resent)).as_str()));
    assert_ne!(resent["id"], original["id"]);
    assert_eq!((&resent["cause"], &resent["state"]), (&json!("resend"), &json!("delivered")));
    for same in ["message_id", "event", "webhook"] {
        assert_eq!(resent[same], original[same], "{same}");
    }
    assert_eq!(resent["request"]["body"], original["request"]["body"]);
    assert_eq!(resent["request"]["url"], second.url("/new"));
    let (old, new) = (first.requests().remove(0), second.wait_for(1, SOON).unwrap().remove(0));
    assert_eq!((&old.body, new.target.as_str()), (&new.body, "/new"));
    // What was sent before is told as it was then.
    assert_eq!(body(&admin.get(&at).unwrap(), 200), original);
    assert_eq!(original["request"]["url"], first.url("/"));
    assert_eq!(told(&original["request"]), received(&old));
    // One that fails is made all the same.
    second.otherwise(Reply::status(503));
    let failed_again =
        body(&admin.post(&format!("/v1/deliveries/{}/resend", id(&resent)), &json!({})).unwrap(), 201);
    assert_eq!(
        (&failed_again["state"], &failed_again["response"]["status"]),
        (&json!("exhausted"), &json!(503))
    );
    // Once the secret is another, nobody can make the old signatures again.
    body(&admin.post(&format!("{}/secret", path(&made)), &json!({})).unwrap(), 200);
    let later = body(&admin.get(&at).unwrap(), 200);
    for header in later["request"]["headers"].as_array().unwrap() {
        let signature = header["name"].as_str().unwrap().contains("signature");
        assert_eq!(
            (header["value"].is_null(), header["omitted"] == true),
            (signature, signature),
            "{header}"
        );
    }
    admin.delete(&path(&made)).unwrap();
    refused(&admin.post(&format!("{at}/resend"), &json!({})).unwrap(), 404, None, "its webhook is gone");
    let orphan = body(&admin.get(&at).unwrap(), 200);
    assert_eq!((&orphan["webhook_deleted"], &orphan["webhook"]), (&json!(true), &made["id"]));
}

#[test]
fn what_is_anothers_is_not_there() {
    let (server, receiver) = (serve(), receiver());
    let admin = client(&server, "native", "admin");
    let made = create(&server, "native", &receiver.url("/"), &json!({ "owner": "2" }));
    let at = format!("{}/test", path(&made));
    let delivery = id(&body(&admin.post(&at, &json!({})).unwrap(), 200));
    let read = format!("/v1/deliveries/{delivery}");
    let resend = format!("{read}/resend");
    for (who, status) in [("user", 200), ("other", 404), ("sender", 403)] {
        let who = client(&server, "native", who);
        assert_eq!(who.get(&read).unwrap().status, status);
        assert_eq!(who.get(&format!("{}/deliveries", path(&made))).unwrap().status, status);
        assert_eq!(who.post(&resend, &json!({})).unwrap().status, if status == 200 { 201 } else { status });
    }
    for system in SYSTEMS.into_iter().filter(|system| *system != "native") {
        let stranger = client(&server, system, "admin");
        refused(&stranger.get(&read).unwrap(), 404, None, system);
        refused(&stranger.post(&resend, &json!({})).unwrap(), 404, None, system);
        assert_eq!(body(&stranger.get("/v1/deliveries").unwrap(), 200)["deliveries"], json!([]));
    }
    refused(&server.client().get(&read).unwrap(), 401, None, "nobody");
    let operator = server.client().with_token(OPERATOR).with_header("sigpost-tenant", "native");
    for at in [read.as_str(), "/v1/deliveries"] {
        refused(&operator.get(at).unwrap(), 403, None, "an operator reads no bodies");
    }
}
