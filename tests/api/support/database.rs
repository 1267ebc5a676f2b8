//! A database for each test: a copy of a template that has been migrated once and holds the
//! bystander agency.
//!
//! The template is named by the migrations' text and this build, so that a change to either makes
//! a new one. Each test runs in a process of its own (nextest), several at once: on Postgres an
//! advisory lock lets one of them make the template, on SQLite whoever is first puts it in place
//! whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use kernel::config::{Config, DatabaseConfig};
use migrations::row_security::{PLATFORM_ROLE, RUNTIME_ROLE};
use sha2::Digest;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::app::seed;

/// The key of the advisory lock under which the template is made: "template" in ASCII.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// The database of one test.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in the test's folder, which goes with it.
    Sqlite(PathBuf),
    /// A database on the server that `TEST_DATABASE_URL` names.
    Postgres {
        /// Its address.
        url: String,
        /// Its name.
        name: String,
    },
}

impl Database {
    /// Makes a database with the newest schema and the bystander agency.
    pub async fn create(folder: &Path) -> Self {
        match server() {
            None => {
                let file = folder.join("retainer.db");
                std::fs::copy(sqlite_template().await, &file).expect("copying the template");
                Self::Sqlite(file)
            }
            Some(server) => {
                Self::on_postgres(&server, Some(&postgres_template(&server).await)).await
            }
        }
    }

    /// Makes a database with nothing in it, not even a schema.
    pub async fn create_empty(folder: &Path) -> Self {
        match server() {
            None => Self::Sqlite(folder.join("retainer.db")),
            Some(server) => Self::on_postgres(&server, None).await,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a name for the suite, no id of the server's")]
    async fn on_postgres(server: &str, template: Option<&str>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let moment = uuid::Uuid::now_v7().simple();
        let name = format!("retainer_test_{moment}_{}_{number}", std::process::id());
        let template = template.unwrap_or("template0");
        let mut admin = connect(server).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self::Postgres { url: with_name(server, &name), name }
    }

    /// Its address, as the setting `DATABASE_URL` has it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite://{}", file.display()),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// How the server would connect to it.
    pub fn config(&self) -> DatabaseConfig {
        config(self.url())
    }

    /// Removes it. Nothing may be connected any more that still wants something.
    pub async fn remove(&self) {
        if let (Self::Postgres { name, .. }, Some(server)) = (self, server()) {
            let mut admin = connect(&server).await;
            run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

/// Two plain roles for a database, as in production: who owns it, and who the server signs in as.
pub struct Logins {
    owner: String,
    server: String,
    database: String,
}

impl Logins {
    /// Makes the roles, and gives the database to the owner. Neither may make roles or has been
    /// given any; `None` on SQLite.
    #[expect(clippy::disallowed_methods, reason = "names for the suite, no ids of the server's")]
    pub async fn create(database: &Database) -> Option<Self> {
        let Database::Postgres { name, .. } = database else { return None };
        let number = uuid::Uuid::now_v7().simple();
        let logins = Self {
            owner: format!("retainer_test_owner_{number}"),
            server: format!("retainer_test_server_{number}"),
            database: name.clone(),
        };
        for (role, inherit) in [(&logins.owner, "INHERIT"), (&logins.server, "NOINHERIT")] {
            run_as_admin(format!("CREATE ROLE {role} LOGIN {inherit} PASSWORD '{role}'")).await;
        }
        run_as_admin(format!("ALTER DATABASE {name} OWNER TO {}", logins.owner)).await;
        Some(logins)
    }

    /// The address for the owner of the tables.
    pub fn owner_url(&self) -> String {
        self.url(&self.owner)
    }

    /// The address for the server.
    pub fn server_url(&self) -> String {
        self.url(&self.server)
    }

    fn url(&self, role: &str) -> String {
        let url = with_name(&server().expect("a server"), &self.database);
        let (scheme, rest) = url.split_once("://").expect("an address");
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}:{role}@{host}")
    }

    /// Makes both what row-level security needs them to be, as a superuser would.
    pub async fn provision(&self) {
        let Self { owner, server, .. } = self;
        run_as_admin(format!("GRANT {PLATFORM_ROLE} TO {owner}")).await;
        run_as_admin(format!("GRANT {RUNTIME_ROLE}, {PLATFORM_ROLE} TO {server}")).await;
    }

    /// Takes from the server's role the right to act for an agency.
    pub async fn forbid_agencies(&self) {
        run_as_admin(format!("REVOKE {RUNTIME_ROLE} FROM {}", self.server)).await;
    }

    /// Removes the roles, after their database.
    pub async fn remove(&self) {
        run_as_admin(format!("DROP ROLE {}, {}", self.owner, self.server)).await;
    }
}

async fn run_as_admin(statement: String) {
    run(&mut connect(&server().expect("a server")).await, statement).await;
}

/// The Postgres server to test on; `None` tests on SQLite.
#[expect(clippy::disallowed_methods, reason = "the suite's own setting, not the server's")]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// How the server would connect to an address.
pub fn config(url: String) -> DatabaseConfig {
    let settings = BTreeMap::from([("DATABASE_URL".to_owned(), url)]);
    Config::from_sources(None, settings).expect("a configuration for the database").database
}

/// The address of another database on the same server.
fn with_name(server: &str, name: &str) -> String {
    let (scheme, rest) = server.split_once("://").expect("TEST_DATABASE_URL is an address");
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{scheme}://{host}/{name}{query}")
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("connecting to TEST_DATABASE_URL")
}

async fn run(connection: &mut PgConnection, statement: String) {
    let ran = connection.execute(AssertSqlSafe(statement.clone())).await;
    ran.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Names the template: a hash of the migrations' text and of which build this is.
fn template_name() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/src");
    let files = std::fs::read_dir(folder).expect("the folder of the migrations");
    let mut files: Vec<PathBuf> = files.map(|entry| entry.expect("a migration").path()).collect();
    files.sort();
    let mut hash = sha2::Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).expect("a migration's text"));
    }
    let build = std::env::current_exe().and_then(std::fs::metadata).expect("this program");
    hash.update(format!("{} {:?}", build.len(), build.modified().expect("its time")));
    hex::encode(&hash.finalize()[..8])
}

/// What a template holds: the newest schema, and the bystander agency.
async fn fill(new: Database) {
    kernel::store::migrate(&new.config()).await.expect("migrating the template");
    seed(new).await;
}

/// The file to copy.
async fn sqlite_template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = folder.join(format!("template-{}.db", template_name()));
    if !template.exists() {
        remove_old_templates(folder);
        let new = tempfile::tempdir_in(folder).expect("a folder for the template");
        let file = new.path().join("new.db");
        fill(Database::Sqlite(file.clone())).await;
        // What still stands in the log beside the file is brought into it.
        let url = format!("sqlite://{}", file.display());
        let mut connection = SqliteConnection::connect(&url).await.expect("the template");
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("a whole template");
        connection.close().await.expect("closing the template");
        std::fs::rename(file, &template).expect("putting the template in place");
    }
    template
}

/// Templates of builds that are gone.
fn remove_old_templates(folder: &Path) {
    let hour = std::time::Duration::from_secs(3600);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_template = entry.file_name().to_string_lossy().starts_with("template-");
        let age = entry.metadata().and_then(|data| data.modified()).ok();
        let age = age.and_then(|time| time.elapsed().ok());
        if is_template && age.is_some_and(|age| age > hour) {
            // Another process may have been quicker.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The name of the database to copy.
async fn postgres_template(server: &str) -> String {
    let template = format!("retainer_template_{}", template_name());
    let mut admin = connect(server).await;
    let exists = async |admin: &mut PgConnection| {
        let query = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&template);
        query.fetch_optional(admin).await.expect("looking for the template").is_some()
    };
    if exists(&mut admin).await {
        return template;
    }
    run(&mut admin, format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    if !exists(&mut admin).await {
        // Under another name until it is whole, in case this process is killed.
        let name = format!("{template}_new");
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        fill(Database::Postgres { url: with_name(server, &name), name: name.clone() }).await;
        run(&mut admin, format!("ALTER DATABASE {name} RENAME TO {template}")).await;
    }
    run(&mut admin, format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    template
}

#[test]
fn the_name_of_the_database_is_replaced() {
    for (server, expected) in [
        ("postgres://me@host:1/old", "postgres://me@host:1/new"),
        ("postgres://me@host:1/", "postgres://me@host:1/new"),
        ("postgres://me@host:1", "postgres://me@host:1/new"),
        ("postgres://me@host/old?a=b", "postgres://me@host/new?a=b"),
    ] {
        assert_eq!(with_name(server, "new"), expected);
    }
}
