//! The history: what it shows, to whom, in which order; and retrying from it.

use sigpost_tests::receiver::Reply;

use super::*;

#[test]
fn a_record_has_the_documented_members() {
    let (server, receiver) = (serve(""), receiver());
    let id = create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    let page = wait_for_history(&server, ADMIN, "?pageSize=20&includeUser=true", 1);
    assert_eq!(keys(&page), ["count", "records"]);
    let record = &page["records"][0];
    assert_eq!(
        keys(record),
        [
            "id",
            "request",
            "response",
            "statusCode",
            "notificationType",
            "webhooksActivityId",
            "createdAt",
            "updatedAt",
            "webhooksId",
            "url",
            "name",
            "actionType",
            "createdBy"
        ]
    );
    assert_eq!((record["webhooksId"].as_i64(), record["createdBy"].as_i64()), (Some(id), Some(1)));
    assert_eq!((&record["notificationType"], &record["name"]), (&json!("modelCreated"), &json!("hook")));
    assert_eq!((record["id"].as_i64(), record["webhooksActivityId"].as_i64()), (Some(1), Some(1)));
}

#[test]
fn deliveries_of_one_event_share_its_activity_id() {
    let (server, receiver) = (serve(""), receiver());
    for _ in 0..3 {
        create(&server, ADMIN, &entry(&receiver.url("/")));
    }
    accept(&server, "1");
    accept(&server, "2");
    let page = wait_for_history(&server, ADMIN, "?sortField=id&sortOrder=asc", 6);
    let activities: Vec<_> =
        page["records"].as_array().unwrap().iter().map(|r| &r["webhooksActivityId"]).collect();
    assert_eq!(activities, [1, 1, 1, 2, 2, 2]);
}

#[test]
fn pages_sorting_and_filters_select_what_they_say() {
    let (server, receiver) = (serve("retry = []"), receiver());
    create(&server, ADMIN, &entry(&receiver.url("/")));
    for (id, event_type, status) in [
        ("1", "modelCreated", 200),
        ("2", "userCreated", 503),
        ("3", "tagCreated", 404),
        ("4", "modelCreated", 500),
    ] {
        receiver.then(Reply::status(status).body("answer"));
        assert_eq!(publish(&server, &event(id, event_type, &json!({}))).status, 202);
        wait_for_history(&server, ADMIN, "", id.parse().unwrap());
    }
    let field = |query: &str, name: &str| -> Vec<Value> {
        let page = history(&server, ADMIN, query);
        page["records"].as_array().unwrap().iter().map(|record| record[name].clone()).collect()
    };
    assert_eq!(field("", "id"), [4, 3, 2, 1], "newest first unless said otherwise");
    assert_eq!(field("?sortField=id&sortOrder=asc", "id"), [1, 2, 3, 4]);
    assert_eq!(field("?sortField=statusCode&sortOrder=asc", "statusCode"), [200, 404, 500, 503]);
    assert_eq!(
        field("?sortField=notificationType&sortOrder=desc", "notificationType"),
        ["userCreated", "tagCreated", "modelCreated", "modelCreated"]
    );
    assert_eq!(field("?sortField=updatedAt&sortOrder=asc", "id"), [1, 2, 3, 4]);
    assert_eq!(field("?offset=1&pageSize=2", "id"), [3, 2]);
    assert_eq!(history(&server, ADMIN, "?offset=1&pageSize=2")["count"], "4", "all matches, before paging");
    assert_eq!(field("?offset=4", "id"), [0_i64; 0]);
    assert_eq!(field("?notificationType=modelCreated", "id"), [4, 1]);
    assert_eq!(field("?successOrFailure=success", "id"), [1]);
    assert_eq!(field("?successOrFailure=FAILURE", "id"), [4, 3, 2]);
    assert_eq!(field("?successOrFailure=failure&notificationType=tagCreated", "id"), [3]);
    assert_eq!(history(&server, ADMIN, "?notificationType=nobodyKnows")["count"], "0");
    assert_eq!(field("?sortField=id", "response")[1], json!({ "body": "answer" }));
}

#[test]
fn own_and_global_records_are_shown_to_whom_they_may_be() {
    let (server, receiver) = (serve(""), receiver());
    let mut own = entry(&receiver.url("/"));
    own["global"] = json!(false);
    create(&server, ADMIN, &entry(&receiver.url("/"))); // global, the admin's
    create(&server, USER, &own); // the user's, who acts below
    own["actionType"] = json!("received");
    create(&server, OTHER_USER, &own); // the one it happens to
    accept(&server, "1");
    wait_for_history(&server, ADMIN, "?includeGlobal=true", 1);
    let count =
        |token: &str, query: &str| history(&server, token, query)["count"].as_str().unwrap().to_owned();
    wait_for_history(&server, USER, "", 1);
    wait_for_history(&server, OTHER_USER, "", 1);
    assert_eq!(count(ADMIN, ""), "1", "its own, which is global");
    assert_eq!(count(ADMIN, "?includeUser=false"), "0");
    assert_eq!(count(ADMIN, "?includeUser=false&includeGlobal=true"), "1");
    assert_eq!(count(USER, "?includeUser=false"), "0");
    assert_eq!(count(STRANGER, "?includeGlobal=true"), "0");
    let refused = client(&server, USER).get("/webhooks/history?includeGlobal=true").unwrap();
    assert_eq!(refused.status, 403);
}

#[test]
fn who_receives_what_follows_actor_target_and_global() {
    let (server, receiver) = (serve(""), receiver());
    let hook = |path: &str, token: &str, action: &str, types: Value| {
        let mut entry = entry(&receiver.url(path));
        entry["global"] = json!(false);
        entry["actionType"] = json!(action);
        entry["notificationType"] = types;
        create(&server, token, &entry);
    };
    hook("/2-triggered", USER, "triggered", json!(["ALL_NOTIFICATIONS"]));
    hook("/2-received", USER, "received", json!(["modelCreated"]));
    hook("/4-received", OTHER_USER, "received", json!(["modelCreated", "userCreated"]));
    create(&server, ADMIN, &entry(&receiver.url("/all")));
    let mut seen = 0;
    let mut receives = |event_type: &str, metadata: Value, expected: &[&str]| {
        let published = event(&seen.to_string(), event_type, &metadata);
        assert_eq!(publish(&server, &published).status, 202);
        let requests = receiver.wait_for(seen + expected.len(), SOON).unwrap();
        let mut got: Vec<_> = requests[seen..].iter().map(|request| request.target.as_str()).collect();
        got.sort_unstable();
        assert_eq!(got, expected, "{published}");
        seen += expected.len();
    };
    receives(
        "modelCreated",
        json!({ "actionBy": 2, "targetUser": 4 }),
        &["/2-triggered", "/4-received", "/all"],
    );
    receives("modelCreated", json!({ "actionBy": "4", "targetUser": "2" }), &["/2-received", "/all"]);
    receives("modelCreated", json!({ "actionBy": 2, "targetUser": 2 }), &["/2-triggered", "/all"]);
    receives(
        "modelCreated",
        json!({ "actionBy": 2, "targetUser": 2, "notifyInitiator": true }),
        &["/2-received", "/2-triggered", "/all"],
    );
    receives("userCreated", json!({ "actionBy": 9, "targetUser": 4 }), &["/4-received", "/all"]);
    receives("nobodyKnowsThisType", json!({ "actionBy": 2 }), &["/2-triggered", "/all"]);
    receives("modelCreated", json!({}), &["/all"]);
}

#[test]
fn a_retry_is_one_attempt_now_with_the_same_bytes_and_a_record_of_its_own() {
    let (server, receiver) = (serve("retry = []"), receiver());
    receiver.then(Reply::status(503).body("busy"));
    create(&server, ADMIN, &entry(&receiver.url("/")));
    accept(&server, "1");
    wait_for_history(&server, ADMIN, "?successOrFailure=failure", 1);
    let retry = |token: &str, id: &str| {
        client(&server, token).send("POST", &format!("/webhooks/history/retry/{id}"), &[], b"").unwrap()
    };
    let answer = retry(ADMIN, "1");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let record = answer.json().unwrap();
    let documented = [
        "id",
        "request",
        "response",
        "statusCode",
        "notificationType",
        "webhooksActivityId",
        "createdAt",
        "updatedAt",
    ];
    assert_eq!(keys(&record), documented);
    assert_eq!(
        (record["id"].as_i64(), &record["statusCode"], &record["response"]),
        (Some(2), &json!(200), &json!({}))
    );
    assert_eq!(record["webhooksActivityId"], 1);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    assert_eq!(
        history(&server, ADMIN, "?successOrFailure=failure")["count"],
        "1",
        "the first record stays as it was"
    );
    // A success can be retried too; a failed retry is not tried again.
    receiver.then(Reply::status(500));
    assert_eq!(retry(ADMIN, "2").json().unwrap()["statusCode"], 500);
    assert_eq!(history(&server, ADMIN, "")["count"], "3");
    for (token, id, status) in [
        (ADMIN, "99", 404),
        (USER, "1", 404),
        (STRANGER, "1", 404),
        (ADMIN, "x", 400),
        (ADMIN, "0", 404),
        (SENDER, "1", 403),
    ] {
        assert_eq!(retry(token, id).status, status, "{token} {id}");
    }
    assert_eq!(receiver.requests().len(), 3);
}

#[test]
fn a_user_taken_out_of_the_configuration_receives_nothing_more() {
    let (mut server, receiver) = (serve(""), receiver());
    let mut own = entry(&receiver.url("/user"));
    own["global"] = json!(false);
    create(&server, USER, &own);
    create(&server, ADMIN, &entry(&receiver.url("/admin")));
    accept(&server, "1");
    wait_for_history(&server, ADMIN, "", 1);
    wait_for_history(&server, USER, "", 1);
    let without = config("").replace(USER, "the-token-of-a-newcomer").replace("id = \"2\"", "id = \"20\"");
    server.restart_with(&without).unwrap();
    accept(&server, "2");
    wait_for_history(&server, ADMIN, "", 2);
    let targets: Vec<_> = receiver.requests()[2..].iter().map(|request| request.target.clone()).collect();
    assert_eq!(targets, ["/admin"]);
}

#[test]
fn a_page_that_would_be_huge_is_refused_and_a_smaller_one_is_not() {
    let (server, receiver) = (serve(""), receiver());
    create(&server, ADMIN, &entry(&receiver.url("/")));
    let text = "x".repeat(1_000_000);
    for id in 0..35 {
        let mut large = event(&id.to_string(), "modelCreated", &json!({}));
        large["data"]["text"] = json!(text);
        assert_eq!(publish(&server, &large).status, 202);
    }
    wait_for_history(&server, ADMIN, "?pageSize=1", 35);
    let huge = client(&server, ADMIN).get("/webhooks/history?pageSize=1000").unwrap();
    assert_eq!(huge.status, 400, "{}", huge.text().len());
    assert!(huge.text().contains("ask for fewer"), "{}", huge.text());
    assert_eq!(history(&server, ADMIN, "?pageSize=20")["records"].as_array().unwrap().len(), 20);
}
