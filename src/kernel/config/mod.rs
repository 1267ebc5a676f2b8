//! The configuration: documented defaults, then a file, then the environment.
//!
//! Every setting is a row of [`SETTINGS`] with its default and its meaning; nothing else in the
//! server reads the environment. All values are checked together at start, so that one run of
//! `retainer doctor` (or one failed start) names every problem at once — by key, never by value.

mod oauth;
mod reader;
mod settings;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use oauth::{OAuthClient, OAuthConfig};
pub use settings::{SETTINGS, Setting};

pub use crate::ports::sms::TwilioConfig;

/// Where the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// For real.
    Production,
}

/// Which database, as its address says.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A Postgres server.
    Postgres(SecretString),
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Where it is.
    pub url: DatabaseUrl,
    /// Where migrations go, when not to `url`.
    pub migration_url: Option<SecretString>,
    /// Connections of this process.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run on Postgres.
    pub statement_timeout: Duration,
    /// How long SQLite waits for another writer.
    pub busy_timeout: Duration,
}

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorPolicy {
    /// Everybody.
    Required,
    /// Nobody but the platform's operators, and those only where text messages are set up.
    Optional,
}

/// Who may create an agency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignupMode {
    /// Anybody who signs in.
    #[default]
    Open,
    /// Who has an invitation of the operator.
    InviteOnly,
}

impl SignupMode {
    /// As clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InviteOnly => "invite_only",
        }
    }
}

/// Which plan an agency begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewAgencyPlan {
    /// The free tier.
    Free,
    /// Everything, without a charge and without an end.
    Freemium,
}

/// The header in which the trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ProxyHeader {
    /// Its name, as in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// A changed limit of one class: so many requests in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests.
    pub requests: u32,
    /// Seconds.
    pub seconds: u32,
}

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server runs.
    pub environment: Environment,
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on.
    pub port: u16,
    /// How people reach the server; no trailing slash.
    pub public_base_url: String,
    /// Origins that may call the API from a browser.
    pub client_origins: Vec<String>,
    /// Proxies whose word on the client address counts.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The header in which they name the client.
    pub proxy_header: ProxyHeader,
    /// The Redis in which replicas count requests together.
    pub redis_url: Option<SecretString>,
    /// How long one call to Redis may take.
    pub redis_timeout: Duration,
    /// Folder for everything that is kept on this machine.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseConfig,
    /// HTTP worker threads; 0 is one for each core.
    pub workers: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long a client may take to send its request head.
    pub client_timeout: Duration,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_timeout: Duration,
    /// Largest JSON body.
    pub max_body_bytes: usize,
    /// Changed limits, by class name.
    pub rate_limits: BTreeMap<String, Quota>,
    /// Signs access tokens, when not the key in the data folder.
    pub jwt_private_key: Option<SecretString>,
    /// Keys that verify access tokens besides the one that signs, as PEM blocks.
    pub jwt_previous_keys: Option<SecretString>,
    /// The files that secrets came from, by setting: some are read again while the server runs.
    pub secret_files: BTreeMap<&'static str, PathBuf>,
    /// The domain of the server's cookies, when not the host alone that answers.
    pub cookie_domain: Option<String>,
    /// Encrypts stored secrets, when not the key in the data folder.
    pub encryption_key: Option<SecretString>,
    /// Signing in with other people's accounts.
    pub oauth: OAuthConfig,
    /// Who must have a second factor.
    pub second_factor: SecondFactorPolicy,
    /// Sends sign-in codes by text message, where it is set up.
    pub twilio: Option<TwilioConfig>,
    /// Sender address of every mail.
    pub mail_from: String,
    /// Where mails go, when not to the data folder.
    pub smtp_url: Option<SecretString>,
    /// Jobs of one lane that run at once.
    pub job_workers: usize,
    /// Documents that are laid out at once.
    pub pdf_concurrency: usize,
    /// Who may create an agency.
    pub signup_mode: SignupMode,
    /// Which plan an agency begins with.
    pub new_agency_plan: NewAgencyPlan,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: String,
}

/// What is wrong with one setting. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Every problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|p| format!("{}: {}", p.key, p.message)).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// Name of the optional file in the working folder.
pub const CONFIG_FILE: &str = "retainer.toml";

impl Config {
    /// Reads the file `retainer.toml` (if there is one) and the environment.
    ///
    /// # Errors
    /// [`Problems`]: all of them.
    #[expect(clippy::disallowed_methods, reason = "this is where settings are read")]
    pub fn load() -> Result<Self, Problems> {
        let environment = SETTINGS
            .iter()
            .flat_map(|setting| [setting.key.to_owned(), format!("{}_FILE", setting.key)])
            .filter_map(|key| std::env::var(&key).ok().map(|value| (key, value)))
            .collect();
        Self::from_sources(std::fs::read_to_string(CONFIG_FILE).ok().as_deref(), environment)
    }

    /// Checks the given sources; the map goes before the file.
    ///
    /// # Errors
    /// [`Problems`]: all of them.
    pub fn from_sources(
        file: Option<&str>,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Problems> {
        reader::read(file, environment)
    }

    /// Whether this is a developer's machine.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_defaults_are_a_working_configuration() {
        let config = Config::from_sources(None, BTreeMap::new()).unwrap();

        assert_eq!(config.public_base_url, "http://127.0.0.1:8080");
        assert!(matches!(config.database.url, DatabaseUrl::Sqlite(_)));
    }

    #[test]
    fn new_agencies_get_everything_on_a_developer_s_machine_alone() {
        let plan = |pairs: &[(&str, &str)]| {
            Config::from_sources(None, environment(pairs)).unwrap().new_agency_plan
        };
        let production = [
            ("ENV", "production"),
            ("PUBLIC_BASE_URL", "https://x.test"),
            ("SMTP_URL", "smtp://x"),
        ];

        assert_eq!(plan(&[]), NewAgencyPlan::Freemium);
        assert_eq!(plan(&[("NEW_AGENCY_PLAN", "free")]), NewAgencyPlan::Free);
        assert_eq!(plan(&production), NewAgencyPlan::Free);
        let told = [&production[..], &[("NEW_AGENCY_PLAN", "freemium")]].concat();
        assert_eq!(plan(&told), NewAgencyPlan::Freemium);
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let config =
            Config::from_sources(Some("port = 1\nbind = \"::1\""), environment(&[("PORT", "2")]))
                .unwrap();

        assert_eq!((config.port, config.bind.to_string().as_str()), (2, "::1"));
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_value_is_shown() {
        let problems = Config::from_sources(
            Some("colour = 1"),
            environment(&[
                ("PORT", "99999"),
                ("ENV", "production"),
                ("DATABASE_URL", "mysql://secret"),
                ("REQUEST_TIMEOUT", "fast"),
                ("RATE_LIMITS", "nonsense=1/1"),
                ("TRUSTED_PROXIES", "10.0.0.0/33"),
                ("PROXY_HEADER", "x-real-ip"),
                ("REDIS_URL", "http://user:secret@redis"),
            ]),
        )
        .unwrap_err();

        let keys: Vec<&str> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
        for key in [
            "colour",
            "PORT",
            "PUBLIC_BASE_URL",
            "SMTP_URL",
            "DATABASE_URL",
            "REQUEST_TIMEOUT",
            "RATE_LIMITS",
            "TRUSTED_PROXIES",
            "PROXY_HEADER",
            "REDIS_URL",
        ] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
        assert!(!problems.to_string().contains("secret"));
    }

    #[test]
    fn a_secret_can_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://db/x\n").unwrap();

        let config = Config::from_sources(
            None,
            environment(&[("DATABASE_URL_FILE", &file.path().display().to_string())]),
        )
        .unwrap();

        assert!(matches!(config.database.url, DatabaseUrl::Postgres(_)));
    }
}
