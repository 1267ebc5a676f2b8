//! Who the demo is about, as request bodies. All names are made up; addresses end in `.example`
//! and numbers are from the range reserved for fiction.

use serde_json::{Value, json};

/// The agency.
pub(super) fn agency() -> Value {
    json!({"name": "Harbour Studio", "slug": super::SLUG, "email": "hello@harbour-studio.example"})
}

/// Its business details.
pub(super) fn profile() -> Value {
    json!({
        "legal_entity_name": "Harbour Studio Demo Pty Ltd",
        "trading_name": "Harbour Studio",
        "business_number": "00 000 000 019",
        "address_line_1": "12 Wharf Street",
        "city": "Sydney",
        "state": "NSW",
        "postcode": "2000",
        "bank_name": "Example Bank",
        "bank_bsb": "000-000",
        "bank_account_number": "12345678",
        "bank_account_name": "Harbour Studio Demo",
        "invoice_footer": "Thank you for working with us."
    })
}

/// Its colours.
pub(super) fn branding() -> Value {
    json!({"primary_color": "#0F766E", "secondary_color": "#134E4A", "accent_color": "#F59E0B"})
}

/// Its packages.
pub(super) fn packages() -> [Value; 2] {
    [
        json!({
            "name": "Launch website",
            "description": "A fast, accessible website that brings enquiries.",
            "pricing_model": "hybrid",
            "setup_fee": 50_000,
            "one_time_price": 480_000,
            "monthly_price": 9_900,
            "hosting_fee": 2_500,
            "minimum_term_months": 12,
            "included_features": ["Up to 8 pages", "Copy review", "Analytics without cookies", "Training for your team"],
            "max_pages": 8
        }),
        json!({
            "name": "Care plan",
            "description": "Updates, backups and an hour of changes each month.",
            "pricing_model": "subscription",
            "monthly_price": 19_900,
            "minimum_term_months": 0,
            "included_features": ["Security updates", "Daily backups", "One hour of changes"]
        }),
    ]
}

/// Its extras.
pub(super) fn addons() -> [Value; 2] {
    [
        json!({"name": "Copywriting", "price": 18_000, "pricing_type": "per_unit", "unit_label": "page"}),
        json!({"name": "Online booking", "price": 95_000, "pricing_type": "one_time"}),
    ]
}

/// Its clients.
pub(super) fn clients() -> [Value; 6] {
    [
        json!({"business_name": "Riverbend Plumbing Co", "contact_name": "Ada Riversmith", "email": "ada@riverbend.example", "phone": "0491 570 006"}),
        json!({"business_name": "Café Čokoláda", "contact_name": "Zoë Nováková", "email": "zoe@cokolada.example", "address": "3 Market Lane\nMelbourne VIC 3000"}),
        json!({"business_name": "北風建築設計", "contact_name": "田中 花子", "email": "hanako@kitakaze.example"}),
        json!({"business_name": "Greenfield Physiotherapy", "contact_name": "Omar Haddad", "email": "omar@greenfield.example", "phone": "0491 570 110"}),
        json!({"business_name": "Lindqvist & Daughters", "contact_name": "Maja Lindqvist", "email": "maja@lindqvist.example"}),
        json!({"business_name": "Old Mill Books", "contact_name": "Ravi Menon", "email": "ravi@oldmill.example"}),
    ]
}

/// What a proposal says beside its price.
pub(super) fn proposal_texts() -> Value {
    json!({
        "executive_summary": "Your customers look for you on a phone, in a hurry. The new site answers the three questions they have, and gets them to call.",
        "opportunity_content": "Today two of three visitors leave before the page has loaded.\n\n- Loads in under a second\n- Answers before it sells\n- One clear next step on each page",
        "closing_content": "We would love to build this with you.",
        "timeline": [
            {"week": "1–2", "title": "Discovery", "description": "Workshop, site map and content plan"},
            {"week": "3–5", "title": "Design and build"},
            {"week": "6", "title": "Launch", "description": "Training and two weeks of hands-on support"}
        ],
        "next_steps": [
            {"text": "Accept this proposal online"},
            {"text": "Sign the contract"},
            {"text": "Pick a date for the workshop"}
        ]
    })
}

/// The terms of a contract.
pub(super) const TERMS: &str = "1. Harbour Studio delivers the services described above with care and skill.\n\n\
     2. The client gives the texts and pictures that are needed within ten working days.\n\n\
     3. All rights in the result pass to the client once it is paid.\n\n\
     4. Either side may end this contract in writing if the other does not do what it has promised and does not put it right within 14 days.";
