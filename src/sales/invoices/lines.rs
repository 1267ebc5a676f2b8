//! Lines of an invoice, and the days that follow from its terms.

use chrono::{Days, NaiveDate};
use entity::profile::PaymentTerms;
use entity::{DocumentId, document_line};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use sea_orm::ActiveValue::Set;

use super::model::NewLine;
use crate::pricing::LineAmount;

/// The rows of new lines, priced.
///
/// # Errors
/// [`Error::Validation`] when an amount does not fit.
pub fn rows(
    context: &TenantContext,
    document_id: DocumentId,
    lines: Vec<NewLine>,
) -> Result<Vec<document_line::ActiveModel>> {
    let priced = lines.into_iter().zip(0_i32..).map(|(line, position)| {
        let NewLine { description, quantity, unit_price, is_taxable, category } = line;
        Ok(document_line::ActiveModel {
            agency_id: Set(context.agency_id()),
            id: Set(context.new_id()),
            document_id: Set(document_id),
            position: Set(position),
            description: Set(description.trim().to_owned()),
            quantity_milli: Set(quantity.milli()),
            unit_price: Set(unit_price),
            amount: Set(quantity.times(unit_price)?),
            is_taxable: Set(is_taxable),
            category: Set(category.map(|category| category.as_str().to_owned())),
            package_id: Set(None),
            addon_id: Set(None),
        })
    });
    priced.collect()
}

/// What new lines add.
///
/// # Errors
/// [`Error::Validation`] when an amount does not fit.
pub fn amounts(lines: &[NewLine]) -> Result<Vec<LineAmount>> {
    let priced = lines.iter().map(|line| {
        let amount = line.quantity.times(line.unit_price)?;
        Ok(LineAmount { amount, is_taxable: line.is_taxable })
    });
    priced.collect()
}

/// What stored lines add.
pub fn stored_amounts(lines: &[document_line::Model]) -> Vec<LineAmount> {
    lines
        .iter()
        .map(|line| LineAmount { amount: line.amount, is_taxable: line.is_taxable })
        .collect()
}

/// The day an invoice is due (spec §6.7).
///
/// # Errors
/// [`Error::Validation`] when custom terms come without a day, or the day is before the issue.
pub fn due_date(
    issue_date: NaiveDate,
    terms: PaymentTerms,
    asked: Option<NaiveDate>,
) -> Result<NaiveDate> {
    let due = match (asked, terms.days()) {
        (Some(day), _) => day,
        (None, Some(days)) => {
            let days = Days::new(u64::try_from(days).unwrap_or(0));
            issue_date.checked_add_days(days).unwrap_or(issue_date)
        }
        (None, None) => {
            return Err(Error::invalid("/due_date", "required", "is required for custom terms"));
        }
    };
    if due < issue_date {
        return Err(Error::invalid("/due_date", "before_issue", "must not be before issue_date"));
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_due_day_follows_from_the_terms() {
        let issued = day("2026-11-21");

        assert_eq!(due_date(issued, PaymentTerms::Net14, None).unwrap(), day("2026-12-05"));
        assert_eq!(due_date(issued, PaymentTerms::DueOnReceipt, None).unwrap(), issued);
        assert!(due_date(issued, PaymentTerms::Custom, None).is_err());
        assert!(due_date(issued, PaymentTerms::Net7, Some(day("2026-11-20"))).is_err());
    }
}
