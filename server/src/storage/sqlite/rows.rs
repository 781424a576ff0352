//! Between rows and the domain. A row that no version of this program writes is [`StoreError::Inconsistent`], with
//! the place, and never a guess.

use core::time::Duration;

use bytes::Bytes;
use rusqlite::Row;
use sha2::{Digest, Sha256};
use sigpost_core::signature::Secret;

use super::key::{Label, Sealer};
use super::profile;
use crate::domain::head::Shown;
use crate::domain::{
    Attempt, Cause, DeliveryState, DisabledReason, Endpoint, Failure, FailureClass, Frame, Number, Outcome,
    Phase, PublicId, ResponseHeaders, Rotation, Secrets, TenantId, TenantUid, Timestamp, UserId, Webhook,
    WebhookId, WebhookState,
};
use crate::storage::StoreError;

/// A row, to name when it cannot be right.
#[derive(Clone, Copy)]
pub(super) struct Place {
    table: &'static str,
    row: i64,
}

impl Place {
    pub(super) const fn new(table: &'static str, row: i64) -> Self {
        Self { table, row }
    }

    pub(super) const fn column(self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, row: self.row }
    }

    pub(super) fn number(self, column: &'static str, value: i64) -> Result<Number, StoreError> {
        Number::new(value).ok_or_else(|| self.column(column))
    }

    pub(super) fn time(self, column: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(micros).map_err(|_| self.column(column))
    }

    pub(super) fn unsigned<T: TryFrom<i64>>(self, column: &'static str, value: i64) -> Result<T, StoreError> {
        T::try_from(value).map_err(|_| self.column(column))
    }

    pub(super) fn public_id(self, column: &'static str, bytes: &[u8]) -> Result<PublicId, StoreError> {
        bytes.try_into().map(PublicId::from_bytes).map_err(|_| self.column(column))
    }

    pub(super) fn uid(self, column: &'static str, bytes: &[u8]) -> Result<TenantUid, StoreError> {
        bytes.try_into().map(TenantUid::new).map_err(|_| self.column(column))
    }
}

/// The time as it is stored: in microseconds.
pub(super) fn stored(time: Timestamp) -> Timestamp {
    // Dropping the nanoseconds of a time that is in range leaves it in range.
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// What guards bytes at rest: eight bytes of SHA-256 over what the bytes are (table, key) and the bytes. It finds
/// accidents of the disk and rows that were exchanged; it is not meant against somebody who can write the file.
pub(super) fn checksum(table: &str, key: i64, parts: &[&[u8]]) -> [u8; 8] {
    let mut digest = Sha256::new();
    digest.update(table);
    digest.update(key.to_be_bytes());
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    // Constant: a SHA-256 digest has 32 bytes.
    *digest.finalize().first_chunk().expect("a digest has eight bytes")
}

pub(super) const fn state_code(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Pending => 0,
        DeliveryState::Delivered => 1,
        DeliveryState::Exhausted => 2,
        DeliveryState::Cancelled => 3,
        DeliveryState::Expired => 4,
    }
}

pub(super) fn state(place: Place, code: i64) -> Result<DeliveryState, StoreError> {
    let known = DeliveryState::ALL.into_iter().find(|state| state_code(*state) == code);
    known.ok_or_else(|| place.column("state"))
}

pub(super) const fn cause_code(cause: Cause) -> i64 {
    match cause {
        Cause::Event => 0,
        Cause::Resend => 1,
        Cause::Test => 2,
        Cause::Replay => 3,
    }
}

pub(super) fn cause(place: Place, code: i64) -> Result<Cause, StoreError> {
    let known = Cause::ALL.into_iter().find(|cause| cause_code(*cause) == code);
    known.ok_or_else(|| place.column("cause"))
}

const FAILURES: [FailureClass; 15] = [
    FailureClass::Timeout,
    FailureClass::DnsNotFound,
    FailureClass::DnsFailed,
    FailureClass::EgressDenied,
    FailureClass::ConnectionRefused,
    FailureClass::ConnectionReset,
    FailureClass::Unreachable,
    FailureClass::TlsCertificateExpired,
    FailureClass::TlsWrongHost,
    FailureClass::TlsUnknownIssuer,
    FailureClass::TlsRevoked,
    FailureClass::TlsRevocationUnknown,
    FailureClass::TlsHandshake,
    FailureClass::InvalidResponse,
    FailureClass::Local,
];

const fn failure_word(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Timeout => "timeout",
        FailureClass::DnsNotFound => "dns_not_found",
        FailureClass::DnsFailed => "dns_failed",
        FailureClass::EgressDenied => "egress_denied",
        FailureClass::ConnectionRefused => "connection_refused",
        FailureClass::ConnectionReset => "connection_reset",
        FailureClass::Unreachable => "unreachable",
        FailureClass::TlsCertificateExpired => "tls_certificate_expired",
        FailureClass::TlsWrongHost => "tls_wrong_host",
        FailureClass::TlsUnknownIssuer => "tls_unknown_issuer",
        FailureClass::TlsRevoked => "tls_revoked",
        FailureClass::TlsRevocationUnknown => "tls_revocation_unknown",
        FailureClass::TlsHandshake => "tls_handshake",
        FailureClass::InvalidResponse => "invalid_response",
        FailureClass::Local => "local",
    }
}

const fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connect",
        Phase::Exchange => "exchange",
    }
}

/// The outcome of an attempt, as its columns.
pub(super) struct OutcomeColumns<'a> {
    pub(super) status: Option<u16>,
    pub(super) headers: Option<&'a [u8]>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) failure: Option<&'static str>,
    pub(super) phase: Option<&'static str>,
}

impl<'a> From<&'a Outcome> for OutcomeColumns<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Response { status, headers, body } => Self {
                status: Some(*status),
                headers: (!headers.is_empty()).then_some(headers.as_bytes()),
                body: Some(body),
                failure: None,
                phase: None,
            },
            Outcome::Failed(Failure { class, phase }) => Self {
                status: None,
                headers: None,
                body: None,
                failure: Some(failure_word(*class)),
                phase: Some(phase_word(*phase)),
            },
        }
    }
}

/// What history sorts by: the status, or 500 when there was no answer.
pub(super) const fn shown_status(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Response { status, .. } => *status,
        Outcome::Failed(_) => 500,
    }
}

/// A row of `attempt`.
pub(super) struct AttemptRow {
    id: i64,
    number: i64,
    started_at: i64,
    duration_us: i64,
    webhook_version: i64,
    status: Option<i64>,
    headers: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    failure: Option<String>,
    phase: Option<String>,
}

impl AttemptRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            number: row.get("number")?,
            started_at: row.get("started_at")?,
            duration_us: row.get("duration_us")?,
            webhook_version: row.get("webhook_version")?,
            status: row.get("status")?,
            headers: row.get("headers")?,
            body: row.get("body")?,
            failure: row.get("failure")?,
            phase: row.get("phase")?,
        })
    }
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let place = Place::new("attempt", row.id);
        let outcome = match (row.status, row.headers, row.body, row.failure, row.phase) {
            (Some(status), headers, Some(body), None, None) => Outcome::Response {
                status: place.unsigned("status", status)?,
                headers: ResponseHeaders::restore(headers.unwrap_or_default().into())
                    .ok_or_else(|| place.column("headers"))?,
                body: body.into(),
            },
            (None, None, None, Some(failure), Some(phase)) => {
                let class = FAILURES.into_iter().find(|class| failure_word(*class) == failure);
                let phase = [Phase::Connect, Phase::Exchange].into_iter().find(|p| phase_word(*p) == phase);
                Outcome::Failed(Failure {
                    class: class.ok_or_else(|| place.column("failure"))?,
                    phase: phase.ok_or_else(|| place.column("phase"))?,
                })
            }
            _ => return Err(place.column("status")),
        };
        Ok(Self {
            number: place.unsigned("number", row.number)?,
            started_at: place.time("started_at", row.started_at)?,
            duration: Duration::from_micros(place.unsigned("duration_us", row.duration_us)?),
            webhook_version: place.unsigned("webhook_version", row.webhook_version)?,
            outcome,
        })
    }
}

/// The bytes of a delivery as stored: the columns of `delivery` and `event_data` that make its body.
pub(super) struct FrameRow {
    delivery: i64,
    head: Option<Vec<u8>>,
    cut: i64,
    tail: Option<Vec<u8>>,
    checksum: Vec<u8>,
}

impl FrameRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            delivery: row.get("id")?,
            head: row.get("frame_head")?,
            cut: row.get("frame_cut")?,
            tail: row.get("frame_tail")?,
            checksum: row.get("frame_checksum")?,
        })
    }
}

/// Guards a frame, together with the event it stands around.
pub(super) fn frame_checksum(delivery: i64, event: i64, frame: &Frame) -> [u8; 8] {
    checksum(
        "delivery",
        delivery,
        &[&event.to_be_bytes(), &frame.cut.to_be_bytes(), &frame.head, &frame.tail],
    )
}

impl FrameRow {
    /// Checks that the bytes are the ones that were stored for this event.
    pub(super) fn verified(self, event: i64) -> Result<Frame, StoreError> {
        let place = Place::new("delivery", self.delivery);
        let frame = Frame {
            head: self.head.unwrap_or_default().into(),
            cut: place.unsigned("frame_cut", self.cut)?,
            tail: self.tail.unwrap_or_default().into(),
        };
        if self.checksum == frame_checksum(self.delivery, event, &frame) {
            Ok(frame)
        } else {
            Err(place.column("frame_checksum"))
        }
    }
}

/// Checks that the data is what was stored for this event.
pub(super) fn verified_data(event: i64, sum: &[u8], data: Vec<u8>) -> Result<Bytes, StoreError> {
    if sum == checksum("event_data", event, &[&data]) {
        Ok(data.into())
    } else {
        Err(Place::new("event_data", event).column("checksum"))
    }
}

const fn reason_word(reason: DisabledReason) -> &'static str {
    match reason {
        DisabledReason::ByOwner => "by_owner",
        DisabledReason::Gone => "gone",
        DisabledReason::Failing => "failing",
    }
}

pub(super) const fn disabled_reason(state: WebhookState) -> Option<&'static str> {
    match state {
        WebhookState::Enabled => None,
        WebhookState::Disabled(reason) => Some(reason_word(reason)),
    }
}

fn webhook_state(place: Place, reason: Option<&str>) -> Result<WebhookState, StoreError> {
    let Some(reason) = reason else { return Ok(WebhookState::Enabled) };
    let all = [DisabledReason::ByOwner, DisabledReason::Gone, DisabledReason::Failing];
    let known = all.into_iter().find(|known| reason_word(*known) == reason);
    known.map(WebhookState::Disabled).ok_or_else(|| place.column("disabled_reason"))
}

/// What a webhook's secret is sealed under.
pub(super) const fn secret_label(tenant: &TenantUid, webhook: i64) -> Label<'_> {
    Label { tenant, kind: "webhook", id: webhook, field: "secret" }
}

/// What a webhook's encrypted headers are sealed under, all together.
pub(super) const fn headers_label(tenant: &TenantUid, webhook: i64) -> Label<'_> {
    Label { tenant, kind: "webhook", id: webhook, field: "encrypted_headers" }
}

/// What the secret is sealed under that is to take its place.
pub(super) const fn next_secret_label(tenant: &TenantUid, webhook: i64) -> Label<'_> {
    Label { tenant, kind: "webhook", id: webhook, field: "next_secret" }
}

/// Headers as a version keeps them: JSON, `null` for what is not told.
pub(super) fn write_headers(headers: &[(String, Shown)]) -> String {
    let pairs: Vec<(&str, Option<&str>)> = headers
        .iter()
        .map(|(name, value)| match value {
            Shown::Value(value) => (name.as_str(), Some(value.as_str())),
            Shown::Omitted => (name.as_str(), None),
        })
        .collect();
    // Pairs of text always serialise.
    serde_json::to_string(&pairs).expect("pairs of text are plain JSON")
}

/// Reads what [`write_headers`] wrote.
pub(super) fn read_headers(place: Place, json: &str) -> Result<Vec<(String, Shown)>, StoreError> {
    let pairs: Vec<(String, Option<String>)> =
        serde_json::from_str(json).map_err(|_| place.column("headers"))?;
    Ok(pairs.into_iter().map(|(name, value)| (name, value.map_or(Shown::Omitted, Shown::Value))).collect())
}

/// A row of `webhook`, with its tenant's random name.
pub(super) struct WebhookRow {
    id: i64,
    tenant: i64,
    uid: Vec<u8>,
    number: i64,
    public_id: Vec<u8>,
    owner: String,
    created_by: Option<String>,
    updated_by: Option<String>,
    url: String,
    secret_sealed: Option<Vec<u8>>,
    encrypted_headers_sealed: Option<Vec<u8>>,
    next_secret_sealed: Option<Vec<u8>>,
    activate_at: Option<i64>,
    retire_at: Option<i64>,
    secrets_since: i64,
    disabled_reason: Option<String>,
    version: i64,
    profile: String,
    created_at: i64,
    updated_at: i64,
}

impl WebhookRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            tenant: row.get("tenant")?,
            uid: row.get("uid")?,
            number: row.get("number")?,
            public_id: row.get("public_id")?,
            owner: row.get("owner")?,
            created_by: row.get("created_by")?,
            updated_by: row.get("updated_by")?,
            url: row.get("url")?,
            secret_sealed: row.get("secret_sealed")?,
            encrypted_headers_sealed: row.get("encrypted_headers_sealed")?,
            next_secret_sealed: row.get("next_secret_sealed")?,
            activate_at: row.get("activate_at")?,
            retire_at: row.get("retire_at")?,
            secrets_since: row.get("secrets_since")?,
            disabled_reason: row.get("disabled_reason")?,
            version: row.get("version")?,
            profile: row.get("profile")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }

    /// The webhook with its secrets.
    pub(super) fn opened(self, sealer: &Sealer) -> Result<Webhook, StoreError> {
        let place = Place::new("webhook", self.id);
        let uid = place.uid("uid", &self.uid)?;
        let open = |sealed: &Option<Vec<u8>>, label, column| {
            let Some(sealed) = sealed else { return Ok(None) };
            let secret = sealer.open(label, sealed).map_err(|_| place.column(column))?;
            Secret::new(secret.as_slice()).map(Some).map_err(|_| place.column(column))
        };
        let current = open(&self.secret_sealed, secret_label(&uid, self.id), "secret_sealed")?;
        let next = open(&self.next_secret_sealed, next_secret_label(&uid, self.id), "next_secret_sealed")?;
        let next = match (next, self.activate_at, self.retire_at) {
            (Some(secret), Some(activate_at), Some(retire_at)) => Some(Rotation {
                secret,
                activate_at: place.time("activate_at", activate_at)?,
                retire_at: place.time("retire_at", retire_at)?,
            }),
            _ => None,
        };
        let bad = || place.column("encrypted_headers_sealed");
        let open = |sealed: &Vec<u8>| sealer.open(headers_label(&uid, self.id), sealed).map_err(|_| bad());
        let headers = self.encrypted_headers_sealed.as_ref().map(open).transpose()?;
        let mut webhook = Webhook { secrets: Secrets::restore(current, next), ..self.without_secret()? };
        if profile::unseal(&mut webhook.profile, headers.as_deref().map(Vec::as_slice)) {
            Ok(webhook)
        } else {
            Err(bad())
        }
    }

    /// The webhook for showing: its secrets stay sealed.
    pub(super) fn without_secret(self) -> Result<Webhook, StoreError> {
        let place = Place::new("webhook", self.id);
        let owner = UserId::new(&self.owner).ok_or_else(|| place.column("owner"))?;
        let user = |id: Option<String>, column| match id {
            None => Ok(owner.clone()),
            Some(id) => UserId::new(&id).ok_or_else(|| place.column(column)),
        };
        Ok(Webhook {
            id: WebhookId::new(self.id),
            number: place.number("number", self.number)?,
            public_id: place.public_id("public_id", &self.public_id)?,
            tenant: TenantId::new(self.tenant),
            created_by: user(self.created_by, "created_by")?,
            updated_by: user(self.updated_by, "updated_by")?,
            owner,
            endpoint: Endpoint::parse(&self.url).map_err(|_| place.column("url"))?,
            secrets: Secrets::default(),
            secrets_since: place.unsigned("secrets_since", self.secrets_since)?,
            state: webhook_state(place, self.disabled_reason.as_deref())?,
            version: place.unsigned("version", self.version)?,
            profile: profile::read(place, &self.profile)?,
            created_at: place.time("created_at", self.created_at)?,
            updated_at: place.time("updated_at", self.updated_at)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_word_of_its_own() {
        let words: std::collections::HashSet<_> = FAILURES.into_iter().map(failure_word).collect();
        assert_eq!(words.len(), FAILURES.len());
    }

    #[test]
    fn an_attempt_with_half_an_outcome_is_inconsistent() {
        let row = |status, failure: Option<&str>, phase: Option<&str>| AttemptRow {
            id: 3,
            number: 1,
            started_at: 0,
            duration_us: 5,
            webhook_version: 1,
            status,
            headers: None,
            body: status.map(|_| Vec::new()),
            failure: failure.map(Into::into),
            phase: phase.map(Into::into),
        };
        assert!(Attempt::try_from(row(Some(200), None, None)).is_ok());
        assert!(Attempt::try_from(row(None, Some("timeout"), Some("connect"))).is_ok());
        let headers = |row: AttemptRow, text: &str| AttemptRow { headers: Some(text.into()), ..row };
        assert!(Attempt::try_from(headers(row(Some(200), None, None), "server: x\r\n")).is_ok());
        for bad in [
            headers(row(Some(200), None, None), "server: x"),
            headers(row(None, Some("timeout"), Some("connect")), "server: x\r\n"),
            row(None, None, None),
            row(Some(200), Some("timeout"), Some("connect")),
            row(None, Some("timeout"), None),
            row(None, Some("bored"), Some("connect")),
            row(Some(70_000), None, None),
        ] {
            assert!(matches!(
                Attempt::try_from(bad),
                Err(StoreError::Inconsistent { table: "attempt", row: 3, .. })
            ));
        }
    }
}
