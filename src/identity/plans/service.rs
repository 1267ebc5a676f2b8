//! The use cases of plans.

use std::collections::HashMap;

use entity::agency::Tier;
use kernel::TenantContext;
use kernel::error::{Context, Error, Result};
use kernel::http::ETag;
use kernel::quota;
use kernel::tenancy::plan::{self, Limit};
use kernel::text::sha256_hex;
use serde::Serialize;

use super::model::{PlanUsageView, PlanView, PlansView, UsageMeterView, UsageMetersView, features};

/// How many characters of a hash make a tag.
const TAG_LENGTH: usize = 16;

/// The plans that can be had, from least to most. They change with a release alone.
///
/// # Errors
/// [`Error::Internal`] when they have no JSON form.
pub fn plans() -> Result<(ETag, PlansView)> {
    let view = PlansView { data: all_plans() };
    Ok((tag(&view)?, view))
}

/// What the agency uses of its plan now.
///
/// # Errors
/// Those of the database.
pub async fn usage(ctx: &TenantContext) -> Result<(ETag, PlanUsageView)> {
    let tier = ctx.plan().tier();
    let usage = quota::usage(ctx, &ctx.db()).await?;
    let mut meters: HashMap<Limit, UsageMeterView> =
        usage.into_iter().map(|usage| (usage.limit, usage.into())).collect();
    let mut meter = |limit: Limit| {
        meters.remove(&limit).ok_or_else(|| Error::internal("a limit without a meter"))
    };
    let view = PlanUsageView {
        tier,
        next_tier: plan::next(tier),
        limits: tier.into(),
        features: features(ctx.plan()),
        usage: UsageMetersView {
            members: meter(Limit::Members)?,
            consultations: meter(Limit::Consultations)?,
            ai_generations: meter(Limit::AiGenerations)?,
            templates: meter(Limit::Templates)?,
            storage_mb: meter(Limit::StorageMb)?,
        },
        plans: all_plans(),
    };
    Ok((tag(&view)?, view))
}

fn all_plans() -> Vec<PlanView> {
    Tier::ALL.iter().map(|tier| (*tier).into()).collect()
}

/// The tag of what has no version of its own: a hash of all it says.
fn tag(view: &impl Serialize) -> Result<ETag> {
    let text = serde_json::to_vec(view).context("the tag of a view")?;
    Ok(ETag::variant(1, sha256_hex(&text).chars().take(TAG_LENGTH).collect::<String>()))
}
