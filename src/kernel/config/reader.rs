//! From texts to a checked [`Config`], collecting everything that is wrong on the way.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::settings::SETTINGS;
use super::{
    CONFIG_FILE, Config, DatabaseConfig, DatabaseUrl, Environment, LogFormat, NewAgencyPlan,
    OAuthClient, OAuthConfig, Problem, Problems, ProxyHeader, Quota, SecondFactorPolicy,
    SignupMode, TwilioConfig,
};

/// Collects values and what is wrong with them.
struct Reader {
    values: BTreeMap<&'static str, String>,
    problems: Vec<Problem>,
    files: BTreeMap<&'static str, PathBuf>,
}

/// Reads and checks the given sources; the map goes before the file.
pub(super) fn read(
    file: Option<&str>,
    environment: BTreeMap<String, String>,
) -> Result<Config, Problems> {
    let mut reader =
        Reader { values: BTreeMap::new(), problems: Vec::new(), files: BTreeMap::new() };
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
                    Ok(text) => {
                        self.files.insert(setting.key, PathBuf::from(path));
                        text.trim_end().to_owned()
                    }
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

    fn previous_keys(&mut self) -> Option<SecretString> {
        let keys = self.secret("JWT_PREVIOUS_KEYS");
        if keys.is_some() && self.optional("JWT_PRIVATE_KEY").is_none() {
            self.problem(
                "JWT_PREVIOUS_KEYS",
                "is for a configured JWT_PRIVATE_KEY; the keys in DATA_DIR/keys look after themselves",
            );
        }
        keys
    }

    fn cookie_domain(&mut self) -> Option<String> {
        let domain = self.optional("COOKIE_DOMAIN")?.trim_start_matches('.').to_lowercase();
        let valid = !domain.is_empty()
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if !valid {
            self.problem("COOKIE_DOMAIN", "must be a host name like `example.com`");
        }
        Some(domain)
    }

    fn redis_url(&mut self) -> Option<SecretString> {
        let url = self.optional("REDIS_URL")?;
        // The form alone: what is wrong with it in detail could show the password.
        let is_known = ["redis://", "rediss://", "unix://"].iter().any(|s| url.starts_with(s));
        if !is_known || redis::parse_redis_url(&url).is_none() {
            self.problem("REDIS_URL", "must start with redis://, rediss:// or unix://");
            return None;
        }
        Some(url.into())
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

    fn new_agency_plan(&mut self, environment: Environment) -> NewAgencyPlan {
        match (self.optional("NEW_AGENCY_PLAN").as_deref(), environment) {
            (Some("free"), _) | (None, Environment::Production) => NewAgencyPlan::Free,
            (Some("freemium"), _) | (None, Environment::Development) => NewAgencyPlan::Freemium,
            (Some(_), _) => {
                self.problem("NEW_AGENCY_PLAN", "must be `free` or `freemium`");
                NewAgencyPlan::Free
            }
        }
    }

    /// A client of an identity provider: with both its id and its secret, or not at all.
    fn oauth_client(&mut self, keys: [&'static str; 3]) -> Option<OAuthClient> {
        let [id_key, secret_key, url_key] = keys;
        let url = self.text(url_key).trim_end_matches('/').to_owned();
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            self.problem(url_key, "must start with https://");
        }
        match (self.optional(id_key), self.secret(secret_key)) {
            (Some(client_id), Some(client_secret)) => {
                Some(OAuthClient { client_id, client_secret, url })
            }
            (Some(_), None) => {
                self.problem(secret_key, format!("must be set together with {id_key}"));
                None
            }
            (None, Some(_)) => {
                self.problem(id_key, format!("must be set together with {secret_key}"));
                None
            }
            (None, None) => None,
        }
    }

    /// Twilio: with all of its three settings, or not at all.
    fn twilio(&mut self, environment: Environment) -> Option<TwilioConfig> {
        let url = self.text("TWILIO_VERIFY_URL").trim_end_matches('/').to_owned();
        let is_safe = url.starts_with("https://");
        if !is_safe && (environment == Environment::Production || !url.starts_with("http://")) {
            self.problem("TWILIO_VERIFY_URL", "must start with https://");
        }
        let timeout = self.duration("TWILIO_TIMEOUT");
        let keys = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_VERIFY_SERVICE_SID"];
        let [account_sid, auth_token, service_sid] = keys.map(|key| self.optional(key));
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if service_sid.as_deref().is_some_and(|sid| !word(sid)) {
            self.problem("TWILIO_VERIFY_SERVICE_SID", "must be letters and digits, like VA…");
        }
        match (account_sid, auth_token, service_sid) {
            (None, None, None) => None,
            (Some(account_sid), Some(auth_token), Some(service_sid)) => Some(TwilioConfig {
                account_sid,
                auth_token: auth_token.into(),
                service_sid,
                url,
                timeout,
            }),
            (account_sid, auth_token, service_sid) => {
                let given = [account_sid, auth_token, service_sid];
                for (key, _) in keys.into_iter().zip(given).filter(|(_, value)| value.is_none()) {
                    self.problem(key, "must be set, as the other settings of Twilio are");
                }
                None
            }
        }
    }

    fn second_factor(&mut self, has_text_messages: bool) -> SecondFactorPolicy {
        match self.optional("SECOND_FACTOR").as_deref() {
            Some("required") => SecondFactorPolicy::Required,
            Some("optional") => SecondFactorPolicy::Optional,
            None if has_text_messages => SecondFactorPolicy::Required,
            None => SecondFactorPolicy::Optional,
            Some(_) => {
                self.problem("SECOND_FACTOR", "must be `required` or `optional`");
                SecondFactorPolicy::Required
            }
        }
    }

    fn oauth(&mut self) -> OAuthConfig {
        macro_rules! client {
            ($name:literal) => {
                self.oauth_client([
                    concat!("OAUTH_", $name, "_CLIENT_ID"),
                    concat!("OAUTH_", $name, "_CLIENT_SECRET"),
                    concat!("OAUTH_", $name, "_URL"),
                ])
            };
        }
        OAuthConfig {
            google: client!("GOOGLE"),
            github: client!("GITHUB"),
            microsoft: client!("MICROSOFT"),
            facebook: client!("FACEBOOK"),
            timeout: self.duration("OAUTH_TIMEOUT"),
            private_issuers: self
                .parse("SSO_PRIVATE_ISSUERS", "`true` or `false`", |text| text.parse().ok()),
        }
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
        let twilio = self.twilio(environment);
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
            trusted_proxies: self.list(
                "TRUSTED_PROXIES",
                "an IP address or a network like 10.0.0.0/8",
                network,
            ),
            proxy_header: self.parse("PROXY_HEADER", "`x-forwarded-for` or `forwarded`", |text| {
                let known = [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded];
                known.into_iter().find(|header| header.name() == text)
            }),
            redis_url: self.redis_url(),
            redis_timeout: self.duration("REDIS_TIMEOUT"),
            database: self.database(&data_dir),
            data_dir,
            workers: self.size("WORKERS", 0, 1024),
            request_timeout: self.duration("REQUEST_TIMEOUT"),
            client_timeout: self.duration("CLIENT_TIMEOUT"),
            shutdown_timeout: self.duration("SHUTDOWN_TIMEOUT"),
            max_body_bytes: self.size("MAX_BODY_BYTES", 1024, 10 * 1024 * 1024),
            rate_limits: self.rate_limits(),
            jwt_private_key: self.secret("JWT_PRIVATE_KEY"),
            jwt_previous_keys: self.previous_keys(),
            secret_files: self.files.clone(),
            cookie_domain: self.cookie_domain(),
            encryption_key: self.secret("ENCRYPTION_KEY"),
            oauth: self.oauth(),
            second_factor: self.second_factor(twilio.is_some()),
            twilio,
            mail_from,
            smtp_url,
            job_workers: self.size("JOB_WORKERS", 1, 64),
            pdf_concurrency: self.size("PDF_CONCURRENCY", 1, 16),
            signup_mode: self.parse("SIGNUP_MODE", "`open` or `invite_only`", |text| match text {
                "open" => Some(SignupMode::Open),
                "invite_only" => Some(SignupMode::InviteOnly),
                _ => None,
            }),
            new_agency_plan: self.new_agency_plan(environment),
            log_format,
            log_level,
        }
    }
}

/// Reads an address, or a network in CIDR notation. An IPv4 address written as IPv6 is the former.
fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_canonical().into()),
        Err(_) => text.parse().ok(),
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
