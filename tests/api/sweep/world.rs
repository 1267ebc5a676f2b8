//! An agency with one of everything, whose ids the rows of the sweep are filled with.

use std::collections::BTreeMap;

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
        world.prices(&owner).await;
        world.documents(app, &owner).await;
        app.run_jobs().await;
        world
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
        app.sign_in(&email).await;
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

/// Sends a document; returns the token of its public link.
async fn send(owner: &Client, kind: &str, document: &Value) -> String {
    let path = format!("/{kind}/{}/send", document["id"].as_str().unwrap());
    // No contract here has terms, and that is meant.
    let body = if kind == "contracts" { json!({"without_terms": true}) } else { json!({}) };
    let sent = owner.if_match("*").post(&path, body).await.ok();
    let link = sent["public_url"].as_str().expect("the public link of a sent document");
    link.rsplit('/').next().unwrap().to_owned()
}
