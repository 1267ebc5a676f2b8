//! The matrix of roles and permissions, as a committed page that people can read and review.

use std::fmt::Write as _;
use std::path::Path;

use entity::membership::Role;
use kernel::tenancy::Permission;

const INTRODUCTION: &str = "# Roles and permissions

Made from the code by the test suite, which fails when it differs; a change here is a change of who
may do what. Write it anew with `UPDATE_GOLDEN=1 cargo nextest run --workspace --test api golden`.

`own` means rows that the caller created: a member sees and changes only those, an owner and an
admin all of the agency's. An API key has the permissions it was given, and no others.

";

/// The page.
fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("| Permission | Owner | Admin | Member |\n|---|---|---|---|\n");
    for permission in Permission::ALL {
        let [owner, admin, member] = [Role::Owner, Role::Admin, Role::Member]
            .map(|role| if permission.granted_to(role) { "yes" } else { "–" });
        let _ = writeln!(text, "| `{}` | {owner} | {admin} | {member} |", permission.key());
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the suite's own setting, not the server's")]
fn the_golden_matrix_of_roles_and_permissions_is_the_one_in_force() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERMISSIONS.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, page()).expect("writing docs/PERMISSIONS.md");
    }

    let committed = std::fs::read_to_string(file).unwrap_or_default();

    assert!(committed == page(), "docs/PERMISSIONS.md is out of date; it should be:\n{}", page());
}

#[test]
fn the_more_a_role_weighs_the_more_it_may() {
    for permission in Permission::ALL {
        let [owner, admin, member] =
            [Role::Owner, Role::Admin, Role::Member].map(|role| permission.granted_to(role));

        assert!(owner, "an owner may not {}", permission.key());
        assert!(admin || !member, "a member may {}, an admin may not", permission.key());
    }
}
