//! `PATCH …/webhooks/{id}`: an array of operations, each of which sets a whole member or takes it back to its default.
//!
//! So the last one about a member is the one that counts, and what all of them make of a webhook is judged at once.
//! Removing what is not there does nothing, as adding does to what is there what replacing does: clients do not ask first.

use super::convert::{self, Update};
use super::dto::{PatchOp, PatchOperation, PatchPath, PatchValue};
use super::error::Refusal;
use crate::domain::Endpoint;

/// The most operations of one request.
const MAX_OPERATIONS: usize = 100;

/// What the operations make of a webhook together.
pub(super) fn update(operations: Vec<PatchOperation>) -> Result<Update, Refusal> {
    if !(1..=MAX_OPERATIONS).contains(&operations.len()) {
        return Err(Refusal::bad_request(format_args!(
            "the body must have 1 to {MAX_OPERATIONS} operations"
        )));
    }
    let mut update = Update::default();
    for (index, PatchOperation { op, path, value }) in operations.into_iter().enumerate() {
        let done = match op {
            PatchOp::Remove => remove(&mut update, path),
            PatchOp::Add | PatchOp::Replace => set(&mut update, path, value),
        };
        done.map_err(|wrong| Refusal::bad_request(format_args!("[{index}]{wrong}")))?;
    }
    Ok(update)
}

fn remove(update: &mut Update, path: PatchPath) -> Result<(), String> {
    match path {
        PatchPath::Name | PatchPath::Url => return Err(".path must not be removed: it is required".into()),
        PatchPath::Description => update.profile.description = Some(None),
        PatchPath::EventTypes => update.profile.event_types = Some(Vec::new()),
        PatchPath::Headers => update.profile.headers = Some(Vec::new()),
        PatchPath::EncryptedHeaders => update.profile.encrypted_headers = Some(Vec::new()),
        PatchPath::Enabled => update.enabled = Some(false),
        PatchPath::Secret => update.secret = Some(None),
        PatchPath::EnableCloudEventDelivery => update.profile.cloud_events = Some(true),
    }
    Ok(())
}

fn set(update: &mut Update, path: PatchPath, value: Option<PatchValue>) -> Result<(), String> {
    let profile = &mut update.profile;
    match (path, value) {
        (PatchPath::Name, Some(PatchValue::Text(name))) => profile.name = Some(name),
        (PatchPath::Description, Some(PatchValue::Text(text))) => profile.description = Some(Some(text)),
        (PatchPath::Url, Some(PatchValue::Text(url))) => {
            update.endpoint = Some(Endpoint::parse(&url).map_err(|error| format!(".value: {error}"))?);
        }
        (PatchPath::EventTypes, Some(PatchValue::Texts(types))) => profile.event_types = Some(types),
        (PatchPath::Headers, Some(PatchValue::Headers(headers))) => {
            profile.headers = Some(convert::headers(Some(headers)));
        }
        (PatchPath::EncryptedHeaders, Some(PatchValue::Headers(headers))) => {
            profile.encrypted_headers = Some(convert::encrypted_headers(Some(headers)));
        }
        (PatchPath::Enabled, Some(PatchValue::Boolean(enabled))) => update.enabled = Some(enabled),
        (PatchPath::Secret, Some(PatchValue::Text(text))) => {
            update.secret = Some(Some(convert::secret(text).map_err(|error| format!(".value: {error}"))?));
        }
        (PatchPath::EnableCloudEventDelivery, Some(PatchValue::Boolean(on))) => {
            profile.cloud_events = Some(on);
        }
        (path, _) => return Err(format!(".value must be {}", expected(path))),
    }
    Ok(())
}

const fn expected(path: PatchPath) -> &'static str {
    match path {
        PatchPath::Name | PatchPath::Description | PatchPath::Url | PatchPath::Secret => "text",
        PatchPath::EventTypes => "an array of text",
        PatchPath::Headers | PatchPath::EncryptedHeaders => "an object of text",
        PatchPath::Enabled | PatchPath::EnableCloudEventDelivery => "true or false",
    }
}
