//! Tests that both sides of a document understand each other: what the client sends arrives equal at
//! the trait, and what the trait returns arrives equal at the client.
//!
//! Each operation is called over HTTP with the least that it asks for and with everything. What
//! can't be tested so is told by [`generate`]: bodies that are no values (files, streams), answers
//! that the client reads in pieces, and schemas for which no value is found.

mod call;
mod values;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::document::{Document, Error};
use crate::models::{ModelSettings, TypeNames};
use crate::names;
use crate::operation::{self, Codec, Media, Operation, Status};
use crate::server;
use call::Obstacle;
use values::Size;

/// The tests, and the ids of operations that they leave out.
#[derive(Debug)]
pub struct RoundTrip {
    /// The content of a test module beside the module `server`; none where all is left out.
    pub code: Option<TokenStream>,
    /// What is left out, with the reason.
    pub left_out: Vec<String>,
}

/// The tests of `document`, whose models are in the crate `models`.
///
/// The module that they stand in must offer `fn client(base_url: &str)`, which makes a client.
///
/// # Errors
/// [`Error::Unsupported`] at what can't be generated.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
) -> Result<RoundTrip, Error> {
    let mut types = TypeNames::new(document, settings, models)?;
    let operations = operation::served(document)?;
    let mut modules: BTreeMap<&str, [TokenStream; 2]> = BTreeMap::new();
    let mut left_out = Vec::new();
    for operation in &operations {
        let answers = answers(document, operation, &mut types)?;
        let [methods, tests] = modules.entry(&operation.tag).or_default();
        methods.extend(implementation(operation, answers.as_ref(), &mut types)?);
        let Some(answers) = answers else {
            left_out.push(format!("{}: no answer that is one value", operation.id));
            continue;
        };
        for size in [Size::Least, Size::Full] {
            match call::test(document, operation, &answers, size, &mut types) {
                Ok(test) => tests.extend(test),
                Err(Obstacle::Refused(error)) => return Err(error),
                Err(Obstacle::LeftOut(reason)) => {
                    left_out.push(format!("{}: {reason}", operation.id));
                    break;
                }
            }
        }
    }
    let has_tests = modules.values().any(|[_, tests]| !tests.is_empty());
    let modules = modules.into_iter().map(|(tag, [methods, tests])| {
        let (module, name) = (names::field_name(tag), server::trait_name(tag));
        quote! {
            mod #module {
                use super::*;
                use super::server::#module::*;
                use ::axum::http::StatusCode;
                use ::orderhook_runtime::{Call, Multipart, Refusal, Upload, status};

                impl #name for Echo { #methods }
                #tests
            }
        }
    });
    let support = support();
    let code = quote! {
        #![allow(dead_code, unused_imports, reason = "each has all that one can need")]
        #support
        #(#modules)*
    };
    Ok(RoundTrip {
        code: has_tests.then_some(code),
        left_out,
    })
}

/// What the method returns, as JSON and as an expression that makes it; and how the client's answer
/// is compared with it.
struct Answers {
    /// By size.
    json: [String; 2],
    /// An expression of the method's result, from `json`.
    make: TokenStream,
    /// The type that the client has, if the answer has a body.
    kind: Option<TokenStream>,
}

fn answers(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<Option<Answers>, Error> {
    // The client gives one type, which all answers of success must have.
    let mut successes = operation.successes();
    let (Some(answer), None) = (successes.next(), successes.next()) else {
        return Ok(None);
    };
    // With them, the client's answer is more than its body.
    if !answer.headers.is_empty() || answer.status.class() == Some(1) {
        return Ok(None);
    }
    let (kind, json) = match answer.media.as_slice() {
        [] => (None, [Some(String::new()), Some(String::new())]),
        [
            Media {
                codec: Codec::Json,
                schema_at: Some(at),
                ..
            },
        ] => {
            let json = [Size::Least, Size::Full]
                .map(|size| values::value(document, at, size).map(|value| value.to_string()));
            (Some(types.of(at)?), json)
        }
        _ => return Ok(None),
    };
    let [Some(least), Some(full)] = json else {
        return Ok(None);
    };
    let value = quote! { value(&json) };
    let make = if !server::has_several_answers(operation) {
        match kind {
            Some(_) => value,
            None => quote! { { drop(json); } },
        }
    } else {
        let name = server::answers_name(operation);
        let variant = answer.status.variant();
        let status = match answer.status {
            Status::Code(_) => None,
            Status::Range(class) => Some(class * 100),
            Status::Default => Some(200),
        };
        let status = status.map(|code| quote! { status: status(#code), });
        let path = quote! { #name::#variant };
        match (status, &kind) {
            (None, None) => quote! { { drop(json); #path } },
            (None, Some(_)) => quote! { #path(#value) },
            (status, None) => quote! { { drop(json); #path { #status } } },
            (status, Some(_)) => quote! { #path { #status body: #value } },
        }
    };
    Ok(Some(Answers {
        json: [least, full],
        make,
        kind,
    }))
}

/// The method of the trait, which notes what arrives and returns what it was told to.
fn implementation(
    operation: &Operation,
    answers: Option<&Answers>,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let signature = server::signature(operation, types)?;
    let names = server::arguments(operation);
    let body = match answers {
        Some(answers) => {
            let make = &answers.make;
            quote! {
                let arrived: Vec<String> = vec![#(format!("{:?}", #names)),*];
                let json = self.arrived(call.operation().id, arrived);
                Ok(#make)
            }
        }
        None => quote! {
            drop((call, #(#names),*));
            Err(Refusal::internal("not tested").into())
        },
    };
    Ok(quote! { #signature { async move { #body } } })
}

/// The server that the tests call.
fn support() -> TokenStream {
    quote! {
        use ::std::sync::{Arc, Mutex};
        use super::server;

        /// A server that notes what arrives.
        #[derive(Default)]
        struct Echo {
            json: String,
            seen: Mutex<Option<(String, Vec<String>)>>,
        }

        struct Running {
            base_url: String,
            echo: Arc<Echo>,
        }

        impl Echo {
            async fn start(json: &str) -> Running {
                let echo = Arc::new(Self { json: json.to_owned(), ..Self::default() });
                let router = server::router(Arc::clone(&echo));
                let listener = ::tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let base_url = format!("http://{}", listener.local_addr().unwrap());
                ::tokio::spawn(async { ::axum::serve(listener, router).await.unwrap() });
                Running { base_url, echo }
            }

            fn arrived(&self, operation: &str, arguments: Vec<String>) -> String {
                *self.seen.lock().unwrap() = Some((operation.to_owned(), arguments));
                self.json.clone()
            }
        }

        impl Running {
            fn seen(&self) -> (String, Vec<String>) {
                self.echo.seen.lock().unwrap().take().expect("the call arrives")
            }
        }

        impl ::orderhook_runtime::Server for Echo {
            type Principal = ();

            async fn authenticate(
                &self,
                _: &::axum::http::request::Parts,
                _: &'static ::orderhook_runtime::Operation,
            ) -> Result<(), ::orderhook_runtime::Refusal> {
                Ok(())
            }

            fn trace_id(&self, _: &::axum::extract::Request) -> ::orderhook_runtime::TraceId {
                ::orderhook_runtime::TraceId::new("test")
            }

            fn reject(
                &self,
                _: &::orderhook_runtime::TraceId,
                refusal: &::orderhook_runtime::Refusal,
            ) -> ::axum::response::Response {
                let text = format!("{}: {:?}", refusal.chain(), refusal.problem().faults());
                let status = ::orderhook_runtime::status(refusal.status());
                ::axum::response::IntoResponse::into_response((status, text))
            }
        }

        /// What went wrong, with the body of an answer that the document does not know.
        async fn told<E: ::std::fmt::Debug>(error: ::progenitor_client::Error<E>) -> String {
            match error {
                ::progenitor_client::Error::UnexpectedResponse(response) => {
                    response.text().await.unwrap_or_default()
                }
                error => format!("{error:?}"),
            }
        }

        fn value<T: ::serde::de::DeserializeOwned>(json: &str) -> T {
            ::serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
        }
    }
}
