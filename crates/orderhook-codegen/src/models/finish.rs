//! What typify's models lack: a member that tells absent from null, and in the JSON Schema and the
//! OpenAPI schema, which are derived from the code, the limits of a text, of which the code has
//! only a `String`, and that a member which may be absent may not be null.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Fields, FnArg, ImplItem, Item, ItemStruct, Type, parse_quote};

use super::limits::{self, Limit};
use super::{json_schema, schemas};
use crate::document::{Document, Error};
use crate::names;

pub(super) fn finish(document: &Document, types: TokenStream) -> Result<TokenStream, Error> {
    let mut file: syn::File = syn::parse2(types).map_err(|error| {
        document.unsupported("", format!("typify wrote no valid Rust: {error}"))
    })?;
    let patches = patch_members(document);
    let limits = limited_texts(document);
    SpaceBeforeDoc.visit_file_mut(&mut file);
    for item in &mut file.items {
        match item {
            Item::Struct(model) => {
                strip_json_schema(&mut model.attrs);
                if let Some(limits) = limits.get(&model.ident) {
                    model.attrs.extend(limit_attributes(limits));
                }
                if let Some(members) = patches.get(&model.ident) {
                    make_patches(model, members);
                }
                refuse_null(model);
            }
            Item::Enum(model) => strip_json_schema(&mut model.attrs),
            Item::Mod(module) if module.ident == "builder" => {
                for item in module.content.iter_mut().flat_map(|(_, items)| items) {
                    make_builder_patches(item, &patches);
                }
            }
            _ => {}
        }
    }
    Ok(file.into_token_stream())
}

/// The members of each model that are optional and nullable, so that null means something.
fn patch_members(document: &Document) -> BTreeMap<Ident, Vec<Ident>> {
    let mut found: BTreeMap<Ident, Vec<Ident>> = BTreeMap::new();
    for (name, _, schema) in schemas(document) {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |member: &str| required.is_some_and(|list| list.iter().any(|x| x == member));
        let members = schema.get("properties").and_then(Value::as_object);
        for (member, schema) in members.into_iter().flatten() {
            if json_schema::is_nullable(schema) && !is_required(member) {
                let members = found.entry(names::type_name(name)).or_default();
                members.push(names::field_name(member));
            }
        }
    }
    found
}

fn limited_texts(document: &Document) -> BTreeMap<Ident, Vec<Limit<'_>>> {
    schemas(document)
        .filter(|(_, _, schema)| schema.get("type").and_then(Value::as_str) == Some("string"))
        .map(|(name, at, _)| (names::type_name(name), limits::limits(document, &at)))
        .filter(|(_, limits)| !limits.is_empty())
        .collect()
}

fn limit_attributes(limits: &[Limit<'_>]) -> [Attribute; 2] {
    let json_schema = limits.iter().map(Limit::json_schema);
    let utoipa = limits.iter().map(Limit::utoipa);
    [
        parse_quote! { #[cfg_attr(feature = "schemars", schemars(extend(#(#json_schema),*)))] },
        parse_quote! { #[cfg_attr(feature = "utoipa", schema(#(#utoipa),*))] },
    ]
}

/// typify repeats the whole schema in the documentation of its type; the spec has it already.
fn strip_json_schema(attributes: &mut Vec<Attribute>) {
    attributes.retain_mut(|attribute| {
        let Some(text) = doc_text(attribute) else {
            return true;
        };
        let Some((before, _)) = text.split_once("<details>") else {
            return true;
        };
        let before = before.trim();
        *attribute = parse_quote! { #[doc = #before] };
        !before.is_empty()
    });
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match (&pair.value, pair.path.is_ident("doc")) {
        (
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }),
            true,
        ) => Some(text.value()),
        _ => None,
    }
}

fn make_patches(model: &mut ItemStruct, members: &[Ident]) {
    let Fields::Named(fields) = &mut model.fields else {
        return;
    };
    for field in &mut fields.named {
        if field
            .ident
            .as_ref()
            .is_some_and(|name| members.contains(name))
        {
            let optional = field.ty.clone();
            OptionToPatch.visit_type_mut(&mut field.ty);
            field
                .attrs
                .retain(|attribute| !attribute.path().is_ident("serde"));
            field.attrs.push(parse_quote! {
                #[serde(default, skip_serializing_if = "crate::Patch::is_absent")]
            });
            // utoipa's derive can't see through `Patch`; on the wire it is a nullable member.
            field.attrs.push(parse_quote! {
                #[cfg_attr(feature = "utoipa", schema(value_type = #optional))]
            });
        }
    }
}

/// utoipa takes every `Option` for a nullable member. We read null in it, but it is not part of
/// the contract, and we never write it.
fn refuse_null(model: &mut ItemStruct) {
    for field in &mut model.fields {
        if let Type::Path(path) = &field.ty
            && let Some(last) = path.path.segments.last()
            && last.ident == "Option"
        {
            field.attrs.push(parse_quote! {
                #[cfg_attr(feature = "utoipa", schema(nullable = false))]
            });
        }
    }
}

fn make_builder_patches(item: &mut Item, patches: &BTreeMap<Ident, Vec<Ident>>) {
    match item {
        Item::Struct(builder) => {
            let Some(members) = patches.get(&builder.ident) else {
                return;
            };
            for field in &mut builder.fields {
                if field
                    .ident
                    .as_ref()
                    .is_some_and(|name| members.contains(name))
                {
                    OptionToPatch.visit_type_mut(&mut field.ty);
                }
            }
        }
        Item::Impl(methods) => {
            let Type::Path(owner) = &*methods.self_ty else {
                return;
            };
            let Some(members) = owner.path.get_ident().and_then(|name| patches.get(name)) else {
                return;
            };
            for item in &mut methods.items {
                if let ImplItem::Fn(setter) = item
                    && members.contains(&setter.sig.ident)
                    && setter
                        .sig
                        .inputs
                        .iter()
                        .any(|input| matches!(input, FnArg::Typed(_)))
                {
                    OptionToPatch.visit_signature_mut(&mut setter.sig);
                }
            }
        }
        _ => {}
    }
}

/// `///text` → `/// text`.
struct SpaceBeforeDoc;

impl VisitMut for SpaceBeforeDoc {
    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        if let Some(text) = doc_text(attribute)
            && !text.contains('\n')
            && !text.starts_with(' ')
        {
            let text = format!(" {text}");
            *attribute = parse_quote! { #[doc = #text] };
        }
    }
}

/// `Option<T>` → `Patch<T>`.
struct OptionToPatch;

impl VisitMut for OptionToPatch {
    fn visit_type_mut(&mut self, kind: &mut Type) {
        visit_mut::visit_type_mut(self, kind);
        if let Type::Path(path) = kind
            && let Some(last) = path.path.segments.last()
            && last.ident == "Option"
        {
            let arguments = &last.arguments;
            *kind = parse_quote! { crate::Patch #arguments };
        }
    }
}
