//! What a method returns: the answer itself where there is one, else a variant for each.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Answer, Codec, Media, Operation, Status};

/// The enumeration of the answers of success: `get_thing` → `GetThingOk`.
pub(crate) fn name(operation: &Operation) -> Ident {
    format_ident!("{}Ok", names::type_name(&operation.id))
}

/// Whether the operation has an enumeration of answers.
pub(crate) fn is_enum(operation: &Operation) -> bool {
    operation.successes().next().is_some() && only(operation).is_none()
}

/// The one answer of success, where it has one status, no headers, and at most one media type.
fn only(operation: &Operation) -> Option<(u16, Option<&Media>)> {
    let mut successes = operation.successes();
    let (answer, None) = (successes.next()?, successes.next()) else {
        return None;
    };
    let Status::Code(code @ 200..) = answer.status else {
        return None;
    };
    let is_simple = answer.headers.is_empty() && answer.media.len() <= 1;
    let is_range = answer.media.iter().any(Media::is_range);
    (is_simple && !is_range).then(|| (code, answer.media.first()))
}

/// What a method returns where it does not fail: what there is none of, if the document has refusals
/// alone.
pub(super) fn kind(operation: &Operation, types: &mut TypeNames<'_>) -> Result<TokenStream, Error> {
    if operation.successes().next().is_none() {
        return Ok(quote! { ::std::convert::Infallible });
    }
    match only(operation) {
        Some((_, None)) => Ok(quote! { () }),
        Some((_, Some(media))) => payload(media, types),
        None => {
            let name = name(operation);
            Ok(quote! { #name })
        }
    }
}

/// An expression that makes an `Answer` of what the method returned, which is `ok`.
pub(super) fn into_answer(operation: &Operation) -> TokenStream {
    if operation.successes().next().is_none() {
        return quote! { match ok {} };
    }
    let Some((code, media)) = only(operation) else {
        return quote! { ok.into_answer() };
    };
    let status = quote! { runtime::status(#code) };
    match media {
        // Without a value there is nothing to name.
        None => quote! { { let () = ok; Ok(Answer::empty(#status)) } },
        Some(media) => write(media, &status, &quote! { ok }),
    }
}

/// The enumeration, if there is one.
pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    if !is_enum(operation) {
        return Ok(TokenStream::new());
    }
    let name = name(operation);
    let (mut variants, mut arms) = (TokenStream::new(), TokenStream::new());
    let mut taken = BTreeSet::new();
    for answer in operation.successes() {
        for variant in typed_variants(answer, types)? {
            if !taken.insert(variant.name.clone()) {
                let message = format!("`{}` stands for two answers; keep one", variant.name);
                return Err(document.unsupported(&answer.at, message));
            }
            variants.extend(variant.definition);
            arms.extend(variant.arm);
        }
    }
    let documentation = names::doc(&format!("The answers of `{}`.", operation.id));
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub enum #name { #variants }

        impl #name {
            /// The answer as it is sent.
            ///
            /// # Errors
            /// An internal error for what can't be sent, such as a status outside of its range.
            pub fn into_answer(self) -> Result<Answer, Refusal> {
                match self { #arms }
            }
        }
    })
}

/// A variant with everything that the document tells of an answer.
pub(super) struct Variant {
    pub(super) name: Ident,
    pub(super) definition: TokenStream,
    /// The arm that makes an `Answer` of it.
    pub(super) arm: TokenStream,
}

/// One variant for each media type of `answer`, or one without a body.
pub(super) fn typed_variants(
    answer: &Answer,
    types: &mut TypeNames<'_>,
) -> Result<Vec<Variant>, Error> {
    let status = answer.status.variant();
    // A protocol is switched by whatever made the answer: there is nothing to fill in.
    if answer.status.class() == Some(1) {
        let documentation = documentation(answer, None);
        return Ok(vec![Variant {
            definition: quote! { #documentation #status(Response), },
            arm: quote! { Self::#status(response) => Ok(Answer::response(response)), },
            name: status,
        }]);
    }
    if answer.media.is_empty() {
        return Ok(vec![variant(status, answer, None, types)?]);
    }
    let several = answer.media.len() > 1;
    let variants = answer.media.iter().map(|media| {
        let name = match several {
            true => format_ident!("{status}{}", media.variant(answer.media.iter())),
            false => status.clone(),
        };
        variant(name, answer, Some(media), types)
    });
    variants.collect()
}

fn variant(
    name: Ident,
    answer: &Answer,
    media: Option<&Media>,
    types: &mut TypeNames<'_>,
) -> Result<Variant, Error> {
    let mut fields: Vec<(Ident, TokenStream, TokenStream)> = Vec::new();
    let status = match answer.status {
        Status::Code(code) => quote! { runtime::status(#code) },
        Status::Range(class) => {
            let documentation = names::doc(&format!("One of {class}XX."));
            fields.push((
                names::field_name("status"),
                quote! { StatusCode },
                documentation,
            ));
            quote! { runtime::in_range(status, #class)? }
        }
        Status::Default => {
            let documentation = names::doc("The status.");
            fields.push((
                names::field_name("status"),
                quote! { StatusCode },
                documentation,
            ));
            quote! { status }
        }
    };
    if media.is_some_and(Media::is_range) {
        fields.push((
            names::field_name("media_type"),
            quote! { String },
            names::doc("What the body is."),
        ));
    }
    if let Some(media) = media {
        let payload = payload(media, types)?;
        fields.push((names::field_name("body"), payload, names::doc("The body.")));
    }
    let mut headers = TokenStream::new();
    for header in &answer.headers {
        let mut field = names::field_name(&header.name);
        if fields.iter().any(|(taken, _, _)| *taken == field) {
            field = format_ident!("{}_header", field);
        }
        let mut kind = types.of(&header.schema_at)?;
        if !header.required {
            kind = quote! { Option<#kind> };
        }
        let wire = &header.name;
        headers.extend(quote! { .with_header(#wire, &#field)? });
        let documentation = format!("The header `{wire}`: {}", header.description);
        fields.push((
            field,
            kind,
            names::doc(documentation.trim_end_matches(": ")),
        ));
    }
    let answered = match media {
        None => quote! { Answer::empty(#status) },
        Some(media) => {
            let answer = write(media, &status, &quote! { body });
            quote! { #answer? }
        }
    };
    let documentation = documentation(answer, media);
    let names: Vec<_> = fields.iter().map(|(name, _, _)| name).collect();
    let (definition, pattern) = match fields.as_slice() {
        [] => (quote! { #documentation #name, }, quote! { Self::#name }),
        [(field, kind, _)] if media.is_some() => (
            quote! { #documentation #name(#kind), },
            quote! { Self::#name(#field) },
        ),
        fields => {
            let kinds = fields.iter().map(|(_, kind, _)| kind);
            let docs = fields.iter().map(|(_, _, doc)| doc);
            (
                quote! { #documentation #name { #(#docs #names: #kinds,)* }, },
                quote! { Self::#name { #(#names),* } },
            )
        }
    };
    Ok(Variant {
        arm: quote! { #pattern => Ok(#answered #headers), },
        definition,
        name,
    })
}

fn documentation(answer: &Answer, media: Option<&Media>) -> TokenStream {
    let media = match (answer.media.len(), media) {
        (2.., Some(media)) => format!(" as `{}`", media.name),
        _ => String::new(),
    };
    names::doc(&format!("{}{media}: {}", answer.status, answer.description))
}

/// What a body of one media type is given as.
fn payload(media: &Media, types: &mut TypeNames<'_>) -> Result<TokenStream, Error> {
    Ok(match (media.codec, &media.schema_at) {
        (Codec::Json | Codec::Form, Some(at)) => types.of(at)?,
        (Codec::Json | Codec::Form, None) => quote! { ::serde_json::Value },
        (Codec::Text, _) => quote! { String },
        (Codec::Bytes | Codec::Multipart, _) => quote! { ::axum::body::Body },
    })
}

/// An expression of `Result<Answer, Refusal>` for `body`.
fn write(media: &Media, status: &TokenStream, body: &TokenStream) -> TokenStream {
    let name = &media.name;
    let name = match media.is_range() {
        true => quote! { &media_type },
        false => quote! { #name },
    };
    match media.codec {
        Codec::Json => quote! { Answer::json(#status, #name, &#body) },
        Codec::Form => quote! { Answer::form(#status, #name, &#body) },
        Codec::Text | Codec::Bytes | Codec::Multipart => {
            quote! { Answer::raw(#status, #name, #body) }
        }
    }
}
