//! Who may do what to whose membership (spec §1.4), beyond the permissions.

use entity::membership::{self, Role};
use kernel::error::{Error, Result};
use kernel::tenancy::Actor;

/// The owner's role passes on by a transfer only.
///
/// # Errors
/// [`Error::Conflict`] for an owner.
pub(super) fn check_role_change(target: Role) -> Result<()> {
    match target {
        Role::Owner => Err(owner_protected()),
        Role::Admin | Role::Member => Ok(()),
    }
}

/// An owner removes anybody but an owner; an admin removes members only.
///
/// # Errors
/// [`Error::Conflict`] for an owner; [`Error::Refused`] for an admin who would remove another.
pub(super) fn check_removal(actor: &Actor, target: Role) -> Result<()> {
    let by = match actor {
        Actor::Member(member) => member.role,
        Actor::ApiKey(key) => key.member.role,
        Actor::Impersonator(_) | Actor::Operator(_) | Actor::System | Actor::Visitor => Role::Owner,
    };
    match (by, target) {
        (_, Role::Owner) => Err(owner_protected()),
        (Role::Owner, _) | (Role::Admin, Role::Member) => Ok(()),
        (Role::Admin | Role::Member, _) => {
            Err(Error::refused("role_too_low", "only the owner can remove an admin"))
        }
    }
}

/// An owner's name is changed by that owner only.
///
/// # Errors
/// [`Error::Refused`] for anybody else.
pub(super) fn check_rename(actor: &Actor, target: &membership::Model) -> Result<()> {
    let own = match actor {
        Actor::Member(member) => member.user_id == target.user_id,
        Actor::ApiKey(key) => key.member.user_id == target.user_id,
        Actor::Impersonator(_) | Actor::Operator(_) | Actor::System | Actor::Visitor => false,
    };
    if own || target.role != Role::Owner {
        Ok(())
    } else {
        Err(Error::refused("owner_protected", "an owner's name is changed by that owner only"))
    }
}

fn owner_protected() -> Error {
    Error::conflict(
        "owner_protected",
        "an owner's membership changes by a transfer of ownership only",
    )
}

#[cfg(test)]
mod tests {
    use entity::UserId;
    use kernel::tenancy::MemberInfo;
    use uuid::Uuid;

    use super::*;

    fn actor(role: Role) -> Actor {
        Actor::Member(MemberInfo {
            membership_id: Uuid::from_u128(1).into(),
            user_id: UserId(Uuid::from_u128(2)),
            email: "ada@x.test".to_owned(),
            role,
        })
    }

    #[test]
    fn nobody_removes_an_owner() {
        for role in Role::ALL {
            let error = check_removal(&actor(*role), Role::Owner).unwrap_err();

            assert_eq!(error.code(), "owner_protected");
        }
    }

    #[test]
    fn an_admin_removes_members_only() {
        assert!(check_removal(&actor(Role::Admin), Role::Member).is_ok());
        assert!(check_removal(&actor(Role::Admin), Role::Admin).is_err());
        assert!(check_removal(&actor(Role::Owner), Role::Admin).is_ok());
        assert!(check_removal(&actor(Role::Member), Role::Member).is_err());
    }

    #[test]
    fn an_owner_s_role_stays() {
        assert!(check_role_change(Role::Owner).is_err());
        assert!(check_role_change(Role::Admin).is_ok());
    }
}
