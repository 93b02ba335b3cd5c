//! The body of a request.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{Context, parts, type_of};
use crate::document::Error;
use crate::names;
use crate::operation::{Body, Codec, Media, Operation};

/// The enumeration of a body that has several media types.
fn name(operation: &Operation) -> Ident {
    type_of(operation, "Body")
}

/// What the setter of the body takes, if there is one.
pub(super) fn kind(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<Option<TokenStream>, Error> {
    let Some(body) = &operation.body else {
        return Ok(None);
    };
    Ok(Some(match body.media.as_slice() {
        [media] => payload(operation, media, &quote! { super::operations:: }, context)?,
        _ => {
            let name = name(operation);
            quote! { super::operations::#name }
        }
    }))
}

/// What a body of one media type is given as; `operations` leads to the types of operations.
fn payload(
    operation: &Operation,
    media: &Media,
    operations: &TokenStream,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    Ok(match (media.codec, &media.schema_at) {
        (Codec::Json | Codec::Form, Some(at)) => context.types.of(at)?,
        (Codec::Json | Codec::Form, None) => quote! { ::serde_json::Value },
        (Codec::Text, _) => quote! { String },
        (Codec::Bytes, _) if media.is_range() => quote! { ::orderhook_client_runtime::Content },
        (Codec::Bytes, _) => quote! { ::reqwest::Body },
        (Codec::Multipart, _) => {
            let parts = parts::name(operation);
            quote! { #operations #parts }
        }
    })
}

/// The types that only the body of this operation has.
pub(super) fn types(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let Some(body) = &operation.body else {
        return Ok(TokenStream::new());
    };
    let mut types = TokenStream::new();
    for media in &body.media {
        if media.codec == Codec::Multipart {
            types.extend(parts::generate(operation, media, context)?);
        }
    }
    if body.media.len() > 1 {
        types.extend(body_enum(operation, body, context)?);
    }
    Ok(types)
}

fn body_enum(
    operation: &Operation,
    body: &Body,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let name = name(operation);
    let mut taken = BTreeSet::new();
    let mut variants = TokenStream::new();
    for media in &body.media {
        let variant = media.variant(body.media.iter());
        if !taken.insert(variant.clone()) {
            let message = format!(
                "`{}` is another media type's name in Rust; keep one",
                media.name
            );
            return Err(context.document.unsupported(&media.at, message));
        }
        let payload = payload(operation, media, &TokenStream::new(), context)?;
        let documentation = names::doc(&format!("`{}`", media.name));
        variants.extend(quote! { #documentation #variant(#payload), });
    }
    let documentation = names::doc(&format!("The body of `{}`.", operation.id));
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub enum #name { #variants }
    })
}

/// Gives `request` the body.
pub(super) fn send(operation: &Operation) -> TokenStream {
    let Some(body) = &operation.body else {
        return TokenStream::new();
    };
    let with_body = match body.media.as_slice() {
        [media] => write(media),
        all => {
            let name = name(operation);
            let arms = all.iter().map(|media| {
                let variant = media.variant(all.iter());
                let write = write(media);
                quote! { super::operations::#name::#variant(body) => #write, }
            });
            quote! { match body { #(#arms)* } }
        }
    };
    let given = quote! { self.body.map_err(Error::InvalidRequest)? };
    match body.required {
        true => quote! {
            let body = #given;
            let request = #with_body;
        },
        false => quote! {
            let request = match #given {
                Some(body) => #with_body,
                None => request,
            };
        },
    }
}

/// `request` with `body`.
fn write(media: &Media) -> TokenStream {
    let name = &media.name;
    let typed = quote! { request.header(::reqwest::header::CONTENT_TYPE, #name) };
    match media.codec {
        Codec::Json => quote! { #typed.json(&body) },
        Codec::Form => quote! { #typed.body(::orderhook_client_runtime::encode_form(&body)?) },
        Codec::Bytes if media.is_range() => quote! {
            request.header(::reqwest::header::CONTENT_TYPE, body.media_type).body(body.body)
        },
        Codec::Text | Codec::Bytes => quote! { #typed.body(body) },
        Codec::Multipart => quote! { request.multipart(body.into_form()?) },
    }
}
