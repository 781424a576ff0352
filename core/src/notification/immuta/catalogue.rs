//! The event types of Immuta's notifications: which ones there are and which release lists which.
//!
//! Sources: the webhook pages of Immuta SaaS and of Immuta 2024.3, whose two lists differ from each other and each
//! from its own table of actions. On input the union is accepted; a receiver must expect types it does not know.
//!
//! The SaaS page as of 2026-08-01 has one type more, `automaticDomainAssignmentFailure`, and no longer names three:
//! `globalPolicyApprovalRescinded`, `globalPolicyApproved`, `globalPolicyChangeRequested`. They stay, and count as SaaS
//! types: a page that drops a name does not say that it is never sent.

use crate::notification::catalogue::{EventType, Source};

/// One event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationType {
    /// Its name, as it stands in `notificationType`, and what to tell about it.
    pub about: EventType,
    /// Whether the SaaS page names it, in its table or in its example of `GET /webhooks/actions`.
    pub saas: bool,
    /// Whether the example of `GET /webhooks/actions` of release 2024.3 names it.
    pub v2024_3: bool,
}

/// The name that subscribes to every event type. No event is of this type itself.
pub const ALL_NOTIFICATIONS: &str = "ALL_NOTIFICATIONS";

/// Which lists a type stands in, and the best document on it.
#[derive(Clone, Copy)]
struct Listed {
    saas: bool,
    v2024_3: bool,
    source: Source,
}

const BOTH: Listed = Listed { saas: true, v2024_3: true, source: Source::ImmutaSaas };
const SAAS: Listed = Listed { saas: true, v2024_3: false, source: Source::ImmutaSaas };
const OLDER: Listed = Listed { saas: false, v2024_3: true, source: Source::Immuta2024 };
const ACTIONS_ONLY: Listed = Listed { saas: false, v2024_3: true, source: Source::Immuta2024Actions };
const NEWER: Listed = Listed { saas: false, v2024_3: false, source: Source::ImmutaSaas2026 };

const EVERYTHING: &str = "Everything";
const MODELS: &str = "Data sources and projects";
const ACCESS: &str = "Access";
const PROJECTS: &str = "Projects";
const DOMAINS: &str = "Domains";
const POLICIES: &str = "Policies";
const PURPOSES: &str = "Purposes";
const TAGS: &str = "Tags";
const FRAMEWORKS: &str = "Frameworks";
const QUERIES: &str = "Queries";
const USERS: &str = "Users and groups";
const TASKS: &str = "Tasks";
const HEALTH: &str = "Health";

/// Every known event type, [`ALL_NOTIFICATIONS`] first: in the order of the SaaS example, then the types only its
/// table names, then those only release 2024.3 names, then those that came later.
#[rustfmt::skip]
pub const NOTIFICATION_TYPES: &[NotificationType] = &[
    entry("ALL_NOTIFICATIONS", BOTH, EVERYTHING, "All notifications",
        "Stands for every type in a subscription; no notification is of it."),
    entry("modelCreated", BOTH, MODELS, "Data source or project created",
        "Somebody made a new data source or project."),
    entry("modelDeleted", BOTH, MODELS, "Data source or project deleted",
        "Somebody removed a data source or project."),
    entry("modelCopied", BOTH, MODELS, "Data source or project copied",
        "Somebody made a copy of a data source or project."),
    entry("dataSourceUpdated", BOTH, MODELS, "Data source updated",
        "A data source changed."),
    entry("dataSourceExpired", BOTH, MODELS, "Data source expired",
        "A data source reached the end of the time it was set up for."),
    entry("dataSourceExpiring", BOTH, MODELS, "Data source expires tomorrow",
        "A data source has one day left of the time it was set up for."),
    entry("healthCheckFailed", BOTH, HEALTH, "Health check failed",
        "The check of a data source found something wrong."),
    entry("healthCheckResolved", BOTH, HEALTH, "Health check passed",
        "The check of a data source found it to be well."),
    entry("modelUserAdded", BOTH, ACCESS, "User added to a data source",
        "Somebody gave a user a place among those of a data source."),
    entry("modelUserDeleted", BOTH, ACCESS, "User removed from a data source",
        "A user is no longer among those of a data source."),
    entry("modelUserJoined", BOTH, ACCESS, "User joined a data source",
        "A user subscribed to a data source that was open to them."),
    entry("modelAccessRequested", BOTH, ACCESS, "Access requested",
        "A user asked to use a data source or project."),
    entry("modelAccessApproved", BOTH, ACCESS, "Access approved",
        "A user who asked to use a data source or project may do so."),
    entry("modelAccessRevoked", BOTH, ACCESS, "Access revoked",
        "A user lost the access to a data source or project that was asked for."),
    entry("modelAccessUpdated", BOTH, ACCESS, "Access level changed",
        "What a user may do with a data source or project is not what it was."),
    entry("modelAccessDenied", BOTH, ACCESS, "Access denied",
        "A user who asked to use a data source or project may not."),
    entry("modelTagAdded", BOTH, TAGS, "Tag put on data",
        "A data source, or one of its columns, got a tag."),
    entry("modelTagRemoved", BOTH, TAGS, "Tag taken off data",
        "A data source, or one of its columns, lost a tag."),
    entry("projectUpdated", BOTH, PROJECTS, "Project updated",
        "A project changed."),
    entry("projectEqualizationToggled", BOTH, PROJECTS, "Equalization switched",
        "A project's equalization was switched on or off."),
    entry("projectEqualizationMemberNotInCompliance", BOTH, PROJECTS, "Member not equalized",
        "A member of a project with equalization does not meet its terms."),
    entry("projectDisabled", BOTH, PROJECTS, "Project disabled",
        "A project was switched off."),
    entry("addedToProject", BOTH, PROJECTS, "Data source added to a project",
        "A project got one more data source."),
    entry("removedFromProject", BOTH, PROJECTS, "Data source removed from a project",
        "A project has one data source less."),
    entry("deletedDatasourceRemovedFromProject", BOTH, PROJECTS, "Deleted data source left a project",
        "A project lost a data source because that was deleted."),
    entry("expiredDatasourceRemovedFromProject", BOTH, PROJECTS, "Expired data source left a project",
        "A project lost a data source because that expired and was deleted."),
    entry("nativeIntegrationValidationFailed", BOTH, HEALTH, "Integration not valid",
        "An integration that is switched on did not pass its test."),
    entry("policyUpdated", BOTH, POLICIES, "Policies of a data source changed",
        "A person, a global policy or a change of the data changed what applies to a data source."),
    entry("queryCanceled", BOTH, QUERIES, "Query canceled",
        "A query was stopped on its way because its data source changed."),
    entry("firstQuery", BOTH, QUERIES, "First query",
        "Somebody queried a data source that nobody had queried through Immuta before."),
    entry("userCreated", BOTH, USERS, "User or group created",
        "There is a new user or group."),
    entry("userDeleted", BOTH, USERS, "User or group deleted",
        "A user or group is gone."),
    entry("userEnabled", BOTH, USERS, "User enabled",
        "A user may sign in again."),
    entry("userCloned", BOTH, USERS, "User cloned",
        "A user was made in the likeness of another."),
    entry("userDisabled", BOTH, USERS, "User disabled",
        "A user may no longer sign in."),
    entry("userMigrated", BOTH, USERS, "User migrated",
        "A user moved from one identity manager to another."),
    entry("groupUserAdded", BOTH, USERS, "User added to a group",
        "A group got one more member."),
    entry("groupUserDeleted", BOTH, USERS, "User removed from a group",
        "A group has one member less."),
    entry("userUpdated", BOTH, USERS, "Group updated",
        "A group changed, in spite of the name of the type."),
    entry("attributeUpdated", BOTH, USERS, "Attributes changed",
        "The attributes of a user or group changed."),
    entry("attributeAdded", BOTH, USERS, "Attribute added",
        "A user or group got an attribute."),
    entry("attributeRemoved", BOTH, USERS, "Attribute removed",
        "A user or group lost an attribute."),
    entry("permissionsUpdated", BOTH, USERS, "Permissions changed",
        "A user may do other things in Immuta than before."),
    entry("switchedCurrentProject", BOTH, PROJECTS, "Current project switched",
        "A user works in another project from now on."),
    entry("usernameUpdated", BOTH, USERS, "User renamed",
        "A user goes by another name."),
    entry("acknowledgedAccess", BOTH, PROJECTS, "Purposes acknowledged",
        "A member of a project agreed to its purposes."),
    entry("purposeCreated", BOTH, PURPOSES, "Purpose created",
        "There is a new purpose that data may be used for."),
    entry("purposeUpdated", BOTH, PURPOSES, "Purpose updated",
        "A purpose that data may be used for changed."),
    entry("purposeDeleted", BOTH, PURPOSES, "Purpose deleted",
        "A purpose that data may be used for is gone."),
    entry("tagCreated", BOTH, TAGS, "Tag created",
        "There is a new tag."),
    entry("tagUpdated", BOTH, TAGS, "Tag updated",
        "A tag itself changed, wherever it is used."),
    entry("tagDeleted", BOTH, TAGS, "Tag deleted",
        "There is a tag less to put on data."),
    entry("apiKeyRevoked", BOTH, USERS, "API key revoked",
        "A user can no longer use one of their API keys."),
    entry("conflictingGlobalPolicies", BOTH, POLICIES, "Global policies in conflict",
        "More than one global policy wants to rule the same column."),
    entry("globalPolicyCreated", BOTH, POLICIES, "Global policy created",
        "There is a new global policy."),
    entry("globalPolicyUpdated", BOTH, POLICIES, "Global policy updated",
        "Somebody edited a global policy."),
    entry("globalPolicyDeleted", BOTH, POLICIES, "Global policy deleted",
        "A global policy is gone."),
    entry("globalPolicyDisabled", BOTH, POLICIES, "Global policy disabled",
        "A global policy was switched off."),
    entry("bulkJobStatus", BOTH, TASKS, "Bulk action finished",
        "An action on many things at once came to its end, well or badly."),
    entry("taskValidated", BOTH, TASKS, "Task validated",
        "Somebody confirmed that an open task of a data source is done."),
    entry("taskDeleted", BOTH, TASKS, "Task deleted",
        "An open task of a data source was dropped unconfirmed."),
    entry("certificationRequired", BOTH, POLICIES, "Certification required",
        "A global policy waits for the owner of a data source to certify it."),
    entry("policyCertificationExpired", BOTH, POLICIES, "Certification expired",
        "A policy on a data source has to be certified anew."),
    entry("collectionCreated", SAAS, DOMAINS, "Domain created",
        "There is a new domain."),
    entry("collectionDataSourceAdded", SAAS, DOMAINS, "Data source added to a domain",
        "A domain got one more data source."),
    entry("collectionDataSourceRemoved", SAAS, DOMAINS, "Data source removed from a domain",
        "A domain has one data source less."),
    entry("collectionDeleted", SAAS, DOMAINS, "Domain deleted",
        "A domain is gone."),
    entry("collectionPermissionGranted", SAAS, DOMAINS, "Domain permission granted",
        "A user may do more in a domain than before."),
    entry("collectionPermissionRevoked", SAAS, DOMAINS, "Domain permission revoked",
        "A user may do less in a domain than before."),
    entry("collectionUpdated", SAAS, DOMAINS, "Domain updated",
        "A domain changed."),
    entry("frameworkCreated", SAAS, FRAMEWORKS, "Framework created",
        "There is a new framework to classify data by."),
    entry("frameworkDeleted", SAAS, FRAMEWORKS, "Framework deleted",
        "A framework to classify data by is gone."),
    entry("frameworkUpdated", SAAS, FRAMEWORKS, "Framework updated",
        "A framework to classify data by changed."),
    entry("globalPolicyApprovalRescinded", SAAS, POLICIES, "Approval withdrawn",
        "A governor no longer stands by the approval of a global policy."),
    entry("globalPolicyApproved", SAAS, POLICIES, "Global policy approved",
        "A governor agreed to a global policy."),
    entry("globalPolicyChangeRequested", SAAS, POLICIES, "Changes requested",
        "A governor wants a global policy to be changed."),
    entry("updatedModelInProject", ACTIONS_ONLY, PROJECTS, "Model in a project updated",
        "By its name: a data source of a project changed; the source does not say."),
    entry("nativeWorkspaceStateChanged", OLDER, PROJECTS, "Workspace changed",
        "How a project's native workspace is set up changed."),
    entry("queryCreated", OLDER, QUERIES, "Public query created",
        "A user shared a query on a data source with everybody."),
    entry("queryUpdated", OLDER, QUERIES, "Public query updated",
        "A query that is shared with everybody changed."),
    entry("governanceSettingsUpdated", ACTIONS_ONLY, POLICIES, "Governance settings updated",
        "By its name: settings of governance changed; the source does not say."),
    entry("policyAdjustmentExpired", OLDER, POLICIES, "Policy adjustment expired",
        "An adjustment of a policy ran out, which it does after a year unless set otherwise."),
    entry("policyAdjustmentCreated", OLDER, POLICIES, "Policy adjustment created",
        "Somebody adjusted a policy."),
    entry("automaticDomainAssignmentFailure", NEWER, DOMAINS, "Automatic assignment failed",
        "A tag should have put a data source into a domain and did not."),
];

/// The types of release 2024.3 in the order of its own example of `GET /webhooks/actions`.
pub const ACTIONS_2024_3: &[&str] = &[
    "ALL_NOTIFICATIONS",
    "modelCreated",
    "modelDeleted",
    "modelCopied",
    "dataSourceUpdated",
    "dataSourceExpired",
    "dataSourceExpiring",
    "healthCheckFailed",
    "healthCheckResolved",
    "modelUserAdded",
    "modelUserDeleted",
    "modelUserJoined",
    "modelAccessRequested",
    "modelAccessApproved",
    "modelAccessRevoked",
    "modelAccessUpdated",
    "modelAccessDenied",
    "modelTagAdded",
    "modelTagRemoved",
    "projectUpdated",
    "projectEqualizationToggled",
    "projectEqualizationMemberNotInCompliance",
    "projectDisabled",
    "addedToProject",
    "removedFromProject",
    "deletedDatasourceRemovedFromProject",
    "expiredDatasourceRemovedFromProject",
    "updatedModelInProject",
    "nativeWorkspaceStateChanged",
    "nativeIntegrationValidationFailed",
    "policyUpdated",
    "queryCreated",
    "queryCanceled",
    "queryUpdated",
    "firstQuery",
    "userCreated",
    "userDeleted",
    "userEnabled",
    "userCloned",
    "userDisabled",
    "userMigrated",
    "groupUserAdded",
    "groupUserDeleted",
    "userUpdated",
    "attributeUpdated",
    "attributeAdded",
    "attributeRemoved",
    "permissionsUpdated",
    "switchedCurrentProject",
    "usernameUpdated",
    "acknowledgedAccess",
    "purposeCreated",
    "purposeUpdated",
    "purposeDeleted",
    "tagCreated",
    "tagUpdated",
    "tagDeleted",
    "governanceSettingsUpdated",
    "apiKeyRevoked",
    "conflictingGlobalPolicies",
    "globalPolicyCreated",
    "globalPolicyUpdated",
    "globalPolicyDeleted",
    "globalPolicyDisabled",
    "bulkJobStatus",
    "taskValidated",
    "taskDeleted",
    "certificationRequired",
    "policyCertificationExpired",
    "policyAdjustmentExpired",
    "policyAdjustmentCreated",
];

/// The SaaS types in the order to answer `GET /webhooks/actions` with.
///
/// ```
/// use sigpost_core::notification::immuta;
/// assert_eq!(immuta::actions_saas().next(), Some("ALL_NOTIFICATIONS"));
/// ```
pub fn actions_saas() -> impl Iterator<Item = &'static str> {
    NOTIFICATION_TYPES.iter().filter(|known| known.saas).map(|known| known.about.name)
}

/// Looks an event type up by its exact name.
///
/// ```
/// use sigpost_core::notification::immuta;
/// assert_eq!(immuta::notification_type("userUpdated").unwrap().about.title, "Group updated");
/// assert!(immuta::notification_type("userupdated").is_none());
/// ```
#[must_use]
pub fn notification_type(name: &str) -> Option<&'static NotificationType> {
    NOTIFICATION_TYPES.iter().find(|known| known.about.name == name)
}

const fn entry(
    name: &'static str,
    listed: Listed,
    category: &'static str,
    title: &'static str,
    description: &'static str,
) -> NotificationType {
    let Listed { saas, v2024_3, source } = listed;
    NotificationType { about: EventType::new(name, category, title, description, source), saas, v2024_3 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_wildcard_comes_first() {
        assert_eq!(NOTIFICATION_TYPES[0].about.name, ALL_NOTIFICATIONS);
    }

    #[test]
    fn the_lists_have_the_sizes_of_their_sources() {
        assert_eq!(actions_saas().count(), 77);
        assert_eq!(ACTIONS_2024_3.len(), 71);
        assert_eq!(NOTIFICATION_TYPES.iter().filter(|known| known.v2024_3).count(), 71);
    }

    #[test]
    fn every_type_of_2024_3_is_known_and_listed_once() {
        assert!(ACTIONS_2024_3.iter().all(|name| notification_type(name).is_some_and(|known| known.v2024_3)));
        assert_eq!(ACTIONS_2024_3.iter().collect::<HashSet<_>>().len(), ACTIONS_2024_3.len());
    }
}
