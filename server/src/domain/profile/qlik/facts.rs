//! What an event has that webhooks are matched by, taken out once for all of them.

use sigpost_core::filter::{Attribute, Filter};
use sigpost_core::notification::cloudevents::{CloudEvent, Value};
use sigpost_core::notification::qlik as model;

use crate::domain::User;

/// Whom an event concerns, and what filters ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::profile) struct Facts {
    /// What its type is called by those who use the other of two names.
    alias: Option<&'static str>,
    user: Option<Box<str>>,
    owner: Option<Box<str>>,
    space: Option<Box<str>>,
    id: Option<Box<str>>,
    top_level_resource: Option<Box<str>>,
    status: Option<Box<str>>,
}

impl Facts {
    pub(in crate::domain::profile) fn of(event: &CloudEvent) -> Self {
        // In a header a number is a text, so it is here.
        let text = |name| match event.attribute(name)? {
            Value::Text(text) => Some(text.as_str().into()),
            Value::Integer(number) => Some(number.to_string().into()),
            Value::Boolean(_) => None,
        };
        let answer = |attribute: Attribute| attribute.of(event).map(|text| text.into_owned().into());
        let known = model::event_type(event.event_type());
        // No webhook that receives another type has a filter that asks for it.
        let has_status = known.is_some_and(|known| known.filterable.contains(&Attribute::DataStatus.name()));
        Self {
            alias: known.and_then(|known| known.alias),
            user: text("userid"),
            owner: text("ownerid"),
            space: answer(Attribute::SpaceId),
            id: answer(Attribute::Id),
            top_level_resource: answer(Attribute::TopLevelResourceId),
            status: has_status.then(|| answer(Attribute::DataStatus)).flatten(),
        }
    }

    /// The other name of the event's type.
    pub(super) const fn alias(&self) -> Option<&'static str> {
        self.alias
    }

    pub(super) fn concern(&self, user: &User) -> bool {
        let is_user = |id: &Option<Box<str>>| id.as_deref() == Some(user.id.as_str());
        is_user(&self.user)
            || is_user(&self.owner)
            || self.space.as_deref().is_some_and(|space| user.spaces.iter().any(|own| own == space))
    }

    pub(super) fn pass(&self, filter: &Filter) -> bool {
        filter.matches(|attribute| {
            let answer = match attribute {
                Attribute::Id => &self.id,
                Attribute::SpaceId => &self.space,
                Attribute::TopLevelResourceId => &self.top_level_resource,
                Attribute::DataStatus => &self.status,
                // An attribute that is not known here has no value.
                _ => &None,
            };
            answer.as_deref().map(Into::into)
        })
    }
}
