//! The roles that the server acts as, and those that it signs in as.

use std::sync::Arc;

use entity::{agency, client, user};
use futures_util::FutureExt;
use kernel::config::{DatabaseConfig, DatabaseUrl};
use kernel::ports::clock::{SystemClock, TimeOrderedIds};
use kernel::store::{RowSecurity, Store};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::process::Installation;
use crate::steps::{self, id, path};
use crate::support::TestApp;
use crate::support::database::{Database, Logins, config};

const REASON: &str = "a test acts for the platform";

/// A connection to the test's database that has stepped down to the role of agency work; `None` on
/// SQLite.
async fn as_runtime(app: &TestApp) -> Option<PgConnection> {
    let DatabaseUrl::Postgres(url) = &app.app().config().database.url else { return None };
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    connection.execute("SET ROLE retainer_runtime").await.unwrap();
    Some(connection)
}

async fn for_agency(connection: &mut PgConnection, agency: &str) {
    let set = sqlx::query("SELECT set_config('app.agency_id', $1, false)").bind(agency);
    set.execute(connection).await.unwrap();
}

/// The tables of agencies, by the policies on them.
async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let query = "SELECT DISTINCT tablename::text FROM pg_policies WHERE schemaname = 'public'";
    let rows = sqlx::query(query).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The agencies whose rows a table shows.
async fn agencies_in(connection: &mut PgConnection, table: &str) -> Vec<uuid::Uuid> {
    let query = format!("SELECT DISTINCT agency_id FROM {table}");
    let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_role_of_agency_work_sees_rows_of_the_named_agency_and_none_without_a_name() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    steps::worked_example(&acme.owner()).await;
    app.forget_jobs();
    let Some(mut connection) = as_runtime(&app).await else { return };
    let db = &mut connection;
    let here = uuid::Uuid::from(acme.id());

    let mut filled = 0;
    for table in tables(db).await {
        for nobody in ["", "00000000-0000-0000-0000-000000000000"] {
            for_agency(db, nobody).await;
            let seen = agencies_in(db, &table).await;
            assert!(seen.is_empty(), "{table}, agency {nobody:?}: {seen:?}");
        }
        for_agency(db, &here.to_string()).await;
        let seen = agencies_in(db, &table).await;
        assert!(seen.iter().all(|agency| *agency == here), "{table}: {seen:?}");
        filled += seen.len();
    }

    assert!(filled > 5, "hardly any table had rows to see");
}

#[tokio::test]
async fn the_role_of_agency_work_writes_for_no_other_agency() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let there = uuid::Uuid::from(app.bystander().id());
    steps::client(&acme.owner()).await;
    steps::client(&app.bystander().owner()).await;
    app.forget_jobs();
    let Some(mut connection) = as_runtime(&app).await else { return };
    let db = &mut connection;
    for_agency(db, &uuid::Uuid::from(acme.id()).to_string()).await;

    let given = format!("UPDATE clients SET agency_id = '{there}'");
    let made = format!(
        "INSERT INTO outbox_heads (agency_id, last_seq) VALUES ('{there}', 0) ON CONFLICT DO NOTHING"
    );
    let refused = [given, made];
    let hidden = [
        format!("UPDATE clients SET contact_name = 'Mallory' WHERE agency_id = '{there}'"),
        format!("DELETE FROM outbox WHERE agency_id = '{there}'"),
    ];
    let schema = [
        "TRUNCATE clients",
        "DROP TABLE clients",
        "ALTER TABLE clients DISABLE ROW LEVEL SECURITY",
    ];

    for statement in refused.iter().map(String::as_str).chain(schema) {
        let error = db.execute(AssertSqlSafe(statement.to_owned())).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code()).map(Into::into);
        assert_eq!(code, Some("42501".to_owned()), "{statement}: {error}");
    }
    for statement in hidden {
        let done = db.execute(AssertSqlSafe(statement.clone())).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{statement}");
    }
}

#[tokio::test]
async fn a_unit_of_work_of_an_agency_reaches_no_other_through_the_platform_either() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let mine = steps::client(&acme.owner()).await;
    let foreign = steps::client(&app.bystander().owner()).await;
    app.forget_jobs();
    let agency_id = acme.id();

    let (seen, everywhere) = app
        .on_server(move |app| async move {
            let ctx = kernel::tenancy::system_context(&app, agency_id, REASON).await.unwrap();
            let tx = ctx.begin().await.unwrap();
            let seen = tx.platform(REASON).all(client::Entity::find()).await.unwrap();
            drop(tx);
            let everywhere = ctx.platform(REASON).all(client::Entity::find()).await.unwrap();
            (seen, everywhere)
        })
        .await;

    let has = |rows: &[client::Model], view| rows.iter().any(|row| row.id.to_string() == id(view));
    let has_wall = app.app().store().row_security() != RowSecurity::None;
    assert!(has(&seen, &mine));
    assert_eq!(has(&seen, &foreign), !has_wall);
    assert!(has(&everywhere, &mine) && has(&everywhere, &foreign));
}

#[tokio::test]
async fn an_invitation_that_is_taken_back_leaves_that_of_another_agency() {
    let app = TestApp::spawn().await;
    let (acme, globex) = (app.agency("acme").await.owner(), app.agency("globex").await.owner());
    let invitation = json!({"email": "grace@x.test", "role": "member", "display_name": "Grace"});
    let here = acme.post("/members", invitation.clone()).await.created();
    let there = globex.post("/members", invitation).await.created();

    acme.delete(&path("members", &here)).await.no_content();
    let left = globex.get(&path("members", &there)).await.ok();
    globex.delete(&path("members", &there)).await.no_content();
    let known = app
        .on_server(|app| async move {
            let grace = user::Entity::find().filter(user::Column::Email.eq("grace@x.test"));
            app.store().platform(REASON).one(grace).await.unwrap()
        })
        .await;
    app.run_jobs().await;

    assert_eq!(left["status"], "invited");
    assert_eq!(known, None, "a person who is invited nowhere is forgotten");
}

/// Connects as the server does.
async fn store(config: &DatabaseConfig) -> kernel::error::Result<Store> {
    Store::connect(config, Arc::new(SystemClock), Arc::new(TimeOrderedIds::default())).await
}

#[tokio::test]
async fn a_plain_login_serves_what_an_owner_without_power_has_migrated() {
    let installation = Installation::new().await;
    let Some(logins) = Logins::create(installation.database()).await else { return };
    logins.provision().await;

    // As in production: the one who migrates does not know the one who serves, nor the other way.
    let installation = installation.set("DATABASE_URL", logins.owner_url());
    let migrated = installation.run(&["migrate", "up"]).await;
    let again = installation.run(&["migrate", "up"]).await;
    let installation = installation.set("DATABASE_URL", logins.server_url());
    let doctor = installation.run(&["doctor"]).await;
    let server = installation.serve().await;
    let installation = installation.set("PUBLIC_BASE_URL", &server.url);
    let demo = installation.run(&["demo"]).await;
    assert!(server.stop().await.success(), "{}", installation.log());
    // What a later migration would see.
    let mut owner = PgConnection::connect(&logins.owner_url()).await.unwrap();
    let agencies = agencies_in(&mut owner, "clients").await;
    owner.close().await.unwrap();
    let installation = installation.set("DATABASE_URL", logins.owner_url());
    let down = installation.run(&["migrate", "down", "--steps", "1"]).await;
    installation.remove().await;
    logins.remove().await;

    for command in [migrated, again, doctor, demo, down] {
        assert_eq!(command.code, Some(0), "{command:?}");
    }
    assert_eq!(agencies.len(), 1);
}

#[tokio::test]
async fn what_a_superuser_must_do_is_said_before_anything_runs_unguarded() {
    let installation = Installation::new().await;
    let Some(logins) = Logins::create(installation.database()).await else { return };
    // The roles belong to the whole server; they are there once anything has been migrated on it.
    let made = Installation::new().await;
    assert_eq!(made.run(&["migrate", "up"]).await.code, Some(0));
    made.remove().await;

    let installation = installation.set("DATABASE_URL", logins.owner_url());
    let not_given = installation.run(&["migrate", "up"]).await;
    logins.provision().await;
    let given = installation.run(&["migrate", "up"]).await;
    logins.forbid_agencies().await;
    let installation = installation.set("DATABASE_URL", logins.server_url());
    let doctor = installation.run(&["doctor"]).await;
    let serve = installation.run(&["serve"]).await;
    installation.remove().await;
    logins.remove().await;

    assert_eq!(given.code, Some(0), "{given:?}");
    for ended in [&not_given, &doctor, &serve] {
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let text = format!("{}{}", ended.out, ended.err);
        assert!(text.contains("GRANT retainer_runtime, retainer_platform TO"), "{ended:?}");
    }
    let line = doctor.out.lines().find(|line| line.contains("row security"));
    assert!(line.is_some_and(|line| line.starts_with("WRONG")), "{doctor:?}");
}

#[tokio::test]
async fn a_connection_that_could_not_step_down_is_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create_empty(folder.path()).await;
    kernel::store::migrate(&database.config()).await.unwrap();
    let Some(logins) = Logins::create(&database).await else { return };
    logins.provision().await;
    let one_connection = DatabaseConfig { max_connections: 1, ..config(logins.server_url()) };
    let store = store(&one_connection).await.unwrap();
    let look = || async { store.platform(REASON).one(agency::Entity::find()).await };
    assert_eq!(store.row_security(), RowSecurity::PlainLogin);

    look().await.unwrap();
    logins.forbid_agencies().await;
    let acting = kernel::tenancy::AgencyScope::of_new_agency(entity::AgencyId(uuid::Uuid::nil()));
    for _ in 0..3 {
        let refused = store.agency(acting).one(client::Entity::find()).await;
        assert!(refused.is_err(), "{refused:?}");
    }
    look().await.unwrap();
    logins.provision().await;
    store.agency(acting).one(client::Entity::find()).await.unwrap();
    store.close().await.unwrap();
    database.remove().await;
    logins.remove().await;
}

#[tokio::test]
async fn a_unit_of_work_that_was_given_up_while_it_opened_leaves_nothing_open() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create_empty(folder.path()).await;
    kernel::store::migrate(&database.config()).await.unwrap();
    let one_connection = DatabaseConfig { max_connections: 1, ..database.config() };
    let store = store(&one_connection).await.unwrap();

    // So many looks at the read before it is dropped: some fall between its steps.
    for polls in (0..16).map(|step| step * step) {
        let platform = store.platform(REASON);
        let mut read = Box::pin(platform.all(agency::Entity::find()));
        for _ in 0..polls {
            if read.as_mut().now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(read);
        // On the same connection; it must neither be read-only nor hold what was begun before.
        let tx = store.begin_platform(REASON).await.unwrap();
        tx.db().delete_many(entity::session::Entity::delete_many()).await.unwrap();
        tx.commit().await.unwrap();
    }
    store.close().await.unwrap();
    database.remove().await;
}
