//! The vectors of `tests/vectors/notification`, made outside this code base: every body means to the models what it
//! means there, and is written again as it is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sigpost_core::json::{self, Canonical, Key, Limits, View};
use sigpost_core::notification::cloudevents::{self, CloudEvent, Data, EventError};
use sigpost_core::notification::{generic, immuta, immuta_request, qlik};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/notification")
}

/// The cases of one system, and the time that its file calls now.
fn cases(system: &str) -> (Vec<Value>, String) {
    let path = folder().join(format!("{system}.json"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    for case in &cases {
        assert!(case["source"].is_string(), "{case} does not say where it comes from");
        assert_eq!(case["system"], system);
    }
    (cases, file["now"].as_str().unwrap().to_owned())
}

fn body(case: &Value) -> Vec<u8> {
    match (case["body"].as_str(), case["body_base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(text)) => STANDARD.decode(text).unwrap(),
        _ => panic!("{case}: one body, please"),
    }
}

fn error(reason: &str, attribute: Option<&str>) -> Value {
    attribute.map_or_else(
        || json!({ "reason": reason }),
        |attribute| json!({ "reason": reason, "attribute": attribute }),
    )
}

fn event_error(given: &EventError) -> Value {
    match given {
        EventError::NotAnObject => error("NotAnObject", None),
        EventError::NotABatch => error("NotABatch", None),
        EventError::Missing(attribute) => error("Missing", Some(attribute)),
        EventError::Invalid { attribute, .. } => error("Invalid", Some(attribute)),
        EventError::Name(attribute) => error("Name", Some(attribute)),
        EventError::TooManyAttributes => error("TooManyAttributes", None),
        EventError::TwoKindsOfData => error("TwoKindsOfData", None),
        EventError::Body(_) => error("Body", None),
        other => panic!("no vector is about {other:?}"),
    }
}

/// Holds every case of a system against what `read` makes of it, and its canonical text against ours.
fn check(system: &str, least: usize, read: impl Fn(&Value, View<'_>) -> Result<Value, Value>) {
    let (cases, _) = cases(system);
    assert!(cases.len() >= least, "only {} cases", cases.len());
    for case in cases.iter().filter(|case| case["mode"] != "binary") {
        let outcome = match Canonical::parse(&body(case), Limits::default()) {
            Err(_) => Err(error("NotJson", None)),
            Ok(canonical) => {
                assert_eq!(canonical.as_str(), case["canonical"], "{}", case["name"]);
                read(case, canonical.view())
            }
        };
        hold(case, outcome);
    }
}

#[track_caller]
fn hold(case: &Value, outcome: Result<Value, Value>) {
    match outcome {
        Ok(reading) => assert_eq!(reading, case["expect"], "{}", case["name"]),
        Err(error) => assert_eq!(error, case["error"], "{}", case["name"]),
    }
}

/// A value of any type, as its canonical text.
fn raw(value: Option<View<'_>>) -> Value {
    value.map_or(Value::Null, |value| value.raw().into())
}

/// The members that a model does not know, found by asking it for those that the vector has.
fn unknown<'a>(expected: &Value, get: impl Fn(&str) -> Option<View<'a>>) -> Value {
    let members = expected.as_object().unwrap().keys();
    members.map(|name| (name.clone(), raw(get(name)))).collect::<Map<_, _>>().into()
}

/// An event with what is written of it; what is written is read again.
fn event(event: &CloudEvent) -> Value {
    let structured = Canonical::parse(&event.to_json(), Limits::default()).unwrap();
    assert_eq!(structured.as_bytes(), event.to_json());
    assert_eq!(&CloudEvent::from_json(structured.view()).unwrap(), event);
    let message = event.to_http();
    json!({
        "id": event.id(),
        "source": event.source(),
        "type": event.event_type(),
        "attributes": serde_json::from_str::<Value>(&event.attributes_json()).unwrap(),
        "data": match event.data() {
            Data::None => Value::Null,
            Data::Json(data) => json!({ "json": data.as_str() }),
            Data::Binary(bytes) => json!({ "base64": STANDARD.encode(bytes) }),
        },
        "structured": structured.as_str(),
        "binary": {
            "headers": message.headers,
            "contentType": message.content_type,
            "body_base64": STANDARD.encode(&message.body),
        },
    })
}

fn event_or_error(outcome: &Result<CloudEvent, EventError>) -> Value {
    outcome.as_ref().map_or_else(|error| json!({ "error": event_error(error) }), event)
}

#[test]
fn cloud_events_in_json_mean_what_their_vectors_say() {
    check("cloudevents", 50, |case, body| match case["mode"].as_str().unwrap() {
        "structured" => {
            CloudEvent::from_json(body).map(|read| event(&read)).map_err(|error| event_error(&error))
        }
        "batch" => {
            let events = cloudevents::batch(body).map_err(|error| event_error(&error))?;
            Ok(json!({ "events": events.iter().map(event_or_error).collect::<Vec<_>>() }))
        }
        mode => panic!("there is no mode {mode}"),
    });
}

#[test]
fn cloud_events_in_headers_mean_what_their_vectors_say() {
    let (cases, _) = cases("cloudevents");
    let binary: Vec<&Value> = cases.iter().filter(|case| case["mode"] == "binary").collect();
    assert!(binary.len() > 12, "only {} cases", binary.len());
    for case in binary {
        let headers: Vec<(String, String)> = serde_json::from_value(case["headers"].clone()).unwrap();
        let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = content_type.map(|(_, value)| value.as_str());
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let read = CloudEvent::from_headers(pairs, content_type, &body(case), Limits::default());
        hold(case, read.as_ref().map(event).map_err(event_error));
        let Ok(read) = read else { continue };
        let again = read.to_http();
        let pairs = again.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let again = CloudEvent::from_headers(pairs, again.content_type, &again.body, Limits::default());
        assert_eq!(again.unwrap(), read, "{}", case["name"]);
    }
}

#[test]
fn immutas_notifications_mean_what_their_vectors_say() {
    check("immuta", 12, |case, body| {
        let read = immuta::Notification::new(body).ok_or_else(|| error("NotAnObject", None))?;
        let metadata = |metadata: immuta::Metadata<'_>| {
            json!({
                "notificationType": metadata.notification_type(),
                "modelId": metadata.model_id(),
                "modelType": metadata.model_type(),
                "projectName": metadata.project_name(),
                "actionBy": metadata.action_by(),
                "actionByName": metadata.action_by_name(),
                "targetUser": metadata.target_user(),
                "targetUserName": metadata.target_user_name(),
                "targetGroup": raw(metadata.target_group()),
                "notifyInitiator": metadata.notify_initiator(),
                "unknown": unknown(&case["expect"]["metadata"]["unknown"], |name| metadata.get(name)),
            })
        };
        let known = read.metadata().and_then(immuta::Metadata::notification_type);
        Ok(json!({
            "text": read.text(),
            "webhookId": read.webhook_id(),
            "webhookName": read.webhook_name(),
            "metadata": read.metadata().map(metadata),
            "unknown": unknown(&case["expect"]["unknown"], |name| read.get(name)),
            "known": known.is_some_and(|name| immuta::notification_type(&name).is_some()),
        }))
    });
}

#[test]
fn request_notifications_mean_what_their_vectors_say() {
    check("immuta-request", 5, |case, body| {
        let read = immuta_request::Notification::new(body).ok_or_else(|| error("NotAnObject", None))?;
        Ok(json!({
            "deliveryId": read.delivery_id(),
            "webhookId": read.webhook_id(),
            "type": read.event_type(),
            "createdAt": read.created_at(),
            "data": raw(read.data()),
            "unknown": unknown(&case["expect"]["unknown"], |name| read.get(name)),
            "known": read.event_type().is_some_and(|name| immuta_request::event_type(&name).is_some()),
        }))
    });
}

#[test]
fn generic_events_mean_what_their_vectors_say() {
    check("generic", 7, |case, body| {
        let read = generic::Event::new(body).ok_or_else(|| error("NotAnObject", None))?;
        Ok(json!({
            "id": read.id(),
            "type": read.event_type(),
            "created": read.created(),
            "data": raw(read.data()),
            "unknown": unknown(&case["expect"]["unknown"], |name| read.get(name)),
            "known": read.event_type().is_some_and(|name| generic::event_type(&name).is_some()),
        }))
    });
}

/// Members that come in the order of `known`, then the others, as the writers write them.
fn in_writing_order(body: View<'_>, known: &[&str]) -> Vec<u8> {
    let text = |(key, value): (Key<'_>, View<'_>)| format!("{}:{}", key.raw(), value.raw());
    let of = |name: &&str| body.members().unwrap().find(|(key, _)| key.matches(name)).map(text);
    let others = body.members().unwrap().filter(|(key, _)| !known.iter().any(|name| key.matches(name)));
    let members: Vec<String> = known.iter().filter_map(of).chain(others.map(text)).collect();
    json::canonicalize(format!("{{{}}}", members.join(",")).as_bytes()).unwrap().into_owned()
}

/// Reads every body of a system that has all that its writer needs, writes it again, and holds it against itself.
fn write_again(system: &str, least: usize, known: &[&str], write: impl Fn(View<'_>) -> Option<Vec<u8>>) {
    let (mut same, mut members) = (0, 0);
    for case in cases(system).0 {
        let Ok(body) = Canonical::parse(&body(&case), Limits::default()) else { continue };
        let Some(written) = write(body.view()) else { continue };
        assert_eq!(written, in_writing_order(body.view(), known), "{}", case["name"]);
        members += body.view().members().unwrap().count() - known.len();
        same += usize::from(written == body.as_bytes());
    }
    assert!(same >= least, "only {same} bodies of {system} are in the order they are written in");
    assert!(members > 0, "no body of {system} has a member that nobody knows");
}

#[test]
fn flat_bodies_are_written_again_byte_for_byte_unknown_members_included() {
    write_again("generic", 1, &["id", "type", "created", "data"], |body| {
        let read = generic::Event::new(body)?;
        let data = read.data()?.to_canonical();
        Some(generic::write(&read.id()?, &read.event_type()?, &read.created()?, Some(&data), Some(body)))
    });
    let known = ["deliveryId", "webhookId", "type", "createdAt", "data"];
    write_again("immuta-request", 1, &known, |body| {
        let read = immuta_request::Notification::new(body)?;
        let (delivery, webhook, data) =
            (read.delivery_id()?, read.webhook_id()?, read.data()?.to_canonical());
        let (event_type, created) = (read.event_type()?, read.created_at()?);
        Some(immuta_request::write(&delivery, &webhook, &event_type, &created, Some(&data), Some(body)))
    });
    write_again("immuta", 5, &["text", "metadata", "webhookId", "webhookName"], |body| {
        let read = immuta::Notification::new(body)?;
        let (text, metadata, number) = (read.get("text")?, read.metadata()?, read.webhook_id()?);
        let event_type = metadata.notification_type()?;
        Some(immuta::write(text, Some(metadata), &event_type, number, &read.webhook_name()?, Some(body)))
    });
}

#[test]
fn a_type_of_null_is_written_as_the_type_that_it_is() {
    let body = Canonical::parse(br#"{"9":1,"notificationType":null,"a":2}"#, Limits::default()).unwrap();
    let written = immuta::write_event(body.view().get("a").unwrap(), immuta::Metadata::new(body.view()), "t");
    assert_eq!(written, br#"{"text":2,"metadata":{"9":1,"a":2,"notificationType":"t"}}"#);
}

#[test]
fn qliks_events_mean_what_their_vectors_say_in_every_envelope() {
    let (_, now) = cases("qlik");
    check("qlik", 30, |case, body| {
        let read = qlik::Event::new(body).ok_or_else(|| {
            error(if body.members().is_some() { "NotAnEvent" } else { "NotAnObject" }, None)
        })?;
        let cloud_event = read.to_cloud_event();
        let writer = cloud_event.as_ref().ok().and_then(|event| qlik::Writer::new(event, now.as_str()).ok());
        // A second writing of what the first one says is the same: nothing is lost on the way.
        if let (Ok(event), Some(writer)) = (&cloud_event, &writer) {
            for envelope in [qlik::Envelope::Legacy, qlik::Envelope::Hybrid, qlik::Envelope::CloudEvents] {
                let written = Canonical::parse(&writer.write(envelope), Limits::default()).unwrap();
                let again = qlik::Event::new(written.view()).unwrap().to_cloud_event().unwrap();
                let lost = event.attributes().find(|(name, value)| {
                    let is_usual = *name == "eventtypeversion" && value.to_text() == "1.0.0";
                    again.attribute(name) != Some(value) && !(is_usual && envelope == qlik::Envelope::Legacy)
                });
                assert_eq!(lost, None, "{} as {envelope:?}", case["name"]);
            }
        }
        let write = |envelope| String::from_utf8(writer.as_ref()?.write(envelope)).ok();
        Ok(json!({
            "envelope": match read.envelope() {
                qlik::Envelope::Legacy => "legacy",
                qlik::Envelope::Hybrid => "hybrid",
                qlik::Envelope::CloudEvents => "cloudevents",
            },
            "id": read.id(),
            "source": read.source(),
            "type": read.event_type(),
            "time": read.time(),
            "userid": read.user_id(),
            "ownerid": read.owner_id(),
            "tenantid": read.tenant_id(),
            "spaceid": read.space_id(),
            "toplevelresourceid": read.top_level_resource_id(),
            "data": raw(read.data()),
            "contradictions": read.contradictions().collect::<Vec<_>>(),
            "known": read.event_type().is_some_and(|name| qlik::event_type(&name).is_some()),
            "cloudEvent": event_or_error(&cloud_event),
            "written": writer.as_ref().map(|_| json!({
                "legacy": write(qlik::Envelope::Legacy),
                "hybrid": write(qlik::Envelope::Hybrid),
                "cloudevents": write(qlik::Envelope::CloudEvents),
            })),
        }))
    });
}
