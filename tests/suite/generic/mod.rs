//! The generic dialect, driven from outside: the real binary, real sockets. Bodies and examples are those of the page
//! "Webhooks API".

mod delivery;
mod reads;
mod shared_path;
mod tests;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::example::{Exception, differences};
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::Receiver;
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const ROOT: &str = "/api/v1/webhooks";
const SOMEWHERE: &str = "https://example.com/webhooks/data-events";

const ADMIN: &str = "the-token-of-the-admin";
const USER: &str = "the-token-of-a-user";
const SENDER: &str = "the-token-of-the-sender";
const STRANGER: &str = "the-token-of-another-tenants-admin";
const OPERATOR: &str = "the-token-of-the-operator";

/// The systems that have paths of their own.
const OTHERS: [&str; 3] = ["native", "immuta", "immuta-request"];

/// Two generic tenants, and one of each system of [`OTHERS`] with an admin.
fn config(server: &str, settings: &str) -> String {
    let egress = r#"egress = { allow = ["127.0.0.0/8"], hosts = { "inside.test" = "10.0.0.1" } }"#;
    let mut config = Config::new(server)
        .operator(OPERATOR)
        .tenant("acme", "generic", &format!("{egress}\n[tenant.settings]\n{settings}"))
        .user("ada", "admin", ADMIN)
        .user("bob", "user", USER)
        .user("eve", "sender", SENDER)
        .tenant("other", "generic", "")
        .user("ada", "admin", STRANGER);
    for system in OTHERS {
        config = config.tenant(system, system, "").user("1", "admin", &token(system));
    }
    config.into()
}

/// The token of the admin of the tenant of another system.
fn token(system: &str) -> String {
    format!("the-token-of-the-{system}-admin")
}

fn serve(settings: &str) -> Server {
    Launch::sigpost(config("rate_limit = false", settings)).unwrap().start().unwrap()
}

fn client(server: &Server, token: &str) -> Client {
    server.client().with_token(token)
}

fn receiver() -> Receiver {
    Receiver::start().unwrap()
}

fn put(client: &Client, path: &str, body: &Value) -> Response {
    client.send("PUT", path, &[("content-type", "application/json")], body.to_string().as_bytes()).unwrap()
}

/// Creates a webhook as the admin: what `data` of the answer holds.
fn create(server: &Server, url: &str, events: &[&str]) -> Value {
    let answer = client(server, ADMIN).post(ROOT, &json!({ "url": url, "events": events })).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json().unwrap()["data"].clone()
}

fn path(webhook: &Value) -> String {
    format!("{ROOT}/{}", webhook["id"].as_str().unwrap())
}

fn get(server: &Server, webhook: &Value) -> Value {
    let answer = client(server, ADMIN).get(&path(webhook)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()["data"].clone()
}

/// Waits until the webhook is as wanted.
fn wait_until(server: &Server, webhook: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = Deadline::after(SOON).poll(|| Some(get(server, webhook)).filter(|found| wanted(found)));
    found.unwrap_or_else(|| panic!("it stays as it is: {}", get(server, webhook)))
}

/// Publishes as the sender; it must be accepted.
fn publish(server: &Server, id: &str, event_type: &str) {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": event_type, "time": "2023-06-21T09:15:30Z",
        "data": { "id": "usr_789012", "email": "newuser@example.com" },
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let sender = client(server, SENDER);
    let answer = sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
}

/// An error of this status and code that mentions something.
#[track_caller]
fn refused(answer: &Response, status: u16, code: &str, mentions: &str) {
    assert_eq!(answer.status, status, "{mentions}: {}", answer.text());
    let body = answer.json().unwrap();
    let example = json!({ "success": false, "error": { "code": "bad_request", "message": "what is wrong" } });
    assert_eq!(differences(&example, &body, &[]), [""; 0], "{body}");
    assert_eq!((&body["success"], &body["error"]["code"]), (&json!(false), &json!(code)), "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains(mentions), "{mentions}: {body}");
}

/// The answer has the example's members, but for the exceptions.
#[track_caller]
fn like(example: &Value, answer: &Value, exceptions: &[Exception<'_>]) {
    assert_eq!(differences(example, answer, exceptions), [""; 0], "{answer}");
}

/// `2023-03-15T08:30:00Z`.
#[track_caller]
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap();
    let pattern = "dddd-dd-ddTdd:dd:ddZ";
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    assert_eq!(shape, pattern, "{text}");
}
