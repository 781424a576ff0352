//! `sigpost keys rotate`.

use std::process::Stdio;

use super::*;

const ROTATE: [&str; 6] = ["keys", "rotate", "--config", "sigpost.toml", "--data", "data"];

/// Publishes an event, and shows that it arrives signed with the secret that the webhook was made with.
fn delivers(server: &Server, receiver: &Receiver, id: &str) {
    let already = receiver.requests().len();
    assert!(publish(&server.client().with_token(SENDER), id));
    let requests = receiver.wait_for(already + 1, SOON).unwrap();
    assert!(is_signed(&requests[already]), "{id}: {:?}", requests[already].headers);
}

fn key(server: &Server) -> String {
    std::fs::read_to_string(server.folder().join("data/master.key")).unwrap()
}

#[test]
fn a_stopped_server_gets_a_new_key_and_signs_as_before() {
    let mut server = serve();
    let receiver = Receiver::start().unwrap();
    create(&server, &receiver.url("/"));
    delivers(&server, &receiver, "before");
    let old = key(&server);

    let said = fails(server.folder(), &ROTATE);
    assert!(said.contains("is in use by another sigpost server: stop it, rotate the key"), "{said}");
    assert_eq!(key(&server), old, "a running server keeps its key");

    server.terminate(SOON).unwrap();
    let said = succeeds(server.folder(), &ROTATE);
    let new = key(&server);
    assert_ne!(new, old);
    for part in [": 1. The key ", "It stands in data/master.key", "The old one is kept as data/master.key."] {
        assert!(said.contains(part), "{said}");
    }
    for key in [&old, &new] {
        assert!(!said.contains(key.trim()), "keys are never printed");
    }
    server.restart().unwrap();
    delivers(&server, &receiver, "after");

    server.terminate(SOON).unwrap();
    let kept = said
        .lines()
        .find_map(|line| line.strip_prefix("The old one is kept as ")?.split(':').next())
        .unwrap();
    assert_eq!(std::fs::read_to_string(server.folder().join(kept)).unwrap(), old);
    std::fs::remove_file(server.folder().join(kept)).unwrap();
    std::fs::write(server.folder().join("data/master.key"), &old).unwrap();
    let error = server.restart().unwrap_err().to_string();
    assert!(error.contains("the master key does not fit the data"), "the old key opens nothing: {error}");
}

#[test]
fn a_new_key_comes_from_a_file_or_the_environment_and_is_64_hex_digits() {
    let mut server = serve();
    let receiver = Receiver::start().unwrap();
    create(&server, &receiver.url("/"));
    server.terminate(SOON).unwrap();
    let folder = server.folder().to_owned();
    let [second, third, bad] = ["2b".repeat(32), "3c".repeat(32), "zz".to_owned()];
    std::fs::write(folder.join("next.key"), format!("{second}\n")).unwrap();
    let named = [&ROTATE[..], &["--new-key-file", "next.key"]].concat();
    succeeds(&folder, &named);
    assert_eq!(key(&server).trim(), second);
    server.restart().unwrap();
    delivers(&server, &receiver, "a key from a file");
    server.terminate(SOON).unwrap();

    let with =
        |value: &str, arguments: &[&str]| sigpost(&folder, arguments, &[("SIGPOST_NEW_MASTER_KEY", value)]);
    for (output, message) in [
        (with(&third, &named), "give the new key by one of"),
        (with(&bad, &ROTATE), "SIGPOST_NEW_MASTER_KEY: a master key is 64 hex digits"),
    ] {
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
    let output = with(&third, &ROTATE);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(key(&server).trim(), third);

    // A key that the configuration gives can only be changed to one that is given.
    let configured = [("SIGPOST_SERVER__MASTER_KEY", third.as_str())];
    let output = sigpost(&folder, &ROTATE, &configured);
    assert!(stderr(&output).contains("so the new one must be given too"), "{}", stderr(&output));
    let output = sigpost(&folder, &named, &configured);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("Put it into the configuration"), "{}", stderr(&output));
    std::fs::write(folder.join("data/master.key"), &second).unwrap();
    server.restart().unwrap();
    delivers(&server, &receiver, "a key from the configuration");
}

#[test]
fn a_rotation_that_is_killed_at_any_moment_leaves_a_key_that_fits() {
    let mut server = serve();
    let receiver = Receiver::start().unwrap();
    create(&server, &receiver.url("/"));
    server.terminate(SOON).unwrap();
    let (mut killed, mut done) = (0, 0);
    // From before it has begun until after it has ended, whatever the machine's speed.
    for pause in (0..60).map(|round| Duration::from_millis(1).mul_f64(1.15_f64.powi(round))) {
        let mut child = Command::new(binary().unwrap())
            .args(ROTATE)
            .current_dir(server.folder())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(pause);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            done += 1;
        } else {
            assert_eq!(status.code(), None, "it was killed and did not fail: {status}");
            killed += 1;
        }
        if done == 3 {
            break;
        }
    }
    assert!(killed > 0 && done > 0, "{killed} were killed, {done} came to their end");
    server.restart().unwrap();
    delivers(&server, &receiver, "after all of them");
}
