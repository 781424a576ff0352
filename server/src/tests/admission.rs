//! What a publisher is answered that the engine does not admit.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{Idle, PATIENCE, TOKEN};
use crate::app::App;
use crate::app::ports::{Refused, Saturated};
use crate::clock::SystemClock;
use crate::domain::{
    DialectId, Egress, Origin, Role, Settings, TenantSpec, TokenHash, TokenOwner, User, UserId,
};
use crate::http::{Front, serve};
use crate::rng::SystemRng;
use crate::storage::Store;
use crate::storage::sqlite::{KeySource, Options, SqliteStore, SystemFreeSpace};

/// A native tenant whose admin publishes, over an engine that refuses so.
async fn app(directory: &TempDir, refused: Refused) -> App {
    let options = Options {
        directory: directory.path().to_owned(),
        master_key: KeySource::Generated,
        clock: Arc::new(SystemClock::new()),
        rng: Arc::new(SystemRng),
        min_free: 0,
        space: Arc::new(SystemFreeSpace),
    };
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let id = UserId::new("1").unwrap();
    let roles = [Role::Admin, Role::Sender].into_iter().collect();
    let user = User { id: id.clone(), name: String::new(), roles, spaces: Vec::new(), origin: Origin::File };
    let spec = TenantSpec {
        name: "acme".into(),
        dialect: DialectId::Native,
        egress: Egress::default(),
        settings: Settings::default(),
        users: BTreeMap::from([(id.clone(), user)]),
    };
    store.apply_tenants(vec![spec]).await.unwrap();
    let tenant = store.directory().tenant_by_name("acme").unwrap().id;
    let owner = TokenOwner::User { tenant, user: id, expires_at: None };
    store.directory().set_configured_tokens(HashMap::from([(TokenHash::of(TOKEN), owner)]));
    let full = Arc::new(Idle { refuses: Some(refused) });
    let (clock, rng) = (Arc::new(SystemClock::new()), Arc::new(SystemRng));
    App::new(store, Arc::clone(&full) as _, full, clock, rng, "http://a.example")
}

/// The head and the body that an event is answered with.
fn publish(at: core::net::SocketAddr) -> (String, Value) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let event = r#"{"specversion":"1.0","id":"1","source":"/test","type":"order.paid"}"#;
    let request = format!(
        "POST /v1/events HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/cloudevents+json\r\ncontent-length: {}\r\n\r\n{event}",
        event.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_is_not_admitted_is_told_why_and_when_to_come_back() {
    for (refused, status, code, wait) in [
        (Refused::Saturated(Saturated { retry_after: 7 }), "503 Service Unavailable", "saturated", 7),
        (Refused::Backlog { limit: 9, retry_after: 60 }, "429 Too Many Requests", "too-much-pending", 60),
    ] {
        let directory = TempDir::new().unwrap();
        let front = Front::main(app(&directory, refused).await, None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, front, 8, std::future::pending(), || Duration::ZERO));
        let (head, body) = tokio::task::spawn_blocking(move || publish(address)).await.unwrap();
        serving.abort();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        assert!(head.contains(&format!("\r\nretry-after: {wait}")), "{head}");
        assert!(head.contains("\r\ncontent-type: application/problem+json"), "{head}");
        assert!(body["type"].as_str().unwrap().ends_with(code), "{body}");
    }
}
