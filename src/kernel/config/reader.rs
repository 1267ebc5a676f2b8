//! From texts to a checked [`Config`], collecting everything that is wrong on the way.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::settings::SETTINGS;
use super::{
    CONFIG_FILE, Config, DatabaseConfig, DatabaseUrl, Environment, LogFormat, Problem, Problems,
    Quota,
};

/// Collects values and what is wrong with them.
struct Reader {
    values: BTreeMap<&'static str, String>,
    problems: Vec<Problem>,
}

/// Reads and checks the given sources; the map goes before the file.
pub(super) fn read(
    file: Option<&str>,
    environment: BTreeMap<String, String>,
) -> Result<Config, Problems> {
    let mut reader = Reader { values: BTreeMap::new(), problems: Vec::new() };
    if let Some(file) = file {
        reader.read_file(file);
    }
    reader.read_environment(environment);
    let config = reader.config();
    if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
}

impl Reader {
    fn problem(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { key: key.into(), message: message.into() });
    }

    fn read_file(&mut self, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                return self.problem(CONFIG_FILE, format!("is not TOML: {}", error.message()));
            }
        };
        for (name, value) in table {
            let known = SETTINGS.iter().find(|setting| setting.key.eq_ignore_ascii_case(&name));
            let text = match &value {
                toml::Value::String(text) => Some(text.clone()),
                toml::Value::Integer(number) => Some(number.to_string()),
                toml::Value::Boolean(flag) => Some(flag.to_string()),
                _ => None,
            };
            match (known, text) {
                (Some(setting), Some(text)) => {
                    self.values.insert(setting.key, text);
                }
                (Some(setting), None) => self.problem(setting.key, "must be a text or a number"),
                (None, _) => {
                    self.problem(name, format!("is not a setting; remove it from {CONFIG_FILE}"))
                }
            }
        }
    }

    fn read_environment(&mut self, environment: BTreeMap<String, String>) {
        for setting in SETTINGS {
            let from_file = environment.get(&format!("{}_FILE", setting.key));
            let value = match (environment.get(setting.key), from_file) {
                (Some(_), Some(_)) => {
                    self.problem(setting.key, "is set both directly and as a file; keep one");
                    continue;
                }
                (Some(value), None) => value.clone(),
                (None, Some(_)) if !setting.secret => {
                    self.problem(setting.key, "cannot be given as a file");
                    continue;
                }
                (None, Some(path)) => match std::fs::read_to_string(path) {
                    Ok(text) => text.trim_end().to_owned(),
                    Err(error) => {
                        self.problem(
                            format!("{}_FILE", setting.key),
                            format!("cannot be read: {error}"),
                        );
                        continue;
                    }
                },
                (None, None) => continue,
            };
            self.values.insert(setting.key, value);
        }
    }

    fn text(&self, key: &str) -> String {
        let default = SETTINGS.iter().find(|setting| setting.key == key).map(|s| s.default);
        self.values.get(key).map_or(default.unwrap_or_default(), String::as_str).trim().to_owned()
    }

    fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    fn secret(&self, key: &str) -> Option<SecretString> {
        self.optional(key).map(SecretString::from)
    }

    /// Parses a value; a bad one is a problem and yields the default.
    fn parse<T>(&mut self, key: &'static str, expected: &str, read: impl Fn(&str) -> Option<T>) -> T
    where
        T: Default,
    {
        match read(&self.text(key)) {
            Some(value) => value,
            None => {
                self.problem(key, format!("must be {expected}"));
                T::default()
            }
        }
    }

    fn number(&mut self, key: &'static str, min: u64, max: u64) -> u64 {
        self.parse(key, &format!("a whole number from {min} to {max}"), |text| {
            text.parse().ok().filter(|number| (min..=max).contains(number))
        })
    }

    fn size(&mut self, key: &'static str, min: u64, max: u64) -> usize {
        usize::try_from(self.number(key, min, max)).unwrap_or(usize::MAX)
    }

    fn duration(&mut self, key: &'static str) -> Duration {
        self.parse(key, "a duration like `500ms`, `3s` or `2m`", parse_duration)
    }

    fn list<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let text = self.text(key);
        let mut values = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match read(part) {
                Some(value) => values.push(value),
                None => self.problem(key, format!("each entry must be {what}")),
            }
        }
        values
    }

    fn database(&mut self, data_dir: &Path) -> DatabaseConfig {
        let url = match self.optional("DATABASE_URL") {
            None => DatabaseUrl::Sqlite(data_dir.join("retainer.db")),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                DatabaseUrl::Postgres(url.into())
            }
            Some(url) => match url.strip_prefix("sqlite://") {
                Some(path) if !path.is_empty() => DatabaseUrl::Sqlite(PathBuf::from(path)),
                _ => {
                    self.problem(
                        "DATABASE_URL",
                        "must start with postgres:// or be sqlite://<path>",
                    );
                    DatabaseUrl::Sqlite(PathBuf::new())
                }
            },
        };
        DatabaseConfig {
            url,
            migration_url: self.secret("DATABASE_MIGRATION_URL"),
            max_connections: u32::try_from(self.number("DATABASE_MAX_CONNECTIONS", 1, 200))
                .unwrap_or(u32::MAX),
            acquire_timeout: self.duration("DATABASE_ACQUIRE_TIMEOUT"),
            statement_timeout: self.duration("DATABASE_STATEMENT_TIMEOUT"),
            busy_timeout: self.duration("DATABASE_BUSY_TIMEOUT"),
        }
    }

    fn rate_limits(&mut self) -> BTreeMap<String, Quota> {
        let known = crate::http::limits::LimitClass::ALL;
        self.list("RATE_LIMITS", "`class=requests/seconds` with a known class", |entry| {
            let (class, quota) = entry.split_once('=')?;
            let (requests, seconds) = quota.split_once('/')?;
            let quota = Quota {
                requests: requests.trim().parse().ok().filter(|n| *n > 0)?,
                seconds: seconds.trim().parse().ok().filter(|n| *n > 0)?,
            };
            let class = class.trim();
            known.iter().any(|k| k.name() == class).then(|| (class.to_owned(), quota))
        })
        .into_iter()
        .collect()
    }

    fn config(&mut self) -> Config {
        let environment = match self.text("ENV").as_str() {
            "development" => Environment::Development,
            "production" => Environment::Production,
            _ => {
                self.problem("ENV", "must be `development` or `production`");
                Environment::Development
            }
        };
        let data_dir = PathBuf::from(self.text("DATA_DIR"));
        let bind = self
            .parse("BIND", "an IP address", |text| text.parse::<IpAddr>().ok().map(Some))
            .unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let port = u16::try_from(self.number("PORT", 0, 65_535)).unwrap_or(0);
        let public_base_url = match self.optional("PUBLIC_BASE_URL") {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                url.trim_end_matches('/').to_owned()
            }
            Some(_) => {
                self.problem("PUBLIC_BASE_URL", "must start with http:// or https://");
                String::new()
            }
            None => {
                if environment == Environment::Production {
                    self.problem(
                        "PUBLIC_BASE_URL",
                        "must be set in production: it is the start of every link in a mail",
                    );
                }
                format!("http://{}", std::net::SocketAddr::new(bind, port))
            }
        };
        let log_format = match self.text("LOG_FORMAT").as_str() {
            "auto" => LogFormat::Auto,
            "json" => LogFormat::Json,
            "pretty" => LogFormat::Pretty,
            _ => {
                self.problem("LOG_FORMAT", "must be `auto`, `json` or `pretty`");
                LogFormat::Auto
            }
        };
        let log_level = self.text("LOG_LEVEL");
        if log_level.parse::<tracing_subscriber::filter::Targets>().is_err() {
            self.problem(
                "LOG_LEVEL",
                "must be a level or filter directives like `info,sales=debug`",
            );
        }
        let mail_from = self.text("MAIL_FROM");
        if !crate::text::is_email(&mail_from) {
            self.problem("MAIL_FROM", "must be an e-mail address");
        }
        let smtp_url = self.secret("SMTP_URL");
        if smtp_url.is_none() && environment == Environment::Production {
            self.problem(
                "SMTP_URL",
                "must be set in production: without it no mail leaves this machine",
            );
        }
        Config {
            environment,
            bind,
            port,
            public_base_url,
            client_origins: self.list(
                "CLIENT_ORIGINS",
                "an origin like https://app.example.com",
                |text| {
                    let host =
                        text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
                    (!host.is_empty() && !host.contains('/')).then(|| text.to_owned())
                },
            ),
            trusted_proxies: self
                .list("TRUSTED_PROXIES", "an IP address", |text| text.parse().ok()),
            database: self.database(&data_dir),
            data_dir,
            workers: self.size("WORKERS", 0, 1024),
            request_timeout: self.duration("REQUEST_TIMEOUT"),
            client_timeout: self.duration("CLIENT_TIMEOUT"),
            shutdown_timeout: self.duration("SHUTDOWN_TIMEOUT"),
            max_body_bytes: self.size("MAX_BODY_BYTES", 1024, 10 * 1024 * 1024),
            rate_limits: self.rate_limits(),
            jwt_private_key: self.secret("JWT_PRIVATE_KEY"),
            encryption_key: self.secret("ENCRYPTION_KEY"),
            mail_from,
            smtp_url,
            job_workers: self.size("JOB_WORKERS", 1, 64),
            pdf_concurrency: self.size("PDF_CONCURRENCY", 1, 16),
            log_format,
            log_level,
        }
    }
}

/// Reads `500ms`, `3s`, `2m`, `1h`; more than zero.
fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    }
}
