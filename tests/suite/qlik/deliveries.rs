//! The history of a webhook, and sending once more.

use sigpost_core::signature::{Scheme, Secret, Verifier};
use sigpost_tests::receiver::{Answer, Reply};

use super::*;

const TYPE: &str = "com.qlik.v1.app.created";

fn enabled(receiver: &Receiver, more: &Value) -> Value {
    let mut body = json!({ "url": receiver.url("/hook?k=v"), "enabled": true });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_delivery_is_shown_as_it_was_sent_and_answered_with_secrets_left_out() {
    let (server, receiver) = (serve(""), receiver());
    receiver.then(
        Reply::status(500)
            .header("X-Answer", "yes")
            .header("x-key", "echo of hush")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(b"broken \xff".to_vec()),
    );
    let more =
        json!({ "secret": SECRET, "headers": { "X-Plain": "p" }, "encryptedHeaders": { "X-Key": "hush" } });
    let made = create(&server, ADA, &enabled(&receiver, &more));
    let event =
        publish(&server, "1", TYPE, &json!({ "userid": "u", "data": { "n": 1, "9": "a", "é": "ü" } }));
    let shown = deliveries(&server, &made, 1).remove(0);
    let request = receiver.requests().remove(0);
    assert_eq!((&shown["status"], &shown["eventType"]), (&json!("fail"), &json!(TYPE)));
    assert_eq!(shown["webhookId"], made["id"]);
    assert_eq!(shown["statusMessage"], "the receiver answered 500");
    assert_eq!(shown["request"]["url"], made["url"]);
    assert_eq!(shown["request"]["body"], request.json().unwrap());
    assert_eq!(shown["request"]["body"]["data"], event["data"]);
    let sent = shown["request"]["headers"].as_object().unwrap();
    for (name, value) in sent {
        let received = request.header(name);
        match name.as_str() {
            "x-key" => assert_eq!((value, received), (&json!("**OMITTED**"), Some("hush"))),
            _ => assert_eq!(value.as_str(), received, "{name}"),
        }
    }
    for name in [
        "x-plain",
        "x-key",
        "content-type",
        "user-agent",
        "qlik-signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ] {
        assert!(sent.contains_key(name), "{name}: {shown}");
    }
    let response = &shown["response"];
    assert_eq!((&response["statusCode"], &response["body"]), (&json!(500), &json!("broken \u{fffd}")));
    assert_eq!(
        (&response["headers"]["x-answer"], &response["headers"]["x-key"]),
        (&json!("yes"), &json!("**OMITTED**"))
    );
    assert_eq!(response["headers"]["set-cookie"], "a=1, b=2");
    // Whoever can no longer be asked what it was is not shown something else.
    let clear =
        json!([{ "op": "remove", "path": "/secret" }, { "op": "remove", "path": "/encryptedHeaders" }]);
    assert_eq!(send(&client(&server, ADA), "PATCH", &path(&made), &clear).status, 204);
    let later = deliveries(&server, &made, 1).remove(0);
    for name in ["qlik-signature", "webhook-signature", "x-key"] {
        assert_eq!(later["request"]["headers"][name], "**OMITTED**", "{name}");
    }
    assert_eq!(later["response"]["headers"]["x-key"], "**OMITTED**");
}

#[test]
fn without_an_answer_there_is_no_response_and_the_message_says_why() {
    let (server, receiver) = (serve("timeout = \"500ms\""), receiver());
    let made = create(&server, ADA, &enabled(&receiver, &json!({})));
    for (index, (answer, message)) in [
        (Answer::Hang, "no complete answer came in time"),
        (Answer::Close, "the connection was closed before an answer came"),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.then(answer);
        publish(&server, &index.to_string(), TYPE, &json!({}));
        let shown = deliveries(&server, &made, index + 1).remove(0);
        assert_eq!((&shown["status"], shown.get("response")), (&json!("fail"), None));
        assert_eq!(shown["statusMessage"], message);
    }
}

#[test]
fn deliveries_are_filtered_sorted_and_paged_while_new_ones_come() {
    let (server, receiver) = (serve(""), receiver());
    let types = json!([TYPE, "com.qlik.v1.app.exported"]);
    let made = create(&server, ADA, &enabled(&receiver, &json!({ "eventTypes": types })));
    let mut order = Vec::new();
    for n in 0..9 {
        receiver.then(Reply::status(if n % 3 == 0 { 503 } else { 204 }));
        publish(&server, &n.to_string(), if n < 4 { TYPE } else { "com.qlik.app.exported" }, &json!({}));
        order.push(deliveries(&server, &made, n + 1)[0]["id"].as_str().unwrap().to_owned());
    }
    let root = format!("{}/deliveries", path(&made));
    let list = |query: &str| ids(&get(&server, &format!("{root}?limit=100&{query}")));
    let of = |indices: &[usize]| indices.iter().map(|&n| order[n].clone()).collect::<Vec<_>>();
    let newest = of(&[8, 7, 6, 5, 4, 3, 2, 1, 0]);
    let by_status = of(&[0, 3, 6, 1, 2, 4, 5, 7, 8]);
    let backwards = |list: &[String]| list.iter().rev().cloned().collect::<Vec<_>>();
    for (query, expected) in [
        ("", newest.clone()),
        ("sort=-triggeredAt", newest.clone()),
        ("sort=triggeredAt", backwards(&newest)),
        ("sort=%2BtriggeredAt", backwards(&newest)),
        ("sort=+triggeredAt", backwards(&newest)),
        ("sort=status", by_status.clone()),
        ("sort=%2Bstatus", by_status.clone()),
        ("sort=+status", by_status.clone()),
        ("sort=-status", backwards(&by_status)),
        ("status=fail", of(&[6, 3, 0])),
        ("status=success&sort=triggeredAt", of(&[1, 2, 4, 5, 7, 8])),
        ("eventType=com.qlik.app.exported", of(&[8, 7, 6, 5, 4])),
        ("eventType=com.qlik.v1.app.created&status=fail", of(&[3, 0])),
        ("eventType=no", vec![]),
    ] {
        assert_eq!(list(query), expected, "{query}");
    }
    for (sort, whole) in
        [("-triggeredAt", &newest), ("%2Bstatus", &by_status), ("-status", &backwards(&by_status))]
    {
        let (mut there, mut at, mut last) =
            (Vec::new(), Some(format!("{root}?limit=2&sort={sort}")), Value::Null);
        while let Some(path) = at {
            last = get(&server, &path);
            assert_eq!(last["links"].get("prev").is_none(), there.is_empty());
            there.extend(ids(&last));
            at = follow(&last["links"]["next"]);
        }
        assert_eq!(there, *whole, "{sort}");
        let (mut back, mut at) = (ids(&last), follow(&last["links"]["prev"]));
        while let Some(path) = at {
            let page = get(&server, &path);
            back.splice(0..0, ids(&page));
            at = follow(&page["links"]["prev"]);
        }
        assert_eq!(back, *whole, "{sort} back");
    }
    // A new one comes first; the second page is still behind the first.
    let first = get(&server, &format!("{root}?limit=4"));
    publish(&server, "new", TYPE, &json!({}));
    let new = deliveries(&server, &made, 10)[0]["id"].as_str().unwrap().to_owned();
    let second = get(&server, &follow(&first["links"]["next"]).unwrap());
    assert_eq!(ids(&second), newest[4..8]);
    let back = get(&server, &follow(&second["links"]["prev"]).unwrap());
    assert_eq!(ids(&back), newest[..4]);
    let before = get(&server, &follow(&back["links"]["prev"]).unwrap());
    assert_eq!((ids(&before), before["links"].get("prev")), (vec![new], None));
    let empty = get(&server, &format!("{root}?eventType=no"));
    assert_eq!(
        empty,
        json!({ "data": [], "links": { "self": { "href": format!("https://hooks.test{root}?eventType=no") } } })
    );
}

#[test]
fn what_a_list_of_deliveries_does_not_understand_is_refused_by_name() {
    let (server, receiver) = (serve(""), receiver());
    let made = create(&server, ADA, &enabled(&receiver, &json!({})));
    for id in ["1", "2"] {
        publish(&server, id, TYPE, &json!({}));
    }
    deliveries(&server, &made, 2);
    let root = format!("{}/deliveries", path(&made));
    let first = get(&server, &format!("{root}?limit=1"));
    let cursor = first["links"]["next"]["href"].as_str().unwrap().split("next=").nth(1).unwrap().to_owned();
    let webhooks = {
        create(&server, ADA, &json!({}));
        get(&server, &format!("{CORE}?limit=1"))
    };
    let another =
        webhooks["links"]["next"]["href"].as_str().unwrap().split("next=").nth(1).unwrap().to_owned();
    for (query, mentions) in [
        ("limit=0", "limit must be"),
        ("limit=101", "limit must be"),
        ("status=failed", "status must be success or fail"),
        ("sort=name", "sort must be status or triggeredAt"),
        ("eventTypes=a", "\"eventTypes\" is not known"),
        ("next=a&prev=b", "exclude each other"),
        ("next=garbage", "next must be"),
        (&format!("sort=status&next={cursor}"), "next must be"),
        (&format!("sort=triggeredAt&prev={cursor}"), "prev must be"),
        (&format!("next={another}"), "next must be"),
    ] {
        refused(&client(&server, ADA).get(&format!("{root}?{query}")).unwrap(), 400, mentions);
    }
    assert_eq!(ids(&get(&server, &format!("{root}?next={cursor}"))).len(), 1);
}

#[test]
fn a_resend_is_a_delivery_of_its_own_with_the_same_bytes_and_id() {
    let (mut server, receiver) = (serve(""), receiver());
    receiver.then(Reply::status(500));
    let made = create(&server, ADA, &enabled(&receiver, &json!({ "secret": SECRET })));
    publish(&server, "1", TYPE, &json!({}));
    let failed = deliveries(&server, &made, 1).remove(0);
    let one = format!("{}/deliveries/{}", path(&made), failed["id"].as_str().unwrap());
    let admin = client(&server, ADA);
    let answer =
        admin.send("POST", &format!("{one}/actions/resend"), &[("content-length", "0")], b"").unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let resent = answer.json().unwrap();
    assert_eq!(
        (&resent["status"], &resent["request"]["body"]),
        (&json!("success"), &failed["request"]["body"])
    );
    assert_ne!(resent["id"], failed["id"]);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    let verifier = Verifier::new(Scheme::QLIK, &[Secret::new(SECRET).unwrap()]).unwrap();
    for request in &requests {
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        verifier.verify(headers, &request.body, 0).unwrap();
    }
    assert_eq!(get(&server, &one), failed, "the first stays as it was");
    // The older path, and a webhook that is off.
    let off = json!([{ "op": "replace", "path": "/enabled", "value": false }]);
    assert_eq!(send(&admin, "PATCH", &path(&made), &off).status, 204);
    assert_eq!(
        admin.send("POST", &format!("{}/actions/resend", one.replace(CORE, V1)), &[], b"").unwrap().status,
        201
    );
    let listed = deliveries(&server, &made, 3);
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(deliveries(&server, &made, 3), listed);
    // A delivery is one of its webhook only.
    let other = create(&server, ADA, &json!({}));
    let admin = client(&server, ADA);
    let elsewhere = one.replace(made["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    refused(&admin.get(&elsewhere).unwrap(), 404, "no such delivery");
    refused(
        &admin.send("POST", &format!("{elsewhere}/actions/resend"), &[], b"").unwrap(),
        404,
        "no such delivery",
    );
    refused(&admin.get(&format!("{}/deliveries/1", path(&made))).unwrap(), 404, "no such delivery");
    assert_eq!(admin.delete(&path(&made)).unwrap().status, 204);
    refused(&admin.get(&one).unwrap(), 404, "no such webhook");
    refused(&admin.send("POST", &format!("{one}/actions/resend"), &[], b"").unwrap(), 404, "no such");
}

#[test]
fn what_is_retried_shows_as_failed_and_a_webhook_the_server_disables_says_why() {
    let settings = "retry = [\"0s\", \"1h\"]";
    let server = start(&config("rate_limit = false", "relaxed_targets = true", settings));
    let receiver = receiver();
    receiver.then(Reply::status(503));
    let made = create(&server, ADA, &enabled(&receiver, &json!({})));
    publish(&server, "1", TYPE, &json!({}));
    assert_eq!(deliveries(&server, &made, 1)[0]["status"], "fail");

    let server = serve("");
    receiver.otherwise(Reply::status(410));
    let made = create(&server, ADA, &enabled(&receiver, &json!({})));
    for id in ["1", "2"] {
        publish(&server, id, TYPE, &json!({}));
        deliveries(&server, &made, id.parse().unwrap());
    }
    let gone =
        Deadline::after(SOON).poll(|| Some(get(&server, &path(&made))).filter(|one| one["enabled"] == false));
    let gone = gone.expect("two times 410 disable it");
    assert_eq!(gone["disabledReasonCode"], "WEBHOOK-GONE");
    assert!(gone["disabledReason"].as_str().unwrap().contains("410"));
    // Turning it off keeps the reason; turning it on ends it.
    for (enabled, reason) in [(false, Some("WEBHOOK-GONE")), (true, None), (false, None)] {
        let change = json!([{ "op": "replace", "path": "/enabled", "value": enabled }]);
        assert_eq!(send(&client(&server, ADA), "PATCH", &path(&made), &change).status, 204);
        let shown = get(&server, &path(&made));
        assert_eq!(
            (shown["enabled"].as_bool(), shown.get("disabledReasonCode").and_then(Value::as_str)),
            (Some(enabled), reason)
        );
    }
}
