//! Plans: what each tier costs, has and allows, and which tier holds for an agency now (spec §2).
//!
//! The tables here are the only ones. The pipeline and the services ask a [`Plan`], which is made
//! where the agency's row is read, at the time of the request: a plan that ends has ended for the
//! next request.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use entity::agency::{self, SubscriptionStatus, Tier};

use crate::error::{Error, Result};

/// How long a subscription that was not renewed keeps its tier after the end of its period: time
/// for the provider to try the payment again, and for a late notice of one that succeeded.
pub const GRACE: TimeDelta = TimeDelta::days(2);

/// The currency of [`Price`].
pub const CURRENCY: &str = "AUD";

/// What a tier costs, in minor units of [`CURRENCY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// For each month.
    pub monthly: i64,
    /// For each year, paid at once.
    pub yearly: i64,
}

/// What a tier costs.
pub const fn price(tier: Tier) -> Price {
    let (monthly, yearly) = match tier {
        Tier::Free => (0, 0),
        Tier::Starter => (2_900, 29_000),
        Tier::Growth => (7_900, 79_000),
        Tier::Enterprise => (19_900, 199_000),
    };
    Price { monthly, yearly }
}

/// The name of a tier for people.
pub const fn title(tier: Tier) -> &'static str {
    match tier {
        Tier::Free => "Free",
        Tier::Starter => "Starter",
        Tier::Growth => "Growth",
        Tier::Enterprise => "Enterprise",
    }
}

/// Where a tier stands among the others, from least to most.
pub const fn rank(tier: Tier) -> u8 {
    match tier {
        Tier::Free => 0,
        Tier::Starter => 1,
        Tier::Growth => 2,
        Tier::Enterprise => 3,
    }
}

/// The next tier up, if there is one.
pub fn next(tier: Tier) -> Option<Tier> {
    Tier::ALL.iter().copied().find(|other| rank(*other) > rank(tier))
}

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident = $key:literal, from $tier:ident, $title:literal;)+) => {
        /// Something that a plan has or has not. A higher tier has all that a lower one has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Feature {
            $($(#[$doc])* $variant,)+
        }

        impl Feature {
            /// Every feature, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The feature as clients see it.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The cheapest tier that has it.
            pub const fn required_tier(self) -> Tier {
                match self { $(Self::$variant => Tier::$tier,)+ }
            }

            /// What it is, for people, in the middle of a sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

features! {
    /// Proposals and their public pages.
    BasicProposals = "basic_proposals", from Free, "proposals";
    /// Texts of proposals made by a language model; how many is a [`Limit`].
    AiProposalGeneration = "ai_proposal_generation", from Free, "generated proposal texts";
    /// Documents as PDF files, to members and by public link.
    PdfExport = "pdf_export", from Starter, "PDF files";
    /// Mail to clients about documents. Transactional mail is not gated.
    EmailDelivery = "email_delivery", from Starter, "mail to clients";
    /// A look of their own for single documents and forms, and gradients. Logo and the three
    /// colours are everybody's.
    CustomBranding = "custom_branding", from Growth, "custom branding";
    /// Reports. The counters of the dashboard are everybody's.
    Analytics = "analytics", from Growth, "reports";
    /// Pages, mails and files that do not say who makes the software.
    WhiteLabel = "white_label", from Growth, "white labelling";
    /// The agency's own API keys.
    ApiAccess = "api_access", from Growth, "API keys";
    /// A place at the head of the support queue.
    PrioritySupport = "priority_support", from Enterprise, "priority support";
    /// A host name of the agency's own for public links.
    CustomDomain = "custom_domain", from Enterprise, "a domain of your own";
    /// Sign-in at the agency's own identity provider.
    Sso = "sso", from Enterprise, "single sign-on";
}

/// When a count begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// With each month of the agency's calendar.
    Month,
    /// Never: what is there counts.
    Total,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $variant:ident = $key:literal as $name:literal, $window:ident, $unit:literal,
       [$($max:expr),+];)+) => {
        /// Something of which a plan allows so many.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Limit {
            $($(#[$doc])* $variant,)+
        }

        impl Limit {
            /// Every limit, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The resource as clients see it.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The name of the limit in a plan.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// When the count begins anew.
            pub const fn window(self) -> Window {
                match self { $(Self::$variant => Window::$window,)+ }
            }

            /// What is counted, for people.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// How many a tier allows; `None` is any number.
            pub const fn of(self, tier: Tier) -> Option<i64> {
                let maxima = match self { $(Self::$variant => [$($max),+],)+ };
                let [free, starter, growth, enterprise] = maxima;
                match tier {
                    Tier::Free => free,
                    Tier::Starter => starter,
                    Tier::Growth => growth,
                    Tier::Enterprise => enterprise,
                }
            }
        }
    };
}

limits! {
    /// Memberships that are active or wait for their first sign-in.
    Members = "members" as "max_members", Total, "members",
        [Some(1), Some(3), Some(10), None];
    /// Consultations that were made in the month, deleted ones included.
    Consultations = "consultations" as "max_consultations_per_month", Month, "consultations a month",
        [Some(10), Some(25), Some(100), None];
    /// Texts that were generated in the month.
    AiGenerations = "ai_generations" as "max_ai_generations_per_month", Month, "generated texts a month",
        [Some(5), Some(25), Some(100), None];
    /// Contract templates, quotation templates and forms in use.
    Templates = "templates" as "max_templates", Total, "templates",
        [Some(3), Some(5), Some(20), None];
    /// Stored files, in MiB; counted in bytes.
    StorageMb = "storage_mb" as "max_storage_mb", Total, "MB of files",
        [Some(100), Some(1_024), Some(10_240), None];
}

impl Limit {
    /// How much of what is counted makes one of the limit: bytes for a MiB.
    pub const fn scale(self) -> i64 {
        match self {
            Self::StorageMb => 1024 * 1024,
            Self::Members | Self::Consultations | Self::AiGenerations | Self::Templates => 1,
        }
    }

    /// The cheapest tier that allows so many, if any does.
    pub fn required_tier(self, wanted: i64) -> Option<Tier> {
        let allows = |tier: &&Tier| self.of(**tier).is_none_or(|max| wanted <= max);
        Tier::ALL.iter().find(allows).copied()
    }
}

/// What a limit is on the wire when there is none.
pub const UNLIMITED: i64 = -1;

/// A limit as it is on the wire.
pub fn on_the_wire(limit: Option<i64>) -> i64 {
    limit.unwrap_or(UNLIMITED)
}

/// What is stored of an agency's subscription, as far as the tier depends on it.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The tier that is paid for, as stored.
    pub tier: String,
    /// How it stands.
    pub status: SubscriptionStatus,
    /// The end of the period that is paid for.
    pub end: Option<DateTime<Utc>>,
    /// Whether the operator lets the agency use everything.
    pub is_freemium: bool,
    /// Until when; `None` is for good.
    pub freemium_expires_at: Option<DateTime<Utc>>,
}

impl From<&agency::Model> for Subscription {
    fn from(row: &agency::Model) -> Self {
        Self {
            tier: row.subscription_tier.as_str().to_owned(),
            status: row.subscription_status,
            end: row.subscription_end,
            is_freemium: row.is_freemium,
            freemium_expires_at: row.freemium_expires_at,
        }
    }
}

impl Subscription {
    /// Whether everything may be used without a charge.
    pub fn is_freemium(&self, now: DateTime<Utc>) -> bool {
        self.is_freemium && self.freemium_expires_at.is_none_or(|end| end > now)
    }

    /// Whether it was not renewed and the grace is over (DEC-09).
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.status != SubscriptionStatus::Active && self.end.is_some_and(|end| end + GRACE < now)
    }

    /// The tier that holds (spec §2.4). A tier that nobody knows is the free one.
    pub fn effective_tier(&self, now: DateTime<Utc>) -> Tier {
        if self.is_freemium(now) {
            Tier::Enterprise
        } else if self.has_lapsed(now) {
            Tier::Free
        } else {
            Tier::from_str(&self.tier).unwrap_or(Tier::Free)
        }
    }
}

/// What an agency may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    tier: Tier,
}

impl Plan {
    /// The plan of a tier.
    pub const fn of(tier: Tier) -> Self {
        Self { tier }
    }

    /// The tier that holds.
    pub const fn tier(self) -> Tier {
        self.tier
    }

    /// Whether it has a feature.
    pub const fn has(self, feature: Feature) -> bool {
        rank(self.tier) >= rank(feature.required_tier())
    }

    /// How many it allows; `None` is any number.
    pub const fn limit(self, limit: Limit) -> Option<i64> {
        limit.of(self.tier)
    }

    /// Insists on a feature.
    ///
    /// # Errors
    /// [`Error::FeatureNotInPlan`] naming it, and the cheapest tier that has it.
    pub fn require(self, feature: Feature) -> Result<()> {
        if self.has(feature) {
            Ok(())
        } else {
            Err(Error::FeatureNotInPlan { feature, tier: Some(self.tier) })
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::agency::Tier::{Enterprise, Free, Growth, Starter};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn paid(tier: &str, status: SubscriptionStatus, end: Option<&str>) -> Subscription {
        Subscription {
            tier: tier.to_owned(),
            status,
            end: end.map(at),
            is_freemium: false,
            freemium_expires_at: None,
        }
    }

    fn free_of_charge(until: Option<&str>) -> Subscription {
        Subscription {
            is_freemium: true,
            freemium_expires_at: until.map(at),
            ..paid("starter", SubscriptionStatus::Active, None)
        }
    }

    #[test]
    fn the_features_are_those_of_the_specification() {
        let has = |tier| {
            let plan = Plan::of(tier);
            Feature::ALL.iter().filter(|f| plan.has(**f)).map(|f| f.key()).collect::<Vec<_>>()
        };

        let free = ["basic_proposals", "ai_proposal_generation"];
        let starter = ["pdf_export", "email_delivery"];
        let growth = ["custom_branding", "analytics", "white_label", "api_access"];
        let enterprise = ["priority_support", "custom_domain", "sso"];
        assert_eq!(has(Free), free);
        assert_eq!(has(Starter), [&free[..], &starter].concat());
        assert_eq!(has(Growth), [&free[..], &starter, &growth].concat());
        assert_eq!(has(Enterprise), [&free[..], &starter, &growth, &enterprise].concat());
    }

    #[test]
    fn the_limits_are_those_of_the_specification() {
        let of = |tier| Limit::ALL.iter().map(|l| on_the_wire(l.of(tier))).collect::<Vec<_>>();

        assert_eq!(of(Free), [1, 10, 5, 3, 100]);
        assert_eq!(of(Starter), [3, 25, 25, 5, 1_024]);
        assert_eq!(of(Growth), [10, 100, 100, 20, 10_240]);
        assert_eq!(of(Enterprise), [UNLIMITED; 5]);
    }

    #[test]
    fn no_higher_tier_allows_less() {
        for pair in Tier::ALL.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]));
            assert_eq!(next(pair[0]), Some(pair[1]));
            for limit in Limit::ALL {
                let of = |tier| limit.of(tier).unwrap_or(i64::MAX);
                assert!(of(pair[0]) < of(pair[1]), "{limit:?}");
            }
        }
        assert_eq!(next(Enterprise), None);
    }

    #[test]
    fn the_cheapest_tier_that_allows_so_many_is_named() {
        assert_eq!(Limit::Members.required_tier(1), Some(Free));
        assert_eq!(Limit::Members.required_tier(2), Some(Starter));
        assert_eq!(Limit::Members.required_tier(11), Some(Enterprise));
    }

    #[test]
    fn freemium_is_everything_until_it_ends() {
        let now = at("2026-11-21T00:00:00Z");

        assert_eq!(free_of_charge(None).effective_tier(now), Enterprise);
        assert_eq!(free_of_charge(Some("2026-11-21T00:00:01Z")).effective_tier(now), Enterprise);
        // It ends with the instant, and then what is paid for holds (DEC-32).
        assert_eq!(free_of_charge(Some("2026-11-21T00:00:00Z")).effective_tier(now), Starter);
    }

    #[test]
    fn what_is_not_renewed_lapses_two_days_later() {
        let end = Some("2026-11-19T00:00:00Z");
        let (on_the_day, after) = (at("2026-11-21T00:00:00Z"), at("2026-11-21T00:00:00.000001Z"));

        for status in SubscriptionStatus::ALL {
            let subscription = paid("growth", *status, end);
            let renewed = *status == SubscriptionStatus::Active;
            assert_eq!(subscription.effective_tier(on_the_day), Growth);
            assert_eq!(subscription.effective_tier(after), if renewed { Growth } else { Free });
            assert_eq!(paid("growth", *status, None).effective_tier(after), Growth);
        }
    }

    #[test]
    fn an_unknown_tier_is_the_free_one() {
        let now = at("2026-11-21T00:00:00Z");

        for tier in ["", "platinum", "Growth"] {
            let subscription = paid(tier, SubscriptionStatus::Active, None);
            assert_eq!(subscription.effective_tier(now), Free);
        }
    }
}
