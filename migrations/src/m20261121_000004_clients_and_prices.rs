//! Clients and the price list.

crate::migration!(
    "m20261121_000004_clients_and_prices",
    up: "
CREATE TABLE clients (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    business_name TEXT NOT NULL,
    name_key TEXT NOT NULL $binary_order,
    email TEXT NOT NULL,
    phone TEXT,
    contact_name TEXT,
    address TEXT,
    business_number TEXT,
    notes TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
    created_by $uuid REFERENCES users (id) ON DELETE SET NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX clients_email ON clients (agency_id, email);
CREATE INDEX clients_name ON clients (agency_id, name_key, id);
CREATE INDEX clients_status_name ON clients (agency_id, status, name_key, id);
CREATE INDEX clients_created_by ON clients (created_by);

CREATE TABLE agency_packages (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT NOT NULL,
    pricing_model TEXT NOT NULL CHECK (pricing_model IN ('subscription', 'lump_sum', 'hybrid')),
    currency TEXT NOT NULL,
    setup_fee BIGINT NOT NULL CHECK (setup_fee >= 0),
    monthly_price BIGINT NOT NULL CHECK (monthly_price >= 0),
    one_time_price BIGINT NOT NULL CHECK (one_time_price >= 0),
    hosting_fee BIGINT NOT NULL CHECK (hosting_fee >= 0),
    minimum_term_months INTEGER NOT NULL CHECK (minimum_term_months >= 0),
    cancellation_fee_type TEXT NOT NULL CHECK (cancellation_fee_type IN ('none', 'fixed', 'remaining_balance')),
    cancellation_fee_amount BIGINT NOT NULL CHECK (cancellation_fee_amount >= 0),
    included_features $json NOT NULL,
    max_pages INTEGER CHECK (max_pages >= 1),
    display_order INTEGER NOT NULL,
    is_featured BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX agency_packages_slug ON agency_packages (agency_id, slug);
CREATE INDEX agency_packages_order ON agency_packages (agency_id, display_order, id);

CREATE TABLE agency_addons (
    agency_id $uuid NOT NULL REFERENCES agencies (id),
    id $uuid NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT NOT NULL,
    currency TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    pricing_type TEXT NOT NULL CHECK (pricing_type IN ('one_time', 'monthly', 'per_unit')),
    unit_label TEXT,
    available_packages $json NOT NULL,
    display_order INTEGER NOT NULL,
    is_active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at $instant NOT NULL,
    updated_at $instant NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX agency_addons_slug ON agency_addons (agency_id, slug);
CREATE INDEX agency_addons_order ON agency_addons (agency_id, display_order, id);
",
    down: "
DROP TABLE agency_addons;
DROP TABLE agency_packages;
DROP TABLE clients;
",
);
