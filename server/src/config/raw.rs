//! The file as it stands. Unknown keys are errors: a misspelt `retention` must not silently mean the default.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(default)]
    pub server: Server,
    #[serde(default)]
    pub operator: Vec<Operator>,
    #[serde(default)]
    pub tenant: Vec<Tenant>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub listen: Option<String>,
    pub admin_listen: Option<String>,
    pub data: Option<PathBuf>,
    pub database_url: Option<String>,
    pub public_url: Option<String>,
    pub rate_limit: Option<bool>,
    pub min_free_mib: Option<u64>,
    pub log_attempts: Option<String>,
    pub otlp_endpoint: Option<String>,
    pub otlp_ratio: Option<f64>,
    pub master_key_file: Option<PathBuf>,
    /// Meant for the environment (`SIGPOST_SERVER__MASTER_KEY`).
    pub master_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operator {
    pub name: String,
    pub token_sha256: Option<String>,
    pub token_file: Option<PathBuf>,
    pub token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tenant {
    pub name: String,
    pub dialect: String,
    #[serde(default)]
    pub egress: Egress,
    #[serde(default)]
    pub settings: Settings,
    #[serde(default)]
    pub user: Vec<User>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Egress {
    #[serde(default)]
    pub allow: Vec<String>,
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub hosts: BTreeMap<String, String>,
    pub relaxed_targets: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub timeout: Option<String>,
    pub retry: Option<Vec<String>>,
    pub retention: Option<String>,
    pub standard_webhooks: Option<bool>,
    pub immuta_signatures: Option<Vec<String>>,
    pub notification_list: Option<String>,
    pub envelope: Option<String>,
    #[serde(default)]
    pub event_types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub id: String,
    pub name: Option<String>,
    pub roles: Vec<String>,
    #[serde(default)]
    pub spaces: Vec<String>,
    pub token_sha256: Option<String>,
    pub token_file: Option<PathBuf>,
    pub token: Option<String>,
}
