//! Calendar days in a time zone.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which a day ends (the next one begins) in a time zone. Where clocks jump over
/// midnight, the first instant after the gap; where midnight happens twice, the first.
pub fn end_of_day(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let mut local = next.and_time(NaiveTime::MIN);
    for _ in 0..48 {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
                return instant.with_timezone(&Utc);
            }
            LocalResult::None => local += TimeDelta::minutes(30),
        }
    }
    next.and_time(NaiveTime::MIN).and_utc()
}

/// A day for people: `1 February 2025`.
pub fn long_date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// An instant for people, in a time zone: `1 Feb 2025, 3:05 pm AEDT`.
pub fn date_time(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%-d %b %Y, %-I:%M %P %Z").to_string()
}

/// A time zone by its IANA name; UTC for one that is not known (names are checked when stored).
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_at_local_midnight() {
        let end = end_of_day(day("2026-11-21"), Tz::Australia__Sydney);

        assert_eq!(end.to_rfc3339(), "2026-11-21T13:00:00+00:00");
    }

    #[test]
    fn a_midnight_that_does_not_exist_is_stepped_over() {
        // In Beirut the clock went from 24:00 straight to 01:00.
        let end = end_of_day(day("2022-03-26"), Tz::Asia__Beirut);

        assert_eq!(end.to_rfc3339(), "2022-03-26T22:00:00+00:00");
    }

    #[test]
    fn dates_read_as_in_the_agency_s_country() {
        assert_eq!(long_date(day("2025-02-01")), "1 February 2025");
    }
}
