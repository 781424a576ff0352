//! The configuration: one TOML file, whose `[server]` keys the environment can override (`SIGPOST_SERVER__LISTEN`).
//!
//! The file is read into [`raw`] as it stands, then parsed into types that cannot be wrong. Everything that is
//! wrong is told with the place it stands at. This module is the only reader of the environment.

mod parse;
mod raw;

use core::net::SocketAddr;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use figment::providers::{Env, Format as _, Toml};
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use zeroize::Zeroizing;

use crate::delivery::LogAttempts;
use crate::domain::{TenantSpec, TokenHash, UserId};
use crate::storage::sqlite::{KeySource, MasterKey, ParseKeyError};
use crate::traces::Collector;

/// What a server is run with. It holds a key, so it has no `Debug`.
pub struct Config {
    /// `[server]`.
    pub server: Server,
    /// `[[tenant]]`.
    pub tenants: Vec<TenantSpec>,
    /// The tokens the file declares, with whom they belong to.
    pub tokens: HashMap<TokenHash, TokenHolder>,
    /// What of it stands elsewhere, or should.
    pub sources: Sources,
}

/// Where a configuration keeps what it is careful with: for whoever looks it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The files that it names.
    pub files: Vec<NamedFile>,
    /// The places at which a token itself stands, for development.
    pub in_clear: Vec<String>,
}

/// A file that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Where, like `tenant "acme": user "u1": token_file`.
    pub at: String,
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub holds: Holds,
}

/// What a file that is named holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A token: nobody else may read it.
    Token,
    /// The master key: neither.
    MasterKey,
    /// Certification authorities.
    Authorities,
}

/// `[server]`.
#[derive(Clone)]
pub struct Server {
    /// Where the APIs are served.
    pub listen: SocketAddr,
    /// Where health is served too, if anywhere.
    pub admin_listen: Option<SocketAddr>,
    /// The data directory.
    pub data: PathBuf,
    /// The absolute URL the server is reached at; required off loopback.
    pub public_url: Option<url::Url>,
    /// Whether rates are limited; off only for tests.
    pub rate_limit: bool,
    /// Bytes that must be free on the disk of the data directory: nothing new is accepted while there are fewer.
    pub min_free: u64,
    /// Which attempts have a line in the log.
    pub log_attempts: LogAttempts,
    /// Where traces are sent, if anywhere.
    pub traces: Option<Collector>,
    /// Where the key that seals the webhooks' secrets comes from.
    pub master_key: KeySource,
}

/// Whom a declared token belongs to, by configured names: the store knows the ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenHolder {
    /// A user of a tenant.
    User {
        /// The tenant's name.
        tenant: String,
        /// The user's id.
        user: UserId,
    },
    /// An operator, by name.
    Operator(String),
}

/// What the command line sets, over file and environment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--database-url`.
    pub database_url: Option<String>,
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    /// The file, or the environment, has not the form it should have: syntax, unknown or missing keys, wrong types.
    #[error("{0}")]
    Form(#[source] Box<figment::Error>),
    /// A value breaks a rule.
    #[error("{at}: {message}")]
    Value {
        /// Where it stands, like `tenant "acme": user "u1": token_sha256`.
        at: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A file that a value names cannot be read.
    #[error("{at}: cannot read {}", path.display())]
    File {
        /// Where its name stands.
        at: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Config {
    /// Reads the file (if any), the environment and the command line, in rising precedence.
    ///
    /// # Errors
    /// [`ConfigError`] names the place and the remedy.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        let toml = match file {
            None => None,
            Some(path) if !path.exists() => return Err(ConfigError::NoFile(path.to_owned())),
            Some(path) => Some(TomlFile { path, text: read(path, "--config")? }),
        };
        let environment = Env::prefixed("SIGPOST_").filter(|key| key.starts_with("SERVER__")).split("__");
        let figment = toml.map_or_else(Figment::new, Figment::from).merge(environment);
        let base = file.and_then(Path::parent).unwrap_or_else(|| Path::new(""));
        Self::from_figment(&figment, base, overrides)
    }

    /// Parses a configuration given as text; relative paths in it are relative to `base`.
    ///
    /// # Errors
    /// [`ConfigError`] names the place and the remedy.
    pub fn parse(toml: &str, base: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        Self::from_figment(&Figment::new().merge(Toml::string(toml)), base, overrides)
    }

    fn from_figment(figment: &Figment, base: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        let raw: raw::Config = figment.extract().map_err(|error| ConfigError::Form(Box::new(error)))?;
        parse::config(raw, base, overrides)
    }
}

/// A file that was read; what is wrong with it is told with its name.
struct TomlFile<'a> {
    path: &'a Path,
    text: String,
}

impl Provider for TomlFile<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::from("TOML file", self.path)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Toml::string(&self.text).data()
    }
}

/// The key that `SIGPOST_NEW_MASTER_KEY` gives, if it is set: what `sigpost keys rotate` changes to.
///
/// # Errors
/// [`ParseKeyError`] when it is not 64 hex digits.
pub fn new_master_key() -> Result<Option<MasterKey>, ParseKeyError> {
    let Some(text) = std::env::var_os("SIGPOST_NEW_MASTER_KEY") else { return Ok(None) };
    let text = Zeroizing::new(text.into_string().map_err(|_| ParseKeyError)?);
    MasterKey::parse(&text).map(Some)
}

/// How many threads the executor has: one less than there are cores, for the store's writer is as busy as one, and threads
/// that take turns on a core with it only pass its work and each other's to and fro. `None` when `TOKIO_WORKER_THREADS`
/// says it, which the executor reads itself.
#[must_use]
pub fn worker_threads() -> Option<usize> {
    let cores = || std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    std::env::var_os("TOKIO_WORKER_THREADS").is_none().then(|| cores().saturating_sub(1).max(1))
}

/// How this program was called, to show in lines to paste.
#[must_use]
pub fn program() -> String {
    let called = std::env::args_os().next().map(|name| name.to_string_lossy().into_owned());
    let plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    called.filter(plain).unwrap_or_else(|| "sigpost".to_owned())
}

fn read(path: &Path, at: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        at: at.to_owned(),
        path: path.to_owned(),
        source,
    })
}
