//! The parameters of an operation: a struct for those of each location, and the tables that
//! requests are read and checked by.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::shapes::Shapes;
use crate::document::{Document, Error};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Location, Operation, Parameter, Written};

pub(super) const LOCATIONS: [Location; 4] = [
    Location::Path,
    Location::Query,
    Location::Header,
    Location::Cookie,
];

impl Location {
    fn suffix(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Query => "Query",
            Self::Header => "Headers",
            Self::Cookie => "Cookies",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Query => "Query",
            Self::Header => "Header",
            Self::Cookie => "Cookie",
        }
    }
}

/// The name and type of the argument that holds the parameters of one location, if there are any.
pub(crate) fn argument(operation: &Operation, location: Location) -> Option<(Ident, Ident)> {
    parameters(operation, location).next()?;
    let kind = format_ident!("{}{}", names::type_name(&operation.id), location.suffix());
    Some((names::field_name(location.suffix()), kind))
}

/// The static with the parameters of one location.
pub(super) fn table(operation: &Operation, location: Location) -> Ident {
    names::const_name(&format!("{}_{}", operation.id, location.suffix()))
}

/// The structs and tables of an operation.
pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
    shapes: &mut Shapes<'_>,
) -> Result<TokenStream, Error> {
    let mut code = TokenStream::new();
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
            rows.extend(row(parameter, shapes)?);
        }
        let table = table(operation, location);
        let documentation = names::doc(&format!(
            "{} parameters of `{} {}`.",
            location.title(),
            operation.method.to_uppercase(),
            operation.path
        ));
        code.extend(quote! {
            #documentation
            #[derive(Debug, Clone, PartialEq, ::serde::Deserialize)]
            pub struct #kind { #fields }
            static #table: &[Parameter] = &[#rows];
        });
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
    let kind = types.of_present(&parameter.schema_at)?;
    let documentation = names::doc(&parameter.description);
    let rename = match name == wire {
        true => quote! {},
        false => quote! { #[serde(rename = #wire)] },
    };
    let kind = match parameter.required || parameter.default.is_some() {
        true => kind,
        false => quote! { Option<#kind> },
    };
    Ok(quote! { #documentation #rename pub #name: #kind, })
}

/// A row of the table.
fn row(parameter: &Parameter, shapes: &mut Shapes<'_>) -> Result<TokenStream, Error> {
    let mut shape = shapes.of(&parameter.schema_at)?;
    let style = match parameter.written {
        Written::Plain => None,
        Written::Json => Some(quote! { Json }),
        Written::Styled(style) => Some(style.variant()),
    };
    if let Some(style) = style {
        shape = quote! { Shape::Written(Style::#style, &#shape) };
    }
    if let Some(default) = &parameter.default {
        let default = default.to_string();
        shape = quote! { Shape::Default(#default, &#shape) };
    }
    let (name, required, allow_empty) =
        (&parameter.name, parameter.required, parameter.allow_empty);
    Ok(quote! {
        Parameter { name: #name, required: #required, allow_empty: #allow_empty, shape: #shape },
    })
}
