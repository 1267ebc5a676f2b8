//! Issuing: the number, the frozen content and the public link, in one unit of work.

use chrono::{Datelike, NaiveDate};
use entity::document::{self, DocumentKind};
use entity::{number_series, public_link};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::AgencyTx;
use kernel::text::public_token;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::content::{Issued, content_hash};

/// What issuing adds to the shared row.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The number: drawn now, or kept from an earlier revision.
    pub number: String,
    /// The revision of the content.
    pub revision: i32,
    /// The public token: made now, or kept.
    pub token: String,
    canonical: String,
    hash: String,
}

/// Draws a number if the document has none, freezes its content and opens its public link.
///
/// The number comes from one statement inside the unit of work, so that numbers have no gap: a
/// roll-back gives it back, and the counter's row stays locked until the commit.
///
/// # Errors
/// Those of the database and of the content.
pub async fn issue<B: Serialize + DeserializeOwned>(
    context: &TenantContext,
    tx: &AgencyTx,
    document: &document::Model,
    content: impl FnOnce(String, i32, NaiveDate) -> Issued<B>,
) -> Result<Issue> {
    let today = context.today();
    let number = match &document.number {
        Some(number) => number.clone(),
        None => draw_number(tx, document.kind, today.year()).await?,
    };
    let revision = document.revision + i32::from(document.issued_content.is_some());
    let canonical = content(number.clone(), revision, today).canonical()?;
    let hash = content_hash(&canonical);
    let token = match &document.public_token {
        Some(token) => token.clone(),
        None => open_link(context, tx, document).await?,
    };
    Ok(Issue { number, revision, token, canonical, hash })
}

impl Issue {
    /// Writes it onto the shared row.
    pub fn apply(self, row: UpdateMany<document::Entity>) -> UpdateMany<document::Entity> {
        row.col_expr(document::Column::Number, Expr::value(self.number))
            .col_expr(document::Column::Revision, Expr::value(self.revision))
            .col_expr(document::Column::IssuedContent, Expr::value(self.canonical))
            .col_expr(document::Column::ContentHash, Expr::value(self.hash))
            .col_expr(document::Column::PublicToken, Expr::value(self.token))
    }
}

/// The next number of a kind: `PREFIX-YYYY-NNNN` (spec §6.1). The counter does not restart with
/// the year.
async fn draw_number(tx: &AgencyTx, kind: DocumentKind, year: i32) -> Result<String> {
    let advance = number_series::Entity::update_many()
        .col_expr(
            number_series::Column::NextNumber,
            Expr::col(number_series::Column::NextNumber).add(1),
        )
        .filter(number_series::Column::Series.eq(kind.as_str()));
    let series = match tx.update_returning(advance.clone()).await?.pop() {
        Some(series) => series,
        None => {
            // An agency made before this kind existed: its series begins now.
            let row = number_series::ActiveModel {
                series: Set(kind.as_str().to_owned()),
                prefix: Set(default_prefix(kind).to_owned()),
                next_number: Set(1),
                ..Default::default()
            };
            tx.upsert(row, sea_orm::sea_query::OnConflict::new().do_nothing().to_owned()).await?;
            tx.update_returning(advance)
                .await?
                .pop()
                .ok_or_else(|| Error::internal("a number series vanished"))?
        }
    };
    let prefix = if series.prefix.is_empty() { default_prefix(kind) } else { &series.prefix };
    Ok(format!("{prefix}-{year}-{:04}", series.next_number - 1))
}

/// The prefix of a kind's numbers, where the agency has set none.
pub fn default_prefix(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Proposal => "PROP",
        DocumentKind::Contract => "CON",
        DocumentKind::Invoice => "INV",
    }
}

async fn open_link(
    context: &TenantContext,
    tx: &AgencyTx,
    document: &document::Model,
) -> Result<String> {
    let token = public_token(context.app().rng());
    let row = public_link::ActiveModel {
        token: Set(token.clone()),
        agency_id: Set(context.agency_id()),
        kind: Set(document.kind),
        document_id: Set(document.id),
        expires_at: Set(None),
        revoked_at: Set(None),
        created_at: Set(context.now()),
    };
    tx.platform("a public link is found before its agency is known").insert(row).await?;
    Ok(token)
}

/// The path of a document's public page.
pub fn public_path(kind: DocumentKind, token: &str) -> String {
    let letter = match kind {
        DocumentKind::Proposal => 'p',
        DocumentKind::Contract => 'c',
        DocumentKind::Invoice => 'i',
    };
    format!("/{letter}/{token}")
}
