//! The document as the code sees it: annotations for utoipa, built from the same types and
//! statuses that the handlers are built from.

use proc_macro2::TokenStream;
use quote::quote;

use crate::document::{Document, Error};
use crate::models::{self, TypeNames};
use crate::names;
use crate::operation::{Answer, Location, Operation, Parameter, Status};

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
        Some(body) => match body.only_json().and_then(|media| media.schema_at.as_ref()) {
            Some(at) => {
                let kind = types.of(at)?;
                quote! { request_body = #kind, }
            }
            None => return Err(document.unsupported(&body.at, UNKNOWN)),
        },
    };
    // What succeeds first.
    let answers = operation.successes().chain(operation.refusals());
    let mut responses = TokenStream::new();
    for answer in answers {
        responses.extend(response(document, answer, types)?);
    }
    let security = operation.security.alternatives.iter().flatten();
    let security = security.map(|requirement| {
        let scheme = &requirement.scheme;
        quote! { (#scheme = []) }
    });
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

const UNKNOWN: &str = "utoipa is not told of bodies other than JSON with a schema or of ranges of statuses; turn `utoipa` off";

fn response(
    document: &Document,
    answer: &Answer,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let Status::Code(status) = answer.status else {
        return Err(document.unsupported(&answer.at, UNKNOWN));
    };
    let description = &answer.description;
    match answer.media.as_slice() {
        [media] if media.is_plain_json() => match &media.schema_at {
            Some(at) => {
                let kind = types.of(at)?;
                Ok(quote! { (status = #status, description = #description, body = #kind), })
            }
            None => Err(document.unsupported(&media.at, UNKNOWN)),
        },
        [] => Ok(quote! { (status = #status, description = #description), }),
        _ => Err(document.unsupported(&answer.at, UNKNOWN)),
    }
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
        Location::Cookie => quote! { Cookie },
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
