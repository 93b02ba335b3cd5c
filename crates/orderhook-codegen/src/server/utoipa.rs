//! The document as the code sees it: annotations for utoipa, built from the same types and
//! statuses that the handlers are built from.

use proc_macro2::TokenStream;
use quote::quote;

use super::operation::{Location, Operation, Parameter};
use crate::document::{Document, Error};
use crate::models::{self, TypeNames};
use crate::names;

/// `#[utoipa::path(…)]` for the handler of `operation`.
pub(super) fn path(
    document: &Document,
    operation: &Operation,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let method = names::field_name(&operation.method);
    let (id, path, tag) = (&operation.id, &operation.path, &operation.tag);
    let mut parameters = TokenStream::new();
    for parameter in &operation.parameters {
        parameters.extend(self::parameter(document, parameter, types)?);
    }
    let body = match &operation.body {
        None => quote! {},
        Some(body) => {
            let kind = types.of(&body.schema_at)?;
            quote! { request_body = #kind, }
        }
    };
    let success = &operation.success;
    let answers = std::iter::once((success.status, &success.description, &success.schema_at))
        .chain(
            operation
                .refusals
                .iter()
                .map(|refusal| (refusal.status, &refusal.description, &refusal.schema_at)),
        );
    let mut responses = TokenStream::new();
    for (status, description, schema_at) in answers {
        let kind = types.of(schema_at)?;
        responses.extend(quote! { (status = #status, description = #description, body = #kind), });
    }
    let security = operation
        .security
        .iter()
        .map(|scheme| quote! { (#scheme = []) });
    Ok(quote! {
        #[cfg_attr(feature = "utoipa", ::utoipa::path(
            #method,
            path = #path,
            operation_id = #id,
            tag = #tag,
            params(#parameters),
            #body
            responses(#responses),
            security(#(#security),*)
        ))]
    })
}

fn parameter(
    document: &Document,
    parameter: &Parameter,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let (name, description) = (&parameter.name, &parameter.description);
    let kind = types.of(&parameter.schema_at)?;
    let kind = match parameter.required {
        true => kind,
        false => quote! { Option<#kind> },
    };
    let location = match parameter.location {
        Location::Path => quote! { Path },
        Location::Query => quote! { Query },
        Location::Header => quote! { Header },
    };
    let limits = models::limits(document, &parameter.schema_at);
    let limits = limits.iter().map(models::Limit::utoipa);
    // utoipa takes an optional header for one that can be null.
    let limits = limits.chain((!parameter.required).then(|| quote! { nullable = false }));
    Ok(quote! { (#name = #kind, #location, description = #description, #(#limits),*), })
}

/// The type from which utoipa makes the whole document.
pub(super) fn document(
    document: &Document,
    operations: &[Operation],
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let handlers = operations.iter().map(|operation| {
        let (tag, id) = (
            names::field_name(&operation.tag),
            names::field_name(&operation.id),
        );
        quote! { super::#tag::handlers::#id }
    });
    let schemas = models::schemas(document)
        .map(|(_, at, _)| types.component(&at))
        .collect::<Result<Vec<_>, _>>()?;
    let info = |member: &str| {
        document
            .get("/info")
            .and_then(|info| info[member].as_str())
            .unwrap_or_default()
    };
    let (title, version) = (info("title"), info("version"));
    Ok(quote! {
        //! The document as the code sees it, for comparison with the one kept by hand.

        /// Made from the handlers and from the types of the models.
        #[derive(Debug, ::utoipa::OpenApi)]
        #[openapi(
            info(title = #title, version = #version),
            paths(#(#handlers),*),
            components(schemas(#(#schemas),*))
        )]
        pub struct DocumentOfCode;
    })
}
