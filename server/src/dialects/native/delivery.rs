//! Deliveries and attempts as they travel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::head::{Sent, Shown};
use crate::domain::{
    Attempt, Failure, FailureClass, Outcome, PastAttempt, Phase, Record, Tenant, utc_millis,
};

/// One event on its way to one webhook, with the latest attempt.
#[derive(Serialize, ToSchema)]
pub(super) struct Delivery {
    #[schema(format = "uuid")]
    id: String,
    /// The id of the webhook, which may have been deleted since.
    #[schema(format = "uuid")]
    webhook: String,
    webhook_deleted: bool,
    event: Event,
    /// Why it was made: the event was published, somebody asked for one more attempt, tried the webhook out, or asked for
    /// what it missed.
    cause: Cause,
    state: State,
    /// How many attempts have ended.
    attempts: u32,
    /// When the next one is due; `null` unless it is pending.
    #[schema(required = true, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The value of `webhook-id`: the same for every delivery of one event to one webhook.
    message_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(flatten)]
    latest: Exchange,
    /// Every attempt that has ended, the oldest first. Only where one delivery is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    history: Option<Vec<AnyAttempt>>,
}

/// What was published.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveredEvent)]
struct Event {
    id: String,
    source: String,
    r#type: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = DeliveryCause)]
pub(super) enum Cause {
    Event,
    Resend,
    Test,
    Replay,
}

/// Where it stands. All but `pending` are for good.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = DeliveryState)]
pub(super) enum State {
    Pending,
    Delivered,
    Exhausted,
    Cancelled,
    Expired,
}

/// An attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AnyAttempt {
    /// 1 for the first.
    number: u32,
    #[serde(flatten)]
    exchange: Exchange,
}

/// What was sent and what came of it.
#[derive(Serialize, ToSchema)]
struct Exchange {
    #[schema(format = DateTime)]
    started_at: String,
    /// In milliseconds.
    duration_ms: f64,
    success: bool,
    request: Request,
    /// `null` when no answer came.
    #[schema(required = true)]
    response: Option<Response>,
    /// Why no answer came; `null` when one did.
    #[schema(required = true)]
    failure: Option<NoAnswer>,
}

/// A request, as far as it is known.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
struct Request {
    /// `null` when nobody knows any more.
    #[schema(required = true)]
    url: Option<String>,
    headers: Vec<Header>,
    #[serde(flatten)]
    body: Body,
}

/// A body. It is only there where bodies are asked for.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = AttemptBody)]
struct Body {
    /// As text; what is not UTF-8 is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body: Option<String>,
    /// Only of a body that is not UTF-8: its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body_base64: Option<String>,
    /// Only of a body that was damaged on the server's disk: `true`. It cannot be told, nor sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body_damaged: Option<bool>,
}

/// A header. The value of one that is a secret, or that cannot be told any more, is omitted.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownHeader)]
struct Header {
    name: String,
    #[schema(required = true)]
    value: Option<String>,
    /// Only if the value is omitted; then `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    omitted: Option<bool>,
}

/// An answer, as far as it is kept: 2 KiB of headers, 512 bytes of the body of a success and 4 KiB of another, 64 KiB when
/// a webhook is tried out. Beyond what a tenant may keep in a day, of answers over 256 bytes nothing but the status: then
/// there are no headers and the body is empty.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptResponse)]
struct Response {
    #[schema(minimum = 100, maximum = 999)]
    status: u16,
    headers: Vec<Header>,
    #[serde(flatten)]
    body: Body,
}

/// Why no answer came. The words stay what they are; new ones may come.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptFailure)]
pub(super) struct NoAnswer {
    class: Class,
    phase: Place,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = FailureClass)]
pub(super) enum Class {
    Timeout,
    DnsNotFound,
    DnsFailed,
    EgressDenied,
    ConnectionRefused,
    ConnectionReset,
    Unreachable,
    TlsCertificateExpired,
    TlsWrongHost,
    TlsUnknownIssuer,
    TlsRevoked,
    TlsRevocationUnknown,
    TlsHandshake,
    InvalidResponse,
    Local,
}

/// Before a connection stood, or on it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = FailurePhase)]
pub(super) enum Place {
    Connect,
    Exchange,
}

/// What came of trying out a webhook that is not stored.
#[derive(Serialize, ToSchema)]
#[schema(as = DraftTest)]
pub(super) struct Tried {
    #[schema(format = DateTime)]
    started_at: String,
    /// In milliseconds.
    duration_ms: f64,
    success: bool,
    /// `null` when no answer came.
    #[schema(required = true)]
    response: Option<Response>,
    /// Why no answer came; `null` when one did.
    #[schema(required = true)]
    failure: Option<NoAnswer>,
}

/// Whether bodies are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bodies {
    Told,
    LeftOut,
}

/// A delivery, whose headers are told by the settings of its tenant.
pub(super) fn delivery(record: &Record, tenant: &Tenant, bodies: Bodies) -> Delivery {
    let Record {
        delivery: _,
        public_id,
        number: _,
        event_number: _,
        event_source,
        event_id,
        event_type,
        message_id,
        cause,
        state,
        attempts,
        next_attempt_at,
        webhook,
        webhook_deleted,
        request: _,
        sent,
        attempt,
        created_at,
        updated_at,
    } = record;
    Delivery {
        id: public_id.to_string(),
        webhook: webhook.public_id.to_string(),
        webhook_deleted: *webhook_deleted,
        event: Event { id: event_id.clone(), source: event_source.clone(), r#type: event_type.clone() },
        cause: self::cause(*cause),
        state: self::state(*state),
        attempts: *attempts,
        next_attempt_at: next_attempt_at.map(utc_millis),
        message_id: message_id.as_str().to_owned(),
        created_at: utc_millis(*created_at),
        updated_at: utc_millis(*updated_at),
        latest: exchange(record, attempt, sent.as_ref(), tenant, bodies),
        history: None,
    }
}

/// A delivery with every attempt. The body of the request is the same each time, so it is told once.
pub(super) fn with_history(record: &Record, attempts: &[PastAttempt], tenant: &Tenant) -> Delivery {
    let attempt = |past: &PastAttempt| {
        let PastAttempt { attempt, sent } = past;
        let mut exchange = exchange(record, attempt, sent.as_ref(), tenant, Bodies::Told);
        exchange.request.body = Body::default();
        AnyAttempt { number: attempt.number, exchange }
    };
    let history = Some(attempts.iter().map(attempt).collect());
    Delivery { history, ..delivery(record, tenant, Bodies::Told) }
}

/// What came of trying out a webhook that is not stored.
pub(super) fn tried(attempt: &Attempt) -> Tried {
    let Attempt { number: _, started_at, duration, webhook_version: _, outcome } = attempt;
    // Whoever tries it out has just said all that the request carried.
    let answered = match outcome {
        Outcome::Response { headers, .. } => {
            headers.iter().map(|(name, value)| (name.to_owned(), Shown::Value(value.to_owned()))).collect()
        }
        Outcome::Failed(_) => Vec::new(),
    };
    let (response, failure) = self::outcome(outcome, answered, Bodies::Told);
    Tried {
        started_at: utc_millis(*started_at),
        duration_ms: millis(*duration),
        success: outcome.is_success(),
        response,
        failure,
    }
}

fn exchange(
    record: &Record,
    attempt: &Attempt,
    sent: Option<&Sent>,
    tenant: &Tenant,
    bodies: Bodies,
) -> Exchange {
    let Attempt { number: _, started_at, duration, webhook_version: _, outcome } = attempt;
    let request = Request {
        url: sent.map(|sent| sent.url.clone()),
        headers: told(record.headers_of(attempt, sent, tenant)),
        body: match (&record.request, bodies) {
            (Some(bytes), _) => body(bytes, bodies),
            (None, Bodies::Told) => Body { body_damaged: Some(true), ..Body::default() },
            (None, Bodies::LeftOut) => Body::default(),
        },
    };
    let answered = record.response_headers_of(attempt, sent);
    let (response, failure) = self::outcome(outcome, answered, bodies);
    Exchange {
        started_at: utc_millis(*started_at),
        duration_ms: millis(*duration),
        success: outcome.is_success(),
        request,
        response,
        failure,
    }
}

fn outcome(
    outcome: &Outcome,
    headers: Vec<(String, Shown)>,
    bodies: Bodies,
) -> (Option<Response>, Option<NoAnswer>) {
    match outcome {
        Outcome::Response { status, headers: _, body } => {
            let (headers, body) = (told(headers), self::body(body, bodies));
            (Some(Response { status: *status, headers, body }), None)
        }
        Outcome::Failed(failure) => (None, Some(no_answer(*failure))),
    }
}

fn told(headers: Vec<(String, Shown)>) -> Vec<Header> {
    let header = |(name, value)| match value {
        Shown::Value(value) => Header { name, value: Some(value), omitted: None },
        Shown::Omitted => Header { name, value: None, omitted: Some(true) },
    };
    headers.into_iter().map(header).collect()
}

fn body(bytes: &[u8], bodies: Bodies) -> Body {
    match bodies {
        Bodies::LeftOut => Body::default(),
        Bodies::Told => Body {
            body: Some(String::from_utf8_lossy(bytes).into_owned()),
            body_base64: core::str::from_utf8(bytes).is_err().then(|| STANDARD.encode(bytes)),
            body_damaged: None,
        },
    }
}

pub(super) const fn no_answer(failure: Failure) -> NoAnswer {
    let Failure { class, phase } = failure;
    NoAnswer { class: self::class(class), phase: place(phase) }
}

pub(super) fn millis(duration: core::time::Duration) -> f64 {
    // Microseconds, as they are stored.
    f64::from(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)) / 1_000.0
}

pub(super) const fn cause(cause: crate::domain::Cause) -> Cause {
    match cause {
        crate::domain::Cause::Event => Cause::Event,
        crate::domain::Cause::Resend => Cause::Resend,
        crate::domain::Cause::Test => Cause::Test,
        crate::domain::Cause::Replay => Cause::Replay,
    }
}

pub(super) const fn state(state: crate::domain::DeliveryState) -> State {
    use crate::domain::DeliveryState as D;
    match state {
        D::Pending => State::Pending,
        D::Delivered => State::Delivered,
        D::Exhausted => State::Exhausted,
        D::Cancelled => State::Cancelled,
        D::Expired => State::Expired,
    }
}

const fn class(class: FailureClass) -> Class {
    match class {
        FailureClass::Timeout => Class::Timeout,
        FailureClass::DnsNotFound => Class::DnsNotFound,
        FailureClass::DnsFailed => Class::DnsFailed,
        FailureClass::EgressDenied => Class::EgressDenied,
        FailureClass::ConnectionRefused => Class::ConnectionRefused,
        FailureClass::ConnectionReset => Class::ConnectionReset,
        FailureClass::Unreachable => Class::Unreachable,
        FailureClass::TlsCertificateExpired => Class::TlsCertificateExpired,
        FailureClass::TlsWrongHost => Class::TlsWrongHost,
        FailureClass::TlsUnknownIssuer => Class::TlsUnknownIssuer,
        FailureClass::TlsRevoked => Class::TlsRevoked,
        FailureClass::TlsRevocationUnknown => Class::TlsRevocationUnknown,
        FailureClass::TlsHandshake => Class::TlsHandshake,
        FailureClass::InvalidResponse => Class::InvalidResponse,
        FailureClass::Local => Class::Local,
    }
}

const fn place(phase: Phase) -> Place {
    match phase {
        Phase::Connect => Place::Connect,
        Phase::Exchange => Place::Exchange,
    }
}
