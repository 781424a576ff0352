//! Events of the server's own making: what became of a webhook, told to those who ask.

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::{Receiver, Reply};
use sigpost_tests::server::Server;
use sigpost_tests::time::Deadline;

use super::{SENDER, SOON, admin, config, event, publish, serve, subscribe};

const DISABLED: &str = "sigpost.webhook.disabled";
const ROTATED: &str = "sigpost.secret.rotated";
const NEWS: [&str; 3] = [DISABLED, "sigpost.webhook.failing", ROTATED];

fn receiver() -> Receiver {
    Receiver::start().unwrap()
}

fn path(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap())
}

fn alter(client: &Client, webhook: &Value, change: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    let answer = client.send("PATCH", &path(webhook), &headers, change.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn told(receiver: &Receiver, count: usize) -> Vec<Value> {
    let requests = receiver.wait_for(count, SOON).unwrap();
    requests.iter().map(|request| request.json().unwrap()).collect()
}

/// The only entry of the audit log about something that the server itself has done.
fn audited(client: &Client) -> Value {
    let found = Deadline::after(SOON).poll(|| {
        let log = client.get("/v1/audit?operation=webhook.switch_off").unwrap().json().unwrap();
        Some(log["entries"].as_array()?.clone()).filter(|entries| !entries.is_empty())
    });
    let mut entries = found.expect("nothing was recorded");
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

#[test]
fn whoever_asks_is_told_that_a_webhook_was_switched_off_or_given_another_secret() {
    let server = serve(config("", "retry = []"));
    let (news, everything) = (receiver(), receiver());
    let subscribed = subscribe(&server, &news.url("/"), &NEWS);
    subscribe(&server, &everything.url("/"), &["*"]);
    let about = subscribe(&server, "http://127.0.0.1:9/", &["*"]);
    let admin = admin(&server);
    alter(&admin, &about, &json!({ "enabled": false, "profile": { "name": "orders" } }));
    let event = told(&news, 1).remove(0);
    assert_eq!((&event["type"], &event["source"]), (&json!(DISABLED), &json!("/sigpost")));
    assert_eq!(event["subject"], about["id"]);
    assert_eq!(event["data"], json!({ "webhook": about["id"], "name": "orders", "reason": "by-owner" }));
    // Signed as any other delivery, with the secret of whoever is told.
    let request = news.requests().remove(0);
    assert!(request.header("webhook-signature").is_some() && request.header("webhook-id").is_some());
    let rotated = admin.post(&format!("{}/secret", path(&about)), &json!({})).unwrap();
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let rotated = rotated.json().unwrap();
    let event = told(&news, 2).remove(1);
    assert_eq!((&event["type"], &event["data"]["webhook"]), (&json!(ROTATED), &about["id"]));
    let shown = admin.get(&path(&about)).unwrap().json().unwrap();
    for time in ["activate_at", "retire_at"] {
        assert!(event["data"][time].is_string(), "{event}");
        assert_eq!(event["data"][time], shown["rotation"][time], "{shown}");
    }
    let bodies = news.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap());
    let texts: String = bodies.collect();
    for secret in [&rotated["secret"], &about["secret"], &subscribed["secret"]] {
        assert!(!texts.contains(secret.as_str().unwrap()), "{texts}");
    }
    // What else changes is no news, and no news reaches those who ask for everything.
    alter(&admin, &about, &json!({ "enabled": true, "url": "http://127.0.0.1:9/elsewhere" }));
    alter(&admin, &about, &json!({ "enabled": false }));
    assert_eq!(told(&news, 3)[2]["type"], json!(DISABLED));
    assert_eq!(publish(&server, &[super::event("1")]).status, 202);
    assert_eq!(told(&everything, 1)[0]["type"], json!("order.paid"));
    assert_eq!((news.requests().len(), everything.requests().len()), (3, 1));
}

#[test]
fn a_webhook_that_the_server_switches_off_is_told_of_and_recorded_but_not_to_itself() {
    let server = serve(config("", "retry = []"));
    let (news, gone) = (receiver(), receiver());
    gone.otherwise(Reply::status(410));
    subscribe(&server, &news.url("/"), &[DISABLED]);
    let about = subscribe(&server, &gone.url("/"), &["*", DISABLED]);
    for (count, id) in ["1", "2"].into_iter().enumerate() {
        assert_eq!(publish(&server, &[event(id)]).status, 202);
        gone.wait_for(count + 1, SOON).unwrap();
    }
    let event = told(&news, 1).remove(0);
    assert_eq!(event["data"], json!({ "webhook": about["id"], "name": "", "reason": "gone" }));
    let entry = audited(&admin(&server));
    assert_eq!(entry["actor"], json!({ "kind": "server", "id": "sigpost" }));
    assert_eq!(entry["object"], json!({ "kind": "webhook", "id": about["id"] }));
    assert_eq!((&entry["tenant"], &entry["detail"]), (&json!("acme"), &json!({ "reason": "gone" })));
    // What waited for it would be delivered now: nothing about itself is.
    gone.otherwise(Reply::status(200));
    alter(&admin(&server), &about, &json!({ "enabled": true }));
    assert_eq!(publish(&server, &[super::event("3")]).status, 202);
    let types: Vec<_> = told(&gone, 3).into_iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["order.paid"; 3]);
    assert_eq!(news.requests().len(), 1);
}

#[test]
fn nobody_but_the_server_publishes_its_news() {
    let server = serve(config("", "retry = []"));
    let news = receiver();
    subscribe(&server, &news.url("/"), &NEWS);
    let mut forged = event("1");
    forged["type"] = json!(DISABLED);
    let mut unknown = event("2");
    unknown["type"] = json!("sigpost.anything");
    let mut from_here = event("3");
    from_here["source"] = json!("/sigpost");
    let answer = publish(&server, &[forged.clone(), unknown, from_here, event("4")]).json().unwrap();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].clone()).collect();
    assert_eq!(statuses, ["invalid", "invalid", "invalid", "accepted"], "{answer}");
    let headers = [("content-type", "application/cloudevents+json")];
    let sender = server.client().with_token(SENDER);
    let answer = sender.send("POST", "/v1/events", &headers, forged.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(answer.text().contains("the server's own"), "{}", answer.text());
    let listed = admin(&server).get("/v1/event-types").unwrap().json().unwrap();
    let listed = listed["event_types"].as_array().unwrap();
    let names: Vec<_> = listed.iter().map(|known| known["name"].clone()).collect();
    assert_eq!(names, ["*", NEWS[0], NEWS[1], NEWS[2]]);
    assert_eq!(news.requests().len(), 0);
}

const SYSTEMS: [&str; 4] = ["immuta", "immuta-request", "generic", "qlik"];

fn token(system: &str, user: &str) -> String {
    format!("the-token-of-{system}-{user}")
}

/// A tenant of each older system, whose operator lets one kind of news be subscribed to.
fn systems() -> Server {
    let rules = format!(
        "egress = {{ allow = [\"127.0.0.0/8\"], relaxed_targets = true }}\n\
         settings = {{ retry = [], event_types = [\"{DISABLED}\"] }}"
    );
    let with = |config: Config, system| {
        let config = config.tenant(system, system, &rules);
        config.user("1", "admin", &token(system, "1")).user("2", "user", &token(system, "2"))
    };
    serve(SYSTEMS.into_iter().fold(Config::new("rate_limit = false"), with))
}

/// A profile that names the news, and one that does not ask for them: not by a wildcard, and not for another user's.
fn profiles(system: &str) -> [Value; 2] {
    let immuta = |types: &str| {
        json!({
            "dialect": "immuta", "name": "hook", "global": true, "event_types": [types], "action": "triggered",
        })
    };
    let qlik =
        |level: &str| json!({ "dialect": "qlik", "name": "hook", "event_types": [DISABLED], "level": level });
    let generic = |types: &str| json!({ "dialect": "generic", "event_types": [types] });
    match system {
        "immuta" => [immuta(DISABLED), immuta("ALL_NOTIFICATIONS")],
        "generic" => [generic(DISABLED), generic("user.created")],
        "qlik" => [qlik("tenant"), qlik("user")],
        _ => [json!({ "dialect": "immuta-request" }), json!({ "dialect": "immuta-request" })],
    }
}

#[test]
fn webhooks_of_the_older_systems_are_told_in_their_own_form_where_they_name_the_type() {
    let server = systems();
    let silent = receiver();
    let tell = |system: &str| {
        let client = |user: &str| server.client().with_token(&token(system, user));
        let create = |user: &str, url: &str, profile: &Value| {
            let answer =
                client(user).post("/v1/webhooks", &json!({ "url": url, "profile": profile })).unwrap();
            assert_eq!(answer.status, 201, "{system}: {}", answer.text());
            answer.json().unwrap()
        };
        let (listening, [asking, other]) = (receiver(), profiles(system));
        create("1", &listening.url("/"), &asking);
        create(if system == "qlik" { "2" } else { "1" }, &silent.url("/"), &other);
        let about = create("1", "http://127.0.0.1:9/", &other);
        alter(&client("1"), &about, &json!({ "enabled": false }));
        (listening, about)
    };
    let (immuta, about) = tell("immuta");
    let body = told(&immuta, 1).remove(0);
    assert_eq!(body["text"], json!("A webhook was switched off."));
    let metadata = &body["metadata"];
    assert_eq!((&metadata["webhook"], &metadata["reason"]), (&about["id"], &json!("by-owner")));
    for system in ["generic", "qlik"] {
        let (receiver, about) = tell(system);
        let body = told(&receiver, 1).remove(0);
        assert_eq!((&body["type"], &body["data"]["webhook"]), (&json!(DISABLED), &about["id"]), "{system}");
    }
    let (request, _) = tell("immuta-request");
    // Whatever was published before this is delivered before it.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!((request.requests().len(), silent.requests().len()), (0, 0));
}
