//! Changes, many of them, in any order.

use proptest::prelude::*;

use super::*;

/// Texts at and beyond the limits.
fn any_name() -> impl Strategy<Value = String> {
    (0_usize..4, "[a-z\u{e9}]").prop_map(|(size, c)| c.repeat([0, 1, 512, 513][size]))
}

fn any_description() -> impl Strategy<Value = Option<String>> {
    proptest::option::of((0_usize..3).prop_map(|size| "d".repeat([0, 1_024, 1_025][size])))
}

fn any_types() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        Just(CREATED),
        Just("com.qlik.v1.app.created"),
        Just(DELETED),
        Just(RELOAD),
        Just("own.type"),
        Just("nobody.knows")
    ];
    proptest::collection::vec(one.prop_map(Into::into), 0..4)
}

fn any_level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Tenant), Just(Level::User)]
}

fn any_filter() -> impl Strategy<Value = Option<String>> {
    let one = prop_oneof![
        Just(r#"id eq "a""#),
        Just(r#"data.status eq "ok""#),
        Just(r#"spaceId  NE "b" or (id eq "c")"#),
        Just("id"),
        Just("")
    ];
    proptest::option::of(one.prop_map(Into::into))
}

fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        5 => "[xX]-[a-c]",
        1 => Just("Host".to_owned()),
        1 => Just("content-length".to_owned()),
        1 => "\\PC{0,3}",
    ];
    let value = prop_oneof![
        5 => "[ -~]{0,4}",
        1 => Just("v\r\nhost: x".to_owned()),
        1 => (1_018_usize..1_026).prop_map(|size| "v".repeat(size)),
        1 => (2_042_usize..2_047).prop_map(|size| "v".repeat(size)),
    ];
    proptest::collection::vec((name, value), 0..3)
}

fn any_headers() -> impl Strategy<Value = Vec<Header>> {
    any_pairs().prop_map(|pairs| pairs.into_iter().map(|(name, value)| Header { name, value }).collect())
}

fn any_encrypted() -> impl Strategy<Value = Vec<EncryptedHeader>> {
    any_pairs().prop_map(|pairs| {
        let secret = |(name, value)| EncryptedHeader { name, value: HeaderSecret::new(value) };
        pairs.into_iter().map(secret).collect()
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    use proptest::option::weighted;
    let texts = (weighted(0.2, any_name()), weighted(0.2, any_description()), weighted(0.3, any_types()));
    let choices = (weighted(0.3, any_level()), weighted(0.3, any_filter()));
    let headers = (weighted(0.3, any_headers()), weighted(0.3, any_encrypted()));
    let switches = (weighted(0.3, any::<bool>()), weighted(0.3, any::<bool>()));
    (texts, choices, headers, switches).prop_map(|(texts, choices, headers, switches)| Change {
        name: texts.0,
        description: texts.1,
        event_types: texts.2,
        level: choices.0,
        filter: choices.1,
        headers: headers.0,
        encrypted_headers: headers.1,
        cloud_events: switches.0,
        check_revocation: switches.1,
    })
}

fn parts_of(webhook: &Qlik) -> Parts {
    Parts {
        name: webhook.name().into(),
        description: webhook.description().map(Into::into),
        event_types: webhook.event_types().to_vec(),
        level: webhook.level(),
        filter: webhook.filter().map(Into::into),
        headers: webhook.headers().to_vec(),
        encrypted_headers: webhook.encrypted_headers().collect(),
        cloud_events: webhook.cloud_events(),
        check_revocation: webhook.check_revocation(),
        origin: webhook.origin(),
    }
}

/// The parts a change asks for.
fn changed(parts: Parts, change: Change) -> Parts {
    Parts {
        name: change.name.unwrap_or(parts.name),
        description: change.description.unwrap_or(parts.description),
        event_types: change.event_types.unwrap_or(parts.event_types),
        level: change.level.unwrap_or(parts.level),
        filter: change.filter.unwrap_or(parts.filter),
        headers: change.headers.unwrap_or(parts.headers),
        encrypted_headers: change.encrypted_headers.unwrap_or(parts.encrypted_headers),
        cloud_events: change.cloud_events.unwrap_or(parts.cloud_events),
        check_revocation: change.check_revocation.unwrap_or(parts.check_revocation),
        origin: parts.origin,
    }
}

proptest! {
    /// Whatever is changed, and however often: what comes out is what would be made anew of the same parts, and what
    /// would not be made does not come out.
    #[test]
    fn changes_lead_to_what_could_be_made_and_to_nothing_else(
        changes in proptest::collection::vec((any_change(), any::<bool>()), 1..6),
        cloud_events in any::<bool>(),
    ) {
        let (mut at, elsewhere) = (here(), url("https://elsewhere.example.com/"));
        let mut webhook = make(|parts| parts.cloud_events = cloud_events).unwrap();
        for (change, moves) in changes {
            let to = if moves { elsewhere.clone() } else { at.clone() };
            let keeps = change.encrypted_headers.is_none() && webhook.encrypted_headers().count() > 0;
            let off = webhook.cloud_events() && change.cloud_events == Some(false);
            let made = Qlik::new(changed(parts_of(&webhook), change.clone()), &settings());
            let applied = webhook.apply(change, &at, &to, &settings());
            match (made, applied) {
                (Ok(made), Ok(next)) => {
                    prop_assert_eq!(&next, &made);
                    prop_assert!(!off);
                    prop_assert!(!keeps || at == to);
                    let again = Qlik::new(parts_of(&next), &settings());
                    prop_assert_eq!(again.as_ref(), Ok(&next));
                    (webhook, at) = (next, to);
                }
                (Ok(_), Err(error)) => {
                    let allowed = (off && error == Invalid::CloudEventsKept)
                        || (keeps && at != to && error == Invalid::EncryptedHeadersKept);
                    prop_assert!(allowed, "{}", error);
                }
                (Err(made), Err(applied)) => prop_assert_eq!(made, applied),
                (Err(error), Ok(_)) => prop_assert!(false, "{}", error),
            }
        }
    }
}
