//! Who does not get in although they could: programs without the scope, the suspended, the unpaid.

use std::collections::BTreeMap;

use kernel::tenancy::Permission;
use serde_json::json;
use tokio::sync::Mutex;

use super::world::World;
use crate::support::{Agency, Client, TestApp};

/// API keys of an agency, made when they are asked for. They are good on every replica.
pub struct Keys {
    owner: Client,
    made: Mutex<BTreeMap<Vec<&'static str>, String>>,
}

impl Keys {
    /// The keys of an agency.
    pub fn of(agency: &Agency) -> Self {
        Self { owner: agency.owner(), made: Mutex::default() }
    }

    /// A key with every scope there is.
    pub async fn with_everything(&self) -> String {
        self.with_scopes(|_| true).await
    }

    /// A key with one scope.
    pub async fn with(&self, permission: Permission) -> String {
        self.with_scopes(|other| other == permission).await
    }

    /// A key with every scope but one.
    pub async fn without(&self, permission: Permission) -> String {
        self.with_scopes(|other| other != permission).await
    }

    async fn with_scopes(&self, chosen: impl Fn(Permission) -> bool) -> String {
        let open = Permission::ALL.iter().filter(|permission| permission.is_open_to_keys());
        let scopes: Vec<_> =
            open.filter(|permission| chosen(**permission)).map(|chosen| chosen.key()).collect();
        let mut known = self.made.lock().await;
        if let Some(key) = known.get(&scopes) {
            return key.clone();
        }
        let new = json!({"name": "Sweep", "scopes": scopes});
        let made = self.owner.post("/api-keys", new).await.created();
        let key = made["key"].as_str().expect("the key").to_owned();
        known.insert(scopes, key.clone());
        key
    }
}

/// The suspended, the unpaid, and somebody who is nobody here.
pub struct Outcasts {
    /// Somebody who signed in and was suspended.
    pub person: Client,
    /// Somebody who is signed in and has nothing; their sign-ins are nobody else's.
    pub passer_by: Client,
    /// An agency with one of everything that was suspended.
    pub agency: World,
    /// An agency with one of everything whose plan has ended.
    pub free_agency: World,
}

impl Outcasts {
    /// Makes them, and has an operator suspend them.
    pub async fn cast(app: &TestApp, operator: &Client) -> Self {
        let person = app.sign_in("suspended@x.test").await;
        let place = format!("/api/v1/admin/users/{}/suspend", person.user_id());
        operator.post(&place, json!({"reason": "the sweep"})).await.ok();
        let agency = World::build(app, "hooli").await;
        let place = format!("/api/v1/admin/agencies/{}", agency.agency.id());
        let any_version = operator.if_match("*");
        any_version.patch(&place, json!({"status": "suspended"})).await.ok();
        let free_agency = World::build(app, "soylent").await;
        let place = format!("/api/v1/admin/agencies/{}/freemium", free_agency.agency.id());
        operator.if_match("*").delete(&place).await;
        app.run_jobs().await;
        let passer_by = app.sign_in("passer-by@x.test").await.unchecked();
        Self { person: person.unchecked(), passer_by, agency, free_agency }
    }

    /// The same, called for on another server.
    pub async fn on(&self, app: &TestApp) -> Self {
        let (agency, free_agency) = (self.agency.on(app).await, self.free_agency.on(app).await);
        let here = |person: &Client| {
            app.anonymous().unchecked().signed_in(person.email(), person.user_id(), None)
        };
        let (person, passer_by) = (here(&self.person), here(&self.passer_by));
        Self { person, passer_by, agency, free_agency }
    }
}
