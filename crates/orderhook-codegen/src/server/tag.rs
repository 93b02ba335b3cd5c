//! One tag: its inputs, its trait, the handlers in front of the trait and their routes.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::operation::{Location, Operation};
use super::shapes::Shapes;
use super::{inputs, refusals, utoipa};
use crate::document::{Document, Error, pointer};
use crate::models::TypeNames;
use crate::names;

/// The trait of a tag: `webhooks` → `WebhooksApi`.
pub(super) fn trait_name(tag: &str) -> Ident {
    format_ident!("{}Api", names::type_name(tag))
}

pub(super) fn generate(
    document: &Document,
    tag: &str,
    operations: &[&Operation],
    types: &mut TypeNames<'_>,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let trait_name = trait_name(tag);
    let about = tag_description(document, tag);
    let (mut inputs, mut methods, mut handlers, mut errors) = Default::default();
    for operation in operations {
        add(
            &mut inputs,
            inputs::generate(document, operation, types, shapes)?,
        );
        add(&mut methods, method(operation, types)?);
        add(
            &mut handlers,
            handler(document, operation, &trait_name, types)?,
        );
        add(&mut errors, refusals::generate(document, operation)?);
    }
    let routes = routes(operations, &trait_name);
    let trait_doc = names::doc(&format!(
        "{about}.\n\nEvery method is an operation of the document; its error has a variant for each refusal that the \
         document names and for nothing else."
    ));
    let module_doc = format!(" {about}.");
    let has_input = operations
        .iter()
        .any(|operation| operation.body.is_some() || !operation.parameters.is_empty());
    let shapes = has_input.then(|| quote! { use ::orderhook_runtime::shape::*; });
    Ok(quote! {
        #![doc = #module_doc]
        use ::std::sync::Arc;
        use ::axum::extract::{Request, State};
        use ::axum::response::Response;
        use ::orderhook_runtime::{self as runtime, Call, Exchange, Operation, Problem, Refusal, Server};
        #shapes

        #trait_doc
        pub trait #trait_name: Server { #methods }

        #inputs
        #errors
        #routes

        /// The functions behind the routes, for routers of one's own.
        pub mod handlers {
            use super::*;
            #handlers
        }
    })
}

fn add(code: &mut TokenStream, more: TokenStream) {
    code.extend(more);
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
pub(super) fn signature(
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = names::field_name(&operation.id);
    let error = refusals::name(operation);
    let success = types.of(&operation.success.schema_at)?;
    let principal = match operation.security.is_empty() {
        true => quote! { () },
        false => quote! { Self::Principal },
    };
    let mut arguments = quote! { call: Call<#principal> };
    for location in [Location::Path, Location::Query, Location::Header] {
        if let Some((name, kind)) = inputs::argument(operation, location) {
            arguments.extend(quote! { , #name: #kind });
        }
    }
    if let Some(body) = &operation.body {
        let body = types.of(&body.schema_at)?;
        arguments.extend(quote! { , body: #body });
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

fn handler(
    document: &Document,
    operation: &Operation,
    trait_name: &Ident,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = names::field_name(&operation.id);
    let constant = names::const_name(&operation.id);
    let error = refusals::name(operation);
    let status = operation.success.status;
    let annotation = utoipa::path(document, operation, types)?;
    let documentation = names::doc(&format!(
        "Answers `{} {}`.",
        operation.method.to_uppercase(),
        operation.path
    ));

    let mut read = TokenStream::new();
    let mut arguments = Vec::new();
    for (location, reader) in [
        (Location::Path, "path"),
        (Location::Query, "query"),
        (Location::Header, "headers"),
    ] {
        if let Some((argument, _)) = inputs::argument(operation, location) {
            let table = inputs::table(operation, location);
            let reader = names::field_name(reader);
            let wait = (location == Location::Path).then(|| quote! { .await });
            read.extend(quote! { let #argument = input.#reader(#table)#wait; });
            arguments.push(argument);
        }
    }
    if operation.body.is_some() {
        let shape = inputs::body_shape(operation);
        read.extend(quote! {
            let body = input.body(api.body_limit()).await?;
            let body = input.json(&#shape, &body);
        });
        arguments.push(names::field_name("body"));
    }
    let values = arguments
        .iter()
        .map(|argument| quote! { input.typed(#argument) });
    let take = match arguments.is_empty() {
        true => quote! {},
        false => quote! {
            let (#(#arguments,)*) = (#(#values,)*);
            let (#(Some(#arguments),)*) = (#(#arguments,)*) else { return Err(input.refusal()) };
        },
    };
    let principal = match operation.security.is_empty() {
        true => quote! { () },
        false => quote! { api.authenticate(&input.parts, &#constant).await? },
    };
    // Only reading changes the input, and who neither reads nor authenticates needs none.
    let input = match (arguments.is_empty(), operation.security.is_empty()) {
        (false, _) => quote! { let mut input = runtime::Input::new(request); },
        (true, false) => quote! { let input = runtime::Input::new(request); },
        (true, true) => quote! {},
    };
    Ok(quote! {
        #documentation
        #annotation
        pub async fn #name<S: #trait_name>(State(api): State<Arc<S>>, request: Request) -> Response {
            let exchange = Exchange::begin(&*api, &#constant, &request);
            let answer = async {
                #input
                let principal = #principal;
                #read
                #take
                let call = exchange.call(&#constant, principal);
                api.#name(call, #(#arguments),*).await.map_err(#error::into_refusal)
            };
            exchange.answer(#status, answer).await
        }
    })
}

/// A `MethodRouter` for each operation, and a router for all of the tag.
fn routes(operations: &[&Operation], trait_name: &Ident) -> TokenStream {
    let mut by_path: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        by_path.entry(&operation.path).or_default().push(operation);
    }
    let mut each = TokenStream::new();
    for operation in operations {
        let name = names::field_name(&operation.id);
        let method = names::field_name(&operation.method);
        let documentation = names::doc(&format!(
            "The route of `{} {}`, for a path of one's own; parameters of the path keep their names.",
            operation.method.to_uppercase(),
            operation.path
        ));
        each.extend(quote! {
            #documentation
            pub fn #name<S: #trait_name>() -> ::axum::routing::MethodRouter<Arc<S>> {
                ::axum::routing::#method(handlers::#name::<S>)
            }
        });
    }
    let paths = by_path.iter().map(|(path, operations)| {
        let names: Vec<_> = operations
            .iter()
            .map(|operation| names::field_name(&operation.id))
            .collect();
        let (first, rest) = (&names[0], &names[1..]);
        quote! { .route(#path, #first::<S>()#(.merge(#rest::<S>()))*) }
    });
    quote! {
        /// Every operation of the tag, at its documented path.
        pub fn router<S: #trait_name>(server: Arc<S>) -> ::axum::Router {
            runtime::with_fallbacks(routes::<S>()).with_state(server)
        }

        /// The same without the refusals for unknown paths and methods, to merge with other routes
        /// before [`with_fallbacks`](runtime::with_fallbacks).
        pub fn routes<S: #trait_name>() -> ::axum::Router<Arc<S>> {
            use method_routers::*;
            ::axum::Router::new() #(#paths)*
        }

        /// One route an operation.
        pub mod method_routers {
            use super::*;
            #each
        }
    }
}

/// The last token of a pointer is a schema's name where the schema is a component.
pub(super) fn component(document: &Document, at: &str) -> Option<String> {
    let reference = document
        .get(at)
        .and_then(crate::document::shape::reference)?;
    Some(pointer::last(reference))
}
