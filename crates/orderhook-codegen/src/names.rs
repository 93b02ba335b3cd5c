//! Names of the document as Rust writes them.

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// A type's name, as typify makes it from a schema's.
pub(crate) fn type_name(name: &str) -> Ident {
    if let Some(name) = of_sign(name) {
        return name;
    }
    ident(&letters(name).to_pascal_case(), 'X')
}

/// A field's, argument's or method's name.
pub(crate) fn field_name(name: &str) -> Ident {
    if let Some(name) = of_sign(name) {
        return name;
    }
    ident(&letters(name).to_snake_case(), 'x')
}

/// A constant's name.
pub(crate) fn const_name(name: &str) -> Ident {
    ident(&letters(name).to_snake_case().to_uppercase(), 'X')
}

/// `text` itself, where that is a Rust identifier.
pub(crate) fn parse_ident(text: &str) -> Option<Ident> {
    syn::parse_str(text).ok()
}

/// Every identifier in `code`.
pub(crate) fn identifiers(code: &TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_identifiers(code, &mut found);
    found
}

fn collect_identifiers(code: &TokenStream, found: &mut BTreeSet<String>) {
    for token in code.clone() {
        match token {
            TokenTree::Ident(ident) => {
                found.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect_identifiers(&group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// A doc comment; blank lines kept, nothing where there is no text.
pub(crate) fn doc(text: &str) -> TokenStream {
    text.trim()
        .lines()
        .map(|line| {
            let line = if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            };
            quote! { #[doc = #line] }
        })
        .collect()
}

/// Two names without a letter to which typify gives words of its own.
fn of_sign(name: &str) -> Option<Ident> {
    let word = match name {
        "+1" => "plus1",
        "-1" => "minus1",
        _ => return None,
    };
    parse_ident(word)
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|&c| c != '\'');
    letters
        .map(|c| {
            if unicode_ident::is_xid_continue(c) {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// Keywords get the underscore that typify gives them, digits in front the `x` or `X`.
fn ident(name: &str, letter: char) -> Ident {
    let mut name = name.to_owned();
    if !name.starts_with(unicode_ident::is_xid_start) {
        name.insert(0, letter);
    }
    if !typify::accept_as_ident(&name) {
        name.push('_');
    }
    parse_ident(&name).unwrap_or_else(|| Ident::new("unnamed", Span::call_site()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rust_names() {
        assert_eq!(
            type_name("order-status.push").to_string(),
            "OrderStatusPush"
        );
        assert_eq!(
            field_name("merchantOrderId").to_string(),
            "merchant_order_id"
        );
        assert_eq!(field_name("type").to_string(), "type_");
        assert_eq!(field_name("webhook-id").to_string(), "webhook_id");
        assert_eq!(field_name("3ds").to_string(), "x3ds");
        assert_eq!(field_name("+1").to_string(), "plus1");
        assert_eq!(const_name("list_webhooks").to_string(), "LIST_WEBHOOKS");
    }
}
