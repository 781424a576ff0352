//! The Immuta V1 dialect and publishing, driven from outside: the real binary, real sockets, real files.

mod bad_input;
mod crash;
mod delivery;
mod events;
mod examples;
mod history;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::Receiver;
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const ADMIN: &str = "the-token-of-the-admin";
const USER: &str = "the-token-of-a-user";
const OTHER_USER: &str = "the-token-of-another-user";
const SENDER: &str = "the-token-of-the-sender";
const STRANGER: &str = "the-token-of-another-tenants-admin";
const OPERATOR: &str = "the-token-of-the-operator";

/// Two tenants of one kind. `settings` are lines of the first one's `[tenant.settings]`.
fn config(settings: &str) -> String {
    let egress = r#"egress = { allow = ["127.0.0.0/8"], hosts = { "hooks.test" = "127.0.0.1", "inside.test" = "10.0.0.1" } }"#;
    Config::new("rate_limit = false")
        .operator(OPERATOR)
        .tenant("acme", "immuta", &format!("{egress}\n[tenant.settings]\n{settings}"))
        .user("1", "admin", ADMIN)
        .lines("name = \"Ada\"")
        .user("2", "user", USER)
        .user("4", "user", OTHER_USER)
        .user("3", "sender", SENDER)
        .tenant("other", "immuta", "")
        .user("1", "admin", STRANGER)
        .into()
}

fn serve(settings: &str) -> Server {
    Launch::sigpost(config(settings)).unwrap().start().unwrap()
}

fn client(server: &Server, token: &str) -> Client {
    server.client().with_token(token)
}

/// A webhook's entry of `POST /webhooks`: global, for everything, signed.
fn entry(url: &str) -> Value {
    json!({
        "url": url, "name": "hook", "global": true, "notificationType": ["ALL_NOTIFICATIONS"],
        "actionType": "triggered", "secret": "a shared secret",
    })
}

/// Creates one webhook, which must succeed, and returns its id.
fn create(server: &Server, token: &str, entry: &Value) -> i64 {
    let answer = client(server, token).post("/webhooks", &json!({ "webhooks": [entry] })).unwrap();
    let body = answer.json().unwrap();
    assert_eq!((answer.status, &body["errors"]), (200, &json!([])), "{body}");
    body["createdWebhooks"][0]["id"].as_i64().unwrap()
}

/// A structured event.
fn event(id: &str, event_type: &str, metadata: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": event_type,
        "data": { "text": "something happened", "metadata": metadata },
    })
}

/// Publishes as the sender.
fn publish(server: &Server, event: &Value) -> Response {
    send_event(&client(server, SENDER), event)
}

fn send_event(client: &Client, event: &Value) -> Response {
    let headers = [("content-type", "application/cloudevents+json")];
    client.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap()
}

/// Publishes an event of this id, which must be accepted.
fn accept(server: &Server, id: &str) {
    let answer = publish(server, &event(id, "modelCreated", &json!({ "actionBy": 2, "targetUser": 4 })));
    assert_eq!(answer.status, 202, "{}", answer.text());
}

fn history(server: &Server, token: &str, query: &str) -> Value {
    let answer = client(server, token).get(&format!("/webhooks/history{query}")).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Waits until the history that the query selects holds `count` records.
fn wait_for_history(server: &Server, token: &str, query: &str, count: usize) -> Value {
    let wanted = count.to_string();
    let complete = || {
        let page = history(server, token, query);
        (page["count"] == *wanted).then_some(page)
    };
    let found = Deadline::after(SOON).poll(complete);
    found.unwrap_or_else(|| panic!("{count} records expected: {}", history(server, token, query)))
}

fn receiver() -> Receiver {
    Receiver::start().unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
