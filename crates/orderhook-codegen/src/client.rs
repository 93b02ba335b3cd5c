//! The client: progenitor's output, with the models of another crate in place of its own.

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::ToTokens;
use serde_json::Value;
use syn::{Item, parse_quote};

use crate::document::shape::METHODS;
use crate::document::{Document, Error, pointer};
use crate::guarded::guarded;
use crate::lint::api::{Api, Operation};
use crate::models::{self, ModelSettings};
use crate::sound;

/// The client of `document`, as the content of a module.
///
/// `models` is the path of the crate of the models, such as `::orderhook_types`, and `inner` of the
/// type of the state that the hand-written hooks of the client's crate work with.
///
/// # Errors
/// [`Error::Unsupported`] where progenitor can't express the document.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
    inner: &str,
) -> Result<TokenStream, Error> {
    sound::check(document)?;
    let inner: syn::Path = syn::parse_str(inner).map_err(|error| {
        document.unsupported("", format!("`{inner}` is no path of a type: {error}"))
    })?;
    let mut generation = GenerationSettings::default();
    generation
        .with_interface(InterfaceStyle::Builder)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(inner.into_token_stream());
    for (schema, replacement) in models::replacements(document, settings, models) {
        let implements = [TypeImpl::Display, TypeImpl::FromStr];
        generation.with_replacement(schema, replacement, implements.into_iter());
    }
    let spec = without_integer_bounds(document.root().clone());
    let client = write_client(&generation, spec.clone()).map_err(|reason| {
        let at = at_fault(document, &generation, &spec);
        let message = format!("no client can be generated: {reason}; write this part another way");
        document.unsupported(&at, message)
    })?;
    swap_models(document, client, models)
}

fn write_client(settings: &GenerationSettings, spec: Value) -> Result<TokenStream, String> {
    let spec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    guarded(|| Generator::new(settings).generate_tokens(&spec))
}

/// What progenitor stumbles over, which it does not say: the first operation that fails without
/// the others.
fn at_fault(document: &Document, settings: &GenerationSettings, spec: &Value) -> String {
    let api = Api::new(document);
    let fault = api
        .served()
        .find(|operation| write_client(settings, only(operation, spec.clone())).is_err());
    fault.map_or_else(String::new, |operation| operation.pointer.clone())
}

/// The document without all other operations.
fn only(operation: &Operation<'_>, mut spec: Value) -> Value {
    let method = pointer::last(&operation.pointer);
    if let Some(Value::Object(paths)) = spec.get_mut("paths") {
        paths.retain(|path, _| operation.path.as_ref() == Some(path));
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|member, _| !METHODS.contains(&member.as_str()) || *member == method);
        }
    }
    spec
}

/// progenitor chooses an integer's type by its bounds, which the models do not.
fn without_integer_bounds(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            if members.get("type").and_then(Value::as_str) == Some("integer") {
                members.remove("minimum");
                members.remove("maximum");
            }
            for member in members.values_mut() {
                *member = without_integer_bounds(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_integer_bounds(item.take());
            }
        }
        _ => {}
    }
    value
}

fn swap_models(
    document: &Document,
    client: TokenStream,
    models: &str,
) -> Result<TokenStream, Error> {
    let wrong = |error: syn::Error| {
        document.unsupported("", format!("progenitor wrote no valid Rust: {error}"))
    };
    let mut file: syn::File = syn::parse2(client).map_err(wrong)?;
    let models: syn::Path = syn::parse_str(models).map_err(wrong)?;
    for item in &mut file.items {
        if let Item::Mod(module) = item
            && module.ident == "types"
        {
            *item = parse_quote! {
                /// Types used as operation parameters and responses.
                pub mod types {
                    pub use #models::*;
                }
            };
        }
    }
    Ok(file.into_token_stream())
}
