//! [`TestApp`]: one server, one database, one folder for each test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::App;
use kernel::config::Config;
use kernel::http::limits::LimitClass;
use kernel::http::operation::{Operation, OperationTable};
use kernel::jobs::RunReport;
use kernel::ports::clock::MovableClock;
use kernel::ports::mail::OutgoingMail;
use kernel::ports::pdf::PdfEngine;
use kernel::ports::print::PrintDocument;
use kernel::state::Ports;
use pdf::PdfService;
use tempfile::TempDir;

use super::client::Client;
use super::database::Database;
use super::dns::FakeDns;
use super::pdf::FakePdf;
use super::personas::Agency;
use super::server::{Parts, Server};

/// How a server under test differs from the usual one.
#[derive(Default)]
pub struct Options {
    settings: BTreeMap<String, String>,
    real_pdf: bool,
    real_rate_limits: bool,
    operations: Option<fn(Operation) -> Operation>,
    dns: FakeDns,
}

impl Options {
    /// Sets a setting of the configuration, by its key.
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }

    /// Lays PDF files out for real, instead of answering with an empty page.
    pub fn real_pdf(self) -> Self {
        Self { real_pdf: true, ..self }
    }

    /// Changes the rules of every operation: for tests that show that a rule is missed.
    pub fn operations(self, change: fn(Operation) -> Operation) -> Self {
        Self { operations: Some(change), ..self }
    }

    /// Asks this domain name system, instead of an empty one.
    pub fn dns(self, dns: &FakeDns) -> Self {
        Self { dns: dns.clone(), ..self }
    }

    /// Limits requests as in production, instead of hardly at all.
    pub fn real_rate_limits(self) -> Self {
        Self { real_rate_limits: true, ..self }
    }
}

/// Where a server keeps what it knows.
struct Place {
    database: Database,
    /// Goes with the server.
    folder: TempDir,
    /// Keys, files and mails.
    data_dir: PathBuf,
    /// Whether the database outlives the server.
    kept: bool,
}

/// A server under test. Background workers do not run: jobs run when a test says so.
pub struct TestApp {
    /// The server's clock.
    pub clock: MovableClock,
    pub(super) server: Arc<Server>,
    pub(super) http: reqwest::Client,
    pdf: FakePdf,
    forget_jobs: AtomicBool,
    bystander: Option<Agency>,
    database: Database,
    data_dir: PathBuf,
}

impl TestApp {
    /// Starts a server with a bystander agency.
    pub async fn spawn() -> Self {
        Self::spawn_with(|options| options).await
    }

    /// Starts a server that differs from the usual one.
    pub async fn spawn_with(change: impl FnOnce(Options) -> Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let database = Database::create(folder.path()).await;
        let data_dir = folder.path().to_owned();
        let place = Place { database, folder, data_dir, kept: false };
        let clock = MovableClock::default();
        let mut app = Self::start(change(Options::default()), place, clock).await;
        app.bystander = Some(app.existing_agency(BYSTANDER).await);
        app
    }

    /// Another server on the same database, with the same keys, files, inbox and clock: a second
    /// replica. It must end before the first one does, so declare it after that.
    pub async fn replica(&self) -> Self {
        self.replica_with(|options| options).await
    }

    /// A replica that differs from the usual server.
    pub async fn replica_with(&self, change: impl FnOnce(Options) -> Options) -> Self {
        let place = Place {
            database: self.database.clone(),
            folder: tempfile::tempdir().expect("a folder for the replica"),
            data_dir: self.data_dir.clone(),
            kept: true,
        };
        let mut app = Self::start(change(Options::default()), place, self.clock.clone()).await;
        app.bystander = Some(app.existing_agency(BYSTANDER).await);
        // The first one looks for forgotten jobs: they share the queue.
        app.forget_jobs();
        app
    }

    async fn start(options: Options, place: Place, clock: MovableClock) -> Self {
        // A second test in one process finds the provider installed, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Options { settings, real_pdf, real_rate_limits, operations, dns } = options;
        let Place { database, folder, data_dir, kept } = place;
        let mut all = BTreeMap::from([
            ("DATA_DIR".to_owned(), data_dir.display().to_string()),
            ("DATABASE_URL".to_owned(), database.url()),
            // The same everywhere, so that what the template holds can be read.
            (
                "ENCRYPTION_KEY".to_owned(),
                "dGVzdHMgc2hhcmUgdGhpcyBrZXkgb2YgMzIgYnl0ZXM=".to_owned(),
            ),
            ("PORT".to_owned(), "0".to_owned()),
            ("WORKERS".to_owned(), "2".to_owned()),
            ("LOG_LEVEL".to_owned(), "warn".to_owned()),
        ]);
        if !real_rate_limits {
            all.insert("RATE_LIMITS".to_owned(), hardly_any_limits());
        }
        all.extend(settings);
        let config = Config::from_sources(None, all).expect("the test's configuration");
        kernel::telemetry::init(&config);

        let pdf = FakePdf::default();
        let engine: Arc<dyn PdfEngine> =
            if real_pdf { Arc::new(PdfService::new(1)) } else { Arc::new(pdf.clone()) };
        let ports =
            Ports { clock: Arc::new(clock.clone()), dns: Arc::new(dns), ..Ports::real(engine) };
        let table = retainer::app::operations().expect("the operation table");
        let table = match operations {
            Some(change) => OperationTable::new(table.rows().iter().copied().map(change)),
            None => Ok(table),
        };
        let parts = Parts { config, ports, operations: table.expect("the changed table") };
        let server = Arc::new(Server::start(parts, database.clone(), folder, kept).await);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            clock,
            server,
            http,
            pdf,
            forget_jobs: AtomicBool::new(false),
            bystander: None,
            database,
            data_dir,
        }
    }

    /// The server's shared parts. What touches the database goes through [`Self::on_server`].
    pub fn app(&self) -> &App {
        self.server.app()
    }

    /// Runs something with the server's parts, where the database's connections live.
    pub async fn on_server<T, F>(&self, work: impl FnOnce(App) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.server.on_server(work(self.app().clone())).await
    }

    /// Where the server listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Somebody who is not signed in; paths are whole.
    pub fn anonymous(&self) -> Client {
        Client::new(self)
    }

    /// An agency that has nothing to do with the test: nothing may happen to it.
    pub fn bystander(&self) -> &Agency {
        self.bystander.as_ref().expect("the bystander is in the template")
    }

    /// Runs every job that is due, and those that they bring about; events are passed on.
    ///
    /// Fails the test when a job fails: where that is meant, use [`Self::try_jobs`].
    pub async fn run_jobs(&self) -> RunReport {
        let report = self.try_jobs().await;
        assert_eq!(report.failed, 0, "jobs failed:\n{}", self.job_errors().await.join("\n"));
        report
    }

    /// As [`Self::run_jobs`], for jobs that may fail.
    pub async fn try_jobs(&self) -> RunReport {
        self.on_server(|app| async move {
            let report = kernel::jobs::run_due(&app).await.expect("the queue");
            while kernel::events::relay_once(&app).await.expect("the outbox") {}
            report
        })
        .await
    }

    async fn job_errors(&self) -> Vec<String> {
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

        self.on_server(|app| async move {
            let query =
                entity::job::Entity::find().filter(entity::job::Column::LastError.is_not_null());
            let jobs = app.store().platform("jobs of a test").all(query).await.expect("the queue");
            jobs.into_iter()
                .map(|job| format!("{}: {}", job.name, job.last_error.unwrap_or_default()))
                .collect()
        })
        .await
    }

    /// Allows the test to end with jobs that are due.
    pub fn forget_jobs(&self) {
        self.forget_jobs.store(true, Ordering::SeqCst);
    }

    /// The delivered mails, newest first.
    pub async fn inbox(&self) -> Vec<OutgoingMail> {
        self.app().inbox().list(1000).await.expect("the inbox")
    }

    /// What the fake PDF engine was given, oldest first.
    pub fn printed(&self) -> Vec<PrintDocument> {
        self.pdf.printed()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // A test that fails already says why; one that forgot jobs is told so.
        let look = !std::thread::panicking() && !self.forget_jobs.load(Ordering::SeqCst);
        let left = self.server.end(look);
        assert!(
            left.is_empty(),
            "the test ends with jobs that are due: {}\n\
             run them (app.run_jobs().await) or say that they do not matter (app.forget_jobs())",
            left.join(", ")
        );
    }
}

/// The slug of the agency that is in every database.
const BYSTANDER: &str = "bystander";

/// Fills the database that every test gets a copy of.
pub(super) async fn seed(database: Database) {
    let folder = tempfile::tempdir().expect("a folder for the template");
    let data_dir = folder.path().to_owned();
    let place = Place { database, folder, data_dir, kept: true };
    let app = TestApp::start(Options::default(), place, MovableClock::default()).await;
    app.agency(BYSTANDER).await;
}

/// So many requests a minute that no test runs into a limit by accident.
fn hardly_any_limits() -> String {
    let classes = LimitClass::ALL.iter();
    classes.map(|class| format!("{}=1000000/60", class.name())).collect::<Vec<_>>().join(",")
}
