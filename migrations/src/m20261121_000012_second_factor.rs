//! The second factor of sign-in: authenticator apps, recovery codes, telephone numbers, and
//! sign-ins that wait for it.

crate::migration!(
    "m20261121_000012_second_factor",
    up: "
ALTER TABLE users ADD COLUMN phone TEXT NOT NULL DEFAULT '';

CREATE TABLE second_factors (
    user_id $uuid NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    totp_secret TEXT NOT NULL,
    totp_enabled_at $instant,
    totp_last_step BIGINT NOT NULL,
    totp_pending TEXT NOT NULL,
    totp_pending_until $instant,
    phone_pending TEXT NOT NULL,
    phone_pending_until $instant,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL
);

CREATE TABLE recovery_codes (
    user_id $uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    used_at $instant,
    created_at $instant NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE pending_sign_ins (
    id TEXT NOT NULL PRIMARY KEY,
    user_id $uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method TEXT NOT NULL,
    enrols BOOLEAN NOT NULL,
    phone TEXT NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    expires_at $instant NOT NULL,
    used_at $instant,
    created_at $instant NOT NULL
);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (expires_at);

CREATE TABLE attempt_windows (
    key TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 0),
    ends_at $instant NOT NULL
);
CREATE INDEX attempt_windows_end ON attempt_windows (ends_at);
",
    down: "
DROP TABLE attempt_windows;
DROP TABLE pending_sign_ins;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
ALTER TABLE users DROP COLUMN phone;
",
);
