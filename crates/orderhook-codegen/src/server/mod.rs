//! Server traits: one trait a tag, one method an operation, and the axum glue in front of them.
//!
//! What comes out leans on the crate `orderhook-runtime`, which reads, checks and answers, and has
//! the trait `Server`: who the caller is, how a refusal looks.
//!
//! # What a method gets and gives
//!
//! - One struct for the parameters of each place: `path`, `query`, `headers`, `cookies`.
//! - `body`: the type of its schema for JSON and forms, `String` for `text/*`, a stream of typed parts
//!   (`Multipart`) for `multipart/form-data`, and the bytes as they arrive (`Upload`) for any other
//!   media type; an `Option` where it may be absent, an enumeration where it has several media types.
//! - `call.principal`: `()` where anyone may call, an `Option` where a credential may be absent.
//! - The answer itself where there is one without headers, else an enumeration with a variant for
//!   each status and media type; for `1XX` the method gets the request's `parts` and makes the answer.
//! - An error with a variant for each documented refusal. Those in the schema that most refusals of
//!   the document share hold a `Problem`, and `Server::reject` writes them.
//!
//! # What is refused
//!
//! Each with its place: two parameters of the path without text between them; styles that the specification does not have for a place or a type; `encoding` that asks for
//! another style of a form, or for headers of a part; two templates that differ in the names of
//! their parameters alone; and what `keywords` says of schemas.

mod answers;
mod bodies;
mod handler;
mod keywords;
mod parameters;
mod parts;
mod refusals;
mod routes;
mod security;
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
use crate::operation::{self, Operation};
pub(crate) use answers::{is_enum as has_several_answers, name as answers_name};
pub(crate) use handler::arguments;
pub(crate) use parameters::argument as parameters_argument;
use refusals::Envelope;
use shapes::Shapes;
use tag::Context;
pub(crate) use tag::{signature, trait_name};

/// Modules beside those of the tags, and what these import.
const RESERVED: [&str; 7] = [
    "document",
    "handlers",
    "method_routers",
    "not_implemented",
    "runtime",
    "security",
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
    let operations = operation::served(document)?;
    routes::check(document, &operations)?;
    let mut context = Context {
        document,
        settings,
        envelope: Envelope::of(document, &operations),
        types: TypeNames::new(document, settings, models)?,
        shapes: Shapes::new(document),
    };
    let by_tag = by_tag(document, &operations)?;
    let mut modules = Vec::new();
    check_names(document, &operations)?;
    for (tag, operations) in &by_tag {
        let module = tag::generate(&mut context, tag, operations)?;
        modules.push((names::field_name(tag).to_string(), module));
    }
    let mut types = context.types;
    modules.push((
        "not_implemented".to_owned(),
        stub::generate(&by_tag, &mut types)?,
    ));
    let shapes = shapes_module(context.shapes);
    let has_shapes = shapes.is_some();
    modules.extend(shapes.map(|shapes| ("shapes".to_owned(), shapes)));
    let security = security::generate(document, &operations)?;
    let has_security = security.is_some();
    modules.extend(security.map(|security| ("security".to_owned(), security)));
    if settings.utoipa {
        let document = utoipa::document(document, &operations, &mut types)?;
        modules.push(("document".to_owned(), document));
    }
    let root = root(&by_tag, settings, has_shapes, has_security);
    modules.insert(0, ("mod".to_owned(), root));
    Ok(modules)
}

/// The operations of each tag. Tags that are one in Rust are refused.
fn by_tag<'o>(
    document: &Document,
    operations: &'o [Operation],
) -> Result<BTreeMap<&'o str, Vec<&'o Operation>>, Error> {
    let mut by_tag: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for operation in operations {
        let module = names::field_name(&operation.tag).to_string();
        if RESERVED.contains(&module.as_str()) {
            let message = format!(
                "the tag `{}` is the name of another module; write another",
                operation.tag
            );
            return Err(document.unsupported(&operation.at, message));
        }
        let tag = *known.entry(module).or_insert(&operation.tag);
        if tag != operation.tag {
            let message = format!(
                "the tag `{}` has the name of `{tag}` in Rust; write another",
                operation.tag
            );
            return Err(document.unsupported(&operation.at, message));
        }
        by_tag.entry(&operation.tag).or_default().push(operation);
    }
    Ok(by_tag)
}

/// Two operations with one name would be code that does not compile: the stub names those of all tags.
fn check_names(document: &Document, operations: &[Operation]) -> Result<(), Error> {
    let mut taken = BTreeMap::new();
    for operation in operations {
        for item in tag::items(operation) {
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

fn shapes_module(shapes: Shapes<'_>) -> Option<TokenStream> {
    let statics = shapes.statics();
    (!statics.is_empty()).then(|| {
        quote! {
            //! What requests may hold.
            use ::orderhook_runtime::shape::*;
            #statics
        }
    })
}

fn root(
    by_tag: &BTreeMap<&str, Vec<&Operation>>,
    settings: &ModelSettings,
    has_shapes: bool,
    has_security: bool,
) -> TokenStream {
    let tags: Vec<_> = by_tag.keys().map(|tag| names::field_name(tag)).collect();
    let traits: Vec<_> = by_tag.keys().map(|tag| tag::trait_name(tag)).collect();
    let document = settings.utoipa.then(|| {
        quote! {
            #[cfg(feature = "utoipa")]
            pub mod document;
        }
    });
    let shapes = has_shapes.then(|| quote! { mod shapes; });
    let security = has_security.then(|| quote! { pub mod security; });
    quote! {
        #(pub mod #tags;)*
        #document
        pub mod not_implemented;
        #security
        #shapes

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
