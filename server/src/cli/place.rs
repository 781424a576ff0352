//! Which server a command of the operator is about.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::config::{Config, Overrides, Server};
use crate::storage::sqlite::KeySource;

/// The configuration and the data directory, as `sigpost serve` takes them.
#[derive(Args)]
pub(super) struct Place {
    /// The configuration file of the server
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory [default: what the configuration says, else sigpost-data]
    #[arg(long, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// What a server would be run with.
    pub(super) fn server(&self) -> Result<Server, Failure> {
        let overrides = Overrides { data: self.data.clone(), ..Overrides::default() };
        let config = Config::load(self.config.as_deref(), overrides).map_err(|error| Failure::of(&error))?;
        Ok(config.server)
    }
}

/// Where the master key of a server stands, in the words of a sentence.
pub(super) fn key_place(data: &Path, key: &KeySource) -> String {
    key.file(data)
        .map_or_else(|_| "the key that the configuration gives".to_owned(), |path| path.display().to_string())
}
