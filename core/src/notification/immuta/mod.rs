//! Immuta V1 notifications: `{text, metadata, webhookId, webhookName}`.
//!
//! Source: the `request` member of the history records on Immuta's webhook pages (the page's "example payload
//! received" shows a webhook's configuration instead, which is not what is posted). What metadata holds differs by
//! type and is documented nowhere, so it is an open map with typed access to the members that are known.

mod catalogue;

use alloc::borrow::Cow;

pub use catalogue::{
    ACTIONS_2024_3, ALL_NOTIFICATIONS, NOTIFICATION_TYPES, NotificationType, actions_saas, notification_type,
};

use crate::json::{Kind, View};

/// A delivered notification, as a view over the canonical form of its body.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::immuta::Notification};
///
/// let body = br#"{"text":"Katie has created the Public project.","metadata":{"modelId":1,"actionBy":2,
///   "notificationType":"modelCreated","custom":[1]},"webhookId":1,"webhookName":"audit"}"#;
/// let body = Canonical::parse(body, Limits::default()).unwrap();
/// let notification = Notification::new(body.view()).unwrap();
/// assert_eq!(notification.webhook_id(), Some(1));
/// let metadata = notification.metadata().unwrap();
/// assert_eq!(metadata.notification_type().as_deref(), Some("modelCreated"));
/// assert_eq!(metadata.action_by().as_deref(), Some("2"));
/// assert_eq!(metadata.get("custom").unwrap().raw(), "[1]");
/// ```
#[derive(Clone, Copy)]
pub struct Notification<'a>(View<'a>);

impl<'a> Notification<'a> {
    /// Takes a body; `None` unless it is a JSON object.
    #[must_use]
    pub fn new(body: View<'a>) -> Option<Self> {
        (body.kind() == Kind::Object).then_some(Self(body))
    }

    /// The sentence for people, with links. Absent if it is not a string.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.0.get("text")?.as_str()
    }

    /// What happened, to whom.
    #[must_use]
    pub fn metadata(self) -> Option<Metadata<'a>> {
        Metadata::new(self.0.get("metadata")?)
    }

    /// The number of the webhook that this was sent for.
    #[must_use]
    pub fn webhook_id(self) -> Option<i64> {
        self.0.get("webhookId")?.as_i64()
    }

    /// The name of the webhook that this was sent for.
    #[must_use]
    pub fn webhook_name(self) -> Option<Cow<'a, str>> {
        self.0.get("webhookName")?.as_str()
    }
}

/// A notification's `metadata`: an open map with the members that are known.
#[derive(Clone, Copy)]
pub struct Metadata<'a>(View<'a>);

impl<'a> Metadata<'a> {
    /// Takes a value; `None` unless it is a JSON object.
    #[must_use]
    pub fn new(metadata: View<'a>) -> Option<Self> {
        (metadata.kind() == Kind::Object).then_some(Self(metadata))
    }

    /// Any member, known or not.
    #[must_use]
    pub fn get(self, name: &str) -> Option<View<'a>> {
        self.0.get(name)
    }

    /// The whole map as a value.
    #[must_use]
    pub fn view(self) -> View<'a> {
        self.0
    }

    /// `notificationType`: the event type, which may be one this crate does not know.
    #[must_use]
    pub fn notification_type(self) -> Option<Cow<'a, str>> {
        self.0.get("notificationType")?.as_str()
    }

    /// `actionBy`: the id of the user who acted, as decimal text.
    #[must_use]
    pub fn action_by(self) -> Option<Cow<'a, str>> {
        user(self.0.get("actionBy")?)
    }

    /// `targetUser`: the id of the user it happened to, as decimal text.
    #[must_use]
    pub fn target_user(self) -> Option<Cow<'a, str>> {
        user(self.0.get("targetUser")?)
    }

    /// `notifyInitiator`: whether the one who acted is told too; `false` when absent.
    #[must_use]
    pub fn notify_initiator(self) -> bool {
        self.0.get("notifyInitiator").and_then(View::as_bool).unwrap_or(false)
    }
}

/// User ids are integers in all examples; a decimal string is understood too.
fn user(value: View<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::Number => value.as_i64().map(|_| Cow::Borrowed(value.raw())),
        Kind::String => value.as_str().filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Canonical, Limits};

    fn canonical(text: &str) -> Canonical {
        Canonical::parse(text.as_bytes(), Limits::default()).unwrap()
    }

    #[test]
    fn a_user_is_an_integer_or_a_decimal_string_and_nothing_else() {
        for (text, expected) in [
            (r#"{"actionBy":2}"#, Some("2")),
            (r#"{"actionBy":2.0}"#, Some("2")),
            (r#"{"actionBy":"2"}"#, Some("2")),
            (r#"{"actionBy":2.5}"#, None),
            (r#"{"actionBy":"two"}"#, None),
            (r#"{"actionBy":""}"#, None),
            (r#"{"actionBy":null}"#, None),
            (r#"{"actionBy":[2]}"#, None),
            ("{}", None),
        ] {
            let value = canonical(text);
            assert_eq!(Metadata::new(value.view()).unwrap().action_by().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_no_notification() {
        for text in ["[]", "1", "null", r#""x""#] {
            assert!(Notification::new(canonical(text).view()).is_none(), "{text}");
        }
    }
}
