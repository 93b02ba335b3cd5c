//! Properties of forms and of bodies of parts, each of which is read as a value of its own.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::shapes::Shapes;
use crate::document::{Document, Error, pointer};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Media, Operation};

/// A property of a form or of a body of parts.
pub(super) struct Property {
    pub(super) name: String,
    pub(super) at: String,
    pub(super) required: bool,
    pub(super) made: Made,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Scalar,
    File,
    List,
    Object,
}

pub(super) fn properties(document: &Document, media: &Media) -> Result<Vec<Property>, Error> {
    let Some(at) = &media.schema_at else {
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

/// The enumeration of the parts and the table that they are read by.
pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    media: &Media,
    (name, table): (&Ident, &Ident),
    types: &mut TypeNames<'_>,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let mut taken = BTreeSet::new();
    let (mut variants, mut rows, mut files, mut values) = (
        TokenStream::new(),
        TokenStream::new(),
        TokenStream::new(),
        TokenStream::new(),
    );
    for (index, property) in properties(document, media)?.iter().enumerate() {
        let variant = names::type_name(&property.name);
        if !taken.insert(variant.clone()) {
            let message = format!(
                "`{}` is another part's name in Rust; write another",
                property.name
            );
            return Err(document.unsupported(&property.at, message));
        }
        let repeats = property.made == Made::List;
        let one_at = match repeats {
            true => pointer::join(&document.resolve(&property.at)?.pointer, "items"),
            false => property.at.clone(),
        };
        let made = match repeats {
            true => made(document, &one_at)?,
            false => property.made,
        };
        let (index, wire) = (Literal::usize_unsuffixed(index), &property.name);
        let kind = match made {
            Made::File => {
                files.extend(quote! { #index => Some(Self::#variant(file)), });
                quote! { File }
            }
            Made::Scalar => quote! { Text },
            Made::List | Made::Object => quote! { Json },
        };
        let payload = match made {
            Made::File => quote! { FilePart },
            _ => {
                values.extend(quote! { #index => Some(value.into_typed().map(Self::#variant)), });
                types.of(&one_at)?
            }
        };
        let shape = match made {
            Made::File => quote! { Shape::Any },
            _ => shapes.of(&one_at)?,
        };
        let required = property.required;
        let documentation = names::doc(&format!("The part `{wire}`."));
        variants.extend(quote! { #documentation #variant(#payload), });
        rows.extend(quote! {
            PartRow { name: #wire, required: #required, repeats: #repeats, kind: PartKind::#kind, shape: #shape },
        });
    }
    let (file, value) = (unused(&files, "file"), unused(&values, "value"));
    let documentation = names::doc(&format!("A part of the body of `{}`.", operation.id));
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub enum #name { #variants }
        static #table: &[PartRow] = &[#rows];

        impl Part for #name {
            const ROWS: &'static [PartRow] = #table;

            fn file(row: usize, #file: FilePart) -> Option<Self> {
                match row { #files _ => None }
            }

            fn value(row: usize, #value: Checked<'_>) -> Option<Result<Self, ::serde_json::Error>> {
                match row { #values _ => None }
            }
        }
    })
}

/// `name`, or `_` where no arm takes it.
fn unused(arms: &TokenStream, name: &str) -> TokenStream {
    match arms.is_empty() {
        true => quote! { _ },
        false => {
            let name = names::field_name(name);
            quote! { #name }
        }
    }
}
