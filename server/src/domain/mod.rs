//! What sigpost is about, as plain types and rules: tenants, webhooks, events, deliveries.
//!
//! Nothing here knows HTTP, SQL or an executor, reads a clock or draws a random number. Whatever a type forbids
//! need not be checked again elsewhere: an [`Endpoint`] is always a deliverable URL, a [`Profile`] was made and changed by
//! the rules of its system, because its only constructors hold them. What a system asks of a webhook's other parts is asked
//! of its profile ([`Profile::admits`]).

mod activity;
mod audit;
mod delivery;
mod egress;
mod endpoint;
mod event;
mod frame;
mod happening;
pub mod head;
mod headers;
mod history;
mod ids;
pub mod profile;
mod rate;
mod replay;
mod retry;
mod secrets;
mod series;
mod tenant;
pub mod text;
mod token;
mod trace;
mod webhook;

pub use activity::{
    Activity, EndedAttempt, FAILING_ATTEMPTS, FAILING_FOR, LATENCY_BOUNDS, LATENCY_CLASSES, STATS_STEP, Stats,
};
pub use audit::{Actor, AuditEntry, AuditObject, AuditOutcome, AuditQuery, AuditRecord};
pub use delivery::{
    Attempt, Cause, DeliveryState, Failure, FailureClass, Next, Outcome, Phase, Settlement, Turn, Work,
};
pub use egress::{EgressPolicy, IpNetwork, ParseNetworkError};
pub use endpoint::{Endpoint, EndpointError, Host, Transport};
pub use event::{Event, Fingerprint, NewDelivery, NewEvent, Published};
pub use frame::{Body, Frame, Template};
pub use happening::{AttemptEnded, AttemptResult, Happening, WebhookChange};
pub use headers::ResponseHeaders;
pub use history::{
    Cursor, HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery, Owned, PastAttempt, Position, Record,
    Scope, SortField, SortOrder,
};
pub(crate) use ids::IdMap;
pub use ids::{
    DeliveryId, EventId, MessageId, Number, PublicId, ReplayId, TenantId, TenantUid, UserId, WebhookId,
};
pub use profile::{Audience, Profile, Subject};
pub use rate::{RatePer, RateRule};
pub use replay::{EndStates, NewReplay, Replay, ReplayFilter, ReplayQuery, ReplayState, RunningReplay};
pub use retry::RetryPolicy;
pub use secrets::{BadRotation, MAX_ROTATION, Rotation, Secrets, Signing};
pub use series::{BadSeries, MAX_STEPS, Series, Step};
pub use tenant::{
    DialectId, Egress, Envelope, ImmutaSignatures, NotificationList, Origin, Principal, Role, Roles,
    Settings, Tenant, TenantSpec, User,
};
pub use token::{IssuedToken, Token, TokenHash, TokenOrigin, TokenOwner};
pub use trace::{TraceContext, Traced};
pub use webhook::{DisabledReason, NewWebhook, Webhook, WebhookState};

/// A point in time, in UTC. Stored and compared in microseconds.
pub use jiff::Timestamp;

/// RFC 3339 in UTC with milliseconds, `2021-10-15T15:22:10.079Z`: how JavaScript writes a time, and all systems' APIs.
#[must_use]
pub fn utc_millis(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
