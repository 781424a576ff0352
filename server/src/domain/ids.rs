//! Identifiers. Internal ones are sequence numbers, so that rows lie in time order; what a system shows to the
//! outside is a [`Number`] counted per tenant, or an id of its profile's own kind.

use core::fmt;
use std::collections::HashMap;

use rustc_hash::FxBuildHasher;
use uuid::Uuid;

use super::{Timestamp, TokenHash};

/// A map by internal ids. Its hash function is fast and has no key: nobody outside chooses the ids that the server counts.
/// What a client chooses belongs in a [`HashMap`].
pub(crate) type IdMap<K, V> = HashMap<K, V, FxBuildHasher>;

macro_rules! sequence_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// The id with this sequence number.
            #[must_use]
            pub const fn new(sequence: i64) -> Self {
                Self(sequence)
            }

            /// The sequence number: never shown to a tenant, since it counts over all of them.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }
    };
}

sequence_id! {
    /// A tenant, inside this installation.
    TenantId
}
sequence_id! {
    /// A webhook, over all tenants.
    WebhookId
}
impl WebhookId {
    /// The id of a webhook that is not stored: those that are count from 1.
    pub const NONE: Self = Self(0);
}

sequence_id! {
    /// An accepted event, over all tenants, in the order of acceptance.
    EventId
}
sequence_id! {
    /// One event on its way to one webhook, over all tenants, in the order of acceptance.
    DeliveryId
}
sequence_id! {
    /// A replay, over all tenants.
    ReplayId
}

/// A number counted per tenant from 1: what Immuta shows as an id of a webhook, an event or a history record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(i64);

impl Number {
    /// The number itself; positive.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// A number that is at least 1, or nothing.
    #[must_use]
    pub const fn new(number: i64) -> Option<Self> {
        if number >= 1 { Some(Self(number)) } else { None }
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The first number of every count.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A random name of a tenant, drawn once when it is made. It keeps what is derived from per-tenant numbers, such
/// as [`MessageId`], apart between tenants and between installations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TenantUid([u8; 16]);

impl TenantUid {
    /// Takes 16 random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// The bytes, for storing.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The id of a webhook, or of a delivery, that is shown to the outside: a UUID of version 7 (RFC 9562), whose order is
/// that of making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicId(Uuid);

impl PublicId {
    /// Makes an id of a time and of random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        // Times before 1970 are those of a broken clock; the random bytes keep ids apart all the same.
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id of a configured user's token: of version 8 (RFC 9562), derived from whose it is and from its hash, so that
    /// another token has another id. It tells nothing of the token to whoever does not know the tenant's random name, which
    /// is never shown.
    #[must_use]
    pub fn of_configured_token(tenant: &TenantUid, user: &UserId, token: &TokenHash) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new()
            .chain_update(b"sigpost/configured-token-id/v2")
            .chain_update(tenant.as_bytes())
            .chain_update(token.as_bytes())
            .chain_update(user.as_str())
            .finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id of a delivery, made of what is known of it: nothing more has to be stored, nor looked up by a random key.
    /// A UUID of version 7 whose 74 free bits hold a check of 30 bits and the number, masked: so the id tells nobody
    /// how much a tenant sends. It is a name and no proof: whoever asks for it needs the right to.
    #[must_use]
    pub fn of_delivery(tenant: &TenantUid, number: Number, made_at: Timestamp) -> Self {
        let check = delivery_check(tenant, number);
        let masked = (number.get().unsigned_abs() ^ delivery_mask(tenant, check)) & NUMBER_MASK;
        let bits = (u128::from(check) << NUMBER_BITS) | u128::from(masked);
        // 74 bits in 10 bytes: the builder leaves out the four bits of the version and the two of the variant.
        let (high, low) = ((bits >> 62) & 0xfff, bits & ((1 << 62) - 1));
        let spread = (high << 64) | low;
        let mut random = [0; 10];
        random.copy_from_slice(&spread.to_be_bytes()[6..]);
        Self::new(made_at, random)
    }

    /// The number of the delivery that has this id, if one of this tenant can have it.
    #[must_use]
    pub fn delivery_number(&self, tenant: &TenantUid) -> Option<Number> {
        let bytes = u128::from_be_bytes(*self.as_bytes());
        let (high, low) = ((bytes >> 64) & 0xfff, bytes & ((1 << 62) - 1));
        let bits = (high << 62) | low;
        let check = u32::try_from(bits >> NUMBER_BITS).ok()?;
        let masked = u64::try_from(bits & u128::from(NUMBER_MASK)).ok()?;
        let number = (masked ^ delivery_mask(tenant, check)) & NUMBER_MASK;
        let number = Number::new(i64::try_from(number).ok()?)?;
        (delivery_check(tenant, number) == check).then_some(number)
    }

    /// The id of that text: 32 hex digits in five groups.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        Uuid::try_parse(text).ok().filter(|_| hyphenated).map(Self)
    }

    /// The id of those bytes, for restoring.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The bytes, for storing.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

/// Enough for seventeen trillion deliveries of one tenant.
const NUMBER_BITS: u32 = 44;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

/// 30 bits of a hash: an id that was made up passes once in a billion times, and no more is needed to look one up.
fn delivery_check(tenant: &TenantUid, number: Number) -> u32 {
    let digest = digest(b"sigpost/delivery-id/check/v1", tenant, &number.get().to_be_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) >> 2
}

/// What hides the number: another mask for each check.
fn delivery_mask(tenant: &TenantUid, check: u32) -> u64 {
    let digest = digest(b"sigpost/delivery-id/mask/v1", tenant, &check.to_be_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

fn digest(label: &[u8], tenant: &TenantUid, value: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::new().chain_update(label).chain_update(tenant.as_bytes()).chain_update(value).finalize().into()
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A user's id inside its tenant, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// An id of 1 to 128 visible ASCII characters, or nothing. It stands in paths, where `.` and `..` are no names.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_graphic())
            && !matches!(id, "." | "..");
        fits.then(|| Self(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The value of `webhook-id`: names (event, webhook), the same on every attempt, resend and replay, so that a
/// receiver can recognise what it has already handled (Standard Webhooks 1.0.0, "webhook-id").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// Derives the id. It is a digest, not the numbers themselves: two tenants that deliver to one receiver never
    /// collide, and the id tells nothing of how much anybody sends.
    ///
    /// When the event was received, to the microsecond, belongs to its name: a database that is restored from a backup gives
    /// the numbers again that were given since, and a receiver must not take the new event for the one it knows.
    #[must_use]
    pub fn derive(tenant: &TenantUid, event: Number, received_at: Timestamp, webhook: Number) -> Self {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        digest.update(b"sigpost/webhook-id/v2");
        digest.update(tenant.as_bytes());
        digest.update(event.get().to_be_bytes());
        digest.update(received_at.as_microsecond().to_be_bytes());
        digest.update(webhook.get().to_be_bytes());
        Self(format!("msg_{}", hex::encode(&digest.finalize()[..16])).into())
    }

    /// The id as text: `msg_` and 32 lower-case hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: i64) -> Number {
        Number::new(n).unwrap()
    }

    #[test]
    fn a_message_id_is_stable_and_differs_by_tenant_event_and_webhook() {
        let (a, b) = (TenantUid::new([1; 16]), TenantUid::new([2; 16]));
        let derive = |tenant, event, micros, webhook| {
            let received_at = Timestamp::from_microsecond(micros).unwrap();
            MessageId::derive(tenant, number(event), received_at, number(webhook))
        };
        let id = derive(&a, 1, 7, 2);
        assert_eq!(id, derive(&a, 1, 7, 2));
        for other in [derive(&b, 1, 7, 2), derive(&a, 2, 7, 2), derive(&a, 1, 8, 2), derive(&a, 1, 7, 1)] {
            assert_ne!(id, other);
        }
        assert!(!id.as_str().contains('.'), "Standard Webhooks forbids a dot in the id");
    }

    #[test]
    fn a_public_id_is_a_uuid_of_version_7_that_sorts_by_time_and_reads_back() {
        let at = |second| PublicId::new(Timestamp::from_second(second).unwrap(), [0xff; 10]);
        let id = at(1_700_000_000);
        assert_eq!(id.to_string(), "018bcfe5-6800-7fff-bfff-ffffffffffff");
        assert!(id < at(1_700_000_001));
        assert_eq!(PublicId::parse(&id.to_string()), Some(id));
        assert_eq!(PublicId::from_bytes(*id.as_bytes()), id);
        for bad in ["", "1", "018bcfe568007fffbfffffffffffffff", "{018bcfe5-6800-7fff-bfff-ffffffffffff}"] {
            assert_eq!(PublicId::parse(bad), None, "{bad}");
        }
        // A clock before 1970 does no harm.
        assert_eq!(&at(-5).to_string()[..15], "00000000-0000-7");
    }

    #[test]
    fn a_deliverys_id_is_a_uuid_of_version_7_that_leads_back_to_its_number_in_its_tenant_only() {
        let (tenant, other) = (TenantUid::new([7; 16]), TenantUid::new([8; 16]));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        for n in [1, 2, 3, 1_000_000, (1 << 44) - 1] {
            let id = PublicId::of_delivery(&tenant, number(n), at);
            let text = id.to_string();
            assert!(
                text.starts_with("018bcfe5-6800-7") && matches!(text.as_bytes()[19], b'8'..=b'b'),
                "{text}"
            );
            assert_eq!(PublicId::parse(&text).unwrap().delivery_number(&tenant), Some(number(n)));
            assert_eq!(id.delivery_number(&other), None);
        }
        let neighbours = [1, 2].map(|n| PublicId::of_delivery(&tenant, number(n), at).to_string());
        let same = neighbours[0].bytes().zip(neighbours[1].bytes()).skip(15).filter(|(a, b)| a == b).count();
        assert!(same < 12, "neighbours look alike: {neighbours:?}");
        assert_eq!(PublicId::new(at, [0xff; 10]).delivery_number(&tenant), None);
    }

    #[test]
    fn a_user_id_is_bounded_and_printable() {
        assert!(UserId::new("2").is_some());
        for bad in [".", "..", "", "a b", "é", "a\n", &"x".repeat(129)] {
            assert!(UserId::new(bad).is_none(), "{bad:?}");
        }
    }
}
