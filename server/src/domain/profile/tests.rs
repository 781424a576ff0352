//! What webhooks of all systems receive and send, and what a change makes of them. More about Immuta's and Qlik's own rules
//! stands with their profiles.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use sigpost_core::json::{Canonical, Limits};
use sigpost_core::notification as models;

use super::*;
use crate::domain::{
    Body, Egress, Envelope, Host, Origin, Role, TenantId, TenantSpec, TenantUid, Transport, UserId,
};

fn tenant(dialect: DialectId) -> Tenant {
    let spec = TenantSpec {
        name: "t".into(),
        dialect,
        egress: Egress::default(),
        settings: Settings::default(),
        users: BTreeMap::new(),
    };
    spec.into_tenant(TenantId::new(1), TenantUid::new([7; 16]))
}

fn user() -> User {
    let roles = [Role::Admin].into_iter().collect();
    User {
        id: UserId::new("u1").unwrap(),
        name: "Ada".into(),
        roles,
        spaces: vec!["s1".into()],
        origin: Origin::File,
    }
}

fn event(members: &str) -> CloudEvent {
    let text = format!("{{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/a\"{members}}}");
    CloudEvent::from_json(Canonical::parse(text.as_bytes(), Limits::default()).unwrap().view()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T09:30:00.123456Z".parse().unwrap()
}

fn named() -> Named {
    Named { number: Number::FIRST, public_id: id(1) }
}

fn id(byte: u8) -> PublicId {
    PublicId::new(now(), [byte; 10])
}

/// The body of a delivery, which is in JavaScript's form whatever the event was.
fn body(profile: &Profile, tenant: &Tenant, event: &CloudEvent) -> Json {
    serde_json::from_slice(canonical_body(profile, tenant, event).as_bytes()).unwrap()
}

fn canonical_body(profile: &Profile, tenant: &Tenant, event: &CloudEvent) -> Canonical {
    let prepared = prepare(tenant, event, now()).unwrap();
    let frame = profile.render(&named(), &prepared).frame(id(2));
    let bytes = Body { data: prepared.shared, frame }.to_bytes();
    let body = Canonical::parse(&bytes, Limits::default()).unwrap();
    assert_eq!(body.as_bytes(), bytes);
    body
}

fn receives(profile: &Profile, dialect: DialectId, event: &CloudEvent) -> bool {
    profile.matches(&user(), &prepare(&tenant(dialect), event, now()).unwrap().subject)
}

fn native(event_types: &[&str]) -> Profile {
    let event_types = event_types.iter().copied().map(Into::into).collect();
    let settings = Settings { event_types: vec!["order.paid".into()], ..Settings::default() };
    Profile::Native(
        native::Native::new(native::Parts { name: String::new(), event_types }, &settings).unwrap(),
    )
}

fn generic() -> Profile {
    let parts = generic::Parts { events: vec!["user.created".into()], description: None };
    Profile::Generic(generic::Generic::new(parts, &Settings::default()).unwrap())
}

fn qlik_parts(event_type: &str) -> qlik::Parts {
    qlik::Parts {
        name: "q".into(),
        description: None,
        event_types: vec![event_type.into()],
        level: qlik::Level::Tenant,
        filter: None,
        headers: Vec::new(),
        encrypted_headers: Vec::new(),
        cloud_events: true,
        check_revocation: false,
        origin: qlik::Origin::Api,
    }
}

fn qlik(change: impl FnOnce(&mut qlik::Parts)) -> Profile {
    let mut parts = qlik_parts("com.qlik.v1.app.created");
    change(&mut parts);
    Profile::Qlik(qlik::Qlik::new(parts, &Settings::default()).unwrap())
}

#[test]
fn a_native_webhook_receives_its_types_or_all() {
    let paid = event(r#","type":"order.paid""#);
    assert!(receives(&native(&["order.paid"]), DialectId::Native, &paid));
    assert!(receives(&native(&["*"]), DialectId::Native, &paid));
    assert!(!receives(&native(&["order.paid"]), DialectId::Native, &event(r#","type":"order.sent""#)));
}

#[test]
fn no_native_event_is_of_the_type_that_stands_for_all() {
    let of = |dialect, event_type: &str| {
        let event = event(&format!(r#","type":"{event_type}","data":{{}}"#));
        prepare(&tenant(dialect), &event, now()).map(|prepared| prepared.subject.event_type)
    };
    assert_eq!(of(DialectId::Native, "*"), Err(Unfit::Wildcard));
    assert_eq!(Unfit::Wildcard.to_string(), "type: \"*\" subscribes to every type; no event is of it");
    assert_eq!(of(DialectId::Native, "**").as_deref(), Ok("**"));
    assert_eq!(of(DialectId::Generic, "*").as_deref(), Ok("*"), "it stands for nothing there");
}

#[test]
fn a_native_body_is_the_event_as_it_came() {
    let given = event(r#","type":"t","zeta":true,"12":7,"subject":"é","data":{"b":1.0,"1":null}"#);
    let expected = r#"{"12":7,"specversion":"1.0","id":"e1","source":"/a","type":"t","subject":"é","zeta":true,"data":{"1":null,"b":1}}"#;
    let tenant = tenant(DialectId::Native);
    assert_eq!(prepare(&tenant, &given, now()).unwrap().shared, expected.as_bytes());
    let bytes = event(r#","type":"t","data_base64":"AAE=""#);
    assert_eq!(body(&native(&["*"]), &tenant, &bytes)["data_base64"], "AAE=");
    assert_eq!(body(&native(&["*"]), &tenant, &event(r#","type":"t""#)).get("data"), None);
}

#[test]
fn types_that_nobody_knows_cannot_be_subscribed_to() {
    let (none, all) = (Settings::default(), (0..201).map(|n| n.to_string()).collect::<Vec<_>>());
    let native = |event_types| native::Native::new(native::Parts { name: String::new(), event_types }, &none);
    let unknown = |name: &str| native::Invalid::EventTypes(BadTypes::Unknown(name.into()));
    assert_eq!(native(vec!["order.paid".into()]), Err(unknown("order.paid")));
    assert_eq!(native(vec![]), Err(native::Invalid::EventTypes(BadTypes::None)));
    assert_eq!(native(all), Err(native::Invalid::EventTypes(BadTypes::TooMany)));
    let events = vec!["user.painted".to_owned()];
    let parts = generic::Parts { events, description: None };
    assert!(generic::Generic::new(parts, &none).unwrap_err().to_string().contains("\"user.painted\""));
    let parts = qlik_parts("com.qlik.v1.app.painted");
    assert!(matches!(qlik::Qlik::new(parts, &none), Err(qlik::Invalid::EventTypes(BadTypes::Unknown(_)))));
}

#[test]
fn a_change_of_a_generic_webhook_judges_what_it_changes_and_nothing_else() {
    let (none, added) =
        (Settings::default(), Settings { event_types: vec!["user.painted".into()], ..Settings::default() });
    assert!(generic::is_known("user.created", &none) && generic::is_known("user.painted", &added));
    assert!(!generic::is_known("user.painted", &none));
    let parts = generic::Parts { events: vec!["user.painted".into()], description: Some("first".into()) };
    let made = generic::Generic::new(parts, &added).unwrap();
    // The operator has taken the type out.
    let change = |events: Option<&[&str]>, description: Option<Option<&str>>| generic::Change {
        events: events.map(|names| names.iter().map(|&name| name.into()).collect()),
        description: description.map(|text| text.map(Into::into)),
    };
    let kept = made.apply(change(None, Some(None)), &none).unwrap();
    assert_eq!((kept.events(), kept.description()), (&["user.painted".to_owned()][..], None));
    let kept = made.apply(change(Some(&["user.created"]), None), &none).unwrap();
    assert_eq!((kept.events(), kept.description()), (&["user.created".to_owned()][..], Some("first")));
    assert_eq!(made.apply(change(None, None), &none), Ok(made.clone()));
    for (events, message) in [(&["user.painted"][..], "\"user.painted\""), (&[], "at least one")] {
        assert!(made.apply(change(Some(events), None), &none).unwrap_err().to_string().contains(message));
    }
    let long = "x".repeat(1_025);
    assert_eq!(made.apply(change(None, Some(Some(&long))), &none), Err(generic::Invalid::Description));
    assert!(made.apply(change(None, Some(Some(&long[1..]))), &none).is_ok());
}

#[test]
fn a_generic_body_has_one_id_however_often_the_event_is_sent() {
    let tenant = tenant(DialectId::Generic);
    let at = event(r#","type":"user.created","time":"2023-06-21T11:15:30.5+02:00","data":{"id":"usr_1"}"#);
    let sent = body(&generic(), &tenant, &at);
    let id = sent["id"].as_str().unwrap();
    assert!(id.len() == 28 && id.starts_with("evt_"), "{id}");
    assert_eq!(
        sent,
        json!({ "id": id, "type": "user.created", "created": "2023-06-21T09:15:30Z", "data": { "id": "usr_1" } })
    );
    let later = event(r#","type":"user.created","data":null"#);
    let again = body(&generic(), &tenant, &later);
    assert_eq!((&again["id"], &again["created"]), (&sent["id"], &json!("2026-11-21T09:30:00Z")));
    assert!(receives(&generic(), DialectId::Generic, &later));
    assert!(!receives(&generic(), DialectId::Generic, &event(r#","type":"user.deleted""#)));
}

#[test]
fn a_request_body_names_its_delivery_and_its_webhook() {
    let profile = Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(immuta_request::Parts {
        verify_tls: true,
    }));
    let given = event(r#","type":"any.type","data":[1]"#);
    assert_eq!(
        body(&profile, &tenant(DialectId::ImmutaRequest), &given),
        json!({
            "deliveryId": id(2).to_string(),
            "webhookId": id(1).to_string(),
            "type": "any.type",
            "createdAt": "2026-11-21T09:30:00.123Z",
            "data": [1],
        })
    );
    assert!(receives(&profile, DialectId::ImmutaRequest, &given));
}

#[test]
fn what_is_no_json_has_no_place_in_the_older_systems_bodies() {
    let bytes = event(r#","type":"user.created","data_base64":"AAE=""#);
    for dialect in [DialectId::ImmutaRequest, DialectId::Generic, DialectId::Qlik] {
        assert_eq!(prepare(&tenant(dialect), &bytes, now()), Err(Unfit::NotJson), "{dialect:?}");
    }
}

const CREATED: &str = r#","type":"com.qlik.app.created","userid":"u2","ownerid":"u1","spaceid":"s2","tenantid":"t","toplevelresourceid":"r","data":{"n":1}"#;

#[test]
fn either_name_of_a_renamed_qlik_event_subscribes_to_both() {
    for name in ["com.qlik.v1.app.created", "com.qlik.app.created"] {
        let profile = qlik(|parts| parts.event_types = vec![name.into()]);
        assert!(receives(&profile, DialectId::Qlik, &event(CREATED)), "{name}");
        let older = event(r#","type":"com.qlik.v1.app.created""#);
        assert!(receives(&profile, DialectId::Qlik, &older), "{name}");
        let other = event(r#","type":"com.qlik.v1.app.exported""#);
        assert!(!receives(&profile, DialectId::Qlik, &other), "{name}");
    }
}

#[test]
fn a_user_level_qlik_webhook_receives_what_concerns_its_owner_or_its_owners_spaces() {
    let own = qlik(|parts| parts.level = qlik::Level::User);
    assert_eq!((own.audience(), qlik(|_| ()).audience()), (Audience::Owner, Audience::Tenant));
    let receives = |extensions: &str| {
        let event = event(&format!(r#","type":"com.qlik.app.created"{extensions}"#));
        receives(&own, DialectId::Qlik, &event)
    };
    assert!(receives(r#","userid":"u1""#));
    assert!(receives(r#","ownerid":"u1","userid":"u2""#));
    assert!(receives(r#","spaceid":"s1""#));
    assert!(!receives(r#","userid":"u2","ownerid":"u2","spaceid":"s2""#));
    assert!(!receives(""));
}

#[test]
fn qlik_has_three_envelopes() {
    let mut tenant = tenant(DialectId::Qlik);
    let present = json!({
        "specversion": "1.0", "id": "e1", "source": "/a", "type": "com.qlik.app.created",
        "ownerid": "u1", "spaceid": "s2", "tenantid": "t", "toplevelresourceid": "r", "userid": "u2",
        "time": "2026-11-21T09:30:00.123Z", "datacontenttype": "application/json", "data": { "n": 1 },
    });
    let older = json!({
        "cloudEventsVersion": "0.1", "contentType": "application/json", "eventId": "e1",
        "eventTime": "2026-11-21T09:30:00.123Z", "eventTypeVersion": "1.0.0",
        "eventType": "com.qlik.app.created",
        "extensions": { "ownerId": "u1", "tenantId": "t", "userId": "u2", "topLevelResourceId": "r", "spaceId": "s2" },
        "source": "/a", "data": { "n": 1 },
    });
    assert_eq!(body(&qlik(|_| ()), &tenant, &event(CREATED)), present);
    let without = qlik(|parts| parts.cloud_events = false);
    assert_eq!(body(&without, &tenant, &event(CREATED)), older);
    tenant.settings.envelope = Envelope::Hybrid;
    let mut both = present;
    both.as_object_mut().unwrap().extend(older.as_object().unwrap().clone());
    assert_eq!(body(&qlik(|_| ()), &tenant, &event(CREATED)), both);
    assert_eq!(body(&without, &tenant, &event(CREATED)), older);
    // An attribute that is called like a member of the older envelope gives way to it.
    let named = event(&CREATED.replace("\"spaceid\"", "\"extensions\":\"boo\",\"spaceid\""));
    assert_eq!(body(&qlik(|_| ()), &tenant, &named), both);
}

#[test]
fn qliks_older_envelope_has_what_is_documented_and_no_data_is_null_in_it_alone() {
    let tenant = tenant(DialectId::Qlik);
    let given =
        event(r#","type":"com.qlik.app.created","userid":"u2","host":"h","eventtypeversion":"2.0.0""#);
    let present = body(&qlik(|_| ()), &tenant, &given);
    assert_eq!((&present["host"], present.get("data")), (&json!("h"), None));
    let older = body(&qlik(|parts| parts.cloud_events = false), &tenant, &given);
    assert_eq!(older["extensions"], json!({ "userId": "u2" }));
    assert_eq!((older.get("host"), &older["eventTypeVersion"]), (None, &json!("1.0.0")));
    assert_eq!(older.get("data"), Some(&Json::Null));
}

#[test]
fn a_receiver_reads_every_body_with_its_systems_model() {
    let read =
        |profile: &Profile, event: &CloudEvent| canonical_body(profile, &tenant(profile.dialect()), event);
    let created = event(CREATED);
    let native = read(&native(&["*"]), &created);
    assert_eq!(CloudEvent::from_json(native.view()).unwrap(), created);

    let qlik_body = read(&qlik(|_| ()), &created);
    let there = models::qlik::Event::new(qlik_body.view()).unwrap();
    assert_eq!(
        (there.envelope(), there.owner_id().as_deref()),
        (models::qlik::Envelope::CloudEvents, Some("u1"))
    );
    let older_body = read(&qlik(|parts| parts.cloud_events = false), &created);
    let older = models::qlik::Event::new(older_body.view()).unwrap();
    assert_eq!(older.envelope(), models::qlik::Envelope::Legacy);
    assert_eq!(older.to_cloud_event(), there.to_cloud_event());

    let generic_body = read(&generic(), &event(r#","type":"user.created","data":[1]"#));
    let generic = models::generic::Event::new(generic_body.view()).unwrap();
    assert_eq!(generic.created().as_deref(), Some("2026-11-21T09:30:00Z"));
    assert_eq!(generic.data().unwrap().raw(), "[1]");

    let parts = immuta_request::Parts { verify_tls: true };
    let request_body = read(&Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(parts)), &created);
    let request = models::immuta_request::Notification::new(request_body.view()).unwrap();
    assert_eq!(request.webhook_id(), Some(id(1).to_string().into()));
    assert_eq!(request.event_type().as_deref(), Some("com.qlik.app.created"));

    let parts = immuta::Parts {
        name: "hook".into(),
        global: true,
        notifications: vec!["modelCreated".into()],
        action: immuta::ActionType::Received,
    };
    let immuta = Profile::Immuta(immuta::Immuta::new(parts, &Settings::default()).unwrap());
    let given = event(r#","type":"modelCreated","data":{"text":"hi","metadata":{"modelId":7,"own":[]}}"#);
    let immuta_body = read(&immuta, &given);
    let notification = models::immuta::Notification::new(immuta_body.view()).unwrap();
    assert_eq!((notification.webhook_id(), notification.webhook_name().as_deref()), (Some(1), Some("hook")));
    let metadata = notification.metadata().unwrap();
    assert_eq!(metadata.notification_type().as_deref(), Some("modelCreated"));
    assert_eq!((metadata.model_id().as_deref(), metadata.get("own").unwrap().raw()), (Some("7"), "[]"));
}

#[test]
fn a_qlik_target_is_a_host_name_reached_by_https_unless_that_is_relaxed() {
    let (strict, mut relaxed) = (tenant(DialectId::Qlik), tenant(DialectId::Qlik));
    relaxed.egress.relaxed_targets = true;
    let admits =
        |url: &str, tenant: &Tenant| qlik(|_| ()).admits(Some(&Endpoint::parse(url).unwrap()), None, tenant);
    assert_eq!(admits("https://hooks.example.com/", &strict), Ok(()));
    for url in ["http://hooks.example.com/", "https://192.0.2.1/", "https://[2001:db8::1]/"] {
        assert_eq!(admits(url, &strict).unwrap_err().field, "url", "{url}");
        assert_eq!(admits(url, &relaxed), Ok(()), "{url}");
    }
    let endpoint = Endpoint::parse("https://hooks.example.com/").unwrap();
    assert_eq!(
        (endpoint.transport(), endpoint.host()),
        (Transport::Https, Host::Name("hooks.example.com".into()))
    );
    for (length, fits) in [(31, false), (32, true), (64, true), (65, false)] {
        let secret = Secret::new("x".repeat(length)).unwrap();
        assert_eq!(qlik(|_| ()).admits(Some(&endpoint), Some(&secret), &strict).is_ok(), fits, "{length}");
    }
}

#[test]
fn every_system_signs_by_its_scheme_and_natives_always_by_standard_webhooks() {
    let bare = Settings { standard_webhooks: false, ..Settings::default() };
    let names = |profile: &Profile, settings: &Settings| -> Vec<String> {
        profile.schemes(settings).map(|scheme| scheme.name().to_owned()).collect()
    };
    let request = Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(immuta_request::Parts {
        verify_tls: true,
    }));
    for (profile, own) in [(generic(), "generic"), (qlik(|_| ()), "qlik"), (request, "immuta-request")] {
        assert_eq!(names(&profile, &Settings::default()), [own, "standard-webhooks"]);
        assert_eq!(names(&profile, &bare), [own]);
    }
    assert_eq!(names(&native(&["*"]), &bare), ["standard-webhooks"]);
}

#[test]
fn a_webhook_of_another_system_receives_nothing() {
    assert!(!receives(&native(&["*"]), DialectId::Qlik, &event(CREATED)));
    assert!(!receives(&qlik(|_| ()), DialectId::Native, &event(CREATED)));
}

#[test]
fn a_change_is_held_to_the_rules_where_it_changes_something_and_leaves_the_rest_as_it_is() {
    let (now, before) =
        (Settings::default(), Settings { event_types: vec!["own".into()], ..Settings::default() });
    let native = native::Parts { name: "n".into(), event_types: vec!["own".into()] };
    let native = native::Native::new(native, &before).unwrap();
    // The operator lists the type no longer: it stays, and cannot be chosen anew.
    let renamed = native::Change { name: Some("other".into()), event_types: None };
    let renamed = native.apply(renamed, &now).unwrap();
    assert_eq!((renamed.name(), renamed.event_types()), ("other", &["own".to_owned()][..]));
    let types = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let again = native::Change { name: None, event_types: types(&["own"]) };
    assert!(matches!(native.apply(again, &now), Err(native::Invalid::EventTypes(BadTypes::Unknown(_)))));
    let long = native::Change { name: Some("x".repeat(513)), event_types: None };
    assert_eq!(native.apply(long, &now), Err(native::Invalid::Name));

    let parts = generic::Parts { events: vec!["user.created".into()], description: Some("d".into()) };
    let generic = generic::Generic::new(parts, &now).unwrap();
    let cleared = generic::Change { events: None, description: Some(None) };
    let cleared = generic.apply(cleared, &now).unwrap();
    assert_eq!((cleared.description(), cleared.events()), (None, generic.events()));
    let none = generic::Change { events: types(&[]), description: None };
    assert_eq!(generic.apply(none, &now), Err(generic::Invalid::Events(BadTypes::None)));
    let long = generic::Change { events: None, description: Some(Some("x".repeat(1_025))) };
    assert_eq!(generic.apply(long, &now), Err(generic::Invalid::Description));

    let request = immuta_request::ImmutaRequest::new(immuta_request::Parts { verify_tls: false });
    assert_eq!(request.apply(immuta_request::Change::default()), request);
    assert!(request.apply(immuta_request::Change { verify_tls: Some(true) }).verify_tls());

    let parts = immuta::Parts {
        name: "n".into(),
        global: true,
        notifications: vec!["modelCreated".into()],
        action: immuta::ActionType::Triggered,
    };
    let immuta = immuta::Immuta::new(parts, &now).unwrap();
    let received = immuta::Change { action: Some(immuta::ActionType::Received), ..Default::default() };
    let received = immuta.apply(received, &now).unwrap();
    assert_eq!((received.action(), received.global()), (immuta::ActionType::Received, true));
    assert_eq!((received.name(), received.notifications()), ("n", immuta.notifications()));
    let nameless = immuta::Change { name: Some(String::new()), ..Default::default() };
    assert_eq!(immuta.apply(nameless, &now), Err(immuta::Invalid::Name));
    let own = immuta::Change { global: Some(false), ..Default::default() };
    assert_eq!(immuta.apply(own, &now).unwrap().audience(), Audience::Owner);
}

#[test]
fn known_types_are_the_systems_and_then_those_the_operator_lists_each_once() {
    for (dialect, first, count) in [
        (DialectId::Native, "*", 4),
        (DialectId::Immuta, "ALL_NOTIFICATIONS", models::immuta::NOTIFICATION_TYPES.len()),
        (
            DialectId::ImmutaRequest,
            models::immuta_request::EVENT_TYPES[0].name,
            models::immuta_request::EVENT_TYPES.len(),
        ),
        (DialectId::Generic, "user.created", 8),
        (DialectId::Qlik, models::qlik::EVENT_TYPES[0].about.name, models::qlik::EVENT_TYPES.len()),
    ] {
        let mut tenant = tenant(dialect);
        tenant.settings.event_types = vec![first.into(), "own.type".into()];
        let known = known_types(&tenant);
        assert_eq!(known[0].name, first);
        assert!(known[0].about.is_some(), "the catalogue's entry comes first");
        assert_eq!(known.last(), Some(&KnownType { name: "own.type", about: None }));
        assert_eq!(known.len(), count + 1, "{dialect:?}");
    }
}

#[test]
fn a_webhook_is_subscribed_to_what_it_names_by_either_name_or_by_a_wildcard() {
    let native = |types: &[&str]| {
        let event_types = types.iter().map(|&name| name.to_owned()).collect();
        Profile::Native(native::Native::restore(native::Parts { name: "n".into(), event_types }))
    };
    assert!(native(&["*"]).subscribes_to("anything"));
    assert!(native(&["a", "b"]).subscribes_to("b") && !native(&["a"]).subscribes_to("ab"));
    // The server's own are asked for by name.
    let own = "sigpost.webhook.disabled";
    assert!(native(&["*", own]).subscribes_to(own) && !native(&["*"]).subscribes_to(own));
    let request = immuta_request::ImmutaRequest::new(immuta_request::Parts { verify_tls: true });
    let request = Profile::ImmutaRequest(request);
    assert!(request.subscribes_to("anything") && !request.subscribes_to(own));
    let qlik = qlik(|parts| parts.event_types = vec!["com.qlik.v1.app.published".into()]);
    assert!(qlik.subscribes_to("com.qlik.app.published"), "the name it has now");
    assert!(qlik.subscribes_to("com.qlik.v1.app.published") && !qlik.subscribes_to("com.qlik.app.deleted"));
    assert_eq!((qlik.label(), native(&[]).label()), ("q", "n"));
}

#[test]
fn only_qlik_bounds_what_an_owner_has_checks_revocation_and_adds_headers() {
    let header = qlik::Header { name: "x-a".into(), value: "1".into() };
    let own = qlik(|parts| {
        parts.check_revocation = true;
        parts.headers = vec![header];
    });
    assert_eq!(own.quota(), Quota { per_owner: Some(150), per_tenant: 10_000 });
    assert_eq!((own.check_revocation(), own.request_headers().count()), (true, 1));
    assert!(!qlik(|_| ()).check_revocation());
    for other in [generic(), native(&["*"])] {
        assert_eq!(other.quota(), Quota { per_owner: None, per_tenant: 1_000 });
        assert_eq!((other.check_revocation(), other.request_headers().count()), (false, 0));
    }
}
