//! The client: progenitor's output, with the models of another crate in place of its own, and
//! beside it the operations that progenitor can't express.

mod choice;
mod own;
mod spec;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::ToTokens;
use serde_json::Value;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Item, UseTree, parse_quote};

use crate::api::{Api, Operation, media_types};
use crate::document::{Document, Error, pointer};
use crate::guarded::guarded;
use crate::models::{self, ModelSettings, TypeNames};
use crate::names;
use crate::operation;

/// The client of `document`, as the content of a module.
///
/// The three paths lead to what is written by hand: `models` to the crate of the models, such as
/// `::orderhook_types`; `inner` to the type of the state that the client's hooks work with, without
/// which these are optional and have no state; `read` to the function that reads an answer, in place
/// of progenitor's `ResponseValue::from_response`, whose errors show the whole body.
///
/// Operations with more than progenitor knows, such as several types of answers, a multipart body or
/// a cookie, are written here, with the same interface: `operations` has the types that are no
/// models, and the code leans on the crate `orderhook-client-runtime`.
///
/// # Errors
/// [`Error::Unsupported`] at what neither can express.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
    inner: Option<&str>,
    read: Option<&str>,
) -> Result<TokenStream, Error> {
    // Of a schema that has no type, typify tells more than progenitor does.
    let mut types = TypeNames::new(document, settings, models)?;
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
    check_reserved(&api)?;
    let Split { own, left } = Split::of(document, &api);
    let own_pointers = own.iter().map(|operation| operation.at.as_str());
    let spec = spec::without(own_pointers, spec::prepare(&api));
    let client = match write_client(&generation, spec.clone()) {
        Ok(client) => client,
        Err(reason) => return Err(refusal(document, left, &reason, &generation, &spec)),
    };
    let mut file = swap(document, client, &left, &path(models)?, read.clone())?;
    let read =
        read.unwrap_or_else(|| parse_quote! { ::progenitor_client::ResponseValue::from_response });
    let mut context = own::Context {
        document,
        types: &mut types,
        read: &read,
    };
    own::add(&mut file, &own, &mut context)?;
    Ok(file.into_token_stream())
}

/// What progenitor's client has beside the operations, and the hooks that its methods call.
const RESERVED: [&str; 9] = [
    "api_version",
    "baseurl",
    "client",
    "exec",
    "inner",
    "new",
    "new_with_client",
    "post",
    "pre",
];

fn check_reserved(api: &Api<'_>) -> Result<(), Error> {
    for operation in api.served() {
        let name = names::field_name(&operation.id()).to_string();
        if RESERVED.contains(&name.as_str()) {
            let message =
                format!("`{name}` is a method that every client has; write another `operationId`");
            return Err(api.document.unsupported(&operation.pointer, message));
        }
    }
    Ok(())
}

/// Who writes which operation.
struct Split<'o, 'a> {
    own: Vec<operation::Operation>,
    /// What is left to progenitor, and why it is if not for being simple.
    left: Vec<(&'o Operation<'a>, Option<Error>)>,
}

impl<'o, 'a> Split<'o, 'a> {
    fn of(document: &Document, api: &'o Api<'a>) -> Self {
        let (mut own, mut left) = (Vec::new(), Vec::new());
        for operation in api.served() {
            match operation::read(document, operation) {
                Ok(read) if choice::is_beyond_progenitor(document, &read) => own.push(read),
                Ok(_) => left.push((operation, None)),
                // Such as two parameters of a path without text between them, which can be written.
                Err(error) => left.push((operation, Some(error))),
            }
        }
        Self { own, left }
    }
}

fn write_client(settings: &GenerationSettings, spec: Value) -> Result<TokenStream, String> {
    let spec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    guarded(|| Generator::new(settings).generate_tokens(&spec))
}

/// Names the operation that progenitor stumbles over, which it does not say.
fn refusal(
    document: &Document,
    mut left: Vec<(&Operation<'_>, Option<Error>)>,
    reason: &str,
    settings: &GenerationSettings,
    spec: &Value,
) -> Error {
    let message = format!("no client can be generated: {reason}; write this part another way");
    match at_fault(&left, settings, spec).map(|index| left.swap_remove(index)) {
        None => document.unsupported("", message),
        Some((_, Some(error))) => error,
        Some((operation, None)) => document.unsupported(&operation.pointer, message),
    }
}

/// The first operation with which progenitor fails without those behind.
fn at_fault(
    left: &[(&Operation<'_>, Option<Error>)],
    settings: &GenerationSettings,
    spec: &Value,
) -> Option<usize> {
    models::first_failing(left.len(), |count| {
        let behind = left[count..].iter();
        let behind = behind.map(|(operation, _)| operation.pointer.as_str());
        write_client(settings, spec::without(behind, spec.clone())).is_err()
    })
}

/// Puts what is written by hand in the place of progenitor's own.
fn swap(
    document: &Document,
    client: TokenStream,
    left: &[(&Operation<'_>, Option<Error>)],
    models: &syn::Path,
    read: Option<syn::Path>,
) -> Result<syn::File, Error> {
    let wrong = |error: syn::Error| {
        let message = format!("progenitor wrote no valid Rust: {error}");
        document.unsupported("", message)
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
        if read_by.count == 0 && left.iter().any(|(operation, _)| answers_json(operation)) {
            let message = "progenitor reads no answer by `ResponseValue::from_response` any more";
            return Err(document.unsupported("", message));
        }
    }
    Ok(file)
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
