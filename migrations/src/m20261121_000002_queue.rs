//! Jobs, the outbox and remembered answers: what makes work survive the process.

crate::migration!(
    "m20261121_000002_queue",
    up: "
CREATE TABLE jobs (
    id $uuid NOT NULL PRIMARY KEY,
    agency_id $uuid REFERENCES agencies (id),
    lane TEXT NOT NULL CHECK (lane IN ('money', 'message', 'document', 'bulk')),
    name TEXT NOT NULL,
    payload $json NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'dead')),
    run_at $instant NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
    lease_until $instant,
    lease_owner TEXT,
    unique_key TEXT,
    last_error TEXT,
    finished_at $instant,
    created_at $instant NOT NULL
);
CREATE INDEX jobs_due ON jobs (lane, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_agency ON jobs (agency_id, state, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'running');

CREATE TABLE outbox_heads (
    agency_id $uuid NOT NULL PRIMARY KEY REFERENCES agencies (id),
    last_seq BIGINT NOT NULL
);

CREATE TABLE outbox (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    seq BIGINT NOT NULL,
    id $uuid NOT NULL,
    event_type TEXT NOT NULL,
    payload $json NOT NULL,
    owner_id $uuid,
    created_at $instant NOT NULL,
    published_at $instant,
    PRIMARY KEY (agency_id, seq)
);
CREATE INDEX outbox_unpublished ON outbox (agency_id, seq) WHERE published_at IS NULL;

CREATE TABLE idempotency_keys (
    id TEXT NOT NULL PRIMARY KEY,
    agency_id $uuid REFERENCES agencies (id),
    request_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'committed', 'answered')),
    status INTEGER,
    headers $json,
    body $bytes,
    locked_until $instant NOT NULL,
    expires_at $instant NOT NULL,
    created_at $instant NOT NULL
);
CREATE INDEX idempotency_keys_agency ON idempotency_keys (agency_id);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
",
    down: "
DROP TABLE idempotency_keys;
DROP TABLE outbox;
DROP TABLE outbox_heads;
DROP TABLE jobs;
",
);
