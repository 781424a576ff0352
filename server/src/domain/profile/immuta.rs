//! Immuta V1: webhooks on notification types, received by who acted, by whom it happened to, or by everybody.
//!
//! Sources: Immuta's webhook pages (SaaS and 2024.3), read together as one system. Where they contradict each other:
//! `receive` is taken for `received`; the union of both lists of types is accepted; a global webhook receives
//! whatever its types name, whoever acted.

use sigpost_core::json::{Canonical, Kind};
use sigpost_core::notification::immuta::{self as model, Metadata};
use sigpost_core::signature::Scheme;

use super::{Audience, BadTypes, operational, subscribable};
use crate::domain::{Frame, NotificationList, Number, Settings, UserId};

/// The name that subscribes to every notification.
pub const ALL: &str = model::ALL_NOTIFICATIONS;

/// An Immuta webhook's own part. The system's API has no update; the native one has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Immuta {
    name: String,
    global: bool,
    notifications: Vec<String>,
    action: ActionType,
}

/// When a webhook that is not global receives an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionType {
    /// Its owner acted.
    Triggered,
    /// It happened to its owner, and somebody else acted (or the notification tells the initiator too).
    Received,
}

impl ActionType {
    /// The name it is shown by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Triggered => "triggered",
            Self::Received => "received",
        }
    }

    /// The action type of that name; the 2024.3 page calls `received` `receive`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "triggered" => Some(Self::Triggered),
            "received" | "receive" => Some(Self::Received),
            _ => None,
        }
    }
}

/// The members of an [`Immuta`], to make one from and to store it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// `name`.
    pub name: String,
    /// `global`.
    pub global: bool,
    /// `notificationType`.
    pub notifications: Vec<String>,
    /// `actionType`.
    pub action: ActionType,
}

/// What is to become of an [`Immuta`]; what is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Change {
    /// `name`.
    pub name: Option<String>,
    /// `global`.
    pub global: Option<bool>,
    /// `notificationType`: all of them.
    pub notifications: Option<Vec<String>>,
    /// `actionType`.
    pub action: Option<ActionType>,
}

/// Why a webhook cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The name is empty or too long.
    #[error("name must have 1 to 512 characters")]
    Name,
    /// The types cannot be subscribed to.
    #[error("notificationType {0}; GET /webhooks/actions lists those there are")]
    Notifications(#[from] BadTypes),
}

const MAX_NAME_CHARS: usize = 512;

/// The notifications of the tenant's release, in the order in which Immuta lists them.
#[must_use]
pub fn notifications(settings: &Settings) -> Vec<&'static str> {
    match settings.notification_list {
        NotificationList::Saas => model::actions_saas().collect(),
        NotificationList::V2024_3 => model::ACTIONS_2024_3.to_vec(),
    }
}

impl Immuta {
    /// Makes one by the system's rules. Types named twice are kept once.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn new(parts: Parts, settings: &Settings) -> Result<Self, Invalid> {
        let Parts { name, global, notifications, action } = parts;
        let change = Change { name: Some(name), notifications: Some(notifications), ..Change::default() };
        let nothing = Parts { name: String::new(), global, notifications: Vec::new(), action };
        Self::restore(nothing).apply(change, settings)
    }

    /// What a change makes of it. What it leaves stays accepted, whatever the rules are by now. What is delivered from
    /// then on bears the new name; what was accepted before keeps the old one.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn apply(&self, change: Change, settings: &Settings) -> Result<Self, Invalid> {
        let Change { name, global, notifications, action } = change;
        let mut changed = self.clone();
        if let Some(name) = name {
            if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
                return Err(Invalid::Name);
            }
            changed.name = name;
        }
        if let Some(names) = notifications {
            let known = |name: &str| model::notification_type(name).is_some();
            changed.notifications = subscribable(names, settings, known)?;
        }
        changed.global = global.unwrap_or(changed.global);
        changed.action = action.unwrap_or(changed.action);
        Ok(changed)
    }

    /// Restores one that was stored. Rules may have changed since; what was accepted stays accepted.
    #[must_use]
    pub fn restore(parts: Parts) -> Self {
        let Parts { name, global, notifications, action } = parts;
        Self { name, global, notifications, action }
    }

    /// `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `global`: it receives whatever its types name, whomever it concerns.
    #[must_use]
    pub const fn global(&self) -> bool {
        self.global
    }

    /// `notificationType`, in the order given.
    #[must_use]
    pub fn notifications(&self) -> &[String] {
        &self.notifications
    }

    /// `actionType`.
    #[must_use]
    pub const fn action(&self) -> ActionType {
        self.action
    }

    pub(super) const fn audience(&self) -> Audience {
        if self.global { Audience::Tenant } else { Audience::Owner }
    }

    pub(super) fn wants(&self, event_type: &str) -> bool {
        let all = !operational::is_ours(event_type);
        self.notifications.iter().any(|name| name == event_type || (all && name == model::ALL_NOTIFICATIONS))
    }

    pub(super) fn matches(&self, owner: &UserId, event_type: &str, facts: &Facts) -> bool {
        if !self.wants(event_type) {
            return false;
        }
        let is_owner = |user: &Option<Box<str>>| user.as_deref() == Some(owner.as_str());
        self.global
            || match self.action {
                ActionType::Triggered => is_owner(&facts.action_by),
                ActionType::Received => {
                    is_owner(&facts.target_user) && (!is_owner(&facts.action_by) || facts.notify_initiator)
                }
            }
    }

    /// `{text, metadata` stand in the event's data; a delivery closes it with its webhook's id and name.
    pub(super) fn render(&self, webhook: Number) -> Frame {
        let tail = model::write_webhook(webhook.get(), &self.name);
        Frame { head: bytes::Bytes::new(), cut: 1, tail: tail.into() }
    }
}

pub(super) fn schemes(settings: &Settings) -> [Option<&'static Scheme>; 2] {
    let sha1 = settings.immuta_signatures.sha1.then_some(Scheme::IMMUTA_SHA1);
    let sha256 = settings.immuta_signatures.sha256.then_some(Scheme::IMMUTA);
    [sha1, sha256]
}

/// Whom an event concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    action_by: Option<Box<str>>,
    target_user: Option<Box<str>>,
    notify_initiator: bool,
}

/// Why an event is no Immuta notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The wildcard is no event type.
    #[error("type: ALL_NOTIFICATIONS subscribes to every type; no event is of it")]
    Wildcard,
    /// No data, or data that is not an object.
    #[error("data must be a JSON object with `text` and `metadata`")]
    Data,
    /// `text` is missing or not a string.
    #[error("data.text must be a string")]
    Text,
    /// `metadata` is not an object.
    #[error("data.metadata must be an object")]
    Metadata,
    /// A member that the system's notifications do not have, and that would not be delivered.
    #[error("data.{0} is not part of an Immuta notification; put it into data.metadata")]
    UnknownMember(String),
    /// `notificationType` contradicts the event's type.
    #[error("data.metadata.notificationType must be absent or equal to the event's type {expected:?}")]
    NotificationType {
        /// The event's type.
        expected: String,
    },
}

/// Brings data into the form `{"text":…,"metadata":{…}}`, with `notificationType` filled in.
pub(super) fn prepare(event_type: &str, data: Option<&Canonical>) -> Result<(Vec<u8>, Facts), Unfit> {
    if event_type == model::ALL_NOTIFICATIONS {
        return Err(Unfit::Wildcard);
    }
    let data = data.ok_or(Unfit::Data)?.view();
    for (key, _) in data.members().ok_or(Unfit::Data)? {
        if !matches!(key.raw(), "\"text\"" | "\"metadata\"") {
            return Err(Unfit::UnknownMember(key.raw().trim_matches('"').chars().take(100).collect()));
        }
    }
    let text = data.get("text").filter(|text| text.kind() == Kind::String).ok_or(Unfit::Text)?;
    let metadata = match data.get("metadata") {
        None => None,
        Some(value) => Some(Metadata::new(value).ok_or(Unfit::Metadata)?),
    };
    let facts = Facts {
        action_by: metadata.and_then(Metadata::action_by).map(|id| id.into_owned().into()),
        target_user: metadata.and_then(Metadata::target_user).map(|id| id.into_owned().into()),
        notify_initiator: metadata.is_some_and(Metadata::notify_initiator),
    };
    if let Some(given) = metadata.and_then(|metadata| metadata.get("notificationType"))
        && given.as_str().as_deref() != Some(event_type)
    {
        return Err(Unfit::NotificationType { expected: event_type.to_owned() });
    }
    Ok((model::write_event(text, metadata, event_type), facts))
}

#[cfg(test)]
mod tests {
    use sigpost_core::json::Limits;

    use super::*;

    fn data(text: &str) -> Canonical {
        Canonical::parse(text.as_bytes(), Limits::default()).unwrap()
    }

    fn parts() -> Parts {
        Parts {
            name: "hook".into(),
            global: false,
            notifications: vec!["modelCreated".into()],
            action: ActionType::Triggered,
        }
    }

    fn webhook(change: impl FnOnce(&mut Parts)) -> Immuta {
        let mut parts = parts();
        change(&mut parts);
        Immuta::new(parts, &Settings::default()).unwrap()
    }

    fn facts(metadata: &str) -> Facts {
        let data = data(&format!("{{\"text\":\"\",\"metadata\":{metadata}}}"));
        prepare("modelCreated", Some(&data)).unwrap().1
    }

    fn receives(webhook: &Immuta, metadata: &str) -> bool {
        webhook.matches(&UserId::new("2").unwrap(), "modelCreated", &facts(metadata))
    }

    #[test]
    fn a_webhook_is_made_by_the_rules_or_not_at_all() {
        let bad = |change: fn(&mut Parts)| {
            let mut parts = parts();
            change(&mut parts);
            Immuta::new(parts, &Settings::default()).unwrap_err()
        };
        assert_eq!(bad(|p| p.name = String::new()), Invalid::Name);
        assert_eq!(bad(|p| p.name = "x".repeat(513)), Invalid::Name);
        assert_eq!(bad(|p| p.notifications.clear()), BadTypes::None.into());
        assert_eq!(bad(|p| p.notifications = vec!["x".into(); 201]), BadTypes::TooMany.into());
        let misspelt = bad(|p| p.notifications = vec!["modelcreated".into()]);
        assert_eq!(misspelt, BadTypes::Unknown("modelcreated".into()).into());
    }

    #[test]
    fn types_of_either_list_and_of_the_setting_may_be_subscribed_to() {
        let settings = Settings { event_types: vec!["own".into()], ..Settings::default() };
        for name in ["collectionCreated", "queryCreated", "ALL_NOTIFICATIONS", "own"] {
            let parts = Parts { notifications: vec![name.into(), name.into()], ..parts() };
            assert_eq!(Immuta::new(parts, &settings).unwrap().notifications(), [name]);
        }
    }

    #[test]
    fn triggered_means_that_the_owner_acted() {
        let webhook = webhook(|_| ());
        assert!(receives(&webhook, r#"{"actionBy":2,"targetUser":3}"#));
        assert!(receives(&webhook, r#"{"actionBy":"2"}"#));
        assert!(!receives(&webhook, r#"{"actionBy":3,"targetUser":2}"#));
        assert!(!receives(&webhook, "{}"));
    }

    #[test]
    fn received_means_that_another_acted_on_the_owner_or_the_initiator_is_told_too() {
        let webhook = webhook(|p| p.action = ActionType::Received);
        assert!(receives(&webhook, r#"{"actionBy":3,"targetUser":2}"#));
        assert!(receives(&webhook, r#"{"targetUser":2}"#));
        assert!(!receives(&webhook, r#"{"actionBy":2,"targetUser":2}"#));
        assert!(receives(&webhook, r#"{"actionBy":2,"targetUser":2,"notifyInitiator":true}"#));
        assert!(!receives(&webhook, r#"{"actionBy":2,"targetUser":3,"notifyInitiator":true}"#));
    }

    #[test]
    fn a_global_webhook_receives_whoever_acted_but_only_its_types() {
        let global = webhook(|p| p.global = true);
        assert!(receives(&global, "{}"));
        assert!(!global.matches(&UserId::new("2").unwrap(), "modelDeleted", &facts("{}")));
        let all = webhook(|p| {
            p.global = true;
            p.notifications = vec!["ALL_NOTIFICATIONS".into()];
        });
        assert!(all.matches(&UserId::new("2").unwrap(), "nobodyKnowsThisType", &facts("{}")));
    }

    #[test]
    fn a_body_is_text_metadata_and_the_webhook_in_this_order() {
        let webhook = webhook(|p| p.name = "a \"b\" \u{e9}".into());
        let data = data(r#"{"metadata":{"b":1,"2":0},"text":"hi \ud800"}"#);
        let (data, _) = prepare("modelCreated", Some(&data)).unwrap();
        let body = crate::domain::Body { data: data.into(), frame: webhook.render(Number::FIRST) };
        assert_eq!(
            core::str::from_utf8(&body.to_bytes()).unwrap(),
            "{\"text\":\"hi \\ud800\",\"metadata\":{\"2\":0,\"b\":1,\"notificationType\":\"modelCreated\"},\
             \"webhookId\":1,\"webhookName\":\"a \\\"b\\\" \u{e9}\"}"
        );
    }

    #[test]
    fn a_missing_notification_type_is_filled_and_a_differing_one_refused() {
        for given in [
            r#"{"text":""}"#,
            r#"{"text":"","metadata":{}}"#,
            r#"{"text":"","metadata":{"notificationType":"modelCreated"}}"#,
        ] {
            let (out, _) = prepare("modelCreated", Some(&data(given))).unwrap();
            assert_eq!(out, br#"{"text":"","metadata":{"notificationType":"modelCreated"}}"#, "{given}");
        }
        for given in [
            r#"{"notificationType":"modelDeleted"}"#,
            r#"{"notificationType":1}"#,
            r#"{"notificationType":null}"#,
        ] {
            let data = data(&format!("{{\"text\":\"\",\"metadata\":{given}}}"));
            assert!(
                matches!(prepare("modelCreated", Some(&data)), Err(Unfit::NotificationType { .. })),
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_no_notification_is_refused_with_its_reason() {
        assert_eq!(prepare("modelCreated", None).unwrap_err(), Unfit::Data);
        for (given, error) in [
            ("[]", Unfit::Data),
            ("\"text\"", Unfit::Data),
            ("{}", Unfit::Text),
            (r#"{"text":1}"#, Unfit::Text),
            (r#"{"text":"","metadata":[]}"#, Unfit::Metadata),
            (r#"{"text":"","metadata":{},"webhookId":7}"#, Unfit::UnknownMember("webhookId".into())),
        ] {
            assert_eq!(prepare("modelCreated", Some(&data(given))).unwrap_err(), error, "{given}");
        }
        let data = data(r#"{"text":""}"#);
        assert_eq!(prepare("ALL_NOTIFICATIONS", Some(&data)).unwrap_err(), Unfit::Wildcard);
    }
}
