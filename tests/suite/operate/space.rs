//! A disk with less room than is to be left.

use sigpost_tests::receiver::{Answer, Reply};

use super::*;

#[test]
fn without_room_events_are_refused_and_what_was_accepted_is_delivered() {
    let mut server = serve();
    let receiver = Receiver::start().unwrap();
    create(&server, &receiver.url("/"));
    receiver.otherwise(Answer::Hang);
    assert!(publish(&server.client().with_token(SENDER), "before"));
    receiver.wait_for(1, SOON).unwrap();
    receiver.otherwise(Reply::status(200));

    // More than any disk has.
    server.restart_with(&config("min_free_mib = 1_000_000_000")).unwrap();
    let shown = || history(&server).iter().any(|delivery| delivery["state"] == "delivered").then_some(());
    Deadline::after(SOON).poll(shown).expect("it is delivered, and that is stored");
    let event = json!({ "specversion": "1.0", "id": "refused", "source": "/shop", "type": "order.paid" });
    let headers = [("content-type", "application/cloudevents+json")];
    let sender = server.client().with_token(SENDER);
    let answer = sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")), "{}", answer.text());
    assert_eq!(answer.json().unwrap()["type"], "urn:sigpost:problem:disk-full");
    create(&server, &receiver.url("/managed"));
    assert_eq!(server.client().get("/readyz").unwrap().status, 200, "the store commits");
    assert_eq!(server.stderr().matches("there is too little room on the disk").count(), 1, "it is said once");

    server.restart_with(&config("")).unwrap();
    assert!(publish(&server.client().with_token(SENDER), "refused"));
}
