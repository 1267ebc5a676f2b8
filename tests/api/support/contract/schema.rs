//! The part of JSON Schema (draft 2020-12) that the document uses, and stricter in one thing: a
//! member that no schema names is wrong, unless the schema is open on purpose. A keyword that is
//! not known here fails, so that nothing is passed over unseen.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};

use super::Contract;

/// Keywords that say nothing about whether a value fits.
const REMARKS: &[&str] = &[
    "title",
    "description",
    "example",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentMediaType",
    "contentEncoding",
    "discriminator",
];

/// Why a value does not fit.
pub(super) fn violations(contract: &Contract, schema: &Value, value: &Value) -> Vec<String> {
    let mut check = Check { contract, found: Vec::new() };
    check.value(schema, value, "", true);
    check.found
}

struct Check<'c> {
    contract: &'c Contract,
    found: Vec<String>,
}

impl Check<'_> {
    fn say(&mut self, place: &str, text: impl std::fmt::Display) {
        let place = if place.is_empty() { "/" } else { place };
        self.found.push(format!("{place}: {text}"));
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        violations(self.contract, schema, value).is_empty()
    }

    /// `whole`: no other schema speaks about the same object, so that unnamed members are wrong.
    fn value(&mut self, schema: &Value, value: &Value, place: &str, whole: bool) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.say(place, "nothing may be here"),
            Value::Object(keywords) => keywords,
            _ => return self.say(place, "the schema is not one"),
        };
        for (keyword, rule) in keywords {
            self.keyword(keywords, keyword, rule, value, place, whole);
        }
        // What is only a reference has been looked through over there.
        let whole = whole && !(keywords.len() == 1 && keywords.contains_key("$ref"));
        let known = if whole { self.members(schema) } else { None };
        if let (Some(known), Value::Object(members)) = (known, value) {
            for name in members.keys().filter(|name| !known.contains(*name)) {
                self.say(place, format!("the member `{name}` is not documented"));
            }
        }
    }

    fn keyword(
        &mut self,
        keywords: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        place: &str,
        whole: bool,
    ) {
        let contract = self.contract;
        match keyword {
            "$ref" => {
                let schema = contract.document().pointer(
                    rule.as_str().and_then(|text| text.strip_prefix('#')).unwrap_or_default(),
                );
                match schema {
                    Some(schema) => self.value(schema, value, place, whole && keywords.len() == 1),
                    None => self.say(place, format!("the document has no {rule}")),
                }
            }
            "type" => self.of_type(rule, value, place),
            "enum" => {
                if !list(rule).contains(value) {
                    self.say(place, format!("{value} is not one of {rule}"));
                }
            }
            "const" => {
                if rule != value {
                    self.say(place, format!("{value} is not {rule}"));
                }
            }
            "allOf" => {
                for part in list(rule) {
                    self.value(part, value, place, false);
                }
            }
            "anyOf" | "oneOf" => {
                let fitting = list(rule).iter().filter(|part| self.fits(part, value)).count();
                if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                    self.say(place, format!("{value} fits {fitting} of the {keyword}"));
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        self.value(schema, member, &format!("{place}/{name}"), true);
                    }
                }
            }
            "required" => {
                if value.is_object() {
                    for name in list(rule).iter().filter_map(Value::as_str) {
                        if value.get(name).is_none() {
                            self.say(place, format!("`{name}` is missing"));
                        }
                    }
                }
            }
            "additionalProperties" => self.further(keywords, rule, value, place),
            "propertyNames" => {}
            "items" => {
                for (position, item) in list(value).iter().enumerate() {
                    self.value(rule, item, &format!("{place}/{position}"), true);
                }
            }
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minimum" | "maximum"
            | "exclusiveMinimum" | "exclusiveMaximum" => self.bound(keyword, rule, value, place),
            "uniqueItems" => {
                let items = list(value);
                if items.iter().enumerate().any(|(n, item)| items[..n].contains(item)) {
                    self.say(place, "an entry stands there twice");
                }
            }
            "pattern" => {
                let pattern = rule.as_str().and_then(|text| regex::Regex::new(text).ok());
                match (pattern, value.as_str()) {
                    (None, _) => self.say(place, format!("{rule} is no pattern")),
                    (Some(pattern), Some(text)) if !pattern.is_match(text) => {
                        self.say(place, format!("{value} does not match {rule}"));
                    }
                    _ => {}
                }
            }
            "format" => self.format(rule.as_str().unwrap_or_default(), value, place),
            _ if REMARKS.contains(&keyword) || keyword.starts_with("x-") => {}
            _ => self.say(place, format!("the keyword `{keyword}` is not known to this check")),
        }
    }

    fn of_type(&mut self, rule: &Value, value: &Value, place: &str) {
        let fits = |name: &Value| match name.as_str().unwrap_or_default() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        let fitting = match rule {
            Value::Array(names) => names.iter().any(fits),
            name => fits(name),
        };
        if !fitting {
            self.say(place, format!("{value} is not of type {rule}"));
        }
    }

    fn further(&mut self, keywords: &Map<String, Value>, rule: &Value, value: &Value, place: &str) {
        let named = keywords.get("properties").and_then(Value::as_object);
        for (name, member) in value.as_object().into_iter().flatten() {
            if !named.is_some_and(|named| named.contains_key(name)) {
                self.value(rule, member, &format!("{place}/{name}"), true);
            }
        }
    }

    fn bound(&mut self, keyword: &str, rule: &Value, value: &Value, place: &str) {
        let size = match (keyword, value) {
            ("minItems" | "maxItems", Value::Array(items)) => Some(items.len() as f64),
            ("minLength" | "maxLength", Value::String(text)) => Some(text.chars().count() as f64),
            (_, Value::Number(number)) => number.as_f64(),
            _ => None,
        };
        let (Some(size), Some(bound)) = (size, rule.as_f64()) else { return };
        let fits = match keyword {
            "exclusiveMinimum" => size > bound,
            "exclusiveMaximum" => size < bound,
            _ if keyword.starts_with("min") => size >= bound,
            _ => size <= bound,
        };
        if !fits {
            self.say(place, format!("{value} breaks {keyword} {rule}"));
        }
    }

    fn format(&mut self, format: &str, value: &Value, place: &str) {
        let fits = match (format, value) {
            ("date-time", Value::String(text)) => DateTime::parse_from_rfc3339(text).is_ok(),
            ("date", Value::String(text)) => text.parse::<NaiveDate>().is_ok(),
            ("uuid", Value::String(text)) => text.parse::<uuid::Uuid>().is_ok(),
            ("email", Value::String(text)) => text.contains('@'),
            ("uri", Value::String(text)) => text.contains("://"),
            ("int32", Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            _ => true,
        };
        if !fits {
            self.say(place, format!("{value} is not a {format}"));
        }
    }

    /// The members a schema names; `None` where it is open.
    fn members(&self, schema: &Value) -> Option<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let mut names_any = false;
        if schema.get("additionalProperties").is_some_and(|rule| rule != &Value::Bool(false)) {
            return None;
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            names.extend(properties.keys().cloned());
            names_any = true;
        }
        let resolved = self.contract.resolve(schema);
        if !std::ptr::eq(resolved, schema) {
            names.extend(self.members(resolved)?);
            names_any = true;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(keyword).map_or(&[][..], list) {
                if part["type"] != "null" {
                    names.extend(self.members(part)?);
                    names_any = true;
                }
            }
        }
        names_any.then_some(names)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::contract;
    use super::violations;

    #[test]
    fn a_problem_document_fits_its_schema_and_a_broken_one_does_not() {
        let schema = json!({"$ref": "#/components/schemas/FieldError"});
        let fits = json!({"pointer": "/a", "code": "required", "detail": "is missing"});
        let mut wrong = fits.clone();
        wrong["colour"] = json!("red");
        wrong["code"] = json!(1);

        assert_eq!(violations(contract(), &schema, &fits), Vec::<String>::new());
        assert_eq!(
            violations(contract(), &schema, &wrong),
            ["/code: 1 is not of type \"string\"", "/: the member `colour` is not documented"]
        );
    }

    #[test]
    fn each_kind_of_rule_is_checked() {
        let schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "pattern": "^cli_[a-z]{3}$"},
                "at": {"type": "string", "format": "date-time"},
                "kind": {"oneOf": [{"type": "null"}, {"type": "string", "enum": ["a", "b"]}]},
                "lines": {"type": "array", "maxItems": 1, "items": {"type": "integer", "minimum": 0}},
                "more": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
        });
        let fits = json!({"id": "cli_abc", "at": "2026-01-02T03:04:05Z", "kind": null,
            "lines": [1], "more": {"x": 1}});
        let wrong = json!({"at": "yesterday", "kind": "c", "lines": [-1, "x"], "more": {"x": "y"}});

        assert_eq!(violations(contract(), &schema, &fits), Vec::<String>::new());
        assert_eq!(violations(contract(), &schema, &wrong).len(), 7);
    }

    #[test]
    fn parts_of_one_object_may_each_name_some_of_its_members() {
        let schema = json!({"allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}},
            {"type": "object", "properties": {"b": {"type": "integer"}}},
        ]});

        assert!(violations(contract(), &schema, &json!({"a": 1, "b": 2})).is_empty());
        assert_eq!(violations(contract(), &schema, &json!({"a": 1, "c": 2})).len(), 1);
    }
}
