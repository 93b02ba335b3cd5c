//! The body of a request: the argument that a method gets, and how a handler reads it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::parts;
use super::shapes::Shapes;
use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Body, Codec, Made, Media, Operation};

/// The static with the shape, the fields or the media types of the body.
pub(super) fn table(operation: &Operation, media: &Media) -> Ident {
    let several = operation
        .body
        .as_ref()
        .is_some_and(|body| body.media.len() > 1);
    let suffix = match several {
        true => format!("body_{}", variant_of(operation, media)),
        false => "body".to_owned(),
    };
    names::const_name(&format!("{}_{suffix}", operation.id))
}

fn media_table(operation: &Operation) -> Ident {
    names::const_name(&format!("{}_media_types", operation.id))
}

/// The enumeration of a body that has several media types.
fn body_name(operation: &Operation) -> Ident {
    format_ident!("{}Body", names::type_name(&operation.id))
}

/// The enumeration of the parts of a body of parts.
fn part_name(operation: &Operation) -> Ident {
    format_ident!("{}Part", names::type_name(&operation.id))
}

fn variant_of(operation: &Operation, media: &Media) -> Ident {
    let all = operation.body.iter().flat_map(|body| &body.media);
    media.variant(all)
}

/// Every name that the body takes in the module of its tag.
pub(super) fn items(operation: &Operation) -> Vec<Ident> {
    let Some(body) = &operation.body else {
        return Vec::new();
    };
    let tables = body.media.iter().map(|media| table(operation, media));
    let mut items: Vec<_> = tables.collect();
    if operation.json_body().is_none() {
        items.push(media_table(operation));
    }
    if body.media.len() > 1 {
        items.push(body_name(operation));
    }
    if body
        .media
        .iter()
        .any(|media| media.codec == Codec::Multipart)
    {
        items.push(part_name(operation));
    }
    items
}

/// The type of the argument.
pub(super) fn argument(
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<Option<TokenStream>, Error> {
    let Some(body) = &operation.body else {
        return Ok(None);
    };
    let kind = match body.media.as_slice() {
        [media] => payload(operation, media, types)?,
        _ => {
            let name = body_name(operation);
            quote! { #name }
        }
    };
    Ok(Some(match body.required {
        true => kind,
        false => quote! { Option<#kind> },
    }))
}

/// What a body of one media type is given as.
fn payload(
    operation: &Operation,
    media: &Media,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    Ok(match (media.codec, &media.schema_at) {
        (Codec::Json | Codec::Form, Some(at)) => types.of(at)?,
        (Codec::Json | Codec::Form, None) => quote! { ::serde_json::Value },
        (Codec::Text, _) => quote! { String },
        (Codec::Bytes, _) => quote! { Upload },
        (Codec::Multipart, _) => {
            let part = part_name(operation);
            quote! { Multipart<#part> }
        }
    })
}

/// Types and tables of the body.
pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let Some(body) = &operation.body else {
        return Ok(TokenStream::new());
    };
    let mut code = TokenStream::new();
    for media in &body.media {
        let table = table(operation, media);
        let shape = |shapes: &mut Shapes<'_>| match &media.schema_at {
            Some(at) => shapes.of(at),
            None => Ok(quote! { Shape::Any }),
        };
        code.extend(match media.codec {
            Codec::Json | Codec::Text => {
                let shape = shape(shapes)?;
                quote! { static #table: Shape = #shape; }
            }
            Codec::Form => {
                let fields = fields(document, media, shapes)?;
                quote! { static #table: &[Parameter] = &[#fields]; }
            }
            Codec::Multipart => {
                let name = part_name(operation);
                parts::generate(document, operation, media, (&name, &table), types, shapes)?
            }
            Codec::Bytes => TokenStream::new(),
        });
    }
    if operation.json_body().is_some() {
        return Ok(code);
    }
    let table = media_table(operation);
    let names = body.media.iter().map(|media| &media.name);
    code.extend(quote! { static #table: &[&str] = &[#(#names),*]; });
    if body.media.len() > 1 {
        code.extend(body_enum(document, operation, body, types)?);
    }
    Ok(code)
}

fn body_enum(
    document: &Document,
    operation: &Operation,
    body: &Body,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = body_name(operation);
    let mut taken = BTreeSet::new();
    let mut variants = TokenStream::new();
    for media in &body.media {
        let variant = variant_of(operation, media);
        if !taken.insert(variant.clone()) {
            let message = format!(
                "`{}` is another media type's name in Rust; keep one",
                media.name
            );
            return Err(document.unsupported(&media.at, message));
        }
        let payload = payload(operation, media, types)?;
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

/// The properties of a form, as the parameters of a query are told.
fn fields(
    document: &Document,
    media: &Media,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let mut rows = TokenStream::new();
    for property in media.properties(document)? {
        let shape = shapes.of(&property.at)?;
        let shape = match property.made {
            Made::Scalar | Made::File => shape,
            Made::List => quote! { Shape::Written(Style::FormExploded, &#shape) },
            Made::Object => quote! { Shape::Written(Style::Json, &#shape) },
        };
        let (name, required) = (&property.name, property.required);
        rows.extend(quote! {
            Parameter { name: #name, required: #required, allow_empty: false, shape: #shape },
        });
    }
    Ok(rows)
}

/// What a handler does to get the body as an `Option`, which is none where it has a fault.
pub(super) fn read(operation: &Operation) -> TokenStream {
    let Some(body) = &operation.body else {
        return TokenStream::new();
    };
    let (media_types, required) = (media_table(operation), body.required);
    let several = body.media.len() > 1;
    let mut arms = TokenStream::new();
    if !required {
        arms.extend(quote! { None => Some(None), });
    }
    for (index, media) in body.media.iter().enumerate() {
        let mut value = read_one(operation, media);
        if several {
            let (name, variant) = (body_name(operation), variant_of(operation, media));
            value = quote! { #value.map(#name::#variant) };
        }
        if !required {
            value = quote! { #value.map(Some) };
        }
        let is_last = index + 1 == body.media.len();
        let index = Literal::usize_unsuffixed(index);
        let place = match (is_last, required) {
            (true, true) => quote! { _ },
            (true, false) => quote! { Some(_) },
            (false, _) => quote! { Some(#index) },
        };
        arms.extend(quote! { #place => #value, });
    }
    if required && !several {
        let value = read_one(operation, &body.media[0]);
        return quote! {
            input.content(#media_types, #required)?;
            let body = #value;
        };
    }
    quote! { let body = match input.content(#media_types, #required)? { #arms }; }
}

fn read_one(operation: &Operation, media: &Media) -> TokenStream {
    let table = table(operation, media);
    let constant = names::const_name(&operation.id);
    match media.codec {
        Codec::Json => quote! { input.json_body(&#table, api.body_limit()).await? },
        Codec::Form => quote! { input.form_body(#table, api.body_limit()).await? },
        Codec::Text => quote! { input.text_body(&#table, api.body_limit()).await? },
        Codec::Bytes => quote! { Some(input.upload(api.upload_limit(&#constant))) },
        Codec::Multipart => {
            quote! { input.multipart(api.upload_limit(&#constant), api.body_limit()) }
        }
    }
}
