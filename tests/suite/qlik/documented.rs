//! Qlik's own documents against ours: the examples of its page, and the OpenAPI document.

use super::*;

const NEVER_SHOWN: &str = "deprecated since 2025-11: a secret is never shown again, only that there is one";
const NOT_DISABLED: &str = "the server has not disabled it, and what has no value is left out";

/// The page's example of a webhook in an answer.
fn webhook_example() -> Value {
    json!({
        "id": "string",
        "url": "string",
        "name": "string",
        "level": "tenant",
        "filter": "id eq \"id123\" or spaceId eq \"spaceId123\" or spaceId eq \"spaceId456\" or topLevelResourceId eq \"id789\"",
        "secret": "string",
        "enabled": false,
        "headers": { "headerName": "headerValue" },
        "ownerId": "string",
        "createdAt": "2018-10-30T07:06:22Z",
        "updatedAt": "2018-10-30T07:06:22Z",
        "eventTypes": ["string"],
        "description": "string",
        "disabledReason": "string",
        "secretKeyAdded": true,
        "createdByUserId": "string",
        "updatedByUserId": "string",
        "encryptedHeaders": ["header1", "header2"],
        "disabledReasonCode": "string",
        "enableCloudEventDelivery": true,
        "checkCertificateRevocation": false,
        "origin": "api",
    })
}

/// The page's example of a delivery.
fn delivery_example() -> Value {
    json!({
        "id": "string",
        "status": "success",
        "request": {
            "url": "string",
            "body": {},
            "headers": { "headerName": "headerValue", "encryptedHeadersName": "**OMITTED**" },
        },
        "response": {
            "body": "string",
            "headers": { "headerName": "headerValue", "encryptedHeadersName": "**OMITTED**" },
            "statusCode": 42,
        },
        "eventType": "string",
        "webhookId": "string",
        "triggeredAt": "2018-10-30T07:06:22Z",
        "statusMessage": "string",
    })
}

fn in_a_list(example: &Value) -> Value {
    let link = json!({ "href": "string" });
    json!({ "data": [example], "links": { "next": link, "prev": link, "self": link } })
}

/// A webhook with every member.
fn full() -> Value {
    hook(&json!({
        "level": "user", "filter": webhook_example()["filter"], "secret": SECRET, "enabled": false,
        "headers": { "headerName": "headerValue" }, "ownerId": "ada", "description": "why",
        "encryptedHeaders": { "header1": "a", "header2": "b" }, "enableCloudEventDelivery": true,
        "checkCertificateRevocation": false, "origin": "api",
    }))
}

#[test]
fn webhooks_have_the_members_of_the_pages_examples() {
    let server = serve("");
    let admin = client(&server, ADA);
    let one =
        [("secret", NEVER_SHOWN), ("disabledReason", NOT_DISABLED), ("disabledReasonCode", NOT_DISABLED)];
    let created = admin.post(V1, &full()).unwrap();
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json().unwrap();
    like(&webhook_example(), &created, &one);
    like(&webhook_example(), &get(&server, &path(&created)), &one);
    let mut changed = full();
    changed.as_object_mut().unwrap().remove("origin");
    let updated = send(&admin, "PUT", &path(&created), &changed);
    assert_eq!(updated.status, 200, "{}", updated.text());
    like(&webhook_example(), &updated.json().unwrap(), &one);
    for _ in 0..2 {
        assert_eq!(admin.post(V1, &full()).unwrap().status, 201);
    }
    // In the middle both neighbours are there.
    let first = get(&server, &format!("{V1}?limit=1"));
    let middle = get(&server, &follow(&first["links"]["next"]).unwrap());
    let in_list = [
        ("data[].secret", NEVER_SHOWN),
        ("data[].disabledReason", NOT_DISABLED),
        ("data[].disabledReasonCode", NOT_DISABLED),
    ];
    like(&in_a_list(&webhook_example()), &middle, &in_list);
}

#[test]
fn deliveries_have_the_members_of_the_pages_examples() {
    let (server, receiver) = (serve(""), receiver());
    receiver.otherwise(sigpost_tests::receiver::Reply::status(200).header("X-Key", "echo").body("seen"));
    let more = json!({ "url": receiver.url("/"), "enabled": true, "headers": { "headerName": "headerValue" },
        "encryptedHeaders": { "X-Key": "hush" } });
    let made = create(&server, ADA, &more);
    for id in ["1", "2", "3"] {
        publish(&server, id, "com.qlik.v1.app.created", &json!({}));
    }
    let newest = deliveries(&server, &made, 3).remove(0);
    // Which headers and which body there are is no matter of the form.
    let strip = |delivery: &Value| {
        let mut delivery = delivery.clone();
        assert_eq!(delivery["request"]["headers"]["headername"], "headerValue");
        for (side, members) in [("request", ["headers", "body"].as_slice()), ("response", &["headers"])] {
            assert_eq!(delivery[side]["headers"]["x-key"], "**OMITTED**", "{delivery}");
            for member in members {
                assert!(delivery[side][member].is_object());
                delivery[side][member] = json!({});
            }
        }
        delivery
    };
    let example = || {
        let mut example = delivery_example();
        example["request"]["headers"] = json!({});
        example["response"]["headers"] = json!({});
        example
    };
    let one = format!("{}/deliveries/{}", path(&made), newest["id"].as_str().unwrap());
    assert_eq!(get(&server, &one), newest);
    like(&example(), &strip(&newest), &[]);
    let resent = client(&server, ADA).send("POST", &format!("{one}/actions/resend"), &[], b"").unwrap();
    assert_eq!(resent.status, 201, "{}", resent.text());
    like(&example(), &strip(&resent.json().unwrap()), &[]);
    let first = get(&server, &format!("{}/deliveries?limit=1", path(&made)));
    let mut middle = get(&server, &follow(&first["links"]["next"]).unwrap());
    middle["data"][0] = strip(&middle["data"][0]);
    like(&in_a_list(&example()), &middle, &[]);
}

#[test]
fn event_types_have_the_members_of_the_pages_example_and_the_category_of_the_published_schema() {
    let server = serve("event_types = [\"our.own\", \"com.qlik.app.created\"]");
    let types = get(&server, &format!("{V1}/event-types"));
    assert_eq!(types, get(&server, &format!("{CORE}/event-types")));
    let example = json!({ "data": [
        { "name": "string", "title": "string", "levels": ["string"], "description": "string" }
    ] });
    let mut known = types.clone();
    let own = known["data"].as_array_mut().unwrap().pop().unwrap();
    like(&example, &known, &[("data[].category", "the published schema has it, the page lost it")]);
    assert_eq!(own, json!({ "name": "our.own", "levels": ["tenant", "user"] }));
    let listed = names(&known);
    assert_eq!(listed.iter().filter(|name| *name == "com.qlik.app.created").count(), 1);
    let levels = |name: &str| {
        known["data"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["levels"].clone()
    };
    assert_eq!(levels("com.qlik.v1.app.created"), json!(["tenant", "user"]));
    assert_eq!(levels("com.qlik.v1.app.deleted"), json!(["tenant"]));
}

/// Statuses that Qlik's document has and ours has not: of a GET or DELETE there is nothing but an id, and one that is
/// none is not found; what only reads memory is never unavailable.
const NEVER: [&str; 7] = [
    "getWebhook 400",
    "deleteWebhook 400",
    "getWebhookDelivery 400",
    "resendDelivery 400",
    "listEventTypes 503",
    "getWebhook 503",
    "listWebhookEntries 503",
];

#[test]
fn our_document_has_every_operation_parameter_and_status_of_qliks_under_both_paths() {
    let fixture = sigpost_tests::workspace::root().join("tests/fixtures/qlik.openapi.json");
    let theirs: Value = serde_json::from_slice(&std::fs::read(fixture).unwrap()).unwrap();
    let server = serve("");
    let ours = server.client().get("/openapi/qlik.json").unwrap().json().unwrap();
    let mut operations = 0;
    for (path, item) in theirs["paths"].as_object().unwrap() {
        let shared = item["parameters"].as_array().cloned().unwrap_or_default();
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
        {
            let name = operation["operationId"].as_str().unwrap();
            for (base, core) in [("/api/v1", false), ("/api/core", true)] {
                let own = &ours["paths"][path.replace("/api/v1", base)][method];
                let id = own["operationId"].as_str().unwrap();
                assert_eq!(
                    id.to_lowercase(),
                    format!("{}{name}", if core { "core" } else { "" }).to_lowercase()
                );
                assert_eq!(own["deprecated"].as_bool().unwrap_or(false), !core, "{name}");
                for status in operation["responses"].as_object().unwrap().keys() {
                    let line = format!("{name} {status}");
                    let there = own["responses"].get(status).is_some();
                    assert_eq!(there, !NEVER.contains(&line.as_str()), "{line}");
                }
                let parameters = |all: Vec<Value>| {
                    let mut names: Vec<_> = all
                        .iter()
                        .map(|one| format!("{} {} {}", one["in"], one["name"], one["required"]))
                        .collect();
                    names.sort();
                    names
                };
                let listed = |of: &Value| of["parameters"].as_array().cloned().unwrap_or_default();
                let wanted = parameters([shared.clone(), listed(operation)].concat());
                assert_eq!(parameters(listed(own)), wanted, "{name}");
                assert_eq!(
                    own.get("requestBody").is_some(),
                    operation.get("requestBody").is_some(),
                    "{name}"
                );
                operations += 1;
            }
        }
    }
    assert_eq!(operations, 20);
    for (theirs_name, our_name) in [
        ("WebhookCreate", "WebhookCreate"),
        ("WebhookBase", "WebhookBase"),
        ("WebhookResponse", "Webhook"),
        ("Delivery", "Delivery"),
        ("WebhookList", "WebhookList"),
    ] {
        let names = |document: &Value, name: &str| {
            let properties = document["components"]["schemas"][name]["properties"].as_object().unwrap();
            let mut names: Vec<_> = properties.keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&ours, our_name), names(&theirs, theirs_name));
    }
}
