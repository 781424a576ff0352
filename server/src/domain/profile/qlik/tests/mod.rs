//! Qlik's rules, and that no change is a way round them.

mod properties;

use sigpost_core::json::{Canonical, Limits};

use super::*;
use crate::domain::{Role, UserId};

const RELOAD: &str = "com.qlik.v1.app.reload.finished";
const CREATED: &str = "com.qlik.app.created";
const DELETED: &str = "com.qlik.v1.app.deleted";

fn parts() -> Parts {
    Parts {
        name: "q".into(),
        description: None,
        event_types: vec![CREATED.into()],
        level: Level::Tenant,
        filter: None,
        headers: Vec::new(),
        encrypted_headers: Vec::new(),
        cloud_events: true,
        check_revocation: false,
        origin: Origin::Api,
    }
}

fn settings() -> Settings {
    Settings { event_types: vec!["own.type".into()], ..Settings::default() }
}

fn make(change: impl FnOnce(&mut Parts)) -> Result<Qlik, Invalid> {
    let mut parts = parts();
    change(&mut parts);
    Qlik::new(parts, &settings())
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

fn encrypted(name: &str, value: &str) -> EncryptedHeader {
    EncryptedHeader { name: name.into(), value: HeaderSecret::new(value.into()) }
}

/// What is wrong with a header, of either kind.
fn bad_header(name: &str, value: &str) -> Option<BadHeaders> {
    let plain = make(|parts| parts.headers = vec![header(name, value)]);
    let secret = make(|parts| parts.encrypted_headers = vec![encrypted(name, value)]);
    match (plain, secret) {
        (Ok(_), Ok(_)) => None,
        (Err(Invalid::Headers(plain)), Err(Invalid::EncryptedHeaders(secret))) => {
            assert_eq!(plain, secret, "{name:?}: {value:?}");
            Some(plain)
        }
        other => panic!("{name:?}: {value:?}: {other:?}"),
    }
}

fn url(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

fn here() -> Endpoint {
    url("https://hooks.example.com/in?x=1")
}

fn event(members: &str) -> CloudEvent {
    let text = format!("{{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/a\"{members}}}");
    CloudEvent::from_json(Canonical::parse(text.as_bytes(), Limits::default()).unwrap().view()).unwrap()
}

fn user() -> User {
    let roles = [Role::User].into_iter().collect();
    User {
        id: UserId::new("u1").unwrap(),
        name: "Ada".into(),
        roles,
        spaces: vec!["s1".into()],
        origin: crate::domain::Origin::File,
    }
}

#[test]
fn names_and_descriptions_are_counted_in_characters() {
    assert!(make(|parts| parts.name = "\u{1f40c}".repeat(512)).is_ok());
    assert_eq!(make(|parts| parts.name = "x".repeat(513)), Err(Invalid::Name));
    assert_eq!(make(|parts| parts.name = String::new()), Err(Invalid::Name));
    assert!(make(|parts| parts.description = Some("\u{e9}".repeat(1_024))).is_ok());
    assert!(make(|parts| parts.description = Some(String::new())).is_ok());
    assert_eq!(make(|parts| parts.description = Some("x".repeat(1_025))), Err(Invalid::Description));
}

#[test]
fn a_url_has_at_most_2048_characters() {
    let long = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
    let admitted =
        |length| Endpoint::parse(&long(length)).map(|url| admits(Some(&url), None, &Egress::default()));
    assert_eq!(admitted(2_048), Ok(Ok(())));
    assert!(admitted(2_049).is_err());
}

#[test]
fn a_host_name_must_be_a_whole_one_unless_the_operator_relaxes_it() {
    let label = "a".repeat(63);
    let long = [&*label; 4].join(".");
    let good = ["hooks.example", "hooks.example.", "a_b.example", &format!("{label}.example"), &long[..253]];
    let bad =
        ["localhost", "localhost.", ".", "...", "a..b", ".example", &format!("{label}a.example"), &long];
    for (names, fits) in [(&good[..], true), (&bad[..], false)] {
        for name in names {
            // What the parser refuses already is refused as well.
            let Ok(url) = Endpoint::parse(&format!("https://{name}/")) else { continue };
            assert_eq!(admits(Some(&url), None, &Egress::default()).is_ok(), fits, "{name}");
            let relaxed = Egress { relaxed_targets: true, ..Egress::default() };
            assert!(admits(Some(&url), None, &relaxed).is_ok(), "{name}");
        }
    }
}

#[test]
fn a_user_that_is_a_number_is_the_one_whose_id_is_written_so() {
    let user = User { id: UserId::new("5").unwrap(), spaces: vec!["7".into()], ..user() };
    let own = make(|parts| parts.level = Level::User).unwrap();
    let concerns = |member: &str| {
        let event = event(&format!(",\"type\":{CREATED:?},{member}"));
        own.matches(&user, CREATED, &Facts::of(&event))
    };
    for member in [r#""userid":5"#, r#""userid":"5""#, r#""ownerid":5"#, r#""spaceid":7"#] {
        assert!(concerns(member), "{member}");
    }
    for member in [r#""userid":50"#, r#""userid":true"#, r#""ownerid":"05""#] {
        assert!(!concerns(member), "{member}");
    }
}

#[test]
fn every_type_must_be_there_for_the_level() {
    let with = |level, types: &[&str]| {
        make(|parts| {
            parts.level = level;
            parts.event_types = types.iter().copied().map(Into::into).collect();
        })
    };
    for name in [DELETED, "com.qlik.app.deleted", "com.qlik.core.user.created"] {
        assert!(with(Level::Tenant, &[CREATED, name]).is_ok());
        let refused = with(Level::User, &[CREATED, name]).unwrap_err();
        assert_eq!(refused, Invalid::Level { level: Level::User, event_type: name.into() });
        assert!(refused.to_string().contains(name) && refused.to_string().starts_with("level user"));
    }
    // Nobody tells the levels of these.
    for name in ["com.qlik.v1.automation.run.ended", "com.qlik.app.softdeleted", "own.type"] {
        assert!(with(Level::Tenant, &[name]).is_ok() && with(Level::User, &[name]).is_ok(), "{name}");
    }
}

#[test]
fn types_are_kept_as_given_and_once() {
    let both = ["com.qlik.v1.app.created", CREATED, CREATED];
    let webhook = make(|parts| parts.event_types = both.iter().copied().map(Into::into).collect()).unwrap();
    assert_eq!(webhook.event_types(), &both[..2]);
    let unknown = make(|parts| parts.event_types = vec!["com.qlik.*".into()]);
    assert_eq!(unknown, Err(Invalid::EventTypes(BadTypes::Unknown("com.qlik.*".into()))));
}

#[test]
fn a_filter_is_shown_as_given_and_must_go_with_the_types() {
    let with = |filter: &str, types: &[&str]| {
        make(|parts| {
            parts.filter = Some(filter.into());
            parts.event_types = types.iter().copied().map(Into::into).collect();
        })
    };
    let text = "( id  EQ \"a\" )";
    assert_eq!(with(text, &[CREATED]).unwrap().filter(), Some(text));
    let status = r#"data.status eq "error""#;
    assert!(with(status, &[RELOAD]).is_ok());
    let refused = with(status, &[RELOAD, CREATED]).unwrap_err();
    assert!(matches!(&refused, Invalid::FilterTypes(error) if error.event_type() == Some(CREATED)));
    assert_eq!(refused.field(), "filter");
    for bad in ["", " ", "id", r#"id co "a""#, r#"name eq "a""#, "id eq 5"] {
        assert!(matches!(with(bad, &[CREATED]), Err(Invalid::Filter(_))), "{bad:?}");
    }
}

#[test]
fn a_filter_that_is_a_bomb_is_refused() {
    let with = |filter: String| make(|parts| parts.filter = Some(filter));
    let chain = |count| vec![r#"id eq "a""#; count].join(" or ");
    let nested = |depth| format!("{}id eq \"a\"{}", "(".repeat(depth), ")".repeat(depth));
    let long = |bytes: usize| format!("id eq \"{}\"", "x".repeat(bytes - 8));
    for fits in [chain(256), nested(32), long(8_192)] {
        assert!(with(fits).is_ok());
    }
    for bomb in [chain(257), nested(33), long(8_193), "(".repeat(1_000_000), chain(100_000)] {
        assert!(matches!(with(bomb), Err(Invalid::Filter(_))));
    }
}

#[test]
fn a_filter_decides_on_what_the_event_is_about() {
    let receives = |filter: &str, event_type: &str, members: &str| {
        let webhook = make(|parts| {
            parts.filter = Some(filter.into());
            parts.event_types = vec![event_type.into()];
        });
        let event = event(&format!(",\"type\":{event_type:?}{members}"));
        let passes = webhook.unwrap().matches(&user(), event_type, &Facts::of(&event));
        assert_eq!(passes, Filter::parse(filter).unwrap().matches_event(&event), "as core sees it");
        passes
    };
    let about = r#","subject":"other","spaceid":"s2","toplevelresourceid":7,"data":{"id":"a","status":"ok"}"#;
    for filter in [
        r#"id eq "a""#,
        r#"spaceId eq "s2" and topLevelResourceId eq "7""#,
        r#"id eq "b" or spaceId ne "s3""#,
    ] {
        assert!(receives(filter, CREATED, about), "{filter}");
    }
    for filter in [r#"id eq "e1""#, r#"id eq "other""#, r#"spaceId eq "S2""#, r#"topLevelResourceId ne "7""#]
    {
        assert!(!receives(filter, CREATED, about), "{filter}");
    }
    assert!(receives(r#"id eq "other""#, CREATED, r#","subject":"other""#));
    assert!(!receives(r#"id eq "5""#, CREATED, r#","subject":"5","data":{"id":5}"#));
    assert!(receives(r#"data.status eq "ok""#, RELOAD, about));
    assert!(!receives(r#"data.status eq "error""#, RELOAD, about));
    assert!(receives(r#"data.status ne "error""#, RELOAD, ""));
    assert!(!receives(r#"data.status eq "ok" and id eq "b""#, RELOAD, about));
}

#[test]
fn a_filter_narrows_what_a_level_and_the_types_let_through() {
    let webhook = make(|parts| {
        parts.level = Level::User;
        parts.filter = Some(r#"id eq "a""#.into());
    });
    let webhook = webhook.unwrap();
    let receives = |event_type: &str, members: &str| {
        let event = event(&format!(",\"type\":{event_type:?}{members}"));
        webhook.matches(&user(), event_type, &Facts::of(&event))
    };
    assert!(receives(CREATED, r#","subject":"a","userid":"u1""#));
    assert!(receives("com.qlik.v1.app.created", r#","subject":"a","spaceid":"s1""#));
    assert!(!receives(CREATED, r#","subject":"a","userid":"u2""#));
    assert!(!receives(CREATED, r#","subject":"b","userid":"u1""#));
    assert!(!receives("com.qlik.app.exported", r#","subject":"a","userid":"u1""#));
}

#[test]
fn header_names_are_tokens() {
    for name in ["X-Key", "x", "!#$%&'*+-.^_`|~09azAZ", "Accept", "Authorization", "Cookie", "Contents"] {
        assert_eq!(bad_header(name, "v"), None, "{name}");
    }
    for name in [
        "",
        " ",
        "x y",
        " x",
        "x ",
        "x:",
        "x\r\nY",
        "x\n",
        "x\0",
        "x\t",
        "x\u{7f}",
        "(x)",
        "x,y",
        "x\"",
        "x/y",
        "x=y",
        "[x]",
        "{x}",
        "x\\",
        "x;y",
        "x@y",
        "x?",
        "<x>",
        "\u{e9}",
        "x\u{212a}",
        "\u{ff48}ost",
        ":path",
    ] {
        assert_eq!(bad_header(name, "v"), Some(BadHeaders::Name(name.into())), "{name:?}");
    }
}

#[test]
fn header_values_are_visible_ascii_within() {
    for value in ["", "v", "a b\tc", "~!\"\\{}", "Bearer a.b-c_d=="] {
        assert_eq!(bad_header("x-a", value), None, "{value:?}");
    }
    for value in [
        " v",
        "v ",
        "\tv",
        "v\t",
        " ",
        "a\r\nX: y",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\x0bb",
        "a\x7fb",
        "\u{e9}",
        "a\u{2028}b",
        "a\u{85}b",
        "\u{feff}v",
    ] {
        assert_eq!(bad_header("x-a", value), Some(BadHeaders::Value("x-a".into())), "{value:?}");
    }
    assert!(!bad_header("x-a", "hush\n").unwrap().to_string().contains("hush"));
}

#[test]
fn what_the_server_sets_or_what_changes_how_a_request_is_read_is_reserved() {
    for name in [
        "Host",
        "Content-Length",
        "content-length",
        "CONTENT_LENGTH",
        "Transfer-Encoding",
        "transfer_encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "User-Agent",
        "Accept-Encoding",
        "Date",
        "webhook-id",
        "Webhook_Id",
        "webhook-timestamp",
        "webhook-signature",
        "Qlik-Signature",
    ] {
        assert_eq!(bad_header(name, "v"), Some(BadHeaders::Reserved(name.into())), "{name}");
    }
}

#[test]
fn a_header_stands_once_whatever_its_case_and_kind() {
    let twice = |plain: &[&str], secret: &[&str]| {
        make(|parts| {
            parts.headers = plain.iter().map(|name| header(name, "v")).collect();
            parts.encrypted_headers = secret.iter().map(|name| encrypted(name, "v")).collect();
        })
    };
    let duplicate = |name: &str| BadHeaders::Duplicate(name.into());
    assert!(twice(&["x-a", "x-b"], &["x-c", "x_a"]).is_ok());
    assert_eq!(twice(&["x-a", "X-A"], &[]), Err(Invalid::Headers(duplicate("X-A"))));
    assert_eq!(twice(&[], &["x-a", "x-A"]), Err(Invalid::EncryptedHeaders(duplicate("x-A"))));
    assert_eq!(twice(&["x-a"], &["X-a"]), Err(Invalid::EncryptedHeaders(duplicate("X-a"))));
}

#[test]
fn headers_have_2048_bytes_of_each_kind() {
    let long = |bytes: usize| "v".repeat(bytes - 3);
    assert_eq!(bad_header("x-a", &long(2_048)), None);
    assert_eq!(bad_header("x-a", &long(2_049)), Some(BadHeaders::TooLong));
    assert_eq!(bad_header(&"x".repeat(2_049), ""), Some(BadHeaders::TooLong));
    // Each for itself, and all of a kind together.
    let both = make(|parts| {
        parts.headers = vec![header("x-a", &long(1_024)), header("x-b", &long(1_024))];
        parts.encrypted_headers = vec![encrypted("x-c", &long(2_048))];
    });
    assert!(both.is_ok());
    let sum = make(|parts| parts.headers = vec![header("x-a", &long(1_024)), header("x-b", &long(1_025))]);
    assert_eq!(sum, Err(Invalid::Headers(BadHeaders::TooLong)));
    // However many there are, and however wrong they are: the size comes first.
    let many = make(|parts| parts.headers = (0..100_000).map(|n| header(&format!("x{n}"), "")).collect());
    assert_eq!(many, Err(Invalid::Headers(BadHeaders::TooLong)));
    assert_eq!(bad_header("Host", &"\n".repeat(2_048)), Some(BadHeaders::TooLong));
    let twice = make(|parts| parts.headers = vec![header("x-a", &long(1_025)), header("x-a", &long(1_024))]);
    assert_eq!(twice, Err(Invalid::Headers(BadHeaders::TooLong)));
    let multibyte = make(|parts| parts.headers = vec![header("x-a", &"\u{e9}".repeat(1_023))]);
    assert_eq!(multibyte, Err(Invalid::Headers(BadHeaders::TooLong)));
}

#[test]
fn no_value_of_a_header_is_ever_printed() {
    let parts = Parts {
        headers: vec![header("x-a", "plainly")],
        encrypted_headers: vec![encrypted("x-b", "hush")],
        ..parts()
    };
    let change = Change {
        headers: Some(parts.headers.clone()),
        encrypted_headers: Some(parts.encrypted_headers.clone()),
        ..Change::default()
    };
    let webhook = Qlik::new(parts.clone(), &settings()).unwrap();
    for printed in
        [format!("{parts:?}"), format!("{change:?}"), format!("{webhook:?}"), format!("{webhook:#?}")]
    {
        assert!(printed.contains("x-a") && printed.contains("x-b"), "{printed}");
        assert!(!printed.contains("plainly") && !printed.contains("hush"), "{printed}");
    }
}

#[test]
fn a_request_gets_the_headers_of_both_kinds_as_given() {
    let webhook = make(|parts| {
        parts.headers = vec![header("X-B", "1"), header("X-A", "2")];
        parts.encrypted_headers = vec![encrypted("Authorization", "Bearer t")];
    });
    let profile = crate::domain::Profile::Qlik(webhook.unwrap());
    let sent: Vec<_> =
        profile.request_headers().map(|header| (header.name, header.value, header.encrypted)).collect();
    assert_eq!(sent, [("X-B", "1", false), ("X-A", "2", false), ("Authorization", "Bearer t", true)]);
}

#[test]
fn what_was_deleted_has_names_but_no_values() {
    let Parts { name, description, event_types, level, filter, headers, .. } = parts();
    let sealed = Parts {
        name,
        description,
        event_types,
        level,
        filter,
        headers,
        encrypted_headers: vec!["x-a".to_owned(), "X-B".to_owned()],
        cloud_events: true,
        check_revocation: false,
        origin: Origin::Api,
    };
    let mut webhook = Qlik::restore(sealed).unwrap();
    assert_eq!(webhook.encrypted_header_names().collect::<Vec<_>>(), ["x-a", "X-B"]);
    assert_eq!((webhook.encrypted_headers().count(), webhook.request_headers().count()), (0, 0));
    for wrong in [vec![], vec![encrypted("x-a", "1")], vec![encrypted("X-B", "2"), encrypted("x-a", "1")]] {
        assert!(!webhook.unseal(wrong));
    }
    assert!(webhook.unseal(vec![encrypted("x-a", "1"), encrypted("X-B", "2")]));
    assert_eq!(webhook.request_headers().map(|header| header.value).collect::<Vec<_>>(), ["1", "2"]);
    let made = make(|parts| parts.encrypted_headers = vec![encrypted("x-a", "1"), encrypted("X-B", "2")]);
    assert_eq!(made, Ok(webhook));
    assert_ne!(
        made,
        make(|parts| parts.encrypted_headers = vec![encrypted("x-a", "1"), encrypted("X-B", "3")])
    );
}

#[test]
fn cloud_events_delivery_cannot_be_turned_off_again() {
    let change = |cloud_events| Change { cloud_events: Some(cloud_events), ..Change::default() };
    let apply =
        |webhook: &Qlik, cloud_events| webhook.apply(change(cloud_events), &here(), &here(), &settings());
    let older = make(|parts| parts.cloud_events = false).unwrap();
    assert_eq!(apply(&older, false), Ok(older.clone()));
    let newer = apply(&older, true).unwrap();
    assert!(newer.cloud_events());
    assert_eq!(apply(&newer, true), Ok(newer.clone()));
    assert_eq!(apply(&newer, false), Err(Invalid::CloudEventsKept));
}

#[test]
fn encrypted_headers_are_entered_again_with_another_url() {
    let webhook = make(|parts| parts.encrypted_headers = vec![encrypted("x-a", "1"), encrypted("x-b", "2")]);
    let webhook = webhook.unwrap();
    let apply = |headers: Option<Vec<EncryptedHeader>>, to: &str| {
        let change = Change { encrypted_headers: headers, ..Change::default() };
        webhook.apply(change, &here(), &url(to), &settings())
    };
    let elsewhere = "https://elsewhere.example.com/";
    for to in [
        elsewhere,
        "https://hooks.example.com/in?x=2",
        "https://hooks.example.com/",
        "https://hooks.example.com:444/in?x=1",
        "http://hooks.example.com/in?x=1",
    ] {
        assert_eq!(apply(None, to), Err(Invalid::EncryptedHeadersKept), "{to}");
    }
    // The same place in other words.
    for to in ["https://hooks.example.com/in?x=1", "HTTPS://Hooks.Example.com:443/in?x=1#top"] {
        assert_eq!(apply(None, to), Ok(webhook.clone()), "{to}");
    }
    // All removed; all entered again, though they say the same; one of two.
    assert_eq!(apply(Some(vec![]), elsewhere).unwrap().encrypted_header_names().count(), 0);
    let again = vec![encrypted("x-a", "1"), encrypted("x-b", "2")];
    assert_eq!(apply(Some(again), elsewhere), Ok(webhook.clone()));
    assert!(apply(Some(vec![encrypted("x-a", "1")]), elsewhere).is_ok());
    // Values that were taken from the webhook itself were not entered, under whatever name.
    let mut taken: Vec<_> = webhook.encrypted_headers().collect();
    assert_eq!(apply(Some(taken.clone()), elsewhere), Err(Invalid::EncryptedHeadersKept));
    taken[0] = encrypted("x-a", "1");
    taken[1].name = "x-c".into();
    assert_eq!(apply(Some(taken), elsewhere), Err(Invalid::EncryptedHeadersKept));
    // Without any, a url changes freely.
    let without = make(|_| ()).unwrap();
    assert!(without.apply(Change::default(), &here(), &url(elsewhere), &settings()).is_ok());
}

#[test]
fn a_change_that_did_not_come_through_apply_is_judged_by_what_was_before() {
    use crate::domain::Profile;
    let before = make(|parts| parts.encrypted_headers = vec![encrypted("x-a", "1")]).unwrap();
    let (old, elsewhere) = (Profile::Qlik(before.clone()), url("https://elsewhere.example.com/"));
    let follows = |after: Qlik, to: &Endpoint| Profile::Qlik(after).admits_change(&old, &here(), to);
    assert_eq!(follows(before.clone(), &here()), Ok(()));
    assert_eq!(follows(before, &elsewhere), Err(Invalid::EncryptedHeadersKept));
    assert_eq!(follows(make(|_| ()).unwrap(), &elsewhere), Ok(()));
    let older = make(|parts| parts.cloud_events = false).unwrap();
    assert_eq!(follows(older, &here()), Err(Invalid::CloudEventsKept));
    let moved = make(|parts| parts.origin = Origin::Automations).unwrap();
    assert_eq!(follows(moved, &here()), Err(Invalid::OriginChanged));
}

#[test]
fn an_origin_reads_back_by_its_name() {
    for origin in Origin::ALL {
        assert_eq!(Origin::parse(origin.as_str()), Some(origin));
    }
    assert_eq!(Origin::parse("API"), None);
}
