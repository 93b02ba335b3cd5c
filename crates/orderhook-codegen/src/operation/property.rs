//! The properties of a form or of a body of parts.

use serde_json::Value;

use super::media::Media;
use crate::document::{Document, Error, pointer};

/// A property of a form or of a body of parts.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) at: String,
    pub(crate) required: bool,
    pub(crate) made: Made,
}

/// What a property is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Scalar,
    File,
    List,
    Object,
}

impl Media {
    pub(crate) fn properties(&self, document: &Document) -> Result<Vec<Property>, Error> {
        let Some(at) = &self.schema_at else {
            return Ok(Vec::new());
        };
        let schema = document.resolve(at)?;
        let at = pointer::join(&schema.pointer, "properties");
        let required = schema.value.get("required").and_then(Value::as_array);
        let names = document.get(&at).and_then(Value::as_object);
        let names = names.into_iter().flat_map(serde_json::Map::keys);
        names
            .map(|name| {
                let at = pointer::join(&at, name);
                Ok(Property {
                    name: name.clone(),
                    required: required.is_some_and(|list| list.iter().any(|item| item == name)),
                    made: made(document, &at)?,
                    at,
                })
            })
            .collect()
    }
}

impl Property {
    /// The schema of one part, which a list has several of, and what it is made of.
    pub(crate) fn part(&self, document: &Document) -> Result<(String, Made), Error> {
        if self.made != Made::List {
            return Ok((self.at.clone(), self.made));
        }
        let at = pointer::join(&document.resolve(&self.at)?.pointer, "items");
        let made = made(document, &at)?;
        Ok((at, made))
    }
}

fn made(document: &Document, at: &str) -> Result<Made, Error> {
    let schema = document.resolve(at)?.value;
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    Ok(match text("type") {
        Some("string") if text("format") == Some("binary") => Made::File,
        Some("array") => Made::List,
        Some("object") => Made::Object,
        Some(_) => Made::Scalar,
        None if ["properties", "allOf", "oneOf", "anyOf"]
            .iter()
            .any(|member| schema.get(*member).is_some()) =>
        {
            Made::Object
        }
        None => Made::Scalar,
    })
}
