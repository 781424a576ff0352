//! Configurations of the server, written part by part.
//!
//! ```
//! use sigpost_tests::config::Config;
//! let toml: String = Config::new("rate_limit = false")
//!     .operator("the-token-of-the-operator")
//!     .tenant("acme", "immuta", "settings.retry = []")
//!     .user("1", "admin", "the-token-of-the-admin")
//!     .into();
//! assert!(toml.ends_with("token = \"the-token-of-the-admin\"\n"));
//! ```

use core::fmt::{Display, Write as _};

/// TOML that grows. Lines that are passed on stand in it as they are.
#[derive(Clone, Debug)]
pub struct Config(String);

impl Config {
    /// Begins with these lines of `[server]`.
    #[must_use]
    pub fn new(server: &str) -> Self {
        Self(format!("[server]\n{server}\n"))
    }

    /// Adds the operator `ops`.
    #[must_use]
    pub fn operator(self, token: &str) -> Self {
        self.lines(format_args!("[[operator]]\nname = \"ops\"\ntoken = \"{token}\""))
    }

    /// Adds a tenant that has these lines besides.
    #[must_use]
    pub fn tenant(self, name: &str, dialect: &str, more: &str) -> Self {
        self.lines(format_args!("[[tenant]]\nname = \"{name}\"\ndialect = \"{dialect}\"\n{more}"))
    }

    /// Adds a user to the latest tenant.
    #[must_use]
    pub fn user(self, id: &str, role: &str, token: &str) -> Self {
        self.lines(format_args!("[[tenant.user]]\nid = \"{id}\"\nroles = [\"{role}\"]\ntoken = \"{token}\""))
    }

    /// Adds lines to what was added last.
    #[must_use]
    pub fn lines(mut self, lines: impl Display) -> Self {
        writeln!(self.0, "{lines}").expect("a string takes everything");
        self
    }
}

impl From<Config> for String {
    fn from(Config(toml): Config) -> Self {
        toml
    }
}
