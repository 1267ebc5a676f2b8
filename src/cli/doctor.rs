//! `retainer doctor`: whether the server could start, and whether a running one is ready.

use std::path::Path;
use std::time::Duration;

use kernel::config::{Config, DatabaseUrl};
use kernel::crypto::Vault;
use kernel::error::{Context, Error, Result};
use kernel::ports::clock::{SystemClock, SystemRng};
use kernel::ports::redis::Redis;
use kernel::store::{self, RowSecurity};
use kernel::tenancy::AccessTokens;

use super::{Failure, migrate, say, with_causes};
use crate::app;

/// How long a running server may take to say that it is ready.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// What a check found: something to say, or what is wrong.
type Finding = Result<String, String>;

/// Checks everything the configuration names; fails when anything is wrong.
pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let checks = [
        ("configuration", Ok("every setting is well formed".to_owned())),
        ("data folder", data_folder(&config.data_dir)),
        ("signing key", signing_key(config)),
        ("encryption key", encryption_key(config)),
        ("database", database(config).await),
        ("schema", schema(config).await),
        ("row security", row_security(config).await),
        ("redis", redis(config).await),
        ("address", address(config)),
    ];
    let mut problems = 0;
    for (name, finding) in checks {
        let (mark, text) = match finding {
            Ok(text) => ("ok", text),
            Err(text) => {
                problems += 1;
                ("WRONG", text)
            }
        };
        say(&format!("{mark:<6} {name:<15} {text}"));
    }
    match problems {
        0 => Ok(()),
        1 => Err(Failure::No("1 problem found.".to_owned())),
        count => Err(Failure::No(format!("{count} problems found."))),
    }
}

/// Asks a running server whether it is ready.
pub(super) async fn ask(url: &str) -> Result<(), Failure> {
    let address = format!("{}/health/ready", url.trim_end_matches('/'));
    let client =
        reqwest::Client::builder().timeout(ASK_TIMEOUT).build().context("making a client")?;
    match client.get(&address).send().await {
        Ok(response) if response.status() == reqwest::StatusCode::OK => {
            say("ready");
            Ok(())
        }
        Ok(response) => Err(Failure::No(format!("{address} answered {}", response.status()))),
        Err(error) => Err(Failure::No(format!("{address} did not answer: {error}"))),
    }
}

fn wrong(error: Error) -> String {
    with_causes(&error)
}

/// A file can be made in the folder.
fn data_folder(folder: &Path) -> Finding {
    let try_it = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!(".doctor.{}", std::process::id()));
        std::fs::write(&file, "can this folder be written?")?;
        std::fs::remove_file(file)
    };
    match try_it() {
        Ok(()) => Ok(format!("{} can be written", folder.display())),
        Err(error) => Err(format!("DATA_DIR {} cannot be written: {error}", folder.display())),
    }
}

fn signing_key(config: &Config) -> Finding {
    AccessTokens::load(config, &SystemRng)
        .map(|_| origin(config.jwt_private_key.is_some()))
        .map_err(wrong)
}

fn encryption_key(config: &Config) -> Finding {
    Vault::load(config.encryption_key.as_ref(), &keys(config), std::sync::Arc::new(SystemRng))
        .map(|_| origin(config.encryption_key.is_some()))
        .map_err(wrong)
}

fn keys(config: &Config) -> std::path::PathBuf {
    config.data_dir.join("keys")
}

fn origin(configured: bool) -> String {
    if configured { "from the configuration" } else { "from the data folder" }.to_owned()
}

/// An embedded database that is made at first start.
fn is_still_to_be_made(config: &Config) -> bool {
    matches!(&config.database.url, DatabaseUrl::Sqlite(path) if !path.exists())
}

async fn database(config: &Config) -> Finding {
    let place = app::database_place(config);
    if is_still_to_be_made(config) {
        return Ok(format!("{place}: will be made at first start"));
    }
    match store::ping(&config.database).await {
        Ok(()) => Ok(format!("{place}: answers")),
        Err(error) => Err(format!("{place}: {}", wrong(error))),
    }
}

async fn schema(config: &Config) -> Finding {
    if is_still_to_be_made(config) {
        return Ok("will be made at first start".to_owned());
    }
    match migrate::waiting(config).await {
        Ok(waiting) if waiting.is_empty() => Ok("up to date".to_owned()),
        Ok(waiting) => {
            Err(format!("run `retainer migrate up`; these wait: {}", waiting.join(", ")))
        }
        Err(failure) => Err(failure.text()),
    }
}

async fn row_security(config: &Config) -> Finding {
    if is_still_to_be_made(config) {
        return Ok(RowSecurity::None.to_string());
    }
    store::row_security(&config.database).await.map(|found| found.to_string()).map_err(wrong)
}

/// Redis may be away while the server runs, but somebody who names one means it to be there.
async fn redis(config: &Config) -> Finding {
    let Some(url) = &config.redis_url else {
        return Ok("none: each process counts requests by itself".to_owned());
    };
    let clock = std::sync::Arc::new(SystemClock);
    let redis = Redis::new(url, config.redis_timeout, clock).map_err(wrong)?;
    match redis.ping().await {
        Ok(()) => Ok("answers".to_owned()),
        Err(away) => Err(format!("REDIS_URL: {away}")),
    }
}

fn address(config: &Config) -> Finding {
    match app::bind(&mut config.clone()) {
        Ok(listener) => match listener.local_addr() {
            Ok(address) => Ok(format!("{address} is free")),
            Err(error) => Err(error.to_string()),
        },
        Err(error) => Err(format!(
            "cannot listen on {} port {} (set BIND and PORT, or stop what runs there): {}",
            config.bind,
            config.port,
            wrong(error)
        )),
    }
}
