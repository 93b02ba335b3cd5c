//! What typify's models lack: the order of the document's members, the notes to them, a type for
//! members that may be absent or null; and in the JSON Schema and the OpenAPI schema, which are
//! derived from the code, the limits of texts, numbers and lists, of which the code has only a
//! `String`, an `i64` and a `Vec`, and that a member which may be absent may not be null.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use serde_json::Value;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Field, Fields, Item, ItemEnum, ItemStruct, Type, parse_quote};

use super::limits::{self, Limit};
use super::{Model, ModelSettings, Notes, all_schemas, discriminators, patches};
use crate::document::{Document, Error, pointer};
use crate::names;

pub(super) fn finish(
    documents: &[&Document],
    types: TokenStream,
    settings: &ModelSettings,
) -> Result<TokenStream, Error> {
    let notes = &settings.notes;
    let mut file: syn::File = syn::parse2(types).map_err(|error| {
        documents[0].unsupported("", format!("typify wrote no valid Rust: {error}"))
    })?;
    let models = all_schemas(documents)?;
    let patches = match settings.patches {
        true => patches::find(documents, &models),
        false => patches::Patches::new(),
    };
    let limits = limited_texts(&models);
    let schemas: BTreeMap<_, _> = models
        .iter()
        .map(|model| (names::type_name(model.name), model))
        .collect();
    let mut readings = Vec::new();
    for item in &mut file.items {
        match item {
            Item::Struct(model) => {
                strip_json_schema(&mut model.attrs);
                if let Some(schema) = schemas.get(&model.ident) {
                    add_note(&mut model.attrs, notes, &schema.at);
                    finish_members(schema, model, settings);
                }
                if let Some(limits) = limits.get(&model.ident) {
                    model.attrs.extend(limit_attributes(limits, settings));
                }
                if let Some(members) = patches.get(&model.ident) {
                    patches::apply(model, members, settings);
                }
                if settings.utoipa {
                    refuse_null(model);
                }
            }
            Item::Enum(model) => {
                strip_json_schema(&mut model.attrs);
                admit_small_letters(model);
                if let Some(schema) = schemas.get(&model.ident) {
                    readings.extend(discriminators::apply(schema, model)?);
                }
            }
            Item::Mod(module) if module.ident == "builder" => {
                for item in module.content.iter_mut().flat_map(|(_, items)| items) {
                    patches::apply_to_builder(item, &patches);
                }
            }
            Item::Mod(module) if module.ident == "defaults" => {
                for item in module.content.iter_mut().flat_map(|(_, items)| items) {
                    patches::apply_to_defaults(item, &patches);
                }
            }
            _ => {}
        }
    }
    drop_unused_defaults(&mut file);
    check_no_name_twice(&file, &schemas, documents[0])?;
    file.items.extend(readings.into_iter().map(Item::Impl));
    DocLines.visit_file_mut(&mut file);
    Ok(file.into_token_stream())
}

/// typify writes a function for each default, those of members that are no longer there included.
fn drop_unused_defaults(file: &mut syn::File) {
    let is_defaults = |item: &Item| matches!(item, Item::Mod(module) if module.ident == "defaults");
    let Some(index) = file.items.iter().position(is_defaults) else {
        return;
    };
    let mut defaults = file.items.remove(index);
    let text = file.to_token_stream().to_string().replace(' ', "");
    if let Item::Mod(module) = &mut defaults
        && let Some((_, items)) = &mut module.content
    {
        items.retain(|item| match item {
            Item::Fn(function) => text.contains(&format!("defaults::{}", function.sig.ident)),
            _ => true,
        });
    }
    file.items.insert(index, defaults);
}

/// typify gives a schema inside another one a name of its own making, which another schema may have,
/// and so may two members of one struct that differ in letters that Rust's names don't keep.
fn check_no_name_twice(
    file: &syn::File,
    schemas: &BTreeMap<Ident, &Model<'_>>,
    document: &Document,
) -> Result<(), Error> {
    let mut taken = BTreeSet::new();
    for item in &file.items {
        let (name, members) = match item {
            Item::Struct(item) => (&item.ident, item.fields.iter().collect()),
            Item::Enum(item) => (&item.ident, Vec::new()),
            _ => continue,
        };
        let wrong = |message: String| match schemas.get(name) {
            Some(schema) => schema.document.unsupported(&schema.at, message),
            None => document.unsupported(super::SCHEMAS, message),
        };
        if !taken.insert(name) {
            return Err(wrong(format!(
                "a schema inside another one is called `{name}` as well; rename this one, or move that one here"
            )));
        }
        let mut known = BTreeSet::new();
        let twice = members
            .iter()
            .filter_map(|field: &&Field| field.ident.as_ref())
            .find(|member| !known.insert(*member));
        if let Some(member) = twice {
            return Err(wrong(format!(
                "two properties of `{name}` are `{member}` in Rust; rename one"
            )));
        }
    }
    Ok(())
}

/// Members in the order of the document, because typify sorts them by name, with notes and limits.
fn finish_members(schema: &Model<'_>, model: &mut ItemStruct, settings: &ModelSettings) {
    let properties_at = pointer::join(&schema.at, "properties");
    let properties = schema.schema.get("properties").and_then(Value::as_object);
    let order: Vec<_> = properties
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .map(|name| (names::field_name(name), pointer::join(&properties_at, name)))
        .collect();
    let Fields::Named(fields) = &mut model.fields else {
        return;
    };
    let place = |field: &Field| {
        let name = field.ident.as_ref();
        order.iter().position(|(member, _)| Some(member) == name)
    };
    let mut members: Vec<_> = std::mem::take(&mut fields.named).into_iter().collect();
    members.sort_by_key(|field| place(field).unwrap_or(usize::MAX));
    for field in &mut members {
        if let Some(index) = place(field) {
            let at = &order[index].1;
            add_note(&mut field.attrs, &settings.notes, at);
            let limits = limits::limits(schema.document, at);
            field.attrs.extend(limit_attributes(&limits, settings));
        }
    }
    fields.named = members.into_iter().collect();
    if !fields.named.empty_or_trailing() {
        fields.named.push_punct(parse_quote! { , });
    }
}

/// Ends the documentation with the note to the part of the document at `at`.
fn add_note(attributes: &mut Vec<Attribute>, notes: &Notes, at: &str) {
    let Some(note) = notes.get(at) else {
        return;
    };
    let docs = attributes
        .iter()
        .rposition(|attribute| doc_text(attribute).is_some());
    let note = match docs {
        Some(_) => format!("\n{note}"),
        None => note.clone(),
    };
    let position = docs.map_or(0, |last| last + 1);
    attributes.insert(position, parse_quote! { #[doc = #note] });
}

fn limited_texts<'a>(models: &[Model<'a>]) -> BTreeMap<Ident, Vec<Limit<'a>>> {
    models
        .iter()
        .filter(|model| model.schema.get("type").and_then(Value::as_str) == Some("string"))
        .map(|model| {
            (
                names::type_name(model.name),
                limits::limits(model.document, &model.at),
            )
        })
        .collect()
}

fn limit_attributes(limits: &[Limit<'_>], settings: &ModelSettings) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    if limits.is_empty() {
        return attributes;
    }
    if settings.schemars {
        let limits = limits.iter().map(Limit::json_schema);
        attributes.push(parse_quote! {
            #[cfg_attr(feature = "schemars", schemars(extend(#(#limits),*)))]
        });
    }
    if settings.utoipa {
        let limits = limits.iter().map(Limit::utoipa);
        attributes.push(parse_quote! { #[cfg_attr(feature = "utoipa", schema(#(#limits),*))] });
    }
    attributes
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

/// typify calls the texts `+1` and `-1` `plus1` and `minus1`.
fn admit_small_letters(model: &mut ItemEnum) {
    let mut names = model.variants.iter().map(|it| it.ident.to_string());
    if names.any(|name| name.starts_with(char::is_lowercase)) {
        model
            .attrs
            .push(parse_quote! { #[allow(non_camel_case_types)] });
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

/// One `/// text` a line, as a person writes it.
struct DocLines;

impl VisitMut for DocLines {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let old = std::mem::take(attributes);
        for attribute in old {
            let Some(text) = doc_text(&attribute) else {
                attributes.push(attribute);
                continue;
            };
            for line in text.lines() {
                let line = line.strip_prefix(' ').unwrap_or(line);
                let line = if line.is_empty() {
                    String::new()
                } else {
                    format!(" {line}")
                };
                attributes.push(parse_quote! { #[doc = #line] });
            }
        }
    }
}
