//! Lists in pages: a bound, and a cursor that stands for the place behind an item, which may be gone by then.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::IntoParams;

use super::error::Problem;
use super::query;
use crate::dialects::shared;
use crate::domain::PublicId;

/// The query of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `Paging::read` reads")]
pub(super) struct Params {
    /// How many items a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The query of the audit log.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `audit::request` reads")]
pub(super) struct LogParams {
    /// How many entries a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Only entries of this time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only entries before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Only what the user of this id, or the operator of this name, has done.
    actor: Option<String>,
    /// Only this operation.
    #[param(example = "webhook.create")]
    operation: Option<String>,
}

/// What a list is ordered by.
pub(super) trait Key: Sized {
    fn to_bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: Vec<u8>) -> Option<Self>;
}

impl Key for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        Self::from_utf8(bytes).ok()
    }
}

impl Key for PublicId {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

/// A place in a log, or a number.
impl Key for i64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// What a page is asked for by.
pub(super) struct Paging<K> {
    /// Only what is behind this.
    pub after: Option<K>,
    /// The most a page holds.
    pub limit: u32,
}

impl<K: Key> Paging<K> {
    /// The query of a list that has no other parameters. What is not known or out of range is refused by name.
    pub(super) fn read(text: Option<&str>) -> Result<Self, Problem> {
        Self::read_with(text, |_, _| Ok(false))
    }

    /// The query of a list; `more` takes its other parameters and says whether it knows the name.
    pub(super) fn read_with(
        text: Option<&str>,
        mut more: impl FnMut(&str, &str) -> Result<bool, Problem>,
    ) -> Result<Self, Problem> {
        let mut paging = Self { after: None, limit: query::DEFAULT_LIMIT };
        shared::each_parameter(text.unwrap_or_default(), query::bad, |name, value| match name {
            "limit" => {
                paging.limit = query::limit(value)?;
                Ok(true)
            }
            "cursor" => {
                let after = URL_SAFE_NO_PAD.decode(value).ok().and_then(K::from_bytes);
                let after = after.ok_or_else(|| query::bad("cursor must be the `next` of an earlier page"));
                paging.after = Some(after?);
                Ok(true)
            }
            _ => more(name, value),
        })?;
        Ok(paging)
    }
}

impl<K: Key + Ord> Paging<K> {
    /// The items of the page, of all in the order of their keys, and the cursor of the next page if there is one.
    pub(super) fn cut<T>(self, mut all: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, Option<String>) {
        let Self { after, limit } = self;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        all.retain(|item| after.as_ref().is_none_or(|after| key(item) > *after));
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(|last| cursor(&key(last)));
        (all, next)
    }
}

/// Stands for the place behind this.
pub(super) fn cursor(key: &impl Key) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec()
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
        loop {
            let paging = Paging::<String>::read(Some(&query)).unwrap();
            let (page, next) = paging.cut(names(), Clone::clone);
            assert!(page.len() <= 2);
            seen.extend(page);
            let Some(next) = next else { break };
            query = format!("limit=2&cursor={next}");
        }
        assert_eq!(seen, names());
    }

    #[test]
    fn a_cursor_works_when_its_item_is_gone() {
        let query = format!("cursor={}", cursor(&"bb".to_owned()));
        let (page, next) = Paging::<String>::read(Some(&query)).unwrap().cut(names(), Clone::clone);
        assert_eq!((page, next), (vec!["c".to_owned(), "d".to_owned(), "e".to_owned()], None));
    }

    #[test]
    fn what_is_out_of_range_or_unknown_is_refused() {
        for bad in ["limit=0", "limit=101", "limit=x", "cursor=%2B", "cursor=AA", "page=2", "limit=1&limit=2"]
        {
            assert!(Paging::<PublicId>::read(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(Paging::<i64>::read(None).map(|paging| paging.limit).ok(), Some(20));
    }
}
