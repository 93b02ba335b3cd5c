//! An OpenAPI document, each of its parts with its place in the source text.

mod error;
pub mod pointer;
pub mod shape;
#[cfg(test)]
mod tests;
mod typed;
mod yaml;

use std::path::Path;

use openapiv3::OpenAPI;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use error::{Error, Place};
use yaml::{Position, Positions};

/// An OpenAPI 3.0 document that was read without an error.
#[derive(Debug, Clone)]
pub struct Document {
    file: String,
    sha256: String,
    root: Value,
    positions: Positions,
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
        let place = |pointer: &str| place(file_name, &positions, pointer);
        check_version(&root, place)?;
        let openapi = typed::read(&root).map_err(|mismatch| Error::Structure {
            place: place(&mismatch.pointer),
            message: mismatch.message,
        })?;
        Ok(Self {
            file: file_name.to_owned(),
            sha256: hex(&Sha256::digest(text)),
            root,
            positions,
            openapi,
        })
    }

    /// The file's name as it was given to [`Document::load`] or [`Document::parse`].
    pub fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the source text, in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The document as it is written: members in their order, extensions and references kept.
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
        place(&self.file, &self.positions, pointer)
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

fn place(file: &str, positions: &Positions, pointer: &str) -> Place {
    let nearest = std::iter::successors(Some(pointer), |pointer| pointer::parent(pointer));
    let position = nearest
        .filter_map(|pointer| positions.get(pointer))
        .next()
        .copied()
        .unwrap_or(Position { line: 1, column: 1 });
    Place {
        file: file.to_owned(),
        line: position.line,
        column: position.column,
        pointer: pointer.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
