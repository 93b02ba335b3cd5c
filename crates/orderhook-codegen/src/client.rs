//! The client: progenitor's output, with the models of another crate in place of its own.

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::ToTokens;
use serde_json::Value;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Item, UseTree, parse_quote};

use crate::api::{Api, Operation, media_types};
use crate::document::shape::METHODS;
use crate::document::{Document, Error, pointer};
use crate::guarded::guarded;
use crate::models::{self, ModelSettings, TypeNames};

/// The client of `document`, as the content of a module.
///
/// The three paths lead to what is written by hand: `models` to the crate of the models, such as
/// `::orderhook_types`; `inner` to the type of the state that the client's hooks work with, without
/// which these are optional and have no state; `read` to the function that reads an answer, in place
/// of progenitor's `ResponseValue::from_response`, whose errors show the whole body.
///
/// # Errors
/// [`Error::Unsupported`] where progenitor can't express the document.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
    inner: Option<&str>,
    read: Option<&str>,
) -> Result<TokenStream, Error> {
    // Of a schema that has no type, typify tells more than progenitor does.
    TypeNames::new(document, settings, models)?;
    let path = |text: &str| {
        syn::parse_str::<syn::Path>(text)
            .map_err(|error| document.unsupported("", format!("`{text}` is no path: {error}")))
    };
    let (inner, read) = (inner.map(path).transpose()?, read.map(path).transpose()?);
    let mut generation = GenerationSettings::default();
    generation
        .with_interface(InterfaceStyle::Builder)
        .with_hooks(HooksMode::Optional);
    if let Some(inner) = inner {
        generation
            .with_hooks(HooksMode::Expected)
            .with_inner_type(inner.into_token_stream());
    }
    for (schema, replacement) in models::replacements(document, settings, models) {
        let implements = [TypeImpl::Display, TypeImpl::FromStr];
        generation.with_replacement(schema, replacement, implements.into_iter());
    }
    let api = Api::new(document);
    api.check_names(api.served())?;
    let spec = with_ids(&api, without_integer_bounds(document.root().clone()));
    let client = write_client(&generation, spec.clone()).map_err(|reason| {
        let at = at_fault(&api, &generation, &spec);
        let message = format!("no client can be generated: {reason}; write this part another way");
        document.unsupported(&at, message)
    })?;
    swap(&api, client, &path(models)?, read)
}

fn write_client(settings: &GenerationSettings, spec: Value) -> Result<TokenStream, String> {
    let spec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    guarded(|| Generator::new(settings).generate_tokens(&spec))
}

/// What progenitor stumbles over, which it does not say: the first operation that fails without
/// the others.
fn at_fault(api: &Api<'_>, settings: &GenerationSettings, spec: &Value) -> String {
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

/// progenitor asks every operation for an id.
fn with_ids(api: &Api<'_>, mut spec: Value) -> Value {
    for operation in api.served() {
        if let Some(Value::Object(members)) = spec.pointer_mut(&operation.pointer) {
            members.insert("operationId".to_owned(), operation.id().into());
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

/// Puts what is written by hand in the place of progenitor's own.
fn swap(
    api: &Api<'_>,
    client: TokenStream,
    models: &syn::Path,
    read: Option<syn::Path>,
) -> Result<TokenStream, Error> {
    let wrong = |error: syn::Error| {
        let message = format!("progenitor wrote no valid Rust: {error}");
        api.document.unsupported("", message)
    };
    let mut file: syn::File = syn::parse2(client).map_err(wrong)?;
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
    encode_backslashes(&mut file);
    drop_unused_import_of_types(&mut file);
    if let Some(read) = read {
        let mut read_by = ReadBy { read, count: 0 };
        read_by.visit_file_mut(&mut file);
        if read_by.count == 0 && api.served().any(answers_json) {
            let message = "progenitor reads no answer by `ResponseValue::from_response` any more";
            return Err(api.document.unsupported("", message));
        }
    }
    Ok(file.into_token_stream())
}

fn answers_json(operation: &Operation<'_>) -> bool {
    let responses = operation.responses();
    let mut media_types = responses
        .iter()
        .flat_map(|response| media_types(&response.node));
    media_types.any(|media_type| pointer::last(&media_type.pointer) == "application/json")
}

/// `ResponseValue::from_response(…)` → the given function.
struct ReadBy {
    read: syn::Path,
    count: usize,
}

impl VisitMut for ReadBy {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if names == ["ResponseValue", "from_response"] {
            *path = self.read.clone();
            self.count += 1;
        }
        visit_mut::visit_path_mut(self, path);
    }
}

/// progenitor imports the models for its builders whether or not one of these names a model.
fn drop_unused_import_of_types(file: &mut syn::File) {
    let mut modules = file.items.iter_mut().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => Some(module),
        _ => None,
    });
    let Some((_, items)) = modules.next().and_then(|module| module.content.as_mut()) else {
        return;
    };
    let mut of_types = OfTypes(false);
    for item in items.iter().filter(|item| !matches!(item, Item::Use(_))) {
        of_types.visit_item(item);
    }
    let import: Item = parse_quote! { use super::types; };
    items.retain(|item| of_types.0 || *item != import);
}

/// Whether a path begins with `types`.
struct OfTypes(bool);

impl<'a> Visit<'a> for OfTypes {
    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0 |= path
            .segments
            .first()
            .is_some_and(|first| first.ident == "types");
        visit::visit_path(self, path);
    }
}

/// progenitor leaves a backslash in a path as it is, and URL parsers take one for a slash.
fn encode_backslashes(file: &mut syn::File) {
    for item in &mut file.items {
        if let Item::Use(item) = item
            && let UseTree::Path(path) = &mut item.tree
            && let UseTree::Group(group) = &mut *path.tree
        {
            let names = std::mem::take(&mut group.items).into_iter();
            let is_encode_path =
                |name: &UseTree| matches!(name, UseTree::Name(name) if name.ident == "encode_path");
            group.items = names.filter(|name| !is_encode_path(name)).collect();
        }
    }
    file.items.push(parse_quote! {
        #[allow(dead_code)]
        fn encode_path(text: &str) -> String {
            progenitor_client::encode_path(text).replace('\\', "%5C")
        }
    });
}
