//! What an operator does: the commands beside the server, with the real binary and the real server's data.

mod backup;
mod damage;
mod doctor;
mod durable;
mod keys;
mod space;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::Client;
use sigpost_tests::receiver::{Receiver, Request};
use sigpost_tests::server::{Launch, Server, binary};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const ADMIN: &str = "the-token-of-the-admin";
const SENDER: &str = "the-token-of-the-sender";

/// A native tenant that reaches loopback, and more lines of `[server]`.
fn config(server: &str) -> String {
    Config::new(&format!("rate_limit = false\n{server}"))
        .tenant("acme", "native", "egress.allow = [\"127.0.0.0/8\"]\nsettings.event_types = [\"order.paid\"]")
        .user("1", "admin", ADMIN)
        .user("2", "sender", SENDER)
        .into()
}

fn serve() -> Server {
    Launch::sigpost(config("")).unwrap().start().unwrap()
}

fn admin(server: &Server) -> Client {
    server.client().with_token(ADMIN)
}

/// The secret of the webhook, in the form whose bytes sign `webhook-signature`.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Whether the webhook's secret has signed what arrived.
fn is_signed(request: &Request) -> bool {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    for part in ["webhook-id", "webhook-timestamp"] {
        mac.update(request.header(part).unwrap().as_bytes());
        mac.update(b".");
    }
    mac.update(&request.body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    request.header("webhook-signature") == Some(&signature)
}

/// Creates a webhook with a secret that takes everything; its id.
fn create(server: &Server, url: &str) -> String {
    let body = json!({
        "url": url, "secret": SECRET,
        "profile": { "dialect": "native", "event_types": ["*"] },
    });
    let answer = admin(server).post("/v1/webhooks", &body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json().unwrap()["id"].as_str().unwrap().to_owned()
}

/// Publishes an event; whether it was acknowledged.
fn publish(sender: &Client, id: &str) -> bool {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/shop", "type": "order.paid", "data": { "order": id },
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let answer = sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes());
    answer.is_ok_and(|answer| answer.status == 202)
}

/// The ids of the events that have arrived.
fn arrived(requests: &[Request]) -> std::collections::HashSet<String> {
    let id = |request: &Request| request.json().unwrap()["id"].as_str().unwrap().to_owned();
    requests.iter().map(id).collect()
}

/// Every delivery that the history shows, in pages.
fn history(server: &Server) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = admin(server).get(&format!("/v1/deliveries?limit=100{cursor}")).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut page = answer.json().unwrap();
        let Value::Array(deliveries) = page["deliveries"].take() else { panic!("{page}") };
        all.extend(deliveries);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Runs `sigpost` in a server's folder, with the environment variables given and no others of sigpost's.
fn sigpost(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary().unwrap());
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SIGPOST_") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs it and returns what it says when it succeeds.
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = sigpost(folder, arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}

/// Runs it and returns what it says when it fails with exit code 1.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = sigpost(folder, arguments, &[]);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}
