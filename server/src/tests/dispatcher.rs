//! What becomes of a server whose dispatcher panics.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::{Running, SOON, Skewed, take, until};
use crate::RunError;
use crate::rng::{Rng, SystemRng};

/// Randomness that fails whoever draws next, once it is told to: after an attempt that failed the dispatcher does.
#[derive(Default)]
struct Faulty(AtomicBool);

impl Rng for Faulty {
    fn fill(&self, bytes: &mut [u8]) {
        assert!(!self.0.swap(false, Ordering::SeqCst), "a defect, as a test wants it");
        SystemRng.fill(bytes);
    }
}

#[test]
fn a_dispatcher_that_panics_ends_the_server_with_a_failure_and_the_next_one_delivers_what_it_has_left() {
    let (directory, rng) = (TempDir::new().unwrap(), Arc::new(Faulty::default()));
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Running::start(&directory, Skewed::new(), Arc::clone(&rng) as Arc<dyn Rng>);
    server.subscribe(&format!("http://{}/", receiver.local_addr().unwrap()), &["*"]);
    rng.0.store(true, Ordering::SeqCst);
    assert_eq!(server.publish("1").unwrap().0, 202);
    // No answer: the attempt fails, and it has no other.
    drop(receiver.accept().unwrap());
    until("the server ends", SOON, || server.thread.is_finished());
    assert!(!rng.0.load(Ordering::SeqCst));
    let ended = server.thread.join().unwrap();
    assert!(matches!(ended, Err(RunError::Engine(_))), "{ended:?}");
    // Its result was not recorded, so it is made again.
    let server = Running::start(&directory, Skewed::new(), Arc::new(SystemRng));
    assert_eq!(take(receiver.accept().unwrap().0).unwrap()["id"], "1");
    server.stop();
}
