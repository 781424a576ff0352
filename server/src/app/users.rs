//! Users that are made through the API, beside those of the configuration.

use std::sync::Arc;

use super::access::{Access, Operation};
use super::audit::Entry;
use super::{App, Error};
use crate::domain::text::{TextError, UserText};
use crate::domain::{Origin, Principal, Tenant, User, UserId};

/// The most users a tenant may have.
const MAX_USERS: usize = 10_000;

/// What is to be different about a user. The rest stays.
pub struct UserChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Its roles, by name.
    pub roles: Option<Vec<String>>,
    /// The spaces it belongs to.
    pub spaces: Option<Vec<String>>,
}

impl App {
    /// Adds a user to the tenant.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::LimitReached`]; [`Error::Conflict`] when the tenant has one of
    /// this id.
    pub async fn create_user(&self, principal: &Principal, form: UserText) -> Result<User, Error> {
        let Access { tenant, .. } = self.authorise(principal, Operation::ManageUsers)?;
        let user = form.read(tenant.dialect, Origin::Api).map_err(broken)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.newest(&tenant)?;
        if tenant.has(&user.id) {
            return Err(taken());
        }
        if tenant.users.len() >= MAX_USERS {
            return Err(Error::LimitReached { what: "users", limit: MAX_USERS });
        }
        let entry = entry(principal, "user.create", &user.id).with("roles", &roles(&user));
        let app = self.clone();
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.create_user(tenant.id, user.clone()).await? {
                return Err(taken());
            }
            // One of this id may have been there before and left webhooks.
            app.webhooks_of_changed(&tenant, &user.id);
            app.auditor().record(entry).await;
            Ok(user)
        })
        .await
    }

    /// The users of the tenant, by id.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_users(&self, principal: &Principal) -> Result<Vec<User>, Error> {
        let access = self.authorise(principal, Operation::ManageUsers)?;
        Ok(access.tenant.users.values().cloned().collect())
    }

    /// One user.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_user(&self, principal: &Principal, id: &str) -> Result<User, Error> {
        let access = self.authorise(principal, Operation::ManageUsers)?;
        named(&access.tenant, id)
    }

    /// Changes a user. Its tokens have the rights it has now.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Configured`], [`Error::Invalid`].
    pub async fn update_user(
        &self,
        principal: &Principal,
        id: &str,
        change: UserChange,
    ) -> Result<User, Error> {
        let Access { tenant, .. } = self.authorise(principal, Operation::ManageUsers)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.newest(&tenant)?;
        let before = made(&tenant, id)?;
        let user = changed(before.clone(), change, &tenant)?;
        let entry = entry(principal, "user.update", &user.id).changing(&differences(&before, &user));
        let entry = entry.with("roles", &roles(&user));
        let app = self.clone();
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.update_user(tenant.id, user.clone()).await? {
                return Err(Error::NotFound("user"));
            }
            app.auditor().record(entry).await;
            Ok(user)
        })
        .await
    }

    /// Deletes a user with its tokens. Its webhooks stay and receive nothing more.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Configured`].
    pub async fn delete_user(&self, principal: &Principal, id: &str) -> Result<(), Error> {
        let Access { tenant, .. } = self.authorise(principal, Operation::ManageUsers)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.newest(&tenant)?;
        let id = made(&tenant, id)?.id;
        let entry = entry(principal, "user.delete", &id);
        let app = self.clone();
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.delete_user(tenant.id, id.clone()).await? {
                return Err(Error::NotFound("user"));
            }
            app.webhooks_of_changed(&tenant, &id);
            app.auditor().record(entry).await;
            Ok(())
        })
        .await
    }

    /// The tenant as it is now, which may be another than when the request began.
    pub(super) fn newest(&self, tenant: &Tenant) -> Result<Arc<Tenant>, Error> {
        self.store.directory().tenant(tenant.id).ok_or(Error::NotFound("tenant"))
    }

    /// Has the engine look anew whether the user's webhooks deliver.
    fn webhooks_of_changed(&self, tenant: &Tenant, user: &UserId) {
        for webhook in self.store.directory().matching(tenant.id, |webhook| webhook.owner == *user) {
            self.dispatcher.webhook_changed(webhook.id);
        }
    }
}

fn entry(principal: &Principal, operation: &'static str, user: &UserId) -> Entry {
    Entry::of(principal, operation).to("user", user)
}

fn roles(user: &User) -> String {
    user.roles.names().collect::<Vec<_>>().join(" ")
}

/// What a change changes, by name, for the audit log.
fn differences(before: &User, after: &User) -> [(&'static str, bool); 3] {
    [
        ("name", before.name != after.name),
        ("roles", before.roles != after.roles),
        ("spaces", before.spaces != after.spaces),
    ]
}

fn named(tenant: &Tenant, id: &str) -> Result<User, Error> {
    let user = UserId::new(id).and_then(|id| tenant.users.get(&id));
    user.cloned().ok_or(Error::NotFound("user"))
}

/// One that can be changed here.
fn made(tenant: &Tenant, id: &str) -> Result<User, Error> {
    let user = named(tenant, id)?;
    match user.origin {
        Origin::Api => Ok(user),
        Origin::File => Err(Error::Configured("user")),
    }
}

fn changed(user: User, change: UserChange, tenant: &Tenant) -> Result<User, Error> {
    let User { id, name, roles, spaces, origin } = user;
    let UserChange { name: new_name, roles: new_roles, spaces: new_spaces } = change;
    let form = UserText {
        id: id.to_string(),
        name: Some(new_name.unwrap_or(name)),
        roles: new_roles.unwrap_or_else(|| roles.names().map(ToOwned::to_owned).collect()),
        spaces: new_spaces.unwrap_or(spaces),
    };
    form.read(tenant.dialect, origin).map_err(broken)
}

fn broken(error: TextError) -> Error {
    let TextError { member, entry: _, message } = error;
    Error::invalid(member, message)
}

fn taken() -> Error {
    Error::Conflict("the tenant has a user of this id already".to_owned())
}
