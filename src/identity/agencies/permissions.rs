//! The matrix of roles and permissions, as clients see it.

use entity::membership::Role;
use kernel::Permission;
use serde::Serialize;
use utoipa::ToSchema;

/// What the caller may do, and what every role may.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "role": "admin",
    "permissions": ["client:view", "client:create"],
    "resources": [{"resource": "client", "actions": [
        {"action": "delete", "permission": "client:delete", "granted": false, "roles": ["owner"]}
    ]}],
}))]
pub struct PermissionsView {
    /// The caller's role.
    pub role: Role,
    /// Every permission the caller has.
    pub permissions: Vec<&'static str>,
    /// The whole matrix by resource.
    pub resources: Vec<ResourceView>,
}

/// What can be done with one kind of thing.
#[derive(Serialize, ToSchema)]
pub struct ResourceView {
    /// The kind of thing.
    pub resource: &'static str,
    /// What can be done with it.
    pub actions: Vec<ActionView>,
}

/// One permission.
#[derive(Serialize, ToSchema)]
pub struct ActionView {
    /// The second part of the permission.
    pub action: &'static str,
    /// The permission.
    pub permission: &'static str,
    /// Whether the caller has it.
    pub granted: bool,
    /// The roles that have it, highest first.
    pub roles: Vec<Role>,
}

/// Permissions as clients see them.
pub(super) fn keys(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|permission| permission.key()).collect()
}

/// The matrix for a caller of the given role, who has the given permissions: an API key has fewer
/// than the role.
pub(super) fn view(role: Role, permissions: &[Permission]) -> PermissionsView {
    let mut resources: Vec<ResourceView> = Vec::new();
    for permission in Permission::ALL {
        let (resource, action) = permission.key().split_once(':').unwrap_or(("", permission.key()));
        let action = ActionView {
            action,
            permission: permission.key(),
            granted: permissions.contains(permission),
            roles: Role::ALL.iter().copied().filter(|role| permission.granted_to(*role)).collect(),
        };
        match resources.iter_mut().find(|known| known.resource == resource) {
            Some(known) => known.actions.push(action),
            None => resources.push(ResourceView { resource, actions: vec![action] }),
        }
    }
    PermissionsView { role, permissions: keys(permissions), resources }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_role(role: Role) -> PermissionsView {
        view(role, &Permission::of_role(role))
    }

    #[test]
    fn every_permission_is_shown_once_under_its_resource() {
        let view = of_role(Role::Member);
        let shown = view.resources.iter().flat_map(|resource| &resource.actions);

        assert_eq!(shown.clone().count(), Permission::ALL.len());
        assert_eq!(shown.filter(|action| action.granted).count(), view.permissions.len());
    }

    #[test]
    fn a_member_does_not_see_the_owner_s_rights_as_granted() {
        let view = of_role(Role::Member);

        assert!(view.permissions.contains(&"client:view"));
        assert!(!view.permissions.contains(&"invoice:refund"));
    }
}
