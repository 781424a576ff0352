use super::*;
use crate::storage::sqlite::open::embedded;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn database() -> Connection {
    let mut sql = Connection::open_in_memory().unwrap();
    embedded::migrations::runner().run(&mut sql).unwrap();
    sql
}

fn window(age: u64, keys: usize, run: usize) -> DedupeWindow {
    DedupeWindow { age: Duration::from_secs(age), keys, run }
}

/// A digest, as far as a test can tell.
fn key(number: i64) -> Key {
    Key::of(&TenantUid::new([7; 16]), "/source", &number.to_string())
}

/// Accepts these events, one commit each, at the second of their number.
fn accept(dedupe: &mut Dedupe, sql: &Connection, events: Range<i64>) {
    for event in events {
        commit(dedupe, sql, time(event));
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
}

fn commit(dedupe: &mut Dedupe, sql: &Connection, now: Timestamp) {
    dedupe.advance();
    let kept = dedupe.keep(sql, now).unwrap();
    dedupe.kept(kept);
}

/// Commits until nothing is left to be written.
fn settle(dedupe: &mut Dedupe, sql: &Connection, now: Timestamp) {
    loop {
        commit(dedupe, sql, now);
        if dedupe.frozen.is_none() && dedupe.recent.events.len() < dedupe.window.run {
            return;
        }
        std::thread::yield_now();
    }
}

fn known(dedupe: &Dedupe, sql: &Connection, events: Range<i64>) -> Vec<i64> {
    events.filter(|event| dedupe.get(sql, key(*event)).unwrap() == Some(EventId::new(*event))).collect()
}

#[test]
fn a_key_keeps_tenant_source_and_id_apart() {
    let (a, b) = (TenantUid::new([1; 16]), TenantUid::new([2; 16]));
    let key = Key::of(&a, "/source", "id");
    assert_eq!(key, Key::of(&a, "/source", "id"));
    for other in [Key::of(&b, "/source", "id"), Key::of(&a, "/sourcei", "d"), Key::of(&a, "/source", "")] {
        assert_ne!(key, other);
    }
}

#[test]
fn keys_are_known_in_memory_while_they_are_sorted_and_in_runs() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(1_000_000, 1_000_000, 2_000), &sql).unwrap();
    accept(&mut dedupe, &sql, 1..15_001);
    assert_eq!(known(&dedupe, &sql, 1..20_000), (1..15_001).collect::<Vec<_>>());
    settle(&mut dedupe, &sql, time(15_001));
    assert!(dedupe.runs.len() > 1);
    assert_eq!(known(&dedupe, &sql, 1..20_000), (1..15_001).collect::<Vec<_>>());
    assert_eq!(dedupe.extent(), Extent { keys: 15_000, since: Some(time(1)) });
}

#[test]
fn runs_are_read_at_the_start_and_the_rest_is_behind_them() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 2_000);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    accept(&mut dedupe, &sql, 1..9_001);
    settle(&mut dedupe, &sql, time(9_001));
    let last = dedupe.last_event().get();
    let in_runs: usize = dedupe.runs.iter().map(|run| run.keys).sum();
    assert_eq!(usize::try_from(last).unwrap(), in_runs);
    let again = Dedupe::open(size, &sql).unwrap();
    assert_eq!((again.last_event().get(), again.extent().keys), (last, in_runs));
    assert_eq!(known(&again, &sql, 1..9_500), (1..last + 1).collect::<Vec<_>>());
    dedupe.keep_all(&sql).unwrap();
    let closed = Dedupe::open(size, &sql).unwrap();
    assert_eq!(known(&closed, &sql, 1..9_500).len(), in_runs, "so few are not worth a run");
}

#[test]
fn a_closing_store_writes_what_is_worth_it() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 500);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    for event in 1..=800 {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    dedupe.advance();
    for event in 801..=1_400 {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    dedupe.keep_all(&sql).unwrap();
    let again = Dedupe::open(size, &sql).unwrap();
    assert_eq!((again.last_event().get(), again.runs.len()), (1_400, 2));
    assert_eq!(known(&again, &sql, 1..2_000), (1..1_401).collect::<Vec<_>>());
}

#[test]
fn a_run_that_a_crash_has_cut_short_is_none_and_is_written_anew() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 20_000);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    for event in 1..=20_000 {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    dedupe.advance();
    while !matches!(dedupe.frozen, Some(Frozen { stage: Stage::Writing(_, 1..), .. })) {
        commit(&mut dedupe, &sql, time(20_000));
    }
    let mut again = Dedupe::open(size, &sql).unwrap();
    assert_eq!((again.last_event().get(), again.extent().keys), (0, 0));
    for event in 1..=20_500 {
        again.insert(key(event), EventId::new(event), time(event));
    }
    settle(&mut again, &sql, time(20_500));
    assert_eq!(known(&again, &sql, 1..21_000), (1..20_501).collect::<Vec<_>>());
}

#[test]
fn the_oldest_run_goes_when_there_are_too_many_keys_or_when_all_of_it_is_too_old() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(1_000_000, 5_000, 1_000), &sql).unwrap();
    accept(&mut dedupe, &sql, 1..20_001);
    settle(&mut dedupe, &sql, time(20_001));
    let left = known(&dedupe, &sql, 1..20_001);
    assert!((5_000..9_000).contains(&left.len()), "{}", left.len());
    assert_eq!(left.last(), Some(&20_000));
    let rows = |table: &str| {
        sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(rows("idempotency_run"), i64::try_from(dedupe.runs.len()).unwrap());
    let later = time(2_000_000);
    for _ in 0..50 {
        commit(&mut dedupe, &sql, later);
    }
    assert_eq!((dedupe.runs.len(), rows("idempotency_run"), rows("idempotency_chunk")), (0, 0, 0));
}

#[test]
fn a_flipped_bit_of_a_filter_costs_time_and_one_of_a_chunk_is_an_error() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 1_000);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    for event in 1..=1_000 {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    settle(&mut dedupe, &sql, time(1_000));
    sql.execute("UPDATE idempotency_run SET filter = zeroblob(length(filter))", []).unwrap();
    let again = Dedupe::open(size, &sql).unwrap();
    assert_eq!(known(&again, &sql, 1..1_100), (1..1_001).collect::<Vec<_>>());
    sql.execute("UPDATE idempotency_chunk SET entries = zeroblob(length(entries))", []).unwrap();
    assert!(matches!(dedupe.get(&sql, key(1)), Err(StoreError::Inconsistent { .. })));
    assert_eq!(dedupe.get(&sql, key(5_000)).unwrap(), None, "the filter rules it out");
}

#[test]
fn a_run_of_which_a_bit_of_any_number_has_flipped_is_none() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 1_000);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    accept(&mut dedupe, &sql, 1..2_001);
    settle(&mut dedupe, &sql, time(2_000));
    let runs = || Dedupe::open(size, &sql).unwrap().runs.len();
    assert_eq!(runs(), 2);
    for column in ["first_event", "last_event", "oldest_at", "newest_at", "keys", "bits"] {
        let flip =
            format!("UPDATE idempotency_run SET {column} = {column} + 1 - 2 * ({column} & 1) WHERE id = 2");
        sql.execute(&flip, []).unwrap();
        let again = Dedupe::open(size, &sql).unwrap();
        assert_eq!((again.runs.len(), again.last_event()), (1, EventId::new(1_000)), "{column}");
        sql.execute(&flip, []).unwrap();
        assert_eq!(runs(), 2, "{column}");
    }
}

/// Has a kind of change of the chunks fail, as a page does that cannot be read.
fn failing(sql: &Connection, change: &str) {
    let trigger = format!(
        "CREATE TRIGGER failing BEFORE {change} ON idempotency_chunk BEGIN SELECT raise(ABORT, 'malformed'); END"
    );
    sql.execute_batch(&trigger).unwrap();
}

fn insert(dedupe: &mut Dedupe, events: Range<i64>) {
    for event in events {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
}

/// Commits until something cannot be kept.
fn unkept(dedupe: &mut Dedupe, sql: &Connection, now: Timestamp) -> Unkept {
    loop {
        dedupe.advance();
        match dedupe.keep(sql, now) {
            Ok(kept) => dedupe.kept(kept),
            Err(unkept) => return unkept,
        }
        std::thread::yield_now();
    }
}

#[test]
fn keys_that_cannot_be_written_are_known_until_there_are_as_many_new_ones_which_are_written_again() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(1_000_000, 1_000_000, 100), &sql).unwrap();
    insert(&mut dedupe, 1..101);
    settle(&mut dedupe, &sql, time(101));
    insert(&mut dedupe, 101..201);
    failing(&sql, "INSERT");
    let unkept = unkept(&mut dedupe, &sql, time(201));
    dedupe.give_up(&unkept);
    insert(&mut dedupe, 201..300);
    commit(&mut dedupe, &sql, time(300));
    assert_eq!(known(&dedupe, &sql, 1..300), (1..300).collect::<Vec<_>>());
    sql.execute_batch("DROP TRIGGER failing").unwrap();
    insert(&mut dedupe, 300..301);
    settle(&mut dedupe, &sql, time(301));
    assert_eq!(known(&dedupe, &sql, 1..301), (1..101).chain(201..301).collect::<Vec<_>>());
    let ids = dedupe.runs.iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids, [1, 3], "no other has the rows of one that may be written in part");
}

#[test]
fn a_closing_store_tries_again_to_write_what_was_given_up() {
    let sql = database();
    let size = window(1_000_000, 1_000_000, 100);
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    insert(&mut dedupe, 1..101);
    failing(&sql, "INSERT");
    let unkept = unkept(&mut dedupe, &sql, time(101));
    dedupe.give_up(&unkept);
    sql.execute_batch("DROP TRIGGER failing").unwrap();
    dedupe.keep_all(&sql).unwrap();
    assert_eq!(known(&Dedupe::open(size, &sql).unwrap(), &sql, 1..101).len(), 100);
}

#[test]
fn a_run_that_cannot_be_deleted_is_left_and_those_behind_it_go() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(1_000, 1_000_000, 100), &sql).unwrap();
    for from in [1, 101, 201] {
        insert(&mut dedupe, from..from + 100);
        settle(&mut dedupe, &sql, time(301));
    }
    let later = time(1_000_000);
    failing(&sql, "DELETE");
    let unkept = unkept(&mut dedupe, &sql, later);
    dedupe.give_up(&unkept);
    sql.execute_batch("DROP TRIGGER failing").unwrap();
    for _ in 0..5 {
        commit(&mut dedupe, &sql, later);
    }
    let ids = || {
        let ids = "SELECT group_concat(id) FROM idempotency_run";
        sql.query_row(ids, [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!((dedupe.runs.len(), ids()), (0, "1".to_owned()));
    insert(&mut dedupe, 301..401);
    settle(&mut dedupe, &sql, time(301));
    assert_eq!(ids(), "1,4", "and is no newer one's");
}

#[test]
fn a_run_that_ends_while_the_clock_is_behind_is_known_when_the_clock_is_right_again() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(86_400, 1_000_000, 100), &sql).unwrap();
    let now = 1_000_000;
    for event in 1..=99 {
        dedupe.insert(key(event), EventId::new(event), time(now));
    }
    let behind = now - 2 * 86_400;
    dedupe.insert(key(100), EventId::new(100), time(behind));
    settle(&mut dedupe, &sql, time(now));
    for _ in 0..5 {
        commit(&mut dedupe, &sql, time(now + 1));
    }
    assert_eq!(known(&dedupe, &sql, 1..100).len(), 99, "accepted a second ago");
    assert_eq!(dedupe.extent().since, Some(time(behind)));
}

#[test]
fn a_key_taken_again_is_known_by_its_newer_event() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(1_000_000, 1_000_000, 100), &sql).unwrap();
    accept(&mut dedupe, &sql, 1..301);
    settle(&mut dedupe, &sql, time(301));
    dedupe.insert(key(5), EventId::new(301), time(301));
    assert_eq!(dedupe.get(&sql, key(5)).unwrap(), Some(EventId::new(301)));
}

#[test]
fn the_window_reaches_back_to_the_oldest_key_once_there_are_as_many_as_are_held() {
    let sql = database();
    let mut dedupe = Dedupe::open(window(3_600, 3, 1_000), &sql).unwrap();
    assert_eq!(dedupe.reach(time(0)).as_secs(), 3_600);
    accept(&mut dedupe, &sql, 100..102);
    assert_eq!(dedupe.reach(time(110)).as_secs(), 3_600, "earlier ones would be known too");
    accept(&mut dedupe, &sql, 102..103);
    assert_eq!(dedupe.reach(time(110)).as_secs(), 10);
    assert_eq!(dedupe.reach(time(100_000)).as_secs(), 3_600, "never longer than the window");
    assert_eq!(dedupe.reach(time(0)).as_secs(), 0, "the clock was set back");
}

/// What is allocated for all keys, in bytes.
fn bytes(dedupe: &Dedupe) -> usize {
    let table = |recent: &Recent| {
        // Of its slots seven of eight can be taken; beside each is a byte that tells whether it is.
        let slots = (recent.events.capacity() * 8).div_ceil(7);
        slots * (size_of::<(Key, EventId)>() + 1)
    };
    let frozen = dedupe.frozen.as_ref().map_or(0, |Frozen { recent, stage }| {
        table(recent)
            + match stage {
                Stage::Building(_) | Stage::GivenUp => 0,
                Stage::Writing(run, _) => run.bytes(),
            }
    });
    table(&dedupe.recent) + frozen + dedupe.runs.iter().map(Run::bytes).sum::<usize>()
}

#[test]
fn a_full_window_takes_48_megabytes_at_most() {
    let sql = database();
    let size = DedupeWindow::default();
    let run = i64::try_from(size.run).unwrap();
    let mut dedupe = Dedupe::open(size, &sql).unwrap();
    for event in 1..=run {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    let new = bytes(&dedupe);
    assert!(new <= size.run * 34, "{new} bytes");
    while !matches!(dedupe.frozen, Some(Frozen { stage: Stage::Writing(..), .. })) {
        commit(&mut dedupe, &sql, time(run));
        std::thread::yield_now();
    }
    // As if nothing had been written until there are as many again.
    for event in run + 1..2 * run {
        dedupe.insert(key(event), EventId::new(event), time(event));
    }
    let most = bytes(&dedupe);
    settle(&mut dedupe, &sql, time(2 * run));
    let of_a_run: usize = dedupe.runs.iter().map(Run::bytes).sum();
    assert!((size.run * 2..size.run * 5 / 2).contains(&of_a_run), "{of_a_run} bytes");
    let full = size.keys.div_ceil(size.run) * of_a_run + most;
    assert!(full <= 48_000_000, "{full} bytes");
}
