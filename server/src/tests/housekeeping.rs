//! What has expired is deleted by a server that runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Receiver, Running, SOON, Skewed, ask, config_of, until};
use crate::clock::Clock;
use crate::rng::SystemRng;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many rows there are of what expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rows {
    events: u32,
    counts: u32,
    audited: u32,
    /// Webhooks with a secret that is retired some time.
    rotating: u32,
}

const NONE: Rows = Rows { events: 0, counts: 0, audited: 0, rotating: 0 };

/// Data that servers run on, one after the other, and their time.
struct House {
    directory: TempDir,
    clock: Arc<Skewed>,
}

impl House {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), clock: Skewed::new() }
    }

    /// A server of one tenant; what other tenants have made before is there still.
    fn serve(&self, tenant: &str) -> Running {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Running::start_with(config_of(tenant, self.directory.path()), clock, Arc::new(SystemRng))
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("sigpost-data/sigpost.db")
    }

    /// What is in the file.
    fn rows(&self) -> Rows {
        let sql = Connection::open(self.file()).unwrap();
        let count = |from: &str| {
            sql.query_row(&format!("SELECT count(*) FROM {from}"), [], |row| row.get(0)).unwrap()
        };
        Rows {
            events: count("event"),
            counts: count("webhook_stats"),
            audited: count("audit"),
            rotating: count("webhook WHERE next_secret_sealed IS NOT NULL"),
        }
    }

    /// Has something of everything that expires. The secret does first, in an hour.
    fn furnish(&self) -> Rows {
        let (server, receiver) = (self.serve("acme"), Receiver::start());
        let webhook = server.subscribe(&receiver.url, &["*"]);
        self.rotate(&server, &webhook);
        assert_eq!(server.publish("1").unwrap().0, 202);
        until("it is delivered", SOON, || receiver.bodies().len() == 1);
        // It writes what was counted.
        server.stop();
        let rows = self.rows();
        assert!(rows.audited > 0);
        assert_eq!(rows, Rows { events: 1, counts: 1, audited: rows.audited, rotating: 1 });
        rows
    }

    /// Gives a webhook a new secret; the old one is retired in an hour.
    fn rotate(&self, server: &Running, webhook: &Value) {
        let retire_at = self.clock.now().checked_add(HOUR).unwrap().to_string();
        let path = format!("/v1/webhooks/{}/secret", webhook["id"].as_str().unwrap());
        let body = json!({ "retire_at": retire_at }).to_string();
        let (status, answer) = ask(server.main, "POST", &path, "application/json", &body).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    /// Waits until only so much is left.
    fn left(&self, what: &str, rows: Rows) {
        until(what, SOON, || self.rows() == rows);
    }

    /// Long enough for many rounds of everything.
    fn stays(&self, rows: Rows) {
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(self.rows(), rows);
    }
}

#[test]
fn a_running_server_deletes_everything_when_its_time_has_come_and_not_before() {
    let house = House::new();
    let all = house.furnish();
    let server = house.serve("acme");
    house.stays(all);
    house.clock.pass(HOUR);
    let rows = Rows { rotating: 0, ..all };
    house.left("the retired secret is erased", rows);
    house.clock.pass(6 * DAY);
    house.stays(rows);
    // History is kept for a week.
    house.clock.pass(DAY);
    let rows = Rows { events: 0, counts: 0, ..rows };
    house.left("history is deleted, and what was counted", rows);
    house.clock.pass(82 * DAY);
    house.stays(rows);
    house.clock.pass(DAY);
    house.left("the audit log is deleted after 90 days", NONE);
    server.stop();
}

#[test]
fn a_running_server_deletes_nothing_while_the_wall_clock_has_run_ahead() {
    let house = House::new();
    let all = house.furnish();
    let server = house.serve("acme");
    house.clock.pass(HOUR);
    // By then it keeps house, and knows what the clock showed before.
    house.left("the retired secret is erased", Rows { rotating: 0, ..all });
    let webhook = server.subscribe("http://127.0.0.1:9/", &["*"]);
    house.rotate(&server, &webhook);
    let all = house.rows();
    assert_eq!(all.rotating, 1);
    house.clock.set_forward(100 * DAY);
    house.stays(all);
    until("the wall clock is believed", SOON, || {
        house.clock.pass(HOUR / 60);
        house.rows() == NONE
    });
    server.stop();
}

#[test]
fn a_retired_secret_is_erased_also_of_a_webhook_whose_tenant_was_taken_out_of_the_configuration() {
    let house = House::new();
    house.furnish();
    let server = house.serve("another");
    let webhook = server.subscribe("http://127.0.0.1:9/", &["*"]);
    house.rotate(&server, &webhook);
    let sealed = |column: &str| -> Vec<Option<Vec<u8>>> {
        let sql = Connection::open(house.file()).unwrap();
        let mut all = sql.prepare(&format!("SELECT {column} FROM webhook ORDER BY id")).unwrap();
        all.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let retiring = sealed("secret_sealed");
    assert!(retiring.len() == 2 && retiring.iter().all(Option::is_some));
    house.clock.pass(HOUR);
    until("both are erased", SOON, || house.rows().rotating == 0);
    let kept = sealed("secret_sealed");
    assert!(kept.iter().all(Option::is_some), "the new ones have taken their places");
    assert!(kept.iter().all(|secret| !retiring.contains(secret)));
    server.stop();
}
