//! Keys with which an agency's own programs call the API.

crate::migration!(
    "m20261121_000014_api_keys",
    up: "
CREATE TABLE api_keys (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    previous_hash TEXT,
    previous_until $instant,
    scopes $json NOT NULL,
    requests_per_minute INTEGER CHECK (requests_per_minute > 0),
    last_used_at $instant,
    last_used_ip TEXT,
    expires_at $instant,
    revoked_at $instant,
    created_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX api_keys_prefix ON api_keys (prefix);
CREATE INDEX api_keys_created_by ON api_keys (created_by);
",
    down: "
DROP TABLE api_keys;
",
);
