//! The content of a document, as it is issued: everything commercial, and nothing else.

use chrono::NaiveDate;
use entity::document::DocumentKind;
use kernel::error::{Context, Result};
use kernel::text::sha256_hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pricing::TaxRules;

/// One side of a document, as it was when it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartyContent {
    /// The business.
    pub name: String,
    /// The person; may be empty.
    pub contact_name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub phone: String,
    /// Lines kept; may be empty.
    pub address: String,
    /// ABN or the like; may be empty.
    pub business_number: String,
}

/// What is the same in all kinds, around what the kind adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued<B> {
    /// Which kind.
    pub kind: DocumentKind,
    /// The drawn number; absent in a draft.
    pub number: Option<String>,
    /// Grows with each new content that is sent.
    pub revision: i32,
    /// The day it was issued; absent in a draft.
    pub issued_on: Option<NaiveDate>,
    /// Its title.
    pub title: String,
    /// Who issues it.
    pub agency: PartyContent,
    /// For whom.
    pub client: PartyContent,
    /// ISO 4217.
    pub currency: String,
    /// Minor units, without tax, before discount.
    pub subtotal: i64,
    /// Minor units.
    pub discount: i64,
    /// Minor units.
    pub tax: i64,
    /// Minor units.
    pub total: i64,
    /// The tax rules that were applied.
    pub tax_rules: TaxRules,
    /// The last day it can be accepted or signed, or the day it is due.
    pub valid_until: Option<NaiveDate>,
    /// What the kind adds.
    pub body: B,
}

impl<B> Issued<B> {
    /// The content on the day it is issued.
    #[must_use]
    pub fn issued(
        self,
        number: String,
        revision: i32,
        today: NaiveDate,
        valid_until: NaiveDate,
    ) -> Self {
        Self {
            number: Some(number),
            revision,
            issued_on: Some(today),
            valid_until: Some(valid_until),
            ..self
        }
    }
}

impl<B: Serialize + DeserializeOwned> Issued<B> {
    /// The canonical form: JSON with sorted members, no white space, integers only. The same
    /// content gives the same bytes (after RFC 8785, which adds rules for fractions only).
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when the content has no JSON form.
    pub fn canonical(&self) -> Result<String> {
        let value = serde_json::to_value(self).context("the content of a document")?;
        let mut text = String::new();
        write_canonical(&value, &mut text)?;
        Ok(text)
    }

    /// Reads the canonical form back.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when it is not of this kind.
    pub fn parse(canonical: &str) -> Result<Self> {
        serde_json::from_str(canonical).context("the stored content of a document")
    }
}

/// SHA-256 of a canonical form, hexadecimal.
pub fn content_hash(canonical: &str) -> String {
    sha256_hex(canonical)
}

fn write_canonical(value: &serde_json::Value, text: &mut String) -> Result<()> {
    use serde_json::Value;
    let scalar = |value: &Value| serde_json::to_string(value).context("a canonical value");
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (position, (name, member)) in members.into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                text.push_str(&scalar(&Value::String(name.clone()))?);
                text.push(':');
                write_canonical(member, text)?;
            }
            text.push('}');
        }
        Value::Array(entries) => {
            text.push('[');
            for (position, entry) in entries.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write_canonical(entry, text)?;
            }
            text.push(']');
        }
        other => text.push_str(&scalar(other)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn canonical(value: &serde_json::Value) -> String {
        let mut text = String::new();
        write_canonical(value, &mut text).unwrap();
        text
    }

    #[test]
    fn members_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": 1, "a": null}], "a": "x\"y", "é": true});

        assert_eq!(canonical(&value), r#"{"a":"x\"y","b":[{"a":null,"z":1}],"é":true}"#);
    }

    #[test]
    fn the_hash_changes_with_any_byte() {
        let [a, b] = ["total", "totaL"].map(|name| content_hash(&canonical(&json!({name: 1}))));

        assert_ne!(a, b);
    }
}
