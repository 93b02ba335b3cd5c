//! Pushes: what the document's `x-webhooks` and callbacks send, as a trait for whoever receives them
//! and as typed requests for whoever sends them.
//!
//! What comes out leans on two hand-written types: `Delivery` (what a receiver knows of a push beside
//! its body) and `PushRequest` (a body that is serialised once and signed for each attempt).

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;

use crate::api::{self, Api, Operation};
use crate::document::{Document, Error, Node, pointer};
use crate::models::{ModelSettings, TypeNames};
use crate::names;

/// A push, and what its body says in the member that tells it from others.
struct Push {
    at: String,
    id: String,
    documentation: String,
    variant: Ident,
    method: Ident,
    body: TokenStream,
    answer: TokenStream,
    /// The member and its only text; `None` for the push that takes every other body.
    tag: Option<(String, String)>,
}

/// The pushes of `document`, as the content of a module.
///
/// `models` is the path of the crate of the models, such as `::orderhook_types`; `by_hand` that of the
/// module with the hand-written types, such as `crate`.
///
/// # Errors
/// [`Error::Unsupported`] where two pushes can't be told apart, or at what can't be generated.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
    by_hand: &str,
) -> Result<TokenStream, Error> {
    let mut types = TypeNames::new(document, settings, models)?;
    let api = Api::new(document);
    let pushes: Vec<_> = api.pushes().collect();
    module(&api, "/x-webhooks", &pushes, &mut types, by_hand)
}

/// The callbacks of `document`, each the content of a module of its name: to its receivers, it is
/// what a push is to those of a webhook.
///
/// # Errors
/// [`Error::Unsupported`] where two requests of a callback can't be told apart, where two callbacks
/// have one name, or at what can't be generated.
pub fn callbacks(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
    by_hand: &str,
) -> Result<Vec<(String, TokenStream)>, Error> {
    let mut types = TypeNames::new(document, settings, models)?;
    let api = Api::new(document);
    let mut modules = Vec::new();
    let mut taken = BTreeMap::new();
    for (at, operations) in api.callbacks() {
        let name = names::field_name(&pointer::last(at)).to_string();
        if let Some(other) = taken.insert(name.clone(), at) {
            // What operations share is written out in each of them.
            if document.get(other) == document.get(at) {
                continue;
            }
            let message = format!(
                "its name in Rust, `{name}`, is that of {other} as well; write another, or one under `#/components/callbacks` for both"
            );
            return Err(document.unsupported(at, message));
        }
        for operation in &operations {
            check_callback(document, operation)?;
        }
        modules.push((name, module(&api, at, &operations, &mut types, by_hand)?));
    }
    Ok(modules)
}

/// Refuses what only a callback can have.
fn check_callback(document: &Document, operation: &Operation<'_>) -> Result<(), Error> {
    if pointer::last(&operation.pointer) != "post" {
        let message = "only callbacks with `post` can be generated; use that";
        return Err(document.unsupported(&operation.pointer, message));
    }
    if let Some(parameter) = operation.parameters().first() {
        let message = "a parameter of a callback can't be generated; put it into the body";
        return Err(document.unsupported(&parameter.pointer, message));
    }
    Ok(())
}

/// `operations` are told apart by their bodies, and have one receiver.
fn module(
    api: &Api<'_>,
    at: &str,
    operations: &[&Operation<'_>],
    types: &mut TypeNames<'_>,
    by_hand: &str,
) -> Result<TokenStream, Error> {
    let by_hand: syn::Path = syn::parse_str(by_hand).map_err(|error| {
        let message = format!("`{by_hand}` is no path: {error}");
        api.document.unsupported("", message)
    })?;
    api.check_names(operations.iter().copied())?;
    let mut pushes = Vec::new();
    for operation in operations {
        pushes.push(read(api.document, operation, types)?);
    }
    check_answers(api.document, &pushes)?;
    let member = discriminator(api.document, at, &pushes)?;
    let (push, receiver, requests) = (
        push(&pushes, member.as_deref()),
        receiver(&pushes, member.as_deref()),
        requests(&pushes),
    );
    Ok(quote! {
        //! What is pushed, by its type: parsing, a trait for the receiver, requests for the sender.
        use #by_hand::{Delivery, PushRequest};
        #push
        #receiver
        #requests
    })
}

fn read(
    document: &Document,
    operation: &Operation<'_>,
    types: &mut TypeNames<'_>,
) -> Result<Push, Error> {
    let at = &operation.pointer;
    let id = operation.id();
    if names::field_name(&id) == "receive" {
        let message = "`receive` is the method that calls all others; write another `operationId`";
        return Err(document.unsupported(at, message));
    }
    let Some(body) = operation.request_body() else {
        return Err(document.unsupported(at, "a push needs a body; add `requestBody`"));
    };
    if body.value.get("required").and_then(Value::as_bool) != Some(true) {
        let message = "an optional body can't be generated; write `required: true`";
        return Err(document.unsupported(&body.pointer, message));
    }
    let Some(schema_at) = json_schema(document, &body)? else {
        let message = "an empty body can't be generated; give it `application/json`";
        return Err(document.unsupported(&body.pointer, message));
    };
    let schema = document.resolve(&schema_at)?;
    Ok(Push {
        at: at.clone(),
        documentation: documentation(operation),
        variant: names::type_name(&id),
        method: names::field_name(&id),
        id: id.into_owned(),
        body: types.of(&schema_at)?,
        answer: answer(document, operation, types)?,
        tag: only_text(document, &schema.pointer)?,
    })
}

/// Summary and description, and for a callback where it is sent to.
fn documentation(operation: &Operation<'_>) -> String {
    let text = |member: &str| operation.value.get(member).and_then(Value::as_str);
    let texts = [text("summary"), text("description")];
    let mut texts: Vec<_> = texts
        .into_iter()
        .flatten()
        .map(|it| it.trim().to_owned())
        .collect();
    if operation.callback().is_some() {
        let expression = pointer::parent(&operation.pointer).unwrap_or_default();
        let expression = pointer::last(expression);
        texts.push(format!(
            "Sent to `{expression}` of the request that asked for it."
        ));
    }
    texts.join("\n\n")
}

/// What the receiver answers with, by the one status of success.
fn answer(
    document: &Document,
    operation: &Operation<'_>,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let responses = operation.responses();
    let mut successes = responses
        .iter()
        .filter(|response| response.status.starts_with('2'));
    let Some(success) = successes.next() else {
        let message = "no status of success; document one";
        return Err(document.unsupported(&operation.pointer, message));
    };
    if successes.next().is_some() {
        let message = "two statuses of success; keep one";
        return Err(document.unsupported(&operation.pointer, message));
    }
    match json_schema(document, &success.node)? {
        Some(schema_at) => types.of(&schema_at),
        None => Ok(quote! { () }),
    }
}

/// The pointer to the schema of the one media type, which must be JSON; `None` for an empty body.
fn json_schema(document: &Document, node: &Node<'_>) -> Result<Option<String>, Error> {
    let refuse = |message: &str| Err(document.unsupported(&node.pointer, message));
    match api::media_types(node).as_slice() {
        [json] if pointer::last(&json.pointer) == "application/json" => {
            let schema = pointer::join(&json.pointer, "schema");
            match document.get(&schema) {
                Some(_) => Ok(Some(schema)),
                None => refuse("a body needs a `schema`; add it"),
            }
        }
        [] => Ok(None),
        _ => refuse("only bodies of `application/json` can be generated"),
    }
}

/// One method calls all others, and so has the answer of each.
fn check_answers(document: &Document, pushes: &[Push]) -> Result<(), Error> {
    let Some(first) = pushes.first() else {
        return Ok(());
    };
    let answer = first.answer.to_string();
    match pushes.iter().find(|push| push.answer.to_string() != answer) {
        Some(other) => {
            let message = format!("it is answered otherwise than {}; use one schema", first.at);
            Err(document.unsupported(&other.at, message))
        }
        None => Ok(()),
    }
}

/// The property whose `enum` has one text.
fn only_text(document: &Document, schema: &str) -> Result<Option<(String, String)>, Error> {
    let at = pointer::join(schema, "properties");
    let properties = document.get(&at).and_then(Value::as_object);
    for name in properties.into_iter().flat_map(serde_json::Map::keys) {
        let property = document.resolve(&pointer::join(&at, name))?;
        if let Some([Value::String(text)]) = property.value["enum"].as_array().map(Vec::as_slice) {
            return Ok(Some((name.clone(), text.clone())));
        }
    }
    Ok(None)
}

/// The member by which all pushes but one are told apart; `None` where there is one push only.
fn discriminator(document: &Document, at: &str, pushes: &[Push]) -> Result<Option<String>, Error> {
    let tags: Vec<_> = pushes.iter().filter_map(|push| push.tag.as_ref()).collect();
    let others: Vec<_> = pushes.iter().filter(|push| push.tag.is_none()).collect();
    if let [_, second, ..] = others.as_slice() {
        let message =
            "two pushes can't be told apart; give one a property whose `enum` has one text";
        return Err(document.unsupported(&second.at, message));
    }
    for (index, push) in pushes.iter().enumerate() {
        if push.tag.is_some() && pushes[..index].iter().any(|other| other.tag == push.tag) {
            let message = "another push has the same text; give each its own";
            return Err(document.unsupported(&push.at, message));
        }
    }
    match tags.first() {
        Some((member, _)) if tags.iter().all(|(other, _)| other == member) => {
            Ok(Some(member.clone()))
        }
        None if pushes.len() == 1 => Ok(None),
        _ => Err(document.unsupported(
            at,
            "pushes must be told apart by one property; give each an `enum` with one text in it",
        )),
    }
}

fn push(pushes: &[Push], member: Option<&str>) -> TokenStream {
    let mut variants = TokenStream::new();
    let mut arms = TokenStream::new();
    let mut other = quote! { Err(<::serde_json::Error as ::serde::de::Error>::custom("no push has this type")) };
    for push in pushes {
        let Push { variant, body, .. } = push;
        let documentation = names::doc(&push.documentation);
        variants.extend(quote! { #documentation #variant(#body), });
        let parse = quote! { ::serde_json::from_slice(body).map(Self::#variant) };
        match &push.tag {
            Some((_, text)) => arms.extend(quote! { Some(#text) => #parse, }),
            None => other = parse,
        }
    }
    let text = match member {
        Some(member) => quote! { #[serde(borrow, default, rename = #member)] },
        None => quote! { #[serde(skip)] },
    };
    quote! {
        /// A push, by its type.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Push { #variants }

        /// What tells one push from another.
        #[derive(::serde::Deserialize)]
        pub(crate) struct PushType<'a> {
            #text
            pub(crate) text: Option<::std::borrow::Cow<'a, str>>,
        }

        impl Push {
            /// Reads a body whose type is known.
            pub(crate) fn of_type(text: Option<&str>, body: &[u8]) -> Result<Self, ::serde_json::Error> {
                match text { #arms _ => #other }
            }
        }
    }
}

fn receiver(pushes: &[Push], member: Option<&str>) -> TokenStream {
    let mut methods = TokenStream::new();
    let mut arms = TokenStream::new();
    for push in pushes {
        let Push {
            variant,
            method,
            body,
            answer,
            ..
        } = push;
        let mut documentation = push.documentation.clone();
        if let (None, Some(member)) = (&push.tag, member) {
            documentation.push_str(&format!(
                "\n\nAlso called for a `{member}` that is not in the document; match on it before acknowledging."
            ));
        }
        let documentation = names::doc(&documentation);
        methods.extend(quote! {
            #documentation
            fn #method(&self, delivery: Delivery, push: #body)
                -> impl ::std::future::Future<Output = Result<#answer, Self::Error>> + Send;
        });
        arms.extend(quote! { Push::#variant(push) => self.#method(delivery, push).await, });
    }
    let answer = pushes.first().map(|push| &push.answer);
    quote! {
        /// What a receiver does with each push.
        ///
        /// Pushes are delivered at least once; an error is not acknowledged, so that the push comes again.
        ///
        /// The future of a method may be dropped at any of its awaits, such as when the sender hangs up, so
        /// persist the push first. A call that was dropped leaves its claim on the message until the lease
        /// lapses; a retry that comes earlier is not handled.
        pub trait PushReceiver: Send + Sync + 'static {
            /// Why a push could not be handled.
            type Error: ::std::error::Error + Send + Sync + 'static;

            #methods

            /// Calls the method of the push.
            fn receive(&self, delivery: Delivery, push: Push)
                -> impl ::std::future::Future<Output = Result<#answer, Self::Error>> + Send {
                async { match push { #arms } }
            }
        }
    }
}

fn requests(pushes: &[Push]) -> TokenStream {
    let requests = pushes.iter().map(|push| {
        let Push { method, body, id, .. } = push;
        let name = format_ident!("{}_request", method);
        let documentation = names::doc(&format!(
            "The request of the push `{id}`, serialised once for all its attempts.\n\n# Errors\nIf the push can't be \
             written as JSON."
        ));
        quote! {
            #documentation
            pub(crate) fn #name(push: &#body) -> Result<PushRequest, ::serde_json::Error> {
                PushRequest::new(#id, push)
            }
        }
    });
    quote! { #(#requests)* }
}
