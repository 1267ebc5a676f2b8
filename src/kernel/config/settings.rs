//! The settings with their defaults, as one table.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, in the environment and (in lower case) in the file.
    pub key: &'static str,
    /// Used when it is not set; empty means "not set up".
    pub default: &'static str,
    /// Whether `<KEY>_FILE` may name a file that holds the value.
    pub secret: bool,
    /// What it does, with unit and limits.
    pub help: &'static str,
}

macro_rules! settings {
    ($($key:literal = $default:literal $(($secret:ident))?, $help:literal;)+) => {
        /// Every setting, in the order of the documentation.
        pub const SETTINGS: &[Setting] = &[$(
            Setting { key: $key, default: $default, secret: settings!(@ $($secret)?), help: $help },
        )+];
    };
    (@ secret) => { true };
    (@) => { false };
}

settings! {
    "ENV" = "development", "`development` or `production`. Production refuses unsafe defaults and has no development inbox.";
    "BIND" = "127.0.0.1", "Address to listen on.";
    "PORT" = "8080", "Port to listen on; 0 takes any free one.";
    "PUBLIC_BASE_URL" = "", "How people reach this server, for links in mails; default `http://<BIND>:<PORT>`.";
    "CLIENT_ORIGINS" = "", "Origins of web clients that may call the API (CORS), separated by commas.";
    "TRUSTED_PROXIES" = "", "Addresses of proxies whose X-Forwarded-For is believed, separated by commas.";
    "DATA_DIR" = "./data", "Folder for the embedded database, files, keys and mails.";
    "DATABASE_URL" = "" (secret), "`postgres://…`, or `sqlite://path`; default `sqlite://<DATA_DIR>/retainer.db`.";
    "DATABASE_MIGRATION_URL" = "" (secret), "Direct address for migrations, when DATABASE_URL goes through a transaction-mode pooler.";
    "DATABASE_MAX_CONNECTIONS" = "10", "Connections of this process to Postgres, 1–200.";
    "DATABASE_ACQUIRE_TIMEOUT" = "3s", "How long a request waits for a connection.";
    "DATABASE_STATEMENT_TIMEOUT" = "5s", "How long one statement may run on Postgres.";
    "DATABASE_BUSY_TIMEOUT" = "5s", "How long SQLite waits for another writer.";
    "WORKERS" = "0", "Worker threads of the HTTP server; 0 is one for each core.";
    "REQUEST_TIMEOUT" = "30s", "How long a request may take in all.";
    "CLIENT_TIMEOUT" = "10s", "How long a client may take to send its request head.";
    "SHUTDOWN_TIMEOUT" = "30s", "How long running requests may take to finish at shutdown.";
    "MAX_BODY_BYTES" = "1048576", "Largest JSON body, in bytes.";
    "RATE_LIMITS" = "", "Changes to the limit classes, as `class=requests/seconds`, separated by commas.";
    "JWT_PRIVATE_KEY" = "" (secret), "Ed25519 key (PKCS#8 PEM) that signs access tokens; default: made at first start in DATA_DIR/keys.";
    "ENCRYPTION_KEY" = "" (secret), "32 bytes, base64, that encrypt stored secrets; default: made at first start in DATA_DIR/keys.";
    "MAIL_FROM" = "no-reply@retainer.localhost", "Sender address of every mail.";
    "SMTP_URL" = "" (secret), "`smtps://user:password@host:465`; without it mails are written to DATA_DIR/mail.";
    "JOB_WORKERS" = "2", "Jobs of one lane that run at once, 1–64.";
    "PDF_CONCURRENCY" = "1", "Documents that are laid out at once, 1–16.";
    "LOG_FORMAT" = "auto", "`json`, `pretty`, or `auto`: pretty on a terminal, else json.";
    "LOG_LEVEL" = "info", "A level, or filter directives like `info,sales=debug`.";
}
