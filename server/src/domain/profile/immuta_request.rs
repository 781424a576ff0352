//! Immuta's Request app: every webhook receives every notification, `{deliveryId,webhookId,type,createdAt,data}`.
//!
//! Sources: Immuta's page "Manage Webhooks" and its OpenAPI document for the fields. Public sources are silent on the
//! body; this form is sigpost's own.

use sigpost_core::notification::cloudevents::CloudEvent;
use sigpost_core::notification::immuta_request as model;

use super::{Unfit, time};
use crate::domain::{Frame, PublicId, Template, Timestamp, utc_millis};

/// A Request webhook's own part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImmutaRequest {
    verify_tls: bool,
}

/// The members of an [`ImmutaRequest`], to make one from and to store it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// `verifyTls`: whether the receiver must prove who it is.
    pub verify_tls: bool,
}

/// What is to become of an [`ImmutaRequest`]; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Change {
    /// `verifyTls`.
    pub verify_tls: Option<bool>,
}

impl ImmutaRequest {
    /// Makes one: the system has no rule that could be broken.
    #[must_use]
    pub const fn new(parts: Parts) -> Self {
        let Parts { verify_tls } = parts;
        Self { verify_tls }
    }

    /// What a change makes of it.
    #[must_use]
    pub fn apply(self, change: Change) -> Self {
        let Change { verify_tls } = change;
        Self { verify_tls: verify_tls.unwrap_or(self.verify_tls) }
    }

    /// `verifyTls`.
    #[must_use]
    pub const fn verify_tls(&self) -> bool {
        self.verify_tls
    }
}

/// The members all deliveries share: the end of the body, behind the ids.
pub(super) fn prepare(event: &CloudEvent, now: Timestamp) -> Result<Vec<u8>, Unfit> {
    let data = event.data().json()?;
    Ok(model::write_event(event.event_type(), &utc_millis(time(event, now)), data))
}

/// The beginning of the body: the ids, the delivery's still to come.
pub(super) fn render(webhook: PublicId) -> Template {
    // It comes first: what stands before it holds no webhook's id.
    const BEFORE: usize = "{\"deliveryId\":\"".len();
    let head = model::write_ids("", &webhook.to_string());
    Template::NamesDelivery { frame: Frame { head: head.into(), ..Frame::default() }, at: BEFORE }
}
