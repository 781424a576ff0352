//! The headers that a webhook adds to its requests, in plain view or as secrets.
//!
//! Source: Qlik's descriptions of `headers` and `encryptedHeaders`: no name twice, whatever its case; 2,048 bytes of
//! each kind. How bytes are counted they do not say: here it is the sum of names and values.

use core::fmt;
use std::collections::HashSet;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::domain::headers::is_token;

/// The most bytes of names and values together, for each of the two kinds.
pub const MAX_BYTES: usize = 2_048;

/// A header that anybody who sees the webhook may see. Printed without its value: people put tokens here, too.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name, in the case given.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({:?})", self.name)
    }
}

/// The value of an encrypted header: zeroised when the last copy is dropped, never printed, never answered.
#[derive(Clone)]
pub struct HeaderSecret(Arc<Zeroizing<String>>);

impl HeaderSecret {
    /// Takes a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Arc::new(Zeroizing::new(value)))
    }

    /// The value, for sending and for sealing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is the very value that was entered then. One that is entered again is another, even if it says the
    /// same.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An encrypted header that is set.
#[derive(Clone)]
pub struct EncryptedHeader {
    /// Its name, in the case given.
    pub name: String,
    /// Its value.
    pub value: HeaderSecret,
}

impl fmt::Debug for EncryptedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedHeader({:?})", self.name)
    }
}

/// A header to add to a request. It may hold a secret, so it is never printed.
#[derive(Clone, Copy)]
pub struct CustomHeader<'a> {
    /// Its name, in the case given.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Whether the value is a secret.
    pub encrypted: bool,
}

/// Why headers cannot be sent. A value is never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeaders {
    /// Names and values are longer than they may be.
    #[error("must have at most {MAX_BYTES} bytes, names and values together")]
    TooLong,
    /// A name that is no token of RFC 9110.
    #[error("must have names of letters, digits and !#$%&'*+-.^_`|~ only, not {0:?}")]
    Name(String),
    /// A name that the server sets itself, or that would change how the request is read.
    #[error("must not name {0:?}: the server sets it, or it would change how the request is read")]
    Reserved(String),
    /// A value with characters that cannot be sent.
    #[error(
        "must have values of visible ASCII characters, with spaces and tabs only between them: see {0:?}"
    )]
    Value(String),
    /// A name that stands there already, whatever its case, here or among the headers of the other kind.
    #[error("must not name {0:?} twice, whatever its case, nor name what the other headers name")]
    Duplicate(String),
}

/// Names that no webhook may set, in lower case and with hyphens: what reads a header as a variable takes `_` for `-`.
///
/// `accept`, `authorization`, `cookie` and all the rest are the webhook's own business. What is refused, and why:
/// - the connection, and where a request ends (`host` to `http2-settings`): two readers could see two requests;
/// - what the server says of itself: `user-agent`, by which receivers know Qlik's webhooks, `date`, and
///   `accept-encoding`, since it never decompresses;
/// - what proves the request: `qlik-signature`.
const RESERVED: [&str; 13] = [
    "host",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "user-agent",
    "date",
    "accept-encoding",
    "qlik-signature",
];

/// Beginnings of such names: `content-length`, `content-type`, `content-encoding` and whatever else describes the body;
/// `proxy-authorization` and whatever else proxies act by; `webhook-id`, `webhook-timestamp`, `webhook-signature` and
/// whatever else Standard Webhooks may come to say.
const RESERVED_PREFIXES: [&str; 3] = ["content-", "proxy-", "webhook-"];

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A header by its name and, unless it is sealed, its value.
type Pair<'a> = (&'a str, Option<&'a str>);

/// Checks the headers of one kind: their size, names and values. `seen` holds the names, in lower case, that stand
/// already.
fn check<'a>(headers: impl Iterator<Item = Pair<'a>>, seen: &mut HashSet<String>) -> Result<(), BadHeaders> {
    let mut bytes = 0;
    for (name, value) in headers {
        bytes += name.len() + value.map_or(0, str::len);
        // First of all, so that whatever follows is done for little only.
        if bytes > MAX_BYTES {
            return Err(BadHeaders::TooLong);
        }
        let shown = || name.chars().take(100).collect();
        if !is_token(name) {
            return Err(BadHeaders::Name(shown()));
        }
        if is_reserved(name) {
            return Err(BadHeaders::Reserved(shown()));
        }
        if !value.is_none_or(is_value) {
            return Err(BadHeaders::Value(shown()));
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(BadHeaders::Duplicate(shown()));
        }
    }
    Ok(())
}

/// RFC 9110, section 5.5, less what it calls obsolete: bytes beyond ASCII. Nothing at all is a value, too.
fn is_value(value: &str) -> bool {
    let inside = value.bytes().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t'));
    inside && value.trim_matches([' ', '\t']).len() == value.len()
}

/// The headers of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) plain: Vec<Header>,
    encrypted: Vec<Encrypted>,
}

/// An encrypted header, whose value may be sealed where it is kept.
#[derive(Clone)]
struct Encrypted {
    name: String,
    /// None: it is sealed. So it is with a webhook that was deleted.
    value: Option<HeaderSecret>,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({:?})", self.name)
    }
}

/// Whether they say the same. Values are compared to find out whether anything has changed, never against a guess.
impl PartialEq for Encrypted {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.revealed() == other.revealed()
    }
}

impl Eq for Encrypted {}

impl Encrypted {
    fn revealed(&self) -> Option<&str> {
        self.value.as_ref().map(HeaderSecret::reveal)
    }
}

/// Which headers break the rules, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Plain(BadHeaders),
    Encrypted(BadHeaders),
}

impl Headers {
    pub(super) fn new(plain: Vec<Header>, encrypted: Vec<EncryptedHeader>) -> Self {
        Self { plain, encrypted: Vec::new() }.with_encrypted(encrypted)
    }

    pub(super) fn with_encrypted(self, encrypted: Vec<EncryptedHeader>) -> Self {
        let one = |EncryptedHeader { name, value }| Encrypted { name, value: Some(value) };
        Self { encrypted: encrypted.into_iter().map(one).collect(), ..self }
    }

    /// Those with values that are sealed.
    pub(super) fn sealed(plain: Vec<Header>, encrypted: Vec<String>) -> Self {
        let one = |name| Encrypted { name, value: None };
        Self { plain, encrypted: encrypted.into_iter().map(one).collect() }
    }

    /// Puts the values in that were sealed. Returns whether they are those of the names, in their order.
    pub(super) fn unseal(&mut self, values: Vec<EncryptedHeader>) -> bool {
        let fits = values.len() == self.encrypted.len()
            && values.iter().zip(&self.encrypted).all(|(value, sealed)| value.name == sealed.name);
        if fits {
            for (sealed, EncryptedHeader { name: _, value }) in self.encrypted.iter_mut().zip(values) {
                sealed.value = Some(value);
            }
        }
        fits
    }

    pub(super) fn check(&self) -> Result<(), Bad> {
        let mut seen = HashSet::new();
        let plain = self.plain.iter().map(|Header { name, value }| (name.as_str(), Some(value.as_str())));
        check(plain, &mut seen).map_err(Bad::Plain)?;
        let encrypted = self.encrypted.iter().map(|header| (header.name.as_str(), header.revealed()));
        check(encrypted, &mut seen).map_err(Bad::Encrypted)
    }

    /// The names of the encrypted ones.
    pub(super) fn encrypted_names(&self) -> impl Iterator<Item = &str> {
        self.encrypted.iter().map(|header| header.name.as_str())
    }

    /// The encrypted ones, unless they are sealed.
    pub(super) fn encrypted(&self) -> impl Iterator<Item = EncryptedHeader> {
        self.encrypted.iter().filter_map(|Encrypted { name, value }| {
            Some(EncryptedHeader { name: name.clone(), value: value.clone()? })
        })
    }

    /// What to add to a request: those with a value, the plain ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = CustomHeader<'_>> {
        let plain = self.plain.iter();
        let plain = plain.map(|Header { name, value }| CustomHeader { name, value, encrypted: false });
        let encrypted = self.encrypted.iter().filter_map(|Encrypted { name, value }| {
            Some(CustomHeader { name, value: value.as_ref()?.reveal(), encrypted: true })
        });
        plain.chain(encrypted)
    }

    /// Whether an encrypted value of before was taken over without being entered again.
    pub(super) fn keep_any_of(&self, before: &Self) -> bool {
        let kept = |value: &Option<HeaderSecret>| {
            before.encrypted.iter().any(|old| match (&old.value, value) {
                (Some(old), Some(value)) => old.is(value),
                (None, _) | (_, None) => false,
            })
        };
        self.encrypted.iter().any(|header| header.value.is_none() || kept(&header.value))
    }
}
