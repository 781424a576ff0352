//! Changing a webhook: one way for all who can.

use sigpost_core::notification::qlik::Level;

use super::{EncryptedHeader, Filtering, Header, Invalid, Qlik};
use crate::domain::{Endpoint, Settings};

/// What is to become of a webhook's own part. What is `None` stays as it is; the inner `None` takes a member away.
///
/// Qlik's PATCH and PUT are both made of it: PATCH sets what it names; PUT sets everything, what it omits to its
/// default, except for `cloud_events`, which stays. `level` and `filter` are no members of that PATCH; PUT and sigpost's
/// own PATCH may change both. The owner is no member of the profile. `origin` cannot be changed at all.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `eventTypes`: all of them.
    pub event_types: Option<Vec<String>>,
    /// `level`.
    pub level: Option<Level>,
    /// `filter`.
    pub filter: Option<Option<String>>,
    /// `headers`: all of them.
    pub headers: Option<Vec<Header>>,
    /// `encryptedHeaders`: all of them, with their values.
    pub encrypted_headers: Option<Vec<EncryptedHeader>>,
    /// `enableCloudEventDelivery`.
    pub cloud_events: Option<bool>,
    /// `checkCertificateRevocation`.
    pub check_revocation: Option<bool>,
}

impl Qlik {
    /// What a change makes of it, judged as a whole: nothing comes out that [`Qlik::new`] would refuse. `from` and
    /// `to` are the webhook's url before and after the same change.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn apply(
        &self,
        change: Change,
        from: &Endpoint,
        to: &Endpoint,
        settings: &Settings,
    ) -> Result<Self, Invalid> {
        let Change {
            name,
            description,
            event_types,
            level,
            filter,
            headers,
            encrypted_headers,
            cloud_events,
            check_revocation,
        } = change;
        let mut changed = self.clone();
        if let Some(name) = name {
            changed.name = name;
        }
        if let Some(description) = description {
            changed.description = description;
        }
        if let Some(event_types) = event_types {
            changed.event_types = event_types;
        }
        if let Some(level) = level {
            changed.level = level;
        }
        if let Some(filter) = filter {
            changed.filter = filter.map(Filtering::parse).transpose()?;
        }
        if let Some(headers) = headers {
            changed.headers.plain = headers;
        }
        if let Some(encrypted) = encrypted_headers {
            changed.headers = changed.headers.with_encrypted(encrypted);
        }
        if let Some(cloud_events) = cloud_events {
            changed.cloud_events = cloud_events;
        }
        if let Some(check_revocation) = check_revocation {
            changed.check_revocation = check_revocation;
        }
        let changed = changed.checked(settings)?;
        changed.follows(self, from, to)?;
        Ok(changed)
    }

    /// Checks the rules about what was before, however the webhook was changed: CloudEvents delivery is not taken
    /// back, the origin stays, and encrypted headers, which were entered for one receiver, do not go to another.
    pub(in crate::domain::profile) fn follows(
        &self,
        before: &Self,
        from: &Endpoint,
        to: &Endpoint,
    ) -> Result<(), Invalid> {
        if before.cloud_events && !self.cloud_events {
            return Err(Invalid::CloudEventsKept);
        }
        if before.origin != self.origin {
            return Err(Invalid::OriginChanged);
        }
        if moves(from, to) && self.headers.keep_any_of(&before.headers) {
            return Err(Invalid::EncryptedHeadersKept);
        }
        Ok(())
    }
}

/// Whether requests go elsewhere. Another spelling of the same url is no other url.
fn moves(from: &Endpoint, to: &Endpoint) -> bool {
    let place = |url: &Endpoint| (url.transport(), url.host(), url.port());
    place(from) != place(to) || from.target() != to.target()
}
