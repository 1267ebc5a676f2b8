//! Agencies, people, their sign-ins and their places in agencies.

crate::migration!(
    "m20261121_000001_identity",
    up: r#"
CREATE TABLE agencies (
    id $uuid NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    primary_color TEXT NOT NULL,
    secondary_color TEXT NOT NULL,
    accent_color TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'cancelled')),
    subscription_tier TEXT NOT NULL CHECK (subscription_tier IN ('free', 'starter', 'growth', 'enterprise')),
    deleted_at $instant,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL
);

CREATE TABLE users (
    id $uuid NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    avatar TEXT NOT NULL,
    is_super_admin BOOLEAN NOT NULL,
    default_agency_id $uuid REFERENCES agencies (id) ON DELETE SET NULL,
    suspended_at $instant,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL
);
CREATE INDEX users_default_agency ON users (default_agency_id);

CREATE TABLE sessions (
    id $uuid NOT NULL PRIMARY KEY,
    user_id $uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip TEXT,
    user_agent TEXT,
    last_used_at $instant NOT NULL,
    expires_at $instant NOT NULL,
    revoked_at $instant,
    revoked_reason TEXT,
    created_at $instant NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('magic_link', 'refresh')),
    email TEXT,
    session_id $uuid REFERENCES sessions (id) ON DELETE CASCADE,
    callback TEXT NOT NULL,
    expires_at $instant NOT NULL,
    used_at $instant,
    created_at $instant NOT NULL
);
CREATE INDEX tokens_session ON tokens (session_id);
CREATE INDEX tokens_email ON tokens (email, kind);
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE agency_memberships (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    user_id $uuid NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    display_name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'invited', 'suspended')),
    invited_at $instant,
    accepted_at $instant,
    invited_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX agency_memberships_user ON agency_memberships (agency_id, user_id);
CREATE INDEX agency_memberships_by_user ON agency_memberships (user_id);
CREATE INDEX agency_memberships_invited_by ON agency_memberships (invited_by);

CREATE TABLE files (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    file_key TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_size BIGINT NOT NULL CHECK (file_size > 0),
    content_type TEXT NOT NULL,
    purpose TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX files_key ON files (agency_id, file_key);
CREATE INDEX files_created_by ON files (created_by);

CREATE TABLE agency_profiles (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    logo_file_id $uuid,
    legal_entity_name TEXT NOT NULL,
    trading_name TEXT NOT NULL,
    business_number TEXT NOT NULL,
    address_line_1 TEXT NOT NULL,
    address_line_2 TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    postcode TEXT NOT NULL,
    country TEXT NOT NULL,
    bank_name TEXT NOT NULL,
    bank_bsb TEXT NOT NULL,
    bank_account_number TEXT NOT NULL,
    bank_account_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    tax_registered BOOLEAN NOT NULL,
    tax_label TEXT NOT NULL,
    tax_rate_bps INTEGER NOT NULL CHECK (tax_rate_bps BETWEEN 0 AND 10000),
    default_payment_terms TEXT NOT NULL CHECK (default_payment_terms IN ('DUE_ON_RECEIPT', 'NET_7', 'NET_14', 'NET_30', 'CUSTOM')),
    default_proposal_validity_days INTEGER NOT NULL CHECK (default_proposal_validity_days BETWEEN 1 AND 3650),
    default_contract_validity_days INTEGER NOT NULL CHECK (default_contract_validity_days BETWEEN 1 AND 3650),
    invoice_footer TEXT NOT NULL,
    contract_footer TEXT NOT NULL,
    timezone TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, logo_file_id) REFERENCES files (agency_id, id)
);
CREATE UNIQUE INDEX agency_profiles_one ON agency_profiles (agency_id);
CREATE INDEX agency_profiles_logo ON agency_profiles (agency_id, logo_file_id);
"#,
    down: "
DROP TABLE agency_profiles;
DROP TABLE files;
DROP TABLE agency_memberships;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE agencies;
",
);
