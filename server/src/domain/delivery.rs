//! A delivery: one event on its way to one webhook, and the attempts it takes.
//!
//! ```text
//! Pending ──attempt──▶ Delivered            (2xx)
//!    ▲  └──failed────▶ Exhausted            (no step of the ladder left)
//!    └───retry────┘    Expired              (older than the policy's max_age)
//!    └──webhook deleted──▶ Cancelled
//! ```
//! The four states on the right are terminal: nothing leaves them.

use core::time::Duration;

use bytes::Bytes;

use super::{Body, DeliveryId, EventId, MessageId, ResponseHeaders, TenantId, Timestamp, Traced, WebhookId};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be attempted, now or later.
    Pending,
    /// A receiver answered 2xx.
    Delivered,
    /// The ladder ended without a 2xx.
    Exhausted,
    /// Its webhook was deleted before it was delivered.
    Cancelled,
    /// It grew older than the retry policy allows.
    Expired,
}

/// Why a delivery exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The event was published.
    Event,
    /// Somebody asked for one more attempt: it is made at once, alone, and never retried.
    Resend,
    /// Somebody tries the webhook out: an event of the system's making, attempted once, at once.
    Test,
    /// Somebody asked for all that a webhook missed: retried as any event, but behind the new ones.
    Replay,
}

impl Cause {
    /// The name it is shown and counted by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Resend => "resend",
            Self::Test => "test",
            Self::Replay => "replay",
        }
    }

    /// All there are.
    pub const ALL: [Self; 4] = [Self::Event, Self::Resend, Self::Test, Self::Replay];

    /// Whether it is attempted again when an attempt fails.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        match self {
            Self::Event | Self::Replay => true,
            // A crash may leave one pending: it is attempted once more then, and no more.
            Self::Resend | Self::Test => false,
        }
    }

    /// Whether its results say something of the webhook: what somebody tries by hand changes no state.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Event | Self::Replay)
    }
}

impl DeliveryState {
    /// The name it is shown and counted by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Delivered, Self::Exhausted, Self::Cancelled, Self::Expired];
}

/// A delivery as the engine handles it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it goes.
    pub webhook: WebhookId,
    /// What it carries.
    pub event: EventId,
    /// The value of `webhook-id` on every attempt.
    pub message_id: MessageId,
    /// Why it exists.
    pub cause: Cause,
    /// When the event was taken in, or, of a replay, when it was made: its age counts from here.
    pub received_at: Timestamp,
    /// Attempts that have ended.
    pub attempts_made: u32,
    /// How many of them were failures that used up a step of the ladder: not those after which the receiver said
    /// when to come back.
    pub tries: u32,
    /// Not to be attempted before this. In whole microseconds, as the store keeps it.
    pub due: Timestamp,
    /// The bytes, when they are at hand; otherwise the store has them.
    pub body: Option<Body>,
    /// Where its event was published, as far as memory knows.
    pub trace: Traced,
}

impl Work {
    /// Where it stands among those that wait for its webhook.
    #[must_use]
    pub const fn turn(&self) -> Turn {
        Turn { due: self.due, delivery: self.delivery }
    }
}

/// A place among the deliveries that wait for one webhook: what is due sooner comes first, and of two that are due at
/// once the older one. The engine keeps those with the earliest turns in memory, the store has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// Not before this.
    pub due: Timestamp,
    /// Whose turn it is.
    pub delivery: DeliveryId,
}

impl Turn {
    /// Before all others.
    pub const FIRST: Self = Self { due: Timestamp::MIN, delivery: DeliveryId::new(0) };

    /// The first turn after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { due: self.due, delivery: DeliveryId::new(self.delivery.get() + 1) }
    }
}

/// One exchange with a receiver, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The version of the webhook's settings it was made with.
    pub webhook_version: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Response {
        /// The HTTP status code.
        status: u16,
        /// The headers, as far as they are kept.
        headers: ResponseHeaders,
        /// The beginning of the body: 512 bytes on success, 4 KiB otherwise.
        body: Bytes,
    },
    /// No complete answer came.
    Failed(Failure),
}

impl Outcome {
    /// Whether it failed for want of something of ours, which says nothing of the receiver.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Failed(Failure { class: FailureClass::Local, .. }))
    }

    /// Whether the receiver has taken the event: any 2xx. A redirect is not followed and counts as failure.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Response { status: 200..=299, .. })
    }
}

/// Why no complete answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// What went wrong.
    pub class: FailureClass,
    /// How far the exchange had got.
    pub phase: Phase,
}

/// What went wrong in an exchange that ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The deadline over the whole exchange passed.
    Timeout,
    /// The host name has no address.
    DnsNotFound,
    /// The name servers did not answer, or answered with an error.
    DnsFailed,
    /// The tenant's egress policy forbids the address. The address itself is never told.
    EgressDenied,
    /// Nobody listens there.
    ConnectionRefused,
    /// The connection was reset, or closed before an answer.
    ConnectionReset,
    /// The network or host cannot be reached.
    Unreachable,
    /// The certificate is past or before its time.
    TlsCertificateExpired,
    /// The certificate is not for this host.
    TlsWrongHost,
    /// The certificate's issuer is not trusted; self-signed ones fall here.
    TlsUnknownIssuer,
    /// A certificate of the chain has been revoked.
    TlsRevoked,
    /// Whether a certificate of the chain has been revoked cannot be found out.
    TlsRevocationUnknown,
    /// The TLS handshake failed otherwise.
    TlsHandshake,
    /// The answer is not HTTP, or its head is larger than 32 KiB.
    InvalidResponse,
    /// This server could not make the attempt (no file descriptors, …). Not the receiver's fault.
    Local,
}

impl FailureClass {
    /// All there are, in their order.
    pub const ALL: [Self; 15] = [
        Self::Timeout,
        Self::DnsNotFound,
        Self::DnsFailed,
        Self::EgressDenied,
        Self::ConnectionRefused,
        Self::ConnectionReset,
        Self::Unreachable,
        Self::TlsCertificateExpired,
        Self::TlsWrongHost,
        Self::TlsUnknownIssuer,
        Self::TlsRevoked,
        Self::TlsRevocationUnknown,
        Self::TlsHandshake,
        Self::InvalidResponse,
        Self::Local,
    ];

    /// The name it is counted and logged by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::DnsNotFound => "dns-not-found",
            Self::DnsFailed => "dns-failed",
            Self::EgressDenied => "egress-denied",
            Self::ConnectionRefused => "connection-refused",
            Self::ConnectionReset => "connection-reset",
            Self::Unreachable => "unreachable",
            Self::TlsCertificateExpired => "tls-certificate-expired",
            Self::TlsWrongHost => "tls-wrong-host",
            Self::TlsUnknownIssuer => "tls-unknown-issuer",
            Self::TlsRevoked => "tls-revoked",
            Self::TlsRevocationUnknown => "tls-revocation-unknown",
            Self::TlsHandshake => "tls-handshake",
            Self::InvalidResponse => "invalid-response",
            Self::Local => "local",
        }
    }
}

/// How far an exchange had got when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before a connection (TLS included) stood: name, address, handshake.
    Connect,
    /// On a standing connection.
    Exchange,
}

impl Phase {
    /// The name it is logged by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Exchange => "exchange",
        }
    }
}

/// What is to become of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It stays pending and is due then.
    Retry {
        /// Not before this. In whole microseconds.
        due: Timestamp,
        /// What [`Work::tries`] is from now on.
        tries: u32,
    },
    /// It ends in this terminal state.
    End(DeliveryState),
}

/// The result of an attempt, to be made durable. A delivery that is already terminal keeps its state; the attempt
/// is recorded all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The attempt, or `None` when the delivery ends without one (expired while it waited, webhook gone).
    pub attempt: Option<Attempt>,
    /// What becomes of the delivery.
    pub next: Next,
}
