//! Server traits: one trait a tag, one method an operation, and the axum glue in front of them.
//!
//! What comes out leans on the crate `orderhook-runtime`, which reads, checks and answers, and has
//! the trait `Server`: who the caller is, how a refusal looks.

mod inputs;
mod keywords;
pub(crate) mod operation;
mod refusals;
mod shapes;
mod stub;
mod tag;
mod utoipa;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::document::{Document, Error};
use crate::models::{ModelSettings, TypeNames};
use crate::names;
use operation::Operation;
use shapes::Shapes;

/// Modules beside those of the tags, and what these import.
const RESERVED: [&str; 5] = [
    "document",
    "handlers",
    "not_implemented",
    "runtime",
    "shapes",
];

/// The modules of the server side, by name, in the order in which they are read best; `mod`
/// declares the others.
///
/// `models` is the path of the crate of the models, such as `::orderhook_types`.
///
/// # Errors
/// [`Error::Unsupported`] at what can't be generated, [`Error::Reference`] at a `$ref` that leads
/// nowhere.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
) -> Result<Vec<(String, TokenStream)>, Error> {
    let mut types = TypeNames::new(document, settings, models)?;
    let operations = operation::served(document)?;
    let mut shapes = Shapes::new(document);

    let mut by_tag: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &operations {
        by_tag.entry(&operation.tag).or_default().push(operation);
    }
    let mut modules = Vec::new();
    for (tag, operations) in &by_tag {
        if RESERVED.contains(&names::field_name(tag).to_string().as_str()) {
            let message = format!("the tag `{tag}` is the name of another module; write another");
            return Err(document.unsupported(&operations[0].at, message));
        }
        check_names(document, operations)?;
        let module = tag::generate(document, tag, operations, &mut types, &mut shapes)?;
        modules.push((names::field_name(tag).to_string(), module));
    }
    modules.push((
        "not_implemented".to_owned(),
        stub::generate(&by_tag, &mut types)?,
    ));
    modules.push(("shapes".to_owned(), shapes_module(shapes)));
    modules.push((
        "document".to_owned(),
        utoipa::document(document, &operations, &mut types)?,
    ));
    modules.insert(0, ("mod".to_owned(), root(&by_tag)));
    Ok(modules)
}

/// Two operations of a tag with one name would be code that does not compile.
fn check_names(document: &Document, operations: &[&Operation]) -> Result<(), Error> {
    let mut taken = BTreeMap::new();
    for operation in operations {
        for item in inputs::items(operation) {
            if let Some(other) = taken.insert(item.clone(), &operation.at) {
                let message = format!(
                    "its name in Rust, `{item}`, is one of {other} as well; write another `operationId`"
                );
                return Err(document.unsupported(&operation.at, message));
            }
        }
    }
    Ok(())
}

fn shapes_module(shapes: Shapes<'_>) -> TokenStream {
    let statics = shapes.statics();
    quote! {
        //! What requests may hold.
        use ::orderhook_runtime::shape::*;
        #statics
    }
}

fn root(by_tag: &BTreeMap<&str, Vec<&Operation>>) -> TokenStream {
    let tags: Vec<_> = by_tag.keys().map(|tag| names::field_name(tag)).collect();
    let traits: Vec<_> = by_tag.keys().map(|tag| tag::trait_name(tag)).collect();
    quote! {
        #(pub mod #tags;)*
        #[cfg(feature = "utoipa")]
        pub mod document;
        pub mod not_implemented;
        mod shapes;

        use ::std::sync::Arc;
        use ::orderhook_runtime as runtime;

        /// Every operation, and the documented refusals for an unknown path or method.
        ///
        /// It has fallbacks, and so does not merge with a router that has its own: merge the
        /// `routes` of each tag there, and call [`with_fallbacks`](runtime::with_fallbacks) last.
        pub fn router<S: #(#tags::#traits)+*>(server: Arc<S>) -> ::axum::Router {
            let router = ::axum::Router::new()#(.merge(#tags::routes::<S>()))*;
            runtime::with_fallbacks(router).with_state(server)
        }
    }
}
