//! From a body to a DTO: what a dialect's types say is both what is taken and what its document shows.
//!
//! A DTO derives `Deserialize` with `deny_unknown_fields`. It is read from the canonical form of the body, so a member
//! named twice is refused before it is looked at, and numbers are the doubles that everybody else reads. Unlike most
//! readers this one takes no array for a struct. Of tagged and flattened types it cannot tell which member is wrong: read
//! the tag by hand instead.

use core::fmt;

use axum::body::Body;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer, de, forward_to_deserialize_any};
use sigpost_core::json::{Elements, Kind, Members, View};

use super::body::{BodyError, JsonError, off_the_executor, parse, read};

/// Why a body is not the DTO that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DtoError {
    /// It could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It is no JSON, or none that is taken.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It has another shape.
    #[error("{path} {message}")]
    Shape {
        /// Which member, as `events[1].name`, or `the body`.
        path: String,
        /// What is wrong with it. It never repeats a value that was given: that may be a secret.
        message: String,
    },
}

/// Reads a body as JSON of a certain shape.
///
/// # Errors
/// [`DtoError`] names the member that is wrong.
pub async fn dto<T: DeserializeOwned + Send + 'static>(body: Body) -> Result<T, DtoError> {
    let canonical = parse(read(body).await?).await?;
    off_the_executor(canonical.as_bytes().len(), move || shaped(canonical.view())).await
}

/// Reads JSON that was parsed already as JSON of a certain shape.
///
/// # Errors
/// [`DtoError::Shape`].
pub fn shaped<'de, T: Deserialize<'de>>(json: View<'de>) -> Result<T, DtoError> {
    T::deserialize(Reader(json)).map_err(|Wrong { path, message }| {
        let path = if path.is_empty() { "the body".to_owned() } else { shortened(&path) };
        DtoError::Shape { path, message }
    })
}

/// Names come from the client, in any length.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

/// What is wrong, and where: the path grows from the inside.
#[derive(Debug)]
struct Wrong {
    path: String,
    message: String,
}

impl Wrong {
    fn here(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    fn below(mut self, parent: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.message)
    }
}

impl core::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::here(shortened(&message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(format!("must be {}", in_our_words(&expected.to_string())))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(format!("must be {}", in_our_words(&expected.to_string())))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(format!("must be {}", choice(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::here(format!("is not known; known are {}", expected.join(", "))).below(&shortened(field))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here("is required").below(field)
    }
}

fn choice(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Serde names the types of Rust; clients know those of JSON.
fn in_our_words(expected: &str) -> String {
    let integer =
        |min: &dyn fmt::Display, max: &dyn fmt::Display| format!("a whole number from {min} to {max}");
    match expected {
        "a string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "u8" => integer(&u8::MIN, &u8::MAX),
        "u16" => integer(&u16::MIN, &u16::MAX),
        "u32" => integer(&u32::MIN, &u32::MAX),
        "i32" => integer(&i32::MIN, &i32::MAX),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i64" => "a whole number".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.to_owned(),
    }
}

/// Hands the values of a view to serde.
struct Reader<'de>(View<'de>);

impl<'de> Reader<'de> {
    fn members(&self, expected: &dyn Expected) -> Result<Inside<'de>, Wrong> {
        let members = self.0.members();
        members.map(Inside::new).ok_or_else(|| de::Error::invalid_type(de::Unexpected::Unit, expected))
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(self.0.as_bool() == Some(true)),
            Kind::Number => match (self.0.as_i64(), self.0.raw().parse()) {
                (Some(number), _) => visitor.visit_i64(number),
                (None, Ok(number)) => visitor.visit_u64(number),
                (None, Err(_)) => visitor.visit_f64(self.0.as_f64().unwrap_or_default()),
            },
            Kind::String => match self.0.as_str() {
                Some(std::borrow::Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
                Some(std::borrow::Cow::Owned(text)) => visitor.visit_string(text),
                None => Err(Wrong::here("must be well-formed Unicode text")),
            },
            Kind::Array => self.deserialize_seq(visitor),
            Kind::Object => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.kind() == Kind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.elements() {
            Some(elements) => visitor.visit_seq(Items { elements, index: 0 }),
            None => Err(Wrong::here("must be an array")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(self.members(&"a map")?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        // No more than names: what serde takes besides, an object with the name as its member, no document tells of.
        match self.0.as_str() {
            Some(name) => visitor.visit_enum(name.into_deserializer()),
            None => Err(Wrong::here(format!("must be {}", choice(variants)))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

/// The members of an object.
struct Inside<'de> {
    members: Members<'de>,
    /// The one whose name was handed out last.
    current: Option<(String, View<'de>)>,
}

impl<'de> Inside<'de> {
    const fn new(members: Members<'de>) -> Self {
        Self { members, current: None }
    }
}

impl<'de> MapAccess<'de> for Inside<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, value)) = self.members.next() else { return Ok(None) };
        let name = key.to_text().map_err(|_| Wrong::here("has a member whose name is no text"))?;
        self.current = Some((name.clone().into_owned(), value));
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        // Serde asks for a value only behind its name.
        let (name, value) = self.current.take().ok_or_else(|| Wrong::here("cannot be read"))?;
        seed.deserialize(Reader(value)).map_err(|wrong| wrong.below(&shortened(&name)))
    }
}

/// The elements of an array.
struct Items<'de> {
    elements: Elements<'de>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(element) = self.elements.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(element)).map(Some).map_err(|wrong| wrong.below(&format!("[{index}]")))
    }
}

/// A member that may be absent, `null` or a value, where these are three different wishes: leave it, clear it, set it.
/// Its field says `#[serde(default)]`, and `#[schema(value_type = Option<T>)]` for the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maybe<T> {
    /// The member is not there.
    #[default]
    Absent,
    /// It is `null`.
    Null,
    /// It has a value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Reads a member that may be absent but not `null`: to some that is a value, to others none. Its field says
/// `#[serde(default, deserialize_with = "present")]`, and `#[schema(nullable = false)]` for the document.
///
/// # Errors
/// Those of its type.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, utoipa::ToSchema)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Hook {
        url: String,
        #[serde(default)]
        verify_tls: bool,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        secret: Maybe<String>,
        #[serde(default)]
        headers: Vec<Header>,
        #[serde(default)]
        level: Level,
        #[serde(default)]
        weight: Option<u8>,
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        note: Option<String>,
    }

    #[derive(Debug, Deserialize, PartialEq, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Header {
        name: String,
    }

    #[derive(Debug, Default, Deserialize, PartialEq, utoipa::ToSchema)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        #[default]
        Tenant,
        User,
    }

    async fn read_hook(text: &str) -> Result<Hook, String> {
        dto(Body::from(text.to_owned())).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn absent_null_and_a_value_are_three_things() {
        for (text, expected) in [
            (r#"{"url":"u"}"#, Maybe::Absent),
            (r#"{"url":"u","secret":null}"#, Maybe::Null),
            (r#"{"url":"u","secret":""}"#, Maybe::Value(String::new())),
        ] {
            assert_eq!(read_hook(text).await.unwrap().secret, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_by_the_name_of_the_member_and_never_repeats_what_was_given() {
        for (text, expected) in [
            (r#"{}"#, "url is required"),
            (r#"[]"#, "the body must be an object"),
            (r#"{"url":5}"#, "url must be text"),
            (r#"{"url":"u","verifyTls":"a secret, expected not"}"#, "verifyTls must be true or false"),
            (
                r#"{"url":"u","colour":"red"}"#,
                "colour is not known; known are url, verifyTls, secret, headers, level, weight, note",
            ),
            (r#"{"url":"u","headers":[{"name":"a"},{}]}"#, "headers[1].name is required"),
            (
                r#"{"url":"u","headers":[{"name":"a","of`x":1}]}"#,
                "headers[0].of`x is not known; known are name",
            ),
            (r#"{"url":"u","level":"space"}"#, "level must be \"tenant\" or \"user\""),
            (r#"{"url":"u","level":7}"#, "level must be \"tenant\" or \"user\""),
            (r#"{"url":"u","level":{"user":null}}"#, "level must be \"tenant\" or \"user\""),
            (r#"{"url":"u","note":null}"#, "note must be text"),
            (r#"{"url":"u","weight":256}"#, "weight must be a whole number from 0 to 255"),
            (r#"{"url":"u","weight":1.5}"#, "weight must be a whole number from 0 to 255"),
            (r#"{"url":"u","headers":{}}"#, "headers must be an array"),
            (r#"{"url":"u","headers":[["a"]]}"#, "headers[0] must be an object"),
            (r#"{"url":"u","\ud800":1}"#, "the body has a member whose name is no text"),
            (r#"{"url":"u","secret":7}"#, "secret must be text"),
            (r#"{"url":"\ud800"}"#, "url must be well-formed Unicode text"),
            (r#"{"url":"u","url":"v"}"#, "a key that repeats another of its object at offset 11"),
        ] {
            assert_eq!(read_hook(text).await.unwrap_err(), expected, "{text}");
        }
        let long = format!("{{\"url\":\"u\",\"{}\":1}}", "x".repeat(100_000));
        assert!(read_hook(&long).await.unwrap_err().len() < 400);
    }
}
