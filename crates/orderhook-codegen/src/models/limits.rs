//! The limits of a text, a number or a list, as attributes of the code that schemas are derived from.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use crate::document::{Document, pointer};

/// Limits by their name in a schema and in utoipa's attributes.
const LIMITS: [(&str, &str); 8] = [
    ("format", "format"),
    ("minLength", "min_length"),
    ("maxLength", "max_length"),
    ("pattern", "pattern"),
    ("minimum", "minimum"),
    ("maximum", "maximum"),
    ("minItems", "min_items"),
    ("maxItems", "max_items"),
];

/// A limit that a schema sets.
#[derive(Debug)]
pub(crate) struct Limit<'a> {
    keyword: &'static str,
    attribute: &'static str,
    value: &'a Value,
}

/// The limits that the schema at `at` sets itself, rather than by a reference.
pub(crate) fn limits<'a>(document: &'a Document, at: &str) -> Vec<Limit<'a>> {
    let limit = |&(keyword, attribute)| {
        let value = document.get(&pointer::join(at, keyword))?;
        // Of a number, the Rust type has it.
        let is_width = keyword == "format" && document.get(&pointer::join(at, "type"))? != "string";
        (!is_width).then_some(Limit {
            keyword,
            attribute,
            value,
        })
    };
    LIMITS.iter().filter_map(limit).collect()
}

impl Limit<'_> {
    /// `"maxLength" = 20`, as schemars takes an extension of a schema.
    pub(crate) fn json_schema(&self) -> TokenStream {
        let (keyword, literal) = (self.keyword, self.literal());
        quote! { #keyword = #literal }
    }

    /// `max_length = 20`, as utoipa takes it.
    pub(crate) fn utoipa(&self) -> TokenStream {
        let attribute = Ident::new(self.attribute, Span::call_site());
        let literal = self.literal();
        quote! { #attribute = #literal }
    }

    fn literal(&self) -> TokenStream {
        match (self.value, self.value.as_i64()) {
            (Value::String(text), _) => quote! { #text },
            // A bare one would be an `i32`.
            (_, Some(bound)) if self.keyword.ends_with("imum") => quote! { #bound },
            (number, _) => number.to_string().parse().unwrap_or_default(),
        }
    }
}
