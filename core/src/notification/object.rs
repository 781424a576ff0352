//! Writing JSON objects in canonical form, member by member.

use alloc::vec::Vec;

use super::cloudevents::Value;
use crate::json::{self, Canonical, View};

/// An object that is being written. Keys come once, values are canonical already.
pub(super) struct Object {
    out: Vec<u8>,
    /// Where each member begins, and the array index that its key is: JavaScript lists those first.
    members: Vec<(Option<u32>, usize)>,
}

impl Object {
    pub(super) fn open() -> Self {
        Self { out: Vec::from(b"{"), members: Vec::new() }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        json::write_string(&mut self.out, value);
        self
    }

    /// A value that is canonical JSON.
    pub(super) fn raw(&mut self, key: &str, value: &[u8]) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(value);
        self
    }

    pub(super) fn value(&mut self, key: &str, value: &Value) -> &mut Self {
        match value {
            Value::Text(text) => self.text(key, text),
            Value::Boolean(_) | Value::Integer(_) => self.raw(key, value.to_text().as_bytes()),
        }
    }

    /// The members of an object that are not among the known ones, in their order.
    pub(super) fn others(&mut self, of: View<'_>, known: &[&str]) -> &mut Self {
        let others = of.members().into_iter().flatten();
        for (key, value) in others.filter(|(key, _)| !known.iter().any(|name| key.matches(name))) {
            // What is an index has no escapes, so its digits stand between its quotes.
            let index = json::array_index(key.raw().trim_matches('"').as_bytes());
            self.canonical_key(index, |out| out.extend_from_slice(key.raw().as_bytes()));
            self.out.extend_from_slice(value.raw().as_bytes());
        }
        self
    }

    /// `data`, the last of the known members in every envelope; `null` when there is none.
    pub(super) fn data(&mut self, data: Option<&Canonical>) -> &mut Self {
        self.raw("data", data.map_or(b"null", Canonical::as_bytes))
    }

    pub(super) fn close(mut self) -> Vec<u8> {
        if self.members.iter().any(|(index, _)| index.is_some()) {
            self.put_indices_first();
        }
        self.out.push(b'}');
        self.out
    }

    fn key(&mut self, key: &str) {
        self.canonical_key(json::array_index(key.as_bytes()), |out| json::write_string(out, key));
    }

    fn canonical_key(&mut self, index: Option<u32>, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        self.members.push((index, self.out.len()));
        write(&mut self.out);
        self.out.push(b':');
    }

    fn put_indices_first(&mut self) {
        let ends = self.members[1..].iter().map(|(_, next)| next - 1).chain([self.out.len()]);
        let mut members: Vec<_> =
            self.members.iter().zip(ends).map(|(&(index, start), end)| (index, start..end)).collect();
        // A stable order by index, names behind them.
        members.sort_by_key(|(index, _)| (index.is_none(), *index));
        let mut ordered = Vec::with_capacity(self.out.len() + 1);
        for (place, (_, range)) in members.into_iter().enumerate() {
            ordered.push(if place == 0 { b'{' } else { b',' });
            ordered.extend_from_slice(&self.out[range]);
        }
        self.out = ordered;
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    #[test]
    fn what_is_written_is_canonical_whatever_the_keys_are() {
        let keys = ["b", "10", "9", "a", "01", "4294967295", "4294967294", "0", "+1", "1.0", "\"é\""];
        for count in 0..=keys.len() {
            let mut object = Object::open();
            for key in &keys[..count] {
                object.text(key, key).raw(&(String::from("x") + key), br#"{"n":[1,"}"]}"#);
            }
            let written = object.close();
            assert_eq!(*json::canonicalize(&written).unwrap(), written[..]);
        }
    }
}
