//! What the operator of the platform does: invitations to try it, acting inside an agency, and
//! keeping people out.
//!
//! The audit log reads the activity of all agencies in order of time, and of one person in all of
//! them: hence two indexes that are not led by the agency.

crate::migration!(
    "m20261121_000013_operator",
    up: "
ALTER TABLE users ADD COLUMN suspended_reason TEXT;
CREATE INDEX users_operators ON users (id) WHERE is_super_admin;

CREATE TABLE beta_invites (
    id $uuid NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    token_sealed TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'used', 'expired', 'revoked')),
    notes TEXT NOT NULL,
    created_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    sent_at $instant,
    used_at $instant,
    used_by_agency_id $uuid REFERENCES agencies (id) ON DELETE SET NULL,
    expires_at $instant NOT NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL
);
CREATE UNIQUE INDEX beta_invites_token ON beta_invites (token_hash);
CREATE UNIQUE INDEX beta_invites_pending ON beta_invites (email) WHERE status = 'pending';
CREATE INDEX beta_invites_email ON beta_invites (email);
CREATE INDEX beta_invites_status ON beta_invites (status, id);
CREATE INDEX beta_invites_expiry ON beta_invites (expires_at) WHERE status = 'pending';
CREATE INDEX beta_invites_created_by ON beta_invites (created_by);
CREATE INDEX beta_invites_agency ON beta_invites (used_by_agency_id);

CREATE TABLE impersonation_grants (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    operator_id $uuid REFERENCES users (id) ON DELETE SET NULL,
    reason TEXT NOT NULL,
    expires_at $instant NOT NULL,
    ended_at $instant,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX impersonation_grants_active
    ON impersonation_grants (agency_id, operator_id) WHERE ended_at IS NULL;
CREATE INDEX impersonation_grants_operator ON impersonation_grants (operator_id);

CREATE INDEX activity_log_across ON activity_log (id);
CREATE INDEX activity_log_of_person ON activity_log (user_id, id);
",
    down: "
DROP INDEX activity_log_of_person;
DROP INDEX activity_log_across;
DROP TABLE impersonation_grants;
DROP TABLE beta_invites;
DROP INDEX users_operators;
ALTER TABLE users DROP COLUMN suspended_reason;
",
);
