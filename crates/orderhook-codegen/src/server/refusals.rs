//! The error of an operation: a variant for each refusal that the document names.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::operation::Operation;
use super::tag::component;
use crate::document::{Document, Error};
use crate::names;

/// The error of an operation: `list_webhooks` → `ListWebhooksError`.
pub(super) fn name(operation: &Operation) -> Ident {
    format_ident!("{}Error", names::type_name(&operation.id))
}

pub(super) fn generate(document: &Document, operation: &Operation) -> Result<TokenStream, Error> {
    let name = name(operation);
    let mut variants = TokenStream::new();
    let mut from = TokenStream::new();
    let mut into = TokenStream::new();
    let mut envelope = None;
    let mut has_internal = false;
    for refusal in &operation.refusals {
        let component = component(document, &refusal.schema_at);
        if *envelope.get_or_insert_with(|| component.clone()) != component {
            return Err(document.unsupported(
                &refusal.schema_at,
                "the refusals of an operation have different schemas; refer to the one envelope in all of them",
            ));
        }
        let status = refusal.status;
        let variant = variant(status);
        has_internal |= status == 500;
        let documentation = names::doc(&format!("{status}: {}", refusal.description));
        variants.extend(quote! { #documentation #variant(Problem), });
        from.extend(quote! { #status => Self::#variant(refusal.into_problem()), });
        into.extend(quote! { Self::#variant(problem) => Refusal::new(#status, problem), });
    }
    if !has_internal {
        return Err(document.unsupported(
            &operation.at,
            "an operation can fail; document the status 500",
        ));
    }
    let documentation = names::doc(&format!("Why `{}` is refused.", operation.id));
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub enum #name { #variants }

        /// A refusal whose status the document does not name becomes an internal error, and the log says so.
        impl<E: Into<Refusal>> From<E> for #name {
            fn from(refusal: E) -> Self {
                let refusal = refusal.into();
                match refusal.status() {
                    #from
                    _ => Self::InternalServerError(refusal.into_undocumented()),
                }
            }
        }

        impl #name {
            /// The refusal as it is answered.
            pub fn into_refusal(self) -> Refusal {
                match self { #into }
            }
        }
    })
}

/// 404 → `NotFound`, by the names that HTTP gives.
fn variant(status: u16) -> Ident {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        // The name of RFC 9110; the crate still says "Payload Too Large".
        _ if status == 413 => format_ident!("ContentTooLarge"),
        Some(reason) => names::type_name(&reason.replace(['\'', '-'], "")),
        None => format_ident!("Status{status}"),
    }
}
