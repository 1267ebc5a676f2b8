//! Sales documents: what all kinds share in `documents`, and one small table for each kind.

crate::migration!(
    "m20261121_000005_documents",
    up: "
CREATE TABLE number_series (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    series TEXT NOT NULL,
    prefix TEXT NOT NULL,
    next_number BIGINT NOT NULL CHECK (next_number >= 1),
    PRIMARY KEY (agency_id, series)
);

CREATE TABLE documents (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('proposal', 'contract', 'invoice')),
    number TEXT,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    client_id $uuid,
    source_id $uuid,
    client_business_name TEXT NOT NULL,
    client_contact_name TEXT NOT NULL,
    client_email TEXT NOT NULL,
    client_phone TEXT NOT NULL,
    client_address TEXT NOT NULL,
    client_business_number TEXT NOT NULL,
    currency TEXT NOT NULL,
    subtotal BIGINT NOT NULL,
    discount BIGINT NOT NULL CHECK (discount >= 0),
    tax BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax_registered BOOLEAN NOT NULL,
    tax_label TEXT NOT NULL,
    tax_rate_bps INTEGER NOT NULL CHECK (tax_rate_bps BETWEEN 0 AND 10000),
    valid_until $date,
    expires_at $instant,
    revision INTEGER NOT NULL,
    issued_content TEXT,
    content_hash TEXT,
    public_token TEXT,
    view_count BIGINT NOT NULL,
    first_viewed_at $instant,
    last_viewed_at $instant,
    sent_at $instant,
    responded_at $instant,
    created_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    deleted_at $instant,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, client_id) REFERENCES clients (agency_id, id),
    FOREIGN KEY (agency_id, source_id) REFERENCES documents (agency_id, id),
    CHECK (total = subtotal - discount + tax)
);
CREATE UNIQUE INDEX documents_number ON documents (agency_id, kind, number);
CREATE INDEX documents_newest ON documents (agency_id, kind, id);
CREATE INDEX documents_status ON documents (agency_id, kind, status, id);
CREATE INDEX documents_client ON documents (agency_id, client_id, kind, id);
CREATE INDEX documents_creator ON documents (agency_id, created_by, kind, id);
CREATE INDEX documents_source ON documents (agency_id, source_id, kind);
CREATE INDEX documents_expiry ON documents (agency_id, kind, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX documents_created_by ON documents (created_by);

CREATE TABLE public_links (
    token TEXT NOT NULL PRIMARY KEY,
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    kind TEXT NOT NULL,
    document_id $uuid NOT NULL,
    expires_at $instant,
    revoked_at $instant,
    created_at $instant NOT NULL,
    FOREIGN KEY (agency_id, document_id) REFERENCES documents (agency_id, id)
);
CREATE INDEX public_links_document ON public_links (agency_id, document_id);

CREATE TABLE proposals (
    agency_id $uuid NOT NULL,
    id $uuid NOT NULL,
    package_id $uuid,
    addons $json NOT NULL,
    custom_pricing $json,
    executive_summary TEXT NOT NULL,
    opportunity_content TEXT NOT NULL,
    closing_content TEXT NOT NULL,
    timeline $json NOT NULL,
    next_steps $json NOT NULL,
    price $json NOT NULL,
    client_comments TEXT NOT NULL,
    decline_reason TEXT NOT NULL,
    revision_request_notes TEXT NOT NULL,
    responded_ip TEXT,
    responded_user_agent TEXT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, id) REFERENCES documents (agency_id, id),
    FOREIGN KEY (agency_id, package_id) REFERENCES agency_packages (agency_id, id)
);
CREATE INDEX proposals_package ON proposals (agency_id, package_id);

CREATE TABLE contracts (
    agency_id $uuid NOT NULL,
    id $uuid NOT NULL,
    services_description TEXT NOT NULL,
    special_conditions TEXT NOT NULL,
    payment_terms TEXT NOT NULL,
    terms TEXT NOT NULL,
    commencement_date $date,
    completion_date $date,
    price_includes_tax BOOLEAN NOT NULL,
    agency_signatory_name TEXT NOT NULL,
    agency_signatory_title TEXT NOT NULL,
    agency_signed_at $instant,
    require_client_title BOOLEAN NOT NULL,
    client_signatory_name TEXT,
    client_signatory_title TEXT,
    client_signed_at $instant,
    client_signature_ip TEXT,
    client_signature_user_agent TEXT,
    consent_text TEXT,
    signed_content_hash TEXT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, id) REFERENCES documents (agency_id, id)
);

CREATE TABLE invoices (
    agency_id $uuid NOT NULL,
    id $uuid NOT NULL,
    issue_date $date NOT NULL,
    payment_terms TEXT NOT NULL CHECK (payment_terms IN ('DUE_ON_RECEIPT', 'NET_7', 'NET_14', 'NET_30', 'CUSTOM')),
    payment_terms_custom TEXT NOT NULL,
    discount_description TEXT NOT NULL,
    notes TEXT NOT NULL,
    public_notes TEXT NOT NULL,
    amount_paid BIGINT NOT NULL CHECK (amount_paid >= 0),
    paid_at $instant,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, id) REFERENCES documents (agency_id, id)
);

CREATE TABLE document_lines (
    agency_id $uuid NOT NULL,
    id $uuid NOT NULL,
    document_id $uuid NOT NULL,
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    quantity_milli BIGINT NOT NULL,
    unit_price BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    is_taxable BOOLEAN NOT NULL,
    category TEXT,
    package_id $uuid,
    addon_id $uuid,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, document_id) REFERENCES documents (agency_id, id) ON DELETE CASCADE,
    FOREIGN KEY (agency_id, package_id) REFERENCES agency_packages (agency_id, id),
    FOREIGN KEY (agency_id, addon_id) REFERENCES agency_addons (agency_id, id)
);
CREATE UNIQUE INDEX document_lines_position ON document_lines (agency_id, document_id, position);
CREATE INDEX document_lines_package ON document_lines (agency_id, package_id);
CREATE INDEX document_lines_addon ON document_lines (agency_id, addon_id);

CREATE TABLE document_views (
    agency_id $uuid NOT NULL,
    document_id $uuid NOT NULL,
    visitor TEXT NOT NULL,
    viewed_at $instant NOT NULL,
    PRIMARY KEY (agency_id, document_id, visitor),
    FOREIGN KEY (agency_id, document_id) REFERENCES documents (agency_id, id) ON DELETE CASCADE
);
CREATE INDEX document_views_age ON document_views (agency_id, viewed_at);
",
    down: "
DROP TABLE document_views;
DROP TABLE document_lines;
DROP TABLE invoices;
DROP TABLE contracts;
DROP TABLE proposals;
DROP TABLE public_links;
DROP TABLE documents;
DROP TABLE number_series;
",
);
