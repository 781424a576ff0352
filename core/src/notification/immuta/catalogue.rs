//! The event types of Immuta's notifications: which ones there are and which release lists which.
//!
//! Sources: the webhook pages of Immuta SaaS and of Immuta 2024.3, whose two lists differ from each other and each
//! from its own table of actions. On input the union is accepted; a receiver must expect types it does not know.

/// One event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationType {
    /// The name, as it stands in `notificationType`.
    pub name: &'static str,
    /// Whether the SaaS page names it, in its table or in its example of `GET /webhooks/actions`.
    pub saas: bool,
    /// Whether the example of `GET /webhooks/actions` of release 2024.3 names it.
    pub v2024_3: bool,
}

/// The name that subscribes to every event type. No event is of this type itself.
pub const ALL_NOTIFICATIONS: &str = "ALL_NOTIFICATIONS";

/// Every known event type, [`ALL_NOTIFICATIONS`] first: in the order of the SaaS example, then the types only its
/// table names, then those only release 2024.3 names.
pub const NOTIFICATION_TYPES: &[NotificationType] = &[
    entry("ALL_NOTIFICATIONS", true, true),
    entry("modelCreated", true, true),
    entry("modelDeleted", true, true),
    entry("modelCopied", true, true),
    entry("dataSourceUpdated", true, true),
    entry("dataSourceExpired", true, true),
    entry("dataSourceExpiring", true, true),
    entry("healthCheckFailed", true, true),
    entry("healthCheckResolved", true, true),
    entry("modelUserAdded", true, true),
    entry("modelUserDeleted", true, true),
    entry("modelUserJoined", true, true),
    entry("modelAccessRequested", true, true),
    entry("modelAccessApproved", true, true),
    entry("modelAccessRevoked", true, true),
    entry("modelAccessUpdated", true, true),
    entry("modelAccessDenied", true, true),
    entry("modelTagAdded", true, true),
    entry("modelTagRemoved", true, true),
    entry("projectUpdated", true, true),
    entry("projectEqualizationToggled", true, true),
    entry("projectEqualizationMemberNotInCompliance", true, true),
    entry("projectDisabled", true, true),
    entry("addedToProject", true, true),
    entry("removedFromProject", true, true),
    entry("deletedDatasourceRemovedFromProject", true, true),
    entry("expiredDatasourceRemovedFromProject", true, true),
    entry("nativeIntegrationValidationFailed", true, true),
    entry("policyUpdated", true, true),
    entry("queryCanceled", true, true),
    entry("firstQuery", true, true),
    entry("userCreated", true, true),
    entry("userDeleted", true, true),
    entry("userEnabled", true, true),
    entry("userCloned", true, true),
    entry("userDisabled", true, true),
    entry("userMigrated", true, true),
    entry("groupUserAdded", true, true),
    entry("groupUserDeleted", true, true),
    entry("userUpdated", true, true),
    entry("attributeUpdated", true, true),
    entry("attributeAdded", true, true),
    entry("attributeRemoved", true, true),
    entry("permissionsUpdated", true, true),
    entry("switchedCurrentProject", true, true),
    entry("usernameUpdated", true, true),
    entry("acknowledgedAccess", true, true),
    entry("purposeCreated", true, true),
    entry("purposeUpdated", true, true),
    entry("purposeDeleted", true, true),
    entry("tagCreated", true, true),
    entry("tagUpdated", true, true),
    entry("tagDeleted", true, true),
    entry("apiKeyRevoked", true, true),
    entry("conflictingGlobalPolicies", true, true),
    entry("globalPolicyCreated", true, true),
    entry("globalPolicyUpdated", true, true),
    entry("globalPolicyDeleted", true, true),
    entry("globalPolicyDisabled", true, true),
    entry("bulkJobStatus", true, true),
    entry("taskValidated", true, true),
    entry("taskDeleted", true, true),
    entry("certificationRequired", true, true),
    entry("policyCertificationExpired", true, true),
    entry("collectionCreated", true, false),
    entry("collectionDataSourceAdded", true, false),
    entry("collectionDataSourceRemoved", true, false),
    entry("collectionDeleted", true, false),
    entry("collectionPermissionGranted", true, false),
    entry("collectionPermissionRevoked", true, false),
    entry("collectionUpdated", true, false),
    entry("frameworkCreated", true, false),
    entry("frameworkDeleted", true, false),
    entry("frameworkUpdated", true, false),
    entry("globalPolicyApprovalRescinded", true, false),
    entry("globalPolicyApproved", true, false),
    entry("globalPolicyChangeRequested", true, false),
    entry("updatedModelInProject", false, true),
    entry("nativeWorkspaceStateChanged", false, true),
    entry("queryCreated", false, true),
    entry("queryUpdated", false, true),
    entry("governanceSettingsUpdated", false, true),
    entry("policyAdjustmentExpired", false, true),
    entry("policyAdjustmentCreated", false, true),
    entry("automaticDomainAssignmentFailure", false, false),
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
    NOTIFICATION_TYPES.iter().filter(|t| t.saas).map(|t| t.name)
}

/// Looks an event type up by its exact name.
///
/// ```
/// use sigpost_core::notification::immuta;
/// assert!(immuta::notification_type("policyUpdated").is_some());
/// assert!(immuta::notification_type("policyupdated").is_none());
/// ```
#[must_use]
pub fn notification_type(name: &str) -> Option<&'static NotificationType> {
    NOTIFICATION_TYPES.iter().find(|t| t.name == name)
}

const fn entry(name: &'static str, saas: bool, v2024_3: bool) -> NotificationType {
    NotificationType { name, saas, v2024_3 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_type_stands_once_and_the_wildcard_first() {
        let names: HashSet<_> = NOTIFICATION_TYPES.iter().map(|t| t.name).collect();
        assert_eq!(names.len(), NOTIFICATION_TYPES.len());
        assert_eq!(NOTIFICATION_TYPES[0].name, ALL_NOTIFICATIONS);
    }

    #[test]
    fn the_lists_have_the_sizes_of_their_sources() {
        assert_eq!(actions_saas().count(), 77);
        assert_eq!(ACTIONS_2024_3.len(), 71);
        assert_eq!(NOTIFICATION_TYPES.iter().filter(|t| t.v2024_3).count(), 71);
    }

    #[test]
    fn every_type_of_2024_3_is_known() {
        assert!(ACTIONS_2024_3.iter().all(|name| notification_type(name).is_some_and(|t| t.v2024_3)));
    }
}
