//! `sigpost backup`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::place::{Place, key_place};
use super::{Failure, report, say};
use crate::clock::SystemClock;
use crate::storage::sqlite::backup;

/// Copy the database, also while a server runs
///
/// The copy is the database of one moment: everything that was acknowledged before the command began is in it. It is on
/// the disk and checked when the command ends. A file that is there already is never overwritten; a copy that was
/// interrupted is called DEST.partial and in nobody's way.
///
/// The master key is not in the copy, and without it nobody reads the webhooks' secrets. Keep the key too, in another
/// place.
///
/// To restore: put the copy as sigpost.db into an empty data directory, the key as master.key beside it (or leave
/// `master_key_file` or `SIGPOST_SERVER__MASTER_KEY` as they were), and start the server. It goes on as of the moment of the
/// copy: what was pending then is delivered, again if it has been since.
#[derive(Args)]
#[command(after_help = "Examples:
  sigpost backup --config sigpost.toml /backup/sigpost-2026-11-29.db
  sigpost backup --data sigpost-data copy.db")]
pub(super) struct Backup {
    /// The file to write; it must not exist
    #[arg(value_name = "DEST")]
    destination: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { destination, place } = self;
        let server = place.server()?;
        let tell = report::on_stderr(Arc::new(SystemClock::new()));
        let copied = backup::copy(&server.data, &destination, &tell).map_err(|error| Failure::of(&error))?;
        say(&told(&destination, copied.bytes, &key_place(&server.data, &server.master_key)));
        Ok(())
    }
}

fn told(destination: &Path, bytes: u64, key: &str) -> String {
    format!(
        "\
{} is a whole and checked copy of the database, {} MiB.
The master key is NOT in it: keep {key} too, in another place.
To restore: put the copy as sigpost.db into an empty data directory, together with the key, and start the server.",
        destination.display(),
        report::mebibytes(bytes),
    )
}
