//! The method of an operation, and the builder that it returns.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::super::choice::BUILDER;
use super::{Context, answers, body};
use crate::document::Error;
use crate::names;
use crate::operation::{Location, Operation, Parameter, Written};

/// A parameter, as the builder knows it.
pub(super) struct Setter<'o> {
    name: Ident,
    kind: TokenStream,
    parameter: &'o Parameter,
}

/// The setters of the parameters. What has the name of another, or of a method that every builder
/// has, is called by its place as well.
pub(super) fn setters<'o>(
    operation: &'o Operation,
    context: &mut Context<'_, '_>,
) -> Result<Vec<Setter<'o>>, Error> {
    let mut taken: BTreeSet<_> = BUILDER.map(names::field_name).into();
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let mut name = names::field_name(&parameter.name);
        if taken.contains(&name) {
            name = format_ident!("{name}_{}", parameter.location.name());
        }
        if !taken.insert(name.clone()) {
            let message = format!(
                "`{}` is another parameter's name in Rust; write another",
                parameter.name
            );
            return Err(context.document.unsupported(&operation.at, message));
        }
        setters.push(Setter {
            name,
            kind: context.types.of_present(&parameter.schema_at)?,
            parameter,
        });
    }
    Ok(setters)
}

/// The method of the client.
pub(super) fn method(operation: &Operation, setters: &[Setter<'_>]) -> TokenStream {
    let name = names::field_name(&operation.id);
    let builder = names::type_name(&operation.id);
    let mut about = operation.documentation.clone();
    if !about.is_empty() {
        about += "\n\n";
    }
    about += &sends(operation);
    let mut arguments: Vec<_> = setters
        .iter()
        .map(|setter| {
            let description = &setter.parameter.description;
            (setter.name.to_string(), description.as_str())
        })
        .collect();
    arguments.extend(operation.body.is_some().then(|| ("body".to_owned(), "")));
    if !arguments.is_empty() {
        about += "\n\nArguments:\n";
    }
    for (name, description) in &arguments {
        about += match description.is_empty() {
            true => format!("- `{name}`\n"),
            false => format!("- `{name}`: {description}\n"),
        }
        .as_str();
    }
    let example = arguments
        .iter()
        .map(|(name, _)| format!("    .{name}({name})\n"))
        .collect::<String>();
    about += &format!(
        "\n```ignore\nlet response = client.{name}()\n{example}    .send()\n    .await;\n```"
    );
    let documentation = names::doc(&about);
    quote! {
        #documentation
        pub fn #name(&self) -> builder::#builder<'_> {
            builder::#builder::new(self)
        }
    }
}

fn sends(operation: &Operation) -> String {
    let method = operation.method.to_uppercase();
    format!("Sends a `{method}` request to `{}`", operation.path)
}

/// The builder.
pub(super) fn generate(
    operation: &Operation,
    setters: &[Setter<'_>],
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let builder = names::type_name(&operation.id);
    let (mut fields, mut values, mut methods) =
        (TokenStream::new(), TokenStream::new(), TokenStream::new());
    let body = body::kind(operation, context)?;
    let body = body.map(|kind| {
        let required = operation.body.as_ref().is_some_and(|body| body.required);
        (names::field_name("body"), kind, required)
    });
    let parameters = setters.iter().map(|setter| {
        let name = setter.name.clone();
        (name, setter.kind.clone(), setter.parameter.required)
    });
    for (name, kind, required) in parameters.chain(body) {
        let held = match required {
            true => kind.clone(),
            false => quote! { Option<#kind> },
        };
        fields.extend(quote! { #name: Result<#held, String>, });
        let missing = format!("{name} was not initialized");
        values.extend(match required {
            true => quote! { #name: Err(#missing.to_string()), },
            false => quote! { #name: Ok(None), },
        });
        methods.extend(setter(&name, &kind, required));
    }
    let documentation = names::doc(&format!(
        "Builder for [`Client::{name}`]\n\n[`Client::{name}`]: super::Client::{name}",
        name = names::field_name(&operation.id)
    ));
    let send = send(operation, setters, context)?;
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub struct #builder<'a> { client: &'a super::Client, #fields }

        impl<'a> #builder<'a> {
            pub fn new(client: &'a super::Client) -> Self {
                Self { client: client, #values }
            }
            #methods
            #send
        }
    })
}

fn setter(name: &Ident, kind: &TokenStream, required: bool) -> TokenStream {
    let kind_name = kind.to_string().replace(' ', "");
    let kind_name = match kind_name.contains('<') {
        true => kind_name.as_str(),
        false => kind_name.rsplit("::").next().unwrap_or_default(),
    };
    let message = format!("conversion to `{kind_name}` for {name} failed");
    let some = (!required).then(|| quote! { .map(Some) });
    quote! {
        pub fn #name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<#kind>,
        {
            self.#name = value.try_into()#some.map_err(|_| #message.to_string());
            self
        }
    }
}

/// The method that sends the request and reads the answer.
fn send(
    operation: &Operation,
    setters: &[Setter<'_>],
    context: &mut Context<'_, '_>,
) -> Result<TokenStream, Error> {
    let documentation = names::doc(&sends(operation));
    let success = answers::success(operation, context)?;
    let refusal = answers::refusal(operation, context)?;
    let path = path(operation, setters);
    let others = setters.iter().map(write);
    let accept = answers::accept(operation).map(|accept| quote! { call.accept(#accept); });
    let body = body::send(operation);
    let method = format_ident!("{}", operation.method.to_uppercase());
    let id = names::field_name(&operation.id).to_string();
    let read = answers::read(operation, context)?;
    Ok(quote! {
        #documentation
        pub async fn send(self) -> Result<ResponseValue<#success>, Error<#refusal>> {
            let client = self.client;
            let mut call = ::orderhook_client_runtime::Call::new(
                &client.baseurl,
                super::Client::api_version(),
            );
            #path
            #(#others)*
            #accept
            let request = call.request(&client.client, ::reqwest::Method::#method)?;
            #body
            let mut request = request.build()?;
            let info = OperationInfo { operation_id: #id };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            #read
        }
    })
}

/// The path, with its parameters in their places.
fn path(operation: &Operation, setters: &[Setter<'_>]) -> TokenStream {
    let mut code = TokenStream::new();
    let mut text = String::new();
    let mut rest = operation.path.as_str();
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        let setter = setters.iter().find(|setter| {
            setter.parameter.location == Location::Path && setter.parameter.name == name
        });
        if let Some(setter) = setter {
            let value = value(setter);
            let (name, style) = (&setter.parameter.name, style(setter.parameter));
            code.extend(quote! {
                call.path(#text);
                call.segment(#name, ::orderhook_client_runtime::Style::#style, &#value)?;
            });
            text.clear();
        }
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        code.extend(quote! { call.path(#text); });
    }
    code
}

/// A parameter that is not in the path.
fn write(setter: &Setter<'_>) -> TokenStream {
    let method = match setter.parameter.location {
        Location::Path => return TokenStream::new(),
        Location::Query => quote! { query },
        Location::Header => quote! { header },
        Location::Cookie => quote! { cookie },
    };
    let value = value(setter);
    let (name, style) = (&setter.parameter.name, style(setter.parameter));
    quote! { call.#method(#name, ::orderhook_client_runtime::Style::#style, &#value)?; }
}

fn value(setter: &Setter<'_>) -> TokenStream {
    let name = &setter.name;
    quote! { self.#name.map_err(Error::InvalidRequest)? }
}

fn style(parameter: &Parameter) -> TokenStream {
    match parameter.written {
        Written::Plain => quote! { Plain },
        Written::Json => quote! { Json },
        Written::Styled(style) => style.variant(),
    }
}
