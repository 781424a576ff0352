//! The configuration: the design's own example, and the master key from the environment.

use std::process::Command;

use sigpost_tests::server::binary;

use super::*;

#[test]
fn a_proxy_of_the_surroundings_is_not_asked() {
    // Nobody listens there.
    let nowhere = "http://127.0.0.1:9";
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let launch = Launch::sigpost(config()).unwrap();
    let server =
        names.iter().fold(launch, |launch, name| launch.environment(*name, nowhere)).start().unwrap();
    let receiver = receiver();
    create(&server, "native", &receiver.url("/"), &json!({}));
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    assert_eq!(receiver.wait_for(1, SOON).unwrap()[0].target, "/");
}

/// The example of the design, with values where it has ellipses and a listener of the test's.
const EXAMPLE: &str = r#"
[server]
data = "sigpost-data"
public_url = "https://hooks.example.com"
admin_listen = "127.0.0.1:0"
rate_limit = true

[[operator]]
name = "ops"
token_sha256 = "4e9d2c5b0ed33b9d7d1f1d0f2f8b6e1c5a4f3e2d1c0b9a8f7e6d5c4b3a291807"

[[tenant]]
name = "acme"
dialect = "qlik"
  [tenant.egress]
  allow = ["127.0.0.0/8"]
  relaxed_targets = false
  ca_file = "ca.pem"
  hosts = { "hooks.test" = "127.0.0.1" }
  [tenant.settings]
  timeout = "10s"
  retry = ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"]
  retention = "7d"
  standard_webhooks = true
  immuta_signatures = ["sha1", "sha256"]
  notification_list = "saas"
  envelope = "cloudevents"
  event_types = []
  [[tenant.user]]
  id = "u1"
  name = "Ada"
  roles = ["admin"]
  spaces = ["space-1"]
  token = "the-token-of-ada"
"#;

#[test]
fn the_designs_example_starts_a_server_whose_tenant_works() {
    let authority = sigpost_tests::workspace::root().join("tests/fixtures/authority.pem");
    let example = EXAMPLE.replace("\"ca.pem\"", &json!(authority).to_string());
    let server = Launch::sigpost(example).unwrap().start().unwrap();
    let ada = server.client().with_token("the-token-of-ada");
    let webhook = json!({
        "url": "https://hooks.test/in",
        "profile": { "dialect": "qlik", "name": "apps", "event_types": ["com.qlik.app.created"] },
    });
    let made = ada.post("/v1/webhooks", &webhook).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "com.qlik/engine", "type": "com.qlik.v1.app.created",
        "data": {},
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let answer = ada.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    // Paths of another dialect are not there.
    assert_eq!(ada.get("/webhooks").unwrap().status, 404);
}

#[test]
fn a_server_says_that_nobody_can_do_anything_only_while_nobody_can() {
    let said = |server: &Server| {
        std::fs::read_to_string(server.folder().join("stderr.log"))
            .unwrap()
            .contains("nobody can do anything")
    };
    let empty = String::from(Config::new(""));
    assert!(said(&Launch::sigpost(empty.clone()).unwrap().start().unwrap()));
    let operated = Config::new("").operator(OPERATOR);
    let mut server = Launch::sigpost(operated).unwrap().start().unwrap();
    let shop = json!({ "name": "shop", "dialect": "native" });
    let operator = server.client().with_token(OPERATOR);
    assert_eq!(operator.post("/v1/tenants", &shop).unwrap().status, 201);
    // The operator has gone; what was made has not.
    server.kill().unwrap();
    std::fs::write(server.folder().join("sigpost.toml"), empty).unwrap();
    server.restart().unwrap();
    assert!(!said(&server));
}

#[test]
fn the_master_key_may_come_from_the_environment_and_another_one_does_not_open_the_store() {
    let (key, another) = ("1f".repeat(32), "2f".repeat(32));
    let variable = "SIGPOST_SERVER__MASTER_KEY";
    let mut server = Launch::sigpost(config()).unwrap().environment(variable, &key).start().unwrap();
    let receiver = receiver();
    create(&server, "native", &receiver.url("/"), &json!({}));
    assert!(!server.folder().join("data/master.key").exists(), "the key is not written down");
    server.restart().unwrap();
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    assert!(receiver.wait_for(1, SOON).unwrap()[0].header("webhook-signature").is_some());
    server.terminate(SOON).unwrap();
    let stopped = Command::new(binary().unwrap())
        .args(["serve", "--listen", "127.0.0.1:0", "--config", "sigpost.toml", "--data", "data"])
        .current_dir(server.folder())
        .env(variable, &another)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&stopped.stderr);
    assert!(!stopped.status.success() && error.contains("master key"), "{error}");
    assert!(!error.contains(&another), "{error}");
}
