//! The head of a delivery's request: its headers, and what proves that it is genuine. One place for those who send it
//! and for those who show later what was sent.

use std::borrow::Cow;

use sigpost_core::signature::{KeyError, Scheme, SignError, SignInput, Signer};

use super::profile::CustomHeader;
use super::{MessageId, Settings, Timestamp, Webhook};

/// What a sender is called whose system has no name of its own for it.
pub const USER_AGENT: &str = concat!("sigpost/", env!("CARGO_PKG_VERSION"));

/// Names what every attempt of one message has in common.
pub const WEBHOOK_ID: &str = "webhook-id";

/// When an attempt was made, in seconds since 1970.
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";

/// A header's value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it was sent.
    Value(String),
    /// It is a secret, or cannot be told any more.
    Omitted,
}

/// What a version of a webhook sends, as history keeps it: no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Where to.
    pub url: String,
    /// The headers that are the same in every request of that version, in lower case.
    pub headers: Vec<(String, Shown)>,
    /// Whether its requests are signed.
    pub signed: bool,
}

impl Sent {
    /// What this version of a webhook sends.
    #[must_use]
    pub fn by(webhook: &Webhook) -> Self {
        let custom = webhook.profile.request_headers().map(|CustomHeader { name, value, encrypted }| {
            let shown = if encrypted { Shown::Omitted } else { Shown::Value(value.to_owned()) };
            (name.to_ascii_lowercase(), shown)
        });
        let fixed = fixed(webhook).map(|(name, value)| (name.to_owned(), Shown::Value(value.to_owned())));
        Self {
            url: webhook.endpoint.as_given().to_owned(),
            headers: custom.chain(fixed).collect(),
            signed: webhook.secrets.sign(),
        }
    }
}

/// The headers that say what the body is and who sends it. What is accepted is the webhook's business, if it says so.
pub fn fixed(webhook: &Webhook) -> impl Iterator<Item = (&'static str, &'static str)> {
    let profile = &webhook.profile;
    let accepts = profile.request_headers().any(|header| header.name.eq_ignore_ascii_case("accept"));
    [
        ("content-type", profile.content_type()),
        ("user-agent", profile.user_agent().unwrap_or(USER_AGENT)),
        ("accept", "*/*"),
        ("accept-encoding", "identity"),
    ]
    .into_iter()
    .filter(move |(name, _)| !(accepts && *name == "accept"))
}

/// What signs a webhook's requests during a stretch of time.
pub struct Signers {
    signers: Vec<Signer>,
    /// Until when these are the ones; for ever if nothing is on its way.
    pub until: Option<Timestamp>,
}

impl Signers {
    /// What signs a webhook's requests at this time; nothing if it has no secret.
    ///
    /// # Errors
    /// [`KeyError`] when a secret is no key of a scheme.
    pub fn at(webhook: &Webhook, settings: &Settings, now: Timestamp) -> Result<Self, KeyError> {
        let Some(signing) = webhook.secrets.at(now) else {
            return Ok(Self { signers: Vec::new(), until: None });
        };
        let mut signers = Vec::new();
        for scheme in webhook.profile.schemes(settings) {
            signers.push(Signer::new(scheme, signing.own)?);
            if let Some(also) = signing.also
                && scheme == Scheme::STANDARD_WEBHOOKS
            {
                signers.push(Signer::new(scheme, also)?);
            }
        }
        Ok(Self { signers, until: signing.until })
    }

    /// The headers that prove a body. One that several secrets sign holds their signatures side by side, with a space
    /// between (Standard Webhooks 1.0.0, "Signature scheme").
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(
        &self,
        id: &MessageId,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(Cow<'static, str>, String)>, SignError> {
        let input = SignInput { body, id: Some(id.as_str()), timestamp: Some(now.as_second()) };
        let mut headers: Vec<(Cow<'static, str>, String)> = Vec::with_capacity(4);
        for signer in &self.signers {
            for (name, value) in signer.sign(input)? {
                match headers.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) if *known != value => {
                        known.push(' ');
                        known.push_str(&value);
                    }
                    // The id and the time, which both signatures sign.
                    Some(_) => {}
                    None => headers.push((name, value)),
                }
            }
        }
        Ok(headers)
    }
}
