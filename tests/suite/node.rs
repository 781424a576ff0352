//! The Rust side of the Node receiver: what tests of the server rely on. Needs the built package (`SIGPOST_NPM`).

use std::time::Duration;

use sigpost_tests::http::Client;
use sigpost_tests::node::{NodeReceiver, Options};

const SOON: Duration = Duration::from_secs(20);
/// `HMAC-SHA256("Jefe", BODY)`: RFC 4231, test case 2.
const BODY: &[u8] = b"what do ya want for nothing?";
const SIGNATURE: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

#[test]
fn the_package_verifies_a_published_vector_and_rejects_a_flipped_bit() {
    let options = Options { secret: "Jefe".to_owned(), schemes: vec!["qlik".to_owned()], status: Some(202) };
    let mut receiver = NodeReceiver::start(&options).unwrap();
    let client = Client::new(&receiver.url(""));
    let answer = client.send("POST", "/hook", &[("Qlik-Signature", SIGNATURE)], BODY).unwrap();
    let delivery = receiver.next(SOON).unwrap();
    assert!(delivery.ok, "{:?}", delivery.results);
    assert_eq!((answer.status, delivery.body.as_slice()), (202, BODY));
    assert_eq!(delivery.headers["qlik-signature"], SIGNATURE);

    let mut flipped = BODY.to_vec();
    flipped[3] ^= 4;
    let answer = client.send("POST", "/hook", &[("Qlik-Signature", SIGNATURE)], &flipped).unwrap();
    let delivery = receiver.next(SOON).unwrap();
    assert!(!delivery.ok && delivery.code.is_some(), "{:?}", delivery.results);
    assert_eq!((answer.status, delivery.scheme.as_str()), (401, "qlik"));
    assert!(receiver.stop(SOON).unwrap().success());
}
