//! The function in front of each method: who calls, what is asked, what is answered.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::parameters::{self, LOCATIONS};
use super::refusals::{self, Envelope};
use super::{answers, bodies, utoipa};
use crate::document::{Document, Error};
use crate::models::{ModelSettings, TypeNames};
use crate::names;
use crate::operation::{Location, Operation, path};

/// The static that tells what the operation is.
pub(super) fn constant(operation: &Operation) -> TokenStream {
    let constant = names::const_name(&operation.id);
    let (id, path) = (&operation.id, &operation.path);
    let method = operation.method.to_uppercase();
    let security = super::security::alternatives(operation);
    quote! {
        static #constant: Operation = Operation {
            id: #id, method: #method, path: #path, security: #security
        };
    }
}

pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    trait_name: &Ident,
    envelope: &Envelope,
    settings: &ModelSettings,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = names::field_name(&operation.id);
    let annotation = match settings.utoipa {
        true => utoipa::path(document, operation, types)?,
        false => quote! {},
    };
    let documentation = names::doc(&format!(
        "Answers `{} {}`.",
        operation.method.to_uppercase(),
        operation.path
    ));
    let constant = names::const_name(&operation.id);
    let reading = reading(operation);
    let principal = principal(operation, &constant);
    let takes_parts = takes_parts(operation);
    let arguments = arguments(operation);
    let parts = takes_parts.then(|| quote! { let parts = input.parts; });
    let call = quote! { api.#name(call, #(#arguments),*).await };
    let answer = answer(document, operation, envelope, &call);
    let input = input(operation, &reading);
    let Reading { read, take } = reading;
    let (method, result) = (answer.method, answer.result);
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
                #parts
                #result
            };
            exchange.#method.await
        }
    })
}

/// How a handler gets the arguments of the method.
struct Reading {
    read: TokenStream,
    /// Everything is read before the faults of any part are told.
    take: TokenStream,
}

fn reading(operation: &Operation) -> Reading {
    let mut read = TokenStream::new();
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for location in LOCATIONS {
        if let Some((argument, _)) = parameters::argument(operation, location) {
            let table = parameters::table(operation, location);
            let segments: Vec<_> = operation
                .path
                .split('/')
                .filter(|segment| path::is_compound(segment))
                .collect();
            read.extend(match location {
                Location::Path if !segments.is_empty() => quote! {
                    let #argument = input.path_with(&[#(#segments),*], #table).await;
                },
                Location::Path => quote! { let #argument = input.#argument(#table).await; },
                _ => quote! { let #argument = input.#argument(#table); },
            });
            values.push(quote! { input.typed(#argument) });
            names.push(argument);
        }
    }
    let body = names::field_name("body");
    if let Some(media) = operation.json_body() {
        let shape = bodies::table(operation, media);
        read.extend(quote! {
            let body = input.body(api.body_limit()).await?;
            let body = input.json(&#shape, &body);
        });
        values.push(quote! { input.typed(body) });
        names.push(body);
    } else if operation.body.is_some() {
        read.extend(bodies::read(operation));
        values.push(quote! { body });
        names.push(body);
    }
    let take = match names.is_empty() {
        true => quote! {},
        false => quote! {
            let (#(#names,)*) = (#(#values,)*);
            let (#(Some(#names),)*) = (#(#names,)*) else { return Err(input.refusal()) };
        },
    };
    Reading { read, take }
}

/// Only reading changes the input, and who neither reads nor authenticates needs none.
fn input(operation: &Operation, reading: &Reading) -> TokenStream {
    let is_read = !reading.read.is_empty();
    match (
        is_read,
        operation.security.is_open() && !takes_parts(operation),
    ) {
        (true, _) => quote! { let mut input = runtime::Input::new(request); },
        (false, false) => quote! { let input = runtime::Input::new(request); },
        (false, true) => quote! {},
    }
}

fn principal(operation: &Operation, constant: &Ident) -> TokenStream {
    let ask = quote! { api.authenticate(&input.parts, &#constant).await? };
    match (operation.security.is_open(), operation.security.anonymous) {
        (true, _) => quote! { () },
        (false, false) => ask,
        (false, true) => quote! {
            match #constant.has_credential(&input.parts) {
                true => Some(#ask),
                false => None,
            }
        },
    }
}

/// Who switches protocols needs the request itself.
pub(super) fn takes_parts(operation: &Operation) -> bool {
    let mut successes = operation.successes();
    successes.any(|answer| answer.status.class() == Some(1))
}

/// The names of the arguments behind `call`, in their order.
pub(crate) fn arguments(operation: &Operation) -> Vec<Ident> {
    let mut arguments: Vec<_> = LOCATIONS
        .iter()
        .filter_map(|&location| parameters::argument(operation, location))
        .map(|(name, _)| name)
        .collect();
    arguments.extend(operation.body.is_some().then(|| names::field_name("body")));
    arguments.extend(takes_parts(operation).then(|| names::field_name("parts")));
    arguments
}

/// What is done with what the method returns.
struct Answering {
    method: TokenStream,
    result: TokenStream,
}

fn answer(
    document: &Document,
    operation: &Operation,
    envelope: &Envelope,
    call: &TokenStream,
) -> Answering {
    let error = refusals::name(operation);
    let is_uniform = refusals::is_uniform(document, operation, envelope);
    if let (true, Some((status, _, _))) = (is_uniform, operation.json_success()) {
        return Answering {
            method: quote! { answer(#status, answer) },
            result: quote! { #call.map_err(#error::into_refusal) },
        };
    }
    let ok = answers::into_answer(operation);
    let refused = match is_uniform {
        true => quote! { Err(error.into_refusal()) },
        false => quote! { error.into_answer() },
    };
    Answering {
        method: quote! { respond(answer) },
        result: quote! {
            match #call {
                Ok(ok) => #ok,
                Err(error) => #refused,
            }
        },
    }
}
