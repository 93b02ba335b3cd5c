//! Schemas that are one of several, told apart by a property: typify's enums are read as the first
//! variant that fits, and an object may fit several.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::{Map, Value};
use syn::{Fields, GenericArgument, ItemEnum, ItemImpl, PathArguments, Type, parse_quote};

use super::Model;
use crate::document::{Error, pointer, shape};
use crate::names;

/// Lets the property choose the variant; the code that reads it, if the schema has a discriminator.
pub(super) fn apply(model: &Model<'_>, item: &mut ItemEnum) -> Result<Option<ItemImpl>, Error> {
    let at = pointer::join(&model.at, "discriminator");
    let wrong = |message: &str| model.document.unsupported(&at, message);
    let Some(discriminator) = model.schema.get("discriminator") else {
        return Ok(None);
    };
    let Some(alternatives) = alternatives(model.schema) else {
        return Ok(None);
    };
    let property = discriminator.get("propertyName").and_then(Value::as_str);
    let property = property.ok_or_else(|| wrong("`propertyName` is missing; add it"))?;
    let schemas: Option<Vec<_>> = alternatives.iter().map(schema_name).collect();
    let schemas = schemas.ok_or_else(|| {
        wrong("what a discriminator chooses from must be references; move each schema to `#/components/schemas`")
    })?;

    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let mut arms = Vec::new();
    for schema in &schemas {
        let variant = variant_of(item, schema).ok_or_else(|| {
            wrong("the alternatives can't be told apart by a property; write a `oneOf` of objects")
        })?;
        let texts = texts(schema, mapping);
        arms.push(quote! { #(#texts)|* => ::serde_json::from_value(value).map(Self::#variant) });
    }
    for (text, target) in mapping.into_iter().flatten() {
        let target = target.as_str().unwrap_or_default();
        if !schemas.iter().any(|schema| is_target(target, schema)) {
            let message = format!("`{target}` is none of the alternatives; add it to them");
            let at = pointer::join(&pointer::join(&at, "mapping"), text);
            return Err(model.document.unsupported(&at, message));
        }
    }
    take_derived_reading(item);
    Ok(Some(reading(&item.ident, property, &arms)))
}

/// The schemas that an object is one of.
fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or(schema.get("anyOf"))?.as_array()
}

fn schema_name(schema: &Value) -> Option<String> {
    shape::reference(schema).map(pointer::last)
}

/// The values of the property that stand for the schema: those that the mapping gives it, or else
/// its name.
fn texts(schema: &str, mapping: Option<&Map<String, Value>>) -> Vec<String> {
    let mapped = mapping.into_iter().flatten();
    let mut texts: Vec<_> = mapped
        .filter(|(_, target)| target.as_str().is_some_and(|it| is_target(it, schema)))
        .map(|(text, _)| text.clone())
        .collect();
    if texts.is_empty() {
        texts.push(schema.to_owned());
    }
    texts
}

/// A mapping leads to a schema by its reference or by its name.
fn is_target(target: &str, schema: &str) -> bool {
    target == schema || target.contains('#') && pointer::last(target) == schema
}

/// The variant that holds the type of the schema alone.
fn variant_of(item: &ItemEnum, schema: &str) -> Option<Ident> {
    let name = names::type_name(schema);
    let mut variants = item.variants.iter();
    let holds_it = |fields: &Fields| match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            fields.unnamed.first().and_then(|field| held(&field.ty)) == Some(&name)
        }
        _ => false,
    };
    let found = variants.find(|variant| holds_it(&variant.fields))?;
    Some(found.ident.clone())
}

/// `Box<Cat>` and `Cat` → `Cat`.
fn held(kind: &Type) -> Option<&Ident> {
    let Type::Path(path) = kind else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == "Box" => {
            match arguments.args.first()? {
                GenericArgument::Type(kind) => held(kind),
                _ => None,
            }
        }
        _ => Some(&last.ident),
    }
}

fn take_derived_reading(item: &mut ItemEnum) {
    for attribute in &mut item.attrs {
        if attribute.path().is_ident("derive")
            && let syn::Meta::List(list) = &mut attribute.meta
        {
            let derives: Vec<syn::Path> = derives(list);
            let kept = derives.iter().filter(|path| {
                path.segments
                    .last()
                    .is_none_or(|last| last.ident != "Deserialize")
            });
            list.tokens = quote! { #(#kept),* };
        }
    }
}

fn derives(list: &syn::MetaList) -> Vec<syn::Path> {
    let parser = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
    let paths = list.parse_args_with(parser).unwrap_or_default();
    paths.into_iter().collect()
}

fn reading(name: &Ident, property: &str, arms: &[TokenStream]) -> ItemImpl {
    parse_quote! {
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
            where
                D: ::serde::Deserializer<'de>,
            {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                let kind = value.get(#property).and_then(::serde_json::Value::as_str);
                let Some(kind) = kind.map(::std::string::ToString::to_string) else {
                    return Err(<D::Error as ::serde::de::Error>::missing_field(#property));
                };
                match kind.as_str() {
                    #(#arms,)*
                    other => return Err(<D::Error as ::serde::de::Error>::custom(
                        format_args!("`{}` has the unknown value `{}`", #property, other),
                    )),
                }
                .map_err(<D::Error as ::serde::de::Error>::custom)
            }
        }
    }
}
