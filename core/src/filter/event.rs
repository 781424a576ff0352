//! What an event answers to a filter's attributes.

use alloc::borrow::Cow;
use alloc::string::ToString;

use super::{Attribute, Filter};
use crate::json::{Kind, View};
use crate::notification::cloudevents::{CloudEvent, Data, Value};

impl Attribute {
    /// What an event answers.
    ///
    /// - `id` is `data.id`, else the event's `subject`: what happened to what, and not the event's own `id`.
    /// - `spaceId` and `topLevelResourceId` are the extensions `spaceid` and `toplevelresourceid`. Those that came as a
    ///   number or a boolean count as the text that CloudEvents writes for them in a header.
    /// - `data.status` is that. In `data`, only a string can equal a value: a `data.id` of 5 equals none, not `"5"`,
    ///   and takes precedence over the subject all the same; `null` counts as absent.
    #[must_use]
    pub fn of(self, event: &CloudEvent) -> Option<Cow<'_, str>> {
        match self {
            Self::Id => match member(event, "id") {
                Some(id) => id.as_str(),
                None => extension(event, "subject"),
            },
            Self::SpaceId => extension(event, "spaceid"),
            Self::TopLevelResourceId => extension(event, "toplevelresourceid"),
            Self::DataStatus => member(event, "status").and_then(View::as_str),
        }
    }
}

impl Filter {
    /// Whether an event passes; [`Attribute::of`] tells what it answers.
    #[must_use]
    pub fn matches_event(&self, event: &CloudEvent) -> bool {
        self.matches(|attribute| attribute.of(event))
    }
}

fn member<'a>(event: &'a CloudEvent, name: &str) -> Option<View<'a>> {
    match event.data() {
        Data::Json(data) => data.view().get(name).filter(|value| value.kind() != Kind::Null),
        Data::None | Data::Binary(_) => None,
    }
}

fn extension<'a>(event: &'a CloudEvent, name: &str) -> Option<Cow<'a, str>> {
    Some(match event.attribute(name)? {
        Value::Text(text) => Cow::Borrowed(text.as_str()),
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
    })
}
