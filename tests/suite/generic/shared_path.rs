//! `/api/v1/webhooks` is Qlik's path too: whose it is, the caller's tenant says.

use super::*;

/// Fits the generic form and Qlik's: what a client of either looks for is there.
#[track_caller]
fn fits_both(answer: &Response, status: u16, code: &str, title: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json().unwrap();
    like(
        &json!({
            "success": false,
            "error": { "code": "unauthorized", "message": "why" },
            "errors": [{ "code": "HTTP-401", "title": "Unauthorized", "detail": "why" }],
            "traceId": "0123456789abcdef0123456789abcdef",
        }),
        &body,
        &[],
    );
    assert_eq!(
        (&body["success"], &body["error"]["code"], &body["errors"][0]["title"]),
        (&json!(false), &json!(code), &json!(title))
    );
    assert_eq!(body["errors"][0]["code"], format!("HTTP-{status}"));
    assert_eq!(body["errors"][0]["detail"], body["error"]["message"]);
    let trace = body["traceId"].as_str().unwrap();
    assert!(trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit()), "{trace}");
}

#[test]
fn who_cannot_be_told_is_refused_in_the_form_of_both_systems() {
    let server = serve("");
    let paths = [ROOT, "/api/v1/webhooks/wh_1", "/api/v1/webhooks/wh_1/test", "/api/v1/webhooks/a/b/c"];
    for path in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            for client in [server.client(), client(&server, "wrong")] {
                let answer = client.send(method, path, &[], b"").unwrap();
                fits_both(&answer, 401, "unauthorized", "Unauthorized");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
    }
    let [one, other] =
        [(); 2].map(|()| server.client().get(ROOT).unwrap().json().unwrap()["traceId"].clone());
    assert_ne!(one, other);
    fits_both(&client(&server, OPERATOR).get(ROOT).unwrap(), 403, "forbidden", "Forbidden");
    let nowhere = client(&server, OPERATOR).with_header("sigpost-tenant", "nowhere");
    fits_both(&nowhere.get(ROOT).unwrap(), 404, "not_found", "Not Found");
}

#[test]
fn whoever_fails_too_often_is_told_in_the_form_of_both_systems_when_to_come_back() {
    let server = Launch::sigpost(config("", "")).unwrap().start().unwrap();
    let wrong = client(&server, "wrong");
    let answers = (0..40).map(|_| wrong.get(ROOT).unwrap());
    let limited = answers.into_iter().find(|answer| answer.status == 429).unwrap();
    fits_both(&limited, 429, "too_many_requests", "Too Many Requests");
    assert!(limited.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
}

#[test]
fn for_a_tenant_of_a_third_system_the_path_is_not_there() {
    let server = serve("");
    for system in OTHERS {
        for (method, path) in [("GET", ROOT), ("POST", ROOT), ("GET", "/api/v1/webhooks/wh_1")] {
            let answer = client(&server, &token(system)).send(method, path, &[], b"").unwrap();
            fits_both(&answer, 404, "not_found", "Not Found");
        }
        // An operator counts as the tenant that it names.
        let operator = client(&server, OPERATOR).with_header("sigpost-tenant", system);
        fits_both(&operator.get(ROOT).unwrap(), 404, "not_found", "Not Found");
    }
    // And the others' own paths are none of a generic tenant's.
    for path in ["/webhooks", "/api/notification/webhook", "/marketplace/api/notification/webhook"] {
        assert_eq!(client(&server, ADMIN).get(path).unwrap().json().unwrap()["statusCode"], 404, "{path}");
    }
}

#[test]
fn what_only_begins_like_the_shared_path_is_none_of_it() {
    let server = serve("");
    // It is answered in the form of whoever asks, as every path below nobody's root.
    for path in ["/api/v1/webhooksmore", "/api/v1/csrf-token", "/api/v1", "/api/v1//webhooks"] {
        refused(&client(&server, ADMIN).get(path).unwrap(), 404, "not_found", "no such path");
        let native = client(&server, &token("native")).get(path).unwrap();
        assert_eq!((native.status, native.header("content-type")), (404, Some("application/problem+json")));
        let immuta = client(&server, &token("immuta")).get(path).unwrap();
        assert_eq!(immuta.json().unwrap()["error"], "Not Found", "{path}");
    }
    // `/v1` is everybody's, in its own form.
    let answer = client(&server, ADMIN).get("/v1/nothing").unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")));
}
