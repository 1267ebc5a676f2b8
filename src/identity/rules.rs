//! Rules for the members of request bodies, for garde.

use kernel::text::check_email;

/// Longest web address.
const ADDRESS_MAX: usize = 2048;

/// One line of `min` to `max` characters, not counting blanks around it.
pub(crate) fn line(min: usize, max: usize) -> impl Fn(&str, &()) -> garde::Result {
    move |text, _| {
        let length = text.trim().chars().count();
        if !(min..=max).contains(&length) {
            return Err(garde::Error::new(match min {
                0 => format!("must have at most {max} characters"),
                _ => format!("must have {min} to {max} characters"),
            }));
        }
        if text.chars().any(char::is_control) {
            return Err(garde::Error::new("must be one line without control characters"));
        }
        Ok(())
    }
}

/// Text of several lines, at most `max` characters.
pub(crate) fn text(max: usize) -> impl Fn(&str, &()) -> garde::Result {
    move |text, _| {
        if text.chars().count() > max {
            return Err(garde::Error::new(format!("must have at most {max} characters")));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(garde::Error::new("must not contain control characters"));
        }
        Ok(())
    }
}

/// An e-mail address, or nothing.
pub(crate) fn email_or_empty(text: &str, context: &()) -> garde::Result {
    if text.trim().is_empty() { Ok(()) } else { check_email(text, context) }
}

/// A web address, or nothing.
pub(crate) fn address_or_empty(text: &str, _: &()) -> garde::Result {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let valid = text.is_empty()
        || (text.len() <= ADDRESS_MAX
            && rest
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c)));
    if valid {
        Ok(())
    } else {
        Err(garde::Error::new(
            "is not a web address; it must start with https:// and have at most 2048 characters",
        ))
    }
}

/// The name of a time zone in the IANA database.
pub(crate) fn timezone(text: &str, _: &()) -> garde::Result {
    match text.parse::<chrono_tz::Tz>() {
        Ok(_) => Ok(()),
        Err(_) => Err(garde::Error::new("is not a time zone like Australia/Sydney")),
    }
}

/// An Australian bank branch: six digits, with or without a hyphen in the middle; or nothing.
pub(crate) fn bsb_or_empty(text: &str, _: &()) -> garde::Result {
    let digits = match text.split_once('-') {
        Some((bank, branch)) if bank.len() == 3 && branch.len() == 3 => format!("{bank}{branch}"),
        Some(_) => String::new(),
        None => text.to_owned(),
    };
    let valid = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || valid {
        Ok(())
    } else {
        Err(garde::Error::new("must be six digits, like 062-000"))
    }
}

/// A bank account number: up to 30 letters, digits, blanks and hyphens; or nothing.
pub(crate) fn account_or_empty(text: &str, _: &()) -> garde::Result {
    let valid = text.len() <= 30
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ' || b == b'-');
    if valid { Ok(()) } else { Err(garde::Error::new("must have at most 30 letters and digits")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_measured_without_the_blanks_around_it() {
        assert!(line(2, 4)("  ab  ", &()).is_ok());
        assert!(line(2, 4)(" a ", &()).is_err());
        assert!(line(2, 4)("abcde", &()).is_err());
        assert!(line(0, 4)("", &()).is_ok());
        assert!(line(0, 9)("a\r\nb", &()).is_err());
    }

    #[test]
    fn web_addresses_name_a_host() {
        for good in ["", "https://acme.test", "http://acme.test/about?x=1"] {
            assert!(address_or_empty(good, &()).is_ok(), "{good}");
        }
        for bad in ["acme.test", "javascript:alert(1)", "https://", "https:// x", "https://a\"b"] {
            assert!(address_or_empty(bad, &()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_branch_has_six_digits() {
        for good in ["", "062000", "062-000"] {
            assert!(bsb_or_empty(good, &()).is_ok(), "{good}");
        }
        for bad in ["06200", "06-2000", "06200a", "062-0000", "-062000"] {
            assert!(bsb_or_empty(bad, &()).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_database() {
        assert!(timezone("Europe/Vienna", &()).is_ok());
        assert!(timezone("Mars/Olympus", &()).is_err());
    }
}
