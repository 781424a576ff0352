//! The rare commands, each in a savepoint of its own: webhooks and resends. Those about tenants, users and
//! tokens are in [`super::tenancy`] and [`super::tokens`].

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, params};
use sigpost_core::signature::Secret;

use super::command::Named;
use super::key::Label;
use super::profile;
use super::rows::{
    FrameRow, Place, WebhookRow, disabled_reason, headers_label, next_secret_label, secret_label, stored,
    verified_data, write_headers,
};
use super::state::{Effect, take, take_number};
use super::transaction::{DeliveryRow, Transaction};
use crate::domain::head::Sent;
use crate::domain::{
    Audience, Body, Cause, DeliveryState, EventId, MessageId, NewDelivery, NewEvent, NewWebhook, PublicId,
    Published, TenantUid, Traced, Webhook, WebhookId, WebhookState, Work,
};
use crate::storage::{Resend, StoreError, Update};

const INSERT_WEBHOOK: &str = "
    INSERT INTO webhook
        (id, tenant, number, public_id, owner, created_by, updated_by, url, secret_sealed, disabled_reason, version,
         global, profile, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// Only the version that follows the stored one replaces it.
const REPLACE_WEBHOOK: &str = "
    UPDATE webhook SET owner = ?3, updated_by = ?4, url = ?5, secret_sealed = ?6, next_secret_sealed = ?7,
        activate_at = ?8, retire_at = ?9, secrets_since = ?10, disabled_reason = ?11, version = ?2, global = ?12,
        profile = ?13, updated_at = ?14
    WHERE id = ?1 AND version = ?2 - 1 AND deleted_at IS NULL";

const WEBHOOK_LIVES: &str = "SELECT disabled_reason, url FROM webhook WHERE id = ?1 AND deleted_at IS NULL";

const INSERT_VERSION: &str =
    "INSERT INTO webhook_version (webhook, version, url, headers, signed) VALUES (?1, ?2, ?3, ?4, ?5)";

const END_VERSION: &str =
    "UPDATE webhook_version SET replaced_at = ?2 WHERE webhook = ?1 AND replaced_at IS NULL";

const SEAL_HEADERS: &str = "UPDATE webhook SET encrypted_headers_sealed = ?2 WHERE id = ?1";

const ERASE_WEBHOOK: &str = "
    UPDATE webhook SET deleted_at = ?3, updated_at = ?3, version = version + 1, secret_sealed = NULL,
        next_secret_sealed = NULL, encrypted_headers_sealed = NULL
    WHERE tenant = ?1 AND number = ?2 AND deleted_at IS NULL";

const WEBHOOK_BY_NUMBER: &str = "
    SELECT webhook.*, tenant.uid AS uid FROM webhook JOIN tenant ON tenant.id = webhook.tenant
    WHERE webhook.tenant = ?1 AND webhook.number = ?2";

const FORGET_ACTIVITY: &str = "DELETE FROM webhook_activity WHERE webhook = ?1";

const VERSION_OF: &str =
    "SELECT version FROM webhook WHERE tenant = ?1 AND number = ?2 AND deleted_at IS NULL";

/// A bounded part of the backlog; it names the index so that it can never read the history.
const CANCEL_PENDING: &str = "
    UPDATE delivery SET state = 3, due_at = ?2 WHERE id IN
        (SELECT id FROM delivery INDEXED BY delivery_waiting WHERE state = 0 AND webhook = ?1 LIMIT 1000)";

const DELIVERY_TO_RESEND: &str = "
    SELECT delivery.id, delivery.event, delivery.webhook, frame_head, frame_cut, frame_tail, frame_checksum,
        event.number AS event_number, event.received_at, event_data.checksum, event_data.data,
        webhook.number AS webhook_number, webhook.deleted_at IS NOT NULL AS deleted
    FROM delivery
    JOIN event ON event.id = delivery.event
    JOIN event_data ON event_data.event = delivery.event
    JOIN webhook ON webhook.id = delivery.webhook
    WHERE delivery.tenant = ?1 AND delivery.number = ?2 AND delivery.last_attempt IS NOT NULL";

impl Transaction<'_> {
    pub(super) fn create_webhook(&mut self, new: &NewWebhook) -> Result<Arc<Webhook>, StoreError> {
        let mut tenant = self.tenant(new.tenant)?;
        let number = take_number(&mut tenant.next.webhook);
        self.draft.tenants.insert(new.tenant, tenant);
        let id = take(&mut self.draft.sequences.webhook);
        let new = NewWebhook { created_at: stored(new.created_at), ..new.clone() };
        let webhook = new.first_version(WebhookId::new(id), number);
        let sealed = self.seal(secret_label(&tenant.uid, id), webhook.secrets.current());
        self.execute(
            INSERT_WEBHOOK,
            params![
                id,
                webhook.tenant.get(),
                number.get(),
                webhook.public_id.as_bytes(),
                webhook.owner.as_str(),
                webhook.created_by.as_str(),
                webhook.endpoint.as_given(),
                sealed,
                disabled_reason(webhook.state),
                i64::try_from(webhook.version).unwrap_or(i64::MAX),
                webhook.profile.audience() == Audience::Tenant,
                profile::write(&webhook.profile),
                webhook.created_at.as_microsecond(),
                webhook.updated_at.as_microsecond()
            ],
        )?;
        self.seal_headers(&tenant.uid, &webhook)?;
        self.insert_version(&webhook)?;
        let webhook = Arc::new(webhook);
        self.draft.effects.push(Effect::PutWebhook(Arc::clone(&webhook)));
        Ok(webhook)
    }

    /// Writes the encrypted headers that a webhook has now over those it had.
    fn seal_headers(&self, tenant: &TenantUid, webhook: &Webhook) -> Result<(), StoreError> {
        let id = webhook.id.get();
        let sealed = profile::secrets(&webhook.profile)
            .map(|secrets| self.context.sealer.seal(headers_label(tenant, id), &secrets, &*self.context.rng));
        self.execute(SEAL_HEADERS, params![id, sealed])?;
        Ok(())
    }

    pub(super) fn update_webhook(&mut self, webhook: &Arc<Webhook>) -> Result<Update, StoreError> {
        let id = webhook.id.get();
        let before = self.sql.prepare_cached(WEBHOOK_LIVES)?.query_row([id], |row| {
            let moved = row.get_ref("url")?.as_str()? != webhook.endpoint.as_given();
            Ok((row.get_ref("disabled_reason")?.as_str_or_null()?.is_some(), moved))
        });
        let Some((was_disabled, moved)) = before.optional()? else { return Ok(Update::Gone) };
        let uid = self.tenant(webhook.tenant)?.uid;
        let (current, next) = (webhook.secrets.current(), webhook.secrets.next());
        let replaced = self.execute(
            REPLACE_WEBHOOK,
            params![
                id,
                i64::try_from(webhook.version).unwrap_or(i64::MAX),
                webhook.owner.as_str(),
                webhook.updated_by.as_str(),
                webhook.endpoint.as_given(),
                self.seal(secret_label(&uid, id), current),
                self.seal(next_secret_label(&uid, id), next.map(|next| &next.secret)),
                next.map(|next| next.activate_at.as_microsecond()),
                next.map(|next| next.retire_at.as_microsecond()),
                i64::try_from(webhook.secrets_since).unwrap_or(i64::MAX),
                disabled_reason(webhook.state),
                webhook.profile.audience() == Audience::Tenant,
                profile::write(&webhook.profile),
                webhook.updated_at.as_microsecond()
            ],
        )?;
        if replaced == 0 {
            return Ok(Update::Outdated);
        }
        self.seal_headers(&uid, webhook)?;
        // Not when it was changed: whoever erases what is retired leaves that as it was.
        let ended_at = webhook.updated_at.max(self.context.clock.now());
        self.execute(END_VERSION, [id, ended_at.as_microsecond()])?;
        self.insert_version(webhook)?;
        self.draft.effects.push(Effect::PutWebhook(Arc::clone(webhook)));
        // Somebody says that it is in order, or it is another receiver now.
        if moved || was_disabled && webhook.state == WebhookState::Enabled {
            self.draft.effects.push(Effect::Forgive(webhook.id));
        }
        Ok(Update::Done(Arc::clone(webhook)))
    }

    fn seal(&self, label: Label<'_>, secret: Option<&Secret>) -> Option<Vec<u8>> {
        secret.map(|secret| self.context.sealer.seal(label, secret.as_bytes(), &*self.context.rng))
    }

    fn insert_version(&self, webhook: &Webhook) -> Result<(), StoreError> {
        let Sent { url, headers, signed } = Sent::by(webhook);
        let version = i64::try_from(webhook.version).unwrap_or(i64::MAX);
        self.execute(
            INSERT_VERSION,
            params![webhook.id.get(), version, url, write_headers(&headers), signed],
        )?;
        Ok(())
    }

    /// Deletes a webhook if it has this version.
    pub(super) fn delete_webhook(&mut self, named: Named, version: u64) -> Result<Update, StoreError> {
        let Named { tenant, number, at } = named;
        let key = [tenant.get(), number.get()];
        let found = self.sql.prepare_cached(VERSION_OF)?.query_row(key, |row| row.get::<_, i64>(0));
        match found.optional()? {
            None => return Ok(Update::Gone),
            Some(found) if u64::try_from(found) != Ok(version) => return Ok(Update::Outdated),
            Some(_) => {}
        }
        let erased_at = stored(at).as_microsecond();
        self.execute(ERASE_WEBHOOK, [tenant.get(), number.get(), erased_at])?;
        let mut statement = self.sql.prepare_cached(WEBHOOK_BY_NUMBER)?;
        let row = statement.query_row(key, WebhookRow::read)?;
        let webhook = Arc::new(row.without_secret()?);
        self.give_up_replays_of(webhook.tenant, webhook.id, at)?;
        let cancelled = self.execute(CANCEL_PENDING, [webhook.id.get(), erased_at])?;
        self.draft.count_pending(webhook.tenant, webhook.id, -i64::try_from(cancelled).unwrap_or(i64::MAX));
        self.execute(END_VERSION, [webhook.id.get(), erased_at])?;
        self.execute(FORGET_ACTIVITY, [webhook.id.get()])?;
        self.draft.deleted.insert(webhook.id);
        self.draft.effects.push(Effect::RemoveWebhook(Arc::clone(&webhook)));
        Ok(Update::Done(webhook))
    }

    pub(super) fn create_resend(&mut self, named: Named) -> Result<Resend, StoreError> {
        let Named { tenant, number, at } = named;
        let mut statement = self.sql.prepare_cached(DELIVERY_TO_RESEND)?;
        let row = statement.query_row([tenant.get(), number.get()], ResendRow::read).optional()?;
        let Some(row) = row else { return Ok(Resend::NoRecord) };
        if row.deleted {
            return Ok(Resend::WebhookDeleted);
        }
        let at = stored(at);
        let place = Place::new("event", row.event);
        let webhook = WebhookId::new(row.webhook);
        let body = Body {
            data: verified_data(row.event, &row.checksum, row.data)?,
            frame: row.frame.verified(row.event)?,
        };
        let (delivery, record) = self.insert_delivery(&DeliveryRow {
            tenant,
            event: row.event,
            webhook,
            cause: Cause::Resend,
            state: DeliveryState::Pending,
            at,
            frame: &body.frame,
            replay: None,
        })?;
        let webhook_number = Place::new("webhook", row.webhook).number("number", row.webhook_number)?;
        let event_number = place.number("number", row.event_number)?;
        let received_at = place.time("received_at", row.received_at)?;
        let work = Work {
            delivery,
            tenant,
            webhook,
            event: EventId::new(row.event),
            message_id: MessageId::derive(
                &self.tenant(tenant)?.uid,
                event_number,
                received_at,
                webhook_number,
            ),
            cause: Cause::Resend,
            received_at,
            attempts_made: 0,
            tries: 0,
            due: at,
            body: Some(body),
            trace: Traced::Unknown,
        };
        Ok(Resend::Created { work: Box::new(work), number: record })
    }

    /// Stores an event of the system's making, with its one delivery.
    pub(super) fn create_test(&mut self, event: &NewEvent) -> Result<Resend, StoreError> {
        let [NewDelivery { webhook, frame }] = event.deliveries.as_slice() else {
            return Ok(Resend::NoRecord);
        };
        if !self.exists(*webhook) {
            return Ok(Resend::WebhookDeleted);
        }
        let Some(target) = self.state.directory.webhook(*webhook) else { return Ok(Resend::WebhookDeleted) };
        let Published::Accepted { event: id, number, deliveries, first } =
            self.publish_one(event, Cause::Test)?
        else {
            return Ok(Resend::NoRecord);
        };
        let Some(&delivery) = deliveries.first() else { return Ok(Resend::NoRecord) };
        let uid = self.tenant(event.tenant)?.uid;
        let frame = frame.frame(PublicId::of_delivery(&uid, first, event.received_at));
        let work = Work {
            delivery,
            tenant: event.tenant,
            webhook: *webhook,
            event: id,
            message_id: MessageId::derive(&uid, number, stored(event.received_at), target.number),
            cause: Cause::Test,
            received_at: event.received_at,
            attempts_made: 0,
            tries: 0,
            due: event.received_at,
            body: Some(Body { data: event.data.clone(), frame }),
            trace: event.trace,
        };
        Ok(Resend::Created { work: Box::new(work), number: first })
    }
}

struct ResendRow {
    event: i64,
    webhook: i64,
    frame: FrameRow,
    event_number: i64,
    received_at: i64,
    checksum: Vec<u8>,
    data: Vec<u8>,
    webhook_number: i64,
    deleted: bool,
}

impl ResendRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            event: row.get("event")?,
            webhook: row.get("webhook")?,
            frame: FrameRow::read(row)?,
            event_number: row.get("event_number")?,
            received_at: row.get("received_at")?,
            checksum: row.get("checksum")?,
            data: row.get("data")?,
            webhook_number: row.get("webhook_number")?,
            deleted: row.get("deleted")?,
        })
    }
}
