//! The example answers of Immuta's pages, held against ours member by member. Where they differ, the reason stands beside.

use sigpost_tests::example::{Exception, differences};

use super::*;

/// "Response example" below "Create a webhook".
const CREATED: &str = r#"{
  "createdWebhooks": [
    {
      "id": 3,
      "url": "https://demo.service.com/processWebhook",
      "name": "ViewMonitorHook",
      "global": false,
      "actionType": "triggered",
      "createdBy": 2,
      "createdAt": "2021-10-15T15:22:10.079Z",
      "updatedAt": "2021-10-15T15:22:10.079Z"
    }
  ],
  "errors": []
}"#;

/// "Response example" below "Search for webhooks", and again below "Search for webhook by ID".
const READ: &str = r#"{
  "id": 1,
  "name": "internal-automatic-subscription-webhook",
  "url": "/internal-webhook/automatic-subscription",
  "notificationType": ["groupUserAdded", "groupUserDeleted"],
  "global": true,
  "createdBy": 1
}"#;

/// "Response example" below "Retry webhook by ID".
const RETRIED: &str = r#"{
  "id": 228,
  "request": {
    "text": "Katie has created the Public (https://demo.example.com/#/project/1) project. Please click here (https://demo.example.com/#/project/1) for additional information.",
    "metadata": {
      "modelId": 1,
      "actionBy": 2,
      "modelType": "project",
      "targetUser": 2,
      "projectName": "Public",
      "targetGroup": null,
      "actionByName": "Katie",
      "targetUserName": "Katie",
      "notifyInitiator": true,
      "notificationType": "modelCreated"
    },
    "webhookId": 1,
    "webhookName": "internal-automatic-subscription-webhook"
  },
  "response": {},
  "statusCode": 200,
  "notificationType": "modelCreated",
  "webhooksActivityId": 11,
  "createdAt": "2021-10-15T16:44:06.872Z",
  "updatedAt": "2021-10-15T16:44:06.872Z"
}"#;

/// "Response example" below "Timed out request".
const TIMED_OUT: &str = r#"{
  "count": "1",
  "records": [
    {
      "id": 1,
      "request": {
        "text": "You have created the sheep man project. Please click here (http://immuta.demo.com/#/project/11) for additional information.",
        "metadata": {
          "modelId": 11,
          "actionBy": 1,
          "modelType": "project",
          "targetUser": 1,
          "projectName": "sheep man",
          "targetGroup": null,
          "actionByName": "Jane Doe",
          "targetUserName": "Jane Doe",
          "notificationType": "modelCreated"
        },
        "webhookId": 2,
        "webhookName": "webhook"
      },
      "response": { "body": { "code": "ESOCKETTIMEDOUT", "connect": false } },
      "statusCode": 500,
      "notificationType": "modelCreated",
      "webhooksActivityId": 15,
      "createdAt": "2022-06-01T17:05:34.001Z",
      "updatedAt": "2022-06-01T17:05:34.001Z",
      "webhooksId": 2,
      "url": "http://localhost:8080/webhook",
      "name": "webhook",
      "actionType": null,
      "createdBy": 1
    }
  ]
}"#;

/// "Response example" below "Delete a webhook".
const DELETED: &str = r#"{
  "id": 1,
  "url": "/internal-webhook/automatic-subscription",
  "name": "internal-automatic-subscription-webhook",
  "global": true,
  "actionType": null,
  "createdBy": 1,
  "createdAt": "2021-06-24T15:08:58.906Z",
  "updatedAt": "2021-06-24T15:08:58.906Z"
}"#;

/// Reads answer with the superset of tables and examples.
const MORE_ON_READ: [Exception<'static>; 3] = [
    ("actionType", "the create table has it, and a reader wants to see what it set"),
    ("createdAt", "the delete table has it"),
    ("updatedAt", "the delete table has it"),
];

const ALWAYS_AN_ACTION: &str =
    "null in the example, of a webhook that the system made itself: ours all have one";

fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The data of an event that is delivered as the `request` of an example.
fn data(record: &Value) -> Value {
    let mut data = record["request"].clone();
    let members = data.as_object_mut().unwrap();
    members.remove("webhookId");
    members.remove("webhookName");
    data
}

fn like(example: &Value, answer: &Value, exceptions: &[Exception<'_>]) {
    assert_eq!(differences(example, answer, exceptions), [""; 0], "{answer}");
}

#[test]
fn webhooks_are_shown_as_in_the_examples() {
    let server = Launch::sigpost(config("retry = []")).unwrap().start().unwrap();
    let admin = server.client().with_token(ADMIN);
    let new = json!({ "webhooks": [{
        "url": "https://demo.service.com/processWebhook", "name": "ViewMonitorHook", "global": false,
        "notificationType": ["ALL_NOTIFICATIONS"], "actionType": "triggered",
    }] });
    like(&example(CREATED), &admin.post("/webhooks", &new).unwrap().json().unwrap(), &[]);
    let list = admin.get("/webhooks").unwrap().json().unwrap();
    // The page calls it a list and shows one.
    like(
        &json!([example(READ)]),
        &list,
        &MORE_ON_READ.map(|(place, why)| (&*format!("[].{place}").leak(), why)),
    );
    like(&example(READ), &admin.get("/webhooks/1").unwrap().json().unwrap(), &MORE_ON_READ);
    let deleted = admin.delete("/webhooks/1").unwrap().json().unwrap();
    like(&example(DELETED), &deleted, &[("actionType", ALWAYS_AN_ACTION)]);
}

#[test]
fn records_are_shown_as_in_the_examples() {
    let server = Launch::sigpost(config("retry = []\ntimeout = \"1s\"")).unwrap().start().unwrap();
    let (admin, sender) = (server.client().with_token(ADMIN), server.client().with_token(SENDER));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let good = Receiver::start().unwrap();
    let hook = |name: &str, url: String| json!({ "url": url, "name": name, "global": true, "notificationType": [name], "actionType": "triggered" });
    let url = format!("http://{}/webhook", silent.local_addr().unwrap());
    let hooks =
        json!({ "webhooks": [hook("modelCreated", url), hook("modelDeleted", good.url("/webhook"))] });
    assert_eq!(admin.post("/webhooks", &hooks).unwrap().json().unwrap()["errors"], json!([]));
    let publish = |id: &str, kind: &str, data: Value| {
        let mut data = data;
        data["metadata"]["notificationType"] = json!(kind);
        let event = json!({ "specversion": "1.0", "id": id, "source": "/s", "type": kind, "data": data });
        let headers = [("content-type", "application/cloudevents+json")];
        let answer = sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
    };
    publish("1", "modelCreated", data(&example(TIMED_OUT)["records"][0]));
    let history = |kind: &str| {
        let path = format!("/webhooks/history?includeGlobal=true&notificationType={kind}");
        let page = || Some(admin.get(&path).unwrap().json().unwrap()).filter(|page| page["count"] == "1");
        Deadline::after(SOON).poll(page).unwrap()
    };
    let timed_out = history("modelCreated");
    like(&example(TIMED_OUT), &timed_out, &[("records[].actionType", ALWAYS_AN_ACTION)]);
    let record = &timed_out["records"][0];
    assert_eq!(
        (&record["statusCode"], &record["response"]),
        (&json!(500), &example(TIMED_OUT)["records"][0]["response"])
    );
    publish("2", "modelDeleted", data(&example(RETRIED)));
    let id = history("modelDeleted")["records"][0]["id"].clone();
    let retried = admin.send("POST", &format!("/webhooks/history/retry/{id}"), &[], b"").unwrap();
    like(&example(RETRIED), &retried.json().unwrap(), &[]);
    assert_eq!(retried.json().unwrap()["response"], json!({}));
}
