//! The media types of a body, and what reads and writes each.

use proc_macro2::Ident;
use serde_json::Value;

use crate::api::media_types;
use crate::document::{Document, Error, Node, pointer};
use crate::names;

/// A media type of a body.
#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) at: String,
    /// As the document writes it, parameters included.
    pub(crate) name: String,
    pub(crate) codec: Codec,
    /// `None` where any body will do.
    pub(crate) schema_at: Option<String>,
}

/// What reads and writes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data` with a property for each part.
    Multipart,
    /// UTF-8.
    Text,
    /// Anything else, as it is, in pieces: nothing here reads or writes XML, say, by its schema.
    Bytes,
}

impl Media {
    /// Any bytes of any kind, as the part at `at` is understood.
    pub(super) fn anything(at: &str) -> Self {
        Self {
            at: at.to_owned(),
            name: "*/*".to_owned(),
            codec: Codec::Bytes,
            schema_at: None,
        }
    }

    /// Without its parameters, in small letters.
    pub(crate) fn essence(&self) -> String {
        let essence = self.name.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }

    /// Whether it is `application/json` and has a schema.
    pub(crate) fn is_plain_json(&self) -> bool {
        self.essence() == "application/json" && self.codec == Codec::Json
    }

    /// The name of its variant beside `all`: its last part, or all of it where another one ends so.
    pub(crate) fn variant<'m>(&self, all: impl Iterator<Item = &'m Self>) -> Ident {
        let own = self.last_part();
        let is_shared = all.filter(|other| other.last_part() == own).count() > 1;
        match is_shared {
            true => names::type_name(&self.name.replace('*', "any")),
            false => own,
        }
    }

    fn last_part(&self) -> Ident {
        let essence = self.essence();
        let last = essence.rsplit(['/', '+']).next().unwrap_or_default();
        let last = match last {
            "*" if essence == "*/*" => "any",
            "*" => essence.split('/').next().unwrap_or_default(),
            last => last,
        };
        names::type_name(last)
    }

    /// Whether it stands for several, such as `image/*`.
    pub(crate) fn is_range(&self) -> bool {
        self.essence().contains('*')
    }
}

pub(super) fn read(document: &Document, body: &Node<'_>) -> Result<Vec<Media>, Error> {
    let media = media_types(body).into_iter();
    media.map(|node| read_one(document, &node)).collect()
}

fn read_one(document: &Document, node: &Node<'_>) -> Result<Media, Error> {
    let schema_at = pointer::join(&node.pointer, "schema");
    let has_schema = node.value.get("schema").is_some_and(Value::is_object);
    let mut media = Media {
        at: node.pointer.clone(),
        name: pointer::last(&node.pointer),
        codec: Codec::Bytes,
        schema_at: has_schema.then_some(schema_at.clone()),
    };
    let essence = media.essence();
    if !is_media_type(&essence) {
        let message = format!(
            "`{}` is no media type; write one such as `application/json`",
            media.name
        );
        return Err(document.unsupported(&node.pointer, message));
    }
    let has_parts = has_schema && has_properties(document, &schema_at)?;
    media.codec = match essence.as_str() {
        // Bytes that are said to be JSON are passed on as they are.
        _ if is_json(&essence) && has_schema && is_binary(document, &schema_at)? => Codec::Bytes,
        _ if is_json(&essence) => Codec::Json,
        "application/x-www-form-urlencoded" if has_parts => Codec::Form,
        "multipart/form-data" if has_parts => Codec::Multipart,
        _ if essence.starts_with("text/") && !(has_schema && is_binary(document, &schema_at)?) => {
            Codec::Text
        }
        _ => Codec::Bytes,
    };
    check_encoding(document, &media)?;
    Ok(media)
}

/// `encoding` can ask for ways to write a member that neither side has. Where the specification tells
/// to ignore what it says, which is nearly everywhere, it may say anything.
fn check_encoding(document: &Document, media: &Media) -> Result<(), Error> {
    let at = pointer::join(&media.at, "encoding");
    let encodings = document.get(&at).and_then(Value::as_object);
    for (name, encoding) in encodings.into_iter().flatten() {
        let is_heard = |member: &str| match (media.codec, member) {
            (Codec::Form, "style") => encoding["style"] != "form",
            (Codec::Form, "explode") => encoding["explode"] != true,
            (Codec::Form, "allowReserved") => encoding["allowReserved"] != false,
            (Codec::Multipart, "headers") => true,
            _ => false,
        };
        let members = encoding
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys);
        if let Some(member) = members.into_iter().find(|member| is_heard(member)) {
            let at = pointer::join(&pointer::join(&at, name), member);
            let message = format!("`{member}` of a part can't be heeded; leave it out");
            return Err(document.unsupported(&at, message));
        }
    }
    Ok(())
}

/// `application/json` and whatever ends in `+json`.
fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

fn is_media_type(essence: &str) -> bool {
    let is_token = |text: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        !text.is_empty() && text.chars().all(is_part)
    };
    let mut parts = essence.split('/');
    matches!((parts.next(), parts.next(), parts.next()), (Some(kind), Some(name), None) if is_token(kind) && is_token(name))
}

fn has_properties(document: &Document, at: &str) -> Result<bool, Error> {
    let schema = document.resolve(at)?;
    Ok(schema.value.get("properties").is_some())
}

fn is_binary(document: &Document, at: &str) -> Result<bool, Error> {
    let schema = document.resolve(at)?;
    Ok(schema.value.get("format").and_then(Value::as_str) == Some("binary"))
}
