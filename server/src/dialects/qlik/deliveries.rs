//! `GET …/webhooks/{id}/deliveries`: which deliveries, in which order, which of them.

use super::error::Refusal;
use super::links::{self, Page, Paging, bad};
use super::{convert, dto};
use crate::app::{DeliveriesRequest, Error, WebhookName, cursor};
use crate::domain::{Cursor, HistoryOrder, HistoryPage, Number, Position, SortField, SortOrder, Tenant};

/// Which deliveries are wanted.
#[derive(Debug)]
pub(super) struct DeliveriesQuery {
    event_type: Option<String>,
    success: Option<bool>,
    order: HistoryOrder,
    page: Page<Cursor>,
    paging: Paging,
}

impl DeliveriesQuery {
    /// Reads a query. What is not known or out of range is refused by name.
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let (mut event_type, mut success) = (None, None);
        let mut order = HistoryOrder { field: SortField::Id, order: SortOrder::Descending };
        let paging = Paging::read(query, |name, value| {
            match name {
                "eventType" => event_type = Some(value.to_owned()),
                "status" => {
                    success = Some(match value {
                        "success" => true,
                        "fail" => false,
                        _ => return Err(bad(name, "success or fail")),
                    });
                }
                "sort" => {
                    order = sort(value)
                        .ok_or_else(|| bad(name, "status or triggeredAt, with + or - before it"))?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let page = paging.page(|cursor| read(cursor, order))?;
        Ok(Self { event_type, success, order, page, paging })
    }

    pub(super) fn request(&self, webhook: WebhookName) -> DeliveriesRequest {
        let Self { event_type, success, order, page, paging } = self;
        DeliveriesRequest {
            webhook: Some(webhook),
            event_type: event_type.clone(),
            success: *success,
            state: None,
            cause: None,
            since: None,
            until: None,
            order: *order,
            position: match page {
                Page::First => Position::After(None),
                Page::After(cursor) => Position::After(Some(*cursor)),
                Page::Before(cursor) => Position::Before(*cursor),
            },
            limit: paging.limit(),
        }
    }

    /// The page as it is answered; `root` is where the deliveries are.
    pub(super) fn answer(
        &self,
        found: HistoryPage,
        tenant: &Tenant,
        root: &str,
    ) -> Result<dto::DeliveryList, Error> {
        let HistoryPage { total: _, records, more } = found;
        let (first, last) = (records.first().map(cursor), records.last().map(cursor));
        // Where the page was come from there was something.
        let (prev, next) = match &self.page {
            Page::First => (None, last.filter(|_| more)),
            Page::After(place) => (
                Some(first.unwrap_or_else(|| self.beside(*place, SortOrder::Ascending))),
                last.filter(|_| more),
            ),
            Page::Before(place) => (
                first.filter(|_| more),
                Some(last.unwrap_or_else(|| self.beside(*place, SortOrder::Descending))),
            ),
        };
        let write = |cursor: Cursor| {
            let key = [u8::from(cursor.success)];
            links::cursor(letter(self.order), cursor.number.get(), &key)
        };
        let (next, prev) = (next.map(write), prev.map(write));
        Ok(dto::DeliveryList {
            data: records.iter().map(|record| convert::delivery(record, tenant)).collect::<Result<_, _>>()?,
            links: self.paging.links(root, next.as_deref(), prev.as_deref()),
        })
    }

    /// The place next to one, behind it (ascending) or before it in the order: an empty page has no delivery to begin or
    /// end with. Before the first number there is none; then it is the place itself.
    fn beside(&self, place: Cursor, towards: SortOrder) -> Cursor {
        let step = if self.order.order == towards { 1 } else { -1 };
        let number = Number::new(place.number.get().saturating_add(step)).unwrap_or(place.number);
        Cursor { number, ..place }
    }
}

fn sort(value: &str) -> Option<HistoryOrder> {
    let (order, member) = links::sort(value);
    let field = match member {
        "status" => SortField::Success,
        // Deliveries are numbered as they are made.
        "triggeredAt" => SortField::Id,
        _ => return None,
    };
    Some(HistoryOrder { field, order })
}

/// What tells the cursors of an order from those of others.
const fn letter(order: HistoryOrder) -> u8 {
    let letter = if matches!(order.field, SortField::Success) { b's' } else { b't' };
    match order.order {
        SortOrder::Ascending => letter,
        SortOrder::Descending => letter.to_ascii_uppercase(),
    }
}

fn read(text: &str, order: HistoryOrder) -> Option<Cursor> {
    let (number, key) = links::read_cursor(text, letter(order))?;
    let success = match key.as_slice() {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    Some(Cursor { success, number: Number::new(number)? })
}
