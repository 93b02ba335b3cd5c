//! Shapes: what a request may look like, as tables that the server's small runtime checks it by.
//!
//! The runtime goes on after a fault, which reading into a type does not, so that a caller sees
//! all faults at once; and the tables hold what typify leaves out (bounds, sizes, formats).

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::keywords;
use crate::document::{Document, Error, pointer, shape};
use crate::names;

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
        let schema = self.document.get(at).unwrap_or(&Value::Null);
        keywords::check(self.document, at, schema)?;
        let shape = match schema.get("type").and_then(Value::as_str) {
            // `nullable` asks for a `type` beside it, which the reference has as well.
            _ if schema.get("allOf").is_some() => self.untyped(at, schema)?,
            Some("string") => text(schema),
            Some("integer") => integer(schema),
            Some("number") => number(schema),
            Some("boolean") => quote! { Shape::Boolean },
            Some("array") => self.array(at, schema)?,
            Some("object") => self.object(at, schema)?,
            Some(other) => {
                let message =
                    format!("the type `{other}` is not one of OpenAPI 3.0; write another");
                return Err(self.document.unsupported(at, message));
            }
            None => self.untyped(at, schema)?,
        };
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            return Ok(quote! { Shape::Nullable(&#shape) });
        }
        Ok(shape)
    }

    fn array(&mut self, at: &str, schema: &Value) -> Result<TokenStream, Error> {
        let items = self.of(&pointer::join(at, "items"))?;
        let minimum = Literal::usize_unsuffixed(size(schema, "minItems").unwrap_or(0));
        let maximum = optional(size(schema, "maxItems"));
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        Ok(quote! {
            Shape::Array(Array { items: &#items, min_items: #minimum, max_items: #maximum, unique_items: #unique })
        })
    }

    fn object(&mut self, at: &str, schema: &Value) -> Result<TokenStream, Error> {
        let required = schema.get("required").and_then(Value::as_array);
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties_at = pointer::join(at, "properties");
        let mut members = Vec::new();
        for name in properties.into_iter().flat_map(serde_json::Map::keys) {
            let is_required = required.is_some_and(|list| list.iter().any(|item| item == name));
            let shape = self.of(&pointer::join(&properties_at, name))?;
            members.push(quote! { Member { name: #name, required: #is_required, shape: #shape } });
        }
        Ok(quote! { Shape::Object(&[#(#members),*]) })
    }

    /// A reference in an `allOf` of its own, which is how OpenAPI 3.0 makes a reference nullable.
    fn untyped(&mut self, at: &str, schema: &Value) -> Result<TokenStream, Error> {
        let parts = pointer::join(at, "allOf");
        match schema.get("allOf") {
            Some(_) => self.of(&pointer::join(&parts, "0")),
            None => Ok(quote! { Shape::Any }),
        }
    }
}

fn text(schema: &Value) -> TokenStream {
    let minimum = Literal::usize_unsuffixed(size(schema, "minLength").unwrap_or(0));
    let maximum = optional(size(schema, "maxLength"));
    let format = match schema.get("format").and_then(Value::as_str) {
        Some("decimal") => quote! { Some(Format::Decimal) },
        Some("uri") => quote! { Some(Format::Uri) },
        _ => quote! { None },
    };
    let texts = schema.get("enum").and_then(Value::as_array);
    let texts = texts.into_iter().flatten().filter_map(Value::as_str);
    quote! {
        Shape::Text(Text { min_length: #minimum, max_length: #maximum, format: #format, one_of: &[#(#texts),*] })
    }
}

fn integer(schema: &Value) -> TokenStream {
    let minimum = bound(schema, "minimum").unwrap_or(i64::MIN);
    let maximum = bound(schema, "maximum").unwrap_or(i64::MAX);
    let (minimum, maximum) = (limit(minimum), limit(maximum));
    quote! { Shape::Integer { minimum: #minimum, maximum: #maximum } }
}

fn number(schema: &Value) -> TokenStream {
    let bound = |name: &str| {
        let bound = schema.get(name).and_then(Value::as_f64);
        bound.map_or_else(|| quote! { None }, |bound| quote! { Some(#bound) })
    };
    let (minimum, maximum) = (bound("minimum"), bound("maximum"));
    quote! { Shape::Number { minimum: #minimum, maximum: #maximum } }
}

/// The inclusive bound, whichever way it is written.
fn bound(schema: &Value, name: &str) -> Option<i64> {
    let bound = schema.get(name)?.as_i64()?;
    let exclusive = match name {
        "minimum" => ("exclusiveMinimum", 1),
        _ => ("exclusiveMaximum", -1),
    };
    let is_exclusive = schema.get(exclusive.0) == Some(&Value::Bool(true));
    Some(if is_exclusive {
        bound.saturating_add(exclusive.1)
    } else {
        bound
    })
}

fn limit(number: i64) -> TokenStream {
    match number {
        i64::MIN => quote! { i64::MIN },
        i64::MAX => quote! { i64::MAX },
        number => {
            let literal = Literal::i64_unsuffixed(number);
            quote! { #literal }
        }
    }
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
