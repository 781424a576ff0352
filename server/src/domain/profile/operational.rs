//! Events of the server's own making: what became of a webhook, for those of its tenant who ask to be told.
//!
//! Their types begin with [`PREFIX`] and their source is [`SOURCE`], which nobody else publishes under. They reach
//! webhooks that name the type, and no wildcard stands for them: whoever receives everything its senders publish did not
//! ask for the server's troubles. They say nothing of the url or the secret, and are never told to the webhook they are
//! about.

use serde_json::{Value, json};

use super::Profile;
use super::catalogue::{KnownType, Told};
use crate::domain::{DisabledReason, Tenant, Timestamp, Webhook, utc_millis};

/// How the types begin.
pub const PREFIX: &str = "sigpost.";
/// CloudEvents `source`.
pub const SOURCE: &str = "/sigpost";

const DISABLED: &str = "sigpost.webhook.disabled";
const FAILING: &str = "sigpost.webhook.failing";
const ROTATED: &str = "sigpost.secret.rotated";

/// Whether an event is the server's to publish.
pub(super) fn is_reserved(event_type: &str, source: &str) -> bool {
    event_type.starts_with(PREFIX) || source == SOURCE
}

/// Whether an event of this type is of the server's making, so that no wildcard stands for it.
pub(super) fn is_ours(event_type: &str) -> bool {
    event_type.starts_with(PREFIX)
}

/// The types there are.
pub(super) const TYPES: [KnownType<'static>; 3] = [
    known(
        DISABLED,
        "Webhook disabled",
        "A webhook of the tenant was switched off, by somebody or by the server.",
    ),
    known(
        FAILING,
        "Webhook failing",
        "A webhook of the tenant has failed for five minutes and three attempts.",
    ),
    known(ROTATED, "Secret rotated", "Another secret takes the place of a webhook's."),
];

const fn known(name: &'static str, title: &'static str, description: &'static str) -> KnownType<'static> {
    KnownType { name, about: Some(Told { title, description, category: "Operation", levels: None }) }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was switched off.
    Disabled(DisabledReason),
    /// It has been failing for a while.
    Failing {
        /// Its first failure since the latest success.
        since: Timestamp,
        /// Failures since then.
        failures: u32,
    },
    /// Another secret takes its secret's place.
    Rotated {
        /// From then on it signs the system's own header.
        activate_at: Timestamp,
        /// From then on the old one signs nothing.
        retire_at: Timestamp,
    },
}

impl News {
    /// CloudEvents `type`.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Disabled(_) => DISABLED,
            Self::Failing { .. } => FAILING,
            Self::Rotated { .. } => ROTATED,
        }
    }

    /// The news as a `CloudEvent` in JSON, with data as the tenant's system has it. The same news of the same version of
    /// a webhook has the same id.
    #[must_use]
    pub fn event(&self, tenant: &Tenant, webhook: &Webhook, now: Timestamp) -> String {
        let id = webhook.public_id.to_string();
        let mut facts = json!({ "webhook": id, "name": webhook.profile.label() });
        let (key, more, text) = self.told(webhook);
        merge(&mut facts, more);
        let data = match &webhook.profile {
            Profile::Immuta(_) => {
                // Whom it concerns: a webhook that is not global receives it if that is its owner.
                let owner: Option<i64> = webhook.owner.as_str().parse().ok();
                merge(&mut facts, json!({ "webhookId": webhook.number.get() }));
                merge(&mut facts, json!({ "actionBy": owner, "targetUser": owner }));
                json!({ "text": text, "metadata": facts })
            }
            Profile::Native(_) | Profile::ImmutaRequest(_) | Profile::Generic(_) | Profile::Qlik(_) => facts,
        };
        let mut event = json!({
            "specversion": "1.0",
            "id": format!("{id}/{key}"),
            "source": SOURCE,
            "type": self.event_type(),
            "subject": id,
            "time": utc_millis(now),
            "data": data,
        });
        if let Profile::Qlik(_) = &webhook.profile {
            let owner = webhook.owner.as_str();
            merge(&mut event, json!({ "userid": owner, "ownerid": owner, "tenantid": tenant.name }));
        }
        event.to_string()
    }

    /// What tells it from other news of the webhook, its own facts, and a sentence.
    fn told(&self, webhook: &Webhook) -> (String, Value, &'static str) {
        let version = webhook.version;
        match self {
            Self::Disabled(reason) => {
                let (reason, text) = match reason {
                    DisabledReason::ByOwner => ("by-owner", "A webhook was switched off."),
                    DisabledReason::Gone => ("gone", "A webhook was switched off: its receiver is gone."),
                    DisabledReason::Failing => {
                        ("failing", "A webhook was switched off: it has failed for days.")
                    }
                };
                (format!("disabled/{version}"), json!({ "reason": reason }), text)
            }
            Self::Failing { since, failures } => (
                format!("failing/{}", since.as_microsecond()),
                json!({ "failing_since": utc_millis(*since), "failures": failures }),
                "A webhook fails.",
            ),
            Self::Rotated { activate_at, retire_at } => (
                format!("rotated/{version}"),
                json!({ "activate_at": utc_millis(*activate_at), "retire_at": utc_millis(*retire_at) }),
                "The secret of a webhook is replaced.",
            ),
        }
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
