//! The test of one operation: what is sent, what must arrive, and what comes back.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::{Map, Value};

use super::Answers;
use super::values::{self, Size};
use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Body, Codec, Location, Operation, Parameter, Style, Written};
use crate::server;

const LOCATIONS: [Location; 4] = [
    Location::Path,
    Location::Query,
    Location::Header,
    Location::Cookie,
];

/// Why there is no test.
pub(super) enum Obstacle {
    /// The document can't be generated from.
    Refused(Error),
    /// The operation can't be called with values alone.
    LeftOut(String),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

fn left_out<T>(reason: impl Into<String>) -> Result<T, Obstacle> {
    Err(Obstacle::LeftOut(reason.into()))
}

/// The test of `operation`, called with as much as `size` says.
pub(super) fn test(
    document: &Document,
    operation: &Operation,
    answers: &Answers,
    size: Size,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Obstacle> {
    let mut call = Call {
        document,
        size,
        types,
        setters: TokenStream::new(),
        expected: Vec::new(),
    };
    call.add_parameters(operation)?;
    if let Some(body) = &operation.body {
        call.add_body(body)?;
    }
    let Call {
        setters, expected, ..
    } = call;
    let json = &answers.json[usize::from(size == Size::Full)];
    let check = match &answers.kind {
        Some(kind) => quote! {
            let returned = format!("{:?}", answer.into_inner());
            assert_eq!(returned, format!("{:?}", value::<#kind>(#json)));
        },
        None => quote! { drop(answer); },
    };
    let suffix = match size {
        Size::Least => "least",
        Size::Full => "full",
    };
    let method = names::field_name(&operation.id);
    let name = format_ident!("{method}_{suffix}");
    let id = &operation.id;
    Ok(quote! {
        #[tokio::test]
        async fn #name() {
            let echo = Echo::start(#json).await;
            let client = super::super::client(&echo.base_url);
            let answer = client.#method()#setters.send().await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => panic!("{}", told(error).await),
            };
            let expected: Vec<String> = vec![#(#expected),*];
            assert_eq!(echo.seen(), (#id.to_owned(), expected));
            #check
        }
    })
}

/// A call that is being put together.
struct Call<'c, 'd> {
    document: &'c Document,
    size: Size,
    types: &'c mut TypeNames<'d>,
    /// What the client's builder is given.
    setters: TokenStream,
    /// What the method must get: an expression for each argument.
    expected: Vec<TokenStream>,
}

impl Call<'_, '_> {
    fn add_parameters(&mut self, operation: &Operation) -> Result<(), Obstacle> {
        let mut structs: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for parameter in &operation.parameters {
            let given = structs.entry(parameter.location.name()).or_default();
            if let Some(value) = self.value_of(parameter)? {
                let kind = self.types.of_present(&parameter.schema_at)?;
                let (setter, text) = (names::field_name(&parameter.name), value.to_string());
                self.setters
                    .extend(quote! { .#setter(value::<#kind>(#text)) });
                given.insert(parameter.name.clone(), value);
            } else if let Some(default) = &parameter.default {
                given.insert(parameter.name.clone(), default.clone());
            }
        }
        for location in LOCATIONS {
            if let Some((_, kind)) = server::parameters_argument(operation, location) {
                let given = structs.remove(location.name()).unwrap_or_default();
                let text = Value::Object(given).to_string();
                self.expected
                    .push(quote! { format!("{:?}", value::<#kind>(#text)) });
            }
        }
        Ok(())
    }

    /// The value to send; none where it need not be sent.
    fn value_of(&self, parameter: &Parameter) -> Result<Option<Value>, Obstacle> {
        if self.size == Size::Least && !parameter.required {
            return Ok(None);
        }
        let made = || values::value(self.document, &parameter.schema_at, self.size);
        let value = parameter.default.clone().or_else(made);
        // An empty list or object has no form in most styles, and a text with a space none between
        // spaces.
        let is_spaced = parameter.written == Written::Styled(Style::SpaceDelimited);
        let value = value.filter(|_| !is_spaced).filter(|value| {
            let is_empty = value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty);
            !is_empty
        });
        match value {
            None if parameter.required => left_out(format!("no value for `{}`", parameter.name)),
            value => Ok(value),
        }
    }

    fn add_body(&mut self, body: &Body) -> Result<(), Obstacle> {
        let [media] = body.media.as_slice() else {
            return left_out("a body of several kinds");
        };
        let (Codec::Json | Codec::Form, Some(at)) = (media.codec, &media.schema_at) else {
            return left_out("a body that is no value");
        };
        let kind = self.types.of(at)?;
        if !body.required && self.size == Size::Least {
            self.expected
                .push(quote! { format!("{:?}", None::<#kind>) });
            return Ok(());
        }
        let Some(value) = values::value(self.document, at, self.size) else {
            return left_out("no value for the body");
        };
        let text = value.to_string();
        let value = quote! { value::<#kind>(#text) };
        self.setters.extend(quote! { .body(#value) });
        self.expected.push(match body.required {
            true => quote! { format!("{:?}", #value) },
            false => quote! { format!("{:?}", Some(#value)) },
        });
        Ok(())
    }
}
