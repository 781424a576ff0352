//! The event types of the generic webhooks API.
//!
//! Source: its page, "Webhook Events".

/// Every event type the page lists, in its order.
pub const EVENT_TYPES: [&str; 8] = [
    "user.created",
    "user.updated",
    "user.deleted",
    "data.created",
    "data.updated",
    "data.deleted",
    "report.generated",
    "system.alert",
];
