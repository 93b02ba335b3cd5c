//! Routes: a router for all of a tag, and a `MethodRouter` for each operation.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::document::{Document, Error};
use crate::names;
use crate::operation::{Operation, path};

/// Two templates that differ in the names of parameters alone are one path to the router, which
/// would panic.
pub(super) fn check(document: &Document, operations: &[Operation]) -> Result<(), Error> {
    let mut known: BTreeMap<String, &Operation> = BTreeMap::new();
    for operation in operations {
        let segments = operation.path.split('/').map(|segment| match segment {
            segment if segment.contains('{') => "{}",
            segment => segment,
        });
        let template = segments.collect::<Vec<_>>().join("/");
        let first = *known.entry(template).or_insert(operation);
        if first.path != operation.path {
            let message = format!(
                "the path is that of {} with other names of parameters; write the same names",
                first.at
            );
            return Err(document.unsupported(&operation.at, message));
        }
    }
    Ok(())
}

pub(super) fn generate(operations: &[&Operation], trait_name: &Ident) -> TokenStream {
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
        let path = path::route(path);
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
