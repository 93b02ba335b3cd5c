//! Shapes of texts and numbers.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{optional, size};
use crate::document::{Document, Error};

/// The formats of texts that are checked, and their names in the runtime.
const TEXT_FORMATS: [(&str, &str); 14] = [
    ("byte", "Byte"),
    ("date", "Date"),
    ("date-time", "DateTime"),
    ("decimal", "Decimal"),
    ("duration", "Duration"),
    ("email", "Email"),
    ("hostname", "Hostname"),
    ("ip", "Ip"),
    ("ipv4", "Ipv4"),
    ("ipv6", "Ipv6"),
    ("time", "Time"),
    ("uri", "Uri"),
    ("uri-reference", "UriReference"),
    ("uuid", "Uuid"),
];

pub(in crate::server) fn is_text_format(format: &str) -> bool {
    TEXT_FORMATS.iter().any(|(name, _)| *name == format)
}

/// The bounds of an integer's format. `int` and `uint` have those of typify's types for them.
pub(in crate::server) fn integer_bounds(format: &str) -> Option<(i128, i128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int" | "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint" | "uint32" => (0, u32::MAX.into()),
        "uint64" => (0, u64::MAX.into()),
        _ => return None,
    })
}

pub(super) fn text(schema: &Value) -> TokenStream {
    let minimum = Literal::usize_unsuffixed(size(schema, "minLength").unwrap_or(0));
    let maximum = optional(size(schema, "maxLength"));
    let format = format(schema);
    let format = TEXT_FORMATS.iter().find(|(name, _)| *name == format);
    let format = match format {
        Some((_, name)) => {
            let name = crate::names::type_name(name);
            quote! { Some(Format::#name) }
        }
        None => quote! { None },
    };
    let texts = schema.get("enum").and_then(Value::as_array);
    let texts = texts.into_iter().flatten().filter_map(Value::as_str);
    quote! {
        Shape::Text(Text { min_length: #minimum, max_length: #maximum, format: #format, one_of: &[#(#texts),*] })
    }
}

/// Without a format an integer has 64 bits, as the models have it.
pub(super) fn integer(document: &Document, at: &str, schema: &Value) -> Result<TokenStream, Error> {
    let (least, most) =
        integer_bounds(format(schema)).unwrap_or((i64::MIN.into(), i64::MAX.into()));
    let minimum = bound(schema, "minimum", "exclusiveMinimum", 1).unwrap_or(least);
    let maximum = bound(schema, "maximum", "exclusiveMaximum", -1).unwrap_or(most);
    let (minimum, maximum) = (minimum.max(least), maximum.min(most));
    if minimum > maximum {
        let message = "the bounds leave no integer; write others";
        return Err(document.unsupported(at, message));
    }
    if let (Ok(minimum), Ok(maximum)) = (i64::try_from(minimum), i64::try_from(maximum)) {
        let (minimum, maximum) = (limit(minimum), limit(maximum));
        return Ok(quote! { Shape::Integer { minimum: #minimum, maximum: #maximum } });
    }
    let minimum = Literal::i128_unsuffixed(minimum);
    let maximum = match maximum == u64::MAX.into() {
        true => quote! { u64::MAX },
        false => {
            let maximum = Literal::i128_unsuffixed(maximum);
            quote! { #maximum }
        }
    };
    Ok(quote! { Shape::Unsigned { minimum: #minimum, maximum: #maximum } })
}

/// Exclusive bounds are limits beside the shape. A `float` is finite in 32 bits.
pub(super) fn number(schema: &Value) -> TokenStream {
    let range = (format(schema) == "float").then(|| (f64::from(f32::MIN), f64::from(f32::MAX)));
    let bound = |name: &str, exclusive: &str| {
        let bound = schema.get(name).and_then(Value::as_f64);
        bound.filter(|_| schema.get(exclusive) != Some(&Value::Bool(true)))
    };
    let minimum = bound("minimum", "exclusiveMinimum");
    let minimum = range.map_or(minimum, |(least, _)| {
        Some(minimum.map_or(least, |minimum| minimum.max(least)))
    });
    let maximum = bound("maximum", "exclusiveMaximum");
    let maximum = range.map_or(maximum, |(_, most)| {
        Some(maximum.map_or(most, |maximum| maximum.min(most)))
    });
    let written =
        |bound: Option<f64>| bound.map_or_else(|| quote! { None }, |bound| quote! { Some(#bound) });
    let (minimum, maximum) = (written(minimum), written(maximum));
    quote! { Shape::Number { minimum: #minimum, maximum: #maximum } }
}

fn format(schema: &Value) -> &str {
    let format = schema.get("format").and_then(Value::as_str);
    format.unwrap_or_default()
}

/// The inclusive bound of an integer, whichever way it is written.
fn bound(schema: &Value, name: &str, exclusive: &str, inward: i128) -> Option<i128> {
    let bound = schema.get(name)?;
    let is_exclusive = schema.get(exclusive) == Some(&Value::Bool(true));
    let whole = bound
        .as_i64()
        .map(i128::from)
        .or_else(|| bound.as_u64().map(i128::from));
    if let Some(whole) = whole {
        return Some(if is_exclusive { whole + inward } else { whole });
    }
    // A fraction: the next integer inward. The cast stays within 128 bits.
    let bound = bound.as_f64()?;
    let whole = if inward > 0 {
        bound.ceil()
    } else {
        bound.floor()
    };
    let is_on_bound = is_exclusive && whole == bound;
    Some((whole as i128).saturating_add(if is_on_bound { inward } else { 0 }))
}

fn limit(number: i64) -> TokenStream {
    match number {
        i64::MIN => quote! { i64::MIN },
        i64::MAX => quote! { i64::MAX },
        number => {
            let literal = Literal::i64_unsuffixed(number);
            quote! { #literal }
        }
    }
}
