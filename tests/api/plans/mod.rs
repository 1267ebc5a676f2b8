//! Plans: what each tier has and allows, counted exactly.

mod features;
mod periods;
mod quotas;
mod seats;
mod tiers;
mod usage;

use chrono::{DateTime, Utc};
use entity::AgencyId;
use entity::agency::{self, Column, SubscriptionStatus, Tier};
use kernel::tenancy::{TenantContext, system_context};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::{Agency, TestApp};

/// How an agency pays, or does not.
#[derive(Clone, Copy)]
pub struct Terms {
    pub tier: Tier,
    pub status: SubscriptionStatus,
    pub end: Option<DateTime<Utc>>,
    pub is_freemium: bool,
    pub freemium_until: Option<DateTime<Utc>>,
}

/// A tier that is paid for.
pub fn paid(tier: Tier) -> Terms {
    Terms {
        tier,
        status: SubscriptionStatus::Active,
        end: None,
        is_freemium: false,
        freemium_until: None,
    }
}

/// Changes how an agency pays, as the payment provider or the operator would.
pub async fn put_on(app: &TestApp, agency: AgencyId, terms: Terms) {
    let Terms { tier, status, end, is_freemium, freemium_until } = terms;
    let update = agency::Entity::update_many()
        .col_expr(Column::SubscriptionTier, Expr::value(tier))
        .col_expr(Column::SubscriptionStatus, Expr::value(status))
        .col_expr(Column::SubscriptionEnd, Expr::value(end))
        .col_expr(Column::IsFreemium, Expr::value(is_freemium))
        .col_expr(Column::FreemiumExpiresAt, Expr::value(freemium_until))
        .filter(Column::Id.eq(agency));
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("a test changes a plan").await.unwrap();
        assert_eq!(tx.db().update_many(update).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

/// An agency with its three people, on a plan.
pub async fn agency_on(app: &TestApp, slug: &str, tier: Tier) -> Agency {
    let agency = app.agency(slug).await;
    put_on(app, agency.id(), paid(tier)).await;
    agency
}

/// Does something for an agency where the database's connections live.
pub async fn acting<T, F>(
    app: &TestApp,
    agency: AgencyId,
    work: impl FnOnce(TenantContext) -> F + Send + 'static,
) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    app.on_server(move |app| async move {
        let context = system_context(&app, agency, "a test counts").await.unwrap();
        work(context).await
    })
    .await
}

/// How much an agency uses of something, as its members read it.
pub async fn used(agency: &Agency, resource: &str) -> i64 {
    let usage = agency.owner().get("/usage").await.ok();
    usage["usage"][resource]["current"].as_i64().unwrap()
}
