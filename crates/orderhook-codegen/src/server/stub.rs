//! Every trait, implemented by what answers "not implemented".

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::{handler, tag};
use crate::document::Error;
use crate::models::TypeNames;
use crate::names;
use crate::operation::Operation;

pub(super) fn generate(
    by_tag: &BTreeMap<&str, Vec<&Operation>>,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let modules: Vec<_> = by_tag.keys().map(|tag| names::field_name(tag)).collect();
    let mut implementations = TokenStream::new();
    for (tag, operations) in by_tag {
        let trait_name = tag::trait_name(tag);
        let mut methods = TokenStream::new();
        for operation in operations {
            let signature = tag::signature(operation, types)?;
            let arguments = handler::arguments(operation);
            // Not `drop`: what can be copied, such as an enumeration, is no use to drop.
            methods.extend(quote! {
                #signature {
                    #(let _ = #arguments;)*
                    let operation = call.operation();
                    ::std::future::ready(Err(Refusal::not_implemented(operation).into()))
                }
            });
        }
        implementations.extend(quote! {
            impl<S: Server> #trait_name for NotImplemented<S> { #methods }
        });
    }
    let imports = tag::runtime_imports(&implementations);
    Ok(quote! {
        //! For starting out and for tests.
        #(use super::#modules::*;)*
        #imports
        pub use ::orderhook_runtime::NotImplemented;

        #implementations
    })
}
