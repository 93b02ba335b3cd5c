//! A variant of an enumeration of answers: what the document tells of one answer.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Context;
use super::answers::payload;
use crate::document::Error;
use crate::names;
use crate::operation::{Answer, Media, Status};

/// A variant of an enumeration.
pub(super) struct Variant {
    pub(super) name: Ident,
    pub(super) fields: Vec<Field>,
    has_body_only: bool,
}

pub(super) struct Field {
    pub(super) name: Ident,
    kind: TokenStream,
    documentation: String,
    /// What it is, from `response`'s `status`, `headers` and `media_type`, and from `body`.
    value: TokenStream,
    is_stream: bool,
}

impl Variant {
    pub(super) fn of(
        answer: &Answer,
        media: Option<&Media>,
        context: &mut Context<'_, '_>,
    ) -> Result<Self, Error> {
        let status = answer.status.variant();
        let name = match media {
            Some(media) if answer.media.len() > 1 => {
                format_ident!("{status}{}", media.variant(answer.media.iter()))
            }
            _ => status,
        };
        let mut fields: Vec<Field> = Vec::new();
        let mut add = |name: &str, kind, documentation: String, value| {
            let mut name = names::field_name(name);
            if fields.iter().any(|field| field.name == name) {
                name = format_ident!("{name}_header");
            }
            fields.push(Field {
                name,
                is_stream: is_stream(&kind),
                kind,
                documentation,
                value,
            });
        };
        let status = quote! { ::reqwest::StatusCode };
        match answer.status {
            Status::Code(_) => {}
            Status::Range(class) => {
                add(
                    "status",
                    status,
                    format!("One of {class}XX."),
                    quote! { status },
                );
            }
            Status::Default => add(
                "status",
                status,
                "The status.".to_owned(),
                quote! { status },
            ),
        }
        if media.is_some_and(Media::is_range) {
            let documentation = "What the body is.".to_owned();
            add(
                "media_type",
                quote! { String },
                documentation,
                quote! { media_type },
            );
        }
        let is_upgrade = answer.status.class() == Some(1);
        if media.is_some() || is_upgrade {
            let kind = payload(answer, media, context)?;
            let value = quote! { body.into_inner() };
            add("body", kind, "The body.".to_owned(), value);
        }
        for header in &answer.headers {
            let wire = &header.name;
            let kind = context.types.of(&header.schema_at)?;
            let (kind, read) = match header.required {
                true => (kind, quote! { required }),
                false => (quote! { Option<#kind> }, quote! { header }),
            };
            let documentation = format!("The header `{wire}`: {}", header.description);
            let documentation = documentation.trim_end_matches(": ").to_owned();
            let value = quote! { ::orderhook_client_runtime::#read(&headers, #wire)? };
            add(wire, kind, documentation, value);
        }
        Ok(Self {
            name,
            has_body_only: fields.len() == 1 && (media.is_some() || is_upgrade),
            fields,
        })
    }

    pub(super) fn definition(&self, answer: &Answer, media: Option<&Media>) -> TokenStream {
        let as_media = match (answer.media.len(), media) {
            (2.., Some(media)) => format!(" as `{}`", media.name),
            _ => String::new(),
        };
        let documentation = names::doc(&format!(
            "{}{as_media}: {}",
            answer.status, answer.description
        ));
        let name = &self.name;
        let fields = self.fields.iter().map(|field| {
            let documentation = names::doc(&field.documentation);
            let (name, kind) = (&field.name, &field.kind);
            quote! { #documentation #name: #kind, }
        });
        match self.fields.as_slice() {
            [] => quote! { #documentation #name, },
            [Field { kind, .. }] if self.has_body_only => quote! { #documentation #name(#kind), },
            _ => quote! { #documentation #name { #(#fields)* }, },
        }
    }

    /// An arm that shows it: streams have nothing to show.
    pub(super) fn debug(&self) -> TokenStream {
        let name = &self.name;
        let text = name.to_string();
        let fields = &self.fields;
        let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
        if names.is_empty() {
            return quote! { Self::#name => f.write_str(#text), };
        }
        let shown = fields.iter().map(|field| {
            let name = &field.name;
            match field.is_stream {
                true => quote! { &"ByteStream" },
                false => quote! { #name },
            }
        });
        let patterns = fields.iter().map(|field| {
            let name = &field.name;
            match (field.is_stream, self.has_body_only) {
                (true, true) => quote! { _ },
                (true, false) => quote! { #name: _ },
                (false, _) => quote! { #name },
            }
        });
        if self.has_body_only {
            return quote! { Self::#name(#(#patterns)*) => f.debug_tuple(#text)#(.field(#shown))*.finish(), };
        }
        let texts = names.iter().map(ToString::to_string);
        quote! {
            Self::#name { #(#patterns),* } => {
                f.debug_struct(#text)#(.field(#texts, #shown))*.finish()
            }
        }
    }

    pub(super) fn value(&self, enumeration: &Ident) -> TokenStream {
        let name = &self.name;
        let values = self.fields.iter().map(|field| &field.value);
        match self.fields.as_slice() {
            [] => quote! { super::operations::#enumeration::#name },
            _ if self.has_body_only => {
                quote! { super::operations::#enumeration::#name(#(#values)*) }
            }
            fields => {
                let names = fields.iter().map(|field| &field.name);
                quote! { super::operations::#enumeration::#name { #(#names: #values),* } }
            }
        }
    }
}

fn is_stream(kind: &TokenStream) -> bool {
    kind.to_string().ends_with("ByteStream")
}
