//! Tenants that are made through the API, beside those of the configuration.

use std::sync::Arc;

use super::access::{Operation, Realm};
use super::audit::Entry;
use super::{App, Error};
use crate::domain::text::{self, EgressText, SettingsText, TextError};
use crate::domain::{Egress, Origin, Principal, Settings, Tenant, TenantSpec};
use crate::storage::StoreError;

/// The most tenants that may be made through the API.
const MAX_TENANTS: usize = 1_000;

/// A tenant that somebody wants, in the words of the configuration.
pub struct TenantDraft {
    /// Its name.
    pub name: String,
    /// Which system's API it speaks, by name.
    pub dialect: String,
    /// What its webhooks may reach.
    pub egress: EgressText,
    /// Its settings.
    pub settings: SettingsText,
}

/// What is to be different about a tenant, in the words of the configuration. The rest stays.
pub struct TenantChange {
    /// What its webhooks may reach.
    pub egress: EgressText,
    /// Its settings.
    pub settings: SettingsText,
}

impl App {
    /// Creates a tenant, without users.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::LimitReached`]; [`Error::Conflict`] when there is one of this
    /// name, or was one with another dialect.
    pub async fn create_tenant(
        &self,
        principal: &Principal,
        draft: TenantDraft,
    ) -> Result<Arc<Tenant>, Error> {
        self.authorise_widely(principal, Operation::ManageTenants)?;
        let spec = spec(draft)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let made = self.store.directory().tenants().iter().filter(|t| t.origin == Origin::Api).count();
        if made >= MAX_TENANTS {
            return Err(Error::LimitReached {
                what: "tenants that were made through the API",
                limit: MAX_TENANTS,
            });
        }
        let entry = Entry::of(principal, "tenant.create").to("tenant", &spec.name);
        let entry = entry.with("dialect", &spec.dialect.as_str());
        let (app, now) = (self.clone(), self.clock.now());
        self.to_the_end(async move {
            let _held = one_at_a_time;
            let tenant = match app.store.create_tenant(spec, now).await {
                Ok(tenant) => tenant.ok_or_else(taken)?,
                Err(StoreError::DialectChanged { tenant: _, stored }) => return Err(other_dialect(&stored)),
                Err(error) => return Err(error.into()),
            };
            app.webhooks_changed(&tenant);
            app.dispatcher.tenant_returned(tenant.id);
            app.auditor().record(entry.in_tenant(tenant.id)).await;
            Ok(tenant)
        })
        .await
    }

    /// The tenants the principal can see, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_tenants(&self, principal: &Principal) -> Result<Vec<Arc<Tenant>>, Error> {
        let realm = self.authorise_widely(principal, Operation::ReadTenants)?;
        let mut tenants = self.store.directory().tenants();
        tenants.retain(|tenant| realm.holds(tenant));
        tenants.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(tenants)
    }

    /// One tenant.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_tenant(&self, principal: &Principal, name: &str) -> Result<Arc<Tenant>, Error> {
        let realm = self.authorise_widely(principal, Operation::ReadTenants)?;
        self.tenant_within(&realm, name)
    }

    /// Changes a tenant's rules; what is delivered from now on obeys them.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Configured`], [`Error::Invalid`].
    pub async fn update_tenant(
        &self,
        principal: &Principal,
        name: &str,
        change: TenantChange,
    ) -> Result<Arc<Tenant>, Error> {
        let realm = self.authorise_widely(principal, Operation::ManageTenants)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.made_tenant(&realm, name)?;
        let changed = changed(&change);
        let (egress, settings) = rules(change, tenant.egress.clone(), tenant.settings.clone())?;
        let entry = Entry::of(principal, "tenant.update").in_tenant(tenant.id).to("tenant", &tenant.name);
        let entry = entry.with("changed", &changed);
        let app = self.clone();
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.update_tenant(tenant.id, egress, settings).await? {
                return Err(Error::NotFound("tenant"));
            }
            app.auditor().record(entry).await;
            app.store.directory().tenant(tenant.id).ok_or(Error::NotFound("tenant"))
        })
        .await
    }

    /// Deletes a tenant with its users and tokens. Its webhooks deliver nothing any more; they, and what is pending for
    /// them, wait for a tenant of the same name.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Configured`].
    pub async fn delete_tenant(&self, principal: &Principal, name: &str) -> Result<(), Error> {
        let realm = self.authorise_widely(principal, Operation::ManageTenants)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.made_tenant(&realm, name)?;
        let entry = Entry::of(principal, "tenant.delete").in_tenant(tenant.id).to("tenant", &tenant.name);
        let (app, now) = (self.clone(), self.clock.now());
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.delete_tenant(tenant.id, now).await? {
                return Err(Error::NotFound("tenant"));
            }
            app.webhooks_changed(&tenant);
            app.auditor().record(entry).await;
            Ok(())
        })
        .await
    }

    fn tenant_within(&self, realm: &Realm, name: &str) -> Result<Arc<Tenant>, Error> {
        let found = self.store.directory().tenant_by_name(name);
        found.filter(|tenant| realm.holds(tenant)).ok_or(Error::NotFound("tenant"))
    }

    /// One that can be changed here.
    fn made_tenant(&self, realm: &Realm, name: &str) -> Result<Arc<Tenant>, Error> {
        let tenant = self.tenant_within(realm, name)?;
        match tenant.origin {
            Origin::Api => Ok(tenant),
            Origin::File => Err(Error::Configured("tenant")),
        }
    }

    /// Has the engine look anew whether the tenant's webhooks deliver.
    fn webhooks_changed(&self, tenant: &Tenant) {
        for webhook in self.store.directory().webhooks_of(tenant.id) {
            self.dispatcher.webhook_changed(webhook.id);
        }
    }
}

fn spec(draft: TenantDraft) -> Result<TenantSpec, Error> {
    let TenantDraft { name, dialect, egress, settings } = draft;
    text::check_tenant_name(&name).map_err(|error| Error::invalid("name", error.message))?;
    let dialect = text::read_dialect(&dialect)
        .map_err(|error| Error::invalid("dialect", format!("{} {}", error.place(), error.message)))?;
    let change = TenantChange { egress, settings };
    let (egress, settings) = rules(change, Egress::default(), Settings::default())?;
    Ok(TenantSpec { name, dialect, egress, settings, users: std::collections::BTreeMap::new() })
}

fn rules(change: TenantChange, egress: Egress, settings: Settings) -> Result<(Egress, Settings), Error> {
    let broken = |field: &'static str| {
        move |error: TextError| Error::invalid(field, format!("{field}: {} {}", error.place(), error.message))
    };
    let TenantChange { egress: new_egress, settings: new_settings } = change;
    let egress = new_egress.apply(egress).map_err(broken("egress"))?;
    Ok((egress, new_settings.apply(settings).map_err(broken("settings"))?))
}

/// Which members a change names, for the audit log.
fn changed(change: &TenantChange) -> String {
    let TenantChange { egress, settings } = change;
    let egress = egress.members().into_iter().map(|name| format!("egress.{name}"));
    let settings = settings.members().into_iter().map(|name| format!("settings.{name}"));
    egress.chain(settings).collect::<Vec<_>>().join(" ")
}

fn taken() -> Error {
    Error::Conflict("there is a tenant of this name already".to_owned())
}

fn other_dialect(stored: &str) -> Error {
    Error::Conflict(format!(
        "there was a tenant of this name that spoke {stored}, and its webhooks are still stored; use that dialect or \
         another name"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str, dialect: &str) -> TenantDraft {
        TenantDraft {
            name: name.into(),
            dialect: dialect.into(),
            egress: EgressText::default(),
            settings: SettingsText::default(),
        }
    }

    #[test]
    fn a_tenant_obeys_the_rules_of_the_configuration() {
        assert!(spec(draft("acme-1", "qlik")).is_ok());
        let field = |draft| match spec(draft) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(draft("a b", "qlik")), "name");
        assert_eq!(field(draft("acme", "klick")), "dialect");
        let settings = SettingsText { timeout: Some("1h".into()), ..SettingsText::default() };
        assert_eq!(field(TenantDraft { settings, ..draft("acme", "qlik") }), "settings");
        let egress = EgressText { allow: Some(vec!["10/8".into()]), ..EgressText::default() };
        assert_eq!(field(TenantDraft { egress, ..draft("acme", "qlik") }), "egress");
    }

    #[test]
    fn the_audit_log_tells_which_members_were_changed_and_not_what_they_are() {
        let settings = SettingsText { timeout: Some("1s".into()), ..SettingsText::default() };
        let egress = EgressText { relaxed_targets: Some(true), ..EgressText::default() };
        assert_eq!(changed(&TenantChange { egress, settings }), "egress.relaxed_targets settings.timeout");
    }
}
