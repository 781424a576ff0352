//! The command line as a person or a script uses it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sigpost_tests::process::Process;
use sigpost_tests::server::binary;

const BODY: &[u8] = b"{\"a\":1}";
const SECRET: [&str; 2] = ["--secret", "a shared secret"];
const TAG: &str = "x-immuta-webhook-signature-sha256: 2bcd2ee0b0ac4ff0c2e68a4bd3e4e1ab";

/// The key pair of the Standard Webhooks specification's example.
const KEY_PAIR: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(binary().unwrap())
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_shows_examples_and_every_command_has_its_own() {
    let help = run(&["--help"], b"");
    assert!(help.status.success() && stdout(&help).contains("sigpost serve --demo"));
    for command in [
        "serve",
        "listen",
        "sign",
        "verify",
        "explain",
        "canonicalize",
        "schemes",
        "token",
        "backup",
        "keys",
        "doctor",
    ] {
        assert!(stdout(&help).contains(command), "{command}");
        let own = run(&[command, "--help"], b"");
        let text = stdout(&own);
        assert!(own.status.success() && text.contains(&format!("Examples:\n  sigpost {command}")), "{text}");
        let (about, _) = text.split_once("\n\nUsage:").unwrap();
        assert!(about.contains("\n\n"), "it explains more than its first line: {text}");
    }
    let rotate = stdout(&run(&["keys", "rotate", "--help"], b""));
    assert!(rotate.contains("SIGPOST_NEW_MASTER_KEY") && rotate.contains("Examples:\n"), "{rotate}");
}

#[test]
fn canonicalize_writes_the_canonical_bytes_and_no_newline() {
    let output = run(&["canonicalize"], "{ \"b\": 1.0, \"2\": \"\\u00e9\" }\n".as_bytes());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "{\"2\":\"é\",\"b\":1}"));
    let output = run(&["canonicalize"], b"{\"a\":}");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert!(stderr(&output).contains("offset 5"), "{}", stderr(&output));
}

#[test]
fn what_sign_signs_verify_verifies_under_every_scheme() {
    let schemes = stdout(&run(&["schemes"], b""));
    let names: Vec<&str> = schemes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names.len(), 12, "{schemes}");
    for scheme in names {
        let secret = match scheme {
            "svix" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "standard-webhooks-ed25519" => KEY_PAIR,
            _ => SECRET[1],
        };
        let sign = ["sign", "--scheme", scheme, "--id", "msg_1", "--secret", secret];
        let signed = run(&sign, BODY);
        assert!(signed.status.success(), "{scheme}: {}", stderr(&signed));
        let headers = stdout(&signed);
        let mut verify = vec!["verify", "--scheme", scheme, "--secret", secret];
        for header in headers.lines() {
            verify.extend(["-H", header]);
        }
        let genuine = run(&verify, BODY);
        assert_eq!((genuine.status.code(), stdout(&genuine).as_str()), (Some(0), "genuine\n"), "{scheme}");
        let altered = run(&verify, b"{\"a\":2}");
        assert_eq!(altered.status.code(), Some(1), "{scheme}");
        assert!(stderr(&altered).contains("(mismatch)"), "{scheme}: {}", stderr(&altered));
    }
}

#[test]
fn wrong_usage_exits_2_and_says_what_would_be_right() {
    for (arguments, message) in [
        (&["verify"][..], "name a scheme with --scheme"),
        (&["verify", "--scheme", "nobody", "--secret", "s"], "there is no scheme \"nobody\""),
        (&["verify", "--scheme", "immuta"], "give a secret"),
        (&["verify", "--scheme", "immuta", "--secret", ""], "must not be empty"),
        (&["verify", "--scheme", "immuta", "--secret", "s", "-H", "no colon"], "'name: value'"),
        (&["sign", "--scheme", "standard-webhooks", "--secret", "s"], "signs an id"),
        (&["verify", "--scheme", "svix", "--secret", "not base64"], "base64"),
        (&["sign", "--scheme", "standard-webhooks-ed25519", "--id", "1", "--secret", PUBLIC], "whsk_"),
        (&["explain", "--scheme", "immuta"], "give a secret"),
        (&["sign", "--scheme", "immuta", "--secret-file", "/nowhere"], "cannot read the secret file"),
        (&["sign", "--scheme", "immuta", "--secret", "a", "--secret", "b"], "give one secret"),
        (&["nobody-knows"], "unrecognized subcommand"),
        (&["serve", "--demo", "--listen", "0.0.0.0:0", "--data", "unused"], "public_url"),
    ] {
        let output = run(arguments, BODY);
        let expected = if arguments[0] == "serve" { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
    let missing = run(&["verify", "--scheme", "immuta", "--secret", "s"], BODY);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("(missing_header)"));
    let short = run(&["verify", "--scheme", "immuta", "--secret", "s", "-H", TAG], BODY);
    assert!(stderr(&short).contains("(malformed_header)"), "a truncated tag never verifies");
}

#[test]
fn a_secret_file_may_end_with_one_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "a shared secret\n").unwrap();
    let from_file = run(&["sign", "--scheme", "immuta", "--secret-file", path.to_str().unwrap()], BODY);
    let given = run(&["sign", "--scheme", "immuta", SECRET[0], SECRET[1]], BODY);
    assert_eq!(from_file.stdout, given.stdout);
}

#[test]
fn explain_names_what_was_proven_and_what_to_do_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "another secret\n").unwrap();
    let sign = |secret: &str| stdout(&run(&["sign", "--scheme", "qlik", "--secret", secret], BODY));
    let explain = |header: &str, body: &[u8]| {
        let other = other.to_str().unwrap();
        let given =
            ["explain", "--scheme", "qlik", SECRET[0], SECRET[1], "--other-secret-file", other, "-H", header];
        let output = run(&given, body);
        (output.status.code(), stdout(&output))
    };
    let header = sign(SECRET[1]);
    assert_eq!(explain(header.trim(), BODY), (Some(0), "genuine\n".to_owned()));
    let (code, text) = explain(header.trim(), b"{\n  \"a\": 1\n}");
    assert!(code == Some(1) && text.contains("(mismatch)") && text.contains("(pretty_printed)"), "{text}");
    assert!(text.contains("express.raw()"), "{text}");
    let (_, text) = explain(sign("another secret").trim(), BODY);
    assert!(text.contains("number 0 of the others (from 0) (another_secret)"), "{text}");
    let (_, text) = explain(sign("yet another").trim(), BODY);
    assert!(text.contains("none of the known mistakes"), "{text}");
    let (_, text) = explain("x-hub-signature-256: sha256=00", b"");
    assert!(
        text.contains("(missing_header)")
            && text.contains("perhaps: the request has the signature header of github"),
        "{text}"
    );
}

#[test]
fn tokens_are_new_each_time_and_come_with_their_hash() {
    let (one, two) = (stdout(&run(&["token"], b"")), stdout(&run(&["token"], b"")));
    assert_ne!(one, two);
    let mut lines = one.lines();
    assert_eq!(lines.next().unwrap().len(), 43, "256 bits in base64url");
    let hash = lines.next().unwrap().strip_prefix("token_sha256 = \"").unwrap();
    assert_eq!(hash.len(), 65);
}

#[test]
fn a_configuration_that_is_wrong_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sigpost.toml");
    for (toml, message) in [
        ("[server]\nlisten = \"here\"", "[server] listen: must be an address"),
        ("[[tenant]]\nname = \"a\"\ndialect = \"soap\"", "dialect \"soap\" is not one of these"),
        ("[server]\nnobody_knows = 1", "nobody_knows"),
        ("[server]\nrate_limit = 1", "sigpost.toml"),
        ("[server", "expected"),
    ] {
        std::fs::write(&config, toml).unwrap();
        let output = run(&["serve", "--config", config.to_str().unwrap()], b"");
        assert_eq!(output.status.code(), Some(1), "{toml}");
        assert!(stderr(&output).contains(message), "{toml}: {}", stderr(&output));
    }
    let output = run(&["serve", "--config", "/nowhere/sigpost.toml"], b"");
    assert!(stderr(&output).contains("there is no file /nowhere/sigpost.toml"), "{}", stderr(&output));
}

/// The demo as a newcomer meets it: the lines that it prints are pasted into a shell.
#[test]
fn the_demo_shows_a_verified_delivery_by_the_lines_it_prints() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("stderr.log");
    let mut command = Command::new(binary().unwrap());
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
    let mut demo = Process::spawn(command, &log).unwrap();
    demo.listening(Duration::from_secs(20)).unwrap();
    let printed = wait_for(&log, "Ctrl-C stops the demo");
    let mut lines = String::new();
    let mut pasting = false;
    for line in printed.lines() {
        pasting = if pasting { !line.is_empty() } else { line.starts_with("curl ") };
        if pasting {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    assert_eq!(lines.matches("curl ").count(), 3, "{lines}");
    let pasted = Command::new("bash").arg("-c").arg(&lines).output().unwrap();
    let answers = stdout(&pasted);
    assert!(pasted.status.success(), "{answers}{}", stderr(&pasted));
    assert!(
        answers.contains("\"createdWebhooks\":[{\"id\":1") && answers.contains("\"status\":\"accepted\""),
        "{answers}"
    );
    let report = wait_for(&log, "\"webhookName\":\"my first webhook\"");
    for scheme in ["immuta", "immuta-sha1", "standard-webhooks"] {
        assert!(report.contains(&format!("genuine      {scheme}\n")), "{report}");
    }
    assert!(!report.contains("NOT GENUINE"), "{report}");
    assert!(demo.terminate(Duration::from_secs(15)).unwrap().success());
    assert!(folder.path().join("sigpost-demo-data/sigpost.db").is_file());
}

/// What a program has written to its log once it has written this.
fn wait_for(log: &Path, text: &str) -> String {
    let read = || std::fs::read_to_string(log).ok().filter(|log| log.contains(text));
    let found = sigpost_tests::time::Deadline::after(Duration::from_secs(20)).poll(read);
    found.unwrap_or_else(|| panic!("never said {text:?}: {}", std::fs::read_to_string(log).unwrap()))
}
