//! Whether a database is whole, as far as SQLite itself can tell: `PRAGMA integrity_check`.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::progress::{Progress, Tell};

/// The most problems that are told: the first says that there is one, and thousands say no more.
const MOST: usize = 20;

/// How often SQLite lets others have a word, in steps of its own: many times a second.
const STEPS: i32 = 10_000;

/// Opens a file that nobody writes to. It is read as it is: no log is looked for or made beside it.
pub(super) fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let url = url::Url::from_file_path(&path).map_err(|()| rusqlite::Error::InvalidPath(path))?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("{url}?immutable=1"), flags)
}

/// What is wrong with a database, in SQLite's words; nothing, if it is in order.
pub(super) fn of_database(sql: &mut Connection, tell: &Tell) -> rusqlite::Result<Vec<String>> {
    let tell = Arc::clone(tell);
    telling(sql, move || tell(Progress::CheckingStructure), integrity)
}

/// Runs something long, and tells again and again that it still runs.
pub(super) fn telling<T>(
    sql: &mut Connection,
    tell: impl Fn() + Send + 'static,
    run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let goes_on = move || {
        tell();
        false
    };
    sql.progress_handler(STEPS, Some(goes_on))?;
    let result = run(sql);
    sql.progress_handler(STEPS, None::<fn() -> bool>)?;
    result
}

fn integrity(sql: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = sql.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines = match rows.collect::<Result<Vec<_>, _>>() {
        Ok(lines) => lines,
        // So damaged that it cannot even be walked through.
        Err(error) if is_damage(&error) => vec![error.to_string()],
        Err(error) => return Err(error),
    };
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Whether SQLite says that the file is damaged, or is no database at all.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
