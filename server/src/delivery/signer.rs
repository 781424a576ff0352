//! The head of a request: where it goes, who sends it, and the proof that it is genuine.
//!
//! Keys are derived once for each version of a webhook and forgotten when it changes or is deleted, or its tenant does.
//! Without a secret there is no signature header of any kind.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{self, HeaderValue, InvalidHeaderName, InvalidHeaderValue};
use http::uri::InvalidUri;
use http::{HeaderMap, HeaderName, Method, Request, Uri, Version};
use sigpost_core::signature::{KeyError, SignError};

use super::attempt::Target;
use crate::domain::profile::CustomHeader;
use crate::domain::{IdMap, MessageId, Profile, Tenant, Timestamp, WebhookId, head};

const WEBHOOK_ID: HeaderName = HeaderName::from_static(head::WEBHOOK_ID);
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static(head::WEBHOOK_TIMESTAMP);

/// Webhooks whose keys are kept. Beyond this the others' are derived anew at each attempt, which only costs time.
const MAX_PREPARED: usize = 16_384;

/// See [`MakeRequestError::is_of_the_delivery`].
type OfTheDelivery = bool;

/// Makes the heads of requests.
#[derive(Default)]
pub(super) struct Signers {
    prepared: Mutex<IdMap<WebhookId, Arc<Prepared>>>,
    /// Webhooks of which the log has that no request can be made: that none can, and that one delivery's cannot.
    told: Mutex<HashSet<(WebhookId, OfTheDelivery)>>,
}

/// What the requests of one version of a webhook have in common, as long as the same secrets sign them.
struct Prepared {
    version: u64,
    tenant: Arc<Tenant>,
    target: Uri,
    standard_webhooks: bool,
    headers: HeaderMap,
    signers: head::Signers,
}

/// Why no request can be made. What a webhook is made of is checked against its tenant's settings when it is changed, but
/// these can change, too; the rest would be a defect of this program.
#[derive(Debug, thiserror::Error)]
pub(super) enum MakeRequestError {
    /// The URL's path and query cannot be a request's target.
    #[error("the path or query of the url cannot be sent")]
    Target(#[source] InvalidUri),
    /// A value cannot stand in a header.
    #[error("a value cannot be sent in a header")]
    Value(#[from] InvalidHeaderValue),
    /// A scheme's header has a name that cannot be sent.
    #[error("a header has a name that cannot be sent")]
    Name(#[from] InvalidHeaderName),
    /// A scheme cannot sign this delivery.
    #[error("the delivery cannot be signed")]
    Sign(#[from] SignError),
    /// The webhook's secret is no key of a scheme.
    #[error("the secret cannot sign")]
    Key(#[from] KeyError),
}

impl MakeRequestError {
    /// Whether it lies in the one delivery, and says nothing of the next.
    pub(super) const fn is_of_the_delivery(&self) -> bool {
        matches!(self, Self::Sign(_))
    }
}

impl Signers {
    /// The head of the request of one attempt; the caller adds the body it was made for.
    pub(super) fn request(
        &self,
        target: &Target,
        id: &MessageId,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Request<()>, MakeRequestError> {
        let prepared = self.prepared(target, now)?;
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_11;
        *request.uri_mut() = prepared.target.clone();
        let mut headers = prepared.headers.clone();
        if prepared.standard_webhooks {
            // Also where nothing is signed: the id is what a receiver recognises a repeated delivery by.
            headers.insert(WEBHOOK_ID, HeaderValue::from_str(id.as_str())?);
            headers.insert(WEBHOOK_TIMESTAMP, now.as_second().into());
        }
        for (name, value) in prepared.signers.sign(id, body, now)? {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
        }
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Forgets a webhook's keys, for it or its tenant was changed. Returns whether no request could be made for it.
    pub(super) fn forget(&self, webhook: WebhookId) -> bool {
        self.lock().remove(&webhook);
        let mut told = self.lock_told();
        told.remove(&(webhook, true));
        told.remove(&(webhook, false))
    }

    /// Whether the log is to be told that no request can be made for a webhook: once until it or its tenant is changed, for
    /// as many as wait for it fail one after the other.
    pub(super) fn is_to_be_told(&self, webhook: WebhookId, error: &MakeRequestError) -> bool {
        webhook == WebhookId::NONE || self.lock_told().insert((webhook, error.is_of_the_delivery()))
    }

    /// Forgets all but these webhooks' keys.
    pub(super) fn retain(&self, stays: impl Fn(WebhookId) -> bool) {
        self.lock().retain(|webhook, _| stays(*webhook));
        self.lock_told().retain(|(webhook, _)| stays(*webhook));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn prepared(&self, target: &Target, now: Timestamp) -> Result<Arc<Prepared>, MakeRequestError> {
        if let Some(known) = self.lock().get(&target.webhook.id)
            && known.version == target.webhook.version
            && Arc::ptr_eq(&known.tenant, &target.tenant)
            && known.signers.until.is_none_or(|until| now < until)
        {
            return Ok(Arc::clone(known));
        }
        let prepared = Arc::new(Prepared::new(target, now)?);
        if target.webhook.id == WebhookId::NONE {
            return Ok(prepared);
        }
        let mut all = self.lock();
        if all.len() < MAX_PREPARED || all.contains_key(&target.webhook.id) {
            all.insert(target.webhook.id, Arc::clone(&prepared));
        }
        Ok(prepared)
    }

    fn lock(&self) -> MutexGuard<'_, IdMap<WebhookId, Arc<Prepared>>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_told(&self) -> MutexGuard<'_, HashSet<(WebhookId, OfTheDelivery)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prepared {
    fn new(target: &Target, now: Timestamp) -> Result<Self, MakeRequestError> {
        let Target { tenant, webhook } = target;
        let mut headers = custom_headers(&webhook.profile)?;
        // Ours come last, and take the place of what is called like them.
        headers.insert(header::HOST, HeaderValue::from_str(webhook.endpoint.authority())?);
        for (name, value) in head::fixed(webhook) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(Self {
            version: webhook.version,
            tenant: Arc::clone(tenant),
            target: webhook.endpoint.target().parse().map_err(MakeRequestError::Target)?,
            standard_webhooks: webhook.profile.standard_webhooks(&tenant.settings),
            headers,
            signers: head::Signers::at(webhook, &tenant.settings, now)?,
        })
    }
}

/// The headers that a webhook adds.
fn custom_headers(profile: &Profile) -> Result<HeaderMap, MakeRequestError> {
    let mut headers = HeaderMap::new();
    for CustomHeader { name, value, encrypted } in profile.request_headers() {
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(encrypted);
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    Ok(headers)
}
