//! Pages of lists: how they are asked for, and where their neighbours are.
//!
//! A cursor is a place in an order, not an element: it stays where it is when elements come and go. Clients take it for
//! opaque.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::form_urlencoded::Serializer;

use super::dto;
use super::error::Refusal;
use crate::dialects::shared;
use crate::domain::SortOrder;

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page<P> {
    First,
    After(P),
    Before(P),
}

/// The parameters that all lists have.
#[derive(Debug)]
pub(super) struct Paging {
    /// All parameters as they were given: links carry them on.
    given: Vec<(String, String)>,
    limit: u32,
    next: Option<String>,
    prev: Option<String>,
}

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u64 = 100;

impl Paging {
    /// Reads a query. `take` is handed what is not of all lists, and says whether it knows it.
    pub(super) fn read(
        query: &str,
        mut take: impl FnMut(&str, &str) -> Result<bool, Refusal>,
    ) -> Result<Self, Refusal> {
        let mut paging = Self { given: Vec::new(), limit: DEFAULT_LIMIT, next: None, prev: None };
        shared::each_parameter(query, Refusal::bad_request, |name, value| {
            match name {
                "limit" => {
                    let limit = shared::whole_number(value, 1..=MAX_LIMIT);
                    let limit = limit.and_then(|limit| u32::try_from(limit).ok());
                    paging.limit = limit.ok_or_else(|| bad(name, "a number from 1 to 100"))?;
                }
                "next" => paging.next = Some(value.to_owned()),
                "prev" => paging.prev = Some(value.to_owned()),
                _ if take(name, value)? => {}
                _ => return Ok(false),
            }
            // A bare `+` has come as a space.
            let value = match value.strip_prefix(' ') {
                Some(field) if name == "sort" => format!("+{field}"),
                _ => value.to_owned(),
            };
            paging.given.push((name.to_owned(), value));
            Ok(true)
        })?;
        Ok(paging)
    }

    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }

    /// The page that is wanted; `place` reads a cursor of the order that is asked for.
    pub(super) fn page<P>(&self, place: impl Fn(&str) -> Option<P>) -> Result<Page<P>, Refusal> {
        let read = |name, text: &str| {
            place(text)
                .ok_or_else(|| bad(name, "what a link of an earlier page has, with the same sort as there"))
        };
        match (&self.next, &self.prev) {
            (None, None) => Ok(Page::First),
            (Some(next), None) => read("next", next).map(Page::After),
            (None, Some(prev)) => read("prev", prev).map(Page::Before),
            (Some(_), Some(_)) => {
                Err(Refusal::bad_request("query parameters next and prev exclude each other"))
            }
        }
    }

    /// The links of a page below `root`; of its neighbours by their cursors, if they are there.
    pub(super) fn links(&self, root: &str, next: Option<&str>, prev: Option<&str>) -> dto::Links {
        let others = || self.given.iter().filter(|(name, _)| name != "next" && name != "prev");
        let href = |pairs: Vec<(&str, &str)>| {
            let query = Serializer::new(String::new()).extend_pairs(&pairs).finish();
            dto::Link { href: if query.is_empty() { root.to_owned() } else { format!("{root}?{query}") } }
        };
        let pair = |(name, value): &'_ (String, String)| (name.clone(), value.clone());
        let neighbour = |name: &str, cursor: &str| {
            let kept: Vec<_> = others().map(pair).collect();
            let kept = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            href(kept.chain([(name, cursor)]).collect())
        };
        dto::Links {
            next: next.map(|cursor| neighbour("next", cursor)),
            prev: prev.map(|cursor| neighbour("prev", cursor)),
            this: href(self.given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
        }
    }
}

/// A query parameter that is not what it must be.
pub(super) fn bad(name: &str, expected: &str) -> Refusal {
    Refusal::bad_request(format_args!("query parameter {name} must be {expected}"))
}

/// The direction and the member of a `sort`.
pub(super) fn sort(value: &str) -> (SortOrder, &str) {
    match value.strip_prefix('-') {
        Some(member) => (SortOrder::Descending, member),
        // A bare `+` comes as a space.
        None => (SortOrder::Ascending, value.strip_prefix(['+', ' ']).unwrap_or(value)),
    }
}

/// Writes a place: the order it is one of, a number that nothing else in the list has, and what it is sorted by.
pub(super) fn cursor(order: u8, number: i64, key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([&[order], &number.to_be_bytes()[..], key].concat())
}

/// Reads a place of this order: its number and its key.
pub(super) fn read_cursor(text: &str, order: u8) -> Option<(i64, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (given, rest) = bytes.split_first()?;
    let (number, key) = rest.split_first_chunk()?;
    (*given == order).then(|| (i64::from_be_bytes(*number), key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_order_only() {
        let text = cursor(b'n', 7, "Zoë".as_bytes());
        assert_eq!(read_cursor(&text, b'n'), Some((7, "Zoë".as_bytes().to_vec())));
        assert_eq!(read_cursor(&text, b'N'), None);
        let cut = &text[..8];
        let (padded, longer) = (format!("{text}="), format!("{text}!"));
        for bad in ["", "n", "bg", cut, &padded, &longer, "\u{e9}"] {
            assert_eq!(read_cursor(bad, b'n'), None, "{bad}");
        }
    }

    #[test]
    fn links_carry_every_parameter_on_but_the_other_cursor() {
        let query = "name=a%20b*&sort=+name&limit=2&next=abc&ownerId=%26";
        let paging = Paging::read(query, |_, _| Ok(true)).unwrap();
        let dto::Links { next, prev, this } = paging.links("https://x.test/w", Some("n"), Some("p"));
        let kept = "https://x.test/w?name=a+b*&sort=%2Bname&limit=2";
        assert_eq!(this.href, format!("{kept}&next=abc&ownerId=%26"));
        assert_eq!(next.unwrap().href, format!("{kept}&ownerId=%26&next=n"));
        assert_eq!(prev.unwrap().href, format!("{kept}&ownerId=%26&prev=p"));
        let bare = Paging::read("", |_, _| Ok(false)).unwrap().links("https://x.test/w", None, None);
        assert_eq!((bare.this.href.as_str(), bare.next.is_none()), ("https://x.test/w", true));
    }
}
