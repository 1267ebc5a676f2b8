//! Accounts of identity providers that people sign in with, sign-ins that are under way there, and
//! the issuers that agencies have named.
//!
//! A sign-in under way is no row of `tokens`: it keeps what the provider's answer is held against,
//! and belongs to a browser before it belongs to anybody.

crate::migration!(
    "m20261121_000011_external_identities",
    up: "
CREATE TABLE external_identities (
    id $uuid NOT NULL PRIMARY KEY,
    user_id $uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider TEXT NOT NULL CHECK (provider IN ('google', 'github', 'microsoft', 'facebook', 'sso')),
    agency_id $uuid REFERENCES agencies (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT NOT NULL,
    last_used_at $instant NOT NULL,
    created_at $instant NOT NULL,
    CHECK ((provider = 'sso') = (agency_id IS NOT NULL))
);
CREATE UNIQUE INDEX external_identities_subject ON external_identities (provider, issuer, subject)
    WHERE agency_id IS NULL;
CREATE UNIQUE INDEX external_identities_sso_subject
    ON external_identities (agency_id, issuer, subject) WHERE agency_id IS NOT NULL;
CREATE INDEX external_identities_user ON external_identities (user_id);
CREATE INDEX external_identities_agency ON external_identities (agency_id);

CREATE TABLE login_states (
    id TEXT NOT NULL PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('google', 'github', 'microsoft', 'facebook', 'sso')),
    agency_id $uuid REFERENCES agencies (id) ON DELETE CASCADE,
    user_id $uuid REFERENCES users (id) ON DELETE CASCADE,
    sealed $bytes NOT NULL,
    return_url TEXT NOT NULL,
    expires_at $instant NOT NULL,
    used_at $instant,
    created_at $instant NOT NULL
);
CREATE INDEX login_states_expiry ON login_states (expires_at);
CREATE INDEX login_states_agency ON login_states (agency_id);
CREATE INDEX login_states_user ON login_states (user_id);

CREATE TABLE sso_connections (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX sso_connections_one ON sso_connections (agency_id);

CREATE TABLE sso_domains (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    connection_id $uuid NOT NULL,
    domain TEXT NOT NULL,
    challenge TEXT NOT NULL,
    verified_at $instant,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, connection_id) REFERENCES sso_connections (agency_id, id)
        ON DELETE CASCADE
);
CREATE UNIQUE INDEX sso_domains_domain ON sso_domains (agency_id, domain);
CREATE INDEX sso_domains_connection ON sso_domains (agency_id, connection_id);
",
    down: "
DROP TABLE sso_domains;
DROP TABLE sso_connections;
DROP TABLE login_states;
DROP TABLE external_identities;
",
);
