//! Small texts with a syntax: e-mail addresses, slugs, colours, random tokens.
//!
//! Parsed once at the edge; the rules are those of spec §0.2 and §1.6.

use crate::ports::clock::Rng;

/// Longest e-mail address.
pub const EMAIL_MAX: usize = 254;

/// Whether a text is an e-mail address (RFC 5321/5322 as browsers read it), at most 254 characters.
pub fn is_email(text: &str) -> bool {
    text.len() <= EMAIL_MAX
        && garde::rules::email::parse_email(text).is_ok()
        && text.rsplit_once('@').is_some_and(|(_, domain)| !domain.is_empty())
}

/// The form in which an address is stored and compared: trimmed, lower-case.
pub fn normalize_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A rule for garde: an e-mail address after trimming.
///
/// # Errors
/// A message for people.
pub fn check_email(text: &str, _: &()) -> garde::Result {
    if is_email(text.trim()) { Ok(()) } else { Err(garde::Error::new("is not an e-mail address")) }
}

/// A rule for garde: an e-mail address, when given.
///
/// # Errors
/// A message for people.
pub fn check_optional_email(text: &Option<String>, context: &()) -> garde::Result {
    text.as_deref().map_or(Ok(()), |text| check_email(text, context))
}

/// A rule for garde: `#rrggbb`.
///
/// # Errors
/// A message for people.
pub fn check_color(text: &str, _: &()) -> garde::Result {
    let valid = text
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if valid { Ok(()) } else { Err(garde::Error::new("is not a colour like #4F46E5")) }
}

/// A rule for garde: some text that is more than blanks.
///
/// # Errors
/// A message for people.
pub fn check_not_blank(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// A rule for garde: an ISO 4217 code of a currency with minor units of 1/100.
///
/// # Errors
/// A message for people.
pub fn check_currency(text: &str, _: &()) -> garde::Result {
    crate::money::Currency::parse(text)
        .map(|_| ())
        .ok_or_else(|| garde::Error::new("is not a currency this server knows, like AUD"))
}

/// Makes a slug of a name: lower-case ASCII letters and digits, other runs one hyphen, cut to
/// `max` characters; `fallback` when nothing is left.
pub fn slugify(name: &str, max: usize, fallback: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= max {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.len() < 2 { fallback.to_owned() } else { slug.to_owned() }
}

/// Whether a text is a slug of `min` to `max` characters.
pub fn is_slug(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Base62: digits and letters.
pub const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Base58: no letter that looks like another.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Characters of a public token: 22 of 58 are 128.8 bits.
const PUBLIC_TOKEN_LENGTH: usize = 22;

/// So many random characters of an alphabet, each as likely as the others.
///
/// Drawn character by character: bytes encoded as one number would now and then be shorter. An
/// empty alphabet, or one of more than 256 characters, gives the empty text.
pub fn random_text(rng: &dyn Rng, alphabet: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let Some(whole) = 256_usize.checked_div(alphabet.len()).filter(|times| *times > 0) else {
        return text;
    };
    // Only whole multiples of the alphabet, so that no character is likelier than another.
    let usable = whole * alphabet.len();
    while text.len() < length {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        let letters = bytes.iter().filter_map(|byte| {
            let number = usize::from(*byte);
            alphabet.get((number < usable).then_some(number % alphabet.len())?).copied()
        });
        text.extend(letters.take(length - text.len()).map(char::from));
    }
    text
}

/// 22 random base58 characters, at least 128 bits: the token of a public link.
pub fn public_token(rng: &dyn Rng) -> String {
    random_text(rng, BASE58, PUBLIC_TOKEN_LENGTH)
}

/// 256 random bits as unpadded base64url: a one-time or refresh token.
pub fn secret_token(rng: &dyn Rng) -> String {
    use base64::Engine;

    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 as lower-case hexadecimal.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    use sha2::Digest;

    hex::encode(sha2::Sha256::digest(bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        assert_eq!(
            slugify("  Riverbend & Sons, Plumbing!  ", 46, "agency"),
            "riverbend-sons-plumbing"
        );
        assert_eq!(slugify("日本", 46, "agency"), "agency");
        assert_eq!(slugify(&"a b ".repeat(40), 10, "x"), "a-b-a-b-a");
    }

    #[test]
    fn a_made_slug_is_a_slug() {
        assert!(is_slug(&slugify("-- Ünïcode – Café --", 46, "agency"), 2, 50));
        assert!(!is_slug("-a", 2, 50));
        assert!(!is_slug("A", 1, 50));
    }

    #[test]
    fn addresses_are_recognised() {
        for good in ["a@b.test", "first.last+tag@sub.example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b", "a b@c.test", "a@b@c"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn public_tokens_are_22_base58_characters_whatever_is_drawn() {
        for _ in 0..10_000 {
            let token = public_token(&crate::ports::clock::SystemRng);

            assert_eq!(token.len(), 22, "{token}");
            assert!(token.bytes().all(|letter| BASE58.contains(&letter)), "{token}");
        }
    }
}
