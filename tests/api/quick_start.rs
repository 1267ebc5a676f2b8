//! The quick start of the README, run as it stands against the real binary.

use std::process::Stdio;

use entity::document::{self, DocumentKind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::process::Command;

use crate::process::Installation;

const README: &str = include_str!("../../README.md");

/// The code that the README tells people to paste into a shell.
fn code() -> &'static str {
    let (_, section) = README.split_once("\n## Quick start\n").expect("a quick start");
    let (_, code) = section.split_once("\n```bash\n").expect("its code");
    code.split_once("\n```\n").expect("its end").0
}

#[tokio::test]
async fn the_quick_start_goes_from_no_account_to_a_paid_invoice_and_a_pdf() {
    let installation = Installation::new().await;
    let server = installation.serve().await;

    let pasted = Command::new("bash")
        .args(["-c", code()])
        .current_dir(installation.folder())
        .env("BASE", &server.url)
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let pasted = pasted.await.expect("the quick start needs bash, and curl");

    let said = String::from_utf8(pasted.stdout).expect("text");
    let complained = String::from_utf8(pasted.stderr).expect("text");
    let log = installation.log();
    assert!(pasted.status.success(), "{said}\n{complained}\nThe server's log:\n{log}");
    assert_eq!(complained, "", "a quick start has nothing to complain of");
    let status = said.lines().find(|line| line.starts_with("Status"));
    assert_eq!(status.and_then(|line| line.split_whitespace().last()), Some("paid"), "{said}");

    let invoice = the_invoice(&installation).await;
    assert_eq!((invoice.status.as_str(), invoice.total), ("paid", 528_000));
    let number = invoice.number.expect("a number");
    let pdf = std::fs::read(installation.folder().join("invoice.pdf")).expect("a PDF on disk");
    let text = pdf_extract::extract_text_from_mem(&pdf).expect("a PDF with text");
    let text: String = text.split_whitespace().collect();
    for expected in [number.as_str(), "$5,280.00", "RiverbendPlumbingCo", "HarbourStudio"] {
        assert!(text.contains(expected), "no {expected} in {text}");
    }

    assert!(server.stop().await.success(), "{}", installation.log());
    installation.remove().await;
}

/// The only invoice there is.
async fn the_invoice(installation: &Installation) -> document::Model {
    let store = installation.store().await;
    let invoices =
        document::Entity::find().filter(document::Column::Kind.eq(DocumentKind::Invoice));
    let invoices = store.platform("what the quick start has made").all(invoices).await;
    store.close().await.expect("the database");
    let [invoice] = <[document::Model; 1]>::try_from(invoices.expect("invoices"))
        .unwrap_or_else(|found| panic!("one invoice, not {}", found.len()));
    invoice
}
