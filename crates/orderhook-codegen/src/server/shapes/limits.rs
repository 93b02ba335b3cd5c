//! Limits beside a shape: what its own table has no column for.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{Shapes, size};
use crate::document::{Error, pointer};

/// The limits of the schema at `at`, whose type is `kind` if it has one.
pub(super) fn of(
    shapes: &mut Shapes<'_>,
    at: &str,
    schema: &Value,
    kind: Option<&str>,
) -> Result<Vec<TokenStream>, Error> {
    let mut limits = Vec::new();
    match kind {
        Some("string") => limits.extend(pattern(schema)),
        Some("integer") => limits.extend(multiple(schema)),
        Some("number") => {
            limits.extend(exclusive(schema));
            limits.extend(multiple(schema));
        }
        Some("object") => {
            limits.extend(counts(schema));
            limits.extend(other_members(shapes, at, schema)?);
        }
        _ => {}
    }
    // The texts of a text stand in its own table.
    if kind != Some("string")
        && let Some(values) = schema.get("enum").and_then(Value::as_array)
    {
        let values = values.iter().map(Value::to_string);
        limits.push(quote! { Limit::Values(&[#(#values),*]) });
    }
    Ok(limits)
}

/// A static of its own, for it keeps what it compiles.
fn pattern(schema: &Value) -> Option<TokenStream> {
    let pattern = schema.get("pattern")?.as_str()?;
    Some(quote! {
        Limit::Pattern({ static PATTERN: Pattern = Pattern::new(#pattern); &PATTERN })
    })
}

fn multiple(schema: &Value) -> Option<TokenStream> {
    let unit = schema.get("multipleOf")?.as_f64()?;
    Some(quote! { Limit::MultipleOf(#unit) })
}

fn exclusive(schema: &Value) -> Vec<TokenStream> {
    let bound = |name: &str, exclusive: &str| {
        let is_exclusive = schema.get(exclusive) == Some(&Value::Bool(true));
        schema.get(name)?.as_f64().filter(|_| is_exclusive)
    };
    let above = bound("minimum", "exclusiveMinimum");
    let above = above.map(|bound| quote! { Limit::Above(#bound) });
    let below = bound("maximum", "exclusiveMaximum");
    let below = below.map(|bound| quote! { Limit::Below(#bound) });
    above.into_iter().chain(below).collect()
}

fn counts(schema: &Value) -> Vec<TokenStream> {
    let count = |name: &str| size(schema, name).map(Literal::usize_unsuffixed);
    let least = count("minProperties").map(|count| quote! { Limit::MinProperties(#count) });
    let most = count("maxProperties").map(|count| quote! { Limit::MaxProperties(#count) });
    least.into_iter().chain(most).collect()
}

fn other_members(
    shapes: &mut Shapes<'_>,
    at: &str,
    schema: &Value,
) -> Result<Option<TokenStream>, Error> {
    let shape = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => return Ok(None),
        Some(Value::Object(schema)) if schema.is_empty() => return Ok(None),
        Some(Value::Bool(false)) => quote! { None },
        Some(_) => {
            let shape = shapes.of(&pointer::join(at, "additionalProperties"))?;
            quote! { Some(&#shape) }
        }
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let known = properties.into_iter().flat_map(serde_json::Map::keys);
    Ok(Some(
        quote! { Limit::OtherMembers { known: &[#(#known),*], shape: #shape } },
    ))
}
