//! `/readyz`: false when the store fails, true whatever becomes of the tenants' deliveries.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;
use sigpost_tests::faults::Shim;
use sigpost_tests::http::Client;
use sigpost_tests::server::{self, Launch, Server};
use sigpost_tests::time::{Deadline, now};
use tempfile::TempDir;

use super::{SOON, config, event, hanging, publish, serve, subscribe};

/// A server whose disk can be taken away: it is not killed when it writes beyond the size that files may have.
fn with_a_disk_that_can_fail(folder: &TempDir) -> Server {
    let program = folder.path().join("program");
    let binary = server::binary().unwrap();
    std::fs::write(&program, format!("#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n", binary.display()))
        .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Launch::program(program, config("", "")).start().unwrap()
}

/// From now on every write to a file fails.
fn take_the_disk_away(server: &mut Server) {
    let id = i32::try_from(server.process().id()).unwrap();
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    prlimit(Pid::from_raw(id), Resource::Fsize, nothing).unwrap();
}

fn ready(client: &Client) -> Option<(u16, Value)> {
    // No answer is one too: the server has ended.
    let answer = client.get("/readyz").ok()?;
    Some((answer.status, answer.json().unwrap()))
}

#[test]
fn a_store_that_fails_makes_the_server_not_ready_within_ten_seconds_and_then_it_ends() {
    let folder = TempDir::new().unwrap();
    let mut server = with_a_disk_that_can_fail(&folder);
    let client = server.client();
    assert_eq!(ready(&client).unwrap().0, 200);
    assert_eq!(publish(&server, &[event("1")]).status, 202);
    take_the_disk_away(&mut server);
    let (start, limit) = (now(), Duration::from_secs(10));
    let told = Deadline::after(limit).poll(|| ready(&client).filter(|(status, _)| *status != 200));
    let (status, body) = told.expect("the server said for ten seconds that it was ready");
    assert!(start.elapsed() < limit);
    assert_eq!((status, body["status"].as_str()), (503, Some("not ready")));
    assert_eq!(body["reason"].as_str(), Some("the server cannot store anything at the moment"));
    assert_eq!(publish(&server, &[event("2")]).status, 503, "nothing is taken in");
    let ended = server.process().wait(SOON).unwrap();
    assert!(!ended.success(), "{ended}");
}

#[test]
fn a_disk_that_hangs_makes_the_server_not_ready_within_ten_seconds_and_ready_when_it_goes_on() {
    let shim = Shim::new().unwrap();
    let server = shim.under(Launch::sigpost(config("", "")).unwrap()).start().unwrap();
    let client = server.client();
    assert_eq!(ready(&client).unwrap().0, 200);
    shim.slow_syncs(20_000_000_000).unwrap();
    let (start, limit) = (now(), Duration::from_secs(10));
    let told = Deadline::after(limit).poll(|| ready(&client).filter(|(status, _)| *status != 200));
    let (status, body) = told.expect("the server said for ten seconds that it was ready, or nothing");
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    assert_eq!((status, body["status"].as_str()), (503, Some("not ready")));
    let reason = body["reason"].as_str().unwrap();
    assert!(reason.starts_with("the store has not answered for "), "{reason}");
    shim.slow_syncs(0).unwrap();
    // The sync that hangs does so to its end.
    let well = || ready(&client).filter(|(status, _)| *status == 200);
    Deadline::after(Duration::from_secs(40)).poll(well).expect("the server never is ready again");
}

#[test]
fn dead_receivers_and_a_backlog_of_them_leave_the_server_ready() {
    // Attempts end while the test looks.
    let server = serve(config("", "timeout = \"4s\", retry = [\"0s\", \"1s\"]"));
    let (listener, hangs) = hanging();
    for url in [&hangs, &hangs, &hangs, &hangs, "http://127.0.0.1:9/", "http://127.0.0.1:9/"] {
        subscribe(&server, url, &["*"]);
    }
    let client = server.client();
    let mut accepted = 0;
    for batch in 0..5 {
        let events: Vec<_> = (0..1_000).map(|n| event(&format!("{batch}-{n}"))).collect();
        // Whether more is taken in is another question.
        accepted += usize::from(publish(&server, &events).status == 202);
        assert_eq!(ready(&client).unwrap().0, 200);
    }
    assert!(accepted > 0);
    // Longer than anything that would tell by standing still.
    let watch = Deadline::after(Duration::from_secs(11));
    while !watch.has_passed() {
        let start = now();
        let (status, body) = ready(&client).unwrap();
        assert_eq!(status, 200, "{body}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(listener);
}
