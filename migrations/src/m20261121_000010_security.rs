//! The security log: who signed in, what was refused, what was revoked.
//!
//! Without foreign keys: an entry outlives what it is about, and a refusal must not wait for a lock
//! on the person's row.

crate::migration!(
    "m20261121_000010_security",
    up: "
CREATE TABLE security_events (
    id $uuid NOT NULL PRIMARY KEY,
    at $instant NOT NULL,
    kind TEXT NOT NULL,
    user_id $uuid,
    agency_id $uuid,
    email_hash TEXT,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    detail $json NOT NULL
);
CREATE INDEX security_events_at ON security_events (at, id);
CREATE INDEX security_events_kind ON security_events (kind, at);
CREATE INDEX security_events_user ON security_events (user_id, at);
CREATE INDEX security_events_agency ON security_events (agency_id, at);
",
    down: "
DROP TABLE security_events;
",
);
