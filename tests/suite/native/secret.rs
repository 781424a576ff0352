//! Secrets that take each other's place, as receivers see it.

use jiff::{SignedDuration, Timestamp};
use sigpost_core::signature::{Scheme, Secret, Verifier};
use sigpost_tests::receiver::Request;
use sigpost_tests::time::wall;

use super::*;

const OLD: &str = "the old secret, longer than thirty-two";
const NEW: &str = "the new secret, longer than thirty-two";

/// The time so many seconds from now.
fn after(seconds: i64) -> Timestamp {
    wall() + SignedDuration::from_secs(seconds)
}

fn verifies(request: &Request, scheme: &Scheme, secret: &str) -> bool {
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let verifier = Verifier::new(scheme, &[Secret::new(secret).unwrap()]).unwrap();
    verifier.verify(headers, &request.body, wall().as_second()).is_ok()
}

/// Whether the old secret, and the new one, verify the system's own header, and `webhook-signature`.
fn signed_by(request: &Request) -> [[bool; 2]; 2] {
    [Scheme::GENERIC, Scheme::STANDARD_WEBHOOKS]
        .map(|scheme| [OLD, NEW].map(|secret| verifies(request, scheme, secret)))
}

const BEFORE: [[bool; 2]; 2] = [[true, false], [true, true]];
const BETWEEN: [[bool; 2]; 2] = [[false, true], [true, true]];
const AFTER: [[bool; 2]; 2] = [[false, true], [false, true]];

fn rotate(server: &Server, webhook: &Value, how: &Value) -> Response {
    client(server, "generic", "admin").post(&format!("{}/secret", path(webhook)), how).unwrap()
}

/// Publishes an event and returns what arrives.
fn received(server: &Server, receiver: &Receiver, id: &str) -> Request {
    let count = receiver.requests().len() + 1;
    assert_eq!(publish(server, "generic", &event(id)).status, 202);
    receiver.wait_for(count, SOON).unwrap().remove(count - 1)
}

#[test]
fn a_new_secret_takes_the_old_ones_place_in_its_time() {
    let (server, receiver) = (serve(), receiver());
    let made = create(&server, "generic", &receiver.url("/"), &json!({ "secret": OLD }));
    assert_eq!((&made["rotation"], made.get("secret")), (&Value::Null, None));
    assert_eq!(signed_by(&received(&server, &receiver, "0")), [[true, false]; 2]);
    let (activate, retire) = (after(3), after(6));
    let how = json!({ "secret": NEW, "activate_at": activate.to_string(), "retire_at": retire.to_string() });
    let rotated = body(&rotate(&server, &made, &how), 200);
    assert!(rotated.get("secret").is_none() && !rotated["rotation"]["activate_at"].is_null(), "{rotated}");
    let mut seen = [0; 3];
    for id in 1.. {
        let sent = wall();
        let by = signed_by(&received(&server, &receiver, &id.to_string()));
        // What was signed around the moment of a change may be either.
        let near = SignedDuration::from_millis(500);
        let phases = [
            (Timestamp::MIN, activate - near, BEFORE),
            (activate + near, retire - near, BETWEEN),
            (retire + near, Timestamp::MAX, AFTER),
        ];
        for (phase, (from, to, expected)) in phases.into_iter().enumerate() {
            if sent > from && wall() < to {
                assert_eq!(by, expected, "{} before the end", retire - sent);
                seen[phase] += 1;
            }
        }
        if seen[2] >= 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    let over = body(&client(&server, "generic", "admin").get(&path(&made)).unwrap(), 200);
    assert_eq!((&over["rotation"], &over["signed"]), (&Value::Null, &json!(true)));
}

#[test]
fn a_secret_can_be_replaced_at_once_and_during_another_rotation() {
    let (mut server, receiver) = (serve(), receiver());
    let made = create(&server, "generic", &receiver.url("/"), &json!({ "secret": OLD }));
    let hour = json!({ "secret": NEW, "activate_at": after(3_600).to_string(), "retire_at": after(7_200).to_string() });
    let rotated = body(&rotate(&server, &made, &hour), 200);
    assert_eq!(signed_by(&received(&server, &receiver, "1")), BEFORE);
    // It survives a restart, in the same phase.
    server.kill().unwrap();
    server.restart().unwrap();
    let admin = client(&server, "generic", "admin");
    let mut read = body(&admin.get(&path(&made)).unwrap(), 200);
    read["standard_secret"] = rotated["standard_secret"].clone();
    assert_eq!(read, rotated);
    assert_eq!(signed_by(&received(&server, &receiver, "2")), BEFORE);
    // By default the new one signs at once and the old one stays for a day.
    let at_once = body(&rotate(&server, &made, &json!({ "secret": NEW })), 200);
    assert!(at_once["rotation"]["retire_at"].as_str().unwrap() > after(86_000).to_string().as_str());
    assert_eq!(signed_by(&received(&server, &receiver, "3")), BETWEEN);
    let over =
        json!({ "secret": NEW, "activate_at": after(-2).to_string(), "retire_at": after(-1).to_string() });
    assert_eq!(body(&rotate(&server, &made, &over), 200)["rotation"], Value::Null);
    assert_eq!(signed_by(&received(&server, &receiver, "4")), AFTER);
    for file in ["sigpost.db", "sigpost.db-wal", "../stderr.log"] {
        let bytes = std::fs::read(server.folder().join("data").join(file)).unwrap_or_default();
        for secret in [OLD, NEW] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file}");
        }
    }
}

#[test]
fn a_generated_secret_is_shown_once_and_a_given_one_in_the_form_that_libraries_take() {
    let (server, receiver) = (serve(), receiver());
    let made = create(&server, "generic", &receiver.url("/"), &json!({ "secret": OLD }));
    let (at, admin) = (path(&made), client(&server, "generic", "admin"));
    let standard = made["standard_secret"].as_str().unwrap();
    assert!(standard.starts_with("whsec_") && made.get("secret").is_none(), "{made}");
    let request = received(&server, &receiver, "1");
    assert!(verifies(&request, Scheme::STANDARD_WEBHOOKS, standard));
    assert!(
        !verifies(&request, Scheme::GENERIC, standard),
        "the system's own header needs the secret itself"
    );
    // No body at all, an empty object: one is generated.
    for given in [&b""[..], b"{}"] {
        let rotated = body(&admin.send("POST", &format!("{at}/secret"), &[], given).unwrap(), 200);
        let secret = rotated["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 38, "{secret}");
        assert_eq!(rotated["standard_secret"], secret);
        assert!(verifies(&received(&server, &receiver, secret), Scheme::GENERIC, secret));
        assert!(!admin.get(&at).unwrap().text().contains("whsec_"));
        assert!(!admin.get("/v1/webhooks").unwrap().text().contains("whsec_"));
    }
    let generated = create(&server, "generic", &receiver.url("/"), &json!({}));
    assert_eq!(generated.get("standard_secret"), None, "it is that form already");
}

#[test]
fn without_a_secret_nothing_is_signed_until_there_is_one_again() {
    let (server, receiver) = (serve(), receiver());
    let made = create(&server, "generic", &receiver.url("/"), &json!({ "secret": OLD }));
    let admin = client(&server, "generic", "admin");
    let at = format!("{}/secret", path(&made));
    for _ in 0..2 {
        let answer = admin.delete(&at).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    }
    assert_eq!(body(&admin.get(&path(&made)).unwrap(), 200)["signed"], false);
    let request = received(&server, &receiver, "1");
    let signatures = request.headers.iter().filter(|(name, _)| name.to_lowercase().contains("signature"));
    assert_eq!((signatures.count(), request.header("webhook-id").is_some()), (0, true));
    let again = body(&rotate(&server, &made, &json!({ "secret": NEW })), 200);
    assert_eq!((&again["signed"], &again["rotation"]), (&json!(true), &Value::Null), "nothing is replaced");
    assert_eq!(signed_by(&received(&server, &receiver, "2")), AFTER);
}

#[test]
fn the_old_secret_is_retired_after_a_day_or_at_the_end_of_what_a_rotation_may_take() {
    let server = serve();
    let made = create(&server, "generic", "http://127.0.0.1:9/", &json!({ "secret": OLD }));
    for (activate, least, most) in [(10, 86_399, 86_400), (29 * 86_400 + 43_200, 43_100, 43_200)] {
        let activate_at = after(activate);
        let rotated = body(&rotate(&server, &made, &json!({ "activate_at": activate_at.to_string() })), 200);
        let retire_at: Timestamp = rotated["rotation"]["retire_at"].as_str().unwrap().parse().unwrap();
        let overlap = retire_at.duration_since(activate_at).as_secs();
        assert!((least..=most).contains(&overlap), "{rotated}");
    }
}

#[test]
fn a_rotation_that_breaks_a_rule_is_refused_with_its_field() {
    let server = serve();
    let made = create(&server, "generic", "http://127.0.0.1:9/", &json!({ "secret": OLD }));
    let month = after(31 * 86_400).to_string();
    for (how, field) in [
        (
            json!({ "activate_at": after(20).to_string(), "retire_at": after(10).to_string() }),
            Some("retire_at"),
        ),
        (json!({ "retire_at": month }), Some("retire_at")),
        (json!({ "activate_at": month }), Some("activate_at")),
        (json!({ "activate_at": "tomorrow" }), Some("activate_at")),
        (json!({ "retire_at": 5 }), Some("retire_at")),
        (json!({ "secret": null }), Some("secret")),
        (json!({ "secret": "" }), Some("secret")),
        (json!({ "secret": 7 }), Some("secret")),
        (json!({ "secret": "s".repeat(1_025) }), Some("secret")),
        (json!({ "colour": "red" }), Some("colour")),
        (json!([NEW]), None),
    ] {
        let answer = rotate(&server, &made, &how);
        refused(&answer, 422, field, &how.to_string());
        assert!(!answer.text().contains(NEW));
    }
    let admin = client(&server, "generic", "admin");
    refused(
        &admin.send("POST", &format!("{}/secret", path(&made)), &[], b"{").unwrap(),
        400,
        None,
        "malformed",
    );
    assert_eq!(body(&admin.get(&path(&made)).unwrap(), 200)["version"], 1);
    // Qlik's secrets have their own length.
    let qlik = create(&server, "qlik", "http://127.0.0.1:9/", &json!({ "secret": null }));
    let at = format!("{}/secret", path(&qlik));
    let admin = client(&server, "qlik", "admin");
    refused(&admin.post(&at, &json!({ "secret": "x".repeat(31) })).unwrap(), 422, Some("secret"), "short");
    assert_eq!(admin.post(&at, &json!({ "secret": "x".repeat(32) })).unwrap().status, 200);
}
