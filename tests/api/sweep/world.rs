//! An agency with one of everything, whose ids the rows of the sweep are filled with.

use std::collections::BTreeMap;

use entity::external_identity::IdentityProvider;
use entity::{IdentityId, external_identity};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use crate::support::{Agency, Client, TestApp};

/// Names of things, and their ids, slugs and tokens.
pub struct World {
    /// The agency and its people.
    pub agency: Agency,
    names: BTreeMap<&'static str, String>,
}

impl World {
    /// Makes an agency and one of everything in it.
    pub async fn build(app: &TestApp, slug: &str) -> Self {
        let agency = app.agency(slug).await;
        let mut world = Self { names: BTreeMap::new(), agency };
        let owner = world.agency.owner();
        world.name("agency_slug", slug);
        world.name("agency_id", world.agency.id());
        world.people(app, &owner).await;
        world.invites(app).await;
        world.prices(&owner).await;
        world.documents(app, &owner).await;
        app.run_jobs().await;
        world
    }

    /// The same things, called for on another server.
    pub async fn on(&self, server: &TestApp) -> Self {
        let agency = server.existing_agency(self.agency.slug()).await;
        Self { agency, names: self.names.clone() }
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> &str {
        self.names.get(name).unwrap_or_else(|| panic!("the world has no `{name}`"))
    }

    fn name(&mut self, name: &'static str, value: impl std::fmt::Display) {
        self.names.insert(name, value.to_string());
    }

    /// Names the `id` of an answer; returns it.
    fn name_id(&mut self, name: &'static str, of: &Value) -> String {
        let id = of["id"].as_str().expect("an id").to_owned();
        self.name(name, &id);
        id
    }

    async fn people(&mut self, app: &TestApp, owner: &Client) {
        let members = owner.get("/members").await.ok();
        let find =
            |role: &str| members["data"].as_array().unwrap().iter().find(|m| m["role"] == role);
        self.name_id("member_id", find("member").unwrap());
        self.name_id("admin_id", find("admin").unwrap());
        let email = format!("invited@{}.test", self.agency.slug());
        let invitation = json!({"email": email, "role": "member", "display_name": "Invited"});
        let invited = owner.post("/members", invitation).await.created();
        self.name_id("invited_id", &invited);
        let email = format!("leaving@{}.test", self.agency.slug());
        let invitation = json!({"email": email, "role": "member", "display_name": "Leaving"});
        owner.post("/members", invitation).await.created();
        let leaving = app.sign_in(&email).await;
        self.name("leaving_user_id", leaving.user_id());
        self.name("user_id", self.agency.member().user_id());
        let spare = app.sign_in(&format!("spare@{}.test", self.agency.slug())).await;
        self.name("spare_user_id", spare.user_id());
        // A sign-in of the owner on another device.
        let device = app.sign_in(owner.email()).await;
        let sessions = device.get("/api/v1/auth/sessions").await.ok();
        let session = sessions["data"].as_array().unwrap().iter().find(|s| s["current"] == true);
        self.name_id("session_id", session.unwrap());
        self.name("provider", "github");
        self.name("identity_id", connected(app, owner).await);
        let sso = json!({"issuer": "https://login.acme.test", "client_id": "retainer",
            "client_secret": "kept", "domains": ["acme.test"]});
        owner.put("/sso", sso).await.ok();
        let key = json!({"name": "Import", "scopes": ["client:view"]});
        let key = owner.post("/api-keys", key).await.created();
        self.name_id("api_key_id", &key);
    }

    /// Invitations of the operator: one that stays, and one that is taken back.
    async fn invites(&mut self, app: &TestApp) {
        let operator = app.operator().await;
        for name in ["invite_id", "spare_invite_id"] {
            let body = json!({"email": format!("{name}@{}.test", self.agency.slug())});
            let invite = operator.post("/api/v1/admin/beta-invites", body).await.created();
            self.name_id(name, &invite);
        }
        app.run_jobs().await;
        let email = format!("invite_id@{}.test", self.agency.slug());
        self.name("invite_token", app.invite_token(&email).await);
    }

    async fn prices(&mut self, owner: &Client) {
        let client = json!({"business_name": "Riverbend", "email": "office@riverbend.test"});
        let client = owner.post("/clients", client).await.created();
        self.name_id("client_id", &client);
        let name = format!("Package of {}", self.agency.slug());
        let package = json!({"name": name, "pricing_model": "lump_sum", "one_time_price": 300_000});
        let package = owner.post("/packages", package).await.created();
        self.name_id("package_id", &package);
        self.name("package_slug", package["slug"].as_str().unwrap());
        let addon = json!({"name": "Extra page", "price": 25_000, "pricing_type": "one_time"});
        let addon = owner.post("/addons", addon).await.created();
        self.name_id("addon_id", &addon);
    }

    async fn documents(&mut self, app: &TestApp, owner: &Client) {
        let draft = self.proposal(owner).await;
        self.name_id("proposal_id", &draft);
        let spare = self.proposal(owner).await;
        self.name_id("spare_proposal_id", &spare);
        for name in ["proposal_token", "declined_token", "revised_token"] {
            let proposal = self.proposal(owner).await;
            let token = send(owner, "proposals", &proposal).await;
            self.name(name, token);
        }
        let draft = self.contract(app, owner).await;
        self.name_id("contract_id", &draft);
        let unsigned = self.contract(app, owner).await;
        let token = send(owner, "contracts", &unsigned).await;
        self.name("contract_token", token);
        let signed = self.contract(app, owner).await;
        let token = send(owner, "contracts", &signed).await;
        let path = format!("/public/v1/contracts/{token}");
        let shown = app.anonymous().get(&path).await.ok();
        let signature = json!({"agreed": true, "signatory_name": "Ada", "signatory_title": "Director",
            "version": shown["version"]});
        app.anonymous().post(&format!("{path}/sign"), signature).await.ok();
        self.name_id("signed_contract_id", &signed);
        let draft = self.invoice(owner).await;
        self.name_id("invoice_id", &draft);
        let spare = self.invoice(owner).await;
        self.name_id("spare_invoice_id", &spare);
        let sent = self.invoice(owner).await;
        let token = send(owner, "invoices", &sent).await;
        self.name_id("sent_invoice_id", &sent);
        self.name("invoice_token", token);
    }

    async fn proposal(&self, owner: &Client) -> Value {
        let body = json!({"client_id": self.get("client_id"), "package_id": self.get("package_id"),
            "title": "Website"});
        owner.post("/proposals", body).await.created()
    }

    /// The contract of a proposal that was accepted.
    async fn contract(&mut self, app: &TestApp, owner: &Client) -> Value {
        let proposal = self.proposal(owner).await;
        let id = self.name_id("accepted_proposal_id", &proposal);
        let token = send(owner, "proposals", &proposal).await;
        let path = format!("/public/v1/proposals/{token}/accept");
        app.anonymous().post(&path, json!({})).await.ok();
        let proposal = owner.get(&format!("/proposals/{id}")).await.ok();
        let id = proposal["contract_id"].as_str().expect("the contract of an accepted proposal");
        owner.get(&format!("/contracts/{id}")).await.ok()
    }

    async fn invoice(&self, owner: &Client) -> Value {
        let body = json!({"client_id": self.get("client_id"),
            "lines": [{"description": "Workshop", "quantity": "1", "unit_price": 12_000}]});
        owner.post("/invoices", body).await.created()
    }
}

/// Connects an account of a provider to somebody, without asking a provider; returns its id.
async fn connected(app: &TestApp, who: &Client) -> IdentityId {
    let user_id = who.user_id();
    app.on_server(move |app| async move {
        let now = app.clock().now();
        let id: IdentityId = app.new_id();
        let row = external_identity::ActiveModel {
            id: Set(id),
            user_id: Set(user_id),
            provider: Set(IdentityProvider::Github),
            agency_id: Set(None),
            issuer: Set("https://github.com".to_owned()),
            subject: Set(user_id.to_string()),
            email: Set(String::new()),
            last_used_at: Set(now),
            created_at: Set(now),
        };
        let tx = app.store().begin_platform("an account of the sweep").await.unwrap();
        tx.db().insert(row).await.unwrap();
        tx.commit().await.unwrap();
        id
    })
    .await
}

/// Sends a document; returns the token of its public link.
async fn send(owner: &Client, kind: &str, document: &Value) -> String {
    let path = format!("/{kind}/{}/send", document["id"].as_str().unwrap());
    // No contract here has terms, and that is meant.
    let body = if kind == "contracts" { json!({"without_terms": true}) } else { json!({}) };
    let sent = owner.if_match("*").post(&path, body).await.ok();
    let link = sent["public_url"].as_str().expect("the public link of a sent document");
    link.rsplit('/').next().unwrap().to_owned()
}
