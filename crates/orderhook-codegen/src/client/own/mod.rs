//! The operations that progenitor can't express, behind the same interface.
//!
//! What comes out leans on the crate `orderhook-client-runtime`.

mod answers;
mod body;
mod builder;
mod parts;
mod variant;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Item, parse_quote};

use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::Operation;

/// What every operation is generated with.
pub(super) struct Context<'a, 'd> {
    pub(super) document: &'a Document,
    pub(super) types: &'a mut TypeNames<'d>,
    /// What reads an answer of JSON.
    pub(super) read: &'a syn::Path,
}

/// Adds `operations` to the client in `file`.
pub(super) fn add(
    file: &mut syn::File,
    operations: &[Operation],
    context: &mut Context<'_, '_>,
) -> Result<(), Error> {
    let (mut methods, mut builders, mut types) =
        (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for operation in operations {
        let setters = builder::setters(operation, context)?;
        methods.extend(builder::method(operation, &setters));
        builders.extend(builder::generate(operation, &setters, context)?);
        types.extend(body::types(operation, context)?);
        types.extend(answers::types(operation, context)?);
    }
    if operations.is_empty() {
        return Ok(());
    }
    let document = context.document;
    let wrong = |error: syn::Error| {
        let message = format!("no valid Rust was written: {error}");
        document.unsupported("", message)
    };
    let builders: syn::File = syn::parse2(builders).map_err(wrong)?;
    let methods: Item = syn::parse2(quote! { impl Client { #methods } }).map_err(wrong)?;
    let Some(place) = file.items.iter().position(is_builder) else {
        return Err(document.unsupported("", "progenitor wrote no module `builder`"));
    };
    if let Item::Mod(module) = &mut file.items[place]
        && let Some((_, items)) = &mut module.content
    {
        items.extend(builders.items);
    }
    file.items.insert(place, methods);
    if !types.is_empty() {
        let operations: syn::File = syn::parse2(types).map_err(wrong)?;
        let items = operations.items;
        file.items.insert(
            place + 2,
            parse_quote! {
                /// What operations send and answer where one model does not say it.
                #[allow(clippy::all)]
                pub mod operations { #(#items)* }
            },
        );
    }
    Ok(())
}

fn is_builder(item: &Item) -> bool {
    matches!(item, Item::Mod(module) if module.ident == "builder")
}

/// A type of an operation: `get_thing` → `GetThingOk`.
fn type_of(operation: &Operation, suffix: &str) -> Ident {
    format_ident!("{}{suffix}", names::type_name(&operation.id))
}
