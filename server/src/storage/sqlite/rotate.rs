//! A new master key: every secret is sealed anew, while no server runs.
//!
//! ```text
//! 1  the new key is filed beside the old one          nothing has changed: the old key opens the data
//! 2  BEGIN; every secret and the check value; COMMIT  from here on the new key opens the data, and no other does
//! 3  the old key is filed, the new one put in use     a start does this too if it finds it not done
//! 4  what was sealed under the old key is erased      from the free parts of the files and from the log
//! ```
//!
//! Every step is durable before the next begins. Whatever stops the program in between: the key that opens the data is in
//! use, or filed under the id that the data names, and the next start or rotation goes on from there (see
//! [`keyfile`]). The old key stays filed, because backups made before need it; the data does not.
//!
//! Where the configuration itself holds the key there is no file to change: then the new key is given, and whoever gives
//! it puts it into the configuration afterwards. Stopped in between, the same command says whether it was done.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::key::{KeyId, Label, MasterKey, Sealer};
use super::open::{self, OpenError, SAVE_KEY_CHECK};
use super::rows::{Place, headers_label, next_secret_label, secret_label};
use super::{Options, files, keyfile};
use crate::domain::TenantUid;
use crate::rng::Rng;
use crate::storage::StoreError;

/// Where the new key comes from.
#[derive(Clone)]
pub enum NewKey {
    /// It is drawn here, and put where the old one stands.
    Drawn,
    /// The operator gives it.
    Given(MasterKey),
}

/// A rotation that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// How many secrets were sealed anew; none, if an earlier rotation had done it and only its rest was left to do.
    pub secrets: u64,
    /// The key that was in use; none, if the data was sealed under the new one already.
    pub old: Option<KeyId>,
    /// The key that is in use.
    pub new: KeyId,
    /// The file it stands in; none, if it is the configuration's.
    pub key_file: Option<PathBuf>,
    /// The file that the old key is kept in.
    pub kept: Option<PathBuf>,
    /// Whether nothing that the old key opens is left in the files. Otherwise another program reads the database, and the
    /// log beside it keeps what was until the server has been started and stopped again.
    pub erased: bool,
}

/// Why a key is not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// There is nothing to seal.
    #[error("there is no database in {}: name the data directory with --data or --config", .0.display())]
    NoDatabase(PathBuf),
    /// The configuration holds the key, and only its author can put another there.
    #[error(
        "the configuration itself gives the master key, so the new one must be given too: with --new-key-file or \
         SIGPOST_NEW_MASTER_KEY, and put into the configuration afterwards"
    )]
    Nowhere,
    /// The data directory is in use, cannot be opened, or the old key does not fit.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<StoreError> for RotateError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

impl From<rusqlite::Error> for RotateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Open(error.into())
    }
}

/// The points a rotation comes to. What comes before one is durable, or will be undone, when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The new key is filed.
    Filed,
    /// The secrets are sealed anew, in a transaction that is not committed.
    Sealed,
    /// It is committed.
    Committed,
    /// The old key is filed, and not in use for much longer.
    OldFiled,
    /// The new key is in use.
    InUse,
    /// Nothing sealed under the old key is left.
    Erased,
}

/// Seals everything in a data directory anew.
///
/// # Errors
/// [`RotateError`] says what was in the way; then the old key still opens the data, unless the operating system failed
/// after the commit, which the next start or rotation makes up for.
pub fn rotate(options: &Options, new: NewKey) -> Result<Rotated, RotateError> {
    rotate_by_steps(options, new, &mut |_| {})
}

pub(super) fn rotate_by_steps(
    options: &Options,
    new: NewKey,
    reached: &mut dyn FnMut(Step),
) -> Result<Rotated, RotateError> {
    let Options { directory, master_key, rng, .. } = options;
    if !files::database(directory).is_file() {
        return Err(RotateError::NoDatabase(directory.clone()));
    }
    // Held to the end: no server starts in between.
    let _lock = open::lock(directory)?;
    let mut sql = open::prepare(directory)?;
    let key_file = master_key.file(directory).ok();
    let new = match new {
        NewKey::Given(key) => key,
        NewKey::Drawn if key_file.is_none() => return Err(RotateError::Nowhere),
        NewKey::Drawn => MasterKey::draw(&**rng),
    };
    if let Some(path) = &key_file {
        keyfile::file_unless_in_use(path, &new)?;
        reached(Step::Filed);
    }
    let (secrets, old) = if sealed_already(&sql, &new)? {
        (0, None)
    } else {
        let old = open::unlock(&sql, directory, master_key, &**rng)?;
        let secrets = seal_anew(&mut sql, &old, &Sealer::new(&new), &**rng, reached)?;
        (secrets, Some(old.key_id()))
    };
    let kept = key_file.as_deref().zip(old).map(|(path, old)| keyfile::filed(path, old));
    if let Some(path) = &key_file {
        keyfile::put_in_use(path, new.id(), &mut || reached(Step::OldFiled))?;
        reached(Step::InUse);
    }
    let erased = erase_log(&sql)?;
    reached(Step::Erased);
    Ok(Rotated { secrets, old, new: new.id(), key_file, kept, erased })
}

/// Whether an earlier rotation to this key has come as far as its commit.
fn sealed_already(sql: &Connection, new: &MasterKey) -> Result<bool, RotateError> {
    let check: Option<Vec<u8>> = sql.query_row(open::KEY_CHECK, [], |row| row.get(0)).optional()?;
    Ok(check.is_some_and(|check| Sealer::new(new).fits(&check)))
}

/// The next webhook behind one that has any secret.
const NEXT_WITH_SECRETS: &str = "
    SELECT webhook.id, tenant.uid, secret_sealed, next_secret_sealed, encrypted_headers_sealed
    FROM webhook JOIN tenant ON tenant.id = webhook.tenant
    WHERE webhook.id > ?1 AND coalesce(secret_sealed, next_secret_sealed, encrypted_headers_sealed) IS NOT NULL
    ORDER BY webhook.id LIMIT 1";

const SEAL: &str = "
    UPDATE webhook SET secret_sealed = ?2, next_secret_sealed = ?3, encrypted_headers_sealed = ?4 WHERE id = ?1";

/// Every column that holds something sealed, beside the check value.
#[cfg(test)]
pub(super) const SEALED_COLUMNS: [(&str, &str); 3] = [
    ("webhook", "secret_sealed"),
    ("webhook", "encrypted_headers_sealed"),
    ("webhook", "next_secret_sealed"),
];

/// All or nothing; how many secrets there were.
fn seal_anew(
    sql: &mut Connection,
    old: &Sealer,
    new: &Sealer,
    rng: &dyn Rng,
    reached: &mut dyn FnMut(Step),
) -> Result<u64, RotateError> {
    // What is replaced is overwritten, not only forgotten.
    sql.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    let transaction = sql.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let (mut after, mut secrets) = (0, 0);
    loop {
        let mut next = transaction.prepare_cached(NEXT_WITH_SECRETS)?;
        let Some(row) = next.query_row([after], SealedRow::read).optional()? else { break };
        after = row.id;
        let again = row.sealed_again(old, new, rng)?;
        secrets += u64::try_from(again.iter().flatten().count()).unwrap_or(0);
        let [secret, next_secret, headers] = again;
        transaction.prepare_cached(SEAL)?.execute(params![after, secret, next_secret, headers])?;
    }
    transaction.execute(SAVE_KEY_CHECK, [new.key_check(rng)])?;
    reached(Step::Sealed);
    transaction.commit()?;
    reached(Step::Committed);
    Ok(secrets)
}

/// What is sealed of a webhook.
struct SealedRow {
    id: i64,
    uid: Vec<u8>,
    secret: Option<Vec<u8>>,
    next_secret: Option<Vec<u8>>,
    headers: Option<Vec<u8>>,
}

impl SealedRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            uid: row.get("uid")?,
            secret: row.get("secret_sealed")?,
            next_secret: row.get("next_secret_sealed")?,
            headers: row.get("encrypted_headers_sealed")?,
        })
    }

    fn sealed_again(
        &self,
        old: &Sealer,
        new: &Sealer,
        rng: &dyn Rng,
    ) -> Result<[Option<Vec<u8>>; 3], StoreError> {
        let place = Place::new("webhook", self.id);
        let uid = place.uid("uid", &self.uid)?;
        let again = |sealed: &Option<Vec<u8>>,
                     label: fn(&TenantUid, i64) -> Label<'_>,
                     column|
         -> Result<Option<Vec<u8>>, StoreError> {
            let Some(sealed) = sealed else { return Ok(None) };
            let label = label(&uid, self.id);
            let secret = old.open(label, sealed).map_err(|_| place.column(column))?;
            Ok(Some(new.seal(label, &secret, rng)))
        };
        Ok([
            again(&self.secret, secret_label, "secret_sealed")?,
            again(&self.next_secret, next_secret_label, "next_secret_sealed")?,
            again(&self.headers, headers_label, "encrypted_headers_sealed")?,
        ])
    }
}

/// The log still holds pages of before: it is written to the database and cut to nothing, unless somebody reads it.
fn erase_log(sql: &Connection) -> Result<bool, RotateError> {
    let busy: bool = sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(!busy)
}
