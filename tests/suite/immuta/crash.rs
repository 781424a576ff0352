//! What survives a crash, and a stop.

use std::collections::HashSet;
use std::time::Duration;

use sigpost_tests::receiver::{Answer, Request};

use super::*;

fn ids(requests: &[Request]) -> HashSet<String> {
    requests.iter().map(|request| request.header("webhook-id").unwrap().to_owned()).collect()
}

#[test]
fn what_was_acknowledged_and_not_settled_is_delivered_after_kill_and_restart() {
    let mut server = serve("timeout = \"20s\"");
    let receiver = receiver();
    receiver.otherwise(Answer::Hang);
    create(&server, ADMIN, &entry(&receiver.url("/")));
    for id in 0..100 {
        accept(&server, &id.to_string());
    }
    let before = receiver.wait_for(1, SOON).unwrap().len();
    server.kill().unwrap();
    receiver.otherwise(sigpost_tests::receiver::Reply::status(200));
    server.restart().unwrap();
    let complete = || (ids(&receiver.requests()[before..]).len() == 100).then_some(());
    Deadline::after(SOON).poll(complete).expect("all hundred arrive after the restart");
    wait_for_history(&server, ADMIN, "?includeGlobal=true&successOrFailure=success", 100);
}

#[test]
fn what_was_settled_is_not_delivered_again_after_a_restart() {
    let mut server = serve("");
    let receiver = receiver();
    create(&server, ADMIN, &entry(&receiver.url("/")));
    for id in 0..50 {
        accept(&server, &id.to_string());
    }
    wait_for_history(&server, ADMIN, "?includeGlobal=true", 50);
    server.restart().unwrap();
    accept(&server, "after");
    wait_for_history(&server, ADMIN, "?includeGlobal=true", 51);
    assert_eq!(receiver.requests().len(), 51);
}

#[test]
fn killed_again_and_again_under_load_it_loses_nothing_it_acknowledged() {
    let mut server = serve("");
    let receiver = receiver();
    create(&server, ADMIN, &entry(&receiver.url("/")));
    let mut acknowledged = HashSet::new();
    for round in 0..5 {
        let publisher = client(&server, SENDER);
        let publishing = std::thread::spawn(move || {
            let mut accepted = Vec::new();
            for number in 0.. {
                let id = format!("{round}-{number}");
                let event = event(&id, "modelCreated", &json!({ "event": id }));
                let headers = [("content-type", "application/cloudevents+json")];
                match publisher.send("POST", "/v1/events", &headers, event.to_string().as_bytes()) {
                    Ok(answer) if answer.status == 202 => accepted.push(id),
                    _ => break,
                }
            }
            accepted
        });
        std::thread::sleep(Duration::from_millis(150 + 70 * round));
        server.kill().unwrap();
        acknowledged.extend(publishing.join().unwrap());
        server.restart().unwrap();
    }
    assert!(acknowledged.len() > 20, "only {} were acknowledged", acknowledged.len());
    // By name: what was durable but not acknowledged arrives too, and must not stand in for what was.
    let missing = || {
        let received: HashSet<String> = receiver
            .requests()
            .iter()
            .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap())
            .map(|body| body["metadata"]["event"].as_str().unwrap().to_owned())
            .collect();
        acknowledged.difference(&received).cloned().collect::<Vec<_>>()
    };
    let complete = || missing().is_empty().then_some(());
    assert!(Deadline::after(SOON).poll(complete).is_some(), "of {}: {:?}", acknowledged.len(), missing());
}

#[test]
fn webhooks_tokens_and_numbers_survive_a_restart() {
    let mut server = serve("");
    let receiver = receiver();
    let first = create(&server, ADMIN, &entry(&receiver.url("/")));
    let key = json!({ "apikey": USER });
    let token = server.client().post("/bim/apikey/authenticate", &key).unwrap().json().unwrap();
    let token = token["token"].as_str().unwrap().to_owned();
    server.restart().unwrap();
    assert_eq!(client(&server, ADMIN).get(&format!("/webhooks/{first}")).unwrap().status, 200);
    assert_eq!(client(&server, &token).get("/webhooks").unwrap().status, 200);
    client(&server, ADMIN).delete(&format!("/webhooks/{first}")).unwrap();
    server.restart().unwrap();
    assert_eq!(create(&server, ADMIN, &entry(&receiver.url("/"))), first + 1, "an id is never given again");
}

#[test]
fn an_idle_server_stops_at_once_and_a_busy_one_finishes_what_is_in_flight() {
    let mut server = serve("timeout = \"10s\"");
    assert!(server.terminate(Duration::from_secs(2)).unwrap().success());
    server.restart().unwrap();
    let receiver = receiver();
    receiver.otherwise(sigpost_tests::receiver::Reply::status(200).after(Duration::from_millis(800)));
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    receiver.wait_for(1, SOON).unwrap();
    assert!(server.terminate(Duration::from_secs(12)).unwrap().success());
    server.restart().unwrap();
    let page = wait_for_history(&server, ADMIN, "?includeGlobal=true", 1);
    assert_eq!(page["records"][0]["statusCode"], 200);
    assert_eq!(receiver.requests().len(), 1, "what was in flight is not repeated");
}

#[test]
fn a_second_server_on_the_same_data_is_refused_with_a_clear_error() {
    let server = serve("");
    let data = server.folder().join("data");
    let toml = config("").replace("[server]", &format!("[server]\ndata = {:?}", data.display().to_string()));
    let program = std::env::var_os("SIGPOST_BIN").map(std::path::PathBuf::from);
    let Some(program) = program else { panic!("SIGPOST_BIN is set by `cargo xtask test`") };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sigpost.toml"), toml).unwrap();
    let output = std::process::Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--config", "sigpost.toml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("another"), "{stderr}");
}
