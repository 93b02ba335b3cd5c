//! Names for the schemas that stand inline in parameters, bodies and headers, so that every
//! generator finds a type for them among the models.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::shape::{self, Kind};
use super::{Document, Error, pointer, typed};
use crate::api::{Api, Operation, media_types};
use crate::document::Node;
use crate::models::json_schema;
use crate::names;
use inside::words_of_place;
use need::needs_name;

mod inside;
mod need;
#[cfg(test)]
mod tests;

const SCHEMAS: &str = "/components/schemas";

impl Document {
    /// The same document with a component schema for each schema that needs a name of its own and
    /// stands inline where operations describe parameters, bodies and headers, has a `discriminator`
    /// inside another schema, stands beside null in a component schema, or is inside another schema
    /// where typify would call it as something else is called; a `$ref` takes its place.
    ///
    /// Names are those that progenitor would choose, such as `ListThingsSort`, `PutThingBody` and
    /// `GetThingResponse`, with a number behind where one is taken. Places stay those in the
    /// source. A document without such schemas stays as it is.
    ///
    /// # Errors
    /// [`Error::Structure`] if what comes out is no OpenAPI 3.0.
    pub fn with_named_schemas(mut self) -> Result<Self, Error> {
        let mut inline = Found::default();
        inline.in_operations(&self);
        inline.in_components(&self);
        inline.with_discriminators(&self);
        inline.with_null(&self);
        if inline.0.is_empty() {
            inline.inside_of_others(&self);
        }
        let mut moved = false;
        while !inline.0.is_empty() {
            moved = true;
            let mut taken = taken_names(&self);
            for Inline { at, name } in inline.0 {
                let name = free_name(&name, &mut taken);
                self.move_to_components(&at, &name);
            }
            inline = Found::default();
            inline.inside_of_others(&self);
        }
        if !moved {
            return Ok(self);
        }
        self.openapi = typed::read(&self.root).map_err(|mismatch| Error::Structure {
            place: self.place(&mismatch.pointer),
            message: mismatch.message,
        })?;
        Ok(self)
    }

    fn move_to_components(&mut self, at: &str, name: &str) {
        let Some(place) = self.root.pointer_mut(at) else {
            return;
        };
        let target = pointer::join(SCHEMAS, name);
        let reference = json!({ "$ref": format!("#{target}") });
        let mut schema = place.take();
        *place = match without_null(&mut schema) {
            None => reference,
            Some(mut around) => {
                around.insert("allOf".to_owned(), json!([reference]));
                Value::Object(around)
            }
        };
        self.source.copy(at, &target, &schema);
        let mut around = &mut self.root;
        for section in ["components", "schemas"] {
            let Value::Object(members) = around else {
                return;
            };
            around = members.entry(section).or_insert(Value::Null);
            if around.is_null() {
                *around = Value::Object(Map::new());
            }
        }
        if let Value::Object(schemas) = around {
            schemas.insert(name.to_owned(), schema);
        }
    }
}

/// Takes null from what the schema admits; what has to stand around a reference to it in return.
fn without_null(schema: &mut Value) -> Option<Map<String, Value>> {
    let members = schema.as_object_mut()?;
    let nullable = members.shift_remove("nullable")?;
    if nullable != Value::Bool(true) {
        return None;
    }
    let mut around = Map::from_iter([("nullable".to_owned(), nullable)]);
    if let Some(default) = members.shift_remove("default") {
        around.insert("default".to_owned(), default);
    }
    if let Some(Value::Array(texts)) = members.get_mut("enum") {
        texts.retain(|text| !text.is_null());
    }
    for keyword in ["oneOf", "anyOf"] {
        without_null_part(members, keyword);
    }
    Some(around)
}

/// `oneOf: [{enum: [a, b]}, {enum: [null]}]` → `enum: [a, b]`
fn without_null_part(members: &mut Map<String, Value>, keyword: &str) {
    let Some(Value::Array(parts)) = members.get_mut(keyword) else {
        return;
    };
    let before = parts.len();
    parts.retain(|part| part.get("enum") != Some(&json!([null])));
    if parts.len() == before || parts.len() != 1 {
        return;
    }
    let Some(Value::Object(part)) = parts.pop() else {
        return;
    };
    members.shift_remove(keyword);
    if part.contains_key("$ref") {
        members.insert("allOf".to_owned(), json!([part]));
    } else {
        members.extend(part);
    }
}

/// The schemas to be named, each where it stands when its turn comes: one inside another first.
#[derive(Default)]
struct Found(Vec<Inline>);

struct Inline {
    at: String,
    /// In the words that a Rust name is made of.
    name: String,
}

impl Found {
    fn in_operations(&mut self, document: &Document) {
        let api = Api::new(document);
        let mut items = BTreeSet::new();
        for operation in api.operations() {
            let id = operation.id();
            let item = pointer::parent(&operation.pointer).unwrap_or_default();
            if items.insert(item.to_owned()) {
                self.in_parameters(document, item, &id);
            }
            self.in_parameters(document, &operation.pointer, &id);
            let at = pointer::join(&operation.pointer, "requestBody");
            self.in_body(document, &at, &format!("{id}-body"));
            self.in_responses(document, operation);
        }
    }

    /// The parameters that stand in the list of an operation or a path item itself.
    fn in_parameters(&mut self, document: &Document, owner: &str, id: &str) {
        let list = pointer::join(owner, "parameters");
        let parameters = document.get(&list).and_then(Value::as_array);
        for (index, parameter) in parameters.into_iter().flatten().enumerate() {
            let name = parameter.get("name").and_then(Value::as_str);
            let at = pointer::join(&list, &index.to_string());
            let name = format!("{id}-{}", name.unwrap_or_default());
            self.in_parameter(document, &at, &name);
        }
    }

    /// A parameter or a header.
    fn in_parameter(&mut self, document: &Document, at: &str, name: &str) {
        self.in_schema(document, &pointer::join(at, "schema"), name);
        self.in_body(document, at, name);
    }

    /// Whatever has `content`. Media types are part of a name where several need one.
    fn in_body(&mut self, document: &Document, at: &str, name: &str) {
        let Some(value) = document.get(at) else {
            return;
        };
        let pointer = at.to_owned();
        let types = media_types(&Node { pointer, value });
        let schema = |media_type: &Node<'_>| pointer::join(&media_type.pointer, "schema");
        let needing = types
            .iter()
            .filter(|it| needs_name_inside(document, &schema(it)));
        let several = needing.count() > 1;
        for media_type in &types {
            let name = match several {
                true => format!("{name}-{}", pointer::last(&media_type.pointer)),
                false => name.to_owned(),
            };
            self.in_schema(document, &schema(media_type), &name);
        }
    }

    fn in_responses(&mut self, document: &Document, operation: &Operation<'_>) {
        let list = pointer::join(&operation.pointer, "responses");
        let responses = document.get(&list).and_then(Value::as_object);
        let statuses: Vec<_> = responses.into_iter().flat_map(Map::keys).collect();
        let needing = statuses.iter().filter(|status| {
            let mut found = Self::default();
            found.in_response(document, &pointer::join(&list, status), "");
            !found.0.is_empty()
        });
        let several = needing.count() > 1;
        for status in statuses {
            let name = match several {
                true => format!("{}-response-{status}", operation.id()),
                false => format!("{}-response", operation.id()),
            };
            self.in_response(document, &pointer::join(&list, status), &name);
        }
    }

    fn in_response(&mut self, document: &Document, at: &str, name: &str) {
        self.in_body(document, at, name);
        let headers_at = pointer::join(at, "headers");
        let headers = document.get(&headers_at).and_then(Value::as_object);
        for header in headers.into_iter().flat_map(Map::keys) {
            let at = pointer::join(&headers_at, header);
            self.in_parameter(document, &at, &format!("{name}-{header}"));
        }
    }

    fn in_components(&mut self, document: &Document) {
        type Look = fn(&mut Found, &Document, &str, &str);
        let sections: [(&str, &str, Look); 4] = [
            ("parameters", "parameter", Self::in_parameter),
            ("requestBodies", "body", Self::in_body),
            ("responses", "response", Self::in_response),
            ("headers", "header", Self::in_parameter),
        ];
        for (section, role, look) in sections {
            let section = pointer::join("/components", section);
            let components = document.get(&section).and_then(Value::as_object);
            for name in components.into_iter().flat_map(Map::keys) {
                let says_it = name.to_lowercase().ends_with(role);
                let words = match says_it {
                    true => name.clone(),
                    false => format!("{name}-{role}"),
                };
                look(self, document, &pointer::join(&section, name), &words);
            }
        }
    }

    /// The schema at `at`, or in a list or map of it the schema of the items or values.
    fn in_schema(&mut self, document: &Document, at: &str, name: &str) {
        let Some(schema) = document.get(at) else {
            return;
        };
        if needs_name(schema) {
            self.0.push(Inline {
                at: at.to_owned(),
                name: name.to_owned(),
            });
        } else if shape::reference(schema).is_none() {
            let parts = [("items", "item"), ("additionalProperties", "value")];
            for (part, word) in parts {
                let at = pointer::join(at, part);
                self.in_schema(document, &at, &format!("{name}-{word}"));
            }
        }
    }

    /// Typify gives such a schema and what is in it beside null the same name.
    fn with_null(&mut self, document: &Document) {
        let schemas = document.get(SCHEMAS).and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            if json_schema::is_nullable(schema) && needs_name(schema) {
                self.0.push(Inline {
                    at: pointer::join(SCHEMAS, name),
                    name: format!("{name}-value"),
                });
            }
        }
    }

    /// Typify would choose the first variant that fits for those that are no schema of their own.
    fn with_discriminators(&mut self, document: &Document) {
        let mut nested = Vec::new();
        shape::walk(
            Kind::OpenApi,
            document.root(),
            "",
            &mut |kind, at, value| {
                let is_nested = kind == Kind::Schema && pointer::parent(at) != Some(SCHEMAS);
                let chooses = value.get("oneOf").or(value.get("anyOf")).is_some();
                if is_nested && chooses && value.get("discriminator").is_some() {
                    nested.push(at.to_owned());
                }
            },
        );
        nested.retain(|at| self.0.iter().all(|found| found.at != *at));
        // Parents were first. What is inside of what is moved must have moved before.
        for at in nested.into_iter().rev() {
            let name = words_of_place(&at);
            self.0.insert(0, Inline { at, name });
        }
    }
}

fn needs_name_inside(document: &Document, at: &str) -> bool {
    let mut found = Found::default();
    found.in_schema(document, at, "");
    !found.0.is_empty()
}

/// The Rust names of all component schemas.
fn taken_names(document: &Document) -> BTreeSet<String> {
    let schemas = document.get(SCHEMAS).and_then(Value::as_object);
    let names = schemas.into_iter().flat_map(Map::keys);
    names
        .map(|name| names::type_name(name).to_string())
        .collect()
}

/// A Rust name of these words that nothing has yet.
fn free_name(words: &str, taken: &mut BTreeSet<String>) -> String {
    // Twice, because a letter that stands alone makes one word with the next: `XA` becomes `Xa`.
    let name = names::type_name(&names::type_name(words).to_string()).to_string();
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let is_free = |name: &String| taken.insert(names::type_name(name).to_string());
    names.find(is_free).unwrap_or(name)
}
