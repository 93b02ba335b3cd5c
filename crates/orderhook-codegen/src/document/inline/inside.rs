//! Schemas inside component schemas that must have names of their own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::need::needs_name;
use super::{Found, Inline, SCHEMAS, taken_names};
use crate::document::shape::{self, Kind};
use crate::document::{Document, pointer};
use crate::names;

impl Document {
    /// A schema that merges one that it is inside of and has no name of its own.
    pub(crate) fn merged_inside(&self) -> Option<String> {
        let mut found = Found::default();
        found.with_merges(self);
        found.0.pop().map(|inline| inline.at)
    }
}

impl Found {
    /// The first kind of them of which there are some: what is moved may be of another kind then.
    pub(super) fn inside_of_others(&mut self, document: &Document) {
        self.with_parts(document);
        if self.0.is_empty() {
            self.with_merges(document);
        }
        if self.0.is_empty() {
            self.with_names_of_others(document);
        }
    }

    /// Each part of a body of parts is a value of its own.
    fn with_parts(&mut self, document: &Document) {
        let mut found = BTreeSet::new();
        shape::walk(Kind::OpenApi, document.root(), "", &mut |kind, at, _| {
            if kind == Kind::MediaType && pointer::last(at) == "multipart/form-data" {
                found.insert(at.to_owned());
            }
        });
        let mut bodies = BTreeSet::new();
        for at in found {
            let schema = document.resolve(&pointer::join(&at, "schema"));
            bodies.extend(schema.map(|schema| schema.pointer));
        }
        for body in bodies {
            let properties = pointer::join(&body, "properties");
            let names = document.get(&properties).and_then(Value::as_object);
            for name in names.into_iter().flat_map(Map::keys) {
                let at = pointer::join(&properties, name);
                self.in_schema(document, &at, &words_of_place(&at));
            }
        }
    }

    /// Typify writes out what `allOf` merges, and would do so without end where a schema merges one
    /// that it is inside of.
    fn with_merges(&mut self, document: &Document) {
        let schemas = document.get(SCHEMAS).and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            let root = pointer::join(SCHEMAS, name);
            shape::walk(Kind::Schema, schema, &root, &mut |_, at, schema| {
                let merges = merges(schema) && needs_name(schema);
                if at != root && merges && leads_to(document, at, &root) {
                    self.0.push(Inline {
                        at: at.to_owned(),
                        name: words_of_place(at),
                    });
                }
            });
        }
        // Parents were first. What is inside of what is moved must have moved before.
        self.0.reverse();
    }

    /// Of two schemas with one name typify writes the first alone, and takes it for the other.
    fn with_names_of_others(&mut self, document: &Document) {
        let mut taken = taken_names(document);
        let schemas = document.get(SCHEMAS).and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            let root = pointer::join(SCHEMAS, name);
            shape::walk(Kind::Schema, schema, &root, &mut |_, at, schema| {
                if at != root && needs_name(schema) {
                    let name = words_of_place(at);
                    if !taken.insert(names::type_name(&name).to_string()) {
                        let at = at.to_owned();
                        self.0.push(Inline { at, name });
                    }
                }
            });
        }
        // Parents were first. What is inside of what is moved must have moved before.
        self.0.reverse();
    }
}

const COMBINATIONS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Whether typify writes out what the schema combines: `allOf`, and the others beside something.
fn merges(schema: &Value) -> bool {
    let alone = [
        "anyOf",
        "oneOf",
        "description",
        "discriminator",
        "nullable",
        "title",
    ];
    let has = |keyword: &str| schema.get(keyword).is_some();
    let mut names = schema.as_object().into_iter().flat_map(Map::keys);
    let is_beside = names.any(|name| !alone.contains(&name.as_str()));
    has("allOf") || (is_beside && (has("anyOf") || has("oneOf")))
}

/// Whether writing out the combination at `at` comes to the schema at `root`: what it combines is
/// written out as well, with the combinations inside.
fn leads_to(document: &Document, at: &str, root: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![at.to_owned()];
    while let Some(at) = open.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        let Some(schema) = document.get(&at) else {
            continue;
        };
        if let Some(target) = shape::reference(schema).and_then(|it| it.strip_prefix('#')) {
            if target == root {
                return true;
            }
            let whole = document.get(target).unwrap_or(&Value::Null);
            shape::walk(Kind::Schema, whole, target, &mut |_, at, schema| {
                if merges(schema) || at == target {
                    open.push(at.to_owned());
                }
            });
        }
        for keyword in COMBINATIONS {
            let list = schema.get(keyword).and_then(Value::as_array);
            let keyword = pointer::join(&at, keyword);
            let count = list.map_or(0, Vec::len);
            open.extend((0..count).map(|index| pointer::join(&keyword, &index.to_string())));
        }
    }
    false
}

/// `/components/schemas/Pet/properties/owner/items` → `Pet-owner-item`, as typify would have it.
pub(super) fn words_of_place(at: &str) -> String {
    let at = at.strip_prefix(SCHEMAS).unwrap_or(at);
    let mut tokens = at.split('/').skip(1);
    let mut words = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            "properties" => {}
            // What is in all of them is in one type, whatever its number.
            "allOf" => {
                tokens.next();
            }
            "items" => words.push("item".to_owned()),
            "additionalProperties" => words.push("value".to_owned()),
            other => words.push(pointer::last(other)),
        }
    }
    words.join("-")
}
