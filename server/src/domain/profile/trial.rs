//! The event that a webhook is tried out with: one of its system's kind, which says of itself what it is.

use serde_json::{Value, json};

use super::{Profile, immuta, native};
use crate::domain::{PublicId, Tenant, Timestamp, Webhook, utc_millis};

/// What native webhooks are tried out with.
const NATIVE: &str = "sigpost.test";

/// A `CloudEvent` in JSON, of this type or of one that the webhook wants.
#[must_use]
pub fn test_event(
    tenant: &Tenant,
    webhook: &Webhook,
    event_type: Option<&str>,
    id: PublicId,
    now: Timestamp,
) -> String {
    let text = "This is a test.";
    let owner = webhook.owner.as_str();
    let first = |names: &[String], wildcard: &str, otherwise: &str| {
        let named = names.iter().find(|name| *name != wildcard);
        named.map_or_else(|| otherwise.to_owned(), Clone::clone)
    };
    let (own, data, more): (String, Value, Value) = match &webhook.profile {
        Profile::Native(profile) => {
            (first(profile.event_types(), native::ALL, NATIVE), json!({ "message": text }), json!({}))
        }
        Profile::Immuta(profile) => {
            let number: Option<i64> = owner.parse().ok();
            let metadata = json!({ "actionBy": number, "targetUser": number, "test": true });
            let own = first(profile.notifications(), immuta::ALL, "modelCreated");
            (own, json!({ "text": text, "metadata": metadata }), json!({}))
        }
        Profile::ImmutaRequest(_) => {
            let own = "marketplace.data_product.state.created".to_owned();
            (own, json!({ "test": true, "message": text }), json!({}))
        }
        Profile::Generic(profile) => {
            (first(profile.events(), "", "system.alert"), json!({ "test": true, "message": text }), json!({}))
        }
        Profile::Qlik(profile) => {
            let own = first(profile.event_types(), "", "com.qlik.app.created");
            let more = json!({ "userid": owner, "ownerid": owner, "tenantid": tenant.name });
            (own, json!({ "test": true, "message": text }), more)
        }
    };
    let mut event = json!({
        "specversion": "1.0",
        "id": id.to_string(),
        "source": "/sigpost/test",
        "type": event_type.unwrap_or(&own),
        "time": utc_millis(now),
        "data": data,
    });
    if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
        event.extend(more);
    }
    event.to_string()
}
