//! The real binary, in a process of its own: started, asked, stopped and killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kernel::ports::clock::{SystemClock, TimeOrderedIds};
use kernel::ports::mail::FolderMailer;
use kernel::store::Store;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::database::Database;

/// How long the server may take to say that it is ready, on a machine that is busy with other
/// tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The last line that the server prints once it is ready.
const READY: &str = "Stop with Ctrl-C.";

/// A data folder and an empty database to run the binary on.
pub struct Installation {
    folder: TempDir,
    database: Database,
    settings: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Installation {
    /// Makes a folder and a database, with nothing in either.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let database = Database::create_empty(&folder.path().join("data")).await;
        let mut settings = vec![
            ("DATA_DIR".to_owned(), "data".to_owned()),
            ("PORT".to_owned(), "0".to_owned()),
            ("WORKERS".to_owned(), "2".to_owned()),
            ("LOG_LEVEL".to_owned(), "warn".to_owned()),
        ];
        // The embedded database needs no address: it is where the server looks by itself.
        if let Database::Postgres { url, .. } = &database {
            settings.push(("DATABASE_URL".to_owned(), url.clone()));
        }
        Self { folder, database, settings }
    }

    /// Sets a setting of the configuration.
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    /// The folder in which the binary is run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Its rows, from outside.
    pub async fn store(&self) -> Store {
        let clock = std::sync::Arc::new(SystemClock);
        let ids = std::sync::Arc::new(TimeOrderedIds::default());
        Store::connect(&self.database.config(), clock, ids).await.expect("the database")
    }

    /// The mails that it has delivered.
    pub fn mails(&self) -> FolderMailer {
        FolderMailer::new(self.mail_folder())
    }

    /// Where they are.
    pub fn mail_folder(&self) -> PathBuf {
        self.folder().join("data/mail")
    }

    /// The binary with its settings, and nothing else of this process's environment.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_retainer"));
        command.args(arguments).current_dir(self.folder()).stdin(Stdio::null()).kill_on_drop(true);
        command.env_clear().envs(self.settings.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().await.expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Starts the server, as `retainer` without arguments does, and waits until it is ready.
    pub async fn serve(&self) -> Serving {
        let mut starting = self.start();
        match tokio::time::timeout(START_TIMEOUT, starting.ready()).await {
            Ok(Some(welcome)) => Serving { url: url_of(&welcome), welcome, process: starting },
            Ok(None) => panic!("the server ended while it started:\n{}", self.log()),
            Err(_) => panic!("the server is not ready in time:\n{}", self.log()),
        }
    }

    /// Starts the server and does not wait.
    pub fn start(&self) -> Starting {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file());
        let mut child = self
            .command(&[])
            .stdout(Stdio::piped())
            .stderr(log.expect("a file for the log"))
            .spawn()
            .expect("the binary starts");
        let output = child.stdout.take().expect("its output");
        Starting { child, output: BufReader::new(output).lines() }
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("server.log")
    }

    /// Removes the folder and the database. Nothing may run on them any more.
    pub async fn remove(self) {
        self.database.remove().await;
    }
}

/// The server, from its first moment.
pub struct Starting {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Starting {
    /// What it prints when it is ready; `None` when it ends instead.
    async fn ready(&mut self) -> Option<String> {
        let mut welcome = String::new();
        while let Some(line) = self.output.next_line().await.expect("its output") {
            welcome.push_str(&line);
            welcome.push('\n');
            if line.contains(READY) {
                return Some(welcome);
            }
        }
        None
    }

    /// Ends it with SIGKILL: it has no chance to tidy up.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the server is killed");
    }
}

/// A server that is ready.
pub struct Serving {
    /// Where it listens.
    pub url: String,
    /// What it has printed.
    pub welcome: String,
    process: Starting,
}

impl Serving {
    /// Ends it with SIGKILL: it has no chance to tidy up.
    pub async fn kill(self) {
        self.process.kill().await;
    }

    /// Asks it to end, with SIGTERM, and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        let id = self.process.child.id().expect("it runs");
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().await;
        assert!(asked.expect("a shell").success(), "the server could not be asked to end");
        self.process.child.wait().await.expect("the server ends")
    }
}

/// The address that the server tells people to open.
fn url_of(welcome: &str) -> String {
    let line = welcome.lines().find_map(|line| line.trim().strip_prefix("Open it"));
    let line = line.unwrap_or_else(|| panic!("no address to open in:\n{welcome}"));
    line.trim().trim_end_matches('/').to_owned()
}
