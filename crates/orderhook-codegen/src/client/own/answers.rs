//! What `send` returns, and how it is read.
//!
//! Where all successes have one type and no headers, it is that type, and the status is that of the
//! `ResponseValue`; else it is an enumeration as the server side has it. Refusals are the same, but
//! for headers: those are left to `ResponseValue::headers` where one type does for all.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::variant::Variant;
use super::{Context, type_of};
use crate::document::Error;
use crate::names;
use crate::operation::{Answer, Codec, Media, Operation, Status};

/// Successes or refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Success,
    Refusal,
}

impl Side {
    fn answers(self, operation: &Operation) -> Vec<&Answer> {
        match self {
            Self::Success => operation.successes().collect(),
            // Nothing but its status tells a success of `default` from a refusal.
            Self::Refusal => {
                let mut answers: Vec<_> = operation.refusals().collect();
                let default = operation.successes();
                answers.extend(default.filter(|answer| answer.status == Status::Default));
                answers
            }
        }
    }

    fn enumeration(self, operation: &Operation) -> Ident {
        match self {
            Self::Success => type_of(operation, "Ok"),
            Self::Refusal => type_of(operation, "Error"),
        }
    }

    /// The one type of all answers, if there is one.
    fn only(
        self,
        operation: &Operation,
        context: &mut Context<'_, '_>,
    ) -> Result<Option<TokenStream>, Error> {
        let mut only: Option<TokenStream> = None;
        for answer in self.answers(operation) {
            let has_headers = self == Self::Success && !answer.headers.is_empty();
            let media = match answer.media.as_slice() {
                [] => None,
                [media] => Some(media),
                _ => return Ok(None),
            };
            let payload = payload(answer, media, context)?;
            let is_other = only
                .as_ref()
                .is_some_and(|only| only.to_string() != payload.to_string());
            if has_headers || is_other {
                return Ok(None);
            }
            only = Some(payload);
        }
        Ok(Some(only.unwrap_or_else(|| match self {
            // As for progenitor, which reads no body that is not described.
            Self::Success => quote! { ::progenitor_client::ByteStream },
            Self::Refusal => quote! { () },
        })))
    }

    fn kind(
        self,
        operation: &Operation,
        context: &mut Context<'_, '_>,
    ) -> Result<TokenStream, Error> {
        let only = self.only(operation, context)?;
        Ok(only.unwrap_or_else(|| {
            let name = self.enumeration(operation);
            quote! { super::operations::#name }
        }))
    }
}

pub(super) fn success(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    Side::Success.kind(operation, context)
}

pub(super) fn refusal(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    Side::Refusal.kind(operation, context)
}

/// What a body of an answer is read as.
pub(super) fn payload(
    answer: &Answer,
    media: Option<&Media>,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    if answer.status.class() == Some(1) {
        return Ok(quote! { ::reqwest::Upgraded });
    }
    let Some(media) = media else {
        return Ok(quote! { () });
    };
    Ok(match (media.codec, &media.schema_at) {
        (Codec::Json | Codec::Form, Some(at)) => context.types.of(at)?,
        (Codec::Json | Codec::Form, None) => quote! { ::serde_json::Value },
        (Codec::Text, _) => quote! { String },
        (Codec::Bytes | Codec::Multipart, _) => quote! { ::progenitor_client::ByteStream },
    })
}

/// Every media type that is documented, once.
pub(super) fn accept(operation: &Operation) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for media in operation.answers.iter().flat_map(|answer| &answer.media) {
        if !names.contains(&media.name.as_str()) {
            names.push(&media.name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// The enumerations of an operation.
pub(super) fn types(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let mut types = TokenStream::new();
    for side in [Side::Success, Side::Refusal] {
        if side.only(operation, context)?.is_none() {
            types.extend(enumeration(operation, side, context)?);
        }
    }
    Ok(types)
}

fn enumeration(
    operation: &Operation,
    side: Side,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let (mut variants, mut arms) = (TokenStream::new(), TokenStream::new());
    let mut taken = BTreeSet::new();
    for answer in side.answers(operation) {
        for media in bodies(answer) {
            let variant = Variant::of(answer, media, context)?;
            if !taken.insert(variant.name.clone()) {
                let message = format!("`{}` stands for two answers; keep one", variant.name);
                return Err(context.document.unsupported(&answer.at, message));
            }
            variants.extend(variant.definition(answer, media));
            arms.extend(variant.debug());
        }
    }
    let name = side.enumeration(operation);
    let documentation = names::doc(&match side {
        Side::Success => format!("The answers of `{}`.", operation.id),
        Side::Refusal => format!("The refusals of `{}`.", operation.id),
    });
    Ok(quote! {
        #documentation
        pub enum #name { #variants }

        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self { #arms }
            }
        }
    })
}

/// Each media type, or none.
fn bodies(answer: &Answer) -> Vec<Option<&Media>> {
    match answer.media.is_empty() || answer.status.class() == Some(1) {
        true => vec![None],
        false => answer.media.iter().map(Some).collect(),
    }
}

/// What makes the result of `response`.
pub(super) fn read(
    operation: &Operation,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let mut arms = TokenStream::new();
    let mut has_default = false;
    for side in [Side::Success, Side::Refusal] {
        let only = side.only(operation, context)?;
        for answer in side.answers(operation) {
            let read = read_answer(operation, side, answer, only.as_ref(), context)?;
            let pattern = match answer.status {
                Status::Code(code) => quote! { #code },
                Status::Range(class) => {
                    let (first, last) = (class * 100, class * 100 + 99);
                    quote! { #first..=#last }
                }
                Status::Default if side == Side::Success => quote! { 100u16..=399u16 },
                Status::Default => {
                    has_default = true;
                    quote! { _ }
                }
            };
            arms.extend(quote! { #pattern => #read });
        }
    }
    if operation.successes().next().is_none() {
        arms.extend(quote! { 200u16..=299u16 => Ok(ResponseValue::stream(response)), });
    }
    if !has_default {
        arms.extend(quote! { _ => Err(Error::UnexpectedResponse(response)), });
    }
    Ok(quote! { match response.status().as_u16() { #arms } })
}

fn read_answer(
    operation: &Operation,
    side: Side,
    answer: &Answer,
    only: Option<&TokenStream>,
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let mut reads = Vec::new();
    for media in bodies(answer) {
        let payload = payload(answer, media, context)?;
        let body = read_body(answer, media, &payload, context.read);
        let value = match only {
            Some(_) => body,
            None => {
                let variant = Variant::of(answer, media, context)?;
                wrapped(&variant, &side.enumeration(operation), &body)
            }
        };
        reads.push(match side {
            Side::Success => quote! { Ok(#value) },
            Side::Refusal => quote! { Err(Error::ErrorResponse(#value)) },
        });
    }
    if let [read] = reads.as_slice() {
        return Ok(quote! { { #read } });
    }
    let names = answer.media.iter().map(|media| &media.name);
    let arms = reads.iter().enumerate().map(|(place, read)| {
        let place = proc_macro2::Literal::usize_unsuffixed(place);
        quote! { Some(#place) => { #read } }
    });
    Ok(quote! {
        match ::orderhook_client_runtime::media(&response, &[#(#names),*]) {
            #(#arms)*
            _ => Err(Error::UnexpectedResponse(response)),
        }
    })
}

/// An expression of `ResponseValue<payload>`.
fn read_body(
    answer: &Answer,
    media: Option<&Media>,
    payload: &TokenStream,
    read: &syn::Path,
) -> TokenStream {
    if answer.status.class() == Some(1) {
        return quote! { ResponseValue::upgrade(response).await? };
    }
    match media.map(|media| media.codec) {
        None => quote! { ResponseValue::empty(response) },
        Some(Codec::Json) => {
            quote! { { let value: ResponseValue<#payload> = #read(response).await?; value } }
        }
        Some(Codec::Form) => quote! {
            { let value: ResponseValue<#payload> = ::orderhook_client_runtime::form(response).await?; value }
        },
        Some(Codec::Text) => quote! { ::orderhook_client_runtime::text(response).await? },
        Some(Codec::Bytes | Codec::Multipart) => quote! { ResponseValue::stream(response) },
    }
}

/// An expression of `ResponseValue` of the enumeration.
fn wrapped(variant: &Variant, enumeration: &Ident, body: &TokenStream) -> TokenStream {
    let value = variant.value(enumeration);
    let has = |name: &str| variant.fields.iter().any(|field| field.name == name);
    let media_type = has("media_type").then(|| {
        quote! { let media_type = ::orderhook_client_runtime::media_type(&response); }
    });
    let body = has("body").then(|| quote! { let body = #body; });
    quote! {
        {
            let status = response.status();
            let headers = response.headers().clone();
            #media_type
            #body
            let value = #value;
            ResponseValue::new(value, status, headers)
        }
    }
}
