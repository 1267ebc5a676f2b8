//! The slugs of agencies (spec §1.6).

use kernel::text::{is_slug, slugify};
use serde::Serialize;
use utoipa::ToSchema;

/// Shortest slug.
const MIN: usize = 3;

/// Longest slug.
const MAX: usize = 50;

/// Longest slug made of a name, so that a suffix fits.
const DERIVED_MAX: usize = 46;

/// Last number that is tried as a suffix.
const LAST_SUFFIX: u32 = 100;

/// Slugs that would be mistaken for a part of the product.
const RESERVED: &[&str] = &[
    "admin",
    "dashboard",
    "settings",
    "agencies",
    "api",
    "auth",
    "super-admin",
    "consultation",
    "login",
    "logout",
    "signup",
    "register",
    "profile",
    "account",
    "forms",
    "invite",
    "public",
    "webhooks",
    "health",
    "ready",
    "metrics",
    "static",
    "assets",
    "sse",
    "app",
    "www",
    "slug-available",
];

/// Why a slug cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlugProblem {
    /// It is not 3–50 lower-case letters, digits and hyphens, or begins or ends with a hyphen.
    Format,
    /// It would be mistaken for a part of the product.
    Reserved,
    /// Another agency has it.
    Taken,
}

impl SlugProblem {
    /// What is wrong and what to do.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Format => {
                "must be 3 to 50 lower-case letters, digits and hyphens, with none at either end"
            }
            Self::Reserved => "is reserved; choose another",
            Self::Taken => "is taken by another agency; choose another",
        }
    }
}

/// What is wrong with a slug, apart from being taken.
pub fn problem(slug: &str) -> Option<SlugProblem> {
    if !is_slug(slug, MIN, MAX) {
        Some(SlugProblem::Format)
    } else if RESERVED.contains(&slug) {
        Some(SlugProblem::Reserved)
    } else {
        None
    }
}

/// The slug of a name, before it is made unique.
pub(super) fn base(name: &str) -> String {
    let slug = slugify(name, DERIVED_MAX, "agency");
    if slug.len() < MIN { format!("{slug}-agency") } else { slug }
}

/// The slugs to try for a base, in order: itself, then with the suffixes 2 to 100.
pub(super) fn candidates(base: &str) -> impl Iterator<Item = String> {
    let suffixed = (2..=LAST_SUFFIX).map(move |number| format!("{base}-{number}"));
    std::iter::once(base.to_owned()).chain(suffixed).filter(|slug| problem(slug).is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_has_a_hundred_good_slugs(name in ".{2,100}") {
            let found: Vec<String> = candidates(&base(&name)).collect();

            prop_assert!(found.len() >= 99);
            prop_assert!(found.iter().all(|slug| problem(slug).is_none()));
        }
    }

    #[test]
    fn a_reserved_name_gets_a_suffix() {
        assert_eq!(candidates(&base("Admin")).next().as_deref(), Some("admin-2"));
    }

    #[test]
    fn a_short_name_is_made_longer() {
        assert_eq!(base("PQ"), "pq-agency");
        assert_eq!(base("日本"), "agency");
    }

    #[test]
    fn slugs_are_checked() {
        assert_eq!(problem("riverbend-2"), None);
        assert_eq!(problem("ab"), Some(SlugProblem::Format));
        assert_eq!(problem("Riverbend"), Some(SlugProblem::Format));
        assert_eq!(problem("-riverbend"), Some(SlugProblem::Format));
        assert_eq!(problem(&"a".repeat(51)), Some(SlugProblem::Format));
        assert_eq!(problem("www"), Some(SlugProblem::Reserved));
    }
}
