//! Recovery codes: how they are made, written and hashed.

use entity::UserId;
use kernel::ports::clock::Rng;
use kernel::text::sha256_hex;

/// How many a person gets at once.
pub(super) const COUNT: usize = 10;

/// Letters and digits that nobody mistakes for others (Crockford's base32), five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of a code without its hyphens: 80 bits.
const LENGTH: usize = 16;

/// Makes one: four groups of four characters.
pub(super) fn make(rng: &dyn Rng) -> String {
    let mut bytes = [0; LENGTH];
    rng.fill(&mut bytes);
    let mut code = String::with_capacity(LENGTH + 3);
    for (position, byte) in bytes.iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32: no character is likelier than another.
        let letter = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
        code.push(char::from(letter));
    }
    code
}

/// What is stored of a code, however it is written: without hyphens, blanks and capitals, and with
/// the letters that are mistaken for digits read as those.
pub(super) fn hash(user_id: UserId, code: &str) -> String {
    let code: String = code
        .chars()
        .filter(|c| *c != '-' && !c.is_whitespace())
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    sha256_hex(format!("{user_id}\n{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_written() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let stored = hash(user, "01ab-cdef-ghjk-mnpq");

        for written in ["01abcdefghjkmnpq", " OLAB CDEF GHJK MNPQ ", "oiab-cdef-ghjk-mnpq"] {
            assert_eq!(hash(user, written), stored, "{written}");
        }
        assert_ne!(hash(UserId(uuid::Uuid::from_u128(2)), "01ab-cdef-ghjk-mnpq"), stored);
    }

    #[test]
    fn codes_are_groups_of_letters_and_never_the_same() {
        let make = || make(&kernel::ports::clock::SystemRng);
        let code = make();

        assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
        assert!(code.bytes().all(|b| b == b'-' || ALPHABET.contains(&b)), "{code}");
        assert_ne!(code, make());
    }
}
