//! Immuta V1 notifications: `{text, metadata, webhookId, webhookName}`.
//!
//! Source: the `request` member of the history records on Immuta's webhook pages (the page's "example payload
//! received" shows a webhook's configuration instead, which is not what is posted). What metadata holds differs by
//! type and is documented nowhere, so it is an open map with typed access to the members that are known: those of the
//! two examples there are. All are optional and any may be `null`; what is of another type than expected counts as
//! absent and is still there for [`Metadata::get`].

mod catalogue;

use alloc::borrow::Cow;
use alloc::string::ToString as _;
use alloc::vec::Vec;

pub use catalogue::{
    ACTIONS_2024_3, ALL_NOTIFICATIONS, NOTIFICATION_TYPES, NotificationType, actions_saas, notification_type,
};

use super::object::Object;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Any member, known or not.
    #[must_use]
    pub fn get(self, name: &str) -> Option<View<'a>> {
        self.0.get(name)
    }

    /// The whole body.
    #[must_use]
    pub fn view(self) -> View<'a> {
        self.0
    }
}

/// Writes a body, in canonical form: its `text`, a string; its `metadata` with the type added if it is not there or
/// `null`; the webhook's number and name. Of `others`, an object such as a body that was read, the members that have no
/// parameter here follow in their order.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::immuta::{Notification, write}};
/// let body = br#"{"text":"Hi","metadata":{"notificationType":"modelCreated"},"webhookId":1,"webhookName":"w","new":[]}"#;
/// let body = Canonical::parse(body, Limits::default()).unwrap();
/// let read = Notification::new(body.view()).unwrap();
/// let text = read.get("text").unwrap();
/// let written = write(text, read.metadata(), "modelCreated", 2, "v", Some(body.view()));
/// assert!(written.ends_with(br#""webhookId":2,"webhookName":"v","new":[]}"#));
/// ```
#[must_use]
pub fn write(
    text: View<'_>,
    metadata: Option<Metadata<'_>>,
    notification_type: &str,
    webhook_id: i64,
    webhook_name: &str,
    others: Option<View<'_>>,
) -> Vec<u8> {
    let mut object = Object::open();
    event(&mut object, text, metadata, notification_type);
    webhook(&mut object, webhook_id, webhook_name);
    if let Some(others) = others {
        object.others(others, &["text", "metadata", "webhookId", "webhookName"]);
    }
    object.close()
}

/// Writes the part of a body that all deliveries of a notification share: an object of its `text`, a string, and its
/// `metadata` with the type added if it is not there or `null`. [`write_webhook`] takes the place of its last byte.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::immuta::{write_event, write_webhook}};
/// let text = Canonical::parse(br#""Katie did it.""#, Limits::default()).unwrap();
/// let mut body = write_event(text.view(), None, "modelCreated");
/// assert_eq!(body.pop(), Some(b'}'));
/// body.extend(write_webhook(1, "audit"));
/// assert_eq!(
///     body,
///     br#"{"text":"Katie did it.","metadata":{"notificationType":"modelCreated"},"webhookId":1,"webhookName":"audit"}"#
/// );
/// ```
#[must_use]
pub fn write_event(text: View<'_>, metadata: Option<Metadata<'_>>, notification_type: &str) -> Vec<u8> {
    let mut object = Object::open();
    event(&mut object, text, metadata, notification_type);
    object.close()
}

/// Writes the end of a body, which is a delivery's own: the webhook's number and name.
#[must_use]
pub fn write_webhook(id: i64, name: &str) -> Vec<u8> {
    let mut object = Object::open();
    webhook(&mut object, id, name);
    let mut end = object.close();
    end[0] = b',';
    end
}

const TYPE: &str = "notificationType";

fn event(object: &mut Object, text: View<'_>, metadata: Option<Metadata<'_>>, notification_type: &str) {
    object.raw("text", text.raw().as_bytes());
    let has_type =
        |metadata: &Metadata<'_>| metadata.get(TYPE).is_some_and(|given| given.kind() != Kind::Null);
    match metadata {
        Some(metadata) if has_type(&metadata) => {
            object.raw("metadata", metadata.view().raw().as_bytes());
        }
        _ => {
            let mut typed = Object::open();
            if let Some(metadata) = metadata {
                typed.others(metadata.view(), &[TYPE]);
            }
            typed.text(TYPE, notification_type);
            object.raw("metadata", &typed.close());
        }
    }
}

fn webhook(object: &mut Object, id: i64, name: &str) {
    object.raw("webhookId", id.to_string().as_bytes()).text("webhookName", name);
}

/// A notification's `metadata`: an open map with the members that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        self.0.get(TYPE)?.as_str()
    }

    /// `modelId`: the id of the data source or project, as decimal text.
    #[must_use]
    pub fn model_id(self) -> Option<Cow<'a, str>> {
        id(self.0.get("modelId")?)
    }

    /// `modelType`: what the model is, like `project`.
    #[must_use]
    pub fn model_type(self) -> Option<Cow<'a, str>> {
        self.0.get("modelType")?.as_str()
    }

    /// `projectName`: the name of the project, if it is about one.
    #[must_use]
    pub fn project_name(self) -> Option<Cow<'a, str>> {
        self.0.get("projectName")?.as_str()
    }

    /// `actionBy`: the id of the user who acted, as decimal text.
    #[must_use]
    pub fn action_by(self) -> Option<Cow<'a, str>> {
        id(self.0.get("actionBy")?)
    }

    /// `actionByName`: the name of the user who acted.
    #[must_use]
    pub fn action_by_name(self) -> Option<Cow<'a, str>> {
        self.0.get("actionByName")?.as_str()
    }

    /// `targetUser`: the id of the user it happened to, as decimal text.
    #[must_use]
    pub fn target_user(self) -> Option<Cow<'a, str>> {
        id(self.0.get("targetUser")?)
    }

    /// `targetUserName`: the name of the user it happened to.
    #[must_use]
    pub fn target_user_name(self) -> Option<Cow<'a, str>> {
        self.0.get("targetUserName")?.as_str()
    }

    /// `targetGroup`: the group it happened to. It is `null` in all examples, so what it is otherwise is not known;
    /// `None` for `null`.
    #[must_use]
    pub fn target_group(self) -> Option<View<'a>> {
        self.0.get("targetGroup").filter(|group| group.kind() != Kind::Null)
    }

    /// `notifyInitiator`: whether the one who acted is told too; `false` when absent.
    #[must_use]
    pub fn notify_initiator(self) -> bool {
        self.0.get("notifyInitiator").and_then(View::as_bool).unwrap_or(false)
    }
}

/// Ids are integers in all examples; a decimal string is understood too.
fn id(value: View<'_>) -> Option<Cow<'_, str>> {
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
