//! Each management route is documented, authorised and limited; what is not documented does not exist.

use super::*;

/// Operations that need no token: the credential is in the body.
pub(super) const PUBLIC: &[(&str, &str)] = &[("POST", "/bim/apikey/authenticate")];

/// Operations that are not counted: the public ones, and publishing, which has its own admission.
const UNLIMITED: &[(&str, &str)] = &[("POST", "/bim/apikey/authenticate"), ("POST", "/v1/events")];

#[test]
fn every_documented_operation_needs_a_token_and_no_path_takes_another_method() {
    let server = serve(false);
    for document in documents(&server) {
        for operation in document.operations() {
            let name = operation.name();
            match operation.documented {
                Some(_) if operation.is_one_of(PUBLIC) => {
                    let answer = operation.send(&server.client(), &document);
                    assert_eq!(answer.status, 400, "{name}: {}", answer.text());
                }
                Some(documented) => {
                    let answer = operation.send(&server.client(), &document);
                    assert_eq!(answer.status, 401, "{name}: {}", answer.text());
                    document.assert_error(&answer, &name);
                    assert!(answer.header("www-authenticate").is_some(), "{name}");
                    assert!(
                        documented["security"][0].get("bearer").is_some(),
                        "{name} is documented as public"
                    );
                }
                None => {
                    let answer = operation.send(&admin(&server, &document.dialect), &document);
                    assert_eq!(answer.status, 405, "{name}: {}", answer.text());
                    document.assert_error(&answer, &name);
                    assert!(answer.header("allow").is_some(), "{name}");
                }
            }
        }
    }
}

#[test]
fn every_documented_route_is_there_for_whoever_has_the_right_and_for_no_other_dialect() {
    let server = serve(false);
    for document in documents(&server) {
        for operation in document.documented().filter(|operation| !operation.is_one_of(PUBLIC)) {
            let name = operation.name();
            let own = operation.send(&operation.caller(&server, &document), &document);
            assert!(![401, 403, 405].contains(&own.status), "{name}: {}", own.text());
            let status = own.status.to_string();
            assert!(
                operation.documented.unwrap()["responses"].get(&status).is_some(),
                "{name}: {status} is not documented"
            );
            if !operation.path.contains('{') {
                assert_ne!(own.status, 404, "{name}: {}", own.text());
            }
            // The native API is open to every tenant; a native tenant has no other.
            if document.dialect != "native" {
                let other = operation.send(&admin(&server, "native"), &document);
                assert_eq!(other.status, 404, "{name}: {}", other.text());
                document.assert_error(&other, &name);
                assert_ne!(
                    unnumbered(&own),
                    unnumbered(&other),
                    "{name} does not tell a missing thing from a missing path"
                );
            }
        }
    }
}

/// An error without what is different each time.
fn unnumbered(answer: &Response) -> Value {
    let mut body = answer.json().unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.remove("traceId");
    }
    body
}

#[test]
fn every_documented_operation_is_limited_and_says_when_to_come_back() {
    let server = serve(true);
    for document in documents(&server) {
        let client = admin(&server, &document.dialect);
        for reads in [false, true] {
            // The first operation uses the minute up, the others find it used up but for what has come back meanwhile.
            let most = if reads { 3_000 } else { 300 };
            let (limited, unlimited): (Vec<_>, Vec<_>) = document
                .documented()
                .filter(|operation| operation.reads() == reads)
                .partition(|operation| !operation.is_one_of(UNLIMITED));
            for operation in limited {
                let name = operation.name();
                let answers = (0..most).map(|_| operation.send(&client, &document));
                let answer = answers.into_iter().find(|answer| answer.status == 429);
                let answer = answer.unwrap_or_else(|| panic!("{name} is not limited"));
                document.assert_error(&answer, &name);
                assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1, "{name}");
                assert!(operation.documented.unwrap()["responses"].get("429").is_some(), "{name}");
            }
            for operation in unlimited {
                for _ in 0..5 {
                    let answer = operation.send(&client, &document);
                    assert_ne!(answer.status, 429, "{}: {}", operation.name(), answer.text());
                }
            }
        }
    }
}
