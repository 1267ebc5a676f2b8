//! Subscriptions and freemium of agencies, and what they use of their plans.
//!
//! Agencies that exist already have used everything without a plan. They keep it: they become
//! freemium without end, as early sign-ups, until somebody decides otherwise. Their counters start
//! at what their rows say.

crate::migration!(
    "m20261121_000009_plans_and_usage",
    up: "
ALTER TABLE agencies ADD COLUMN subscription_status TEXT NOT NULL DEFAULT 'none'
    CHECK (subscription_status IN ('none', 'active', 'past_due', 'unpaid', 'canceled'));
ALTER TABLE agencies ADD COLUMN subscription_id TEXT NOT NULL DEFAULT '';
ALTER TABLE agencies ADD COLUMN subscription_end $instant;
ALTER TABLE agencies ADD COLUMN cancel_at_period_end BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE agencies ADD COLUMN subscription_event_at $instant;
ALTER TABLE agencies ADD COLUMN stripe_customer_id TEXT NOT NULL DEFAULT '';
ALTER TABLE agencies ADD COLUMN is_freemium BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE agencies ADD COLUMN freemium_reason TEXT
    CHECK (freemium_reason IN ('beta_tester', 'partner', 'promotional', 'early_signup', 'referral_reward', 'internal'));
ALTER TABLE agencies ADD COLUMN freemium_expires_at $instant;
ALTER TABLE agencies ADD COLUMN freemium_granted_at $instant;
ALTER TABLE agencies ADD COLUMN freemium_granted_by TEXT;
CREATE UNIQUE INDEX agencies_stripe_customer ON agencies (stripe_customer_id) WHERE stripe_customer_id <> '';
CREATE UNIQUE INDEX agencies_subscription ON agencies (subscription_id) WHERE subscription_id <> '';
CREATE INDEX agencies_freemium ON agencies (freemium_expires_at) WHERE is_freemium;
UPDATE agencies SET is_freemium = TRUE, freemium_reason = 'early_signup',
    freemium_granted_at = created_at, freemium_granted_by = 'system:before_plans';

CREATE TABLE usage_counters (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    metric TEXT NOT NULL,
    period TEXT NOT NULL,
    used BIGINT NOT NULL CHECK (used >= 0),
    PRIMARY KEY (agency_id, metric, period)
);

CREATE TABLE usage_reservations (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    metric TEXT NOT NULL,
    period TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    leased_until $instant NOT NULL,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, metric, period) REFERENCES usage_counters (agency_id, metric, period)
);
CREATE INDEX usage_reservations_counter ON usage_reservations (agency_id, metric, period);

INSERT INTO usage_counters (agency_id, metric, period, used)
    SELECT agency_id, 'members', 'total', COUNT(*) FROM agency_memberships
    WHERE status IN ('active', 'invited') GROUP BY agency_id;
INSERT INTO usage_counters (agency_id, metric, period, used)
    SELECT agency_id, 'storage_bytes', 'total', CAST(SUM(file_size) AS BIGINT) FROM files
    GROUP BY agency_id;
",
    down: "
DROP TABLE usage_reservations;
DROP TABLE usage_counters;
DROP INDEX agencies_freemium;
DROP INDEX agencies_subscription;
DROP INDEX agencies_stripe_customer;
ALTER TABLE agencies DROP COLUMN freemium_granted_by;
ALTER TABLE agencies DROP COLUMN freemium_granted_at;
ALTER TABLE agencies DROP COLUMN freemium_expires_at;
ALTER TABLE agencies DROP COLUMN freemium_reason;
ALTER TABLE agencies DROP COLUMN is_freemium;
ALTER TABLE agencies DROP COLUMN stripe_customer_id;
ALTER TABLE agencies DROP COLUMN subscription_event_at;
ALTER TABLE agencies DROP COLUMN cancel_at_period_end;
ALTER TABLE agencies DROP COLUMN subscription_end;
ALTER TABLE agencies DROP COLUMN subscription_id;
ALTER TABLE agencies DROP COLUMN subscription_status;
",
);
