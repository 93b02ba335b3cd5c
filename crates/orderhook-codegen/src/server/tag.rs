//! One tag: its inputs, its trait, its errors and answers, and what stands in front of the trait.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::parameters::{self, LOCATIONS};
use super::refusals::{self, Envelope};
use super::shapes::Shapes;
use super::{answers, bodies, handler, routes};
use crate::document::{Document, Error};
use crate::models::{ModelSettings, TypeNames};
use crate::names;
use crate::operation::Operation;

/// What every tag of a document is generated with.
pub(super) struct Context<'a> {
    pub(super) document: &'a Document,
    pub(super) settings: &'a ModelSettings,
    pub(super) envelope: Envelope,
    pub(super) types: TypeNames<'a>,
    pub(super) shapes: Shapes<'a>,
}

/// The trait of a tag: `webhooks` → `WebhooksApi`.
pub(crate) fn trait_name(tag: &str) -> Ident {
    format_ident!("{}Api", names::type_name(tag))
}

pub(super) fn generate(
    context: &mut Context<'_>,
    tag: &str,
    operations: &[&Operation],
) -> Result<TokenStream, Error> {
    let document = context.document;
    let trait_name = trait_name(tag);
    let about = tag_description(document, tag);
    let (mut inputs, mut methods, mut handlers, mut outputs) = (
        TokenStream::new(),
        TokenStream::new(),
        TokenStream::new(),
        TokenStream::new(),
    );
    for operation in operations {
        let (types, shapes) = (&mut context.types, &mut context.shapes);
        inputs.extend(handler::constant(operation));
        inputs.extend(parameters::generate(document, operation, types, shapes)?);
        inputs.extend(bodies::generate(document, operation, types, shapes)?);
        methods.extend(method(operation, types)?);
        handlers.extend(handler::generate(
            document,
            operation,
            &trait_name,
            &context.envelope,
            context.settings,
            types,
        )?);
        outputs.extend(answers::generate(document, operation, types)?);
        outputs.extend(refusals::generate(
            document,
            operation,
            &context.envelope,
            types,
        )?);
    }
    let routes = routes::generate(operations, &trait_name);
    let trait_doc = names::doc(&format!(
        "{about}.\n\nEvery method is an operation of the document; its error has a variant for each refusal that the \
         document names and for nothing else."
    ));
    let module_doc = format!(" {about}.");
    let code = quote! {
        #trait_doc
        pub trait #trait_name: Server { #methods }

        #inputs
        #outputs
        #routes

        /// The functions behind the routes, for routers of one's own.
        pub mod handlers {
            use super::*;
            #handlers
        }
    };
    let imports = imports(&code);
    Ok(quote! {
        #![doc = #module_doc]
        use ::std::sync::Arc;
        use ::axum::extract::{Request, State};
        use ::axum::response::Response;
        #imports
        #code
    })
}

/// What generated code may take from the runtime, beside the runtime itself.
const IMPORTED: [&str; 13] = [
    "Answer",
    "Call",
    "Checked",
    "Exchange",
    "FilePart",
    "Multipart",
    "Operation",
    "Part",
    "Problem",
    "Refusal",
    "Requirement",
    "Server",
    "Upload",
];

/// Imports of what the code names and of nothing else: what is unused is a warning.
fn imports(code: &TokenStream) -> TokenStream {
    let named = names::identifiers(code);
    let has_tables = ["Shape", "Parameter", "PartRow"]
        .iter()
        .any(|name| named.contains(*name));
    let shapes = has_tables.then(|| quote! { use ::orderhook_runtime::shape::*; });
    let status = named.contains("StatusCode");
    let status = status.then(|| quote! { use ::axum::http::StatusCode; });
    let names = names_of_runtime(&named);
    quote! {
        #status
        use ::orderhook_runtime::{self as runtime, #(#names),*};
        #shapes
    }
}

/// What code without tables and statuses imports.
pub(super) fn runtime_imports(code: &TokenStream) -> TokenStream {
    let named = names::identifiers(code);
    let names = names_of_runtime(&named);
    quote! { use ::orderhook_runtime::{#(#names),*}; }
}

fn names_of_runtime(named: &BTreeSet<String>) -> Vec<Ident> {
    let imported = IMPORTED.iter().filter(|name| named.contains(**name));
    imported.map(|name| format_ident!("{name}")).collect()
}

fn tag_description(document: &Document, tag: &str) -> String {
    let tags = document.get("/tags").and_then(serde_json::Value::as_array);
    let described = tags
        .into_iter()
        .flatten()
        .find(|entry| entry["name"] == tag);
    let description = described.and_then(|entry| entry["description"].as_str());
    description
        .unwrap_or(tag)
        .trim()
        .trim_end_matches('.')
        .to_owned()
}

/// The method of the trait, without what stands behind it.
pub(crate) fn signature(
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = names::field_name(&operation.id);
    let error = refusals::name(operation);
    let success = answers::kind(operation, types)?;
    let principal = match (operation.security.is_open(), operation.security.anonymous) {
        (true, _) => quote! { () },
        (false, false) => quote! { Self::Principal },
        (false, true) => quote! { Option<Self::Principal> },
    };
    let mut arguments = quote! { call: Call<#principal> };
    for location in LOCATIONS {
        if let Some((name, kind)) = parameters::argument(operation, location) {
            arguments.extend(quote! { , #name: #kind });
        }
    }
    if let Some(body) = bodies::argument(operation, types)? {
        arguments.extend(quote! { , body: #body });
    }
    if handler::takes_parts(operation) {
        arguments.extend(quote! { , parts: ::axum::http::request::Parts });
    }
    Ok(quote! {
        fn #name(&self, #arguments)
            -> impl ::std::future::Future<Output = Result<#success, #error>> + Send
    })
}

fn method(operation: &Operation, types: &mut TypeNames<'_>) -> Result<TokenStream, Error> {
    let signature = signature(operation, types)?;
    let line = format!("`{} {}`", operation.method.to_uppercase(), operation.path);
    let documentation = names::doc(&format!("{line}: {}", operation.documentation));
    Ok(quote! { #documentation #signature; })
}

/// Every name that an operation takes in the module of its tag.
pub(super) fn items(operation: &Operation) -> Vec<String> {
    let mut items = vec![
        names::field_name(&operation.id),
        names::const_name(&operation.id),
        refusals::name(operation),
    ];
    for location in LOCATIONS {
        if let Some((_, kind)) = parameters::argument(operation, location) {
            items.extend([kind, parameters::table(operation, location)]);
        }
    }
    items.extend(answers::is_enum(operation).then(|| answers::name(operation)));
    items.extend(bodies::items(operation));
    items.iter().map(Ident::to_string).collect()
}
