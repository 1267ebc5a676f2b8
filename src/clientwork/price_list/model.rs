//! What is sent and answered for entries of any kind.

use garde::Validate;
use kernel::text::is_slug;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name of an entry, in characters.
pub(crate) const NAME_MAX: usize = 100;
/// Shortest name of an entry.
pub(crate) const NAME_MIN: usize = 2;
/// Longest description of an entry.
pub(crate) const DESCRIPTION_MAX: usize = 10_000;
/// Longest slug.
pub(crate) const SLUG_MAX: usize = 50;
/// Last place in a list.
pub(crate) const PLACE_MAX: i32 = 1_000_000;
/// Most entries that are ordered at once.
const PLACES_MAX: usize = 500;

/// A word that stands where a slug could in the paths, and therefore is none.
pub(crate) const RESERVED_SLUG: &str = "order";

/// A rule for garde: a name that is long enough without the blanks around it.
///
/// # Errors
/// A message for people.
pub(crate) fn check_name(text: &str, _: &()) -> garde::Result {
    match text.trim().chars().count() {
        NAME_MIN..=NAME_MAX => Ok(()),
        _ => Err(garde::Error::new("must be 2 to 100 characters long")),
    }
}

/// A rule for garde: a slug of an entry.
///
/// # Errors
/// A message for people.
pub(crate) fn check_slug(text: &str, _: &()) -> garde::Result {
    if !is_slug(text, 2, SLUG_MAX) {
        return Err(garde::Error::new(
            "must be 2 to 50 lower-case letters, digits and hyphens, and begin and end with none of the latter",
        ));
    }
    if text == RESERVED_SLUG {
        return Err(garde::Error::new("is reserved; choose another"));
    }
    Ok(())
}

/// The places of some entries; the others stay where they are.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
pub struct Order<Id> {
    /// Each entry once, at most 500.
    #[garde(length(min = 1, max = PLACES_MAX), dive)]
    pub entries: Vec<Place<Id>>,
}

/// The place of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema, Validate)]
pub struct Place<Id> {
    /// Which entry.
    #[garde(skip)]
    pub id: Id,
    /// Lists begin with the smallest; entries with the same are in order of their making.
    #[garde(range(min = 0, max = PLACE_MAX))]
    #[schema(example = 1)]
    pub display_order: i32,
}
