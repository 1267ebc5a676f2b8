//! Demo data: an agency with a believable pipeline, made by the very services that people use, so
//! that everything about it is real — numbers, hashes, mails and activity included.
//!
//! Loading twice loads once: the second time only the links are shown.

mod pipeline;
mod story;

use entity::document::{self, DocumentKind};
use entity::{agency, user};
use kernel::App;
use kernel::error::{Context, Error, Result};
use kernel::store::{PageRequest, Sort};
use kernel::tenancy::acting_as;
use sales::documents::issue::public_path;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::de::DeserializeOwned;

/// The demo agency's slug.
pub const SLUG: &str = "harbour-studio-demo";

/// Who owns the demo agency: sign in with this address (`.example` reaches nobody, RFC 2606).
pub const OWNER: &str = "grace@harbour-studio.example";

const REASON: &str = "the demo agency is found by its slug";

/// What was loaded, to be shown to whoever loaded it.
#[derive(Debug)]
pub struct Report {
    /// Whether it was there already.
    pub was_there: bool,
    /// Pages to open: what each shows, and its address.
    pub links: Vec<(String, String)>,
}

/// Loads the demo agency, unless it is there, and tells what can be opened.
///
/// # Errors
/// Those of the services it calls.
pub async fn load(app: &App) -> Result<Report> {
    let was_there = find(app).await?;
    if !was_there {
        pipeline::build(app).await?;
    }
    Ok(Report { was_there, links: links(app).await? })
}

async fn find(app: &App) -> Result<bool> {
    let query = agency::Entity::find().filter(agency::Column::Slug.eq(SLUG));
    Ok(app.store().platform(REASON).one(query).await?.is_some())
}

async fn owner(app: &App) -> Result<user::Model> {
    let query = user::Entity::find().filter(user::Column::Email.eq(OWNER));
    app.store().platform(REASON).one(query).await?.ok_or(Error::NotFound)
}

/// The public pages of the demo agency's documents.
async fn links(app: &App) -> Result<Vec<(String, String)>> {
    let context = acting_as(app, owner(app).await?, SLUG, REASON).await?;
    let mut links = Vec::new();
    for kind in DocumentKind::ALL {
        let query = document::Entity::find()
            .filter(document::Column::Kind.eq(*kind))
            .filter(document::Column::PublicToken.is_not_null());
        let sort = Sort::ascending([document::Column::Id]);
        let page = context.db().page(query, &sort, &PageRequest::first(20)).await?;
        for row in page.data {
            let Some(token) = &row.public_token else { continue };
            let number = row.number.as_deref().unwrap_or_default();
            let what = format!("{number} for {} ({})", row.client_business_name, row.status);
            links.push((what, context.public_url(&public_path(*kind, token))));
        }
    }
    Ok(links)
}

/// A request body, written as it would be sent.
fn body<T: DeserializeOwned>(json: serde_json::Value) -> Result<T> {
    serde_json::from_value(json).context("the demo data")
}
