//! The security schemes that operations ask for, as tables.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use crate::document::{Document, Error};
use crate::names;
use crate::operation::{Operation, Requirement, Scheme, SchemeKind};

/// The module of all schemes; none where no operation asks for one.
pub(super) fn generate(
    document: &Document,
    operations: &[Operation],
) -> Result<Option<TokenStream>, Error> {
    let requirements = operations
        .iter()
        .flat_map(|operation| &operation.security.alternatives)
        .flatten();
    let names: BTreeSet<&str> = requirements
        .map(|requirement| requirement.scheme.as_str())
        .collect();
    let mut statics = TokenStream::new();
    let mut taken = BTreeSet::new();
    for name in &names {
        let scheme = Scheme::read(document, name)?;
        let ident = names::const_name(name);
        if !taken.insert(ident.clone()) {
            let message = format!("`{name}` is another scheme's name in Rust; write another");
            return Err(document.unsupported("/components/securitySchemes", message));
        }
        let kind = kind(&scheme.kind);
        let (name, description) = (&scheme.name, &scheme.description);
        let documentation = names::doc(match description.is_empty() {
            true => name,
            false => description,
        });
        statics.extend(quote! {
            #documentation
            pub static #ident: Scheme = Scheme { name: #name, kind: SchemeKind::#kind };
        });
    }
    Ok((!names.is_empty()).then(|| {
        quote! {
            //! Who may call.
            use ::orderhook_runtime::{Scheme, SchemeKind};
            #statics
        }
    }))
}

fn kind(kind: &SchemeKind) -> TokenStream {
    match kind {
        SchemeKind::ApiKey { location, name } => match *location {
            "Query" => quote! { QueryKey(#name) },
            "Cookie" => quote! { CookieKey(#name) },
            _ => quote! { HeaderKey(#name) },
        },
        SchemeKind::Basic => quote! { Basic },
        SchemeKind::Bearer => quote! { Bearer },
        SchemeKind::Http(scheme) => quote! { Http(#scheme) },
        SchemeKind::OAuth2 => quote! { OAuth2 },
        SchemeKind::OpenIdConnect => quote! { OpenIdConnect },
    }
}

/// What an operation asks for, as it stands in its static.
pub(super) fn alternatives(operation: &Operation) -> TokenStream {
    let alternatives = operation.security.alternatives.iter().map(|together| {
        let requirements = together.iter().map(requirement);
        quote! { &[#(#requirements),*] }
    });
    quote! { &[#(#alternatives),*] }
}

fn requirement(requirement: &Requirement) -> TokenStream {
    let scheme = names::const_name(&requirement.scheme);
    let scopes = &requirement.scopes;
    quote! { Requirement { scheme: &super::security::#scheme, scopes: &[#(#scopes),*] } }
}
