//! Replacing webhooks' secrets, and making them.

use core::time::Duration;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigpost_core::signature::Secret;
use zeroize::Zeroizing;

use super::access::Operation;
use super::audit::Entry;
use super::change::Precondition;
use super::{App, Error, WebhookName};
use crate::domain::{MAX_ROTATION, Principal, Rotation, Timestamp, Webhook};
use crate::storage::Update;

/// The random bytes of a generated secret: as many as Standard Webhooks asks for at least.
const SECRET_BYTES: usize = 24;

/// How a secret is to take another's place.
pub struct Rotate {
    /// Which version of the webhook is meant.
    pub precondition: Precondition,
    /// The new one; generated if there is none.
    pub secret: Option<Secret>,
    /// From then on the system's own header is signed with it; from now on if nothing is said.
    pub activate_at: Option<Timestamp>,
    /// From then on the old one signs nothing; a day after `activate_at` if nothing is said.
    pub retire_at: Option<Timestamp>,
}

/// A webhook whose secret is being replaced.
pub struct Rotated {
    /// The webhook.
    pub webhook: Arc<Webhook>,
    /// The secret that was generated. It is not shown again.
    pub secret: Option<Zeroizing<String>>,
}

/// How long the old secret goes on signing when nobody says how long.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

impl App {
    /// Lets a new secret take the place of a webhook's; see [`Secrets`](crate::domain::Secrets) for what signs when.
    ///
    /// # Errors
    /// As [`App::update_webhook`]; [`Error::Invalid`] for times in the wrong order or too far away.
    pub async fn rotate_secret(
        &self,
        principal: &Principal,
        name: WebhookName,
        rotate: Rotate,
    ) -> Result<Rotated, Error> {
        let access = self.authorise(principal, Operation::UpdateWebhook)?;
        let Rotate { precondition, secret, activate_at, retire_at } = rotate;
        let (secret, shown) = match secret {
            Some(secret) => (secret, None),
            None => {
                let (secret, text) = self.generate_secret()?;
                (secret, Some(text))
            }
        };
        let audited = Entry::of(principal, "webhook.rotate_secret");
        let changed = self.change_webhook(&access, name, &audited, |webhook, now| {
            precondition.check(webhook)?;
            self.admit(&access.tenant, &webhook.profile, None, Some(&secret))?;
            let activate_at = activate_at.unwrap_or(now);
            // A day later, unless that is beyond what any rotation may take.
            let latest = now.saturating_add(MAX_ROTATION).unwrap_or(Timestamp::MAX);
            let later = || activate_at.saturating_add(OVERLAP).unwrap_or(latest).min(latest);
            let rotation =
                Rotation { secret: secret.clone(), activate_at, retire_at: retire_at.unwrap_or_else(later) };
            let secrets = webhook.secrets.rotate(rotation, now);
            let secrets = secrets.map_err(|error| Error::invalid(error.member(), error.to_string()))?;
            let mut next = webhook.next_version(now);
            next.secrets_since = next.version;
            next.secrets = secrets;
            next.updated_by.clone_from(access.user.as_ref().unwrap_or(&webhook.updated_by));
            Ok(next)
        });
        Ok(Rotated { webhook: changed.await?, secret: shown })
    }

    /// Erases the secrets that have been retired, also of tenants that were deleted or are not configured any more: their
    /// webhooks are still there. One webhook that cannot be stored keeps no other's secret.
    ///
    /// # Errors
    /// What the store says.
    pub async fn erase_retired_secrets(&self) -> Result<(), Error> {
        let (now, mut erased) = (self.clock.now(), Ok(()));
        for webhook in self.store.directory().webhooks(|webhook| webhook.secrets.settled(now).is_some()) {
            let Some(secrets) = webhook.secrets.settled(now) else { continue };
            let mut next = webhook.next_version(now);
            // Nobody has changed it: it only says so no longer.
            next.updated_at = webhook.updated_at;
            next.secrets_since = next.version;
            next.secrets = secrets;
            match self.store.update_webhook(next).await {
                Ok(Update::Done(_)) => self.dispatcher.webhook_changed(webhook.id),
                // It is looked at again.
                Ok(Update::Outdated | Update::Gone) => {}
                Err(error) => erased = Err(error.into()),
            }
        }
        erased
    }

    /// A new one, and its text, which is shown once.
    pub(super) fn generate_secret(&self) -> Result<(Secret, Zeroizing<String>), Error> {
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        self.rng.fill(random.as_mut());
        // As long as it gets: a text that grows leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity("whsec_".len() + SECRET_BYTES.div_ceil(3) * 4));
        text.push_str("whsec_");
        STANDARD.encode_string(random.as_ref(), &mut text);
        Ok((Secret::new(text.as_bytes()).map_err(Error::bug)?, text))
    }
}
