//! Handlers that have forgotten the agency: the store leaves its condition out of every statement.

use kernel::store::RowSecurity;
use serde_json::{Value, json};

use crate::steps::{self, id, path};
use crate::support::{Client, TestApp};

/// Two agencies whose statements are no longer restricted to either; one caller, and the other's
/// rows.
struct Unfiltered {
    app: TestApp,
    caller: Client,
    mine: Value,
    foreign: Value,
    foreign_proposal: Value,
    foreign_owner: Client,
}

impl Unfiltered {
    async fn new() -> Self {
        let app = TestApp::spawn().await;
        let caller = app.agency("acme").await.owner();
        let foreign_owner = app.agency("globex").await.owner();
        let mine = steps::client(&caller).await;
        let foreign = steps::client(&foreign_owner).await;
        let foreign_proposal = steps::proposal(&foreign_owner).await;
        app.run_jobs().await;
        app.on_server(|app| async move { app.store().without_agency_filter() }).await;
        Self { app, caller, mine, foreign, foreign_proposal, foreign_owner }
    }

    /// Whether the database keeps agencies apart by itself.
    fn has_wall(&self) -> bool {
        self.app.app().store().row_security() != RowSecurity::None
    }
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn a_list_without_the_filter_shows_no_foreign_row() {
    let it = Unfiltered::new().await;

    let list = it.caller.unchecked().get("/clients?include=total").await.ok();

    let ids = ids(&list);
    assert!(ids.contains(&id(&it.mine)), "{list}");
    assert_eq!(!ids.contains(&id(&it.foreign)), it.has_wall(), "{list}");
}

#[tokio::test]
async fn a_count_without_the_filter_counts_no_foreign_row() {
    let it = Unfiltered::new().await;

    let total = steps::total(&it.caller, "clients").await;

    if it.has_wall() {
        assert_eq!(total, 1);
    } else {
        assert!(total > 1, "the switch did not take the filter away");
    }
}

#[tokio::test]
async fn a_read_without_the_filter_finds_no_foreign_row() {
    let it = Unfiltered::new().await;
    let expected = if it.has_wall() { 404 } else { 200 };

    it.caller.unchecked().get(&path("clients", &it.foreign)).await.expect(expected);
    it.caller.unchecked().get(&path("proposals", &it.foreign_proposal)).await.expect(expected);
    it.caller.get(&path("clients", &it.mine)).await.ok();
}

#[tokio::test]
async fn a_change_without_the_filter_changes_no_foreign_row() {
    let it = Unfiltered::new().await;
    let place = path("clients", &it.foreign);
    let before = it.foreign_owner.get(&place).await.ok();

    let change = json!({"contact_name": "Mallory"});
    let changed = it.caller.unchecked().patch(&place, change).await;

    let after = it.foreign_owner.get(&place).await.ok();
    if it.has_wall() {
        changed.expect(404);
        assert_eq!(after, before);
    } else {
        changed.expect(200);
        assert_eq!(after["contact_name"], "Mallory", "the switch did not take the filter away");
    }
    it.app.forget_jobs();
}

#[tokio::test]
async fn a_transition_without_the_filter_moves_no_foreign_document() {
    let it = Unfiltered::new().await;
    let place = path("proposals", &it.foreign_proposal);
    let before = it.foreign_owner.get(&place).await.ok();

    let sent =
        it.caller.unchecked().post(&format!("{place}/send"), json!({"deliver": false})).await;

    // On SQLite the foreign document is found, and what becomes of it is nobody's concern here.
    if it.has_wall() {
        sent.expect(404);
        assert_eq!(it.foreign_owner.get(&place).await.ok(), before);
    } else {
        assert_ne!(sent.code(), 404, "the switch did not take the filter away");
    }
    it.app.forget_jobs();
}

#[tokio::test]
async fn a_removal_without_the_filter_removes_no_foreign_row() {
    let it = Unfiltered::new().await;
    let addon = steps::addon(&it.foreign_owner).await;
    let place = path("addons", &addon);

    let removed = it.caller.unchecked().delete(&place).await;

    // A removal leaves the row, so that older documents still know its name.
    let left = it.foreign_owner.unchecked().get(&place).await.ok();
    assert_eq!((removed.code() == 404, left == addon), (it.has_wall(), it.has_wall()), "{left}");
    it.app.forget_jobs();
}

#[tokio::test]
async fn a_row_made_without_the_filter_cannot_lead_to_a_foreign_one() {
    let it = Unfiltered::new().await;
    let new = json!({
        "client_id": id(&it.foreign), "custom_pricing": {"one_time_price": 100_000},
    });

    let made = it.caller.unchecked().post("/proposals", new).await;

    // On SQLite the foreign client is found, and the foreign key is what stands in the way.
    assert_eq!(made.code() == 422, it.has_wall(), "{}", made.text());
    assert_ne!(made.code(), 201);
    it.app.forget_jobs();
}
