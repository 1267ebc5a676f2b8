//! What must be true of the database and of the mails when everything is over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use entity::document::{self, DocumentKind};
use entity::email::{self, EmailStatus};
use entity::job::{self, JobState};
use entity::{activity, client, contract, invoice, number_series, outbox, outbox_head, payment};
use kernel::store::Store;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::process::Installation;

const REASON: &str = "a test reads the books";

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Mails of one pipeline.
const MAILS: [&str; 9] = [
    "proposal_sent",
    "proposal_accepted_agency",
    "proposal_accepted_client",
    "contract_sent",
    "contract_signed_client",
    "contract_signed_agency",
    "invoice_sent",
    "invoice_paid_client",
    "invoice_paid_agency",
];

/// What the log says of one pipeline.
const ACTIVITIES: [&str; 11] = [
    "client.created",
    "proposal.created",
    "proposal.sent",
    "proposal.accepted",
    "contract.created",
    "contract.updated",
    "contract.sent",
    "contract.signed",
    "invoice.created_from_contract",
    "invoice.sent",
    "invoice.payment_recorded",
];

/// What listeners are told of one pipeline.
const EVENTS: [&str; 11] = [
    "client.created",
    "proposal.created",
    "proposal.sent",
    "proposal.accepted",
    "contract.created",
    "contract.updated",
    "contract.sent",
    "contract.signed",
    "invoice.created",
    "invoice.sent",
    "invoice.paid",
];

async fn all<E: EntityTrait>(store: &Store) -> Vec<E::Model> {
    store.platform(REASON).all(E::find()).await.expect("the rows of a table")
}

/// Waits until no job is left to run and every event has been passed on.
pub(super) async fn settled(installation: &Installation, patience: Duration) {
    let store = installation.store().await;
    let began = Instant::now();
    loop {
        let open = job::Column::State.is_in([JobState::Ready, JobState::Running]);
        let jobs = store.platform(REASON).all(job::Entity::find().filter(open)).await;
        let unpublished = outbox::Entity::find().filter(outbox::Column::PublishedAt.is_null());
        let events = store.platform(REASON).all(unpublished).await;
        let (jobs, events) = (jobs.expect("the queue"), events.expect("the outbox"));
        if jobs.is_empty() && events.is_empty() {
            break;
        }
        assert!(
            began.elapsed() < patience,
            "{} events and these jobs are left: {jobs:?}\n{}",
            events.len(),
            installation.log()
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
    store.close().await.expect("the database");
}

/// Compares everything that is stored with what so many pipelines should have made.
pub(super) async fn check(installation: &Installation, rounds: usize) {
    let store = installation.store().await;
    documents(&store, rounds).await;
    payments(&store, rounds).await;
    log(&store, rounds).await;
    events(&store, rounds).await;
    jobs(&store).await;
    mails(installation, &store, rounds).await;
    store.close().await.expect("the database");
}

/// One of each kind for each client, numbered without a gap.
async fn documents(store: &Store, rounds: usize) {
    assert_eq!(all::<client::Entity>(store).await.len(), rounds, "clients");
    let documents = all::<document::Entity>(store).await;
    assert_eq!(all::<contract::Entity>(store).await.len(), rounds, "contracts");
    assert_eq!(all::<invoice::Entity>(store).await.len(), rounds, "invoices");
    let series = all::<number_series::Entity>(store).await;
    for (kind, last) in [
        (DocumentKind::Proposal, "accepted"),
        (DocumentKind::Contract, "signed"),
        (DocumentKind::Invoice, "paid"),
    ] {
        let of_kind: Vec<_> = documents.iter().filter(|row| row.kind == kind).collect();
        assert_eq!(of_kind.len(), rounds, "{kind}s");
        assert!(of_kind.iter().all(|row| row.status == last), "a {kind} is not {last}");
        let clients: BTreeSet<_> = of_kind.iter().map(|row| row.client_id).collect();
        assert_eq!(clients.len(), rounds, "a client has two {kind}s");
        let sources: BTreeSet<_> = of_kind.iter().filter_map(|row| row.source_id).collect();
        let expected = if kind == DocumentKind::Proposal { 0 } else { rounds };
        assert_eq!(sources.len(), expected, "two {kind}s come from one document");

        let drawn = |row: &&document::Model| {
            let number = row.number.as_deref().expect("a number");
            number.rsplit('-').next().and_then(|tail| tail.parse::<usize>().ok()).expect("digits")
        };
        let mut numbers: Vec<usize> = of_kind.iter().map(drawn).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=rounds).collect::<Vec<_>>(), "numbers of {kind}s");
        let next = series.iter().find(|row| row.series == kind.as_str()).expect("its series");
        assert_eq!(usize::try_from(next.next_number), Ok(rounds + 1), "next number of {kind}s");
    }
}

/// Each invoice is paid once, in full.
async fn payments(store: &Store, rounds: usize) {
    let payments = all::<payment::Entity>(store).await;
    let totals: BTreeMap<_, _> =
        all::<document::Entity>(store).await.into_iter().map(|row| (row.id, row.total)).collect();
    assert_eq!(payments.len(), rounds, "payments");
    let invoices: BTreeSet<_> = payments.iter().map(|row| row.invoice_id).collect();
    assert_eq!(invoices.len(), rounds, "an invoice is paid twice");
    for payment in payments {
        assert_eq!(Some(&payment.amount), totals.get(&payment.invoice_id), "a payment");
    }
}

/// The log tells each step once.
async fn log(store: &Store, rounds: usize) {
    let entries = all::<activity::Entity>(store).await;
    for action in ACTIVITIES {
        let of_action = entries.iter().filter(|row| row.action == action);
        let about: BTreeSet<_> = of_action.clone().map(|row| row.entity_id).collect();
        assert_eq!((of_action.count(), about.len()), (rounds, rounds), "{action} in the log");
    }
}

/// Listeners are told each step once, in a sequence without a gap.
async fn events(store: &Store, rounds: usize) {
    let events = all::<outbox::Entity>(store).await;
    let mut sequence: Vec<i64> = events.iter().map(|row| row.seq).collect();
    sequence.sort_unstable();
    let last = i64::try_from(events.len()).expect("a small number");
    assert_eq!(sequence, (1..=last).collect::<Vec<_>>(), "places of events");
    let heads = all::<outbox_head::Entity>(store).await;
    assert_eq!(heads.iter().map(|row| row.last_seq).collect::<Vec<_>>(), [last], "last place");
    for event_type in EVENTS {
        let of_type = events.iter().filter(|row| row.event_type == event_type);
        let about: BTreeSet<_> = of_type.clone().map(|row| row.payload["id"].as_str()).collect();
        assert_eq!((of_type.count(), about.len()), (rounds, rounds), "{event_type} events");
    }
}

/// Every job is done, however many attempts it took.
async fn jobs(store: &Store) {
    for job in all::<job::Entity>(store).await {
        assert_eq!(job.state, JobState::Done, "{job:?}");
    }
}

/// Each mail has left once.
async fn mails(installation: &Installation, store: &Store, rounds: usize) {
    let logged = all::<email::Entity>(store).await;
    for kind in MAILS {
        let of_kind = logged.iter().filter(|row| row.email_type == kind);
        let about: BTreeSet<_> = of_kind.clone().map(|row| row.document_id).collect();
        assert_eq!((of_kind.count(), about.len()), (rounds, rounds), "{kind} mails");
    }
    assert!(logged.iter().all(|row| row.status == EmailStatus::Sent), "a mail has not left");
    assert!(logged.iter().all(|row| row.attempts == 1), "a mail was marked twice");
    let entries = all::<activity::Entity>(store).await;
    let marked = entries.iter().filter(|row| row.action == "email_sent");
    let about: BTreeSet<_> = marked.clone().map(|row| row.entity_id).collect();
    assert_eq!((marked.count(), about.len()), (logged.len(), logged.len()), "mails in the log");
    let ids: BTreeSet<String> = logged.iter().map(|row| row.id.to_string()).collect();

    let delivered = installation.mails().list(usize::MAX).await.expect("the mails");
    let delivered: BTreeSet<String> = delivered
        .into_iter()
        .filter(|mail| mail.kind != "sign_in_link")
        .map(|mail| mail.id)
        .collect();
    assert_eq!(delivered, ids, "mails in the folder");
    let entries = std::fs::read_dir(installation.mail_folder()).expect("the mail folder");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string());
    let names: Vec<String> = names.map(|name| name.expect("a name")).collect();
    let whole = names.iter().filter(|name| name.ends_with(".eml")).count();
    assert_eq!(whole, ids.len() + 1, "message files, the sign-in link included");
}
