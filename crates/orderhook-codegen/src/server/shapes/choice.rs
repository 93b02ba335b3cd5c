//! Which of several schemas a value is meant to have.

use serde_json::Value;

use crate::document::{Document, Error, pointer, shape};

/// A member whose text chooses the schema.
pub(super) struct Tag {
    pub(super) property: String,
    /// Each text, and the pointer to the schema that it chooses.
    pub(super) variants: Vec<(String, String)>,
}

/// The tag of the variants at `parts`: the schema's discriminator, or a member that has another
/// text in each of them. None if a variant has no text, or two have the same.
pub(super) fn tag(
    document: &Document,
    schema: &Value,
    parts: &[String],
) -> Result<Option<Tag>, Error> {
    let named = schema.pointer("/discriminator/propertyName");
    if let Some(property) = named.and_then(Value::as_str) {
        let mapping = schema.pointer("/discriminator/mapping");
        return tag_of(document, property, parts, |part| {
            discriminated(document, mapping, property, part)
        });
    }
    let Some(first) = parts.first() else {
        return Ok(None);
    };
    for property in members(document, first)? {
        let found = tag_of(document, &property, parts, |part| {
            let texts = texts(document, part, &property)?;
            Ok(texts.filter(|_| is_required(document, part, &property)))
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn tag_of(
    document: &Document,
    property: &str,
    parts: &[String],
    texts: impl Fn(&str) -> Result<Option<Vec<String>>, Error>,
) -> Result<Option<Tag>, Error> {
    let mut variants: Vec<(String, String)> = Vec::new();
    for part in parts {
        let is_object = is_object(document, part)?;
        let Some(texts) = texts(part)?.filter(|_| is_object) else {
            return Ok(None);
        };
        for text in texts {
            if variants.iter().any(|(other, _)| *other == text) {
                return Ok(None);
            }
            variants.push((text, part.clone()));
        }
    }
    Ok(Some(Tag {
        property: property.to_owned(),
        variants,
    }))
}

/// The texts for the variant at `part`: those that the mapping has, else those that its own member
/// may have, else the schema's name.
fn discriminated(
    document: &Document,
    mapping: Option<&Value>,
    property: &str,
    part: &str,
) -> Result<Option<Vec<String>>, Error> {
    let reference = document.get(part).and_then(shape::reference);
    let name = reference.map(pointer::last);
    let mapping = mapping.and_then(Value::as_object).into_iter().flatten();
    let mapped: Vec<_> = mapping
        .filter(|(_, target)| {
            let target = target.as_str();
            target.is_some() && (target == reference || target == name.as_deref())
        })
        .map(|(text, _)| text.clone())
        .collect();
    if !mapped.is_empty() {
        return Ok(Some(mapped));
    }
    let own = texts(document, part, property)?;
    Ok(own.or_else(|| name.map(|name| vec![name])))
}

/// The names of the properties of the schema at `at` and of those that it is made of.
fn members(document: &Document, at: &str) -> Result<Vec<String>, Error> {
    let mut members = Vec::new();
    for part in family(document, at)? {
        let properties = document.get(&part).and_then(|part| part.get("properties"));
        let properties = properties.and_then(Value::as_object);
        members.extend(
            properties
                .into_iter()
                .flat_map(serde_json::Map::keys)
                .cloned(),
        );
    }
    Ok(members)
}

/// The texts that the member `property` of the schema at `at` may have, if they are listed.
fn texts(document: &Document, at: &str, property: &str) -> Result<Option<Vec<String>>, Error> {
    for part in family(document, at)? {
        let member = pointer::join(&pointer::join(&part, "properties"), property);
        if document.get(&member).is_none() {
            continue;
        }
        let member = document.resolve(&member)?.value;
        let listed = member.get("enum").and_then(Value::as_array);
        let texts: Option<Vec<String>> = listed.and_then(|values| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect()
        });
        let texts = texts.filter(|texts| !texts.is_empty());
        if texts.is_some() {
            return Ok(texts);
        }
    }
    Ok(None)
}

fn is_required(document: &Document, at: &str, property: &str) -> bool {
    let parts = family(document, at).unwrap_or_default();
    parts.iter().any(|part| {
        let required = document.get(&pointer::join(part, "required"));
        let mut names = required.and_then(Value::as_array).into_iter().flatten();
        names.any(|name| name == property)
    })
}

fn is_object(document: &Document, at: &str) -> Result<bool, Error> {
    let parts = family(document, at)?;
    let schemas: Vec<_> = parts.iter().filter_map(|at| document.get(at)).collect();
    let is_nullable = schemas.first().and_then(|schema| schema.get("nullable"));
    let mut kinds = schemas
        .iter()
        .filter_map(|schema| super::keywords::kind(schema));
    Ok(is_nullable != Some(&Value::Bool(true)) && kinds.any(|kind| kind == "object"))
}

/// The schema at `at`, and those that each of its values has as well.
pub(super) fn family(document: &Document, at: &str) -> Result<Vec<String>, Error> {
    let mut family = Vec::new();
    let mut open = vec![at.to_owned()];
    while let Some(at) = open.pop() {
        let node = document.resolve(&at)?;
        if family.contains(&node.pointer) {
            continue;
        }
        let parts = node.value.get("allOf").and_then(Value::as_array);
        let parts_at = pointer::join(&node.pointer, "allOf");
        let indexes = (0..parts.map_or(0, Vec::len)).rev();
        open.extend(indexes.map(|index| pointer::join(&parts_at, &index.to_string())));
        family.push(node.pointer);
    }
    Ok(family)
}
