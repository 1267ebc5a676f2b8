//! Rules: what is wrong with a body, all of it, each with a pointer to its place.

use garde::Validate;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, FieldError, Result};

/// Why the character NUL is refused everywhere: Postgres stores no text that holds it.
pub(super) const NUL_REFUSED: &str = "text must not contain the character U+0000";

/// Whether JSON text writes the character NUL: as an escape, since JSON has no other form for it.
fn escapes_nul(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(position) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(position + 1..).unwrap_or_default();
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// Reads JSON and checks every rule.
pub(super) fn parse_json<T: DeserializeOwned + Validate<Context = ()>>(body: &[u8]) -> Result<T> {
    if escapes_nul(body) {
        return Err(Error::invalid("", "invalid", NUL_REFUSED));
    }
    let mut errors = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let parsed: Result<T, serde_json::Error> = serde_ignored::deserialize(tracked, |path| {
        let pointer = ignored_pointer(&path);
        errors.push(FieldError::new(pointer, "unknown_field", "is not a member of this request"));
    });
    let value = match parsed {
        Ok(value) => match json.end() {
            Ok(()) => Some(value),
            Err(_) => return Err(Error::BadRequest("there is more after the JSON value".into())),
        },
        Err(error) if error.is_data() => {
            // Reading stopped here: what follows may not even be JSON.
            serde_json::from_slice::<IgnoredAny>(body).map_err(|error| not_json(&error))?;
            errors.push(data_error(&error, &track.path()));
            None
        }
        Err(error) => return Err(not_json(&error)),
    };
    if let Some(Err(report)) = value.as_ref().map(Validate::validate) {
        errors.extend(field_errors(&report, "/"));
    }
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(Error::Validation(errors)),
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    let place = format!("line {}, column {}", error.line(), error.column());
    Error::BadRequest(format!("the body is not JSON: {place}").into())
}

/// A member of a wrong type, or a missing one.
fn data_error(error: &serde_json::Error, path: &serde_path_to_error::Path) -> FieldError {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default().to_owned();
    let mut pointer = pointer(path.iter().map(|segment| segment.to_string()));
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'))
    {
        pointer.push('/');
        pointer.push_str(name);
        return FieldError::new(pointer, "required", "is missing");
    }
    FieldError::new(pointer, "invalid", text)
}

/// A JSON pointer (RFC 6901) of path segments; list positions come as `[3]`.
fn pointer(segments: impl Iterator<Item = String>) -> String {
    segments
        .filter(|segment| segment != "?")
        .map(|segment| segment.trim_start_matches('[').trim_end_matches(']').to_owned())
        .map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1")))
        .collect()
}

fn ignored_pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", ignored_pointer(parent)),
        Path::Map { parent, key } => {
            format!("{}/{}", ignored_pointer(parent), key.replace('~', "~0").replace('/', "~1"))
        }
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => ignored_pointer(parent),
    }
}

/// Checks the rules of a value that did not come as JSON.
///
/// # Errors
/// [`Error::Validation`]: all broken rules at once.
pub fn check<T: Validate<Context = ()>>(value: &T) -> Result<()> {
    value.validate().map_err(|report| Error::Validation(field_errors(&report, "/")))
}

/// The broken rules of a report; `lead` is `/` for bodies and `?` for queries.
pub(super) fn field_errors(report: &garde::Report, lead: &str) -> Vec<FieldError> {
    report
        .iter()
        .map(|(path, error)| {
            let path = path.to_string().replace('[', ".").replace(']', "");
            let pointer = format!("{lead}{}", path.replace('.', "/"));
            FieldError::new(pointer.trim_end_matches('/'), "invalid", error.message())
        })
        .collect()
}

/// A member of a PATCH body: absent, null, or a value.
pub type Patch<T> = Option<Option<T>>;

/// Reads a member that may be null, so that absent and null differ.
///
/// # Errors
/// Those of the value.
pub fn patch<'de, T, D>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Reads a member that may be absent but not null.
///
/// # Errors
/// Those of the value; null is of a wrong type.
pub fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    struct Line {
        #[garde(length(chars, min = 1))]
        description: String,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Body {
        #[garde(length(chars, min = 2))]
        name: String,
        #[serde(default, deserialize_with = "not_null")]
        #[garde(range(min = 0))]
        amount: Option<i64>,
        #[serde(default, deserialize_with = "patch")]
        #[garde(skip)]
        phone: Patch<String>,
        #[serde(default)]
        #[garde(dive)]
        lines: Vec<Line>,
    }

    fn errors(body: &str) -> Vec<(String, String)> {
        match parse_json::<Body>(body.as_bytes()) {
            Err(Error::Validation(errors)) => {
                errors.into_iter().map(|e| (e.pointer, e.code)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_broken_rule_and_unknown_member_is_named() {
        let found =
            errors(r#"{"name":"x","amount":-1,"colour":1,"lines":[{"description":"","size":2}]}"#);

        let expected = [
            ("/colour", "unknown_field"),
            ("/lines/0/size", "unknown_field"),
            ("/name", "invalid"),
            ("/amount", "invalid"),
            ("/lines/0/description", "invalid"),
        ];
        for (pointer, code) in expected {
            assert!(
                found.contains(&(pointer.to_owned(), code.to_owned())),
                "{pointer} in {found:?}"
            );
        }
    }

    #[test]
    fn a_wrong_type_and_a_missing_member_are_pointed_at() {
        assert_eq!(errors(r#"{"name":3}"#), [("/name".to_owned(), "invalid".to_owned())]);
        assert_eq!(errors("{}"), [("/name".to_owned(), "required".to_owned())]);
        assert_eq!(
            errors(r#"{"name":"ab","amount":null}"#),
            [("/amount".to_owned(), "invalid".to_owned())]
        );
    }

    #[test]
    fn what_is_not_json_does_not_parse() {
        for body in ["", "{", "{}x", "{\"name\":}", "{\"name\":3,}", "\u{0}"] {
            assert!(
                matches!(parse_json::<Body>(body.as_bytes()), Err(Error::BadRequest(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn the_character_nul_is_refused_and_its_lookalike_is_not() {
        assert_eq!(errors(r#"{"name":"a\u0000b"}"#), [(String::new(), "invalid".to_owned())]);
        assert_eq!(errors(r#"{"name":"a\\\u0000b"}"#), [(String::new(), "invalid".to_owned())]);
        assert!(parse_json::<Body>(br#"{"name":"a\\u0000b"}"#).is_ok());
    }

    #[test]
    fn absent_null_and_value_differ() {
        let read = |body: &str| parse_json::<Body>(body.as_bytes()).unwrap().phone;

        assert_eq!(read(r#"{"name":"ab"}"#), None);
        assert_eq!(read(r#"{"name":"ab","phone":null}"#), Some(None));
        assert_eq!(read(r#"{"name":"ab","phone":"1"}"#), Some(Some("1".to_owned())));
    }
}
