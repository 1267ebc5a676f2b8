//! Typed identifiers.
//!
//! Inside, every id is a UUIDv7 (RFC 9562). On the wire it is a TypeID: a prefix that names the
//! resource, an underscore, and the 128 bits as 26 characters of lower-case Crockford base32.
//! One newtype per resource, so that a client id can never be passed where an invoice id is
//! meant, neither in code nor in a request.

use uuid::Uuid;

/// Lower-case Crockford base32: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Length of the encoded 128 bits.
const ENCODED_LEN: usize = 26;

/// Why a text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// It starts with the prefix of another resource, or with none.
    #[error("expected an id that starts with `{0}_`")]
    Prefix(&'static str),
    /// What follows the prefix is not 26 characters of lower-case Crockford base32 within 128 bits.
    #[error("expected 26 characters of lower-case base32 after `{0}_`")]
    Encoding(&'static str),
}

/// Encodes 128 bits as 26 characters, most significant first (TypeID, section "UUID encoding").
fn encode(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..ENCODED_LEN)
        .rev()
        .map(|position| {
            let digit = usize::try_from((bits >> (position * 5)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(digit).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// Decodes what [`encode`] wrote; `None` for anything else, overflow included.
fn decode(text: &str) -> Option<Uuid> {
    if text.len() != ENCODED_LEN || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    let mut bits: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|candidate| *candidate == byte)?;
        bits = (bits << 5) | u128::try_from(digit).ok()?;
    }
    Some(Uuid::from_u128(bits))
}

/// Writes an id with its prefix.
fn format_id(prefix: &str, id: Uuid) -> String {
    format!("{prefix}_{}", encode(id))
}

/// Reads an id with the given prefix.
fn parse_id(prefix: &'static str, text: &str) -> Result<Uuid, ParseIdError> {
    let rest = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(ParseIdError::Prefix(prefix))?;
    decode(rest).ok_or(ParseIdError::Encoding(prefix))
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType,
        )]
        pub struct $name(pub Uuid);

        impl $name {
            /// What every id of this kind starts with on the wire, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The bare UUID.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&format_id($prefix, self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_id($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        // Ids are never drawn by the database, so there is no integer to make one from.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([concat!($prefix, "_01jd3k9v5xe8rt2m4n6p8q0s2v")])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

typed_ids! {
    /// An agency, the tenant.
    AgencyId = "agc";
    /// A person who signs in.
    UserId = "usr";
    /// A sign-in of a person on one device: a family of refresh tokens.
    SessionId = "ses";
    /// A person's place in an agency.
    MembershipId = "mem";
    /// An agency's profile (business details).
    ProfileId = "prf";
    /// An agency's customer.
    ClientId = "cli";
    /// A package of the price list.
    PackageId = "pkg";
    /// An optional extra of the price list.
    AddonId = "add";
    /// A sales document of any kind, inside the store; on the wire the kind's own id is used.
    DocumentId = "doc";
    /// A proposal.
    ProposalId = "prop";
    /// A contract.
    ContractId = "con";
    /// An invoice.
    InvoiceId = "inv";
    /// A priced line of a document.
    LineId = "lin";
    /// Money received for an invoice.
    PaymentId = "pay";
    /// A stored file.
    FileId = "fil";
    /// An e-mail in the log.
    EmailId = "eml";
    /// An entry of the activity log.
    ActivityId = "act";
    /// A published event.
    EventId = "evt";
    /// An account of an identity provider that a person signs in with.
    IdentityId = "idn";
    /// An issuer that an agency has named, inside the store.
    SsoConnectionId = "sso";
    /// A mail domain of an agency, inside the store.
    SsoDomainId = "ssd";
    /// An entry of the security log.
    SecurityEventId = "sec";
    /// A queued job.
    JobId = "job";
    /// What running work has reserved of a plan, inside the store.
    ReservationId = "rsv";
    /// An operator's invitation to try the product.
    BetaInviteId = "bti";
    /// Leave for an operator to act inside an agency.
    ImpersonationGrantId = "img";
    /// A key with which a program calls the API.
    ApiKeyId = "key";
}

macro_rules! document_ids {
    ($($name:ident),+) => {$(
        impl From<DocumentId> for $name {
            fn from(id: DocumentId) -> Self {
                Self(id.0)
            }
        }

        impl From<$name> for DocumentId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )+};
}

document_ids!(ProposalId, ContractId, InvoiceId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_survives_the_wire(bits: u128) {
            let id = ClientId(Uuid::from_u128(bits));

            prop_assert_eq!(id.to_string().parse::<ClientId>(), Ok(id));
        }

        #[test]
        fn text_order_is_id_order(a: u128, b: u128) {
            let (left, right) = (encode(Uuid::from_u128(a)), encode(Uuid::from_u128(b)));

            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = text.parse::<ClientId>();
        }
    }

    #[test]
    fn the_published_example_of_the_format_is_reproduced() {
        // TypeID specification, valid.json: "valid-uuidv7".
        let id = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();

        assert_eq!(encode(id), "01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn another_prefix_is_refused() {
        let client = ClientId(Uuid::nil()).to_string();

        assert_eq!(client.parse::<InvoiceId>(), Err(ParseIdError::Prefix("inv")));
    }

    #[test]
    fn more_than_128_bits_are_refused() {
        let text = format!("cli_8{}", "0".repeat(25));

        assert_eq!(text.parse::<ClientId>(), Err(ParseIdError::Encoding("cli")));
    }
}
