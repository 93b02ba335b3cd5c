//! Names of the document as Rust writes them.

use heck::{ToPascalCase, ToSnakeCase};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A type's name, as typify makes it from a schema's.
pub(crate) fn type_name(name: &str) -> Ident {
    ident(&letters(name).to_pascal_case())
}

/// A field's, argument's or method's name.
pub(crate) fn field_name(name: &str) -> Ident {
    ident(&letters(name).to_snake_case())
}

/// A constant's name.
pub(crate) fn const_name(name: &str) -> Ident {
    ident(&letters(name).to_snake_case().to_uppercase())
}

/// `text` itself, where that is a Rust identifier.
pub(crate) fn parse_ident(text: &str) -> Option<Ident> {
    syn::parse_str(text).ok()
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

fn letters(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

/// Keywords get the underscore that typify gives them, digits in front one before.
fn ident(name: &str) -> Ident {
    if let Some(ident) = parse_ident(name) {
        return ident;
    }
    let name = if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) {
        format!("_{name}")
    } else {
        format!("{name}_")
    };
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
        assert_eq!(field_name("3ds").to_string(), "_3ds");
        assert_eq!(const_name("list_webhooks").to_string(), "LIST_WEBHOOKS");
    }
}
