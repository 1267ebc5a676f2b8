//! Whether statements get the condition on their agency.

use sea_orm::sea_query::SimpleExpr;

/// The second wall can be taken away to see that the one behind it stands: in tests alone, since
/// an optimised build knows but one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// Every statement is restricted to its agency.
    On,
    /// None is; see [`super::Store::without_agency_filter`].
    #[cfg(debug_assertions)]
    Off,
}

impl Filter {
    /// The condition to add.
    pub(super) fn apply(self, of_the_agency: SimpleExpr) -> SimpleExpr {
        match self {
            Self::On => of_the_agency,
            #[cfg(debug_assertions)]
            Self::Off => sea_orm::sea_query::Expr::cust("1 = 1"),
        }
    }
}
