//! An OpenAPI document, each of its parts with its place in the source text.

mod assemble;
mod bundle;
mod error;
mod files;
mod flatten;
mod gather;
mod inline;
mod json;
pub mod pointer;
pub mod shape;
mod source;
#[cfg(test)]
mod tests;
mod typed;
mod yaml;

use std::io;
use std::path::Path;

use openapiv3::OpenAPI;
use serde_json::Value;

pub use error::{Error, Place};
use files::Files;
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
    /// Reads the YAML or JSON file at `path`, and those that it refers to.
    ///
    /// What references lead to becomes part of the document, wherever it stands: schemas, responses
    /// and so on as components, path items in the place of the reference. Places are still those
    /// in the file that each part was written in.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Reference`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::load_with(path, |path| std::fs::read_to_string(path))
    }

    /// The same with files that `read` gives the texts of, by their paths: that of the document, and
    /// those that references name, relative to the file they stand in and without `.` and `..`.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Reference`].
    pub fn load_with(
        path: &Path,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, Error> {
        let text = read(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let name = path.display().to_string();
        let (source, root, sha256) = read_files(Files::new(&name, &text, Some(&read))?)?;
        Self::read(source, root, sha256)
    }

    /// Reads YAML or JSON from `text`; `file_name` is how errors and generated files call it.
    ///
    /// References to other files are left as they are, for [`Document::resolve`] to refuse.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Read`], [`Error::Reference`] and [`Error::File`].
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Error> {
        Self::parse_beside(file_name, text, &[])
    }

    /// The same for a document that may refer to components of those `beside` it, by the names of
    /// files in one folder: `$ref: 'other.yaml#/components/schemas/Order'`.
    ///
    /// What it refers to becomes part of it under the name it has there, and so does whatever that
    /// refers to; its places are still those in the file it was written in. So the documents can
    /// share the types of one crate, as those that [`Document::load`] reads can't.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Read`]: [`Error::Reference`] at a reference that leads to none of
    /// their components, [`Error::Unsupported`] at a component that has the name of another one
    /// that is taken over.
    pub fn parse_beside(file_name: &str, text: &str, beside: &[&Self]) -> Result<Self, Error> {
        let (mut source, mut root, sha256) = read_files(Files::new(file_name, text, None)?)?;
        if !beside.is_empty() {
            bundle::bundle(&mut source, &mut root, beside)?;
        }
        Self::read(source, root, sha256)
    }

    fn read(source: Source, root: Value, sha256: String) -> Result<Self, Error> {
        let openapi = typed::read(&root).map_err(|mismatch| Error::Structure {
            place: source.place(&mismatch.pointer),
            message: mismatch.message,
        })?;
        Ok(Self {
            source,
            sha256,
            root,
            openapi,
        })
    }

    /// The file's name as it was given to [`Document::load`] or [`Document::parse`].
    pub fn file(&self) -> &str {
        self.source.file()
    }

    /// The names of all files that were read for it, its own first.
    pub fn files(&self) -> &[String] {
        self.source.files()
    }

    /// SHA-256 of the source text, and of those of the files it refers to behind it, without
    /// those of documents beside it; in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The document as it is written: members in their order, extensions and references to
    /// components kept, and last among the components what was taken over.
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

/// One document with references to its components only, its places, and the hash of its texts.
fn read_files(mut files: Files<'_>) -> Result<(Source, Value, String), Error> {
    check_version(&files)?;
    let gathered = gather::gather(&mut files)?;
    let sha256 = files.sha256();
    let (source, root) = match gathered {
        Some(gathered) => assemble::assemble(&files, &gathered)?,
        None => files.into_own(),
    };
    Ok((source, root, sha256))
}

fn check_version(files: &Files<'_>) -> Result<(), Error> {
    let (pointer, found) = match files.root(0).get("openapi") {
        Some(Value::String(version)) if is_3_0(version) => return Ok(()),
        Some(other) => ("/openapi", format!("the version is `{other}`")),
        None => ("", "there is no member `openapi`".to_owned()),
    };
    let at = files::Location {
        file: 0,
        pointer: pointer.to_owned(),
    };
    Err(Error::Version {
        place: files.place(&at),
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
