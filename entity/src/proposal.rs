//! What only proposals have.

use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId, PackageId};

/// A row of `proposals`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposals")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// The chosen package.
    pub package_id: Option<PackageId>,
    /// The chosen extras: `[{addon_id, quantity}]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub addons: Json,
    /// Prices that replace the package's, and the discount.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub custom_pricing: Option<Json>,
    /// Plain text; may be empty.
    #[sea_orm(column_type = "Text")]
    pub executive_summary: String,
    /// Plain text; may be empty.
    #[sea_orm(column_type = "Text")]
    pub opportunity_content: String,
    /// Plain text; may be empty.
    #[sea_orm(column_type = "Text")]
    pub closing_content: String,
    /// `[{week, title, description}]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub timeline: Json,
    /// `[{text}]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub next_steps: Json,
    /// The price as computed at the last change.
    #[sea_orm(column_type = "JsonBinary")]
    pub price: Json,
    /// Said when accepting; may be empty.
    #[sea_orm(column_type = "Text")]
    pub client_comments: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub decline_reason: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub revision_request_notes: String,
    /// Address of the person who answered.
    #[sea_orm(column_type = "Text", nullable)]
    pub responded_ip: Option<String>,
    /// Program of the person who answered.
    #[sea_orm(column_type = "Text", nullable)]
    pub responded_user_agent: Option<String>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
