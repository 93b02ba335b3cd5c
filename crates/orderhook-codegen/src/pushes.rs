//! Pushes: what the document's `x-webhooks` send, as a trait for whoever receives them and as typed
//! requests for whoever sends them.
//!
//! What comes out leans on hand-written parts of the crate that it is generated into:
//! `crate::Delivery` (what a receiver knows of a push beside its body) and `crate::PushRequest`
//! (a body that is serialised once and signed for each attempt).

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;

use crate::api::Api;
use crate::document::{Document, Error, pointer};
use crate::models::{ModelSettings, TypeNames};
use crate::names;
use crate::operation::{self, Operation};

/// A push, and what its body says in the member that tells it from others.
struct Push {
    operation: Operation,
    variant: Ident,
    method: Ident,
    body: TokenStream,
    answer: TokenStream,
    /// The member and its only text; `None` for the push that takes every other body.
    tag: Option<(String, String)>,
}

/// The pushes of `document`, as the content of a module.
///
/// `models` is the path of the crate of the models, such as `::orderhook_types`.
///
/// # Errors
/// [`Error::Unsupported`] where two pushes can't be told apart, or at what can't be generated.
pub fn generate(
    document: &Document,
    settings: &ModelSettings,
    models: &str,
) -> Result<TokenStream, Error> {
    let mut types = TypeNames::new(document, settings, models)?;
    let mut pushes = Vec::new();
    let api = Api::new(document);
    api.check_names(api.pushes())?;
    for operation in api.pushes() {
        pushes.push(read(
            document,
            operation::read(document, operation)?,
            &mut types,
        )?);
    }
    let member = discriminator(document, &pushes)?;
    let (push, receiver, requests) = (
        push(&pushes, &member),
        receiver(&pushes, &member),
        requests(&pushes),
    );
    Ok(quote! {
        //! What is pushed, by its type: parsing, a trait for the receiver, requests for the sender.
        use crate::{Delivery, PushRequest};
        #push
        #receiver
        #requests
    })
}

fn read(
    document: &Document,
    operation: Operation,
    types: &mut TypeNames<'_>,
) -> Result<Push, Error> {
    let body = operation
        .json_body()
        .and_then(|media| media.schema_at.clone());
    let Some(body) = body else {
        let message =
            "a push needs a body of JSON with a schema; add `requestBody` with `required: true`";
        return Err(document.unsupported(&operation.at, message));
    };
    let answer = operation.json_success();
    let answer = answer.and_then(|(_, _, media)| media.schema_at.clone());
    let Some(answer) = answer else {
        let message = "a push needs one answer of success, of JSON with a schema; add it";
        return Err(document.unsupported(&operation.at, message));
    };
    let schema = document.resolve(&body)?;
    Ok(Push {
        variant: names::type_name(&operation.id),
        method: names::field_name(&operation.id),
        body: types.of(&body)?,
        answer: types.of(&answer)?,
        tag: only_text(document, &schema.pointer)?,
        operation,
    })
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

/// The member by which all pushes but one are told apart.
fn discriminator(document: &Document, pushes: &[Push]) -> Result<String, Error> {
    let tags: Vec<_> = pushes.iter().filter_map(|push| push.tag.as_ref()).collect();
    let others: Vec<_> = pushes.iter().filter(|push| push.tag.is_none()).collect();
    if let [_, second, ..] = others.as_slice() {
        let message =
            "two pushes can't be told apart; give one a property whose `enum` has one text";
        return Err(document.unsupported(&second.operation.at, message));
    }
    for (index, push) in pushes.iter().enumerate() {
        if push.tag.is_some() && pushes[..index].iter().any(|other| other.tag == push.tag) {
            let message = "another push has the same text; give each its own";
            return Err(document.unsupported(&push.operation.at, message));
        }
    }
    match tags.first() {
        Some((member, _)) if tags.iter().all(|(other, _)| other == member) => Ok(member.clone()),
        _ => Err(document.unsupported(
            "/x-webhooks",
            "pushes must be told apart by one property; give each an `enum` with one text in it",
        )),
    }
}

fn push(pushes: &[Push], member: &str) -> TokenStream {
    let mut variants = TokenStream::new();
    let mut arms = TokenStream::new();
    let mut other = quote! { Err(<::serde_json::Error as ::serde::de::Error>::custom("no push has this type")) };
    for push in pushes {
        let Push { variant, body, .. } = push;
        let documentation = names::doc(&push.operation.documentation);
        variants.extend(quote! { #documentation #variant(#body), });
        let parse = quote! { ::serde_json::from_slice(body).map(Self::#variant) };
        match &push.tag {
            Some((_, text)) => arms.extend(quote! { Some(#text) => #parse, }),
            None => other = parse,
        }
    }
    quote! {
        /// A push, by its type.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Push { #variants }

        /// What tells one push from another.
        #[derive(::serde::Deserialize)]
        pub(crate) struct PushType<'a> {
            #[serde(borrow, default, rename = #member)]
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

fn receiver(pushes: &[Push], member: &str) -> TokenStream {
    let mut methods = TokenStream::new();
    let mut arms = TokenStream::new();
    for Push {
        operation,
        variant,
        method,
        body,
        answer,
        tag,
    } in pushes
    {
        let mut documentation = operation.documentation.clone();
        if tag.is_none() {
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
    // One answer serves all arms; the lint and the compiler see to that.
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
        let Push { method, body, operation, .. } = push;
        let name = format_ident!("{}_request", method);
        let id = &operation.id;
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
