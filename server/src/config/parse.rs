//! From the file's values to types that cannot be wrong.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Config, ConfigError, Holds, NamedFile, Overrides, Server, Sources, TokenHolder, raw, read};
use crate::delivery::LogAttempts;
use crate::domain::text::{self, EgressText, SettingsText, TextError, UserText};
use crate::domain::{DialectId, Egress, Origin, Settings, TenantSpec, TokenHash, User};
use crate::storage::sqlite::{KeySource, MasterKey};
use crate::traces::Collector;

/// What is found beside what it means.
#[derive(Default)]
struct Found {
    tokens: HashMap<TokenHash, TokenHolder>,
    sources: Sources,
}

impl Found {
    fn file(&mut self, at: String, path: &Path, holds: Holds) {
        self.sources.files.push(NamedFile { at, path: path.to_owned(), holds });
    }
}

const MEBIBYTE: u64 = 1_024 * 1_024;
/// What is left free unless the file says otherwise: room for an hour of results, and for the log while it is copied.
const MIN_FREE_MIB: u64 = 256;

pub(super) fn config(raw: raw::Config, base: &Path, overrides: Overrides) -> Result<Config, ConfigError> {
    let raw::Config { server: raw_server, operator, tenant } = raw;
    let server = server(raw_server, base, overrides)?;
    let mut found = Found::default();
    if let KeySource::File(path) = &server.master_key {
        found.file("[server] master_key_file".into(), path, Holds::MasterKey);
    }
    let mut operators = HashSet::new();
    for raw::Operator { name, token_sha256, token_file, token } in operator {
        let at = format!("operator {name:?}");
        if name.trim().is_empty() || name.len() > 64 {
            return Err(value(&at, "an operator's name is 1 to 64 bytes"));
        }
        if !operators.insert(name.clone()) {
            return Err(value(&at, "two operators have this name"));
        }
        let secret = RawToken { token_sha256, token_file, token };
        add_token(&mut found, secret, TokenHolder::Operator(name), &at, base)?;
    }
    let mut tenants: Vec<TenantSpec> = Vec::with_capacity(tenant.len());
    for raw in tenant {
        if tenants.iter().any(|tenant| tenant.name == raw.name) {
            return Err(value(&format!("tenant {:?}", raw.name), "two tenants have this name"));
        }
        tenants.push(tenant_spec(raw, base, &mut found)?);
    }
    let Found { tokens, sources } = found;
    Ok(Config { server, tenants, tokens, sources })
}

fn server(raw: raw::Server, base: &Path, overrides: Overrides) -> Result<Server, ConfigError> {
    let raw::Server {
        listen,
        admin_listen,
        data,
        database_url,
        public_url,
        rate_limit,
        min_free_mib,
        log_attempts,
        otlp_endpoint,
        otlp_ratio,
        master_key_file,
        master_key,
    } = raw;
    if overrides.database_url.or(database_url).is_some() {
        let message = "this version stores in SQLite only; set `data` instead";
        return Err(value("[server] database_url", message));
    }
    let listen = address(&overrides.listen.or(listen).unwrap_or_else(|| "127.0.0.1:8080".into()), "listen")?;
    let admin_listen = admin_listen.map(|text| address(&text, "admin_listen")).transpose()?;
    if admin_listen.is_some_and(|admin| is_taken_by(admin, listen)) {
        return Err(value("[server] admin_listen", "is the address of `listen`, too: give it another port"));
    }
    let public_url = match public_url {
        None if !listen.ip().is_loopback() => {
            let message =
                "is required when the server listens off loopback: links use it, never the Host header";
            return Err(value("[server] public_url", message));
        }
        None => None,
        Some(text) => Some(read_public_url(&text).map_err(|message| value("[server] public_url", message))?),
    };
    let data = overrides.data.unwrap_or_else(|| base.join(data.unwrap_or_else(|| "sigpost-data".into())));
    Ok(Server {
        listen,
        admin_listen,
        data,
        public_url,
        rate_limit: rate_limit.unwrap_or(true),
        min_free: min_free_mib.unwrap_or(MIN_FREE_MIB).saturating_mul(MEBIBYTE),
        log_attempts: logged(log_attempts.as_deref())?,
        traces: collector(otlp_endpoint.as_deref(), otlp_ratio)?,
        master_key: key_source(master_key_file, master_key, base)?,
    })
}

fn logged(text: Option<&str>) -> Result<LogAttempts, ConfigError> {
    match text {
        None | Some("failed") => Ok(LogAttempts::Failed),
        Some("all") => Ok(LogAttempts::All),
        Some(_) => Err(value("[server] log_attempts", "must be \"failed\" or \"all\"")),
    }
}

fn collector(endpoint: Option<&str>, ratio: Option<f64>) -> Result<Option<Collector>, ConfigError> {
    let ratio = ratio.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&ratio) {
        return Err(value("[server] otlp_ratio", "must be between 0 (none) and 1 (all)"));
    }
    let Some(endpoint) = endpoint else { return Ok(None) };
    let plain = |url: &url::Url| {
        let bare = url.username().is_empty() && url.password().is_none();
        url.scheme() == "http" && url.has_host() && bare && url.query().is_none() && url.fragment().is_none()
    };
    let endpoint = url::Url::parse(endpoint).ok().filter(plain).ok_or_else(|| {
        let message = "must be the base of a collector's OTLP paths like http://127.0.0.1:4318; for one that speaks \
                       https or wants to know who sends, run a collector of your own in between";
        value("[server] otlp_endpoint", message)
    })?;
    Ok(Some(Collector { endpoint, ratio }))
}

/// Links are made of it by appending a path, and everybody who may list webhooks reads them.
fn read_public_url(text: &str) -> Result<url::Url, &'static str> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("must be an absolute http or https url like https://hooks.example.com")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user name or password: links would show them");
    }
    if url.query().is_some() {
        return Err("must not have a query: links append a path to it");
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment: links append a path to it");
    }
    Ok(url)
}

fn key_source(file: Option<PathBuf>, given: Option<String>, base: &Path) -> Result<KeySource, ConfigError> {
    match (file, given.map(Zeroizing::new)) {
        (None, None) => Ok(KeySource::Generated),
        (Some(path), None) => Ok(KeySource::File(base.join(path))),
        (None, Some(hex)) => {
            let key = MasterKey::parse(&hex);
            key.map(KeySource::Given).map_err(|_| value("[server] master_key", "must be 64 hex digits"))
        }
        (Some(_), Some(_)) => Err(value("[server]", "give one of master_key_file and master_key")),
    }
}

fn address(text: &str, key: &str) -> Result<SocketAddr, ConfigError> {
    text.parse()
        .map_err(|_| value(&format!("[server] {key}"), "must be an address and a port like 127.0.0.1:8080"))
}

/// Whether nobody can listen on one address because another has it: they are the same, or one is every address. Any port may
/// be as many as are asked for.
fn is_taken_by(one: SocketAddr, other: SocketAddr) -> bool {
    let covers =
        |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4()) || all == one;
    let (a, b) = (one.ip(), other.ip());
    one.port() != 0 && one.port() == other.port() && (covers(a, b) || covers(b, a))
}

fn tenant_spec(raw: raw::Tenant, base: &Path, found: &mut Found) -> Result<TenantSpec, ConfigError> {
    let raw::Tenant { name, dialect, egress: raw_egress, settings: raw_settings, user } = raw;
    let at = format!("tenant {name:?}");
    text::check_tenant_name(&name).map_err(|error| value(&at, error.message))?;
    let dialect = text::read_dialect(&dialect).map_err(|error| value(&at, broken(&error)))?;
    let mut users = BTreeMap::new();
    for raw in user {
        let user = self::user(raw, dialect, &name, base, found)?;
        if let Some(twice) = users.insert(user.id.clone(), user) {
            return Err(value(&at, format!("two users have the id {:?}", twice.id.as_str())));
        }
    }
    let egress = egress(raw_egress, &at, base)?;
    if let Some(path) = &egress.ca_file {
        found.file(format!("{at}: egress: ca_file"), path, Holds::Authorities);
    }
    Ok(TenantSpec { name, dialect, egress, settings: settings(raw_settings, &at)?, users })
}

/// A member and what is wrong with its value, as one message.
fn broken(error: &TextError) -> String {
    format!("{} {}", error.place(), error.message)
}

fn egress(raw: raw::Egress, at: &str, base: &Path) -> Result<Egress, ConfigError> {
    let raw::Egress { allow, ca_file, hosts, relaxed_targets } = raw;
    let form = EgressText { allow: Some(allow), hosts: Some(hosts), relaxed_targets };
    let egress = Egress { ca_file: ca_file.map(|path| base.join(path)), ..Egress::default() };
    form.apply(egress).map_err(|error| value(&format!("{at}: egress: {}", error.place()), error.message))
}

fn settings(raw: raw::Settings, at: &str) -> Result<Settings, ConfigError> {
    let raw::Settings {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    } = raw;
    let form = SettingsText {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types: Some(event_types),
    };
    form.apply(Settings::default())
        .map_err(|error| value(&format!("{at}: settings: {}", error.place()), error.message))
}

fn user(
    raw: raw::User,
    dialect: DialectId,
    tenant: &str,
    base: &Path,
    found: &mut Found,
) -> Result<User, ConfigError> {
    let raw::User { id, name, roles, spaces, token_sha256, token_file, token } = raw;
    let at = format!("tenant {tenant:?}: user {id:?}");
    let form = UserText { id, name, roles, spaces };
    let user = form.read(dialect, Origin::File).map_err(|error| value(&at, error.message))?;
    let holder = TokenHolder::User { tenant: tenant.to_owned(), user: user.id.clone() };
    add_token(found, RawToken { token_sha256, token_file, token }, holder, &at, base)?;
    Ok(user)
}

struct RawToken {
    token_sha256: Option<String>,
    token_file: Option<PathBuf>,
    token: Option<String>,
}

fn add_token(
    found: &mut Found,
    raw: RawToken,
    holder: TokenHolder,
    at: &str,
    base: &Path,
) -> Result<(), ConfigError> {
    let RawToken { token_sha256, token_file, token } = raw;
    let hash = match (token_sha256, token_file, token) {
        (None, None, None) => return Ok(()),
        (Some(hex), None, None) => TokenHash::from_hex(&hex).ok_or_else(|| {
            value(&format!("{at}: token_sha256"), "must be 64 hex digits; `sigpost token` makes one")
        })?,
        (None, Some(path), None) => {
            let path = base.join(path);
            let text = read(&path, &format!("{at}: token_file"))?;
            found.file(format!("{at}: token_file"), &path, Holds::Token);
            hash_of(text.trim(), &format!("{at}: token_file"))?
        }
        (None, None, Some(token)) => {
            found.sources.in_clear.push(format!("{at}: token"));
            hash_of(&token, &format!("{at}: token"))?
        }
        _ => return Err(value(at, "give one of token_sha256, token_file and token")),
    };
    match found.tokens.insert(hash, holder) {
        None => Ok(()),
        Some(_) => Err(value(at, "this token is already somebody else's")),
    }
}

/// Short tokens can be guessed; a limit on failures only slows that down.
fn hash_of(token: &str, at: &str) -> Result<TokenHash, ConfigError> {
    let fits = (16..=512).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if !fits {
        return Err(value(at, "must be 16 to 512 printable ASCII characters; `sigpost token` makes one"));
    }
    Ok(TokenHash::of(token))
}

fn value(at: &str, message: impl Into<String>) -> ConfigError {
    ConfigError::Value { at: at.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::domain::{Envelope, RetryPolicy, Role, UserId};

    fn day(days: u64) -> Duration {
        Duration::from_secs(days * 24 * 60 * 60)
    }

    fn parse(toml: &str) -> Result<Config, ConfigError> {
        Config::parse(toml, Path::new("/base"), Overrides::default())
    }

    const TENANT: &str = "[[tenant]]\nname = \"acme\"\ndialect = \"immuta\"\n";

    #[test]
    fn both_addresses_to_listen_on_can_be_had_together() {
        let both = |listen: &str, admin: &str| {
            let url = "public_url = \"https://hooks.example.com\"";
            let toml = format!("[server]\nlisten = \"{listen}\"\nadmin_listen = \"{admin}\"\n{url}");
            parse(&toml).err().map(|error| error.to_string())
        };
        for (listen, admin) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::1]:80", "[::]:80"),
            ("10.0.0.1:80", "[::]:80"),
        ] {
            let error = both(listen, admin).unwrap_or_else(|| panic!("{listen} {admin}"));
            assert!(error.contains("admin_listen") && error.contains("another port"), "{error}");
        }
        for (listen, admin) in [
            ("127.0.0.1:80", "127.0.0.1:81"),
            ("127.0.0.1:80", "127.0.0.2:80"),
            ("0.0.0.0:80", "[::1]:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert_eq!(both(listen, admin), None, "{listen} {admin}");
        }
    }

    #[test]
    fn a_whole_configuration_is_understood() {
        let config = parse(&format!(
            r#"
            [server]
            listen = "0.0.0.0:80"
            public_url = "https://hooks.example.com"
            data = "d"
            min_free_mib = 3
            log_attempts = "all"
            otlp_endpoint = "http://127.0.0.1:4318/base"
            otlp_ratio = 0.25
            [[operator]]
            name = "ops"
            token_sha256 = "{}"
            {TENANT}
            [tenant.egress]
            allow = ["127.0.0.0/8"]
            hosts = {{ "Hooks.Test" = "127.0.0.1" }}
            relaxed_targets = true
            [tenant.settings]
            timeout = "250ms"
            retry = []
            retention = "7d"
            immuta_signatures = ["sha256"]
            notification_list = "2024.3"
            envelope = "hybrid"
            event_types = ["own"]
            [[tenant.user]]
            id = "2"
            name = "Ada"
            roles = ["admin", "sender"]
            spaces = ["s1"]
            token = "0123456789abcdef"
            "#,
            "ab".repeat(32)
        ))
        .unwrap();
        assert_eq!(config.server.data, Path::new("/base/d"));
        assert_eq!(config.server.min_free, 3 * 1_024 * 1_024);
        assert_eq!(config.server.log_attempts, LogAttempts::All);
        let collector = config.server.traces.unwrap();
        assert_eq!((collector.endpoint.as_str(), collector.ratio), ("http://127.0.0.1:4318/base", 0.25));
        assert_eq!(config.tokens.len(), 2);
        let tenant = &config.tenants[0];
        assert_eq!(tenant.settings.timeout, Duration::from_millis(250));
        assert_eq!(tenant.settings.retry, RetryPolicy::new(Vec::new()).unwrap());
        assert!(!tenant.settings.immuta_signatures.sha1);
        assert!(tenant.egress.policy.permits("127.0.0.1".parse().unwrap()));
        assert!(tenant.egress.hosts.contains_key("hooks.test"));
        assert!(tenant.egress.relaxed_targets);
        assert_eq!(tenant.settings.envelope, Envelope::Hybrid);
        let user = &tenant.users[&UserId::new("2").unwrap()];
        assert!(user.roles.has(Role::Sender));
        assert_eq!(user.spaces, ["s1"]);
    }

    #[test]
    fn every_dialect_has_a_name() {
        for dialect in DialectId::ALL {
            let toml = format!("[[tenant]]\nname = \"a\"\ndialect = \"{}\"\n", dialect.as_str());
            assert_eq!(parse(&toml).unwrap().tenants[0].dialect, dialect);
        }
    }

    #[test]
    fn what_is_not_set_is_as_the_documents_say() {
        let config = parse(TENANT).unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:8080".parse().unwrap());
        assert!(config.server.rate_limit);
        assert_eq!(config.server.min_free, 256 * 1_024 * 1_024);
        assert_eq!(config.server.log_attempts, LogAttempts::Failed);
        assert_eq!(config.server.traces, None);
        let settings = &config.tenants[0].settings;
        assert_eq!((settings.timeout, settings.retention), (Duration::from_secs(10), day(7)));
        assert_eq!(settings.retry, RetryPolicy::default());
        assert!(
            settings.standard_webhooks
                && settings.immuta_signatures.sha1
                && settings.immuta_signatures.sha256
        );
        assert!(!config.tenants[0].egress.policy.permits("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let user =
            |id: &str, rest: &str| format!("{TENANT}[[tenant.user]]\nid = \"{id}\"\nroles = []\n{rest}");
        for (toml, expected) in [
            ("[server]\nlisten = \"here\"".into(), "[server] listen: must be an address"),
            ("[server]\nlisten = \"0.0.0.0:80\"".into(), "[server] public_url: is required"),
            ("[server]\npublic_url = \"hooks\"".into(), "[server] public_url: must be an absolute"),
            ("[server]\npublic_url = \"ftp://a.test\"".into(), "[server] public_url: must be an absolute"),
            ("[server]\npublic_url = \"https://ada@a.test\"".into(), "public_url: must not have a user name"),
            ("[server]\npublic_url = \"https://:pw@a.test\"".into(), "public_url: must not have a user name"),
            ("[server]\npublic_url = \"https://a.test/x?\"".into(), "public_url: must not have a query"),
            ("[server]\npublic_url = \"https://a.test/?x=1\"".into(), "public_url: must not have a query"),
            ("[server]\npublic_url = \"https://a.test/#x\"".into(), "public_url: must not have a fragment"),
            (
                "[server]\nlog_attempts = \"none\"".into(),
                "[server] log_attempts: must be \"failed\" or \"all\"",
            ),
            (
                "[server]\notlp_endpoint = \"127.0.0.1:4318\"".into(),
                "[server] otlp_endpoint: must be the base",
            ),
            ("[server]\notlp_endpoint = \"https://a.test\"".into(), "run a collector of your own"),
            (
                "[server]\notlp_endpoint = \"http://u@a.test\"".into(),
                "[server] otlp_endpoint: must be the base",
            ),
            (
                "[server]\notlp_endpoint = \"http://a.test/?x\"".into(),
                "[server] otlp_endpoint: must be the base",
            ),
            ("[server]\notlp_ratio = 1.5".into(), "[server] otlp_ratio: must be between"),
            ("[server]\nlisen = \"x\"".into(), "unknown field"),
            ("[server]\ndatabase_url = \"postgres://x\"".into(), "[server] database_url: this version"),
            (
                "[[tenant]]\nname = \"a\"\ndialect = \"klick\"".into(),
                "tenant \"a\": dialect \"klick\" is not one of these: native, immuta, immuta-request, generic, qlik",
            ),
            ("[[tenant]]\nname = \"a b\"\ndialect = \"immuta\"".into(), "tenant \"a b\": a tenant's name"),
            (format!("{TENANT}{TENANT}"), "two tenants have this name"),
            (format!("{TENANT}egress.allow = [\"10/8\"]"), "tenant \"acme\": egress: allow \"10/8\""),
            (format!("{TENANT}egress.hosts = {{ a = \"b\" }}"), "egress: hosts \"a\": \"b\" is not an IP"),
            (format!("{TENANT}settings.timeout = \"1\""), "settings: timeout"),
            (format!("{TENANT}settings.timeout = \"1h\""), "settings: timeout"),
            (format!("{TENANT}settings.retry = [\"0s\", \"5d\"]"), "settings: retry"),
            (format!("{TENANT}settings.retry = [\"5s\"]"), "settings: retry"),
            ("[[operator]]\nname = \"\"".into(), "an operator's name"),
            ("[[operator]]\nname = \"a\"\n[[operator]]\nname = \"a\"".into(), "two operators have this name"),
            (format!("{TENANT}settings.retention = \"1h\""), "settings: retention"),
            (format!("{TENANT}settings.immuta_signatures = [\"md5\"]"), "settings: immuta_signatures"),
            (format!("{TENANT}settings.notification_list = \"new\""), "settings: notification_list"),
            (format!("{TENANT}settings.envelope = \"padded\""), "settings: envelope"),
            ("[server]\nmaster_key = \"00ff\"".into(), "[server] master_key: must be 64 hex digits"),
            (
                format!("[server]\nmaster_key_file = \"k\"\nmaster_key = \"{}\"", "ab".repeat(32)),
                "[server]: give one of",
            ),
            (user("u1", ""), "user \"u1\": a user id of an immuta tenant"),
            (user("02", ""), "user \"02\": a user id of an immuta tenant"),
            (user("2", "token = \"short\""), "user \"2\": token: must be 16"),
            (user("2", "token_sha256 = \"xyz\""), "token_sha256: must be 64 hex digits"),
            (user("2", "token_file = \"none\""), "token_file: cannot read /base/none"),
            (user("2", "token = \"0123456789abcdef\"\ntoken_file = \"x\""), "give one of"),
        ] {
            let error = parse(&toml).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{toml}\n→ {error}");
        }
    }

    #[test]
    fn one_token_has_one_holder() {
        let toml = format!(
            "{TENANT}[[tenant.user]]\nid = \"1\"\nroles = []\ntoken = \"0123456789abcdef\"\n\
             [[tenant.user]]\nid = \"2\"\nroles = []\ntoken = \"0123456789abcdef\"\n"
        );
        assert!(parse(&toml).map(|_| ()).unwrap_err().to_string().contains("already somebody else's"));
    }
}
