//! `retainer demo`: an agency to look around in.

use governance::demo::{self, OWNER};
use kernel::config::Config;
use kernel::store;

use super::{Failure, ports, say};
use crate::app;

/// Loads the demo data, beside a running server or without one.
pub(super) async fn run(config: Config) -> Result<(), Failure> {
    store::migrate(&config.database).await?;
    let ports = ports(&config);
    let app = app::start(config, ports).await?;
    let demo::Report { was_there, links } = demo::load(&app).await?;
    let url = &app.config().public_base_url;
    say(if was_there { "The demo data is there already." } else { "The demo data is loaded." });
    say("\nWith the server running (cargo run), open:");
    for (what, link) in links {
        say(&format!("  {link}  {what}"));
    }
    say(&format!("\nSign in as its owner, {OWNER}, at {url}/auth/sign-in"));
    if app.config().is_development() {
        say(&format!("The sign-in link arrives at {url}/dev/mail"));
    }
    app.store().close().await?;
    Ok(())
}
