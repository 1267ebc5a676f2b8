//! Searching lists across agencies.

use sea_orm::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef, LikeExpr, SimpleExpr};

/// A text as the middle of a pattern.
fn pattern(text: &str) -> String {
    let text = text.trim().to_lowercase();
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Rows in one of whose columns a text occurs, whatever the case.
pub(super) fn mentions<C: IntoColumnRef>(
    columns: impl IntoIterator<Item = C>,
    text: &str,
) -> Condition {
    let wanted = format!("%{}%", pattern(text));
    columns.into_iter().fold(Condition::any(), |any, column| {
        let lower = SimpleExpr::from(Func::lower(Expr::col(column)));
        any.add(lower.like(LikeExpr::new(wanted.clone()).escape('\\')))
    })
}

/// Rows whose column begins with a text.
pub(super) fn begins<C: IntoColumnRef>(column: C, text: &str) -> SimpleExpr {
    let wanted = format!("{}%", pattern(text));
    Expr::col(column).like(LikeExpr::new(wanted).escape('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_as_it_is() {
        assert_eq!(pattern(" 50%_Off\\ "), "50\\%\\_off\\\\");
    }
}
