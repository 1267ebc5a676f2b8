//! Logs: one line a request or job, as JSON for machines or pretty for people.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{Config, LogFormat};

/// Starts logging to standard error. Does nothing when logging has been started before.
pub fn init(config: &Config) {
    let filter = EnvFilter::try_new(format!(
        "{},actix_server=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn",
        config.log_level
    ))
    .unwrap_or_else(|_| EnvFilter::new("info"));
    let pretty = match config.log_format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr);
    // A second call (tests) finds a subscriber in place, which is fine.
    let _ = if pretty {
        builder.with_target(false).compact().try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
}
