//! Putting the figures together.

use entity::agency::{AgencyStatus, SubscriptionStatus, Tier};
use entity::user;
use kernel::error::Result;
use kernel::http::Operator;
use kernel::tenancy::plan;
use sea_orm::{ColumnTrait, Condition};

use super::model::{AgencyCounts, SignUp, StatsView, TierCounts, UserCounts};
use super::repo;

const REASON: &str = "the operator counts across agencies";

/// How many of the newest people are shown.
const NEWEST: u64 = 10;

/// The figures as they are now.
///
/// # Errors
/// Those of the database.
pub async fn read(operator: &Operator) -> Result<StatsView> {
    let db = operator.app.store().platform(REASON);
    let mut agencies = AgencyCounts::default();
    let mut tiers = TierCounts::default();
    let mut revenue = 0_i64;
    for group in repo::agency_groups(&db).await? {
        let count = u64::try_from(group.agencies).unwrap_or(0);
        agencies.total += count;
        *match group.status {
            AgencyStatus::Active => &mut agencies.active,
            AgencyStatus::Suspended => &mut agencies.suspended,
            AgencyStatus::Cancelled => &mut agencies.cancelled,
        } += count;
        *match group.subscription_tier {
            Tier::Free => &mut tiers.free,
            Tier::Starter => &mut tiers.starter,
            Tier::Growth => &mut tiers.growth,
            Tier::Enterprise => &mut tiers.enterprise,
        } += count;
        let is_paid = match group.subscription_status {
            SubscriptionStatus::Active | SubscriptionStatus::PastDue => true,
            SubscriptionStatus::None
            | SubscriptionStatus::Unpaid
            | SubscriptionStatus::Canceled => false,
        };
        if is_paid {
            let price = plan::price(group.subscription_tier).monthly;
            revenue = revenue.saturating_add(price.saturating_mul(group.agencies));
        }
    }
    let only = |condition| Some(Condition::all().add(condition));
    let super_admins = repo::people(&db, only(user::Column::IsSuperAdmin.eq(true))).await?;
    let suspended = repo::people(&db, only(user::Column::SuspendedAt.is_not_null())).await?;
    let users = UserCounts { total: repo::people(&db, None).await?, super_admins, suspended };
    let newest = repo::newest(&db, NEWEST).await?.into_iter();
    Ok(StatsView {
        agencies,
        agencies_by_tier: tiers,
        freemium: repo::freemium(&db, operator.now()).await?,
        users,
        recent_sign_ups: newest
            .map(|person| SignUp {
                id: person.id,
                email: person.email,
                created_at: person.created_at,
            })
            .collect(),
        monthly_recurring_revenue: revenue,
        currency: plan::CURRENCY,
    })
}
