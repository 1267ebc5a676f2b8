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
    "TRUSTED_PROXIES" = "", "Addresses and networks (`10.0.0.0/8`) of the proxies whose word on the client's address is believed, separated by commas.";
    "PROXY_HEADER" = "x-forwarded-for", "The header in which those proxies name the client: `x-forwarded-for`, or `forwarded` (RFC 7239). The other one is ignored.";
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
    "REDIS_URL" = "" (secret), "`redis://…`, `rediss://…` or `unix:///path`: where replicas count requests together; default: each process counts by itself.";
    "REDIS_TIMEOUT" = "250ms", "How long one call to Redis may take; without an answer the process counts by itself.";
    "JWT_PRIVATE_KEY" = "" (secret), "Ed25519 key (PKCS#8 PEM) that signs access tokens; default: made at first start in DATA_DIR/keys.";
    "JWT_PREVIOUS_KEYS" = "" (secret), "Ed25519 keys (PEM, public or private, one after the other) that verify access tokens besides JWT_PRIVATE_KEY while it is being replaced.";
    "COOKIE_DOMAIN" = "", "Domain of the server's cookies, like `example.com`; default: only the host that set them.";
    "ENCRYPTION_KEY" = "" (secret), "32 bytes, base64, that encrypt stored secrets; default: made at first start in DATA_DIR/keys.";
    "OAUTH_GOOGLE_CLIENT_ID" = "", "Offers signing in with Google, together with its secret.";
    "OAUTH_GOOGLE_CLIENT_SECRET" = "" (secret), "The secret of that client.";
    "OAUTH_GOOGLE_URL" = "https://accounts.google.com", "The issuer of Google's tokens.";
    "OAUTH_GITHUB_CLIENT_ID" = "", "Offers signing in with GitHub, together with its secret.";
    "OAUTH_GITHUB_CLIENT_SECRET" = "" (secret), "The secret of that client.";
    "OAUTH_GITHUB_URL" = "https://github.com", "GitHub, or the address of a GitHub Enterprise Server.";
    "OAUTH_MICROSOFT_CLIENT_ID" = "", "Offers signing in with Microsoft, together with its secret.";
    "OAUTH_MICROSOFT_CLIENT_SECRET" = "" (secret), "The secret of that client.";
    "OAUTH_MICROSOFT_URL" = "https://login.microsoftonline.com/common/v2.0", "The issuer of Microsoft's tokens; name a tenant in the place of `common` to admit its people only.";
    "OAUTH_FACEBOOK_CLIENT_ID" = "", "Offers signing in with Facebook, together with its secret.";
    "OAUTH_FACEBOOK_CLIENT_SECRET" = "" (secret), "The secret of that client.";
    "OAUTH_FACEBOOK_URL" = "https://www.facebook.com", "Facebook. With another address the Graph API is looked for there too.";
    "OAUTH_TIMEOUT" = "10s", "How long one call to an identity provider may take.";
    "SSO_PRIVATE_ISSUERS" = "false", "`true` lets agencies name an issuer in this server's own network, or without TLS.";
    "SECOND_FACTOR" = "", "`required`: whoever signs in must have a second factor; `optional`: who has one is asked for it, and operators must have one where text messages are set up. Default: `required` where text messages are set up, else `optional`.";
    "TWILIO_ACCOUNT_SID" = "", "The Twilio account that sends sign-in codes by text message, together with the next two.";
    "TWILIO_AUTH_TOKEN" = "" (secret), "The token of that account.";
    "TWILIO_VERIFY_SERVICE_SID" = "", "The Verify service of that account.";
    "TWILIO_VERIFY_URL" = "https://verify.twilio.com", "Where Twilio Verify is.";
    "TWILIO_TIMEOUT" = "10s", "How long one call to Twilio may take.";
    "MAIL_FROM" = "no-reply@retainer.localhost", "Sender address of every mail.";
    "SMTP_URL" = "" (secret), "`smtps://user:password@host:465`; without it mails are written to DATA_DIR/mail.";
    "JOB_WORKERS" = "2", "Jobs of one lane that run at once, 1–64.";
    "PDF_CONCURRENCY" = "1", "Documents that are laid out at once, 1–16.";
    "SIGNUP_MODE" = "open", "`open`: anybody who signs in may create an agency; `invite_only`: with an invitation of the operator.";
    "NEW_AGENCY_PLAN" = "", "`free`, or `freemium`: everything without a charge and without an end. Default: `freemium` in development, `free` in production.";
    "LOG_FORMAT" = "auto", "`json`, `pretty`, or `auto`: pretty on a terminal, else json.";
    "LOG_LEVEL" = "info", "A level, or filter directives like `info,sales=debug`.";
}
