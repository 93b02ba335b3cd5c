//! The typed inputs of an operation, and the tables that requests are read and checked by.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::operation::{Location, Operation, Parameter};
use super::refusals;
use super::shapes::Shapes;
use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;

const LOCATIONS: [Location; 3] = [Location::Path, Location::Query, Location::Header];

impl Location {
    fn suffix(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Query => "Query",
            Self::Header => "Headers",
        }
    }
}

/// The name and type of the argument that holds the parameters of one location, if there are any.
pub(super) fn argument(operation: &Operation, location: Location) -> Option<(Ident, Ident)> {
    parameters(operation, location).next()?;
    let kind = format_ident!("{}{}", names::type_name(&operation.id), location.suffix());
    Some((names::field_name(location.suffix()), kind))
}

/// The static with the parameters of one location.
pub(super) fn table(operation: &Operation, location: Location) -> Ident {
    names::const_name(&format!("{}_{}", operation.id, location.suffix()))
}

/// The static with the shape of the body.
pub(super) fn body_shape(operation: &Operation) -> Ident {
    names::const_name(&format!("{}_body", operation.id))
}

pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let constant = names::const_name(&operation.id);
    let (id, path) = (&operation.id, &operation.path);
    let method = operation.method.to_uppercase();
    let mut code = quote! {
        static #constant: Operation = Operation { id: #id, method: #method, path: #path };
    };
    for location in LOCATIONS {
        let Some((_, kind)) = argument(operation, location) else {
            continue;
        };
        let mut fields = TokenStream::new();
        let mut rows = TokenStream::new();
        let mut taken = BTreeSet::new();
        for parameter in parameters(operation, location) {
            if !taken.insert(names::field_name(&parameter.name)) {
                let message = format!(
                    "`{}` is another parameter's name in Rust; write another",
                    parameter.name
                );
                return Err(document.unsupported(&operation.at, message));
            }
            fields.extend(field(parameter, types)?);
            let shape = shapes.of(&parameter.schema_at)?;
            let (name, required, allow_empty) =
                (&parameter.name, parameter.required, parameter.allow_empty);
            rows.extend(quote! {
                Parameter { name: #name, required: #required, allow_empty: #allow_empty, shape: #shape },
            });
        }
        let table = table(operation, location);
        let documentation = names::doc(&format!(
            "{} parameters of `{method} {path}`.",
            match location {
                Location::Path => "Path",
                Location::Query => "Query",
                Location::Header => "Header",
            }
        ));
        code.extend(quote! {
            #documentation
            #[derive(Debug, Clone, PartialEq, ::serde::Deserialize)]
            pub struct #kind { #fields }
            static #table: &[Parameter] = &[#rows];
        });
    }
    if let Some(body) = &operation.body {
        let name = body_shape(operation);
        let shape = shapes.of(&body.schema_at)?;
        code.extend(quote! { static #name: Shape = #shape; });
    }
    Ok(code)
}

fn parameters(operation: &Operation, location: Location) -> impl Iterator<Item = &Parameter> {
    let parameters = operation.parameters.iter();
    parameters.filter(move |parameter| parameter.location == location)
}

fn field(parameter: &Parameter, types: &mut TypeNames<'_>) -> Result<TokenStream, Error> {
    let name = names::field_name(&parameter.name);
    let wire = &parameter.name;
    let kind = types.of(&parameter.schema_at)?;
    let documentation = names::doc(&parameter.description);
    let rename = match name == wire {
        true => quote! {},
        false => quote! { #[serde(rename = #wire)] },
    };
    let kind = match parameter.required {
        true => kind,
        false => quote! { Option<#kind> },
    };
    Ok(quote! { #documentation #rename pub #name: #kind, })
}

/// Every name that an operation takes in the module of its tag.
pub(super) fn items(operation: &Operation) -> Vec<String> {
    let mut items = vec![
        names::field_name(&operation.id),
        names::const_name(&operation.id),
        refusals::name(operation),
    ];
    for location in LOCATIONS {
        if let Some((_, kind)) = argument(operation, location) {
            items.extend([kind, table(operation, location)]);
        }
    }
    if operation.body.is_some() {
        items.push(body_shape(operation));
    }
    items.iter().map(Ident::to_string).collect()
}

/// The names of the arguments behind `call`, in their order.
pub(super) fn names(operation: &Operation) -> Vec<Ident> {
    let arguments = LOCATIONS
        .iter()
        .filter_map(|&location| argument(operation, location));
    let mut arguments: Vec<_> = arguments.map(|(name, _)| name).collect();
    if operation.body.is_some() {
        arguments.push(names::field_name("body"));
    }
    arguments
}
