//! `retainer serve`: the server, from its first step to its orderly end.

use std::pin::pin;

use actix_web::dev::ServerHandle;
use kernel::config::{Config, NewAgencyPlan};
use kernel::error::{Context, Error, Result};
use kernel::state::App;
use kernel::store;
use kernel::tasks::Background;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, migrate, ports, say};
use crate::app;

/// Serves until the process is told to stop.
pub(super) async fn run(mut config: Config, with_migrations: bool) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    prepare_schema(&config, with_migrations).await?;
    // The address is taken before it is printed, and before any work begins.
    let listener = app::bind(&mut config)?;
    let ports = ports(&config);
    let app = app::start(config, ports).await?;
    tracing::info!(row_security = %app.store().row_security(), "the database is ready");
    let server = app::listen(&app, listener)?;
    let handle = server.handle();
    let background = Background::start(&app);
    say(&welcome(app.config()));

    let mut server = pin!(server);
    tokio::select! {
        ended = &mut server => {
            ended.context("serving")?;
            return Err(Error::internal("the server ended by itself").into());
        }
        () = stop.asked() => tracing::info!("stopping"),
    }
    let orderly = async {
        tokio::join!(wind_down(&app, &handle, background), &mut server).1.context("serving")?;
        app.store().close().await
    };
    tokio::select! {
        ended = orderly => ended?,
        () = stop.asked() => return Err(Failure::No("Stopped at once: asked twice.".to_owned())),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Brings the schema up to date, or insists that it is.
async fn prepare_schema(config: &Config, with_migrations: bool) -> Result<(), Failure> {
    if with_migrations {
        let applied = store::migrate(&config.database).await?;
        tracing::info!(applied, "the schema is up to date");
        return Ok(());
    }
    match migrate::waiting(config).await?.as_slice() {
        [] => Ok(()),
        waiting => Err(Failure::No(format!(
            "The schema is not up to date. Run: retainer migrate up\nThese migrations wait:\n  {}",
            waiting.join("\n  ")
        ))),
    }
}

/// Ends the work in an order that loses nothing: no new connections; streams end; running jobs
/// finish; then running requests, within the configured time.
///
/// Jobs come before requests because connections to the database belong to the threads that
/// opened them, some of which end with the requests.
async fn wind_down(app: &App, handle: &ServerHandle, background: Background) {
    handle.pause().await;
    app.bus().close();
    let limit = app.config().shutdown_timeout;
    if tokio::time::timeout(limit, background.stop()).await.is_err() {
        tracing::warn!("some jobs did not finish in time; they will be run again");
    }
    handle.stop(true).await;
}

/// The ways in which a process is told to stop.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("listening for signals")?,
            terminate: signal(SignalKind::terminate()).context("listening for signals")?,
        })
    }

    /// Waits until it is asked for.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What a person wants to know once the server runs.
fn welcome(config: &Config) -> String {
    let url = &config.public_base_url;
    let mut lines = vec![
        format!("Retainer {} is ready.", env!("CARGO_PKG_VERSION")),
        String::new(),
        format!("  Open it    {url}/"),
        format!("  Read API   {url}/docs/"),
    ];
    if config.is_development() {
        lines.push(format!("  Read mail  {url}/dev/mail"));
    }
    lines.push(format!("  Database   {}", app::database_place(config)));
    lines.push(format!("  Files      {}", config.data_dir.display()));
    lines.push(match config.new_agency_plan {
        NewAgencyPlan::Free => "  Agencies   begin on the free plan".to_owned(),
        NewAgencyPlan::Freemium => "  Agencies   begin with everything, free of charge".to_owned(),
    });
    if config.is_development() {
        lines.push(String::new());
        lines.push("  Load demo data with: cargo run -- demo".to_owned());
    }
    lines.push("  Stop with Ctrl-C.".to_owned());
    lines.join("\n")
}
