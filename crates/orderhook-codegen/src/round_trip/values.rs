//! Values of schemas, for tests: plain ones, of which every schema that is met often has some.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::{Document, pointer};

/// Members that may be absent are left out below this depth, so that recursive schemas end.
const DEPTH: usize = 4;

/// How much of a value is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// What must be there.
    Least,
    /// Everything, down to some depth.
    Full,
}

/// A value of the schema at `at`; `None` where none is found, as for a pattern without an example.
pub(super) fn value(document: &Document, at: &str, size: Size) -> Option<Value> {
    Maker { document, size }.value(at, 0)
}

struct Maker<'a> {
    document: &'a Document,
    size: Size,
}

impl Maker<'_> {
    fn value(&self, at: &str, depth: usize) -> Option<Value> {
        if depth > DEPTH * 3 {
            return None;
        }
        let node = self.document.resolve(at).ok()?;
        let (at, schema) = (&node.pointer, node.value);
        if let Some(first) = schema["enum"].as_array().and_then(|list| list.first()) {
            return Some(first.clone());
        }
        if schema.get("allOf").is_some() {
            return self.all_of(at, schema, depth);
        }
        for keyword in ["oneOf", "anyOf"] {
            // Beside members of its own, it says which of them go together: not what they are.
            if schema.get(keyword).is_some() && schema.get("properties").is_some() {
                return None;
            }
            if schema.get(keyword).is_some() {
                return self.first_of(at, schema, keyword, depth);
            }
        }
        match kind(schema) {
            "string" => text(schema),
            "integer" => integer(schema),
            "number" => number(schema),
            "boolean" => Some(json!(true)),
            "array" => self.list(at, schema, depth),
            "object" => self.object(at, schema, depth),
            _ => Some(json!("any")),
        }
    }

    fn all_of(&self, at: &str, schema: &Value, depth: usize) -> Option<Value> {
        let parts = pointer::join(at, "allOf");
        let count = schema["allOf"].as_array()?.len();
        let mut whole: Option<Value> = None;
        for index in 0..count {
            let part = self.value(&pointer::join(&parts, &index.to_string()), depth + 1)?;
            whole = Some(merge(whole, part)?);
        }
        if schema.get("properties").is_some() {
            whole = Some(merge(whole, self.object(at, schema, depth)?)?);
        }
        whole
    }

    /// The first variant that has a value; the discriminator says which it is.
    fn first_of(&self, at: &str, schema: &Value, keyword: &str, depth: usize) -> Option<Value> {
        let list = pointer::join(at, keyword);
        let count = schema[keyword].as_array()?.len();
        // A value of one variant may be one of another as well, and must be of one only.
        let is_chosen = schema.get("discriminator").is_some() || self.are_tagged(&list, count);
        if keyword == "oneOf" && !is_chosen && !self.are_different(&list, count) {
            return None;
        }
        for index in 0..count {
            let variant = pointer::join(&list, &index.to_string());
            let Some(mut value) = self.value(&variant, depth + 1) else {
                continue;
            };
            if let Some(property) = schema["discriminator"]["propertyName"].as_str() {
                let chosen = self.chosen_by(schema, &variant)?;
                value
                    .as_object_mut()?
                    .insert(property.to_owned(), chosen.into());
            }
            return Some(value);
        }
        None
    }

    /// Whether no two variants are of one JSON type.
    fn are_different(&self, list: &str, count: usize) -> bool {
        let mut kinds = BTreeSet::new();
        (0..count).all(|index| {
            let variant = self
                .document
                .resolve(&pointer::join(list, &index.to_string()));
            variant.is_ok_and(|variant| match kind(variant.value) {
                "any" => false,
                "integer" => kinds.insert("number"),
                kind => kinds.insert(kind),
            })
        })
    }

    /// Whether each variant has a member whose only text tells it from all others.
    fn are_tagged(&self, list: &str, count: usize) -> bool {
        let mut tags = BTreeSet::new();
        (0..count).all(|index| {
            let variant = self
                .document
                .resolve(&pointer::join(list, &index.to_string()));
            variant.is_ok_and(|variant| {
                let properties = variant.value["properties"].as_object();
                let only_text = |property: &Value| match property["enum"].as_array()?.as_slice() {
                    [Value::String(text)] => Some(text.clone()),
                    _ => None,
                };
                let tag = properties
                    .into_iter()
                    .flatten()
                    .find_map(|(name, property)| Some((name.clone(), only_text(property)?)));
                tag.is_some_and(|tag| tags.insert(tag))
            })
        })
    }

    /// What the discriminator says of the variant: the name in the mapping, or that of the schema.
    fn chosen_by(&self, schema: &Value, variant: &str) -> Option<String> {
        let reference = self.document.get(variant)?["$ref"].as_str()?;
        let name = pointer::last(reference);
        let mapping = schema["discriminator"]["mapping"].as_object();
        let mapped = mapping.into_iter().flatten().find(|(_, target)| {
            let target = target.as_str().unwrap_or_default();
            target == reference || target == name
        });
        Some(mapped.map_or(name, |(text, _)| text.clone()))
    }

    fn list(&self, at: &str, schema: &Value, depth: usize) -> Option<Value> {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let count = match self.size {
            Size::Full if depth < DEPTH => least.max(1),
            _ => least,
        };
        // Different items would be needed, and there is one value for each schema.
        if count > 1 && schema["uniqueItems"] == true {
            return None;
        }
        let items = (0..count).map(|_| match schema.get("items") {
            Some(_) => self.value(&pointer::join(at, "items"), depth + 1),
            None => Some(json!("any")),
        });
        match items.collect::<Option<Vec<_>>>() {
            None if least == 0 => Some(json!([])),
            items => items.map(Value::Array),
        }
    }

    fn object(&self, at: &str, schema: &Value, depth: usize) -> Option<Value> {
        let required = |name: &str| {
            let list = schema["required"].as_array();
            list.is_some_and(|list| list.iter().any(|item| item == name))
        };
        let properties = pointer::join(at, "properties");
        let names = schema["properties"].as_object();
        let mut members = Map::new();
        for name in names.into_iter().flat_map(Map::keys) {
            let is_wanted = self.size == Size::Full && depth < DEPTH;
            if !required(name) && !is_wanted {
                continue;
            }
            match self.value(&pointer::join(&properties, name), depth + 1) {
                Some(value) => {
                    members.insert(name.clone(), value);
                }
                None if required(name) => return None,
                None => {}
            }
        }
        let others = schema
            .get("additionalProperties")
            .filter(|it| it.is_object());
        if others.is_some() && self.size == Size::Full && depth < DEPTH {
            let others = pointer::join(at, "additionalProperties");
            if let Some(value) = self.value(&others, depth + 1) {
                members.insert("another".to_owned(), value);
            }
        }
        Some(Value::Object(members))
    }
}

fn kind(schema: &Value) -> &str {
    match schema["type"].as_str() {
        Some(kind) => kind,
        None if schema.get("properties").is_some() => "object",
        None if schema.get("items").is_some() => "array",
        None => "any",
    }
}

/// A value of both; `None` where there is none, as of a text and a number.
fn merge(whole: Option<Value>, part: Value) -> Option<Value> {
    match (whole, part) {
        (None, part) => Some(part),
        (Some(Value::Object(mut whole)), Value::Object(part)) => {
            whole.extend(part);
            Some(Value::Object(whole))
        }
        (Some(whole), part) => (whole == part).then_some(part),
    }
}

fn text(schema: &Value) -> Option<Value> {
    let format = schema["format"].as_str().unwrap_or_default();
    let text = match format {
        "date" => "2026-01-02",
        "date-time" => "2026-01-02T03:04:05Z",
        "time" => "03:04:05Z",
        "uuid" => "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "email" => "a@example.com",
        "hostname" => "example.com",
        "ip" | "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" => "https://example.com/a",
        "byte" => "YWJj",
        "decimal" => "1.20",
        "duration" => "PT1S",
        _ => "a text",
    };
    if let Some(pattern) = schema["pattern"].as_str() {
        return matching(schema, pattern);
    }
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).ok()?;
    let most = schema["maxLength"].as_u64().unwrap_or(1000);
    let most = usize::try_from(most).ok()?;
    let mut text = text.to_owned();
    while text.chars().count() < least {
        text.push('x');
    }
    Some(text.chars().take(most).collect::<String>().into())
}

/// Texts of many kinds, because none can be made from a pattern.
const CANDIDATES: [&str; 16] = [
    "abc",
    "a text",
    "ABC",
    "Abc",
    "1",
    "123",
    "1.2.3",
    "0123456789abcdef",
    "0123456789abcdef0123456789abcdef01234567",
    "00:00:00:00:00:00",
    "192.0.2.1",
    "192.0.2.0/24",
    "fd00::/48",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "https://example.com/a",
    "2026-01-02",
];

/// The example, or the first of some texts that fits.
fn matching(schema: &Value, pattern: &str) -> Option<Value> {
    let pattern = regress::Regex::new(pattern).ok()?;
    let least = schema["minLength"].as_u64().unwrap_or(0);
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    let own = ["example", "default"].map(|name| schema[name].as_str());
    let mut candidates = own.into_iter().flatten().chain(CANDIDATES);
    let fits = |text: &&str| {
        let length = text.chars().count() as u64;
        (least..=most).contains(&length) && pattern.find(text).is_some()
    };
    candidates.find(fits).map(Value::from)
}

fn integer(schema: &Value) -> Option<Value> {
    let excludes = |name: &str| i64::from(schema[name] == true);
    let least = schema["minimum"].as_i64();
    let most = schema["maximum"].as_i64();
    let step = schema["multipleOf"].as_i64().unwrap_or(1).max(1);
    let value = match (least, most) {
        (Some(least), _) => least + excludes("exclusiveMinimum"),
        (None, Some(most)) => (most - excludes("exclusiveMaximum")).min(7),
        (None, None) => 7,
    };
    // The next multiple above.
    let value = value.checked_add(step - 1)?.div_euclid(step) * step;
    Some(value.into())
}

fn number(schema: &Value) -> Option<Value> {
    let bound = |name: &str| schema[name].as_f64();
    let value = match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => f64::midpoint(least, most),
        (Some(least), None) => least + 1.0,
        (None, Some(most)) => most - 1.0,
        (None, None) => 1.5,
    };
    match bound("multipleOf") {
        Some(step) => Some(json!((value / step).ceil() * step)),
        None => Some(json!(value)),
    }
}
