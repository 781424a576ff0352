//! `GET …/webhooks`: which webhooks, in which order, which of them.

use core::cmp::Ordering;

use super::error::Refusal;
use super::links::{self, Page, Paging, bad};
use super::{convert, dto};
use crate::app::Error;
use crate::domain::profile::qlik::{Level, Origin, Qlik};
use crate::domain::{SortOrder, Webhook, WebhookState};

/// Which webhooks are wanted.
#[derive(Debug)]
pub(super) struct ListRequest {
    filter: Filter,
    sort: Sort,
    page: Page<Place>,
    paging: Paging,
}

/// What a webhook must be; what is `None` may be anything.
#[derive(Debug, Default)]
struct Filter {
    created_by: Option<String>,
    updated_by: Option<String>,
    owner: Option<String>,
    enabled: Option<bool>,
    event_types: Option<Vec<String>>,
    level: Option<Level>,
    name: Option<Pattern>,
    url: Option<Pattern>,
    origins: Option<Vec<Origin>>,
}

#[derive(Clone, Copy, Debug)]
struct Sort {
    field: Field,
    order: SortOrder,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Name,
    Url,
    CreatedAt,
    UpdatedAt,
}

/// Where a webhook stands in an order: what it is sorted by, and what nobody else has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    key: Key,
    number: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Microsecond(i64),
    Text(String),
}

const SORTS: &str = "name, url, createdAt or updatedAt, with + or - before it";

impl ListRequest {
    /// Reads a query. What is not known or out of range is refused by name.
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let mut filter = Filter::default();
        let mut sort = Sort { field: Field::CreatedAt, order: SortOrder::Descending };
        let paging = Paging::read(query, |name, value| {
            if name == "sort" {
                sort = Sort::parse(value).ok_or_else(|| bad(name, SORTS))?;
                return Ok(true);
            }
            filter.take(name, value)
        })?;
        Ok(Self { filter, sort, page: paging.page(|cursor| sort.read(cursor))?, paging })
    }

    /// The page that is wanted of all webhooks; `root` is where they are.
    pub(super) fn of<W: AsRef<Webhook>>(
        &self,
        webhooks: &[W],
        root: &str,
    ) -> Result<dto::WebhookList, Error> {
        let Self { filter, sort, page, paging } = self;
        let mut found = Vec::new();
        for webhook in webhooks.iter().map(AsRef::as_ref) {
            let profile = convert::own(webhook)?;
            if filter.passes(webhook, profile) {
                found.push((sort.place(webhook, profile), webhook));
            }
        }
        found.sort_by(|(one, _), (other, _)| sort.compare(one, other));
        let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
        let (start, end) = match page {
            Page::First => (0, limit),
            Page::After(place) => {
                let start = found.partition_point(|(one, _)| sort.compare(one, place).is_le());
                (start, start.saturating_add(limit))
            }
            Page::Before(place) => {
                let end = found.partition_point(|(one, _)| sort.compare(one, place).is_lt());
                (end.saturating_sub(limit), end)
            }
        };
        let (start, end) = (start.min(found.len()), end.min(found.len()));
        let shown = &found[start..end];
        // An empty page has no webhook to begin or end with: it lies just behind, or before, what was asked for.
        let (first, last) = match (shown, page) {
            ([(first, _), .., (last, _)] | [(first @ last, _)], _) => {
                (Some(first.clone()), Some(last.clone()))
            }
            ([], Page::First) => (None, None),
            ([], Page::After(place)) => (Some(sort.beside(place, SortOrder::Ascending)), None),
            ([], Page::Before(place)) => (None, Some(sort.beside(place, SortOrder::Descending))),
        };
        let prev = first.filter(|_| start > 0).map(|place| sort.write(&place));
        let next = last.filter(|_| end < found.len()).map(|place| sort.write(&place));
        Ok(dto::WebhookList {
            data: shown.iter().map(|(_, webhook)| convert::webhook(webhook)).collect::<Result<_, _>>()?,
            links: paging.links(root, next.as_deref(), prev.as_deref()),
        })
    }
}

impl Filter {
    /// Takes a parameter, if it is one.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        let text = || Some(value.to_owned());
        match name {
            "createdByUserId" => self.created_by = text(),
            "updatedByUserId" => self.updated_by = text(),
            "ownerId" => self.owner = text(),
            "enabled" => {
                let enabled = value.parse().map_err(|_| bad(name, "true or false"))?;
                self.enabled = Some(enabled);
            }
            "eventTypes" | "eventType" => {
                if self.event_types.is_some() {
                    return Err(Refusal::bad_request(
                        "query parameter eventType is eventTypes, given already",
                    ));
                }
                let mut types: Vec<_> =
                    value.split(',').take(MAX_TYPES + 1).map(|name| name.trim().to_owned()).collect();
                if types.iter().any(String::is_empty) || types.len() > MAX_TYPES {
                    return Err(bad(name, "1 to 200 event types, separated by commas"));
                }
                types.sort_unstable();
                types.dedup();
                self.event_types = Some(types);
            }
            "level" => {
                self.level = Some(Level::parse(value).ok_or_else(|| bad(name, "user or tenant"))?);
            }
            "name" => self.name = Some(Pattern::read(name, value)?),
            "url" => self.url = Some(Pattern::read(name, value)?),
            "origins" => {
                let origins = value.split(',').map(|name| Origin::parse(name.trim()));
                let origins = origins.collect::<Option<Vec<_>>>().ok_or_else(|| {
                    bad(name, "some of api, automations and management-console, separated by commas")
                })?;
                self.origins = Some(origins);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn passes(&self, webhook: &Webhook, profile: &Qlik) -> bool {
        let Self { created_by, updated_by, owner, enabled, event_types, level, name, url, origins } = self;
        let is = |wanted: &Option<String>, user: &str| wanted.as_ref().is_none_or(|wanted| wanted == user);
        let subscribed = |wanted: &String| webhook.profile.subscribes_to(wanted);
        is(created_by, webhook.created_by.as_str())
            && is(updated_by, webhook.updated_by.as_str())
            && owner.as_ref().is_none_or(|owner| {
                profile.level() == Level::User && owner.as_str() == webhook.owner.as_str()
            })
            && enabled.is_none_or(|enabled| enabled == (webhook.state == WebhookState::Enabled))
            && event_types.as_ref().is_none_or(|types| types.iter().any(subscribed))
            && level.is_none_or(|level| level == profile.level())
            && name.as_ref().is_none_or(|pattern| pattern.matches(profile.name()))
            && url.as_ref().is_none_or(|pattern| pattern.matches(webhook.endpoint.as_given()))
            && origins.as_ref().is_none_or(|origins| origins.contains(&profile.origin()))
    }
}

impl Sort {
    fn parse(value: &str) -> Option<Self> {
        let (order, member) = links::sort(value);
        let field = match member {
            "name" => Field::Name,
            "url" => Field::Url,
            "createdAt" => Field::CreatedAt,
            "updatedAt" => Field::UpdatedAt,
            _ => return None,
        };
        Some(Self { field, order })
    }

    /// What tells its cursors from those of other orders.
    const fn letter(self) -> u8 {
        let letter = match self.field {
            Field::Name => b'n',
            Field::Url => b'u',
            Field::CreatedAt => b'c',
            Field::UpdatedAt => b'm',
        };
        match self.order {
            SortOrder::Ascending => letter,
            SortOrder::Descending => letter.to_ascii_uppercase(),
        }
    }

    fn place(self, webhook: &Webhook, profile: &Qlik) -> Place {
        let key = match self.field {
            Field::Name => Key::Text(profile.name().to_owned()),
            Field::Url => Key::Text(webhook.endpoint.as_given().to_owned()),
            Field::CreatedAt => Key::Microsecond(webhook.created_at.as_microsecond()),
            Field::UpdatedAt => Key::Microsecond(webhook.updated_at.as_microsecond()),
        };
        Place { key, number: webhook.number.get() }
    }

    fn compare(self, one: &Place, other: &Place) -> Ordering {
        match self.order {
            SortOrder::Ascending => one.cmp(other),
            SortOrder::Descending => other.cmp(one),
        }
    }

    /// The place next to one, behind it (ascending) or before it in this order.
    fn beside(self, place: &Place, towards: SortOrder) -> Place {
        let step = if self.order == towards { 1 } else { -1 };
        Place { key: place.key.clone(), number: place.number.saturating_add(step) }
    }

    fn write(self, place: &Place) -> String {
        match &place.key {
            Key::Microsecond(time) => links::cursor(self.letter(), place.number, &time.to_be_bytes()),
            Key::Text(text) => links::cursor(self.letter(), place.number, text.as_bytes()),
        }
    }

    fn read(self, cursor: &str) -> Option<Place> {
        let (number, key) = links::read_cursor(cursor, self.letter())?;
        let key = match self.field {
            Field::Name | Field::Url => Key::Text(String::from_utf8(key).ok()?),
            Field::CreatedAt | Field::UpdatedAt => Key::Microsecond(i64::from_be_bytes(key.try_into().ok()?)),
        };
        Some(Place { key, number })
    }
}

/// The most event types that are looked for at once: as many as one webhook names.
const MAX_TYPES: usize = 200;

/// The longest pattern in characters: as long as the longest text that is looked at.
const MAX_PATTERN: usize = 2_048;

/// A text in which `*` stands for anything, in any case.
#[derive(Debug)]
struct Pattern {
    /// What stands between the stars, in lower case; at least one.
    pieces: Vec<String>,
}

impl Pattern {
    fn read(parameter: &str, text: &str) -> Result<Self, Refusal> {
        if text.chars().count() > MAX_PATTERN {
            return Err(bad(parameter, "a text of at most 2048 characters"));
        }
        Ok(Self::new(text))
    }

    fn new(text: &str) -> Self {
        let mut pieces: Vec<String> = text.to_lowercase().split('*').map(Into::into).collect();
        // Two stars in a row say what one does.
        let (mut at, last) = (0, pieces.len() - 1);
        pieces.retain(|piece| {
            let kept = at == 0 || at == last || !piece.is_empty();
            at += 1;
            kept
        });
        Self { pieces }
    }

    fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let (first, middle, last) = match self.pieces.as_slice() {
            [] => return false,
            [whole] => return text == *whole,
            [first, middle @ .., last] => (first, middle, last),
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
            rest = behind;
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_case_for_nothing() {
        for (pattern, text, expected) in [
            ("Hook", "hOOK", true),
            ("hook", "hooks", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "Abc", true),
            ("*c", "abC", true),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "aXbXbXc", true),
            ("a***b**c", "aXbXc", true),
            ("**", "", true),
            ("**a", "ba", true),
            ("a**", "ab", true),
            ("a*b*c", "acb", false),
            ("ab*bc", "abc", false),
            ("**", "x", true),
            ("*É", "caf\u{e9}", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_place_is_written_for_one_order_and_the_one_beside_it_lies_next_to_it() {
        let sorts = ["name", "-name", "url", "-url", "createdAt", "-createdAt", "updatedAt", "-updatedAt"];
        let sorts = sorts.map(|sort| Sort::parse(sort).unwrap());
        for (index, sort) in sorts.iter().enumerate() {
            let key = if index < 4 { Key::Text("k\u{e9}".into()) } else { Key::Microsecond(-3) };
            let place = Place { key, number: 7 };
            let cursor = sort.write(&place);
            for (other, order) in sorts.iter().enumerate() {
                let read = order.read(&cursor);
                assert_eq!(read, (other == index).then(|| place.clone()), "{sort:?} {order:?}");
            }
            assert_eq!(sort.compare(&place, &sort.beside(&place, SortOrder::Ascending)), Ordering::Less);
            assert_eq!(sort.compare(&place, &sort.beside(&place, SortOrder::Descending)), Ordering::Greater);
        }
        assert!(
            Sort::parse("++name").is_none() && Sort::parse("Name").is_none() && Sort::parse("").is_none()
        );
    }
}
