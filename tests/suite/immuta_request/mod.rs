//! The Request app's dialect, driven from outside: the real binary, real sockets. What the app's own `OpenAPI` document
//! says (`fixtures/immuta-request.openapi.json`) is what answers are held against.

mod documented;
mod history;
mod tests;
mod webhooks;

use std::time::Duration;

use documented::Documented;
use serde_json::{Value, json};
use sigpost_core::signature::{Scheme, Secret, Verifier, VerifyError};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::{Receiver, Reply, Request};
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const ROOT: &str = "/api/notification/webhook";
/// The same as the real host has it.
const MARKETPLACE: &str = "/marketplace/api/notification/webhook";
const SOMEWHERE: &str = "https://example.com/hook";

const ADMIN: &str = "the-token-of-the-admin";
const USER: &str = "the-token-of-a-user";
const SENDER: &str = "the-token-of-the-sender";
const STRANGER: &str = "the-token-of-another-tenants-admin";
const FOREIGNER: &str = "the-token-of-another-systems-admin";
const OPERATOR: &str = "the-token-of-the-operator";

fn config(settings: &str) -> String {
    let egress = r#"egress = { allow = ["127.0.0.0/8"], hosts = { "inside.test" = "10.0.0.1" } }"#;
    Config::new("rate_limit = false")
        .operator(OPERATOR)
        .tenant("acme", "immuta-request", &format!("{egress}\n[tenant.settings]\n{settings}"))
        .user("ada", "admin", ADMIN)
        .user("bob", "user", USER)
        .user("eve", "sender", SENDER)
        .tenant("other", "immuta-request", "")
        .user("ada", "admin", STRANGER)
        .tenant("native", "native", "")
        .user("ada", "admin", FOREIGNER)
        .into()
}

fn serve(settings: &str) -> Server {
    Launch::sigpost(config(settings)).unwrap().start().unwrap()
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

/// Creates a webhook as the admin and returns it.
fn create(server: &Server, body: &Value) -> Value {
    let answer = client(server, ADMIN).post(ROOT, body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

fn path(webhook: &Value) -> String {
    format!("{ROOT}/{}", webhook["id"].as_str().unwrap())
}

fn get(server: &Server, webhook: &Value) -> Value {
    let answer = client(server, ADMIN).get(&path(webhook)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Publishes as the sender; it must be accepted.
fn publish(server: &Server, id: &str) {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/test",
        "type": "marketplace.data_product.access_requests.created", "data": { "request": id },
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let sender = client(server, SENDER);
    let answer = sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
}

fn history(server: &Server, webhook: &Value, query: &str) -> Value {
    let answer = client(server, ADMIN).get(&format!("{}/history{query}", path(webhook))).unwrap();
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json().unwrap()
}

/// Waits until so many deliveries are in the history.
fn wait_for_history(server: &Server, webhook: &Value, count: u64) -> Value {
    let complete =
        || Some(history(server, webhook, "?limit=100")).filter(|page| page["meta"]["totalCount"] == count);
    let found = Deadline::after(SOON).poll(complete);
    found.unwrap_or_else(|| panic!("{count} expected: {}", history(server, webhook, "")))
}

/// An error in this dialect's form that mentions something.
#[track_caller]
fn refused(answer: &Response, status: u16, error: &str, mentions: &str) {
    assert_eq!(answer.status, status, "{mentions}: {}", answer.text());
    let body = answer.json().unwrap();
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["statusCode", "message", "error"], "{body}");
    assert_eq!((&body["statusCode"], &body["error"]), (&json!(status), &json!(error)), "{body}");
    assert!(body["message"].as_str().unwrap().contains(mentions), "{mentions}: {body}");
}

fn verify(request: &Request, key: &str) -> Result<(), VerifyError> {
    let verifier = Verifier::new(Scheme::IMMUTA_REQUEST, &[Secret::new(key).unwrap()]).unwrap();
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    verifier.verify(headers, &request.body, 0).map(drop)
}
