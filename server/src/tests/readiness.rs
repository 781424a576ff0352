//! Whether a server says of itself that nothing is sent any more.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::{Running, Skewed, get, until};
use crate::rng::{Rng, SystemRng};

/// Randomness that stops while it is told to, and with it whoever draws: after an attempt that failed, and after any
/// other, the dispatcher does.
#[derive(Default)]
struct Sticky {
    stuck: Mutex<bool>,
    drawn: Mutex<bool>,
    freed: Condvar,
}

impl Sticky {
    fn stick(&self, stuck: bool) {
        *self.stuck.lock().unwrap() = stuck;
        self.freed.notify_all();
    }

    fn holds_somebody(&self) -> bool {
        *self.drawn.lock().unwrap()
    }
}

impl Rng for Sticky {
    fn fill(&self, bytes: &mut [u8]) {
        let mut stuck = self.stuck.lock().unwrap();
        while *stuck {
            *self.drawn.lock().unwrap() = true;
            stuck = self.freed.wait(stuck).unwrap();
        }
        SystemRng.fill(bytes);
    }
}

#[test]
fn a_frozen_dispatcher_is_told_within_ten_seconds_and_so_is_that_it_goes_on() {
    let rng = Arc::new(Sticky::default());
    let directory = TempDir::new().unwrap();
    let server = Running::start(&directory, Skewed::new(), Arc::clone(&rng) as Arc<dyn Rng>);
    let ready = || get(server.admin, "/readyz").unwrap();
    // Nobody listens there: the attempt ends at once.
    server.subscribe("http://127.0.0.1:9/", &["*"]);
    assert_eq!((ready().0, get(server.main, "/readyz").unwrap().0), (200, 200));
    rng.stick(true);
    // Whether it is answered depends on which thread the dispatcher takes down.
    let _ = server.publish("1");
    let limit = Duration::from_secs(10);
    until("the dispatcher is stuck", limit, || rng.holds_somebody());
    assert_eq!(ready().0, 200, "which does not show at once");
    let took = until("it is told", limit, || ready().0 == 503);
    assert!((Duration::from_secs(1)..limit).contains(&took), "{took:?}");
    let body = ready().1;
    assert!(body.contains("the dispatcher has stood still for 5 s"), "{body}");
    assert_eq!(get(server.admin, "/healthz").unwrap().0, 200);
    assert!(!matches!(get(server.main, "/readyz"), Ok((200, _))), "503, or no answer");
    rng.stick(false);
    let goes_on = Duration::from_secs(3);
    until("it is ready again", goes_on, || ready().0 == 200);
    until("everywhere", goes_on, || matches!(get(server.main, "/readyz"), Ok((200, _))));
    server.stop();
}
