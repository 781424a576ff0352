//! `sigpost keys`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::place::Place;
use super::{Failure, say};
use crate::clock::SystemClock;
use crate::config;
use crate::rng::SystemRng;
use crate::storage::sqlite::rotate::{NewKey, RotateError, Rotated, rotate};
use crate::storage::sqlite::{MasterKey, OpenError, Options, SystemFreeSpace, keyfile};

/// Change the key that seals the webhooks' secrets
///
/// Webhooks' secrets and encrypted headers are stored sealed. What opens them is the master key: the file master.key in
/// the data directory, unless the configuration names another file (`master_key_file`) or gives the key itself
/// (`SIGPOST_SERVER__MASTER_KEY`). Whoever has the database and the key can sign as this server does. Lose the key, and the
/// secrets are lost.
///
/// A key is 64 hex digits. Each has an id, which says nothing about it: a key that is not in use any more is kept beside the
/// one that is, under the name of its file and its id (master.key.1f3c5a7e9b2d4f60), because backups made before the change
/// need it. A server that is started over such a backup finds it there.
#[derive(Args)]
#[command(after_help = "Examples:
  sigpost keys rotate --config sigpost.toml")]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Rotate(Rotate),
}

/// Seal everything anew under a new key
///
/// The server must be stopped meanwhile. All secrets change over together or not at all. If the command is interrupted, the next start of the server goes on with whichever key fits; the
/// command may also be given again.
///
/// The new key is drawn, unless a file or the environment variable `SIGPOST_NEW_MASTER_KEY` gives it. It takes the old
/// one's place in the key file. Where the configuration itself gives the key it must be given, and put into the
/// configuration before the server is started again.
///
/// The old key does not open the database any more. It is kept for the backups made before; when they are gone, or if it is
/// known to others, delete it. Whoever has it and an old backup still reads the secrets of then: change those that matter.
#[derive(Args)]
#[command(after_help = "Examples:
  sigpost keys rotate --config sigpost.toml
  sigpost keys rotate --data sigpost-data --new-key-file next.key
  openssl rand -hex 32 > next.key               a new key in a file")]
struct Rotate {
    /// A file that holds the new key; it stays as it is
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Rotate(rotate) => rotate.run(),
        }
    }
}

impl Rotate {
    fn run(self) -> Result<(), Failure> {
        let Self { new_key_file, place } = self;
        let new = new_key(new_key_file)?;
        let server = place.server()?;
        let options = Options {
            directory: server.data,
            master_key: server.master_key,
            clock: Arc::new(SystemClock::new()),
            rng: Arc::new(SystemRng),
            min_free: server.min_free,
            space: Arc::new(SystemFreeSpace),
        };
        match rotate(&options, new) {
            Ok(rotated) => {
                say(&told(&rotated));
                Ok(())
            }
            Err(error @ RotateError::Open(OpenError::InUse { .. })) => Err(Failure::Failed(format!(
                "{error}: stop it, rotate the key, and start it again with the new one"
            ))),
            Err(error) => Err(Failure::of(&error)),
        }
    }
}

fn new_key(file: Option<PathBuf>) -> Result<NewKey, Failure> {
    let given = config::new_master_key()
        .map_err(|_| Failure::Usage("SIGPOST_NEW_MASTER_KEY: a master key is 64 hex digits".into()))?;
    match (file, given) {
        (None, None) => Ok(NewKey::Drawn),
        (None, Some(key)) => Ok(NewKey::Given(key)),
        (Some(path), None) => {
            let key: Option<MasterKey> = keyfile::read(&path).map_err(|error| Failure::of(&error))?;
            key.map(NewKey::Given)
                .ok_or_else(|| Failure::Failed(format!("there is no file {}", path.display())))
        }
        (Some(_), Some(_)) => {
            Err(Failure::Usage("give the new key by one of --new-key-file and SIGPOST_NEW_MASTER_KEY".into()))
        }
    }
}

fn told(rotated: &Rotated) -> String {
    let Rotated { secrets, old, new, key_file, kept, erased } = rotated;
    let mut lines = vec![match old {
        Some(old) => {
            format!(
                "Secrets sealed under the key {new}: {secrets}. The key {old} does not open them any more."
            )
        }
        None => format!("Everything was sealed under the key {new} already."),
    }];
    match key_file {
        Some(path) => lines.push(format!(
            "It stands in {}: keep a copy of it in another place than the backups.",
            path.display()
        )),
        None => lines.push(
            "Put it into the configuration (SIGPOST_SERVER__MASTER_KEY) before the server is started.".into(),
        ),
    }
    if let Some(path) = kept {
        lines.push(format!(
            "The old one is kept as {}: backups made before need it. Delete it when they are gone.",
            path.display()
        ));
    } else if old.is_some() {
        lines.push("Keep the old one as long as there are backups made before: they need it.".into());
    }
    if !erased {
        lines.push(
            "Another program reads the database, so what the old key opens is not erased from its log yet: start the \
             server once that program has ended, and stop it again, before the key can do no harm."
                .into(),
        );
    }
    lines.join("\n")
}
