//! The time over which something is counted.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::calendar::end_of_day;
use crate::tenancy::TenantContext;
use crate::tenancy::plan::{Limit, Window};

/// The time over which something is counted: a month of the agency's calendar (DEC-01), or all of
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A month, by its first day.
    Month(NaiveDate),
    /// From the beginning.
    Total,
}

impl Period {
    /// The one that a limit is counted in now.
    pub fn current(context: &TenantContext, limit: Limit) -> Self {
        match limit.window() {
            Window::Total => Self::Total,
            Window::Month => Self::month_of(context.now(), context.agency().timezone),
        }
    }

    /// The month that it is in a time zone.
    pub fn month_of(now: DateTime<Utc>, zone: Tz) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        Self::Month(today.with_day(1).unwrap_or(today))
    }

    /// The first instant of the next one; `None` when there is none.
    pub fn end(self, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Self::Month(first) => {
                let next = first.checked_add_months(Months::new(1))?;
                Some(end_of_day(next.checked_sub_days(Days::new(1))?, zone))
            }
            Self::Total => None,
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(first) => write!(f, "{}", first.format("%Y-%m")),
            Self::Total => f.write_str("total"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_month_is_the_one_where_the_agency_is() {
        // One instant, either side of midnight.
        let now = at("2026-11-30T13:30:00Z");

        let sydney = Period::month_of(now, Tz::Australia__Sydney);
        let utc = Period::month_of(now, Tz::UTC);

        assert_eq!((sydney.to_string(), utc.to_string()), ("2026-12".into(), "2026-11".into()));
        assert_eq!(sydney.end(Tz::Australia__Sydney), Some(at("2026-12-31T13:00:00Z")));
        assert_eq!(utc.end(Tz::UTC), Some(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn a_month_ends_when_the_next_begins_across_a_change_of_clocks() {
        // Daylight saving begins in Sydney on 4 October 2026.
        let month = Period::month_of(at("2026-10-01T00:00:00Z"), Tz::Australia__Sydney);

        assert_eq!(month.to_string(), "2026-10");
        assert_eq!(month.end(Tz::Australia__Sydney), Some(at("2026-10-31T13:00:00Z")));
        let before = Period::month_of(at("2026-09-30T13:59:59Z"), Tz::Australia__Sydney);
        assert_eq!(before.end(Tz::Australia__Sydney), Some(at("2026-09-30T14:00:00Z")));
    }

    #[test]
    fn the_total_has_no_end() {
        assert_eq!(Period::Total.end(Tz::UTC), None);
        assert_eq!(Period::Total.to_string(), "total");
    }
}
