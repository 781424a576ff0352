//! `PATCH …/webhooks/{id}`.

use super::*;

const PATHS: [&str; 9] = [
    "/name",
    "/description",
    "/url",
    "/eventTypes",
    "/headers",
    "/enabled",
    "/secret",
    "/encryptedHeaders",
    "/enableCloudEventDelivery",
];

fn operation(op: &str, path: &str, value: &Value) -> Value {
    json!({ "op": op, "path": path, "value": value })
}

#[track_caller]
fn patch(server: &Server, webhook: &Value, operations: &Value) -> Response {
    send(&client(server, ADA), "PATCH", &path(webhook), operations)
}

#[test]
fn each_operation_does_its_work_on_each_path() {
    let server = serve("");
    let made = create(&server, ADA, &json!({ "enableCloudEventDelivery": false }));
    let member = |path: &str| match path {
        "/secret" => "secretKeyAdded".to_owned(),
        path => path[1..].to_owned(),
    };
    for (path_, value, shown, default) in [
        ("/name", json!("new"), json!("new"), None),
        ("/description", json!("why"), json!("why"), Some(Value::Null)),
        ("/url", json!("https://b.example.com/"), json!("https://b.example.com/"), None),
        ("/eventTypes", json!(["com.qlik.app.exported"]), json!(["com.qlik.app.exported"]), Some(json!([]))),
        ("/headers", json!({ "X-A": "1" }), json!({ "X-A": "1" }), Some(json!({}))),
        ("/enabled", json!(true), json!(true), Some(json!(false))),
        ("/secret", json!(SECRET), json!(true), Some(json!(false))),
        ("/encryptedHeaders", json!({ "X-B": "1" }), json!(["X-B"]), Some(json!([]))),
        ("/enableCloudEventDelivery", json!(true), json!(true), Some(json!(true))),
    ] {
        for op in ["add", "replace"] {
            let before = get(&server, &path(&made));
            let answer = patch(&server, &made, &json!([operation(op, path_, &value)]));
            assert_eq!((answer.status, answer.text().as_ref()), (204, ""), "{op} {path_}");
            let after = get(&server, &path(&made));
            assert_eq!(after[member(path_)], shown, "{op} {path_}");
            for (name, kept) in before.as_object().unwrap() {
                let touched = *name == member(path_) || name == "updatedAt";
                assert!(touched || after[name] == *kept, "{op} {path_} changed {name}");
            }
        }
        // With a value, with none, and without one.
        for remove in [
            json!({ "op": "remove", "path": path_ }),
            operation("remove", path_, &Value::Null),
            operation("remove", path_, &value),
        ] {
            let answer = patch(&server, &made, &json!([remove]));
            match &default {
                Some(default) => {
                    assert_eq!(answer.status, 204, "remove {path_}: {}", answer.text());
                    assert_eq!(get(&server, &path(&made))[member(path_)], *default, "remove {path_}");
                }
                None => drop(refused(&answer, 400, "[0].path")),
            }
        }
    }
}

#[test]
fn values_of_another_type_are_refused_on_each_path() {
    let server = serve("");
    let made = create(&server, ADA, &json!({ "description": "why" }));
    let before = get(&server, &path(&made));
    let values = [
        (json!("text"), "text"),
        (json!(true), "true or false"),
        (json!(["com.qlik.app.created"]), "an array of text"),
        (json!({ "x-a": "b" }), "an object of text"),
    ];
    for path_ in PATHS {
        let expected = match path_ {
            "/eventTypes" => "an array of text",
            "/headers" | "/encryptedHeaders" => "an object of text",
            "/enabled" | "/enableCloudEventDelivery" => "true or false",
            _ => "text",
        };
        for op in ["add", "replace"] {
            for (value, kind) in &values {
                if *kind != expected {
                    let answer = patch(&server, &made, &json!([operation(op, path_, value)]));
                    refused(&answer, 400, &format!("[0].value must be {expected}"));
                }
            }
            for value in [json!(1), json!(1.5), json!([1]), json!({ "a": 1 }), json!({ "a": null })] {
                let answer = patch(&server, &made, &json!([operation(op, path_, &value)]));
                refused(&answer, 400, "[0].value must be");
            }
            for without in [json!({ "op": op, "path": path_ }), operation(op, path_, &Value::Null)] {
                refused(
                    &patch(&server, &made, &json!([without])),
                    400,
                    &format!("[0].value must be {expected}"),
                );
            }
        }
    }
    assert_eq!(get(&server, &path(&made)), before);
}

#[test]
fn what_is_no_patch_is_refused_and_says_where() {
    let server = serve("");
    let made = create(&server, ADA, &json!({}));
    let good = operation("replace", "/name", &json!("x"));
    let read_only = [
        "/id",
        "/level",
        "/ownerId",
        "/filter",
        "/origin",
        "/createdAt",
        "/updatedAt",
        "/createdByUserId",
        "/updatedByUserId",
        "/secretKeyAdded",
        "/disabledReason",
        "/checkCertificateRevocation",
        "/",
        "",
        "name",
        "/eventTypes/0",
        "/headers/X-A",
    ];
    for path_ in read_only {
        refused(
            &patch(&server, &made, &json!([good, operation("replace", path_, &json!("x"))])),
            400,
            "[1].path must be",
        );
    }
    let many = |count: usize| Value::Array(vec![good.clone(); count]);
    for (body, mentions) in [
        (good.clone(), "the body must be an array"),
        (json!([]), "1 to 100 operations"),
        (many(101), "1 to 100 operations"),
        (json!([{ "path": "/name", "value": "x" }]), "[0].op is required"),
        (json!([{ "op": "replace", "value": "x" }]), "[0].path is required"),
        (json!([{ "op": "move", "path": "/name", "from": "/url" }]), "[0].op must be"),
        (
            json!([{ "op": "replace", "path": "/name", "value": "x", "from": "/url" }]),
            "[0].from is not known",
        ),
        (json!(["replace"]), "[0] must be an object"),
        (Value::Null, "the body must be an array"),
        (json!([operation("replace", "/url", &json!("nowhere"))]), "[0].value: url must be absolute"),
        (json!([operation("replace", "/secret", &json!(""))]), "secret must not be empty"),
        (json!([operation("replace", "/secret", &json!("x".repeat(31)))]), "secret must have 32 to 64"),
        (json!([operation("replace", "/name", &json!(""))]), "name must have 1 to 512"),
        (
            json!([operation("replace", "/description", &json!("x".repeat(1_025)))]),
            "description must have at most 1024",
        ),
        (json!([operation("replace", "/eventTypes", &json!(["no"]))]), "eventTypes names \"no\""),
        (
            json!([operation("replace", "/headers", &json!({ "Host": "x" }))]),
            "headers must not name \"Host\"",
        ),
        (
            json!([operation("replace", "/encryptedHeaders", &json!({ "Host": "x" }))]),
            "encryptedHeaders must not name",
        ),
        (
            json!([operation("replace", "/enableCloudEventDelivery", &json!(false))]),
            "enableCloudEventDelivery cannot be turned off",
        ),
    ] {
        refused(&patch(&server, &made, &body), 400, mentions);
    }
    assert_eq!(patch(&server, &made, &many(100)).status, 204);
    assert_eq!(get(&server, &path(&made))["name"], "x");
}

#[test]
fn operations_apply_in_their_order_and_all_of_them_or_none() {
    let server = serve("");
    let made = create(&server, ADA, &json!({ "description": "before" }));
    let set = |path: &str, value: Value| operation("replace", path, &value);
    let several = json!([
        set("/name", json!("first")),
        { "op": "remove", "path": "/description" },
        set("/name", json!("second")),
        { "op": "add", "path": "/description", "value": "after" },
        set("/eventTypes", json!(["com.qlik.v1.app.deleted"])),
    ]);
    assert_eq!(patch(&server, &made, &several).status, 204);
    let shown = get(&server, &path(&made));
    assert_eq!((&shown["name"], &shown["description"]), (&json!("second"), &json!("after")));
    // What is wrong in between does not matter: what comes of it is judged.
    let through = json!([set("/name", json!("")), set("/name", json!("third"))]);
    assert_eq!(patch(&server, &made, &through).status, 204);
    let before = get(&server, &path(&made));
    let half = json!([
        set("/name", json!("fourth")),
        set("/enabled", json!(true)),
        set("/eventTypes", json!(["no"]))
    ]);
    refused(&patch(&server, &made, &half), 400, "eventTypes");
    assert_eq!(get(&server, &path(&made)), before);
}

#[test]
fn with_another_url_encrypted_headers_are_entered_again_and_never_shown_or_stored() {
    let mut server = serve("");
    let first = receiver();
    let second = receiver();
    let more = json!({ "url": first.url("/a"), "enabled": true, "encryptedHeaders": { "X-Key": "hush-hush-one", "X-Too": "hush-hush-two" } });
    let made = create(&server, ADA, &more);
    let there = operation("replace", "/url", &json!(second.url("/b")));
    let admin = |server: &Server| client(server, ADA);
    refused(&patch(&server, &made, &json!([there])), 400, "encryptedHeaders must all be entered again");
    // Another spelling of the same url is none.
    let same = operation("replace", "/url", &json!(first.url("/a#here")));
    assert_eq!(patch(&server, &made, &json!([same])).status, 204);
    publish(&server, "1", "com.qlik.app.created", &json!({}));
    assert_eq!(first.wait_for(1, SOON).unwrap()[0].header("x-key"), Some("hush-hush-one"));
    // Entered again in the same patch, in whichever order; or removed.
    let again = operation("add", "/encryptedHeaders", &json!({ "X-Key": "hush-hush-three" }));
    assert_eq!(patch(&server, &made, &json!([again, there])).status, 204);
    publish(&server, "2", "com.qlik.app.created", &json!({}));
    let request = second.wait_for(1, SOON).unwrap().remove(0);
    assert_eq!((request.header("x-key"), request.header("x-too")), (Some("hush-hush-three"), None));
    deliveries(&server, &made, 2);
    let base = path(&made);
    for shown in [
        base.clone(),
        CORE.to_owned(),
        format!("{base}/deliveries"),
        format!("/v1{}", &base["/api/core".len()..]),
    ] {
        let answer = admin(&server).get(&shown).unwrap();
        assert!(answer.status == 200 && !answer.text().contains("hush-hush"), "{shown}: {}", answer.text());
    }
    server.kill().unwrap();
    let mut searched = 0;
    let data = server.folder().join("data");
    for file in std::fs::read_dir(data).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"hush-hush"));
        searched += bytes.len();
    }
    assert!(searched > 50_000, "the database was not among them: {searched} bytes");
    assert!(!server.stderr().contains("hush-hush"));
    server.restart().unwrap();
    publish(&server, "3", "com.qlik.app.created", &json!({}));
    assert_eq!(second.wait_for(2, SOON).unwrap()[1].header("x-key"), Some("hush-hush-three"));
    let back = operation("replace", "/url", &json!(first.url("/a")));
    refused(&patch(&server, &made, &json!([back])), 400, "encryptedHeaders must all");
    assert_eq!(
        patch(&server, &made, &json!([{ "op": "remove", "path": "/encryptedHeaders" }, back])).status,
        204
    );
}
