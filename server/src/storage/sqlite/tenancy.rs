//! Tenants and users that are made through the API, beside those of the configuration.
//!
//! The directory shows both as one. What is declared by the file is only there: it is given at start and never changes
//! while the server runs, so a command may ask the directory for it. What is made here stands in the tables, and a
//! command must ask those: the directory does not show yet what an earlier command of the same transaction has done.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::rows::{Place, stored};
use super::state::{Effect, Numbers, TenantState, take};
use super::transaction::Transaction;
use crate::domain::text::{EgressText, SettingsText, UserText};
use crate::domain::{
    DialectId, Egress, Origin, Settings, Tenant, TenantId, TenantSpec, TenantUid, Timestamp, User, UserId,
};
use crate::storage::StoreError;

const TENANT_BY_NAME: &str = "SELECT id, uid, dialect FROM tenant WHERE name = ?1";

const INSERT_TENANT: &str = "
    INSERT INTO tenant (id, name, uid, dialect, next_webhook, next_event, next_delivery)
    VALUES (?1, ?2, ?3, ?4, 1, 1, 1)";

const MADE_TENANTS: &str = "
    SELECT tenant.id, tenant.name, tenant.uid, tenant.dialect, api_tenant.created_at, api_tenant.spec
    FROM api_tenant JOIN tenant ON tenant.id = api_tenant.tenant
    WHERE api_tenant.deleted_at IS NULL
    ORDER BY tenant.id";

const MADE_USERS: &str = "SELECT * FROM api_user WHERE tenant = ?1";

const PUT_MADE_TENANT: &str = "
    INSERT INTO api_tenant (tenant, created_at, spec) VALUES (?1, ?2, ?3)
    ON CONFLICT (tenant) DO UPDATE SET created_at = ?2, spec = ?3, deleted_at = NULL";

const IS_MADE: &str = "SELECT 1 FROM api_tenant WHERE tenant = ?1 AND deleted_at IS NULL";

const UPDATE_MADE_TENANT: &str = "UPDATE api_tenant SET spec = ?2 WHERE tenant = ?1 AND deleted_at IS NULL";

const DELETE_MADE_TENANT: &str =
    "UPDATE api_tenant SET deleted_at = ?2 WHERE tenant = ?1 AND deleted_at IS NULL";

const DELETE_USERS: &str = "DELETE FROM api_user WHERE tenant = ?1";

const INSERT_USER: &str =
    "INSERT OR IGNORE INTO api_user (tenant, id, name, roles, spaces) VALUES (?1, ?2, ?3, ?4, ?5)";

const UPDATE_USER: &str =
    "UPDATE api_user SET name = ?3, roles = ?4, spaces = ?5 WHERE tenant = ?1 AND id = ?2";

const DELETE_USER: &str = "DELETE FROM api_user WHERE tenant = ?1 AND id = ?2";

/// A row of `tenant`, as far as it identifies one.
struct Known {
    id: TenantId,
    uid: TenantUid,
    dialect: String,
}

impl Transaction<'_> {
    pub(super) fn apply_tenants(&mut self, specs: &[TenantSpec]) -> Result<(), StoreError> {
        let mut tenants = specs.iter().map(|spec| self.apply_tenant(spec)).collect::<Result<Vec<_>, _>>()?;
        let configured: HashSet<TenantId> = tenants.iter().map(|tenant| tenant.id).collect();
        let mut statement = self.sql.prepare_cached(MADE_TENANTS)?;
        for row in statement.query_map([], MadeRow::read)? {
            let tenant = row?.restore()?;
            if !configured.contains(&tenant.id) {
                tenants.push(tenant);
            }
        }
        for tenant in &mut tenants {
            self.add_made_users(tenant)?;
        }
        self.draft.effects.push(Effect::SetTenants(tenants.into_iter().map(Arc::new).collect()));
        Ok(())
    }

    fn apply_tenant(&mut self, spec: &TenantSpec) -> Result<Tenant, StoreError> {
        let (id, uid) = self.identify(spec)?;
        Ok(spec.clone().into_tenant(id, uid))
    }

    /// The id and the random name of the tenant of this name, which are given to a new one.
    fn identify(&mut self, spec: &TenantSpec) -> Result<(TenantId, TenantUid), StoreError> {
        match self.known(&spec.name)? {
            Some(Known { dialect: stored, .. }) if stored != spec.dialect.as_str() => {
                Err(StoreError::DialectChanged { tenant: spec.name.clone(), stored })
            }
            Some(Known { id, uid, .. }) => Ok((id, uid)),
            None => self.insert_tenant(spec),
        }
    }

    fn known(&self, name: &str) -> Result<Option<Known>, StoreError> {
        let mut statement = self.sql.prepare_cached(TENANT_BY_NAME)?;
        let row = statement.query_row([name], |row| {
            Ok((row.get::<_, i64>("id")?, row.get::<_, Vec<u8>>("uid")?, row.get::<_, String>("dialect")?))
        });
        let Some((id, uid, dialect)) = row.optional()? else { return Ok(None) };
        let uid = Place::new("tenant", id).uid("uid", &uid)?;
        Ok(Some(Known { id: TenantId::new(id), uid, dialect }))
    }

    fn insert_tenant(&mut self, spec: &TenantSpec) -> Result<(TenantId, TenantUid), StoreError> {
        let id = take(&mut self.draft.sequences.tenant);
        let mut uid = [0; 16];
        self.context.rng.fill(&mut uid);
        self.execute(INSERT_TENANT, params![id, spec.name, uid, spec.dialect.as_str()])?;
        let (id, uid) = (TenantId::new(id), TenantUid::new(uid));
        self.draft.tenants.insert(id, TenantState { uid, next: Numbers::START });
        Ok((id, uid))
    }

    fn add_made_users(&self, tenant: &mut Tenant) -> Result<(), StoreError> {
        let mut statement = self.sql.prepare_cached(MADE_USERS)?;
        for row in statement.query_map([tenant.id.get()], UserRow::read)? {
            let user = row?.restore(tenant)?;
            tenant.users.entry(user.id.clone()).or_insert(user);
        }
        Ok(())
    }

    pub(super) fn create_tenant(
        &mut self,
        new: &(TenantSpec, Timestamp),
    ) -> Result<Option<Arc<Tenant>>, StoreError> {
        let (spec, at) = new;
        let at = stored(*at);
        let configured = self.state.directory.tenant_by_name(&spec.name);
        if configured.is_some_and(|tenant| tenant.origin == Origin::File) {
            return Ok(None);
        }
        if let Some(Known { id, .. }) = self.known(&spec.name)?
            && self.is_made(id)?
        {
            return Ok(None);
        }
        let (id, uid) = self.identify(spec)?;
        let json = write_spec(&spec.egress, &spec.settings);
        self.execute(PUT_MADE_TENANT, params![id.get(), at.as_microsecond(), json])?;
        // Whoever had a right in one that was there before has none in this one.
        self.remove_people(id)?;
        let spec = TenantSpec { users: BTreeMap::new(), ..spec.clone() };
        let tenant = Arc::new(spec.into_made(id, uid, at));
        self.draft.effects.push(Effect::RemoveTenant(id));
        self.draft.effects.push(Effect::AddTenant(Arc::clone(&tenant)));
        Ok(Some(tenant))
    }

    pub(super) fn update_tenant(
        &mut self,
        change: &(TenantId, Egress, Settings),
    ) -> Result<bool, StoreError> {
        let (id, egress, settings) = change;
        let json = write_spec(egress, settings);
        if self.is_configured(*id) || self.execute(UPDATE_MADE_TENANT, params![id.get(), json])? == 0 {
            return Ok(false);
        }
        let (egress, settings) = (egress.clone(), settings.clone());
        self.draft.effects.push(Effect::ChangeTenant { id: *id, egress, settings });
        Ok(true)
    }

    pub(super) fn delete_tenant(&mut self, id: TenantId, at: Timestamp) -> Result<bool, StoreError> {
        let at = stored(at).as_microsecond();
        if self.is_configured(id) || self.execute(DELETE_MADE_TENANT, [id.get(), at])? == 0 {
            return Ok(false);
        }
        self.remove_people(id)?;
        self.draft.effects.push(Effect::RemoveTenant(id));
        Ok(true)
    }

    fn remove_people(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.execute(DELETE_USERS, [tenant.get()])?;
        self.delete_tokens_of(tenant, None)
    }

    pub(super) fn create_user(&mut self, new: &(TenantId, User)) -> Result<bool, StoreError> {
        let (tenant, user) = new;
        let there = self.is_configured(*tenant) || self.is_made(*tenant)?;
        if !there || self.is_configured_user(*tenant, &user.id) {
            return Ok(false);
        }
        if !self.write_user(INSERT_USER, *tenant, user)? {
            return Ok(false);
        }
        // One of this id may have been declared by the file and is no more: whoever had its tokens is somebody else.
        self.delete_tokens_of(*tenant, Some(&user.id))?;
        self.draft.effects.push(Effect::RemoveUser { tenant: *tenant, user: user.id.clone() });
        self.draft.effects.push(put(*tenant, user));
        Ok(true)
    }

    pub(super) fn update_user(&mut self, change: &(TenantId, User)) -> Result<bool, StoreError> {
        let (tenant, user) = change;
        let changed =
            !self.is_configured_user(*tenant, &user.id) && self.write_user(UPDATE_USER, *tenant, user)?;
        if changed {
            self.draft.effects.push(put(*tenant, user));
        }
        Ok(changed)
    }

    /// Whether there was a row to write.
    fn write_user(&self, statement: &'static str, tenant: TenantId, user: &User) -> Result<bool, StoreError> {
        let User { id, name, roles, spaces, origin: _ } = user;
        let roles: Vec<_> = roles.names().collect();
        let params = params![tenant.get(), id.as_str(), name, json_of(&roles), json_of(spaces)];
        Ok(self.execute(statement, params)? > 0)
    }

    pub(super) fn delete_user(&mut self, named: &(TenantId, UserId)) -> Result<bool, StoreError> {
        let (tenant, user) = named;
        let gone = !self.is_configured_user(*tenant, user)
            && self.execute(DELETE_USER, params![tenant.get(), user.as_str()])? > 0;
        if gone {
            self.delete_tokens_of(*tenant, Some(user))?;
            self.draft.effects.push(Effect::RemoveUser { tenant: *tenant, user: user.clone() });
        }
        Ok(gone)
    }

    fn is_made(&self, tenant: TenantId) -> Result<bool, StoreError> {
        Ok(self.sql.prepare_cached(IS_MADE)?.exists([tenant.get()])?)
    }

    fn is_configured(&self, tenant: TenantId) -> bool {
        self.state.directory.tenant(tenant).is_some_and(|tenant| tenant.origin == Origin::File)
    }

    fn is_configured_user(&self, tenant: TenantId, user: &UserId) -> bool {
        let tenant = self.state.directory.tenant(tenant);
        tenant.is_some_and(|tenant| tenant.users.get(user).is_some_and(|user| user.origin == Origin::File))
    }
}

fn put(tenant: TenantId, user: &User) -> Effect {
    Effect::PutUser { tenant, user: User { origin: Origin::Api, ..user.clone() } }
}

struct MadeRow {
    id: i64,
    name: String,
    uid: Vec<u8>,
    dialect: String,
    created_at: i64,
    spec: String,
}

impl MadeRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            uid: row.get("uid")?,
            dialect: row.get("dialect")?,
            created_at: row.get("created_at")?,
            spec: row.get("spec")?,
        })
    }

    /// The tenant, without its users.
    fn restore(self) -> Result<Tenant, StoreError> {
        let (place, made) = (Place::new("tenant", self.id), Place::new("api_tenant", self.id));
        let (egress, settings) = read_spec(&self.spec).ok_or_else(|| made.column("spec"))?;
        let dialect = DialectId::parse(&self.dialect).ok_or_else(|| place.column("dialect"))?;
        let spec = TenantSpec { name: self.name, dialect, egress, settings, users: BTreeMap::new() };
        let at = made.time("created_at", self.created_at)?;
        Ok(spec.into_made(TenantId::new(self.id), place.uid("uid", &self.uid)?, at))
    }
}

struct UserRow {
    id: String,
    name: String,
    roles: String,
    spaces: String,
}

impl UserRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            roles: row.get("roles")?,
            spaces: row.get("spaces")?,
        })
    }

    fn restore(self, tenant: &Tenant) -> Result<User, StoreError> {
        let place = Place::new("api_user", tenant.id.get());
        let Self { id, name, roles, spaces } = self;
        let roles = serde_json::from_str(&roles).map_err(|_| place.column("roles"))?;
        let spaces = serde_json::from_str(&spaces).map_err(|_| place.column("spaces"))?;
        let form = UserText { id, name: Some(name), roles, spaces };
        form.read(tenant.dialect, Origin::Api).map_err(|error| place.column(error.member))
    }
}

/// A tenant's rules at rest. Members are only ever added, as optional ones.
#[derive(Serialize, Deserialize)]
struct Spec {
    egress: SpecEgress,
    settings: SpecSettings,
}

#[derive(Serialize, Deserialize)]
struct SpecEgress {
    allow: Option<Vec<String>>,
    hosts: Option<BTreeMap<String, String>>,
    relaxed_targets: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct SpecSettings {
    timeout: Option<String>,
    retry: Option<Vec<String>>,
    retention: Option<String>,
    standard_webhooks: Option<bool>,
    immuta_signatures: Option<Vec<String>>,
    notification_list: Option<String>,
    envelope: Option<String>,
    event_types: Option<Vec<String>>,
}

fn write_spec(egress: &Egress, settings: &Settings) -> String {
    let EgressText { allow, hosts, relaxed_targets } = EgressText::of(egress);
    let SettingsText {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    } = SettingsText::of(settings);
    json_of(&Spec {
        egress: SpecEgress { allow, hosts, relaxed_targets },
        settings: SpecSettings {
            timeout,
            retry,
            retention,
            standard_webhooks,
            immuta_signatures,
            notification_list,
            envelope,
            event_types,
        },
    })
}

fn read_spec(json: &str) -> Option<(Egress, Settings)> {
    let Spec { egress, settings } = serde_json::from_str(json).ok()?;
    let SpecEgress { allow, hosts, relaxed_targets } = egress;
    let SpecSettings {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    } = settings;
    let egress = EgressText { allow, hosts, relaxed_targets }.apply(Egress::default()).ok()?;
    let form = SettingsText {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    };
    Some((egress, form.apply(Settings::default()).ok()?))
}

fn json_of(value: &impl Serialize) -> String {
    // Strings, booleans, and lists and maps of strings always serialise.
    serde_json::to_string(value).expect("plain JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every release that can be upgraded from has written.
    const STORED: &str = r#"{"egress":{"allow":["127.0.0.0/8"],"hosts":{"hooks.test":"127.0.0.1"},"relaxed_targets":true},"settings":{"timeout":"10s","retry":["0s","5s"],"retention":"7d","standard_webhooks":true,"immuta_signatures":["sha1","sha256"],"notification_list":"saas","envelope":"cloudevents","event_types":["own"]}}"#;

    #[test]
    fn a_tenants_rules_read_back_as_they_were_written() {
        let (egress, settings) = read_spec(STORED).unwrap();
        assert_eq!(write_spec(&egress, &settings), STORED);
    }

    #[test]
    fn rules_that_nobody_writes_are_refused() {
        for bad in ["", "{}", &STORED.replace("10s", "10"), &STORED.replace("/8", "/99")] {
            assert!(read_spec(bad).is_none(), "{bad}");
        }
    }
}
