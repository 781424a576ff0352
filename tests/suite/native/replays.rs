//! `/v1/replays`: what a webhook missed, sent again.

use std::collections::HashMap;

use sigpost_tests::receiver::{Reply, Request};
use sigpost_tests::time::{Deadline, now};

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

fn wanted(webhook: &Value, more: &Value) -> Value {
    let mut body = json!({ "webhook": id(webhook) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn post(server: &Server, body: &Value) -> Response {
    client(server, "native", "admin").post("/v1/replays", body).unwrap()
}

fn preview(server: &Server, webhook: &Value, more: &Value) -> u64 {
    let mut body = wanted(webhook, more);
    body["preview"] = json!(true);
    let answer = post(server, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()["count"].as_u64().unwrap()
}

fn start(server: &Server, webhook: &Value, more: &Value) -> Value {
    let answer = post(server, &wanted(webhook, more));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let replay = answer.json().unwrap();
    assert_eq!(answer.header("location").unwrap(), format!("/v1/replays/{}", id(&replay)));
    replay
}

fn read(server: &Server, replay: &Value) -> Value {
    let answer = client(server, "native", "admin").get(&format!("/v1/replays/{}", id(replay))).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Waits until a replay is as it should be.
fn until(server: &Server, replay: &Value, what: &str, reached: impl Fn(&Value) -> bool) -> Value {
    let found = Deadline::after(LONG).poll(|| Some(read(server, replay)).filter(|replay| reached(replay)));
    found.unwrap_or_else(|| panic!("{what}: {}", read(server, replay)))
}

fn publish_many(server: &Server, ids: impl Iterator<Item = usize>) {
    let events: Vec<_> = ids.map(|id| event(&format!("event-{id}"))).collect();
    for part in events.chunks(500) {
        let headers = [("content-type", "application/cloudevents-batch+json")];
        let sender = client(server, "native", "sender");
        let body = Value::from(part).to_string();
        let answer = sender.send("POST", "/v1/events", &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
}

/// A webhook that has missed so many events.
fn missed(server: &Server, receiver: &Receiver, count: usize) -> Value {
    receiver.otherwise(Reply::status(500));
    let webhook = create(server, "native", &receiver.url("/"), &json!({}));
    publish_many(server, 0..count);
    let missed =
        Deadline::after(LONG).poll(|| (preview(server, &webhook, &json!({})) == count as u64).then_some(()));
    missed.unwrap_or_else(|| panic!("only {} are exhausted", preview(server, &webhook, &json!({}))));
    assert_eq!(receiver.requests().len(), count);
    webhook
}

fn by_id(requests: &[Request]) -> HashMap<String, Vec<Request>> {
    let mut all: HashMap<String, Vec<Request>> = HashMap::new();
    for request in requests {
        all.entry(request.header("webhook-id").unwrap().to_owned()).or_default().push(request.clone());
    }
    all
}

#[test]
fn a_repaired_receiver_gets_what_it_missed_with_the_same_bytes_and_ids() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 250);
    receiver.otherwise(Reply::status(200));
    publish_many(&server, 1_000..1_010);
    receiver.wait_for(260, SOON).unwrap();
    assert_eq!(preview(&server, &webhook, &json!({})), 250, "what was delivered is not missed");
    let replay = start(&server, &webhook, &json!({}));
    assert_eq!(
        (&replay["state"], &replay["total"], &replay["created_by"]),
        (&json!("running"), &json!(250), &json!("1"))
    );
    assert_eq!((&replay["webhook"], &replay["finished_at"]), (&webhook["id"], &Value::Null));
    let filter =
        json!({ "since": null, "until": null, "states": ["exhausted", "expired"], "event_types": [] });
    assert_eq!(replay["filter"], filter);
    let done = until(&server, &replay, "done", |replay| replay["state"] == "done");
    for (member, count) in
        [("total", 250), ("created", 250), ("pending", 0), ("delivered", 250), ("failed", 0)]
    {
        assert_eq!(done[member], count, "{member}: {done}");
    }
    assert!(done["finished_at"].is_string());
    let requests = receiver.requests();
    assert_eq!(requests.len(), 510);
    let mut replayed = 0;
    for (message, requests) in by_id(&requests) {
        let [first, again] = requests.as_slice() else { continue };
        replayed += 1;
        assert_eq!(first.body, again.body, "{message}");
        assert!(again.header("webhook-signature").is_some());
    }
    assert_eq!(replayed, 250);
    assert_eq!(
        preview(&server, &webhook, &json!({})),
        0,
        "what a replay has delivered is not missed any more"
    );
    assert_eq!(preview(&server, &webhook, &json!({ "states": ["delivered"] })), 260);
}

#[test]
fn a_replay_fails_as_deliveries_do_and_can_be_repeated() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 20);
    let first = start(&server, &webhook, &json!({}));
    let done = until(&server, &first, "done", |replay| replay["state"] == "done");
    assert_eq!((&done["delivered"], &done["failed"]), (&json!(0), &json!(20)));
    assert_eq!(
        preview(&server, &webhook, &json!({})),
        20,
        "an event is chosen once, however often it failed"
    );
    receiver.otherwise(Reply::status(204));
    let second = start(&server, &webhook, &json!({}));
    let done = until(&server, &second, "done", |replay| replay["state"] == "done");
    assert_eq!((&done["delivered"], &done["failed"]), (&json!(20), &json!(0)));
    let listed = client(&server, "native", "admin").get("/v1/replays?limit=1").unwrap().json().unwrap();
    assert_eq!(listed["replays"], json!([done]));
    let next = listed["next"].as_str().unwrap();
    let path = format!("/v1/replays?limit=1&webhook={}&cursor={next}", id(&webhook));
    let listed = client(&server, "native", "admin").get(&path).unwrap().json().unwrap();
    assert_eq!((id(&listed["replays"][0]), &listed["next"]), (id(&first), &Value::Null));
}

#[test]
fn a_replay_that_was_killed_goes_on_and_makes_nothing_twice_and_loses_nothing() {
    let mut server = serve();
    let receiver = receiver();
    let webhook = missed(&server, &receiver, 1_500);
    receiver.otherwise(Reply::status(200).after(Duration::from_millis(5)));
    let replay = start(&server, &webhook, &json!({}));
    for created in [200, 700] {
        until(&server, &replay, "under way", |replay| replay["created"].as_u64().unwrap() >= created);
        server.kill().unwrap();
        server.restart().unwrap();
        let after = read(&server, &replay);
        assert_eq!(after["state"], "running", "{after}");
        assert!(after["created"].as_u64().unwrap() >= created, "{after}");
    }
    let done = until(&server, &replay, "done", |replay| replay["state"] == "done");
    for (member, count) in [("total", 1_500), ("created", 1_500), ("delivered", 1_500), ("failed", 0)] {
        assert_eq!(done[member], count, "{member}: {done}");
    }
    let requests = by_id(&receiver.requests());
    assert_eq!(requests.len(), 1_500);
    assert!(requests.values().all(|requests| requests.len() >= 2), "each was sent again");
    // What was in flight, or not settled yet, at a crash is repeated: two crashes of at most the replay's pending.
    let repeated = requests.values().filter(|requests| requests.len() > 2).count();
    assert!(repeated <= 400, "{repeated} were sent more than once more");
}

#[test]
fn a_webhook_has_one_replay_at_a_time_and_a_cancelled_one_stops() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 600);
    receiver.otherwise(Reply::status(200).after(Duration::from_millis(200)));
    let replay = start(&server, &webhook, &json!({}));
    let second = post(&server, &wanted(&webhook, &json!({})));
    assert_eq!(second.status, 409, "{}", second.text());
    assert_eq!(second.json().unwrap()["type"], "urn:sigpost:problem:conflict");
    until(&server, &replay, "under way", |replay| replay["delivered"].as_u64().unwrap() > 0);
    let path = format!("/v1/replays/{}", id(&replay));
    let cancelled = client(&server, "native", "admin").delete(&path).unwrap();
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    let cancelled = cancelled.json().unwrap();
    assert_eq!((&cancelled["state"], &cancelled["pending"]), (&json!("cancelled"), &json!(0)));
    assert!(cancelled["created"].as_u64().unwrap() <= 400, "{cancelled}");
    // What is in flight lands; then nothing more comes.
    std::thread::sleep(Duration::from_millis(500));
    let (arrived, stands) = (receiver.requests().len(), read(&server, &replay));
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!((receiver.requests().len(), read(&server, &replay)), (arrived, stands.clone()));
    let again = client(&server, "native", "admin").delete(&path).unwrap();
    assert_eq!((again.status, again.json().unwrap()), (200, stands));
    // The next one leaves out what this one has delivered.
    receiver.otherwise(Reply::status(200));
    let next = start(&server, &webhook, &json!({}));
    assert!(next["total"].as_u64().unwrap() < 600, "{next}");
    until(&server, &next, "done", |replay| replay["state"] == "done");
    assert_eq!(preview(&server, &webhook, &json!({})), 0);
}

#[test]
fn deleting_its_webhook_cancels_a_replay() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 300);
    receiver.otherwise(Reply::status(200).after(Duration::from_millis(200)));
    let replay = start(&server, &webhook, &json!({}));
    until(&server, &replay, "under way", |replay| replay["created"].as_u64().unwrap() > 0);
    let path = format!("/v1/webhooks/{}", id(&webhook));
    assert_eq!(client(&server, "native", "admin").delete(&path).unwrap().status, 204);
    let stands = read(&server, &replay);
    assert_eq!((&stands["state"], &stands["pending"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(post(&server, &wanted(&webhook, &json!({}))).status, 404);
}

#[test]
fn live_traffic_does_not_wait_for_a_replay() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 3_000);
    receiver.otherwise(Reply::status(200).after(Duration::from_millis(30)));
    let replay = start(&server, &webhook, &json!({}));
    until(&server, &replay, "under way", |replay| replay["delivered"].as_u64().unwrap() > 100);
    let mut waits = Vec::new();
    for live in 10_000..10_030 {
        let (name, began) = (format!("event-{live}"), now());
        assert_eq!(publish(&server, "native", &event(&name)).status, 202);
        let needle = format!("\"{name}\"");
        let arrived = Deadline::after(SOON).poll(|| {
            let requests = receiver.requests();
            let found = requests
                .iter()
                .rev()
                .take(2_000)
                .find(|request| request.body.windows(needle.len()).any(|part| part == needle.as_bytes()));
            found.map(|request| request.arrived)
        });
        waits.push(arrived.expect("it arrives").saturating_duration_since(began));
    }
    let stands = read(&server, &replay);
    assert_eq!(stands["state"], "running", "the replay was to be under way meanwhile: {stands}");
    waits.sort();
    // 200 of the replay are waiting all the time: in one queue each would come behind them, 0.4 s later.
    let median = waits[waits.len() / 2];
    assert!(median < Duration::from_millis(300), "{waits:?}");
    let done = until(&server, &replay, "done", |replay| replay["state"] == "done");
    assert_eq!(done["delivered"], 3_000, "and the replay is not starved: {done}");
}

#[test]
fn whoever_may_not_does_not() {
    let server = serve();
    let own = json!({
        "url": "http://127.0.0.1:9/",
        "profile": { "dialect": "immuta", "name": "own", "event_types": ["order.paid"], "action": "triggered" },
    });
    let made = client(&server, "immuta", "user").post("/v1/webhooks", &own).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let own = made.json().unwrap();
    let others = create(&server, "immuta", "http://127.0.0.1:9/", &json!({}));
    let ask = |who: &Client, webhook: &Value| who.post("/v1/replays", &wanted(webhook, &json!({}))).unwrap();
    let (admin, user) = (client(&server, "immuta", "admin"), client(&server, "immuta", "user"));
    let (mine, theirs) = (ask(&user, &own), ask(&admin, &others));
    assert_eq!((mine.status, theirs.status), (201, 201), "{}", mine.text());
    let (mine, theirs) = (mine.json().unwrap(), theirs.json().unwrap());
    let path = |replay: &Value| format!("/v1/replays/{}", id(replay));
    assert_eq!(ask(&user, &others).status, 404);
    assert_eq!(user.get(&path(&mine)).unwrap().status, 200);
    assert_eq!(user.get(&path(&theirs)).unwrap().status, 404);
    assert_eq!(user.delete(&path(&theirs)).unwrap().status, 404);
    assert_eq!(user.get(&format!("/v1/replays?webhook={}", id(&others))).unwrap().status, 404);
    let listed = |who: &Client| {
        let listed = who.get("/v1/replays").unwrap().json().unwrap();
        listed["replays"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&user), [id(&mine)]);
    assert_eq!(listed(&admin), [id(&theirs), id(&mine)]);
    let stranger = client(&server, "native", "admin");
    assert!(listed(&stranger).is_empty());
    let operator = server.client().with_token(OPERATOR).with_header("sigpost-tenant", "immuta");
    for (who, create, read) in [
        (stranger, 404, 404),
        (client(&server, "immuta", "sender"), 403, 403),
        (operator, 403, 403),
        (server.client(), 401, 401),
    ] {
        assert_eq!(ask(&who, &own).status, create);
        assert_eq!(who.get(&path(&mine)).unwrap().status, read);
        assert_eq!(who.delete(&path(&mine)).unwrap().status, read);
    }
}

#[test]
fn a_replay_that_breaks_a_rule_is_refused_with_its_field() {
    let server = serve();
    let webhook = create(&server, "native", "http://127.0.0.1:9/", &json!({}));
    for (more, field) in [
        (json!({ "states": [] }), "states"),
        (json!({ "states": ["pending"] }), "states"),
        (json!({ "states": "expired" }), "states"),
        (json!({ "since": "yesterday" }), "since"),
        (json!({ "until": 5 }), "until"),
        (json!({ "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }), "until"),
        (json!({ "event_types": vec!["t"; 201] }), "event_types"),
        (json!({ "preview": "yes" }), "preview"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let answer = post(&server, &wanted(&webhook, &more));
        assert_eq!(answer.status, 422, "{more}: {}", answer.text());
        assert_eq!(answer.json().unwrap()["field"], field, "{more}");
    }
    assert_eq!(post(&server, &json!({})).status, 422);
    assert_eq!(post(&server, &json!({ "webhook": "1" })).status, 404);
    let admin = client(&server, "native", "admin");
    assert_eq!(admin.send("POST", "/v1/replays", &[], b"{").unwrap().status, 400);
    for query in ["limit=0", "limit=101", "cursor=x", "colour=red", "limit=1&limit=1"] {
        assert_eq!(admin.get(&format!("/v1/replays?{query}")).unwrap().status, 400, "{query}");
    }
    for path in ["/v1/replays/1", "/v1/replays/%FF", "/v1/replays/018bcfe5-6800-7fff-bfff-ffffffffffff"] {
        assert_eq!(admin.get(path).unwrap().status, 404, "{path}");
    }
    assert_eq!(admin.send("PUT", "/v1/replays", &[], b"").unwrap().status, 405);
}

#[test]
fn the_replay_of_a_disabled_webhook_waits_until_it_is_enabled() {
    let (server, receiver) = (serve(), receiver());
    let webhook = missed(&server, &receiver, 20);
    receiver.otherwise(Reply::status(200));
    let admin = client(&server, "native", "admin");
    let set = |enabled: bool| {
        let path = format!("/v1/webhooks/{}", id(&webhook));
        let headers = [("content-type", "application/json")];
        let body = json!({ "enabled": enabled }).to_string();
        let answer = admin.send("PATCH", &path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    set(false);
    let replay = start(&server, &webhook, &json!({}));
    let waiting = until(&server, &replay, "made", |replay| replay["created"] == 20);
    assert_eq!((&waiting["pending"], receiver.requests().len()), (&json!(20), 20));
    set(true);
    let done = until(&server, &replay, "done", |replay| replay["state"] == "done");
    assert_eq!((&done["delivered"], receiver.requests().len()), (&json!(20), 40));
}
