//! The classes with their budgets (spec §14.3).

use std::collections::BTreeMap;

use entity::agency::Tier;

use crate::config::Quota;

/// Whom a budget is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// The client's address; all addresses of an IPv6 network of 64 bits are one.
    Address,
    /// The public token in the path.
    Token,
    /// The signed-in person.
    Person,
    /// The API key.
    ApiKey,
    /// The agency.
    Agency,
    /// The system that calls: the path it has been given.
    Provider,
    /// The e-mail address, number or person that is to be written to; counted by the operation
    /// itself, which alone knows it.
    Recipient,
}

impl LimitKey {
    /// As a part of a counter's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Token => "link",
            Self::Person => "person",
            Self::ApiKey => "key",
            Self::Agency => "agency",
            Self::Provider => "provider",
            Self::Recipient => "recipient",
        }
    }

    /// Whether a request always has it, or is refused before it does anything.
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Address | Self::Provider)
    }
}

/// A budget: so many requests in any so many seconds, for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For whom.
    pub key: LimitKey,
    /// How many.
    pub quota: Quota,
    /// How many on the tier Growth.
    pub growth: Quota,
    /// How many on the tier Enterprise.
    pub enterprise: Quota,
}

impl Budget {
    /// What an agency of a tier has; without a tier, the least.
    pub const fn quota_of(&self, tier: Option<Tier>) -> Quota {
        match tier {
            None | Some(Tier::Free | Tier::Starter) => self.quota,
            Some(Tier::Growth) => self.growth,
            Some(Tier::Enterprise) => self.enterprise,
        }
    }

    /// Whether it depends on the tier.
    pub fn is_by_tier(&self) -> bool {
        self.quota != self.enterprise
    }
}

const fn per(key: LimitKey, requests: &[u32], seconds: u32) -> Budget {
    let (least, growth, enterprise) = match requests {
        [all] => (*all, *all, *all),
        [least, growth, enterprise] => (*least, *growth, *enterprise),
        _ => panic!("one number for all tiers, or three"),
    };
    Budget {
        key,
        quota: Quota { requests: least, seconds },
        growth: Quota { requests: growth, seconds },
        enterprise: Quota { requests: enterprise, seconds },
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal
       [$($key:ident $($requests:literal)|+ / $seconds:literal),+];)+) => {
        /// A class of operations that draw on the same budgets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LimitClass { $($(#[$doc])* $variant,)+ }

        impl LimitClass {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As shown in headers and in the OpenAPI document.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The budgets; the first is the one that the class is about.
            pub const fn budgets(self) -> &'static [Budget] {
                match self {
                    $(Self::$variant => const {
                        &[$(per(LimitKey::$key, &[$($requests),+], $seconds)),+]
                    },)+
                }
            }
        }
    };
}

// Where a class is about a person, an agency or a link, its budget for each address is a coarse one:
// for what comes before anybody is known, and for links and tokens that are guessed.
classes! {
    /// Health checks. Counted in each process by itself: they must not wait for another system.
    Health = "health" [Address 600/60];
    /// Reference pages, static files.
    Operations = "operations" [Address 600/60];
    /// Reading through a public link.
    PublicRead = "public_read" [Address 60/60];
    /// Answering through a public link.
    PublicWrite = "public_write" [Token 10/60, Address 30/60];
    /// PDF through a public link.
    PublicPdf = "public_pdf" [Token 6/60, Address 60/60];
    /// Asking for a sign-in link.
    MagicLink = "magic_link" [Recipient 5/3600, Address 20/3600];
    /// Other steps of signing in.
    SignIn = "sign_in" [Address 30/60];
    /// Signing in at another provider: the way there and the way back.
    OAuth = "oauth" [Address 30/60];
    /// Sending a code to a telephone.
    SmsSend = "sms_send" [Recipient 3/600, Address 30/600];
    /// Trying a code that was sent to a telephone.
    SmsCheck = "sms_check" [Recipient 5/600, Address 50/600];
    /// The API for signed-in people.
    Authenticated = "authenticated" [Person 300/60, Address 1200/60];
    /// Everything that is done with one API key.
    ApiKey = "api_key" [ApiKey 120/60, Address 1200/60];
    /// The API for operators.
    Admin = "admin" [Person 120/60, Address 480/60];
    /// PDF for signed-in people.
    Pdf = "pdf" [Agency 30/60, Address 120/60];
    /// Sending mail to clients; by the agency's tier.
    EmailSending = "email_sending" [Agency 100|500|2000 / 3600, Address 4000/3600];
    /// Uploading files.
    Upload = "upload" [Person 60/3600, Address 240/3600];
    /// Taking an agency's data out.
    Export = "export" [Agency 2/86400, Address 20/86400];
    /// Notices from other systems.
    Webhooks = "webhooks" [Provider 600/60];
    /// Tokens and keys that are none, on any operation.
    Credentials = "credentials" [Address 30/60];
    /// Addresses and methods that lead to no operation.
    Unmatched = "unmatched" [Address 60/60];
}

impl LimitClass {
    /// Whether replicas count together.
    pub const fn is_shared(self) -> bool {
        !matches!(self, Self::Health)
    }
}

/// The budgets as the configuration has them.
pub(super) struct Budgets(Vec<(LimitClass, Vec<Budget>)>);

impl Budgets {
    /// The defaults, with the first budget of some classes (by name) replaced. Their other budgets
    /// keep their proportion to it.
    pub(super) fn new(changed: &BTreeMap<String, Quota>) -> Self {
        let of = |class: &LimitClass| {
            let defaults = class.budgets();
            let (Some(first), Some(new)) = (defaults.first(), changed.get(class.name())) else {
                return (*class, defaults.to_vec());
            };
            let scale = |quota| in_proportion(quota, first.quota, *new);
            let scaled = defaults.iter().map(|budget| Budget {
                key: budget.key,
                quota: scale(budget.quota),
                growth: scale(budget.growth),
                enterprise: scale(budget.enterprise),
            });
            (*class, scaled.collect())
        };
        Self(LimitClass::ALL.iter().map(of).collect())
    }

    /// The budgets of a class.
    pub(super) fn of(&self, class: LimitClass) -> &[Budget] {
        let found = self.0.iter().find(|(known, _)| *known == class);
        found.map_or(&[], |(_, budgets)| budgets)
    }
}

/// `quota` changed as `old` was changed into `new`; at least one request in one second.
fn in_proportion(quota: Quota, old: Quota, new: Quota) -> Quota {
    let scale = |number: u32, old: u32, new: u32| {
        let scaled = u64::from(number) * u64::from(new) / u64::from(old.max(1));
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    };
    Quota {
        requests: scale(quota.requests, old.requests, new.requests),
        seconds: scale(quota.seconds, old.seconds, new.seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_budget_whose_key_is_always_there() {
        for class in LimitClass::ALL {
            let certain = class.budgets().iter().any(|budget| budget.key.is_certain());
            assert!(certain, "{}", class.name());
        }
    }

    #[test]
    fn a_changed_class_keeps_its_proportions() {
        let new = Quota { requests: 20, seconds: 30 };
        let changed = BTreeMap::from([("public_write".to_owned(), new)]);

        let budgets = Budgets::new(&changed);

        let quotas: Vec<Quota> =
            budgets.of(LimitClass::PublicWrite).iter().map(|budget| budget.quota).collect();
        assert_eq!(quotas, [new, Quota { requests: 60, seconds: 30 }]);
        assert_eq!(budgets.of(LimitClass::Pdf), LimitClass::Pdf.budgets());
    }

    #[test]
    fn mail_is_limited_by_tier() {
        let budget = LimitClass::EmailSending.budgets().first().unwrap();
        let of = |tier| budget.quota_of(Some(tier)).requests;

        assert_eq!(
            [Tier::Free, Tier::Starter, Tier::Growth, Tier::Enterprise].map(of),
            [100, 100, 500, 2000]
        );
        assert_eq!(budget.quota_of(None).requests, 100);
    }
}
