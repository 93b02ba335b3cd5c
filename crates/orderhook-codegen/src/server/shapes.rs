//! Shapes: what a request may look like, as tables that the server's small runtime checks it by.
//!
//! The runtime goes on after a fault, which reading into a type does not, so that a caller sees
//! all faults at once; and the tables hold what typify leaves out (bounds, sizes, formats).

mod choice;
mod limits;
mod scalars;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::keywords;
use crate::document::{Document, Error, pointer, shape};
use crate::names;
pub(super) use scalars::{integer_bounds, is_text_format};

/// The shapes that operations need, each component schema once.
pub(crate) struct Shapes<'a> {
    document: &'a Document,
    /// By name; `None` while the schema is being read, so that a recursive one ends.
    named: BTreeMap<String, Option<TokenStream>>,
}

impl<'a> Shapes<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        Self {
            document,
            named: BTreeMap::new(),
        }
    }

    /// An expression of type `Shape` for the schema at `at`.
    pub(crate) fn of(&mut self, at: &str) -> Result<TokenStream, Error> {
        let schema = self.document.get(at);
        let Some(reference) = schema.and_then(shape::reference) else {
            return self.inline(at);
        };
        let target = self.document.resolve(at)?.pointer;
        let name = self.name(reference, &target)?;
        // By its path, because an operation's own statics may have the same name.
        Ok(quote! { Shape::Named(&super::shapes::#name) })
    }

    /// The statics behind the named shapes.
    pub(crate) fn statics(self) -> TokenStream {
        let shapes = self.named.into_iter().filter_map(|(name, shape)| {
            let ident = names::const_name(&name);
            let documentation = names::doc(&format!("The shape of `{name}`."));
            shape.map(|shape| quote! { #documentation pub(crate) static #ident: Shape = #shape; })
        });
        shapes.collect()
    }

    fn name(&mut self, reference: &str, target: &str) -> Result<Ident, Error> {
        let name = pointer::last(reference);
        if !self.named.contains_key(&name) {
            self.named.insert(name.clone(), None);
            let shape = self.inline(target)?;
            self.named.insert(name.clone(), Some(shape));
        }
        Ok(names::const_name(&name))
    }

    fn inline(&mut self, at: &str) -> Result<TokenStream, Error> {
        let read_only = self.read_only(at)?;
        self.part(at, &read_only)
    }

    /// The shape of the schema at `at`, whose values have the members `read_only`.
    fn part(&mut self, at: &str, read_only: &[String]) -> Result<TokenStream, Error> {
        let schema = self.document.get(at).unwrap_or(&Value::Null);
        keywords::check(self.document, at, schema)?;
        let mut shapes = Vec::new();
        if !self.repeats_reference(at, schema)? {
            shapes.extend(self.own(at, schema, read_only)?);
        }
        for part in parts(at, schema, "allOf") {
            let is_reference = self
                .document
                .get(&part)
                .and_then(shape::reference)
                .is_some();
            shapes.push(match is_reference {
                true => self.of(&part)?,
                false => self.part(&part, read_only)?,
            });
        }
        for (keyword, kind) in [("oneOf", "OneOf"), ("anyOf", "AnyOf")] {
            let parts = parts(at, schema, keyword);
            if !parts.is_empty() {
                shapes.push(self.choice(schema, &parts, kind)?);
            }
        }
        if schema.get("not").is_some() {
            let shape = self.of(&pointer::join(at, "not"))?;
            shapes.push(quote! { Shape::Not(&#shape) });
        }
        let shape = match shapes.as_slice() {
            [] => quote! { Shape::Any },
            [shape] => shape.clone(),
            shapes => quote! { Shape::All(&[#(#shapes),*]) },
        };
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            return Ok(quote! { Shape::Nullable(&#shape) });
        }
        Ok(shape)
    }

    /// The shape without what the schema is combined of; none if any value has it.
    fn own(
        &mut self,
        at: &str,
        schema: &Value,
        read_only: &[String],
    ) -> Result<Option<TokenStream>, Error> {
        let kind = keywords::kind(schema);
        let shape = match kind {
            Some("string") => Some(scalars::text(schema)),
            Some("integer") => Some(scalars::integer(self.document, at, schema)?),
            Some("number") => Some(scalars::number(schema)),
            Some("boolean") => Some(quote! { Shape::Boolean }),
            Some("array") => Some(self.array(at, schema)?),
            Some("object") => Some(self.object(at, schema, read_only)?),
            Some(other) => {
                let message =
                    format!("the type `{other}` is not one of OpenAPI 3.0; write another");
                return Err(self.document.unsupported(at, message));
            }
            None => None,
        };
        let limits = limits::of(self, at, schema, kind)?;
        if limits.is_empty() {
            return Ok(shape);
        }
        let shape = shape.unwrap_or_else(|| quote! { Shape::Any });
        Ok(Some(quote! { Shape::Limited(&#shape, &[#(#limits),*]) }))
    }

    /// Whether the schema is a reference in an `allOf` of its own, which is how OpenAPI 3.0 makes a
    /// reference nullable, with no more beside it than the `type` that `nullable` asks for.
    fn repeats_reference(&self, at: &str, schema: &Value) -> Result<bool, Error> {
        let parts = parts(at, schema, "allOf");
        let (Some(kind), [part]) = (schema.get("type"), parts.as_slice()) else {
            return Ok(false);
        };
        let is_bare = !keywords::says_more_than_type(schema);
        Ok(is_bare && self.document.resolve(part)?.value.get("type") == Some(kind))
    }

    fn choice(
        &mut self,
        schema: &Value,
        parts: &[String],
        kind: &str,
    ) -> Result<TokenStream, Error> {
        if let [part] = parts {
            return self.of(part);
        }
        if let Some(tag) = choice::tag(self.document, schema, parts)? {
            let property = tag.property;
            let mut variants = Vec::new();
            for (text, part) in tag.variants {
                let shape = self.of(&part)?;
                variants.push(quote! { Variant { name: #text, shape: #shape } });
            }
            return Ok(quote! {
                Shape::Tagged(Tagged { property: #property, variants: &[#(#variants),*] })
            });
        }
        let mut variants = Vec::new();
        for part in parts {
            let name = self.variant_name(part)?;
            let shape = self.of(part)?;
            variants.push(quote! { Variant { name: #name, shape: #shape } });
        }
        let kind = names::type_name(kind);
        Ok(quote! { Shape::#kind(&[#(#variants),*]) })
    }

    /// What a caller is told a variant by: its name, or what kind of value it is.
    fn variant_name(&self, at: &str) -> Result<String, Error> {
        let schema = self.document.get(at).unwrap_or(&Value::Null);
        if let Some(reference) = shape::reference(schema) {
            return Ok(pointer::last(reference));
        }
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            return Ok(title.to_owned());
        }
        let name = match keywords::kind(schema) {
            Some("string") => "a text",
            Some("integer") => "an integer",
            Some("number") => "a number",
            Some("boolean") => "true or false",
            Some("array") => "an array",
            Some("object") => "an object",
            _ => "another value",
        };
        Ok(name.to_owned())
    }

    /// The members that only answers have: no request needs them, whatever `required` says.
    fn read_only(&self, at: &str) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for part in choice::family(self.document, at)? {
            let properties_at = pointer::join(&part, "properties");
            let properties = self.document.get(&properties_at).and_then(Value::as_object);
            for name in properties.into_iter().flat_map(serde_json::Map::keys) {
                let member = self
                    .document
                    .resolve(&pointer::join(&properties_at, name))?;
                if member.value.get("readOnly") == Some(&Value::Bool(true)) {
                    names.push(name.clone());
                }
            }
        }
        Ok(names)
    }

    fn array(&mut self, at: &str, schema: &Value) -> Result<TokenStream, Error> {
        let items = match schema.get("items") {
            Some(_) => self.of(&pointer::join(at, "items"))?,
            None => quote! { Shape::Any },
        };
        let minimum = Literal::usize_unsuffixed(size(schema, "minItems").unwrap_or(0));
        let maximum = optional(size(schema, "maxItems"));
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        Ok(quote! {
            Shape::Array(Array { items: &#items, min_items: #minimum, max_items: #maximum, unique_items: #unique })
        })
    }

    fn object(
        &mut self,
        at: &str,
        schema: &Value,
        read_only: &[String],
    ) -> Result<TokenStream, Error> {
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let required: BTreeSet<_> = required
            .filter(|name| !read_only.iter().any(|other| other == name))
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties_at = pointer::join(at, "properties");
        let mut members = Vec::new();
        for name in properties.into_iter().flat_map(serde_json::Map::keys) {
            let is_required = required.contains(name.as_str());
            let shape = self.of(&pointer::join(&properties_at, name))?;
            members.push(quote! { Member { name: #name, required: #is_required, shape: #shape } });
        }
        // What they hold is said elsewhere, or nowhere.
        let others = required
            .iter()
            .filter(|name| !properties.is_some_and(|properties| properties.contains_key(**name)));
        for name in others {
            members.push(quote! { Member { name: #name, required: true, shape: Shape::Any } });
        }
        Ok(quote! { Shape::Object(&[#(#members),*]) })
    }
}

/// The pointers to the schemas that `keyword` lists.
fn parts(at: &str, schema: &Value, keyword: &str) -> Vec<String> {
    let parts = schema.get(keyword).and_then(Value::as_array);
    let parts_at = pointer::join(at, keyword);
    let indexes = 0..parts.map_or(0, Vec::len);
    indexes
        .map(|index| pointer::join(&parts_at, &index.to_string()))
        .collect()
}

fn size(schema: &Value, name: &str) -> Option<usize> {
    usize::try_from(schema.get(name)?.as_u64()?).ok()
}

fn optional(size: Option<usize>) -> TokenStream {
    match size {
        Some(size) => {
            let literal = Literal::usize_unsuffixed(size);
            quote! { Some(#literal) }
        }
        None => quote! { None },
    }
}
