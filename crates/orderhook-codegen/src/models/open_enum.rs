//! Texts that the other side may add to: `x-extensible-enum` lists the known ones,
//! `x-enum-varnames` their Rust names, `x-enum-descriptions` what they mean.

use std::collections::BTreeSet;

use heck::ToPascalCase;
use serde_json::Value;

use super::Notes;
use super::limits;
use crate::document::{Document, Error, pointer};
use crate::names;

/// Whether the schema lists known texts but admits others.
pub(crate) fn is_open_enum(schema: &Value) -> bool {
    schema.get("x-extensible-enum").is_some()
}

/// The enum of the schema at `at`, as the text of an invocation of `open_enum!`.
///
/// It is text because a formatter of Rust leaves what stands inside a macro call as it is.
pub(super) fn generate(
    document: &Document,
    name: &str,
    at: &str,
    notes: &Notes,
) -> Result<String, Error> {
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
    let mut code = String::from("open_enum! {\n");
    code += &doc("    ", description);
    if let Some(note) = notes.get(at) {
        code += "    ///\n";
        code += &doc("    ", note);
    }
    let limits = limits::limits(document, at)
        .iter()
        .map(|limit| limit.utoipa().to_string())
        .collect::<Vec<_>>();
    if !limits.is_empty() {
        code += &format!("    #[schema({})]\n", limits.join(", "));
    }
    code += &format!("    pub enum {} {{\n", names::type_name(name));
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
        let variant = names::parse_ident(variant).ok_or_else(|| wrong("no Rust name"))?;
        let meaning = descriptions
            .as_ref()
            .map_or_else(|| format!("`{text}`"), |list| list[index].clone());
        code += &doc("        ", &meaning);
        code += &format!("        {variant} = {text:?},\n");
    }
    code += "    }\n}\n";
    Ok(code)
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
