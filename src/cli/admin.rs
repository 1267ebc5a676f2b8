//! `retainer admin`: what whoever runs the server does on its machine.

use clap::Subcommand;
use identity::{operators, second_factor};
use kernel::config::Config;
use kernel::http::RequestInfo;
use kernel::ports::clock::{Clock, SystemClock, SystemRng};
use kernel::security::{self, SecurityEvent};
use kernel::store;
use kernel::tenancy::{self, KeySource};
use kernel::text::is_email;

use super::{Failure, ports, say};
use crate::app;

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Task {
    /// Replace the key that signs access tokens; servers on this data folder notice by themselves.
    RotateSigningKey,
    /// Make somebody an operator of the platform (super-admin). The first can be made only here.
    Grant {
        /// The address they sign in with.
        email: String,
    },
    /// End that somebody is an operator of the platform.
    Revoke {
        /// The address they sign in with.
        email: String,
    },
    /// List the operators of the platform.
    List,
    /// Remove the second factor of somebody who has lost it: authenticator app, recovery codes and
    /// telephone number. Make sure that it is they who ask.
    ResetSecondFactor {
        /// The address they sign in with.
        email: String,
    },
}

/// Does it.
pub(super) async fn run(config: Config, task: Task) -> Result<(), Failure> {
    match task {
        Task::RotateSigningKey => rotate_signing_key(config).await,
        Task::Grant { email } => set_operator(config, &email, true).await,
        Task::Revoke { email } => set_operator(config, &email, false).await,
        Task::List => list_operators(config).await,
        Task::ResetSecondFactor { email } => reset_second_factor(config, &email).await,
    }
}

async fn rotate_signing_key(config: Config) -> Result<(), Failure> {
    let KeySource::Folder(folder) = KeySource::of(&config) else {
        return Err(Failure::No(
            "The signing key is configured. To replace it: put the new key into JWT_PRIVATE_KEY \
             and the old one into JWT_PREVIOUS_KEYS, on every server; take the old one out after \
             20 minutes."
                .to_owned(),
        ));
    };
    let kid = tenancy::retire(&folder, &SystemRng, SystemClock.now())?;
    say(&format!(
        "Access tokens are signed with a new key: {kid}\nThe old one verifies for another 18 minutes."
    ));
    // The key is replaced, whether or not the database can be told.
    let ports = ports(&config);
    match app::start(config, ports).await {
        Ok(app) => {
            let event = SecurityEvent::SigningKeyRotated { kid: &kid };
            security::record(&app, &RequestInfo::default(), event).await;
            app.store().close().await?;
        }
        Err(error) => tracing::warn!(error = %error, "the security log does not say so"),
    }
    Ok(())
}

/// Whoever may run commands on the server's machine may do this: there is nobody to ask.
async fn set_operator(config: Config, email: &str, is_operator: bool) -> Result<(), Failure> {
    if !is_email(email) {
        return Err(Failure::No(format!("{email} is not an e-mail address.")));
    }
    store::migrate(&config.database).await?;
    let ports = ports(&config);
    let app = app::start(config, ports).await?;
    let outcome = if is_operator {
        operators::service::grant(&app, email).await
    } else {
        operators::service::revoke(&app, email).await
    };
    app.store().close().await?;
    match outcome? {
        operators::Outcome::Done => say(&match is_operator {
            true => format!("{email} operates the platform now. They sign in as everybody does."),
            false => format!("{email} does not operate the platform any more."),
        }),
        operators::Outcome::WasSo => say("That is so already."),
        operators::Outcome::Unknown => {
            return Err(Failure::No(format!("Nobody signs in as {email}.")));
        }
        operators::Outcome::Suspended => {
            return Err(Failure::No(format!("{email} may not sign in; let them in first.")));
        }
    }
    Ok(())
}

/// The mail that tells the person is sent by the server.
async fn reset_second_factor(config: Config, email: &str) -> Result<(), Failure> {
    let ports = ports(&config);
    let app = app::start(config, ports).await?;
    let outcome = second_factor::service::reset_by_email(&app, email).await;
    app.store().close().await?;
    if !outcome? {
        return Err(Failure::No(format!("Nobody signs in as {email}.")));
    }
    say(&format!("{email} has no second factor any more, and is told so by mail."));
    Ok(())
}

async fn list_operators(config: Config) -> Result<(), Failure> {
    store::migrate(&config.database).await?;
    let ports = ports(&config);
    let app = app::start(config, ports).await?;
    let people = operators::service::list(&app).await;
    app.store().close().await?;
    let people = people?;
    if people.is_empty() {
        say("Nobody operates the platform. Make the first: retainer admin grant EMAIL");
    }
    for person in people {
        say(&person.email);
    }
    Ok(())
}
