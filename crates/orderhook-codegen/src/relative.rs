//! Paths to the models from the modules beside them, so that generated code is at home in any module
//! of any crate.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::names;

/// The module of the models as generators are to call it. No document has such a name: all that Rust
/// makes of one begins with a letter or with a single underscore.
pub(crate) const MODELS: &str = "__models";

/// The models themselves, where open enums and what names them are in one module.
pub(crate) fn models(code: TokenStream) -> TokenStream {
    replace(code, 0, &|depth| match depth {
        0 => quote! { self },
        _ => supers(depth),
    })
}

/// A module that is `depth` modules below the one which the models are in.
///
/// What names them gets an import, and nothing else does: what is unused is a warning.
pub(crate) fn beside_models(code: TokenStream, depth: usize) -> syn::Result<syn::File> {
    let mentioned = names::identifiers(&code).contains(MODELS);
    let code = replace(code, 0, &|depth| {
        let (supers, models) = (supers(depth), Ident::new("models", Span::call_site()));
        match depth {
            0 => models.into_token_stream(),
            _ => quote! { #supers::#models },
        }
    });
    let mut file: syn::File = syn::parse2(code)?;
    if mentioned {
        let supers = supers(depth);
        file.items
            .insert(0, syn::parse_quote! { use #supers::models; });
    }
    Ok(file)
}

/// `super::super` for 2.
fn supers(depth: usize) -> TokenStream {
    let supers = std::iter::repeat_n(quote! { super }, depth);
    quote! { #(#supers)::* }
}

/// Writes [`MODELS`] as `path` says for the depth of the modules around it.
fn replace(code: TokenStream, depth: usize, path: &dyn Fn(usize) -> TokenStream) -> TokenStream {
    let mut replaced = TokenStream::new();
    // Whether the last two tokens are `mod name`.
    let (mut is_mod, mut is_module) = (false, false);
    for token in code {
        let (after_mod, after_name) = (is_mod, is_module);
        (is_mod, is_module) = (false, false);
        match token {
            TokenTree::Ident(ident) if ident == MODELS => replaced.extend(path(depth)),
            TokenTree::Ident(ident) => {
                (is_mod, is_module) = (ident == "mod", after_mod);
                replaced.extend(ident.into_token_stream());
            }
            TokenTree::Group(group) => {
                let is_body = after_name && group.delimiter() == Delimiter::Brace;
                let inner = replace(group.stream(), depth + usize::from(is_body), path);
                let mut inner = proc_macro2::Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                replaced.extend(inner.into_token_stream());
            }
            other => replaced.extend(other.into_token_stream()),
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(code: &str) -> TokenStream {
        code.parse().expect("tokens")
    }

    #[test]
    fn each_module_names_the_models_from_where_it_is() {
        #[track_caller]
        fn check(depth: usize, code: &str, expected: &str) {
            let file = beside_models(parsed(code), depth).expect("a file");
            let expected: syn::File = syn::parse_str(expected).expect("a file");
            assert_eq!(file, expected);
        }
        check(1, "struct A;", "struct A;");
        check(
            1,
            "struct A(__models::B);",
            "use super::models; struct A(models::B);",
        );
        check(
            2,
            "#![doc = \"a\"] fn a() -> Vec<__models::B> {}",
            "#![doc = \"a\"] use super::super::models; fn a() -> Vec<models::B> {}",
        );
        check(
            1,
            "mod types { pub use __models::*; mod inner { type A = __models::A; } }",
            "use super::models; mod types { pub use super::models::*; mod inner { type A = super::super::models::A; } }",
        );
    }

    #[test]
    fn the_models_name_themselves() {
        let code = models(parsed(
            "struct A(__models::B); mod builder { struct A(__models::B); }",
        ));
        let expected = parsed("struct A(self::B); mod builder { struct A(super::B); }");
        assert_eq!(code.to_string(), expected.to_string());
    }
}
