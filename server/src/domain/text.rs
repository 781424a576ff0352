//! The text forms in which tenants and users are declared: in the configuration file, over the API, and at rest. The
//! rules are here and nowhere else, so that none of the three is a way round another.
//!
//! A form says only what is said: [`SettingsText::apply`] changes what its members name and keeps the rest. Each form
//! can also be made of what it describes, and then says everything.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use super::{
    DialectId, Egress, EgressPolicy, Envelope, ImmutaSignatures, NotificationList, Origin, ParseNetworkError,
    RetryPolicy, Role, Settings, User, UserId,
};

/// A member that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct TextError {
    /// Which member.
    pub member: &'static str,
    /// Which of its values, where it has several.
    pub entry: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl TextError {
    fn new(member: &'static str, message: impl fmt::Display) -> Self {
        Self { member, entry: None, message: message.to_string() }
    }

    /// The member and its value, to stand before the message.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.entry {
            Some(entry) => format!("{} {entry:?}", self.member),
            None => self.member.to_owned(),
        }
    }
}

/// A tenant's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsText {
    /// Like `10s`.
    pub timeout: Option<String>,
    /// Like `0s`, `5s`, `5m`.
    pub retry: Option<Vec<String>>,
    /// Like `7d`.
    pub retention: Option<String>,
    /// Whether deliveries carry the Standard Webhooks headers.
    pub standard_webhooks: Option<bool>,
    /// `sha1`, `sha256` or both.
    pub immuta_signatures: Option<Vec<String>>,
    /// `saas` or `2024.3`.
    pub notification_list: Option<String>,
    /// `cloudevents` or `hybrid`.
    pub envelope: Option<String>,
    /// Further event types that may be subscribed to.
    pub event_types: Option<Vec<String>>,
}

impl SettingsText {
    /// The settings with what this form says.
    ///
    /// # Errors
    /// [`TextError`] names the first member that breaks a rule.
    pub fn apply(self, mut to: Settings) -> Result<Settings, TextError> {
        let Self {
            timeout,
            retry,
            retention,
            standard_webhooks,
            immuta_signatures,
            notification_list,
            envelope,
            event_types,
        } = self;
        set(&mut to.timeout, timeout.map(|text| read_timeout(&text)))?;
        set(&mut to.retry, retry.map(|steps| read_retry(&steps)))?;
        set(&mut to.retention, retention.map(|text| read_retention(&text)))?;
        set(&mut to.standard_webhooks, standard_webhooks.map(Ok))?;
        set(&mut to.immuta_signatures, immuta_signatures.map(|names| read_signatures(&names)))?;
        set(&mut to.notification_list, notification_list.map(|name| read_list(&name)))?;
        set(&mut to.envelope, envelope.map(|name| read_envelope(&name)))?;
        set(&mut to.event_types, event_types.map(read_event_types))?;
        Ok(to)
    }

    /// The form that says all of these settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let Settings {
            timeout,
            retry,
            retention,
            standard_webhooks,
            immuta_signatures: ImmutaSignatures { sha1, sha256 },
            notification_list,
            envelope,
            event_types,
        } = settings;
        let signatures = [("sha1", *sha1), ("sha256", *sha256)];
        let signatures = signatures.into_iter().filter(|(_, sent)| *sent).map(|(name, _)| name.to_owned());
        let list = match notification_list {
            NotificationList::Saas => "saas",
            NotificationList::V2024_3 => "2024.3",
        };
        let envelope = match envelope {
            Envelope::CloudEvents => "cloudevents",
            Envelope::Hybrid => "hybrid",
        };
        Self {
            timeout: Some(write_duration(*timeout)),
            retry: Some(retry.ladder().iter().copied().map(write_duration).collect()),
            retention: Some(write_duration(*retention)),
            standard_webhooks: Some(*standard_webhooks),
            immuta_signatures: Some(signatures.collect()),
            notification_list: Some(list.to_owned()),
            envelope: Some(envelope.to_owned()),
            event_types: Some(event_types.clone()),
        }
    }

    /// Which members it says something of.
    #[must_use]
    pub fn members(&self) -> Vec<&'static str> {
        let said = [
            ("timeout", self.timeout.is_some()),
            ("retry", self.retry.is_some()),
            ("retention", self.retention.is_some()),
            ("standard_webhooks", self.standard_webhooks.is_some()),
            ("immuta_signatures", self.immuta_signatures.is_some()),
            ("notification_list", self.notification_list.is_some()),
            ("envelope", self.envelope.is_some()),
            ("event_types", self.event_types.is_some()),
        ];
        said.into_iter().filter_map(|(name, said)| said.then_some(name)).collect()
    }
}

fn set<T>(to: &mut T, value: Option<Result<T, TextError>>) -> Result<(), TextError> {
    if let Some(value) = value {
        *to = value?;
    }
    Ok(())
}

fn read_timeout(text: &str) -> Result<Duration, TextError> {
    within(text, Duration::from_millis(100), Duration::from_secs(300))
        .ok_or_else(|| TextError::new("timeout", "must be from 100ms to 300s, like \"10s\""))
}

fn read_retry(steps: &[String]) -> Result<RetryPolicy, TextError> {
    let ladder = steps.iter().map(|text| within(text, Duration::ZERO, day(4))).collect::<Option<Vec<_>>>();
    // The first attempt is at once; a first wait that is not nothing would be a misunderstanding.
    let ladder = ladder.filter(|ladder| ladder.first().is_none_or(Duration::is_zero));
    ladder.and_then(RetryPolicy::new).ok_or_else(|| {
        let message = "must be at most 64 waits of at most 4d, the first of them \"0s\", like \
                       [\"0s\", \"5s\", \"5m\"]; or [] for one attempt";
        TextError::new("retry", message)
    })
}

fn read_retention(text: &str) -> Result<Duration, TextError> {
    within(text, day(1), day(3_650))
        .ok_or_else(|| TextError::new("retention", "must be from 1d to 3650d, like \"7d\""))
}

fn read_signatures(names: &[String]) -> Result<ImmutaSignatures, TextError> {
    if !names.iter().all(|name| matches!(name.as_str(), "sha1" | "sha256")) {
        return Err(TextError::new("immuta_signatures", "must be a list of \"sha1\" and \"sha256\""));
    }
    let has = |name: &str| names.iter().any(|given| given == name);
    Ok(ImmutaSignatures { sha1: has("sha1"), sha256: has("sha256") })
}

fn read_list(name: &str) -> Result<NotificationList, TextError> {
    match name {
        "saas" => Ok(NotificationList::Saas),
        "2024.3" => Ok(NotificationList::V2024_3),
        _ => Err(TextError::new("notification_list", "must be \"saas\" or \"2024.3\"")),
    }
}

fn read_envelope(name: &str) -> Result<Envelope, TextError> {
    match name {
        "cloudevents" => Ok(Envelope::CloudEvents),
        "hybrid" => Ok(Envelope::Hybrid),
        _ => Err(TextError::new("envelope", "must be \"cloudevents\" or \"hybrid\"")),
    }
}

fn read_event_types(names: Vec<String>) -> Result<Vec<String>, TextError> {
    if names.len() > 1_000 || names.iter().any(|name| name.is_empty() || name.len() > 512) {
        return Err(TextError::new("event_types", "must be at most 1000 names of at most 512 bytes"));
    }
    Ok(names)
}

/// How a tenant's deliveries leave, but for files of the server: only the configuration can name those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressText {
    /// Address blocks that are open, like `10.0.0.0/8`.
    pub allow: Option<Vec<String>>,
    /// Fixed names with their addresses.
    pub hosts: Option<BTreeMap<String, String>>,
    /// Whether a Qlik webhook may also go to plain http and to an address.
    pub relaxed_targets: Option<bool>,
}

/// More than anybody needs of address blocks or fixed names.
const MAX_ENTRIES: usize = 256;

impl EgressText {
    /// The rules with what this form says.
    ///
    /// # Errors
    /// [`TextError`] names the first member that breaks a rule.
    pub fn apply(self, mut to: Egress) -> Result<Egress, TextError> {
        let Self { allow, hosts, relaxed_targets } = self;
        set(&mut to.policy, allow.map(|blocks| read_blocks(&blocks)))?;
        set(&mut to.hosts, hosts.map(read_hosts))?;
        set(&mut to.relaxed_targets, relaxed_targets.map(Ok))?;
        Ok(to)
    }

    /// The form that says all of these rules.
    #[must_use]
    pub fn of(egress: &Egress) -> Self {
        let Egress { policy, ca_file: _, hosts, relaxed_targets } = egress;
        let hosts = hosts.iter().map(|(name, address)| (name.clone(), address.to_string()));
        Self {
            allow: Some(policy.allowed().iter().map(ToString::to_string).collect()),
            hosts: Some(hosts.collect()),
            relaxed_targets: Some(*relaxed_targets),
        }
    }

    /// Which members it says something of.
    #[must_use]
    pub fn members(&self) -> Vec<&'static str> {
        let said = [
            ("allow", self.allow.is_some()),
            ("hosts", self.hosts.is_some()),
            ("relaxed_targets", self.relaxed_targets.is_some()),
        ];
        said.into_iter().filter_map(|(name, said)| said.then_some(name)).collect()
    }
}

fn read_blocks(blocks: &[String]) -> Result<EgressPolicy, TextError> {
    if blocks.len() > MAX_ENTRIES {
        return Err(TextError::new("allow", format_args!("must be at most {MAX_ENTRIES} address blocks")));
    }
    let block = |text: &String| {
        text.parse().map_err(|error: ParseNetworkError| TextError {
            entry: Some(text.chars().take(100).collect()),
            ..TextError::new("allow", error)
        })
    };
    Ok(EgressPolicy::new(blocks.iter().map(block).collect::<Result<_, _>>()?))
}

fn read_hosts(hosts: BTreeMap<String, String>) -> Result<BTreeMap<String, IpAddr>, TextError> {
    if hosts.len() > MAX_ENTRIES {
        return Err(TextError::new("hosts", format_args!("must be at most {MAX_ENTRIES} names")));
    }
    let mut read = BTreeMap::new();
    for (given, address) in hosts {
        let wrong = |message: &dyn fmt::Display| TextError {
            entry: Some(given.chars().take(100).collect()),
            ..TextError::new("hosts", message)
        };
        let name = read_host_name(&given).map_err(|message| wrong(&message))?;
        let address: String = address.chars().take(100).collect();
        let ip: IpAddr =
            address.parse().map_err(|_| wrong(&format_args!("{address:?} is not an IP address")))?;
        if read.insert(name, ip).is_some() {
            return Err(wrong(&"is there twice: another spelling names the same host"));
        }
    }
    Ok(read)
}

/// A name as [`Endpoint::host`](super::Endpoint::host) has it, in ASCII and lower case: another form is never found.
fn read_host_name(given: &str) -> Result<String, &'static str> {
    match url::Host::parse(given) {
        Ok(url::Host::Domain(name)) if name.len() <= 253 => Ok(name),
        Ok(url::Host::Domain(_)) => Err("a name is at most 253 bytes"),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => Err("must be a name: an address is not looked up"),
        Err(_) => Err("is not the name of a host"),
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserText {
    /// Its id; of an immuta tenant a decimal integer.
    pub id: String,
    /// Its name for people; the id when there is none.
    pub name: Option<String>,
    /// `admin`, `user`, `sender`.
    pub roles: Vec<String>,
    /// The spaces it belongs to.
    pub spaces: Vec<String>,
}

/// More than anybody is a member of.
const MAX_SPACES: usize = 1_000;

impl UserText {
    /// The user of a tenant that speaks this dialect.
    ///
    /// # Errors
    /// [`TextError`] names the first member that breaks a rule.
    pub fn read(self, dialect: DialectId, origin: Origin) -> Result<User, TextError> {
        let Self { id, name, roles, spaces } = self;
        let user = read_user_id(&id, dialect)?;
        let name = name.unwrap_or(id);
        if name.is_empty() || name.len() > 256 {
            return Err(TextError::new("name", "a user's name is 1 to 256 bytes"));
        }
        if spaces.len() > MAX_SPACES || spaces.iter().any(|space| space.is_empty() || space.len() > 256) {
            let message = format!("must be at most {MAX_SPACES} names of 1 to 256 bytes");
            return Err(TextError::new("spaces", message));
        }
        let role = |name: &String| {
            let shown: String = name.chars().take(100).collect();
            let unknown =
                || TextError::new("roles", format_args!("{shown:?} is no role: admin, user, sender"));
            Role::parse(name).ok_or_else(unknown)
        };
        let roles = roles.iter().map(role).collect::<Result<_, _>>()?;
        Ok(User { id: user, name, roles, spaces, origin })
    }
}

/// Ids travel as JSON numbers, which JavaScript reads exactly up to here.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

fn read_user_id(id: &str, dialect: DialectId) -> Result<UserId, TextError> {
    let decimal = || {
        let number = id.parse::<i64>().ok().filter(|number| (1..=MAX_SAFE_INTEGER).contains(number));
        number.is_some_and(|number| number.to_string() == id)
    };
    if dialect == DialectId::Immuta && !decimal() {
        let message = "a user id of an immuta tenant is a decimal integer like \"2\"";
        return Err(TextError::new("id", message));
    }
    UserId::new(id).ok_or_else(|| {
        TextError::new("id", "a user id is 1 to 128 printable ASCII characters, and neither `.` nor `..`")
    })
}

/// Whether a text can be a tenant's name.
///
/// # Errors
/// [`TextError`] says what a name is.
pub fn check_tenant_name(name: &str) -> Result<(), TextError> {
    let plain = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        // It stands in paths.
        && !matches!(name, "." | "..");
    let message =
        "a tenant's name is 1 to 64 letters, digits, dots, hyphens and underscores, and neither `.` nor `..`";
    if plain { Ok(()) } else { Err(TextError::new("name", message)) }
}

/// A dialect by its name.
///
/// # Errors
/// [`TextError`] names those there are.
pub fn read_dialect(name: &str) -> Result<DialectId, TextError> {
    DialectId::parse(name).ok_or_else(|| {
        let all = DialectId::ALL.map(DialectId::as_str).join(", ");
        let name: String = name.chars().take(100).collect();
        TextError {
            entry: Some(name),
            ..TextError::new("dialect", format_args!("is not one of these: {all}"))
        }
    })
}

const fn day(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

fn within(text: &str, min: Duration, max: Duration) -> Option<Duration> {
    read_duration(text).filter(|duration| (min..=max).contains(duration))
}

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A whole number and a unit: `250ms`, `10s`, `5m`, `2h`, `7d`.
#[must_use]
pub fn read_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(millis).map(Duration::from_millis)
}

/// The form [`read_duration`] reads, in the largest unit that it is a whole number of. What [`read_duration`] gave is
/// written without loss.
#[must_use]
pub fn write_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    // The last unit divides everything.
    let (name, unit) = UNITS.into_iter().find(|(_, unit)| millis % unit == 0).unwrap_or(("ms", 1));
    format!("{}{name}", millis / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Endpoint, Host};

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(read_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(read_duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(read_duration("7d"), Some(day(7)));
        for bad in
            ["", "5", "s", "-1s", "1.5s", "5 s", "5S", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(read_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_is_written_in_its_largest_unit() {
        for (text, written) in
            [("0ms", "0s"), ("1500ms", "1500ms"), ("60s", "1m"), ("24h", "1d"), ("7d", "7d")]
        {
            assert_eq!(write_duration(read_duration(text).unwrap()), written);
            assert_eq!(read_duration(written), read_duration(text));
        }
    }

    #[test]
    fn settings_say_everything_and_are_read_back() {
        let changed = SettingsText {
            timeout: Some("250ms".into()),
            retry: Some(vec![]),
            retention: Some("30d".into()),
            standard_webhooks: Some(false),
            immuta_signatures: Some(vec!["sha256".into()]),
            notification_list: Some("2024.3".into()),
            envelope: Some("hybrid".into()),
            event_types: Some(vec!["own".into()]),
        };
        assert_eq!(changed.members().len(), 8);
        let settings = changed.clone().apply(Settings::default()).unwrap();
        assert_eq!(SettingsText::of(&settings), changed);
        for settings in [settings, Settings::default()] {
            let form = SettingsText::of(&settings);
            assert_eq!(
                form.apply(Settings { retry: RetryPolicy::new(vec![]).unwrap(), ..Settings::default() }),
                Ok(settings)
            );
        }
    }

    #[test]
    fn what_a_form_does_not_say_stays() {
        let settings = Settings { standard_webhooks: false, ..Settings::default() };
        let form = SettingsText { timeout: Some("1s".into()), ..SettingsText::default() };
        assert_eq!(form.members(), ["timeout"]);
        let changed = form.apply(settings.clone()).unwrap();
        assert_eq!(changed, Settings { timeout: Duration::from_secs(1), ..settings });
        let egress = Egress { relaxed_targets: true, ..Egress::default() };
        assert_eq!(EgressText::default().apply(egress.clone()), Ok(egress));
    }

    #[test]
    fn egress_says_everything_but_files_and_is_read_back() {
        let form = EgressText {
            allow: Some(vec!["127.0.0.0/8".into(), "10.0.0.1".into()]),
            hosts: Some([("Hooks.Test".to_owned(), "127.0.0.1".to_owned())].into()),
            relaxed_targets: Some(true),
        };
        let egress = form.apply(Egress { ca_file: Some("kept.pem".into()), ..Egress::default() }).unwrap();
        assert!(egress.ca_file.is_some() && egress.hosts.contains_key("hooks.test"));
        let said = EgressText::of(&egress);
        assert_eq!(said.allow.as_deref(), Some(&["127.0.0.0/8".to_owned(), "10.0.0.1/32".to_owned()][..]));
        assert_eq!(said.apply(Egress { ca_file: Some("kept.pem".into()), ..Egress::default() }), Ok(egress));
    }

    #[test]
    fn a_fixed_name_is_in_the_form_of_a_urls_host_and_is_there_once() {
        let read = |names: &[&str]| {
            let hosts = names.iter().map(|&name| (name.to_owned(), "127.0.0.1".to_owned())).collect();
            let text = EgressText { hosts: Some(hosts), ..EgressText::default() };
            text.apply(Egress::default()).map(|egress| egress.hosts)
        };
        for name in
            ["hooks.test", "Hooks.Test", "B\u{fc}cher.test", "b\u{fc}cher.test", "xn--bcher-kva.test", "a_b"]
        {
            let endpoint = Endpoint::parse(&format!("https://{name}/in")).unwrap();
            let Host::Name(host) = endpoint.host() else { panic!("{name} is a name") };
            assert!(read(&[name]).unwrap().contains_key(&host), "{name}");
        }
        for twice in [["Hooks.Test", "hooks.test"], ["b\u{fc}cher.test", "xn--bcher-kva.test"]] {
            let error = read(&twice).unwrap_err();
            assert!(error.member == "hosts" && error.message.contains("twice"), "{error}");
        }
        let long = format!("{}.test", "\u{fc}".repeat(253));
        for bad in ["", "a b", "https://a.test", "a.test:80", "127.0.0.1", "0x7f.1", "[::1]", &long] {
            assert_eq!(read(&[bad]).unwrap_err().member, "hosts", "{bad}");
        }
    }

    #[test]
    fn counts_and_lengths_are_bounded() {
        let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        let blocks = EgressText { allow: Some(vec!["10.0.0.0/8".into(); 257]), ..EgressText::default() };
        assert_eq!(blocks.apply(Egress::default()).unwrap_err().member, "allow");
        let hosts = many(257).into_iter().map(|name| (name, "10.0.0.1".to_owned())).collect();
        let hosts = EgressText { hosts: Some(hosts), ..EgressText::default() };
        assert_eq!(hosts.apply(Egress::default()).unwrap_err().member, "hosts");
        let types = SettingsText { event_types: Some(many(1_001)), ..SettingsText::default() };
        assert_eq!(types.apply(Settings::default()).unwrap_err().member, "event_types");
        let user = |name: Option<String>, spaces| {
            let text = UserText { id: "u1".into(), name, roles: vec![], spaces };
            text.read(DialectId::Qlik, Origin::Api).map_err(|error| error.member)
        };
        assert_eq!(user(None, many(1_000)).unwrap().name, "u1");
        assert_eq!(user(None, many(1_001)), Err("spaces"));
        assert_eq!(user(Some("x".repeat(257)), vec![]), Err("name"));
    }

    #[test]
    fn a_user_of_an_immuta_tenant_has_a_number_for_an_id_and_nobody_is_an_operator() {
        let user = |id: &str, role: &str, dialect| {
            let text = UserText { id: id.into(), name: None, roles: vec![role.into()], spaces: vec![] };
            text.read(dialect, Origin::Api).map_err(|error| error.member)
        };
        assert!(user("2", "admin", DialectId::Immuta).is_ok());
        for id in ["u1", "02", "0", "-1", "9007199254740992"] {
            assert_eq!(user(id, "admin", DialectId::Immuta), Err("id"), "{id}");
        }
        assert!(user("u1", "admin", DialectId::Qlik).is_ok());
        assert_eq!(user("u 1", "admin", DialectId::Qlik), Err("id"));
        assert_eq!(user("u1", "operator", DialectId::Qlik), Err("roles"));
    }
}
