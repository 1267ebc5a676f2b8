//! Row-level security on Postgres: what one agency's work cannot see, the database does not show.
//!
//! There is no list of tables here. After every change of the schema [`enforce`] reads the live
//! catalogue and gives each table its policies and grants, so a table of a later migration has
//! them without a word in that migration. A table is **agency-owned** when its primary key begins
//! with `agency_id`; every other table is global.
//!
//! Two roles without login do all the work, and a transaction steps down to one of them in the
//! statement that opens it:
//!
//! | role | rows of agency-owned tables | for |
//! |---|---|---|
//! | [`RUNTIME_ROLE`] | those of the agency that [`AGENCY_SETTING`] names; none without it | the work of one agency |
//! | [`PLATFORM_ROLE`] | all | what spans agencies: the queue, the relay, finding the agency of a token |
//!
//! Neither owns a table, changes the schema, empties a table whole or bypasses a policy. Row
//! security is *forced*, so that the owner of the tables is under it too; the owner is a member of
//! [`PLATFORM_ROLE`], because a migration that changes rows must reach all of them.
//!
//! A table is created without grants, and gets them in the same transaction as its policies: there
//! is no moment in which the server reaches its rows unguarded.

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value,
};

/// The role of the work of one agency.
pub const RUNTIME_ROLE: &str = "retainer_runtime";

/// The role of work that spans agencies.
pub const PLATFORM_ROLE: &str = "retainer_platform";

/// The setting of a transaction that names its agency.
pub const AGENCY_SETTING: &str = "app.agency_id";

/// The policy for [`RUNTIME_ROLE`]. A change of what it says gets a new name, so that [`enforce`]
/// replaces it.
const AGENCY_POLICY: &str = "rows_of_the_agency";

/// The policy for [`PLATFORM_ROLE`]; named anew like the other.
const PLATFORM_POLICY: &str = "rows_of_all_agencies";

/// The record of applied migrations; everybody who may connect may read it, the server before it
/// has stepped down included.
const MIGRATIONS_TABLE: &str = "seaql_migrations";

/// Every table of the schema that is not as it should be, and whether it is agency-owned.
///
/// Both roles must exist.
const GAPS: &str = "
WITH tables AS (
    SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
        EXISTS (
            SELECT FROM pg_index x
            JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
            WHERE x.indrelid = c.oid AND x.indisprimary AND a.attname = 'agency_id'
        ) AS owned
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::text::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> '$migrations'
)
SELECT t.relname::text AS name, t.owned
FROM tables t
WHERE EXISTS (
        SELECT FROM unnest(ARRAY['$runtime', '$platform']) AS role
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
        WHERE NOT has_table_privilege(role, t.oid, privilege)
    )
    OR t.owned AND NOT (
        t.forced
        AND (
            SELECT COUNT(*) = 2 AND bool_and(
                p.permissive = 'PERMISSIVE' AND p.cmd = 'ALL'
                AND p.qual IS NOT NULL AND p.with_check IS NOT NULL
                AND (
                    p.policyname = '$agency_policy' AND p.roles = ARRAY['$runtime'::name]
                    OR p.policyname = '$platform_policy' AND p.roles = ARRAY['$platform'::name]
                )
            )
            FROM pg_policies p
            WHERE p.schemaname = current_schema() AND p.tablename = t.relname
        )
    )
ORDER BY t.relname
";

/// Gives an agency-owned table its policies. Policies by other names go: a permissive one would
/// show more rows.
const GUARD: &str = "
DO $guard$
DECLARE stray name;
BEGIN
    FOR stray IN
        SELECT policyname FROM pg_policies
        WHERE schemaname = current_schema() AND tablename = $literal
    LOOP
        EXECUTE format('DROP POLICY %I ON %I', stray, $literal);
    END LOOP;
END
$guard$;
CREATE POLICY $agency_policy ON $table TO $runtime
    USING (agency_id = NULLIF(current_setting('$setting', true), '')::uuid)
    WITH CHECK (agency_id = NULLIF(current_setting('$setting', true), '')::uuid);
CREATE POLICY $platform_policy ON $table TO $platform USING (true) WITH CHECK (true);
ALTER TABLE $table ENABLE ROW LEVEL SECURITY;
ALTER TABLE $table FORCE ROW LEVEL SECURITY;
";

/// Lets both roles change rows of a table, and nothing else of it.
const GRANT: &str = "
REVOKE ALL ON TABLE $table FROM PUBLIC, $runtime, $platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE $table TO $runtime, $platform;
";

/// Makes the roles. They belong to the whole server, so another database may be making them too.
const ROLES: &str = "
DO $roles$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['$runtime', '$platform'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$roles$;
";

/// A table that row-level security does not guard as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The table.
    pub name: String,
    /// Whether its rows belong to agencies.
    pub owned: bool,
}

/// Fills in the names that several statements share.
fn named(script: &str) -> String {
    [
        ("$migrations", MIGRATIONS_TABLE),
        ("$agency_policy", AGENCY_POLICY),
        ("$platform_policy", PLATFORM_POLICY),
        ("$runtime", RUNTIME_ROLE),
        ("$platform", PLATFORM_ROLE),
        ("$setting", AGENCY_SETTING),
    ]
    .iter()
    .fold(script.to_owned(), |text, (marker, name)| text.replace(marker, name))
}

/// A name as an identifier of SQL.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The tables that are not guarded as they should be, by name; none on SQLite, which has no
/// row-level security.
///
/// # Errors
/// Those of the database; a role that is missing is one.
pub async fn gaps(connection: &impl ConnectionTrait) -> Result<Vec<Gap>, DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(Vec::new());
    }
    let statement = Statement::from_string(DbBackend::Postgres, named(GAPS));
    let rows = connection.query_all_raw(statement).await?;
    let gap = |row: &QueryResult| {
        Ok(Gap { name: row.try_get_by_index(0)?, owned: row.try_get_by_index(1)? })
    };
    rows.iter().map(gap).collect()
}

/// Brings row-level security into force: roles, memberships, policies and grants, as far as they
/// are missing. Nothing is written where nothing is missing, and nothing at all on SQLite.
///
/// `login` is the role that the server signs in as, where it is another one than that of the
/// connection; it becomes a member of both roles.
///
/// # Errors
/// Those of the database, and a [`DbErr::Custom`] that says what a superuser must run when the
/// connection's role may not make the roles or give them away.
pub async fn enforce(connection: &impl ConnectionTrait, login: Option<&str>) -> Result<(), DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    if !is_true(connection, ROLES_EXIST, []).await? {
        let made = connection.execute_unprepared(&named(ROLES)).await;
        made.map_err(|cause| DbErr::Custom(needs_superuser("make its roles", &cause)))?;
    }
    refuse_powerful_roles(connection).await?;
    join_roles(connection, login).await?;
    for Gap { name, owned } in gaps(connection).await? {
        // One transaction for each table: the script is one simple query.
        let script = if owned { format!("{GUARD}{GRANT}") } else { GRANT.to_owned() };
        let script = named(&script)
            .replace("$table", &identifier(&name))
            .replace("$literal", &literal(&name));
        connection.execute_unprepared(&script).await?;
    }
    if is_true(connection, MIGRATIONS_UNREADABLE, []).await? {
        let grant = format!("GRANT SELECT ON {MIGRATIONS_TABLE} TO PUBLIC");
        connection.execute_unprepared(&grant).await?;
    }
    Ok(())
}

const ROLES_EXIST: &str =
    "SELECT COUNT(*) = 2 FROM pg_roles WHERE rolname IN ('$runtime', '$platform')";

const MIGRATIONS_UNREADABLE: &str = "
SELECT EXISTS (
    SELECT FROM pg_class c
    WHERE c.relnamespace = current_schema()::text::regnamespace AND c.relname = '$migrations'
        AND NOT has_table_privilege('public', c.oid, 'SELECT')
)";

/// Either role could pass the policies by, or owns what it should only use.
const ROLES_ARE_POWERFUL: &str = "
SELECT EXISTS (
    SELECT FROM pg_roles r
    WHERE r.rolname IN ('$runtime', '$platform') AND (
        r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
        OR EXISTS (
            SELECT FROM pg_class c
            WHERE c.relowner = r.oid
                AND c.relnamespace = current_schema()::text::regnamespace
        )
    )
)";

/// Whether a role may be stepped down to. Since Postgres 16 a member may be without that.
const MAY_BECOME: &str = "
SELECT pg_has_role($1::text::name, $2::text::name,
    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)";

/// Whether a role has the rights of another without stepping down to it.
const HAS_RIGHTS_OF: &str = "SELECT pg_has_role($1::text::name, $2::text::name, 'USAGE')";

const ROLE_EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text::name)";

/// Whether the connection's role owns a table, and so runs migrations.
const OWNS_TABLES: &str = "
SELECT EXISTS (
    SELECT FROM pg_class c
    WHERE c.relnamespace = current_schema()::text::regnamespace AND c.relkind IN ('r', 'p')
        AND pg_get_userbyid(c.relowner) = current_user
)";

/// One boolean.
async fn is_true<const N: usize>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: [&str; N],
) -> Result<bool, DbErr> {
    let values = values.map(|value| Value::from(value.to_owned()));
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, named(sql), values);
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

async fn refuse_powerful_roles(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    if is_true(connection, ROLES_ARE_POWERFUL, []).await? {
        return Err(DbErr::Custom(format!(
            "{RUNTIME_ROLE} or {PLATFORM_ROLE} is more than a plain role: it must not be a \
             superuser, bypass row-level security, make roles, be a member of another role or \
             own a table"
        )));
    }
    Ok(())
}

/// Lets the owner of the tables reach their rows, and the server step down.
async fn join_roles(connection: &impl ConnectionTrait, login: Option<&str>) -> Result<(), DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT current_user::text");
    let me: String = match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => return Err(DbErr::Custom("the database does not say who asks".to_owned())),
    };
    if is_true(connection, OWNS_TABLES, []).await? {
        let joined = join(connection, &me, PLATFORM_ROLE, HAS_RIGHTS_OF).await;
        joined.map_err(|cause| DbErr::Custom(needs_superuser("give its roles away", &cause)))?;
    }
    // A pooler may sign in as somebody else than its address says.
    let login = match login {
        Some(login) if is_true(connection, ROLE_EXISTS, [login]).await? => login,
        _ => me.as_str(),
    };
    for role in [RUNTIME_ROLE, PLATFORM_ROLE] {
        // Whoever only migrates need not step down; a server that cannot refuses to start.
        let _ = join(connection, login, role, MAY_BECOME).await;
    }
    Ok(())
}

/// Makes a role a member of another, unless what is asked for holds already.
async fn join(
    connection: &impl ConnectionTrait,
    member: &str,
    role: &str,
    holds: &str,
) -> Result<(), DbErr> {
    if is_true(connection, holds, [member, role]).await? {
        return Ok(());
    }
    let grant = format!("GRANT {role} TO {}", identifier(member));
    match connection.execute_unprepared(&grant).await {
        // Somebody who migrates another database of the server may have been quicker.
        Err(cause) if !is_true(connection, holds, [member, role]).await? => Err(cause),
        _ => Ok(()),
    }
}

/// What a superuser runs where the owner of the tables may not manage roles.
pub const PROVISION: &str = "CREATE ROLE retainer_runtime NOLOGIN NOINHERIT; \
    CREATE ROLE retainer_platform NOLOGIN NOINHERIT; \
    GRANT retainer_runtime, retainer_platform TO <the role of DATABASE_URL>; \
    GRANT retainer_platform TO <the owner of the tables>";

/// Why the roles are not as they should be, and the cure.
fn needs_superuser(what: &str, cause: &DbErr) -> String {
    format!(
        "the role that migrates may not {what} ({cause}). A superuser of the server must run \
         once: {PROVISION}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(identifier("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn no_marker_is_left_but_those_of_the_table() {
        for script in [GAPS, ROLES, ROLES_EXIST, MIGRATIONS_UNREADABLE, ROLES_ARE_POWERFUL] {
            let text = named(script).replace("$roles$", "");
            assert!(!text.contains('$'), "{text}");
        }
        let script = named(&format!("{GUARD}{GRANT}"));
        let text = ["$guard$", "$table", "$literal"]
            .iter()
            .fold(script, |text, marker| text.replace(marker, ""));
        assert!(!text.contains('$'), "{text}");
    }
}
