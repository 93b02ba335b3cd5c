use std::fmt;
use std::path::PathBuf;

/// A place in the source text of a document.
///
/// Displays as `file:line:column`, the form that editors and terminals turn into a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as it was named when the document was loaded.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// JSON pointer of the value; empty for the root.
    pub pointer: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why a document can't be used.
///
/// Every variant but [`Error::Read`] displays as
/// `file:line:column: pointer: what is wrong; what to do`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be read as UTF-8 text.
    #[error("{}: cannot read the file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The text is not the YAML (or JSON) that a document can be written in.
    #[error("{}: {message}", At(place))]
    Yaml {
        /// Where the parser stopped.
        place: Place,
        /// What is wrong and what to do.
        message: String,
    },
    /// A mapping has the same key twice.
    #[error(
        "{}: `{key}` stands here a second time, first on line {first_line}; remove one of the two",
        At(place)
    )]
    DuplicateKey {
        /// The second of the two keys.
        place: Place,
        /// The key.
        key: String,
        /// Line of the first of the two keys.
        first_line: usize,
    },
    /// The document is not OpenAPI 3.0.
    #[error(
        "{}: {found}; write `openapi: 3.0.3`, the only version this generator reads is 3.0",
        At(place)
    )]
    Version {
        /// The member `openapi`, or the root when there is none.
        place: Place,
        /// What stands there.
        found: String,
    },
    /// The document is YAML but a part of it is not what OpenAPI 3.0 asks for there.
    #[error(
        "{}: {message}; compare with the OpenAPI 3.0.3 specification",
        At(place)
    )]
    Structure {
        /// The innermost value that could be told to be wrong.
        place: Place,
        /// What the typed reader says.
        message: String,
    },
    /// A `$ref` leads nowhere.
    #[error(
        "{}: `$ref: {reference}` {problem}; point it at `#/components/...` of this document",
        At(place)
    )]
    Reference {
        /// The value that holds the `$ref`.
        place: Place,
        /// The text of the `$ref`.
        reference: String,
        /// Why it can't be followed.
        problem: &'static str,
    },
    /// A `$ref` leads to no part of the files on disk that could be taken over.
    #[error("{}: `$ref: {reference}` {problem}", At(place))]
    File {
        /// The value that holds the `$ref`, in the file where it was written.
        place: Place,
        /// The text of the `$ref`.
        reference: String,
        /// Why it can't be followed and what to do.
        problem: String,
    },
    /// The document is valid but uses something that the generator can't express.
    #[error("{}: {message}", At(place))]
    Unsupported {
        /// The part of the document that can't be generated.
        place: Place,
        /// What it is and what to write in its stead.
        message: String,
    },
}

/// A place with its pointer, as error messages begin.
struct At<'a>(&'a Place);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(place) = self;
        if place.pointer.is_empty() {
            write!(f, "{place}")
        } else {
            write!(f, "{place}: {}", place.pointer)
        }
    }
}
