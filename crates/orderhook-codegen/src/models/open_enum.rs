//! Texts that the other side may add to: `x-extensible-enum` lists the known ones,
//! `x-enum-varnames` their Rust names, `x-enum-descriptions` what they mean.

use std::collections::BTreeSet;

use heck::ToPascalCase;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;

use super::Notes;
use super::limits::{self, Limit};
use crate::document::{Document, Error, pointer};
use crate::names;

/// Whether the schema lists known texts but admits others.
pub(crate) fn is_open_enum(schema: &Value) -> bool {
    schema.get("x-extensible-enum").is_some()
}

/// What the schema at `at` lists.
struct OpenEnum {
    name: Ident,
    documentation: String,
    limits: Vec<TokenStream>,
    variants: Vec<Variant>,
}

struct Variant {
    name: Ident,
    text: String,
    meaning: String,
}

/// The enum of the schema at `at`, as the text of an invocation of `open_enum!`.
///
/// It is text because a formatter of Rust leaves what stands inside a macro call as it is.
pub(super) fn invocation(
    document: &Document,
    name: &str,
    at: &str,
    notes: &Notes,
) -> Result<String, Error> {
    let listed = read(document, name, at, notes)?;
    let mut code = String::from("open_enum! {\n");
    code += &doc("    ", &listed.documentation);
    if !listed.limits.is_empty() {
        let limits: Vec<_> = listed.limits.iter().map(ToString::to_string).collect();
        code += &format!("    #[schema({})]\n", limits.join(", "));
    }
    code += &format!("    pub enum {} {{\n", listed.name);
    for Variant {
        name,
        text,
        meaning,
    } in &listed.variants
    {
        code += &doc("        ", meaning);
        code += &format!("        {name} = {text:?},\n");
    }
    code += "    }\n}\n";
    Ok(code)
}

/// The enum of the schema at `at`, for crates without the macro `open_enum!`.
pub(super) fn item(
    document: &Document,
    name: &str,
    at: &str,
    notes: &Notes,
) -> Result<TokenStream, Error> {
    let OpenEnum {
        name,
        documentation,
        variants,
        ..
    } = read(document, name, at, notes)?;
    let documentation = names::doc(&format!(
        "{documentation}\n\n`From` turns a known text into its variant and keeps any other as it is."
    ));
    let idents: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let texts: Vec<_> = variants.iter().map(|variant| &variant.text).collect();
    let meanings = variants.iter().map(|variant| names::doc(&variant.meaning));
    Ok(quote! {
        #documentation
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#meanings #idents,)*
            /// A text that was not known when this code was generated, exactly as it was read.
            Unknown(::std::string::String),
        }

        impl #name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#idents => #texts,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for #name {
            fn from(text: &str) -> Self {
                match text {
                    #(#texts => Self::#idents,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl ::std::convert::From<::std::string::String> for #name {
            fn from(text: ::std::string::String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl ::std::str::FromStr for #name {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok(Self::from(text))
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)
                    .map(Self::from)
            }
        }
    })
}

fn read(document: &Document, name: &str, at: &str, notes: &Notes) -> Result<OpenEnum, Error> {
    let texts = list(document, at, "x-extensible-enum")?.unwrap_or_default();
    let variants = match list(document, at, "x-enum-varnames")? {
        Some(variants) => variants,
        None => texts.iter().map(|text| text.to_pascal_case()).collect(),
    };
    let descriptions = list(document, at, "x-enum-descriptions")?;
    let lengths_agree = variants.len() == texts.len()
        && descriptions
            .as_ref()
            .is_none_or(|list| list.len() == texts.len());
    if !lengths_agree {
        return Err(document.unsupported(
            at,
            "`x-extensible-enum`, `x-enum-varnames` and `x-enum-descriptions` have different \
             lengths; give each known text one name and one description",
        ));
    }

    let description = document.get(&pointer::join(at, "description"));
    let description = description
        .and_then(Value::as_str)
        .unwrap_or(name)
        .trim_end();
    let mut documentation = description.to_owned();
    if let Some(note) = notes.get(at) {
        documentation += &format!("\n\n{note}");
    }
    let mut listed = OpenEnum {
        name: names::type_name(name),
        documentation,
        limits: limits::limits(document, at)
            .iter()
            .map(Limit::utoipa)
            .collect(),
        variants: Vec::new(),
    };
    // What is not known has a variant of its own.
    let mut taken = BTreeSet::from(["Unknown"]);
    for (index, (variant, text)) in variants.iter().zip(&texts).enumerate() {
        let wrong = |problem: &str| {
            let at = pointer::join(&pointer::join(at, "x-enum-varnames"), &index.to_string());
            document.unsupported(&at, format!("`{variant}` is {problem}; write another"))
        };
        if !taken.insert(variant) {
            return Err(wrong("another variant's name"));
        }
        let meaning = descriptions
            .as_ref()
            .map_or_else(|| format!("`{text}`"), |list| list[index].clone());
        listed.variants.push(Variant {
            name: names::parse_ident(variant).ok_or_else(|| wrong("no Rust name"))?,
            text: text.clone(),
            meaning,
        });
    }
    Ok(listed)
}

fn doc(indent: &str, text: &str) -> String {
    let lines = text.lines();
    lines
        .map(|line| format!("{indent}/// {line}").trim_end().to_owned() + "\n")
        .collect()
}

fn list(document: &Document, at: &str, member: &str) -> Result<Option<Vec<String>>, Error> {
    let at = pointer::join(at, member);
    let Some(value) = document.get(&at) else {
        return Ok(None);
    };
    let texts = value.as_array().and_then(|items| {
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    });
    match texts {
        Some(texts) => Ok(Some(texts)),
        None => Err(document.unsupported(
            &at,
            format!("`{member}` must be a list of texts; quote numbers"),
        )),
    }
}
