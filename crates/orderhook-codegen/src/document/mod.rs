//! An OpenAPI document, each of its parts with its place in the source text.

mod bundle;
mod error;
mod inline;
pub mod pointer;
pub mod shape;
mod source;
#[cfg(test)]
mod tests;
mod typed;
mod yaml;

use std::path::Path;

use openapiv3::OpenAPI;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use error::{Error, Place};
use source::Source;

/// An OpenAPI 3.0 document that was read without an error.
#[derive(Debug, Clone)]
pub struct Document {
    source: Source,
    sha256: String,
    root: Value,
    openapi: OpenAPI,
}

/// A value of a document and its name in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// JSON pointer of the value.
    pub pointer: String,
    /// The value.
    pub value: &'a Value,
}

impl Document {
    /// Reads the YAML or JSON file at `path`.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Reference`] and [`Error::Unsupported`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Reads YAML or JSON from `text`; `file_name` is how errors and generated files call it.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Read`], [`Error::Reference`] and [`Error::Unsupported`].
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Error> {
        let (root, positions) = yaml::parse(file_name, text)?;
        Self::read(Source::new(file_name, positions), text, root)
    }

    /// The same for a document that may refer to components of those `beside` it, by the names of
    /// files in one folder: `$ref: 'other.yaml#/components/schemas/Order'`.
    ///
    /// What it refers to becomes part of it, and so does whatever that refers to; its places are
    /// still those in the file it was written in.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Read`]: [`Error::Reference`] at a reference that leads to none of
    /// their components, [`Error::Unsupported`] at a component that has the name of another one
    /// that is taken over.
    pub fn parse_beside(file_name: &str, text: &str, beside: &[&Self]) -> Result<Self, Error> {
        let (mut root, positions) = yaml::parse(file_name, text)?;
        let mut source = Source::new(file_name, positions);
        bundle::bundle(&mut source, &mut root, beside)?;
        Self::read(source, text, root)
    }

    fn read(source: Source, text: &str, root: Value) -> Result<Self, Error> {
        check_version(&root, |pointer| source.place(pointer))?;
        let openapi = typed::read(&root).map_err(|mismatch| Error::Structure {
            place: source.place(&mismatch.pointer),
            message: mismatch.message,
        })?;
        Ok(Self {
            source,
            sha256: hex(&Sha256::digest(text)),
            root,
            openapi,
        })
    }

    /// The file's name as it was given to [`Document::load`] or [`Document::parse`].
    pub fn file(&self) -> &str {
        self.source.file()
    }

    /// SHA-256 of the source text, without that of documents beside it, in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The document as it is written: members in their order, extensions and references kept, and
    /// last what was taken over from documents beside it.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The document as typed objects.
    pub fn openapi(&self) -> &OpenAPI {
        &self.openapi
    }

    /// Where the value at `pointer` stands in the source; for one that does not exist, where
    /// the innermost existing value around it stands.
    pub fn place(&self, pointer: &str) -> Place {
        self.source.place(pointer)
    }

    /// The value at `pointer`, which may be a reference.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// The value at `pointer`, or if that is a reference, the value it leads to in the end.
    ///
    /// # Errors
    /// [`Error::Reference`], at the reference that names another document, names nothing, or
    /// leads back to itself.
    pub fn resolve(&self, pointer: &str) -> Result<Node<'_>, Error> {
        let mut seen = vec![pointer.to_owned()];
        let mut at = pointer.to_owned();
        let mut value = self.get(pointer).ok_or_else(|| Error::Reference {
            place: self.place(pointer),
            reference: format!("#{pointer}"),
            problem: "names nothing",
        })?;
        while let Some(reference) = shape::reference(value) {
            let error = |problem| Error::Reference {
                place: self.place(&at),
                reference: reference.to_owned(),
                problem,
            };
            let target = reference
                .strip_prefix('#')
                .ok_or_else(|| error("leaves this document"))?;
            let found = self.get(target).ok_or_else(|| error("names nothing"))?;
            if seen.iter().any(|seen| seen == target) {
                return Err(error("leads back to itself"));
            }
            seen.push(target.to_owned());
            at = target.to_owned();
            value = found;
        }
        Ok(Node { pointer: at, value })
    }

    /// An [`Error::Unsupported`] at `pointer`, for generators that meet what they can't express.
    pub fn unsupported(&self, pointer: &str, message: impl Into<String>) -> Error {
        Error::Unsupported {
            place: self.place(pointer),
            message: message.into(),
        }
    }
}

fn check_version(root: &Value, place: impl Fn(&str) -> Place) -> Result<(), Error> {
    let (pointer, found) = match root.get("openapi") {
        Some(Value::String(version)) if is_3_0(version) => return Ok(()),
        Some(other) => ("/openapi", format!("the version is `{other}`")),
        None => ("", "there is no member `openapi`".to_owned()),
    };
    Err(Error::Version {
        place: place(pointer),
        found,
    })
}

fn is_3_0(version: &str) -> bool {
    version
        .strip_prefix("3.0.")
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
