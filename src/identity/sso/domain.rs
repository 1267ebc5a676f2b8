//! Mail domains, and how an agency proves that one is its own.

use entity::sso_domain;
use kernel::App;
use kernel::ports::dns::DnsError;
use subtle::ConstantTimeEq;

/// Stands before the domain in the name of the record. The underscore keeps it apart from host
/// names, which whoever merely rents out names below a domain gives away (RFC 8552).
const LABEL: &str = "_retainer-challenge";

/// Stands before the challenge in the record.
const PREFIX: &str = "retainer-domain-verification=";

/// Longest domain name (RFC 1035 §2.3.4).
const MAX: usize = 253;

/// Reads a domain as it stands after the `@` of an address: lower-case, at least two labels of
/// letters, digits and hyphens (RFC 1123 §2.1), other alphabets in their ASCII form (RFC 5890).
pub(super) fn parse(text: &str) -> Option<String> {
    let domain = text.trim().to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = domain.split('.').count();
    let is_name = domain.len() <= MAX && labels >= 2 && domain.split('.').all(is_label);
    // The last label of a name is never a number; that of an address of a machine is.
    let is_number = domain.rsplit('.').next().is_some_and(|last| last.parse::<u32>().is_ok());
    (is_name && !is_number).then_some(domain)
}

/// The domain of an address.
pub(super) fn of_email(email: &str) -> Option<&str> {
    email.rsplit_once('@').map(|(_, domain)| domain)
}

/// The name of the record that proves a domain.
pub(super) fn record_name(domain: &str) -> String {
    format!("{LABEL}.{domain}")
}

/// What the record says.
pub(super) fn record_value(challenge: &str) -> String {
    format!("{PREFIX}{challenge}")
}

/// Whether the domain's record says what it should. An outside call.
///
/// # Errors
/// [`DnsError`] when nobody could tell.
pub(super) async fn is_proven(app: &App, row: &sso_domain::Model) -> Result<bool, DnsError> {
    let expected = record_value(&row.challenge);
    let found = app.dns().texts(&record_name(&row.domain)).await?;
    Ok(found.iter().any(|text| text.trim().as_bytes().ct_eq(expected.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_lower_case_names_of_at_least_two_labels() {
        assert_eq!(parse(" Acme.Example "), Some("acme.example".to_owned()));
        assert_eq!(parse("xn--bcher-kva.example"), Some("xn--bcher-kva.example".to_owned()));
        for bad in [
            "",
            "acme",
            "acme.",
            ".acme",
            "a..b",
            "-a.example",
            "a-.example",
            "a_b.example",
            "10.0.0.1",
            "bücher.example",
            "a@b.example",
            "a.example/x",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&format!("{}.example", "a".repeat(64))), None);
    }

    #[test]
    fn a_domain_is_no_part_of_another() {
        assert_eq!(of_email("ada@sub.acme.example"), Some("sub.acme.example"));
        assert_eq!(of_email("\"a@acme.example\"@evil.example"), Some("evil.example"));
    }
}
