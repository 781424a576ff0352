//! The configuration, and the files that it names.

use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::finding::Finding;
use crate::config::{Config, Holds, NamedFile, TokenHolder};
use crate::delivery::check_authorities;

const CHECK: &str = "configuration";
const FILES: &str = "files";

/// What is wrong with a configuration that was understood.
pub(super) fn check(file: Option<&Path>, config: &Config) -> Vec<Finding> {
    let Config { server, tenants, tokens, sources } = config;
    let name =
        file.map_or_else(|| "the defaults and the environment".into(), |file| file.display().to_string());
    let operated = tokens.values().any(|holder| matches!(holder, TokenHolder::Operator(_)));
    let mut findings = Vec::new();
    if tenants.is_empty() && !operated {
        findings.push(Finding::warning(
            CHECK,
            format!("{name}: there is no tenant, and no operator who could make one"),
            "add a [[tenant]] or an [[operator]], unless tenants were made through the API before",
        ));
    }
    if !server.rate_limit {
        findings.push(Finding::warning(
            CHECK,
            format!("{name}: rate_limit is off, so one user can keep all others waiting"),
            "take `rate_limit = false` out, which is for tests",
        ));
    }
    if let Some(address) = server.admin_listen.filter(|address| !address.ip().to_canonical().is_loopback()) {
        findings.push(Finding::warning(
            CHECK,
            format!("{name}: admin_listen is {address}, and whoever reaches it reads the metrics"),
            "keep it on loopback, or in a network of your own",
        ));
    }
    let addresses = [("listen", Some(server.listen)), ("admin_listen", server.admin_listen)];
    for (key, address) in addresses {
        if let Some(error) = address.and_then(|address| not_ours(address.ip())) {
            let message = format!("{name}: nobody can listen on {key}: {error}");
            let remedy =
                "give an address that this machine has: with this one the server does not start here";
            findings.push(Finding::problem(CHECK, message, remedy));
        }
    }
    if findings.is_empty() {
        let users: usize = tenants.iter().map(|tenant| tenant.users.len()).sum();
        let counts = format!("tenants: {}, users: {users}, tokens: {}", tenants.len(), tokens.len());
        findings.push(Finding::ok(CHECK, format!("{name} is understood ({counts})")));
    }
    let mut files = Vec::new();
    if let Some(file) = file
        && !sources.in_clear.is_empty()
        && let Some(mode) = open_to_others(file)
    {
        files.push(Finding::warning(
            FILES,
            format!(
                "{name} holds tokens, and others may read it (mode {mode:04o}): {}",
                sources.in_clear.join("; ")
            ),
            format!("chmod 600 {name}, or give token_sha256 or token_file instead"),
        ));
    }
    files.extend(sources.files.iter().filter_map(named));
    if files.is_empty() {
        let count = sources.files.len();
        files.push(Finding::ok(
            FILES,
            format!("what the configuration names is there and guarded (files: {count})"),
        ));
    }
    findings.extend(files);
    findings
}

/// What is wrong with an address to listen on, on this machine. Its port may be the server's that runs.
fn not_ours(address: IpAddr) -> Option<std::io::Error> {
    TcpListener::bind((address, 0)).err()
}

fn named(file: &NamedFile) -> Option<Finding> {
    let NamedFile { at, path, holds } = file;
    let shown = path.display();
    match holds {
        Holds::Token => open_to_others(path).map(|mode| {
            Finding::warning(
                FILES,
                format!("{at}: others may read {shown} (mode {mode:04o})"),
                format!("chmod 600 {shown}, and give out another token if somebody may have read it"),
            )
        }),
        // It is looked at with the data.
        Holds::MasterKey => None,
        Holds::Authorities => check_authorities(path).err().map(|error| {
            let message = super::chain(&error);
            let remedy =
                "put PEM certificates there, or take `ca_file` out: until then the server does not start";
            Finding::problem(FILES, format!("{at}: {message}"), remedy)
        }),
    }
}

/// The mode of a file that others than its owner may read or change; none if only its owner may.
pub(super) fn open_to_others(path: &Path) -> Option<u32> {
    let mode = path.metadata().ok()?.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}
