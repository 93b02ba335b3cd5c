//! Bodies of parts, each of which is read as a value of its own.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::shapes::Shapes;
use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Made, Media, Operation};

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
    for (index, property) in media.properties(document)?.iter().enumerate() {
        let variant = names::type_name(&property.name);
        if !taken.insert(variant.clone()) {
            let message = format!(
                "`{}` is another part's name in Rust; write another",
                property.name
            );
            return Err(document.unsupported(&property.at, message));
        }
        let repeats = property.made == Made::List;
        let (one_at, made) = property.part(document)?;
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
