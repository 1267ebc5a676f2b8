//! How to call each operation: one row each, or the sweep fails.
//!
//! `{name}` in a body or a query stands for a thing of the world. A placeholder of the path stands
//! for the thing of its name, unless the row says otherwise.

use serde_json::{Value, json};

/// How to call one operation.
pub struct Row {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path as the document has it.
    pub path: &'static str,
    /// A body that obeys every rule.
    pub body: Option<Value>,
    /// Bytes that are no JSON, with their type.
    pub raw: Option<(&'static str, &'static [u8])>,
    /// The query string.
    pub query: &'static str,
    /// Placeholders that stand for another thing than that of their name.
    pub others: Vec<(&'static str, &'static str)>,
    /// The status with which it answers its owner.
    pub answers: u16,
    /// Whether a repetition with the same key is tried.
    pub repeated: bool,
}

fn row(method: &'static str, path: &'static str) -> Row {
    let answers = if method == "DELETE" { 204 } else { 200 };
    let (body, raw, others) = (None, None, Vec::new());
    Row { method, path, body, raw, query: "", others, answers, repeated: false }
}

fn get(path: &'static str) -> Row {
    row("GET", path)
}

fn post(path: &'static str, body: Value) -> Row {
    row("POST", path).body(body)
}

/// A `POST` without body.
fn act(path: &'static str) -> Row {
    row("POST", path)
}

fn put(path: &'static str, body: Value) -> Row {
    row("PUT", path).body(body)
}

fn patch(path: &'static str, body: Value) -> Row {
    row("PATCH", path).body(body)
}

fn delete(path: &'static str) -> Row {
    row("DELETE", path)
}

impl Row {
    /// What a placeholder of the path stands for.
    pub fn thing<'r>(&'r self, placeholder: &'r str) -> &'r str {
        let other = self.others.iter().find(|(name, _)| *name == placeholder);
        other.map_or(placeholder, |(_, thing)| *thing)
    }

    fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn with(mut self, placeholder: &'static str, thing: &'static str) -> Self {
        self.others.push((placeholder, thing));
        self
    }

    fn answers(self, answers: u16) -> Self {
        Self { answers, ..self }
    }

    /// Makes something new: 201, and once however often it is repeated.
    fn creates(self) -> Self {
        Self { answers: 201, repeated: true, ..self }
    }

    fn repeated(self) -> Self {
        Self { repeated: true, ..self }
    }
}

/// The smallest GIF: one transparent pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\
    \x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// Every row, in the order in which the calls that change something are made.
pub fn rows() -> Vec<Row> {
    [
        operations(),
        sign_in(),
        agency(),
        members(),
        api_keys(),
        prices(),
        clients(),
        sales(),
        public(),
        operator(),
        last(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn operations() -> Vec<Row> {
    ["/health", "/health/live", "/health/ready", "/openapi.json"].map(get).into()
}

fn sign_in() -> Vec<Row> {
    vec![
        get("/api/v1/auth/providers"),
        post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"})).answers(202),
        // Tokens that nobody was given; signing in has tests of its own.
        post("/api/v1/auth/magic-link/verify", json!({"token": "unknown"})).answers(401),
        post("/api/v1/auth/refresh", json!({"refresh_token": "unknown"})).answers(401),
        post("/api/v1/auth/second-factor", json!({"session_token": "unknown", "code": "123456"}))
            .answers(401),
        post("/api/v1/auth/second-factor/totp", json!({"session_token": "unknown"})).answers(401),
        post(
            "/api/v1/auth/second-factor/totp/confirm",
            json!({"session_token": "unknown", "code": "123456"}),
        )
        .answers(401),
        // No text messages are set up.
        post(
            "/api/v1/auth/phone/start",
            json!({"session_token": "unknown", "phone": "+61412345678"}),
        )
        .answers(503),
        post("/api/v1/auth/phone/verify", json!({"session_token": "unknown", "code": "123456"}))
            .answers(503),
        get("/api/v1/me/second-factor"),
        // Nothing has been started yet; codes have tests of their own.
        post("/api/v1/me/second-factor/totp/confirm", json!({"code": "123456"})).answers(409),
        act("/api/v1/me/second-factor/totp"),
        post("/api/v1/me/second-factor/totp/disable", json!({"code": "123456"})).answers(409),
        post("/api/v1/me/second-factor/recovery-codes", json!({"code": "123456"})).answers(409),
        post("/api/v1/me/second-factor/phone", json!({"phone": "+61412345678"})).answers(503),
        post("/api/v1/me/second-factor/phone/confirm", json!({"code": "123456"})).answers(503),
        post("/api/v1/me/second-factor/phone/remove", json!({"code": "123456"})).answers(409),
        get("/api/v1/me"),
        patch("/api/v1/me", json!({"avatar": "https://riverbend.test/ada.png"})),
        get("/api/v1/me/export"),
        get("/api/v1/me/agencies"),
        put("/api/v1/me/default-agency", json!({"agency_id": "{agency_id}"})),
        put("/api/v1/me/current-agency", json!({"agency_id": "{agency_id}"})),
        get("/.well-known/jwks.json"),
        // No provider is set up; signing in with one has tests of its own.
        get("/api/v1/auth/oauth/{provider}/start").answers(404),
        get("/api/v1/auth/oauth/{provider}/callback").answers(404),
        get("/api/v1/me/identities"),
        post("/api/v1/me/identities", json!({"provider": "github"})).answers(422),
        delete("/api/v1/me/identities/{identity_id}"),
        get("/api/v1/auth/sessions"),
        delete("/api/v1/auth/sessions/{session_id}"),
        get("/api/v1/events"),
    ]
}

fn agency() -> Vec<Row> {
    vec![
        get("/api/v1/agencies/slug-available").query("slug=another"),
        post("/api/v1/agencies", json!({"name": "Another"})).creates(),
        get("/api/v1/agencies/{agency_slug}"),
        patch("/api/v1/agencies/{agency_slug}", json!({"phone": "+61 2 5550 1234"})),
        patch("/api/v1/agencies/{agency_slug}/branding", json!({"primary_color": "#0F766E"})),
        Row {
            raw: Some(("image/gif", PIXEL)),
            ..row("PUT", "/api/v1/agencies/{agency_slug}/branding/logo")
        },
        delete("/api/v1/agencies/{agency_slug}/branding/logo"),
        get("/api/v1/agencies/{agency_slug}/permissions"),
        get("/api/v1/agencies/{agency_slug}/profile"),
        patch("/api/v1/agencies/{agency_slug}/profile", json!({"tax_rate_bps": 1000})),
        // The domain is not proven.
        get("/api/v1/auth/sso/{agency_slug}/start").answers(404),
        get("/api/v1/auth/sso/{agency_slug}/callback").answers(404),
        get("/api/v1/agencies/{agency_slug}/sso"),
        put(
            "/api/v1/agencies/{agency_slug}/sso",
            json!({"issuer": "https://login.acme.test", "client_id": "retainer",
                "client_secret": "kept", "domains": ["acme.test"]}),
        ),
        act("/api/v1/agencies/{agency_slug}/sso/test"),
        act("/api/v1/agencies/{agency_slug}/sso/verify-domains"),
        delete("/api/v1/agencies/{agency_slug}/sso"),
        get("/public/v1/plans"),
        get("/api/v1/agencies/{agency_slug}/usage"),
        get("/api/v1/agencies/{agency_slug}/billing/usage"),
        get("/api/v1/agencies/{agency_slug}/activity"),
        get("/api/v1/agencies/{agency_slug}/events"),
    ]
}

fn members() -> Vec<Row> {
    vec![
        get("/api/v1/agencies/{agency_slug}/members"),
        post(
            "/api/v1/agencies/{agency_slug}/members",
            json!({"email": "new@x.test", "role": "member"}),
        )
        .creates(),
        patch("/api/v1/agencies/{agency_slug}/members/me", json!({"display_name": "Grace"})),
        get("/api/v1/agencies/{agency_slug}/members/{member_id}"),
        patch("/api/v1/agencies/{agency_slug}/members/{member_id}", json!({"display_name": "Ada"})),
        patch("/api/v1/agencies/{agency_slug}/members/{member_id}/role", json!({"role": "admin"})),
        act("/api/v1/agencies/{agency_slug}/members/{member_id}/resend-invitation")
            .with("member_id", "invited_id"),
        delete("/api/v1/agencies/{agency_slug}/members/{member_id}/invitation")
            .with("member_id", "invited_id"),
        delete("/api/v1/agencies/{agency_slug}/members/{member_id}"),
    ]
}

fn api_keys() -> Vec<Row> {
    vec![
        get("/api/v1/agencies/{agency_slug}/api-keys"),
        post(
            "/api/v1/agencies/{agency_slug}/api-keys",
            json!({"name": "Export", "scopes": ["invoice:view_all"], "requests_per_minute": 60}),
        )
        .creates(),
        get("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}"),
        patch("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}", json!({"name": "Import 2"})),
        post("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}/rotate", json!({"grace_s": 60}))
            .repeated(),
        delete("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}"),
    ]
}

fn prices() -> Vec<Row> {
    vec![
        get("/api/v1/agencies/{agency_slug}/packages"),
        post(
            "/api/v1/agencies/{agency_slug}/packages",
            json!({"name": "Growth", "pricing_model": "subscription", "monthly_price": 29_900}),
        )
        .creates(),
        put(
            "/api/v1/agencies/{agency_slug}/packages/order",
            json!({"entries": [{"id": "{package_id}", "display_order": 3}]}),
        ),
        get("/api/v1/agencies/{agency_slug}/packages/{package_id}"),
        patch("/api/v1/agencies/{agency_slug}/packages/{package_id}", json!({"max_pages": null})),
        act("/api/v1/agencies/{agency_slug}/packages/{package_id}/duplicate").creates(),
        get("/api/v1/agencies/{agency_slug}/addons").query("package_slug={package_slug}"),
        post(
            "/api/v1/agencies/{agency_slug}/addons",
            json!({"name": "Hosting", "price": 4900, "pricing_type": "monthly",
                "available_packages": ["{package_slug}"]}),
        )
        .creates(),
        put(
            "/api/v1/agencies/{agency_slug}/addons/order",
            json!({"entries": [{"id": "{addon_id}", "display_order": 3}]}),
        ),
        get("/api/v1/agencies/{agency_slug}/addons/{addon_id}"),
        patch("/api/v1/agencies/{agency_slug}/addons/{addon_id}", json!({"price": 27_500})),
        act("/api/v1/agencies/{agency_slug}/addons/{addon_id}/duplicate").creates(),
    ]
}

fn clients() -> Vec<Row> {
    let client = json!({"business_name": "Ada & Co", "email": "ada@co.test"});
    vec![
        get("/api/v1/agencies/{agency_slug}/clients"),
        post("/api/v1/agencies/{agency_slug}/clients", client.clone()).creates(),
        post("/api/v1/agencies/{agency_slug}/clients/get-or-create", client).repeated(),
        get("/api/v1/agencies/{agency_slug}/clients/count"),
        get("/api/v1/agencies/{agency_slug}/clients/{client_id}"),
        patch("/api/v1/agencies/{agency_slug}/clients/{client_id}", json!({"phone": null})),
        act("/api/v1/agencies/{agency_slug}/clients/{client_id}/archive").repeated(),
        act("/api/v1/agencies/{agency_slug}/clients/{client_id}/restore").repeated(),
    ]
}

fn sales() -> Vec<Row> {
    vec![
        get("/api/v1/agencies/{agency_slug}/proposals").query("client_id={client_id}"),
        post(
            "/api/v1/agencies/{agency_slug}/proposals",
            json!({"client_id": "{client_id}", "package_id": "{package_id}",
                "addons": [{"addon_id": "{addon_id}", "quantity": "1"}]}),
        )
        .creates(),
        get("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}"),
        patch(
            "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}",
            json!({"title": "Website, phase 1", "package_id": "{package_id}"}),
        ),
        get("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/pdf"),
        post("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/send", json!({})).repeated(),
        delete("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}")
            .with("proposal_id", "spare_proposal_id"),
        get("/api/v1/agencies/{agency_slug}/contracts")
            .query("client_id={client_id}&proposal_id={proposal_id}"),
        // The proposal has its contract already.
        post(
            "/api/v1/agencies/{agency_slug}/contracts",
            json!({"proposal_id": "{accepted_proposal_id}"}),
        )
        .answers(409),
        get("/api/v1/agencies/{agency_slug}/contracts/{contract_id}"),
        patch(
            "/api/v1/agencies/{agency_slug}/contracts/{contract_id}",
            json!({"terms": "1. We do it."}),
        ),
        get("/api/v1/agencies/{agency_slug}/contracts/{contract_id}/pdf"),
        post(
            "/api/v1/agencies/{agency_slug}/contracts/{contract_id}/send",
            json!({"without_terms": true}),
        )
        .repeated(),
        get("/api/v1/agencies/{agency_slug}/invoices")
            .query("client_id={client_id}&contract_id={contract_id}"),
        post(
            "/api/v1/agencies/{agency_slug}/invoices",
            json!({"client_id": "{client_id}", "lines": [
                {"description": "Workshop", "quantity": "1", "unit_price": 12_000}]}),
        )
        .creates(),
        post(
            "/api/v1/agencies/{agency_slug}/invoices/from-contract",
            json!({"contract_id": "{signed_contract_id}"}),
        )
        .creates(),
        get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}"),
        patch(
            "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}",
            json!({"notes": "Ring first."}),
        ),
        get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/pdf"),
        post("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/send", json!({})).repeated(),
        delete("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}")
            .with("invoice_id", "spare_invoice_id"),
        get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments"),
        post(
            "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments",
            json!({"method": "bank_transfer"}),
        )
        .with("invoice_id", "sent_invoice_id")
        .creates(),
    ]
}

fn public() -> Vec<Row> {
    let signature = json!({"agreed": true, "signatory_name": "Ada", "signatory_title": "Director",
        "version": 1});
    vec![
        get("/public/v1/proposals/{token}").with("token", "proposal_token"),
        get("/public/v1/proposals/{token}/pdf").with("token", "proposal_token"),
        post("/public/v1/proposals/{token}/accept", json!({}))
            .with("token", "proposal_token")
            .repeated(),
        post("/public/v1/proposals/{token}/decline", json!({})).with("token", "declined_token"),
        post(
            "/public/v1/proposals/{token}/request-revision",
            json!({"notes": "A booking form, please."}),
        )
        .with("token", "revised_token"),
        get("/public/v1/contracts/{token}").with("token", "contract_token"),
        get("/public/v1/contracts/{token}/pdf").with("token", "contract_token"),
        post("/public/v1/contracts/{token}/sign", signature)
            .with("token", "contract_token")
            .repeated(),
        get("/public/v1/invoices/{token}").with("token", "invoice_token"),
        get("/public/v1/invoices/{token}/pdf").with("token", "invoice_token"),
    ]
}

/// What ends something that the others need.
/// What the operator does; what ends something comes last.
fn operator() -> Vec<Row> {
    vec![
        get("/public/v1/invites/{token}").with("token", "invite_token"),
        get("/api/v1/admin/stats"),
        get("/api/v1/admin/agencies").query("search=e&status=active"),
        get("/api/v1/admin/agencies/{agency_id}"),
        patch(
            "/api/v1/admin/agencies/{agency_id}",
            json!({"subscription_tier": "growth", "reason": "a promise"}),
        ),
        get("/api/v1/admin/freemium").query("expiring_within=30"),
        delete("/api/v1/admin/agencies/{agency_id}/freemium"),
        post("/api/v1/admin/agencies/{agency_id}/freemium", json!({"reason": "partner"})),
        patch(
            "/api/v1/admin/agencies/{agency_id}/freemium",
            json!({"expires_at": "2999-01-01T00:00:00Z"}),
        ),
        get("/api/v1/admin/users").query("search=e&owners_only=true"),
        get("/api/v1/admin/users/{user_id}"),
        patch("/api/v1/admin/users/{user_id}", json!({"avatar": "https://x.test/ada.png"})),
        patch("/api/v1/admin/users/{user_id}/access", json!({"super_admin": false})),
        post("/api/v1/admin/users/{user_id}/suspend", json!({"reason": "sends spam"})),
        act("/api/v1/admin/users/{user_id}/unsuspend"),
        delete("/api/v1/admin/users/{user_id}/memberships/{agency_id}")
            .with("user_id", "leaving_user_id"),
        delete("/api/v1/admin/users/{user_id}").with("user_id", "spare_user_id"),
        get("/api/v1/admin/audit-logs").query("action=agency."),
        get("/api/v1/admin/beta-invites").query("status=pending"),
        post("/api/v1/admin/beta-invites", json!({"email": "new@x.test"})).creates(),
        act("/api/v1/admin/beta-invites/{invite_id}/resend"),
        act("/api/v1/admin/beta-invites/{invite_id}/revoke").with("invite_id", "spare_invite_id"),
        post(
            "/api/v1/admin/agencies/{agency_id}/impersonate",
            json!({"reason": "ticket 4711: an invoice shows the wrong tax"}),
        )
        .creates(),
        act("/api/v1/admin/impersonation/stop"),
    ]
}

fn last() -> Vec<Row> {
    vec![
        delete("/api/v1/agencies/{agency_slug}/addons/{addon_id}"),
        delete("/api/v1/agencies/{agency_slug}/packages/{package_id}"),
        post(
            "/api/v1/agencies/{agency_slug}/ownership-transfer",
            json!({"member_id": "{admin_id}"}),
        ),
        act("/api/v1/agencies/{agency_slug}/members/leave").answers(204),
        // Not meant: the owner is called for to the end.
        delete("/api/v1/me").body(json!({"confirm": "somebody@else.test"})).answers(422),
        delete("/api/v1/auth/sessions"),
        act("/api/v1/auth/logout").answers(204),
    ]
}
