//! `sigpost backup`, and what is made of a copy.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use sigpost_tests::receiver::{Answer, Reply};

use super::*;

/// Puts a copy in the place of a killed server's data.
fn restore(server: &mut Server, copy: &Path, key: Option<&[u8]>) {
    server.kill().unwrap();
    let data = server.folder().join("data");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(copy, data.join("sigpost.db")).unwrap();
    if let Some(key) = key {
        std::fs::write(data.join("master.key"), key).unwrap();
    }
}

#[test]
fn a_backup_under_load_holds_everything_acknowledged_before_and_is_restored_by_putting_it_back() {
    let mut server = serve();
    let receiver = Receiver::start().unwrap();
    create(&server, &receiver.url("/"));
    assert!(publish(&server.client().with_token(SENDER), "delivered"));
    receiver.wait_for(1, SOON).unwrap();
    Deadline::after(SOON).poll(|| (history(&server).len() == 1).then_some(())).unwrap();
    receiver.otherwise(Answer::Hang);

    let (acknowledged, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        for publisher in 0..4 {
            let client = server.client().with_token(SENDER);
            let (acknowledged, stop) = (&acknowledged, &stop);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("{publisher}-{number}");
                    if stop.load(Ordering::Relaxed) || !publish(&client, &id) {
                        break;
                    }
                    acknowledged.lock().unwrap().push(id);
                }
            });
        }
        let many = || (acknowledged.lock().unwrap().len() >= 300).then_some(());
        Deadline::after(SOON).poll(many).expect("three hundred are acknowledged");
        let before = acknowledged.lock().unwrap().clone();
        let said =
            succeeds(server.folder(), &["backup", "--config", "sigpost.toml", "--data", "data", "copy.db"]);
        assert!(said.contains("copy.db is a whole and checked copy"), "{said}");
        assert!(said.contains("The master key is NOT in it: keep data/master.key too"), "{said}");
        let at_end = acknowledged.lock().unwrap().len();
        assert!(at_end > before.len(), "publishing went on: {at_end}");
        stop.store(true, Ordering::Relaxed);
        before
    });

    let key = std::fs::read(server.folder().join("data/master.key")).unwrap();
    let copy = server.folder().join("copy.db");
    let found = std::fs::read(&copy).unwrap();
    let text = key.trim_ascii();
    assert!(!found.windows(text.len()).any(|window| window == text), "the key is nowhere in it");

    restore(&mut server, &copy, None);
    let error = server.restart().unwrap_err().to_string();
    assert!(error.contains("the master key is missing: restore data/master.key"), "{error}");

    restore(&mut server, &copy, Some(&key));
    receiver.otherwise(Reply::status(200));
    let already = receiver.requests().len();
    server.restart().unwrap();
    let all = || {
        let arrived = arrived(&receiver.requests()[already..]);
        before.iter().all(|id| arrived.contains(id)).then_some(())
    };
    Deadline::after(SOON).poll(all).expect("what was pending when the copy was made is delivered");
    let arrived = arrived(&receiver.requests()[already..]);
    assert!(!arrived.contains("delivered"), "what had been delivered by then is not delivered again");
    let shown = || {
        let history = history(&server);
        let delivered = history.iter().filter(|delivery| delivery["state"] == "delivered").count();
        (delivered > before.len()).then_some(())
    };
    Deadline::after(SOON).poll(shown).expect("the history shows what was delivered before, and since");
}

#[test]
fn a_backup_of_a_stopped_server_works_and_never_overwrites() {
    let mut server = serve();
    create(&server, "https://hooks.example.com/in");
    // Killed: what was acknowledged is in the log beside the database.
    server.kill().unwrap();
    let backup = ["backup", "--data", "data", "copy.db"];
    succeeds(server.folder(), &backup);
    let first = std::fs::read(server.folder().join("copy.db")).unwrap();
    let said = fails(server.folder(), &backup);
    assert!(said.contains("copy.db is there already"), "{said}");
    assert_eq!(std::fs::read(server.folder().join("copy.db")).unwrap(), first);
    let key = std::fs::read(server.folder().join("data/master.key")).unwrap();
    let copy = server.folder().join("copy.db");
    restore(&mut server, &copy, Some(&key));
    server.restart().unwrap();
    let webhooks = admin(&server).get("/v1/webhooks").unwrap().json().unwrap();
    assert_eq!(webhooks["webhooks"].as_array().map(Vec::len), Some(1), "{webhooks}");
}

#[test]
fn a_backup_says_what_is_in_its_way() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (["backup", "--data", "nowhere", "copy.db"], "there is no database in nowhere"),
        (["backup", "--config", "nowhere.toml", "copy.db"], "there is no file nowhere.toml"),
    ] {
        let said = fails(folder.path(), &arguments);
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
