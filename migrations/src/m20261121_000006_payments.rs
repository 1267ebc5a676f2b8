//! Money received.

crate::migration!(
    "m20261121_000006_payments",
    up: "
CREATE TABLE payments (
    agency_id $uuid NOT NULL,
    id $uuid NOT NULL,
    invoice_id $uuid NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('bank_transfer', 'card', 'cash', 'other')),
    reference TEXT,
    notes TEXT,
    received_at $instant NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('manual', 'stripe')),
    recorded_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, invoice_id) REFERENCES documents (agency_id, id)
);
CREATE INDEX payments_invoice ON payments (agency_id, invoice_id, id);
CREATE INDEX payments_recorded_by ON payments (recorded_by);
",
    down: "DROP TABLE payments;",
);
