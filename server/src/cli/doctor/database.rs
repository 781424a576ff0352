//! What is stored: the layout, the structure, references, checksums, the key and what it opens, and the clock beside it.

use core::time::Duration;
use std::path::Path;

use super::configuration::open_to_others;
use super::finding::Finding;
use crate::domain::{TenantSpec, Timestamp};
use crate::storage::sqlite::checksums::{Rows, Verified};
use crate::storage::sqlite::examine::{ExamineError, Examiner, KeyState, Layout};
use crate::storage::sqlite::{KeySource, Tell};

const LAYOUT: &str = "layout";
const STRUCTURE: &str = "structure";
const REFERENCES: &str = "references";
const CHECKSUMS: &str = "checksums";
const KEY: &str = "key";
const TENANTS: &str = "tenants";
const SECRETS: &str = "secrets";
const CLOCK: &str = "clock";

const RESTORE: &str =
    "stop the server, keep a copy of the data directory, and restore the newest backup that is in order";

/// A clock may be this much behind what others have stored.
const SLACK: Duration = Duration::from_secs(5);
/// A store may have been unused for so long without anybody being asked about it.
const LONG_UNUSED: Duration = Duration::from_secs(365 * 24 * 3_600);
/// No clock that shows an earlier time is right: this program did not exist.
const EARLIEST: i64 = 1_764_547_200; // 2025-12-01T00:00:00Z

/// The checks of a database, told one by one.
pub(super) fn check(
    database: &mut Examiner,
    directory: &Path,
    key: &KeySource,
    tenants: &[TenantSpec],
    now: Timestamp,
    tell: &Tell,
    mut found: impl FnMut(Finding),
) {
    found(answered(CLOCK, database.newest(), |newest| clock(now, newest)));
    let layout = database.layout();
    let usable = matches!(&layout, Ok(Layout { found: 1.., .. }));
    found(answered(LAYOUT, layout, self::layout));
    match database.key(directory, key) {
        Ok(state) => {
            let opens = match &state {
                KeyState::Fits(key) | KeyState::Filed(key, _) => Some(key.clone()),
                _ => None,
            };
            found(self::key(&state, directory, key));
            if let Some(key) = opens {
                found(answered(SECRETS, database.secrets(&key), |(opened, shut)| secrets(opened, &shut)));
            }
        }
        Err(error) => found(unreadable(KEY, &error)),
    }
    found(answered(STRUCTURE, database.structure(tell), |problems| structure(&problems)));
    if usable {
        let others = tenants.iter().filter_map(|spec| other_dialect(database, spec).transpose());
        found(answered(TENANTS, others.collect::<Result<Vec<_>, _>>(), |others| self::tenants(&others)));
        found(answered(REFERENCES, database.references(tell), |missing| references(&missing)));
        found(answered(CHECKSUMS, database.checksums(tell), |verified| checksums(&verified)));
    }
}

fn answered<T>(
    check: &'static str,
    answer: Result<T, ExamineError>,
    judge: impl FnOnce(T) -> Finding,
) -> Finding {
    answer.map_or_else(|error| unreadable(check, &error), judge)
}

pub(super) fn unreadable(check: &'static str, error: &ExamineError) -> Finding {
    Finding::problem(check, super::chain(error), format!("if it is no question of rights: {RESTORE}"))
}

/// The clock by itself, and beside what was stored by it before.
pub(super) fn clock(now: Timestamp, newest: Option<Timestamp>) -> Finding {
    let remedy = "set the clock, and have it kept right (NTP)";
    let (now, newest) = (whole(now), newest.map(whole));
    if now.as_second() < EARLIEST {
        return Finding::problem(CLOCK, format!("it shows {now}, which is long ago"), remedy);
    }
    match newest {
        Some(newest) if now.duration_since(newest).is_negative() => {
            let behind = newest.duration_since(now).unsigned_abs();
            let message = format!("it shows {now}, before the newest that is stored ({newest})");
            if behind <= SLACK {
                Finding::ok(CLOCK, format!("it shows {now}, about the time of the newest that is stored"))
            } else {
                Finding::problem(CLOCK, message, remedy)
            }
        }
        // The store knows no later time to compare with, so this proves nothing: nobody may have used it.
        Some(newest) if now.duration_since(newest).unsigned_abs() > LONG_UNUSED => {
            let days = now.duration_since(newest).as_hours() / 24;
            Finding::warning(
                CLOCK,
                format!(
                    "it shows {now}, {days} days after the newest event or attempt that is stored ({newest})"
                ),
                "if anything was published since, it is far ahead: set the clock, and have it kept right (NTP)",
            )
        }
        Some(_) => Finding::ok(CLOCK, format!("it shows {now}, after everything that is stored")),
        None => Finding::ok(CLOCK, format!("it shows {now}")),
    }
}

/// Without the part of a second.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn layout(Layout { found, known }: Layout) -> Finding {
    if found > known {
        let message = format!("it is {found}, which a newer version has made: this one knows {known}");
        Finding::problem(LAYOUT, message, "use that version, or restore a backup from before")
    } else if found < known {
        let message = format!("it is {found}: the next start of this version brings it to {known}");
        Finding::warning(LAYOUT, message, "make a backup before: there is no way back")
    } else {
        Finding::ok(LAYOUT, format!("it is {found}, the newest"))
    }
}

/// What a tenant was made with, where the configuration says otherwise.
fn other_dialect(database: &Examiner, spec: &TenantSpec) -> Result<Option<String>, ExamineError> {
    let made = database.dialect(&spec.name)?.filter(|made| made != spec.dialect.as_str());
    Ok(made.map(|made| format!("{:?} speaks {made}, not {}", spec.name, spec.dialect.as_str())))
}

fn tenants(others: &[String]) -> Finding {
    if others.is_empty() {
        return Finding::ok(TENANTS, "those of the configuration speak what they were made with, or are new");
    }
    let remedy = "put the dialect back, or use a new name: until then the server does not start";
    Finding::problem(TENANTS, format!("a dialect cannot be changed: {}", others.join("; ")), remedy)
}

fn structure(problems: &[String]) -> Finding {
    match problems {
        [] => Finding::ok(STRUCTURE, "SQLite finds the database in order"),
        [first, more @ ..] => {
            let rest = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
            Finding::problem(STRUCTURE, format!("SQLite finds it damaged: {first}{rest}"), RESTORE)
        }
    }
}

fn references(missing: &Rows) -> Finding {
    if missing.count == 0 {
        return Finding::ok(REFERENCES, "everything that rows name is there");
    }
    Finding::problem(REFERENCES, format!("rows name what is not there: {missing}"), RESTORE)
}

fn checksums(verified: &Verified) -> Finding {
    let Verified { rows, damaged } = verified;
    if damaged.count == 0 {
        return Finding::ok(CHECKSUMS, format!("everything that has one fits it (rows: {rows})"));
    }
    let message = format!("of {rows} rows some do not fit theirs: {damaged}");
    let remedy = "the disk is not to be trusted: replace it. What is damaged is never sent; publish those events anew, each \
                  with another `id`, for theirs are known as published, or restore a backup that is in order";
    Finding::problem(CHECKSUMS, message, remedy)
}

fn key(state: &KeyState, directory: &Path, source: &KeySource) -> Finding {
    let place = crate::cli::place::key_place(directory, source);
    let id = |id: &Option<_>| id.map_or_else(String::new, |id| format!(" (id {id})"));
    match state {
        KeyState::Fits(key) => match source.file(directory).ok().and_then(|path| open_to_others(&path)) {
            Some(mode) => {
                let message = format!("others may read {place} (mode {mode:04o})");
                let remedy =
                    format!("chmod 600 {place}; if somebody may have read it: `sigpost keys rotate`");
                // A group may be how a key reaches the server; the whole machine is not.
                let group_only = mode & 0o007 == 0;
                (if group_only { Finding::warning } else { Finding::problem })(KEY, message, remedy)
            }
            None => Finding::ok(KEY, format!("{place} fits the data (id {})", key.id())),
        },
        KeyState::Filed(key, path) => Finding::warning(
            KEY,
            format!("{place} does not fit the data, but {} does (id {})", path.display(), key.id()),
            "start the server: it puts that one in use",
        ),
        KeyState::Unsealed => Finding::ok(KEY, "nothing has been sealed yet"),
        KeyState::Wrong { given, needed } => Finding::problem(
            KEY,
            format!("{place} (id {given}) does not fit the data, which another one has sealed{}", id(needed)),
            "give the key of that id: from where it is kept, or from beside a key file",
        ),
        KeyState::Missing { path, needed } => Finding::problem(
            KEY,
            format!("{} is missing, and the data is sealed{}", path.display(), id(needed)),
            "restore it from where it is kept; without it the webhooks' secrets are lost",
        ),
        KeyState::Unreadable(error) => {
            Finding::problem(KEY, super::chain(error), "put the key there, and let the server's user read it")
        }
    }
}

fn secrets(opened: u64, shut: &Rows) -> Finding {
    if shut.count == 0 {
        return Finding::ok(SECRETS, format!("the key opens them all ({opened})"));
    }
    let message = format!("the key does not open some: {shut}");
    Finding::problem(SECRETS, message, format!("with these no server starts; {RESTORE}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Verdict;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_clock_is_wrong_that_is_behind_what_is_stored() {
        let judged = |now, newest: Option<i64>| clock(now, newest.map(time)).verdict;
        assert_eq!(judged(time(0), None), Verdict::Ok);
        assert_eq!(judged(time(0), Some(-10)), Verdict::Ok);
        assert_eq!(judged(time(0), Some(5)), Verdict::Ok);
        assert_eq!(judged(time(0), Some(6)), Verdict::Problem);
        assert_eq!(judged(Timestamp::UNIX_EPOCH, None), Verdict::Problem);
    }

    #[test]
    fn a_clock_that_is_years_ahead_of_what_is_stored_is_asked_about_and_no_problem() {
        let year = 365 * 24 * 3_600;
        let told = |after| clock(time(after), Some(time(0)));
        assert_eq!(told(year).verdict, Verdict::Ok);
        let far = told(10 * year);
        assert_eq!(far.verdict, Verdict::Warning);
        let compared = "3650 days after the newest event or attempt that is stored (2027-01-15T08:00:00Z)";
        assert!(far.message.ends_with(compared), "{}", far.message);
    }

    #[test]
    fn layouts_are_judged_by_what_this_version_knows() {
        assert_eq!(layout(Layout { found: 3, known: 3 }).verdict, Verdict::Ok);
        assert_eq!(layout(Layout { found: 2, known: 3 }).verdict, Verdict::Warning);
        assert_eq!(layout(Layout { found: 4, known: 3 }).verdict, Verdict::Problem);
    }

    #[test]
    fn a_single_row_that_is_not_as_it_should_be_is_a_problem() {
        let (none, one) = (Rows::default(), Rows { count: 1, first: vec!["webhook 7".into()] });
        let verified = |damaged| checksums(&Verified { rows: 3, damaged });
        for (sound, broken) in [
            (secrets(3, &none), secrets(2, &one)),
            (references(&none), references(&one)),
            (structure(&[]), structure(&one.first)),
            (verified(Rows::default()), verified(one)),
        ] {
            assert_eq!(sound.verdict, Verdict::Ok, "{}", sound.line());
            assert_eq!(broken.verdict, Verdict::Problem, "{}", broken.line());
            assert!(broken.message.ends_with(": webhook 7"), "{}", broken.message);
        }
    }

    #[test]
    fn many_rows_are_told_by_the_first_of_them() {
        let rows = Rows { count: 12, first: vec!["a 1".into(), "a 2".into()] };
        assert_eq!(rows.to_string(), "a 1, a 2 and 10 more");
        assert_eq!(structure(&["x".into(), "y".into()]).message, "SQLite finds it damaged: x (and 1 more)");
    }
}
