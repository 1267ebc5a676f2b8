//! What happened: the activity log and the log of e-mails.

crate::migration!(
    "m20261121_000003_records",
    up: "
CREATE TABLE activity_log (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    user_id $uuid,
    action TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    entity_id $uuid,
    owner_id $uuid,
    old_values $json,
    new_values $json,
    ip_address TEXT,
    user_agent TEXT,
    metadata $json NOT NULL,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX activity_log_entity ON activity_log (agency_id, entity_type, entity_id, id);
CREATE INDEX activity_log_user ON activity_log (agency_id, user_id, id);
CREATE INDEX activity_log_action ON activity_log (agency_id, action, id);

CREATE TABLE email_logs (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    document_id $uuid,
    email_type TEXT NOT NULL,
    recipient_email TEXT NOT NULL,
    recipient_name TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    from_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_html TEXT NOT NULL,
    body_text TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed')),
    sent_at $instant,
    error_message TEXT,
    attempts INTEGER NOT NULL,
    sent_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX email_logs_document ON email_logs (agency_id, document_id, id);
CREATE INDEX email_logs_status ON email_logs (agency_id, status, id);
CREATE INDEX email_logs_sent_by ON email_logs (sent_by);
",
    down: "
DROP TABLE email_logs;
DROP TABLE activity_log;
",
);
