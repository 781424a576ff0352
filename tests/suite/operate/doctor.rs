//! `sigpost doctor`.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const DOCTOR: [&str; 5] = ["doctor", "--config", "sigpost.toml", "--data", "data"];

/// Looks a server over: the exit code, and the line of each check.
fn doctor(server: &Server) -> (Option<i32>, Vec<String>) {
    let output = sigpost(server.folder(), &DOCTOR, &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), lines.lines().map(str::to_owned).collect())
}

/// The only line about something, in a report with a problem.
fn problem(server: &Server, check: &str) -> String {
    let (code, lines) = doctor(server);
    let found: Vec<_> = lines.iter().filter(|line| line.starts_with("problem ")).collect();
    assert_eq!(code, Some(1), "{lines:#?}");
    let [line] = found[..] else { panic!("{lines:#?}") };
    assert_eq!(line.split_whitespace().nth(1), Some(check), "{line}");
    assert!(line.contains(" → "), "a problem comes with what to do: {line}");
    line.clone()
}

fn with_some_data() -> Server {
    let server = serve();
    create(&server, "https://hooks.example.com/in");
    for id in ["one", "two is longer than the others", "three"] {
        assert!(publish(&server.client().with_token(SENDER), id));
    }
    std::fs::set_permissions(server.folder().join("sigpost.toml"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    server
}

#[test]
fn a_sound_deployment_is_in_order_while_the_server_runs_and_when_it_does_not() {
    let mut server = with_some_data();
    for _ in 0..2 {
        let (code, lines) = doctor(&server);
        assert_eq!(code, Some(0), "{lines:#?}");
        for line in [
            "ok       layout         it is ",
            "ok       structure      SQLite finds the database in order",
            "ok       references     everything that rows name is there",
            "ok       checksums      everything that has one fits it (rows: 6)",
            "ok       tenants        those of the configuration speak",
            "ok       key            data/master.key fits the data (id ",
            "ok       secrets        the key opens them all (1)",
            "ok       clock          it shows ",
        ] {
            assert!(lines.iter().any(|found| found.starts_with(line)), "{line}: {lines:#?}");
        }
        // Temporary folders are in memory on some machines.
        let data = lines.iter().find(|line| line.contains(" data  ")).unwrap();
        assert!(data.starts_with("ok ") || data.contains("data is in memory"), "{data}");
        let latency = lines.iter().find(|line| line.contains(" latency ")).unwrap();
        assert!(latency.contains("ms at p50 and ") && latency.contains(" at p99 (of "), "{latency}");
        assert!(
            lines.iter().any(|line| line.contains(" space ") && line.contains(" MiB are free on the disk"))
        );
        let unlimited = lines.iter().find(|line| line.starts_with("warning  configuration")).unwrap();
        assert!(unlimited.contains("rate_limit is off"), "{unlimited}");
        server.kill().unwrap();
    }
    let files = server.folder().join("data").read_dir().unwrap().count();
    doctor(&server);
    assert_eq!(server.folder().join("data").read_dir().unwrap().count(), files, "it leaves nothing behind");
    server.restart().unwrap();
}

#[test]
fn after_a_clean_stop_it_leaves_everything_as_it_was() {
    let mut server = with_some_data();
    server.terminate(SOON).unwrap();
    let data = server.folder().join("data");
    let files = || {
        let entries = data.read_dir().unwrap().map(Result::unwrap);
        let file = |entry: std::fs::DirEntry| {
            let changed = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name(), changed, std::fs::read(entry.path()).unwrap())
        };
        entries.map(file).collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    assert_eq!(doctor(&server).0, Some(0));
    assert!(files() == before, "there were {} files", before.len());
}

#[test]
fn the_report_is_told_to_machines_as_json() {
    let server = with_some_data();
    let json = [&DOCTOR[..], &["--json"]].concat();
    let output = sigpost(server.folder(), &json, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "warning", "rate_limit is off in these tests");
    let checks = report["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|check| check["check"] == name).unwrap();
    for name in ["structure", "references", "checksums", "layout", "key", "secrets", "clock"] {
        assert_eq!(of(name)["verdict"], "ok", "{report:#}");
    }
    assert!(of("configuration")["remedy"].is_string(), "{report:#}");
    std::fs::write(server.folder().join("sigpost.toml"), "[server]\nlisen = 1\n").unwrap();
    let output = sigpost(server.folder(), &json, &[]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["verdict"], &report["checks"][0]["check"]),
        (&json!("problem"), &json!("configuration"))
    );
}

#[test]
fn metrics_that_others_reach_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let warned = |address: &str| {
        let toml = format!(
            "server.admin_listen = \"{address}\"\n[[operator]]\nname = \"ops\"\ntoken_sha256 = \"{}\"\n",
            "7".repeat(64)
        );
        std::fs::write(folder.path().join("sigpost.toml"), toml).unwrap();
        let output = sigpost(folder.path(), &["doctor", "--config", "sigpost.toml"], &[]);
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.contains(&format!("admin_listen is {address}, and whoever reaches it reads the metrics"))
    };
    assert!(warned("0.0.0.0:9090") && warned("[::]:9090") && warned("10.0.0.1:9090"));
    assert!(!warned("127.0.0.1:9090") && !warned("[::1]:9090"));
}

#[test]
fn each_problem_is_found_alone_and_named_with_what_to_do() {
    let mut server = with_some_data();
    server.terminate(SOON).unwrap();
    let at = |name: &str| server.folder().join("data").join(name);
    let (database, key) =
        (std::fs::read(at("sigpost.db")).unwrap(), std::fs::read(at("master.key")).unwrap());
    let mode =
        |mode| std::fs::set_permissions(at("master.key"), std::fs::Permissions::from_mode(mode)).unwrap();

    mode(0o644);
    assert!(problem(&server, "key").contains("(mode 0644) → chmod 600 data/master.key"));
    mode(0o600);
    std::fs::write(at("master.key"), "77".repeat(32)).unwrap();
    assert!(problem(&server, "key").contains("does not fit the data"));
    std::fs::remove_file(at("master.key")).unwrap();
    assert!(problem(&server, "key").contains("data/master.key is missing"));
    std::fs::write(at("master.key"), &key).unwrap();
    mode(0o600);

    let toml = at("../sigpost.toml");
    let right = std::fs::read_to_string(&toml).unwrap();
    let wrong = |from: &str, to: &str| {
        assert!(right.contains(from), "{right}");
        std::fs::write(&toml, right.replacen(from, to, 1)).unwrap();
    };
    wrong("\"native\"", "\"generic\"");
    assert!(problem(&server, "tenants").contains("speaks native, not generic → put the dialect back"));
    // TEST-NET-1: no machine has it.
    wrong("[server]", "[server]\nadmin_listen = \"192.0.2.1:9090\"");
    assert!(problem(&server, "configuration").contains("nobody can listen on admin_listen"));
    std::fs::write(&toml, &right).unwrap();

    let needle = b"two is longer than the others\"}";
    let mut flipped = database.clone();
    let places: Vec<_> =
        (0..flipped.len() - needle.len()).filter(|at| flipped[*at..].starts_with(needle)).collect();
    flipped[places[0] + 5] ^= 0x40;
    std::fs::write(at("sigpost.db"), &flipped).unwrap();
    assert!(problem(&server, "checksums").contains("event_data 2"));

    // A page in the middle is gone. Which checks can still read is a matter of which page it was.
    let mut torn = database.clone();
    let middle = torn.len() / 2 / 8_192 * 8_192;
    torn[middle..middle + 8_192].fill(0xff);
    std::fs::write(at("sigpost.db"), &torn).unwrap();
    let (code, lines) = doctor(&server);
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("problem  structure")), "{lines:#?}");

    std::fs::write(at("sigpost.db"), "this is no database, whatever its name says").unwrap();
    let (code, lines) = doctor(&server);
    assert!(
        code == Some(1) && lines.iter().any(|line| line.contains("file is not a database")),
        "{lines:#?}"
    );

    std::fs::write(at("sigpost.db"), &database).unwrap();
    let (code, lines) = doctor(&server);
    assert_eq!(code, Some(0), "{lines:#?}");
}

#[test]
fn the_files_that_a_configuration_names_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("ada.token"), "the-token-of-ada").unwrap();
    std::fs::write(at("ca.pem"), "no certificate").unwrap();
    for (name, mode) in [("ada.token", 0o644), ("ca.pem", 0o644)] {
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let toml = "
        [[tenant]]
        name = \"acme\"
        dialect = \"native\"
        egress.ca_file = \"ca.pem\"
        [[tenant.user]]
        id = \"1\"
        roles = [\"admin\"]
        token_file = \"ada.token\"
        [[tenant.user]]
        id = \"2\"
        roles = [\"sender\"]
        token = \"the-token-of-grace\"\n";
    std::fs::write(at("sigpost.toml"), toml).unwrap();
    std::fs::set_permissions(at("sigpost.toml"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let output = sigpost(folder.path(), &["doctor", "--config", "sigpost.toml"], &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{lines}");
    for line in [
        "ok       configuration  sigpost.toml is understood (tenants: 1, users: 2, tokens: 2)",
        "warning  files          sigpost.toml holds tokens, and others may read it (mode 0640): tenant \"acme\": user \"2\": token",
        "warning  files          tenant \"acme\": user \"1\": token_file: others may read ada.token (mode 0644)",
        "problem  files          tenant \"acme\": egress: ca_file: ca_file ca.pem contains no certificate",
        "warning  data           sigpost-data is not there yet",
    ] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    assert!(!lines.contains("the-token-of"), "no token is told: {lines}");
    assert!(!at("sigpost-data").exists(), "it makes nothing");
}

#[test]
fn a_certificate_file_that_cannot_be_read_stops_the_server_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let toml = "server.listen = \"127.0.0.1:0\"
        [[tenant]]\nname = \"acme\"\ndialect = \"native\"\negress.ca_file = \"ca.pem\"\n";
    std::fs::write(folder.path().join("sigpost.toml"), toml).unwrap();
    let output = sigpost(folder.path(), &["doctor", "--config", "sigpost.toml"], &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let line = lines.lines().find(|line| line.starts_with("problem  files")).unwrap();
    assert!(line.ends_with("until then the server does not start"), "{line}");
    let output = sigpost(folder.path(), &["serve", "--config", "sigpost.toml"], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}
