//! The file that holds the master key, and the keys filed beside it.
//!
//! ```text
//! master.key                    the key in use
//! master.key.1f3c5a7e9b2d4f60   another one, filed under its id: the next while keys are rotated, or an earlier one
//! ```
//!
//! The database says by which key it is sealed (the id stands in its check value), so which of the files is the right one
//! is never a guess. Changing the key in use is one rename, before which the key that was in use has been filed: at every
//! moment, whatever stops the program, each key that anything was ever sealed with is in a file under its id or in use.
//!
//! A key that is filed is taken when the one in use does not fit the database: when a rotation was interrupted, and when
//! somebody has restored a copy that is older than the last rotation.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::files::{parent, private, sync_directory, with_ending};
use super::key::{KeyId, MasterKey, Sealer, sealed_with};
use super::open::{OpenError, at};
use crate::causes::causes;

/// A key file holds 64 digits; what is longer than this is not read into memory.
const LONGEST: u64 = 4_096;

/// Reads a key file; none if there is no such file.
///
/// # Errors
/// [`OpenError::KeyInvalid`] when it holds something else, [`OpenError::Io`] when it cannot be read.
pub fn read(path: &Path) -> Result<Option<MasterKey>, OpenError> {
    use io::Read as _;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Io { path: path.to_owned(), source }),
    };
    let invalid = || OpenError::KeyInvalid { path: path.to_owned() };
    // With room from the start: what grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    at(path, file.take(LONGEST).read_to_end(&mut text))?;
    let text = str::from_utf8(&text).map_err(|_| invalid())?;
    MasterKey::parse(text).map(Some).map_err(|_| invalid())
}

/// Where a key is filed that is not in use.
pub(super) fn filed(path: &Path, id: KeyId) -> PathBuf {
    with_ending(path, &format!(".{id}"))
}

/// Writes a key file, durably and at once: whoever reads it finds it whole or not at all. It is for whom the key file in
/// use is, if there is one: an operator may change keys for a server that runs as somebody else.
pub(super) fn write(path: &Path, key: &MasterKey, in_use: &Path) -> Result<(), OpenError> {
    let draft = with_ending(path, ".new");
    let written = private().create(true).write(true).truncate(true).open(&draft).and_then(|mut file| {
        if let Ok(like) = in_use.metadata() {
            file.set_permissions(like.permissions())?;
            // Only the superuser gives files away; anybody else's own file stays its own.
            let _ = std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()));
        }
        // In one piece, so that nothing is buffered and left behind.
        file.write_all(key.to_line().as_bytes())?;
        file.sync_all()
    });
    at(&draft, written)?;
    at(path, std::fs::rename(&draft, path))?;
    at(path, sync_directory(parent(path)))
}

/// Files a key under its id, unless it is there, or in use.
pub(super) fn file_unless_in_use(path: &Path, key: &MasterKey) -> Result<(), OpenError> {
    match read(path)? {
        Some(in_use) if in_use.id() == key.id() => Ok(()),
        _ => file(path, key),
    }
}

fn file(path: &Path, key: &MasterKey) -> Result<(), OpenError> {
    let filed = filed(path, key.id());
    match read(&filed) {
        Ok(Some(there)) if there.id() == key.id() => Ok(()),
        // Nothing, or something else: it is written whole.
        Ok(_) | Err(OpenError::KeyInvalid { .. }) => write(&filed, key, path),
        Err(error) => Err(error),
    }
}

/// Makes the filed key of this id the one in use, once the one that was is filed itself and that was told.
pub(super) fn put_in_use(path: &Path, id: KeyId, old_filed: &mut dyn FnMut()) -> Result<(), OpenError> {
    if let Some(before) = read(path)? {
        if before.id() == id {
            return Ok(());
        }
        file(path, &before)?;
        old_filed();
    }
    let filed = filed(path, id);
    at(&filed, std::fs::rename(&filed, path))?;
    at(path, sync_directory(parent(path)))
}

/// The key that a database with this check value is opened with: the one in use, or a filed one that fits and is put in
/// use. One that does not fit is returned too; none if there is none.
pub(super) fn fitting(path: &Path, check: Option<&[u8]>) -> Result<Option<MasterKey>, OpenError> {
    let in_use = read(path)?;
    let Some(check) = check else { return Ok(in_use) };
    if in_use.as_ref().is_some_and(|key| Sealer::new(key).fits(check)) {
        return Ok(in_use);
    }
    let Some(id) = sealed_with(check) else { return Ok(in_use) };
    let Some(other) = read(&filed(path, id))?.filter(|key| Sealer::new(key).fits(check)) else {
        return Ok(in_use);
    };
    let key_file = path.display();
    match put_in_use(path, id, &mut || ()) {
        Ok(()) => tracing::info!(%key_file, %id, "the filed master key that fits the data is in use now"),
        // Where nothing can be written the key is as good.
        Err(error) => {
            let error = causes(&error);
            tracing::warn!(%key_file, %id, error, "the filed master key that fits the data cannot be put in use");
        }
    }
    Ok(Some(other))
}
