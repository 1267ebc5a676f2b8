//! The commands of the `retainer` binary.
//!
//! A command ends with 0 when it did its work, with 1 when it could not, and with 2 when the
//! configuration (or the command line) is wrong: then every problem is named at once. What a
//! person asked to see goes to standard output; logs and failures go to standard error.

mod admin;
mod demo;
mod doctor;
mod migrate;
mod openapi;
mod serve;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use kernel::config::{Config, Problems};
use kernel::error::{Context, Error};
use kernel::state::Ports;
use kernel::telemetry;
use pdf::PdfService;

/// One server that runs a service business, for many agencies at once.
#[derive(Debug, Parser)]
#[command(name = "retainer", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the schema up to date and answer requests (the default).
    Serve {
        /// Do not touch the schema; refuse to start when it is not up to date.
        #[arg(long)]
        no_migrate: bool,
    },
    /// Change the schema of the database, or show where it stands.
    #[command(subcommand)]
    Migrate(migrate::Direction),
    /// Look after the server's keys and who operates the platform.
    #[command(subcommand)]
    Admin(admin::Task),
    /// Load a demo agency with a believable pipeline, and print the pages to open.
    Demo,
    /// Write the OpenAPI document, or check that the committed one is current.
    Openapi {
        /// Compare instead of writing; fails when they differ.
        #[arg(long)]
        check: bool,
        /// The file to write or to compare with.
        #[arg(long, value_name = "FILE", default_value = "openapi/openapi.json")]
        out: PathBuf,
    },
    /// Check the configuration and what it names, and report every problem at once.
    Doctor {
        /// Ask the server at this address whether it is ready, and nothing else.
        #[arg(long)]
        url: Option<String>,
    },
}

/// Why a command did not do its work.
#[derive(Debug)]
enum Failure {
    /// The configuration is wrong.
    Configuration(Problems),
    /// Something failed on the way.
    Error(Error),
    /// The answer to what was asked is no; it has been said in full.
    No(String),
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) => ExitCode::from(2),
            Self::Error(_) | Self::No(_) => ExitCode::FAILURE,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Configuration(Problems(problems)) => {
                let mut text = "The configuration is wrong:".to_owned();
                for problem in problems {
                    let _ = write!(text, "\n  {}: {}", problem.key, problem.message);
                }
                text
            }
            Self::Error(error) => format!("Failed: {}", with_causes(error)),
            Self::No(text) => text.clone(),
        }
    }
}

/// An error with all its causes, for the person at the terminal.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let _ = write!(text, ": {next}");
        cause = next.source();
    }
    text
}

/// Runs the command of the command line; returns how the process is to end.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do when nobody reads it.
            let _ = writeln!(std::io::stderr(), "{}", failure.text());
            failure.exit_code()
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Serve { no_migrate: false }) {
        Command::Serve { no_migrate } => serve::run(configuration()?, !no_migrate).await,
        Command::Migrate(direction) => migrate::run(&configuration()?, direction).await,
        Command::Admin(task) => admin::run(configuration()?, task).await,
        Command::Demo => demo::run(configuration()?).await,
        Command::Openapi { check, out } => openapi::run(check, &out),
        Command::Doctor { url: Some(url) } => doctor::ask(&url).await,
        Command::Doctor { url: None } => doctor::run(&Config::load()?).await,
    }
}

/// The configuration, with the logs it asks for started.
fn configuration() -> Result<Config, Problems> {
    let config = Config::load()?;
    telemetry::init(&config);
    Ok(config)
}

/// The real ways out of the server.
fn ports(config: &Config) -> Ports {
    Ports::real(Arc::new(PdfService::new(config.pdf_concurrency)))
}

/// Tells the person at the terminal something.
fn say(text: &str) {
    // A closed pipe is no reason to stop working.
    let _ = writeln!(std::io::stdout(), "{text}");
}
