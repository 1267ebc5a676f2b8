//! Row-level security as it is in the catalogue, read without the help of what puts it there.

use sqlx::{Connection, PgConnection, Row};

use super::{assert_none, is_global};
use crate::support::database::Database;

/// What every agency's table must have; each policy as [`POLICIES`] writes it.
const EXPECTED: &str = "on forced \
    [rows_of_all_agencies PERMISSIVE {retainer_platform} ALL using true check true] \
    [rows_of_the_agency PERMISSIVE {retainer_runtime} ALL \
    using (agency_id = (NULLIF(current_setting('app.agency_id'::text, true), ''::text))::uuid) \
    check (agency_id = (NULLIF(current_setting('app.agency_id'::text, true), ''::text))::uuid)]";

const POLICIES: &str = "
    SELECT c.relname::text, concat_ws(' ',
        CASE WHEN c.relrowsecurity THEN 'on' END, CASE WHEN c.relforcerowsecurity THEN 'forced' END,
        (SELECT string_agg(format('[%s %s %s %s using %s check %s]',
            policyname, permissive, roles, cmd, qual, with_check), ' ' ORDER BY policyname)
        FROM pg_policies WHERE schemaname = 'public' AND tablename = c.relname))
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')";

/// Every right on a table that somebody else than its owner has.
const RIGHTS: &str = "
    SELECT c.relname::text, concat_ws(' ', COALESCE(NULLIF(a.grantee, 0)::regrole::text, 'everybody'),
        string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type))
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND a.grantee <> c.relowner
    GROUP BY c.relname, a.grantee ORDER BY c.relname, a.grantee::regrole::text";

async fn pairs(url: &str, query: &'static str) -> Vec<(String, String)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The tables of agencies that row-level security does not guard, and the global ones it does.
async fn wrong(url: &str) -> Vec<String> {
    let tables = pairs(url, POLICIES).await;
    assert!(tables.len() > 20, "{tables:?}");
    let right = |(name, is): &(String, String)| {
        if is_global(name) { is.is_empty() } else { is == EXPECTED }
    };
    let wrong = tables.into_iter().filter(|table| !right(table));
    wrong.map(|(name, is)| format!("{name}: {is}")).collect()
}

#[tokio::test]
async fn every_table_of_agencies_is_under_row_level_security_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path()).await;
    // SQLite has none: there, the other walls stand alone.
    if let Database::Postgres { url, .. } = &database {
        let wrong = wrong(url).await;
        database.remove().await;

        assert_none(wrong);
    }
}

#[tokio::test]
async fn the_roles_of_the_server_change_rows_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path()).await;
    let Database::Postgres { url, .. } = &database else { return };

    let tables: Vec<String> =
        pairs(url, POLICIES).await.into_iter().map(|(name, _)| name).collect();
    let rights = pairs(url, RIGHTS).await;
    database.remove().await;

    for table in tables {
        let of_table: Vec<&str> =
            rights.iter().filter(|(name, _)| *name == table).map(|(_, is)| is.as_str()).collect();
        if table == "seaql_migrations" {
            assert_eq!(of_table, ["everybody SELECT"]);
        } else {
            let both = ["retainer_platform", "retainer_runtime"];
            assert_eq!(
                of_table,
                both.map(|role| format!("{role} DELETE INSERT SELECT UPDATE")),
                "{table}"
            );
        }
    }
}

#[tokio::test]
async fn a_table_without_policies_is_found_and_the_next_migration_guards_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path()).await;
    let Database::Postgres { url, .. } = &database else { return };
    let config = database.config();
    assert_none(wrong(url).await);

    let mut owner = PgConnection::connect(url).await.unwrap();
    let holes = "
        CREATE TABLE made_up (agency_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (agency_id, id));
        CREATE POLICY show_all ON clients USING (true);
        ALTER TABLE documents NO FORCE ROW LEVEL SECURITY;
        DROP POLICY rows_of_the_agency ON invoices;
        REVOKE UPDATE ON users FROM retainer_runtime";
    sqlx::raw_sql(holes).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let found = wrong(url).await;
    let refused = kernel::store::row_security(&config).await.unwrap_err().to_string();
    kernel::store::migrate(&config).await.unwrap();
    let left = wrong(url).await;
    let accepted = kernel::store::row_security(&config).await;
    database.remove().await;

    let mut names: Vec<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["clients", "documents", "invoices", "made_up"]);
    for table in ["clients", "documents", "invoices", "made_up", "users"] {
        assert!(refused.contains(table), "{refused}");
    }
    assert!(refused.contains("retainer migrate up"), "{refused}");
    assert_none(left);
    assert_eq!(accepted.unwrap(), kernel::store::RowSecurity::PowerfulLogin);
}
