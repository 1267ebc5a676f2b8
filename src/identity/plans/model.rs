//! What plans and usage look like.

use chrono::{DateTime, Utc};
use entity::agency::Tier;
use kernel::quota::Usage;
use kernel::tenancy::Plan;
use kernel::tenancy::plan::{self, Feature, Limit, Price, on_the_wire};
use serde::Serialize;
use utoipa::ToSchema;

/// What a plan allows; -1 is any number.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "max_members": 3, "max_consultations_per_month": 25, "max_ai_generations_per_month": 25,
    "max_templates": 5, "max_storage_mb": 1024,
}))]
pub struct PlanLimitsView {
    /// Members, invited ones included.
    pub max_members: i64,
    /// New consultations in a month of the agency's calendar.
    pub max_consultations_per_month: i64,
    /// Generated texts in a month of the agency's calendar.
    pub max_ai_generations_per_month: i64,
    /// Contract templates, quotation templates and forms in use.
    pub max_templates: i64,
    /// Files, in MiB.
    pub max_storage_mb: i64,
}

impl From<Tier> for PlanLimitsView {
    fn from(tier: Tier) -> Self {
        let max = |limit: Limit| on_the_wire(limit.of(tier));
        Self {
            max_members: max(Limit::Members),
            max_consultations_per_month: max(Limit::Consultations),
            max_ai_generations_per_month: max(Limit::AiGenerations),
            max_templates: max(Limit::Templates),
            max_storage_mb: max(Limit::StorageMb),
        }
    }
}

/// A plan of the price list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "tier": "starter", "name": "Starter", "currency": "AUD", "monthly_price": 2900,
    "yearly_price": 29_000,
    "limits": {"max_members": 3, "max_consultations_per_month": 25,
        "max_ai_generations_per_month": 25, "max_templates": 5, "max_storage_mb": 1024},
    "features": ["basic_proposals", "ai_proposal_generation", "pdf_export", "email_delivery"],
}))]
pub struct PlanView {
    /// Its name for programs.
    pub tier: Tier,
    /// Its name for people.
    pub name: &'static str,
    /// ISO 4217 code of the prices.
    pub currency: &'static str,
    /// For each month, in the minor unit.
    pub monthly_price: i64,
    /// For each year, paid at once, in the minor unit.
    pub yearly_price: i64,
    /// What it allows.
    pub limits: PlanLimitsView,
    /// What it has.
    pub features: Vec<&'static str>,
}

impl From<Tier> for PlanView {
    fn from(tier: Tier) -> Self {
        let Price { monthly, yearly } = plan::price(tier);
        Self {
            tier,
            name: plan::title(tier),
            currency: plan::CURRENCY,
            monthly_price: monthly,
            yearly_price: yearly,
            limits: tier.into(),
            features: features(Plan::of(tier)),
        }
    }
}

/// What a plan has.
pub(super) fn features(plan: Plan) -> Vec<&'static str> {
    let has = Feature::ALL.iter().filter(|feature| plan.has(**feature));
    has.map(|feature| feature.key()).collect()
}

/// The plans, from least to most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "tier": "free", "name": "Free", "currency": "AUD", "monthly_price": 0, "yearly_price": 0,
    "limits": {"max_members": 1, "max_consultations_per_month": 10,
        "max_ai_generations_per_month": 5, "max_templates": 3, "max_storage_mb": 100},
    "features": ["basic_proposals", "ai_proposal_generation"],
}]}))]
pub struct PlansView {
    /// All of them.
    pub data: Vec<PlanView>,
}

/// How much of one limit is used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"current": 2, "limit": 3, "percentage": 67, "resets_at": null}))]
pub struct UsageMeterView {
    /// So much.
    pub current: i64,
    /// So much is allowed; -1 is any amount.
    pub limit: i64,
    /// The share of it that is used, in percent, rounded; 0 without a limit, above 100 when the
    /// plan has shrunk.
    pub percentage: i64,
    /// When the count begins anew; null for what is counted in all.
    pub resets_at: Option<DateTime<Utc>>,
}

impl From<Usage> for UsageMeterView {
    fn from(usage: Usage) -> Self {
        let Usage { limit: _, current, max, percentage, resets_at } = usage;
        Self { current, limit: on_the_wire(max), percentage, resets_at }
    }
}

/// What is used of every limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "members": {"current": 2, "limit": 3, "percentage": 67, "resets_at": null},
    "consultations": {"current": 5, "limit": 25, "percentage": 20, "resets_at": "2026-11-30T13:00:00Z"},
    "ai_generations": {"current": 0, "limit": 25, "percentage": 0, "resets_at": "2026-11-30T13:00:00Z"},
    "templates": {"current": 0, "limit": 5, "percentage": 0, "resets_at": null},
    "storage_mb": {"current": 1, "limit": 1024, "percentage": 0, "resets_at": null},
}))]
pub struct UsageMetersView {
    /// Members, invited ones included.
    pub members: UsageMeterView,
    /// Consultations made this month, deleted ones included.
    pub consultations: UsageMeterView,
    /// Texts generated this month.
    pub ai_generations: UsageMeterView,
    /// Templates and forms in use.
    pub templates: UsageMeterView,
    /// Files, in MiB; a part of one is one.
    pub storage_mb: UsageMeterView,
}

/// What an agency uses of its plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "tier": "starter", "next_tier": "growth",
    "limits": {"max_members": 3, "max_consultations_per_month": 25,
        "max_ai_generations_per_month": 25, "max_templates": 5, "max_storage_mb": 1024},
    "features": ["basic_proposals", "ai_proposal_generation", "pdf_export", "email_delivery"],
    "usage": {
        "members": {"current": 2, "limit": 3, "percentage": 67, "resets_at": null},
        "consultations": {"current": 5, "limit": 25, "percentage": 20, "resets_at": "2026-11-30T13:00:00Z"},
        "ai_generations": {"current": 0, "limit": 25, "percentage": 0, "resets_at": "2026-11-30T13:00:00Z"},
        "templates": {"current": 0, "limit": 5, "percentage": 0, "resets_at": null},
        "storage_mb": {"current": 1, "limit": 1024, "percentage": 0, "resets_at": null},
    },
    "plans": [],
}))]
pub struct PlanUsageView {
    /// The tier that holds now: freemium is `enterprise`, a subscription that lapsed is `free`.
    pub tier: Tier,
    /// The next tier up; null on the highest.
    pub next_tier: Option<Tier>,
    /// What the plan allows.
    pub limits: PlanLimitsView,
    /// What the plan has.
    pub features: Vec<&'static str>,
    /// What is used of it.
    pub usage: UsageMetersView,
    /// All plans, to compare.
    pub plans: Vec<PlanView>,
}
