//! What a webhook receives, and when.

use sigpost_core::signature::{Scheme, Secret, Verifier, VerifyError};
use sigpost_tests::receiver::{Reply, Request};

use super::*;

/// Verifies a delivery as the page's example does: the key is the whole text of the secret.
pub(super) fn verify(request: &Request, secret: &str) -> Result<(), VerifyError> {
    let verifier = Verifier::new(Scheme::GENERIC, &[Secret::new(secret).unwrap()]).unwrap();
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    verifier.verify(headers, &request.body, 0).map(drop)
}

#[test]
fn an_event_arrives_in_the_documented_form_and_the_secret_that_was_shown_verifies_it() {
    let server = serve("retry = []");
    let receiver = receiver();
    let made = create(&server, &receiver.url("/hook"), &["user.created"]);
    create(&server, &receiver.url("/other"), &["user.deleted"]);
    publish(&server, "1", "user.created");
    let request = receiver.wait_for(1, SOON).unwrap().remove(0);
    assert_eq!(request.target, "/hook");
    let body = request.json().unwrap();
    like(
        &json!({
            "id": "evt_123456", "type": "user.created", "created": "2023-06-21T09:15:30Z",
            "data": { "id": "usr_789012", "email": "newuser@example.com" },
        }),
        &body,
        &[],
    );
    assert_eq!((&body["type"], &body["created"]), (&json!("user.created"), &json!("2023-06-21T09:15:30Z")));
    verify(&request, made["secret"].as_str().unwrap()).unwrap();
    assert_eq!(verify(&request, "whsec_another"), Err(VerifyError::Mismatch));
}

#[test]
fn changes_decide_at_once_what_a_webhook_receives_and_where() {
    let server = serve("retry = []");
    let (first, second) = (receiver(), receiver());
    let admin = client(&server, ADMIN);
    let made = create(&server, &first.url("/"), &["user.created"]);
    // When this has been told of an event, the other would have been too.
    create(&server, &second.url("/sentinel"), &["user.created", "user.updated", "system.alert"]);
    let change = |change: Value| assert_eq!(put(&admin, &path(&made), &change).status, 200, "{change}");
    let seen = |receiver: &Receiver| {
        let requests = receiver.requests();
        let seen =
            requests.iter().map(|r| format!("{} {}", r.target, r.json().unwrap()["type"].as_str().unwrap()));
        seen.collect::<Vec<_>>()
    };
    change(json!({ "status": "inactive" }));
    publish(&server, "1", "user.created");
    second.wait_for(1, SOON).unwrap();
    assert!(seen(&first).is_empty());
    // What came meanwhile has waited.
    change(json!({ "status": "active" }));
    first.wait_for(1, SOON).unwrap();
    assert_eq!(seen(&first), ["/ user.created"]);

    change(json!({ "events": ["user.updated"], "url": first.url("/new") }));
    publish(&server, "2", "user.created");
    second.wait_for(2, SOON).unwrap();
    publish(&server, "3", "user.updated");
    first.wait_for(2, SOON).unwrap();
    assert_eq!(seen(&first), ["/ user.created", "/new user.updated"]);

    assert_eq!(admin.delete(&path(&made)).unwrap().status, 200);
    publish(&server, "4", "user.updated");
    publish(&server, "5", "system.alert");
    second.wait_for(5, SOON).unwrap();
    assert_eq!(seen(&first).len(), 2);
}

#[test]
fn a_webhook_whose_receiver_is_gone_is_inactive_until_it_is_activated_again() {
    let server = serve("retry = []");
    let receiver = receiver();
    receiver.otherwise(Reply::status(410));
    let made = create(&server, &receiver.url("/"), &["user.created"]);
    let admin = client(&server, ADMIN);
    for (id, status) in [("1", "active"), ("2", "inactive")] {
        let before = receiver.requests().len();
        publish(&server, id, "user.created");
        receiver.wait_for(before + 1, SOON).unwrap();
        wait_until(&server, &made, |webhook| webhook["status"] == status);
    }
    // An update that does not say so leaves it as it is.
    assert_eq!(
        put(&admin, &path(&made), &json!({ "description": "gone" })).json().unwrap()["data"]["status"],
        "inactive"
    );
    let inactive = admin.get(&format!("{ROOT}?status=inactive")).unwrap().json().unwrap();
    assert_eq!(inactive["data"][0]["id"], made["id"]);
    receiver.otherwise(Reply::status(200));
    let updated = put(&admin, &path(&made), &json!({ "status": "active" }));
    assert_eq!(updated.json().unwrap()["data"]["status"], "active");
    publish(&server, "3", "user.created");
    receiver.wait_for(3, SOON).unwrap();
}
