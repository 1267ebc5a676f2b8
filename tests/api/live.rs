//! The live stream.

use std::pin::Pin;
use std::time::Duration;

use entity::outbox;
use futures_util::{Stream, StreamExt};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::steps::{self, id, path};
use crate::support::{Client, TestApp};

/// Longest wait for an event that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event of a stream.
#[derive(Debug)]
struct Event {
    id: i64,
    name: String,
    data: Value,
}

/// A connection to the stream.
struct Connection {
    bytes: Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>,
    text: String,
}

impl Connection {
    /// The next event; comments are skipped.
    async fn next(&mut self) -> Event {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                if frame.starts_with(':') {
                    continue;
                }
                return event(&frame);
            }
            let bytes = tokio::time::timeout(PATIENCE, self.bytes.next()).await;
            let bytes = bytes.expect("an event in time").expect("the stream goes on");
            self.text.push_str(&String::from_utf8(bytes).unwrap());
        }
    }

    /// Events up to the first of this name, which comes last.
    async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if events.last().unwrap().name == name {
                return events;
            }
        }
    }
}

fn event(frame: &str) -> Event {
    let field = |name: &str| {
        let line = frame.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {frame}"))
    };
    Event {
        id: field("id: ").parse().unwrap(),
        name: field("event: ").to_owned(),
        data: field("data: ").parse().unwrap(),
    }
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

/// An access token of somebody who belongs to an agency.
async fn token(app: &TestApp, who: &Client) -> String {
    let ask = json!({"email": who.email()});
    app.anonymous().post("/api/v1/auth/magic-link", ask).await.accepted();
    app.run_jobs().await;
    let link = app.magic_link_token(who.email()).await;
    let tokens =
        app.anonymous().post("/api/v1/auth/magic-link/verify", json!({"token": link})).await;
    tokens.ok()["access_token"].as_str().unwrap().to_owned()
}

/// Connects to the stream of an agency, after the event with this id.
async fn connect(app: &TestApp, token: &str, slug: &str, after: Option<i64>) -> Connection {
    let url = format!("{}/api/v1/agencies/{slug}/events", app.url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.get(url).bearer_auth(token);
    if let Some(after) = after {
        request = request.header("Last-Event-ID", after.to_string());
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let bytes = response.bytes_stream().map(|bytes| bytes.unwrap().to_vec());
    Connection { bytes: Box::pin(bytes), text: String::new() }
}

/// Marks the end of what a test does: every member hears of a new client.
async fn mark(app: &TestApp, caller: &Client) {
    steps::client(caller).await;
    app.run_jobs().await;
}

const MARK: &str = "client.created";

#[tokio::test]
async fn events_arrive_in_order_with_their_numbers_and_say_no_more_than_needed() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let mut stream = connect(&app, &token(&app, &owner).await, "acme", None).await;
    let connected = stream.next().await;
    assert_eq!((connected.name.as_str(), connected.data), ("connected", json!({})));

    let sent = steps::sent_proposal(&owner).await;
    steps::accept(&app, &sent).await;

    let mut events = stream.until("proposal.accepted").await;
    // Which of the two that one unit of work publishes comes first does not matter.
    if events.iter().all(|event| event.name != "contract.created") {
        events.push(stream.next().await);
    }
    let mut happened = names(&events);
    happened[3..].sort_unstable();
    assert_eq!(
        happened,
        [
            "client.created",
            "proposal.created",
            "proposal.sent",
            "contract.created",
            "proposal.accepted"
        ]
    );
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (connected.id + 1..=connected.id + 5).collect::<Vec<_>>());
    let told = &events[2].data;
    assert_eq!((&told["seq"], &told["type"]), (&json!(events[2].id), &json!("proposal.sent")));
    assert_eq!(told["data"], json!({"id": id(&sent), "status": "sent", "number": sent["number"]}));
    assert!(told["id"].as_str().unwrap().starts_with("evt_"), "{told}");
    for event in &events {
        let text = event.data.to_string();
        assert!(!text.contains("riverbend") && !text.contains("Riverbend"), "{text}");
    }
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing_and_hears_nothing_twice() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let token = token(&app, &owner).await;
    let mut first = connect(&app, &token, "acme", None).await;
    let mut heard = vec![first.next().await.id];
    mark(&app, &owner).await;
    heard.push(first.until(MARK).await.last().unwrap().id);
    drop(first);
    // Nothing is passed on while nobody listens; the stream reads what is stored.
    for _ in 0..3 {
        steps::invoice(&owner).await;
    }

    let mut again = connect(&app, &token, "acme", Some(heard[1])).await;

    let connected = again.next().await;
    assert_eq!((connected.id, connected.name.as_str()), (heard[1], "connected"));
    for number in 1..=6 {
        let event = again.next().await;
        assert_eq!(event.id, heard[1] + number);
        assert_eq!(event.name, if number % 2 == 1 { "client.created" } else { "invoice.created" });
    }
    mark(&app, &owner).await;
    assert_eq!(again.next().await.id, heard[1] + 7);
}

#[tokio::test]
async fn more_than_one_batch_is_told_without_a_gap() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let token = token(&app, &owner).await;
    let start = connect(&app, &token, "acme", None).await.next().await.id;
    for _ in 0..120 {
        steps::client(&owner).await;
    }

    let mut stream = connect(&app, &token, "acme", Some(start)).await;

    stream.next().await;
    for number in 1..=120 {
        assert_eq!(stream.next().await.id, start + number);
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn members_do_not_hear_of_documents_they_may_not_see() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let mut member = connect(&app, &token(&app, &acme.member()).await, "acme", None).await;
    let mut admin = connect(&app, &token(&app, &acme.admin()).await, "acme", None).await;
    assert_eq!(member.next().await.id, admin.next().await.id);

    let other = steps::sent_invoice(&acme.admin()).await;
    let own = steps::sent_invoice(&acme.member()).await;
    let body = json!({"method": "cash"});
    for invoice in [&other, &own] {
        let place = format!("{}/payments", path("invoices", invoice));
        acme.owner().post(&place, body.clone()).await.created();
    }
    app.run_jobs().await;
    mark(&app, &acme.owner()).await;

    let by_all = ["client.created", "invoice.created", "invoice.sent"];
    let mut everything = Vec::new();
    while everything.len() < 9 {
        everything.push(admin.next().await);
    }
    assert_eq!(names(&everything), [&by_all[..], &by_all, &["invoice.paid"; 2], &[MARK]].concat());
    let mut heard = Vec::new();
    while heard.len() < 6 {
        heard.push(member.next().await);
    }
    assert_eq!(
        names(&heard),
        [
            "client.created",
            "client.created",
            "invoice.created",
            "invoice.sent",
            "invoice.paid",
            MARK
        ]
    );
    for event in &heard {
        assert_ne!(event.data["data"]["id"], json!(id(&other)), "{event:?}");
    }
}

#[tokio::test]
async fn a_program_hears_of_the_documents_that_its_scopes_show() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["agency:view", "proposal:view_all"]).await;
    let mut stream = connect(&app, &program.key, "acme", None).await;
    assert_eq!(stream.next().await.name, "connected");

    // Another's: the invoice stays unheard of, the proposal does not.
    steps::sent_invoice(&acme.admin()).await;
    steps::sent_proposal(&acme.admin()).await;
    app.run_jobs().await;
    mark(&app, &acme.owner()).await;

    let mut heard = Vec::new();
    while heard.len() < 5 {
        heard.push(stream.next().await);
    }
    assert_eq!(
        names(&heard),
        ["client.created", "client.created", "proposal.created", "proposal.sent", MARK]
    );
    let blind = acme.program(&["client:view"]).await.client;
    blind.get("/events").await.refused(403, "forbidden");
}

#[tokio::test]
async fn agencies_hear_only_of_themselves() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let token = token(&app, &owner).await;
    let mut stream = connect(&app, &token, "acme", None).await;
    let start = stream.next().await.id;

    steps::sent_invoice(&app.bystander().owner()).await;
    mark(&app, &owner).await;

    let next = stream.next().await;
    assert_eq!((next.id, next.name.as_str()), (start + 1, MARK));
    let there = app.anonymous().with_token(&token);
    there.get("/api/v1/agencies/bystander/events").await.refused(404, "not_found");
}

#[tokio::test]
async fn whoever_comes_back_too_late_or_from_the_future_is_told_to_read_anew() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let token = token(&app, &owner).await;
    for _ in 0..3 {
        mark(&app, &owner).await;
    }
    let latest = connect(&app, &token, "acme", None).await.next().await.id;
    forget_events(&app, app_agency(&owner).await, latest - 1).await;

    for last_seen in [latest - 3, latest + 1, 999_999] {
        let mut stream = connect(&app, &token, "acme", Some(last_seen)).await;
        assert_eq!(stream.next().await.name, "connected", "{last_seen}");
        let reset = stream.next().await;
        assert_eq!((reset.name.as_str(), reset.id), ("reset", latest), "{last_seen}");
        mark(&app, &owner).await;
        assert!(stream.next().await.id > latest);
        let newest = connect(&app, &token, "acme", None).await.next().await.id;
        forget_events(&app, app_agency(&owner).await, latest - 1).await;
        assert!(newest > latest);
        // The next round begins where this one ended.
        forget_newer(&app, app_agency(&owner).await, latest).await;
    }
    // The one before the oldest is not too old: what followed is all there.
    let mut stream = connect(&app, &token, "acme", Some(latest - 1)).await;
    assert_eq!(stream.next().await.name, "connected");
    assert_eq!(stream.next().await.id, latest);
}

async fn app_agency(owner: &Client) -> entity::AgencyId {
    owner.get("").await.ok()["id"].as_str().unwrap().parse().unwrap()
}

/// Removes an agency's events up to one of them.
async fn forget_events(app: &TestApp, agency: entity::AgencyId, up_to: i64) {
    forget(app, agency, outbox::Column::Seq.lte(up_to)).await;
}

/// Removes an agency's events after one of them.
async fn forget_newer(app: &TestApp, agency: entity::AgencyId, after: i64) {
    forget(app, agency, outbox::Column::Seq.gt(after)).await;
}

async fn forget(app: &TestApp, agency: entity::AgencyId, which: sea_orm::sea_query::SimpleExpr) {
    let rows =
        outbox::Entity::delete_many().filter(outbox::Column::AgencyId.eq(agency)).filter(which);
    app.on_server(|app| async move {
        let transaction = app.store().begin_platform("a test makes events old").await.unwrap();
        transaction.db().delete_many(rows).await.unwrap();
        transaction.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_stream_asks_for_credentials_and_a_number() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    for path in ["/api/v1/events", "/api/v1/agencies/acme/events"] {
        app.anonymous().get(path).await.refused(401, "unauthenticated");
        app.anonymous().with_token("x").get(path).await.refused(401, "unauthenticated");
        for bad in ["", "x", "-1", "1.5", "9223372036854775808"] {
            let owner = owner.root().with("Last-Event-ID", bad);
            owner.get(path).await.refused(422, "validation_failed");
        }
    }
    let stranger = app.stranger().await;
    stranger.get("/api/v1/agencies/acme/events").await.refused(404, "not_found");
    stranger.get("/api/v1/events").await.refused(403, "no_agency_access");
}
