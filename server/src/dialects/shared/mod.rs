//! What every dialect needs of a request, without a form of its own.

mod body;
pub mod document;
mod dto;
mod refusal;
mod words;

use core::ops::RangeInclusive;
use std::sync::Arc;

use axum::http::request::Parts;
use sigpost_core::json::{Kind, View};
use sigpost_core::signature::Secret;

pub use body::{
    BodyError, JsonError, MAX_BODY, canonical, limits, off_the_executor, parse, read, read_within,
};
pub use dto::{DtoError, Maybe, dto, present, shaped};
pub use refusal::{advise, status};
pub use words::told;

use crate::app::{DraftSecret, Error, Renew};
use crate::domain::{DialectId, Principal, UserId};

/// Who makes the request, or why that is not known. Put into every request by `http::authentication`, so that each
/// dialect can render the refusal in its own form.
#[derive(Clone, Debug)]
pub struct Caller(pub Result<Principal, Error>);

impl Caller {
    /// Takes the caller out of a request.
    ///
    /// # Errors
    /// Whatever authentication found wrong.
    pub fn of(parts: &Parts) -> Result<Principal, Error> {
        let Self(caller) =
            parts.extensions.get::<Self>().cloned().unwrap_or(Self(Err(Error::Unauthenticated)));
        caller
    }

    /// The dialect of the tenant, if there is one.
    #[must_use]
    pub fn dialect(&self) -> Option<DialectId> {
        self.0.as_ref().ok()?.tenant().map(|tenant| tenant.dialect)
    }
}

/// Asks once more whether the address may try a credential: one that comes in a body comes long after the head, and
/// meanwhile others may have failed.
#[derive(Clone)]
pub struct Admission(Arc<dyn Fn() -> Result<(), Error> + Send + Sync>);

impl Admission {
    /// Wraps what is asked.
    #[must_use]
    pub fn new(ask: impl Fn() -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Error::TooManyFailures`].
    pub fn check(parts: &Parts) -> Result<(), Error> {
        parts.extensions.get::<Self>().map_or(Ok(()), |admission| (admission.0)())
    }
}

/// Asks anew who holds the token of a request: one that stays open must not outlive it. Put into requests that do.
#[derive(Clone)]
pub struct Renewal(Renew);

impl Renewal {
    /// Wraps what is asked.
    #[must_use]
    pub fn new(ask: impl Fn() -> Result<Principal, Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Takes it out of a request. Without one the first answer is the last.
    #[must_use]
    pub fn of(parts: &Parts) -> Renew {
        let renewal = parts.extensions.get::<Self>().cloned();
        renewal.map_or_else(|| Arc::new(|| Err(Error::Unauthenticated)) as Renew, |Self(renew)| renew)
    }
}

/// Put into the extensions of an answer whose body goes on as long as the server runs, so that nobody waits for its end.
#[derive(Clone, Copy, Debug)]
pub struct Endless;

/// The longest secret in bytes.
const MAX_SECRET: usize = 1_024;

/// A new webhook's secret as given: `null` is none, nothing is what the dialect says.
///
/// # Errors
/// Says what a secret must be.
pub fn secret(given: Option<View<'_>>, absent: DraftSecret) -> Result<DraftSecret, String> {
    let Some(value) = given else { return Ok(absent) };
    if value.kind() == Kind::Null {
        return Ok(DraftSecret::None);
    }
    let text = value.as_str().ok_or("secret must be text, or null for none")?;
    let empty = "secret must not be empty; null makes a webhook without signatures";
    bounded_secret("secret", text.into_owned())?.map(DraftSecret::Given).ok_or_else(|| empty.into())
}

/// Whoever is named as a webhook's owner. A text that can be nobody's id is refused as one that nobody has.
///
/// # Errors
/// [`Error::Invalid`] of `owner`.
pub fn owner(id: &str) -> Result<UserId, Error> {
    UserId::new(id).ok_or_else(|| Error::invalid("owner", "owner is no user of this tenant"))
}

/// A secret as a dialect that calls it `name` was given it; nothing, if the text is empty.
///
/// # Errors
/// Says how long it may be.
pub fn bounded_secret(name: &str, text: String) -> Result<Option<Secret>, String> {
    if text.len() > MAX_SECRET {
        return Err(format!("{name} must not be longer than {MAX_SECRET} bytes"));
    }
    Ok(Secret::new(text.into_bytes()).ok())
}

/// A whole number in a query, in decimal digits and nothing else.
#[must_use]
pub fn whole_number(text: &str, within: RangeInclusive<u64>) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && within.contains(number))
}

/// Hands out each parameter of a query, name and value, to `take`, which says whether it knows the name. A name that it
/// does not know, or that comes twice, is told to `wrong`.
///
/// # Errors
/// The first that `take` finds or `wrong` makes.
pub fn each_parameter<E>(
    query: &str,
    wrong: impl Fn(String) -> E,
    mut take: impl FnMut(&str, &str) -> Result<bool, E>,
) -> Result<(), E> {
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let told: String = name.chars().take(100).collect();
        if seen.iter().any(|seen| *seen == name) {
            return Err(wrong(format!("query parameter {told} is given twice")));
        }
        if !take(&name, &value)? {
            return Err(wrong(format!("query parameter {told:?} is not known")));
        }
        seen.push(name.into_owned());
    }
    Ok(())
}
