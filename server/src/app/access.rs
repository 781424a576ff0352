//! Who may do what: one table for all APIs.
//!
//! | operation | admin | user | sender | operator in a tenant |
//! |---|---|---|---|---|
//! | publish events | yes | no | yes | no |
//! | read event types | yes | yes | no | yes |
//! | read webhooks | all | own | no | all |
//! | read webhooks where a system's users see each other's | all | all | no | all |
//! | create webhooks | yes | yes | no | no |
//! | create global webhooks | yes | no | no | no |
//! | change webhooks, their secrets included | all | own | no | no |
//! | delete webhooks | all | own | no | all |
//! | try webhooks out | all | own | no | no |
//! | give webhooks to others | yes | no | no | no |
//! | read history | all | own | no | no (it holds bodies) |
//! | resend | all | own | no | no |
//! | read history of global webhooks | yes | no | no | no |
//! | replay | all | own | no | no |
//! | read replays | all | own | no | no |
//! | watch what happens | all | own | no | no |
//! | use what a system keeps for admins | yes | no | no | yes |
//! | read tenants | its own | no | no | yes |
//! | manage users | all | no | no | all |
//! | manage tokens | all | own | no | all |
//! | read the audit log | its tenant's | no | no | its tenant's |
//!
//! Everybody whose token is valid may read who they are, wherever they are ([`crate::app::App::read_caller`]).
//!
//! What is the tenant's is nobody's own: in Qlik Cloud, webhooks of level `tenant`, whoever made them.
//!
//! To use what a system keeps for admins only lets somebody in: what is then done there needs a right of its own.
//!
//! Outside every tenant an operator may do this, and nothing else:
//!
//! | operation | |
//! |---|---|
//! | read tenants | all |
//! | manage tenants | all |
//! | read the audit log | all of it |
//!
//! What is not in the table is denied. What somebody may not see does not exist for them: 404, not 403.

use std::sync::Arc;

use super::Error;
use crate::domain::{Audience, Owned, Principal, Role, Roles, Tenant, UserId, Webhook};

/// Something a principal may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Publish events.
    Publish,
    /// Read which event types there are.
    ReadEventTypes,
    /// List webhooks and read one.
    ReadWebhooks,
    /// The same in a system whose users see each other's webhooks.
    ReadSharedWebhooks,
    /// Create a webhook.
    CreateWebhook,
    /// Create a webhook that receives what concerns others.
    CreateGlobalWebhook,
    /// Change a webhook, its secret included.
    UpdateWebhook,
    /// Make a webhook somebody else's.
    GiveWebhook,
    /// Delete a webhook.
    DeleteWebhook,
    /// Send a webhook something of the system's making, to try it out.
    TestWebhook,
    /// Read the history of deliveries, which holds their bodies.
    ReadHistory,
    /// Read the history of global webhooks, other users' included.
    ReadGlobalHistory,
    /// Send a delivery of the history once more.
    Resend,
    /// Send all again that a webhook missed, and give that up.
    Replay,
    /// List replays and read one.
    ReadReplays,
    /// Be told of attempts and webhooks while they happen.
    Watch,
    /// Use what a system keeps for admins: all of the Request app, and the generic API where it changes or tries
    /// something out. It comes before the right to do what is done there.
    UseAsAdmin,
    /// List tenants and read one.
    ReadTenants,
    /// Create, change and delete tenants.
    ManageTenants,
    /// List, read, create, change and delete users.
    ManageUsers,
    /// List, read, create and revoke tokens.
    ManageTokens,
    /// Read the audit log.
    ReadAudit,
}

impl Operation {
    /// What the audit log calls it when it is refused. It never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "event.publish",
            Self::ReadEventTypes => "event_type.read",
            Self::ReadWebhooks | Self::ReadSharedWebhooks => "webhook.read",
            Self::CreateWebhook | Self::CreateGlobalWebhook => "webhook.create",
            Self::UpdateWebhook | Self::GiveWebhook => "webhook.update",
            Self::DeleteWebhook => "webhook.delete",
            Self::TestWebhook => "webhook.test",
            Self::ReadHistory | Self::ReadGlobalHistory => "delivery.read",
            Self::Resend => "delivery.resend",
            Self::Replay => "replay.start",
            Self::ReadReplays => "replay.read",
            Self::Watch => "stream.read",
            Self::UseAsAdmin => "webhook.manage",
            Self::ReadTenants => "tenant.read",
            Self::ManageTenants => "tenant.manage",
            Self::ManageUsers => "user.manage",
            Self::ManageTokens => "token.manage",
            Self::ReadAudit => "audit.read",
        }
    }
}

/// A right, granted: in which tenant, for whom, and how far it reaches.
#[derive(Clone, Debug)]
pub struct Access {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// The user, unless an operator acts.
    pub user: Option<UserId>,
    /// How far it reaches.
    pub reach: Reach,
}

/// Whose things a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's in the tenant.
    All,
    /// The user's own.
    Own,
}

/// Where a right holds that need not be one inside a tenant.
#[derive(Clone, Debug)]
pub enum Realm {
    /// On the whole server.
    Server,
    /// In this tenant only.
    Tenant(Arc<Tenant>),
}

impl Realm {
    /// Whether this tenant lies in it.
    #[must_use]
    pub fn holds(&self, tenant: &Tenant) -> bool {
        match self {
            Self::Server => true,
            Self::Tenant(own) => own.id == tenant.id,
        }
    }

    /// The tenant it is limited to.
    #[must_use]
    pub fn tenant(&self) -> Option<&Arc<Tenant>> {
        match self {
            Self::Server => None,
            Self::Tenant(tenant) => Some(tenant),
        }
    }
}

impl Access {
    /// Whether what this user has is within reach.
    #[must_use]
    pub fn reaches_user(&self, user: &UserId) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own => self.user.as_ref() == Some(user),
        }
    }

    /// Whether this webhook is within reach.
    #[must_use]
    pub fn reaches(&self, webhook: &Webhook) -> bool {
        webhook.tenant == self.tenant.id && self.reaches_owned(&webhook.owner, webhook.profile.audience())
    }

    /// Whether a webhook of this owner that receives these events is within reach.
    #[must_use]
    pub fn reaches_owned(&self, owner: &UserId, audience: Audience) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own => self.reaches_user(owner) && self.tenant.dialect.is_owned(audience),
        }
    }

    /// The webhooks within reach, unless it is all of them.
    #[must_use]
    pub fn owned(&self) -> Option<Owned> {
        let by = self.user.clone().filter(|_| self.reach == Reach::Own)?;
        Some(Owned { by, global: self.tenant.dialect.global_is_owned() })
    }
}

/// Looks an operation up in the table.
///
/// # Errors
/// [`Error::Forbidden`] names who may do it.
pub fn authorise(principal: &Principal, operation: Operation) -> Result<Access, Error> {
    match principal {
        Principal::User { token: _, tenant, id, roles, expires_at: _ } => {
            let reach = reach_of(*roles, operation).ok_or(Error::Forbidden { needs: needs(operation) })?;
            Ok(Access { tenant: Arc::clone(tenant), user: Some(id.clone()), reach })
        }
        Principal::Operator { token: _, name, acting_in } => {
            let tenant = acting_in.as_ref().ok_or(Error::Forbidden {
                needs: "the `Sigpost-Tenant` header: an operator acts inside a tenant only by naming it",
            })?;
            let allowed = operator_may(operation);
            tracing::info!(target: "audit", operator = name, tenant = tenant.name, ?operation, allowed);
            if !allowed {
                return Err(Error::Forbidden { needs: needs(operation) });
            }
            Ok(Access { tenant: Arc::clone(tenant), user: None, reach: Reach::All })
        }
    }
}

/// Looks up an operation that concerns tenants as such, or all of them: an operator need not name one.
///
/// # Errors
/// [`Error::Forbidden`] names who may do it.
pub fn authorise_widely(principal: &Principal, operation: Operation) -> Result<Realm, Error> {
    use Operation as Op;
    if !matches!(operation, Op::ReadTenants | Op::ManageTenants | Op::ReadAudit) {
        return Err(Error::Forbidden { needs: needs(operation) });
    }
    let Principal::Operator { token: _, name, acting_in } = principal else {
        return Ok(Realm::Tenant(authorise(principal, operation)?.tenant));
    };
    let tenant = acting_in.as_ref().map(|tenant| &*tenant.name);
    tracing::info!(target: "audit", operator = name, tenant, ?operation, allowed = true);
    Ok(match acting_in {
        Some(tenant) if operation != Op::ManageTenants => Realm::Tenant(Arc::clone(tenant)),
        // Tenants are not things inside a tenant.
        Some(_) | None => Realm::Server,
    })
}

const fn operator_may(operation: Operation) -> bool {
    use Operation as Op;
    match operation {
        Op::ReadEventTypes
        | Op::ReadWebhooks
        | Op::ReadSharedWebhooks
        | Op::DeleteWebhook
        | Op::UseAsAdmin
        | Op::ReadTenants
        | Op::ManageUsers
        | Op::ManageTokens
        | Op::ReadAudit => true,
        Op::Publish
        | Op::CreateWebhook
        | Op::CreateGlobalWebhook
        | Op::UpdateWebhook
        | Op::GiveWebhook
        | Op::TestWebhook
        | Op::ReadHistory
        | Op::ReadGlobalHistory
        | Op::Resend
        | Op::Replay
        | Op::ReadReplays
        | Op::Watch
        | Op::ManageTenants => false,
    }
}

fn reach_of(roles: Roles, operation: Operation) -> Option<Reach> {
    use Operation as Op;
    match operation {
        Op::ManageTenants => None,
        _ if roles.has(Role::Admin) => Some(Reach::All),
        Op::Publish => roles.has(Role::Sender).then_some(Reach::All),
        Op::CreateGlobalWebhook
        | Op::GiveWebhook
        | Op::ReadGlobalHistory
        | Op::UseAsAdmin
        | Op::ReadTenants
        | Op::ManageUsers
        | Op::ReadAudit => None,
        Op::ReadSharedWebhooks => roles.has(Role::User).then_some(Reach::All),
        Op::ReadEventTypes
        | Op::ReadWebhooks
        | Op::CreateWebhook
        | Op::UpdateWebhook
        | Op::DeleteWebhook
        | Op::TestWebhook
        | Op::ReadHistory
        | Op::Resend
        | Op::Replay
        | Op::ReadReplays
        | Op::Watch
        | Op::ManageTokens => roles.has(Role::User).then_some(Reach::Own),
    }
}

const fn needs(operation: Operation) -> &'static str {
    match operation {
        Operation::Publish => "the role admin or sender",
        Operation::CreateGlobalWebhook => "the role admin: such a webhook receives what concerns others",
        Operation::GiveWebhook => "the role admin: it makes a webhook somebody else's",
        Operation::ReadGlobalHistory => "the role admin: global webhooks' history holds what concerns others",
        Operation::ManageTenants => "an operator of the server",
        Operation::ReadTenants | Operation::ManageUsers | Operation::ReadAudit => {
            "the role admin, or an operator of the server"
        }
        Operation::UseAsAdmin => "the role admin",
        Operation::ReadEventTypes
        | Operation::ReadWebhooks
        | Operation::ReadSharedWebhooks
        | Operation::CreateWebhook
        | Operation::UpdateWebhook
        | Operation::DeleteWebhook
        | Operation::TestWebhook
        | Operation::ReadHistory
        | Operation::Resend
        | Operation::Replay
        | Operation::ReadReplays
        | Operation::Watch
        | Operation::ManageTokens => "a user of the tenant with the role admin or user",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DialectId, Egress, Settings, TenantId, TenantSpec, TenantUid, TokenHash};

    fn tenant() -> Arc<Tenant> {
        let spec = TenantSpec {
            name: "t".into(),
            dialect: DialectId::Immuta,
            egress: Egress::default(),
            settings: Settings::default(),
            users: std::collections::BTreeMap::new(),
        };
        Arc::new(spec.into_tenant(TenantId::new(1), TenantUid::new([0; 16])))
    }

    fn user(roles: &[Role]) -> Principal {
        let roles = roles.iter().copied().collect();
        Principal::User {
            token: TokenHash::of("t"),
            tenant: tenant(),
            id: UserId::new("1").unwrap(),
            roles,
            expires_at: None,
        }
    }

    #[test]
    fn the_table_holds_for_every_role_and_operation() {
        use Operation as Op;
        use Reach::{All, Own};
        let admin = user(&[Role::Admin]);
        let plain = user(&[Role::User]);
        let sender = user(&[Role::Sender]);
        let nobody = user(&[]);
        let operator =
            Principal::Operator { token: TokenHash::of("t"), name: "ops".into(), acting_in: Some(tenant()) };
        let outside = Principal::Operator { token: TokenHash::of("t"), name: "ops".into(), acting_in: None };
        let table = [
            // operation, admin, user, sender, operator
            (Op::Publish, Some(All), None, Some(All), None),
            (Op::ReadEventTypes, Some(All), Some(Own), None, Some(All)),
            (Op::ReadWebhooks, Some(All), Some(Own), None, Some(All)),
            (Op::ReadSharedWebhooks, Some(All), Some(All), None, Some(All)),
            (Op::CreateWebhook, Some(All), Some(Own), None, None),
            (Op::CreateGlobalWebhook, Some(All), None, None, None),
            (Op::UpdateWebhook, Some(All), Some(Own), None, None),
            (Op::GiveWebhook, Some(All), None, None, None),
            (Op::DeleteWebhook, Some(All), Some(Own), None, Some(All)),
            (Op::TestWebhook, Some(All), Some(Own), None, None),
            (Op::ReadHistory, Some(All), Some(Own), None, None),
            (Op::ReadGlobalHistory, Some(All), None, None, None),
            (Op::Resend, Some(All), Some(Own), None, None),
            (Op::Replay, Some(All), Some(Own), None, None),
            (Op::ReadReplays, Some(All), Some(Own), None, None),
            (Op::Watch, Some(All), Some(Own), None, None),
            (Op::UseAsAdmin, Some(All), None, None, Some(All)),
            (Op::ReadTenants, Some(All), None, None, Some(All)),
            (Op::ManageTenants, None, None, None, None),
            (Op::ManageUsers, Some(All), None, None, Some(All)),
            (Op::ManageTokens, Some(All), Some(Own), None, Some(All)),
            (Op::ReadAudit, Some(All), None, None, Some(All)),
        ];
        for (operation, by_admin, by_user, by_sender, by_operator) in table {
            let reach = |who: &Principal| authorise(who, operation).ok().map(|access| access.reach);
            assert_eq!(reach(&admin), by_admin, "admin {operation:?}");
            assert_eq!(reach(&plain), by_user, "user {operation:?}");
            assert_eq!(reach(&sender), by_sender, "sender {operation:?}");
            assert_eq!(reach(&operator), by_operator, "operator {operation:?}");
            assert_eq!(reach(&nobody), None, "no role {operation:?}");
            assert_eq!(reach(&outside), None, "operator outside {operation:?}");
        }
    }

    #[test]
    fn only_an_operator_reaches_beyond_a_tenant_and_only_for_what_concerns_tenants() {
        use Operation as Op;
        let outside = Principal::Operator { token: TokenHash::of("t"), name: "ops".into(), acting_in: None };
        let inside =
            Principal::Operator { token: TokenHash::of("t"), name: "ops".into(), acting_in: Some(tenant()) };
        // What an operator reaches without naming a tenant, with naming one, and what an admin reaches.
        let table = [
            (Op::ReadTenants, Some("server"), Some("tenant"), Some("tenant")),
            (Op::ManageTenants, Some("server"), Some("server"), None),
            (Op::ReadAudit, Some("server"), Some("tenant"), Some("tenant")),
            (Op::ManageUsers, None, None, None),
            (Op::ManageTokens, None, None, None),
            (Op::Publish, None, None, None),
            (Op::ReadEventTypes, None, None, None),
            (Op::ReadWebhooks, None, None, None),
            (Op::CreateWebhook, None, None, None),
            (Op::CreateGlobalWebhook, None, None, None),
            (Op::DeleteWebhook, None, None, None),
            (Op::ReadSharedWebhooks, None, None, None),
            (Op::UpdateWebhook, None, None, None),
            (Op::GiveWebhook, None, None, None),
            (Op::TestWebhook, None, None, None),
            (Op::UseAsAdmin, None, None, None),
            (Op::ReadHistory, None, None, None),
            (Op::ReadGlobalHistory, None, None, None),
            (Op::Resend, None, None, None),
            (Op::Replay, None, None, None),
            (Op::ReadReplays, None, None, None),
            (Op::Watch, None, None, None),
        ];
        for (operation, by_operator, in_tenant, by_admin) in table {
            let realm = |who: &Principal| match authorise_widely(who, operation).ok()? {
                Realm::Server => Some("server"),
                Realm::Tenant(_) => Some("tenant"),
            };
            assert_eq!(realm(&outside), by_operator, "outside {operation:?}");
            assert_eq!(realm(&inside), in_tenant, "inside {operation:?}");
            assert_eq!(realm(&user(&[Role::Admin])), by_admin, "admin {operation:?}");
        }
        for operation in [Op::ReadTenants, Op::ManageTenants, Op::ReadAudit] {
            for role in [Role::User, Role::Sender] {
                assert!(authorise_widely(&user(&[role]), operation).is_err(), "{role:?} {operation:?}");
            }
        }
    }
}
