//! What an operator sees of a running server: health, metrics, logs, traces, and the events that the server itself
//! publishes. Driven from outside, through the real binary.

mod logs;
mod metrics;
mod news;
mod readiness;
mod traces;

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::server::{Launch, Server};

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const ADMIN: &str = "the-token-of-the-admin";
const SENDER: &str = "the-token-of-the-sender";

/// One native tenant, with an admin and a sender, and these lines of `[server]` and of its settings.
fn config(server: &str, settings: &str) -> Config {
    let rules = format!("egress = {{ allow = [\"127.0.0.0/8\"] }}\nsettings = {{ {settings} }}");
    Config::new(&format!("rate_limit = false\n{server}"))
        .tenant("acme", "native", &rules)
        .user("1", "admin", ADMIN)
        .user("2", "sender", SENDER)
}

fn serve(config: Config) -> Server {
    Launch::sigpost(config).unwrap().start().unwrap()
}

fn admin(server: &Server) -> Client {
    server.client().with_token(ADMIN)
}

/// A client of the admin listener.
fn apart(server: &Server) -> Client {
    server.apart().unwrap()
}

/// Makes a webhook that receives these types; what was answered.
fn subscribe(server: &Server, url: &str, event_types: &[&str]) -> Value {
    let profile = json!({ "dialect": "native", "name": "", "event_types": event_types });
    let answer = admin(server).post("/v1/webhooks", &json!({ "url": url, "profile": profile })).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json().unwrap()
}

/// Publishes events in one batch.
fn publish(server: &Server, events: &[Value]) -> Response {
    let headers = [("content-type", "application/cloudevents-batch+json")];
    let body = json!(events).to_string();
    server.client().with_token(SENDER).send("POST", "/v1/events", &headers, body.as_bytes()).unwrap()
}

fn event(id: &str) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "/shop", "type": "order.paid", "data": { "amount": 1 } })
}

/// A receiver that lets everybody connect, as the system does for it, and never says anything.
fn hanging() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}
