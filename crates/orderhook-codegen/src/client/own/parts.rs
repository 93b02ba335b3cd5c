//! A `multipart/form-data`: a struct with a field for each part.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{Context, type_of};
use crate::document::Error;
use crate::names;
use crate::operation::{Made, Media, Operation, Property};

pub(super) fn name(operation: &Operation) -> Ident {
    type_of(operation, "Parts")
}

pub(super) fn generate(
    operation: &Operation,
    media: &Media,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let name = name(operation);
    let mut taken = BTreeSet::new();
    let (mut fields, mut writes) = (TokenStream::new(), TokenStream::new());
    for property in media.properties(context.document)? {
        let field = names::field_name(&property.name);
        if !taken.insert(field.clone()) {
            let message = format!(
                "`{}` is another part's name in Rust; write another",
                property.name
            );
            return Err(context.document.unsupported(&property.at, message));
        }
        let (one_at, made) = property.part(context.document)?;
        let one = match made {
            Made::File => quote! { ::reqwest::multipart::Part },
            _ => context.types.of(&one_at)?,
        };
        let kind = match (property.made, property.required) {
            (Made::List, _) => quote! { Vec<#one> },
            (_, true) => one,
            (_, false) => quote! { Option<#one> },
        };
        let documentation = names::doc(&documentation(&property));
        fields.extend(quote! { #documentation pub #field: #kind, });
        writes.extend(write(&property, &field, made));
    }
    let documentation = names::doc(&format!("The parts of the body of `{}`.", operation.id));
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub struct #name { #fields }

        impl #name {
            pub(super) fn into_form<E>(
                self,
            ) -> Result<::reqwest::multipart::Form, ::progenitor_client::Error<E>> {
                let parts = ::orderhook_client_runtime::Parts::new();
                #writes
                Ok(parts.into_form())
            }
        }
    })
}

fn documentation(property: &Property) -> String {
    let repeats = match (property.made, property.required) {
        (Made::List, true) => ", at least once",
        (Made::List, false) => ", as often as you like",
        _ => "",
    };
    format!("The part `{}`{repeats}.", property.name)
}

/// Adds the part to `parts`.
fn write(property: &Property, field: &Ident, made: Made) -> TokenStream {
    let name = &property.name;
    match (made, property.made, property.required) {
        (Made::File, Made::File, true) => quote! {
            let parts = parts.file(#name, self.#field);
        },
        (Made::File, ..) => quote! {
            let parts = self.#field.into_iter().fold(parts, |parts, part| parts.file(#name, part));
        },
        (_, Made::List, _) => quote! {
            let parts = self.#field.iter().try_fold(parts, |parts, value| parts.value(#name, value))?;
        },
        _ => quote! { let parts = parts.value(#name, &self.#field)?; },
    }
}
