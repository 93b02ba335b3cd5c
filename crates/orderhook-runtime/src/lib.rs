//! What server traits of `orderhook-codegen` lean on: reading a request, checking it, answering.
//!
//! Nothing here knows an operation; nothing generated knows how a body is read. Implement
//! [`Server`] once (who calls, how a request is called in the log, how a refusal looks), and beside
//! it the generated traits. Before a method of yours runs, the caller is known and the whole
//! request is checked; a refusal has all faults at once.
//!
//! [`shape`], [`Input`] and [`Exchange`] are the generated code's side and may change with it:
//! generate again when you take a new version of this crate. Everything else is yours.
//!
//! It knows no storage and makes no requests; it does not read the clock or make ids. Panics of an
//! implementation become a 500, for which unwinding must be on.

mod answer;
mod content;
mod encoding;
mod exchange;
mod fallback;
mod fault;
mod input;
mod json;
mod multipart;
mod parameters;
mod refusal;
mod security;
mod server;
#[expect(missing_docs, reason = "the members are the keywords of the schema")]
pub mod shape;
mod upload;

use std::fmt;

pub use answer::{Answer, in_range, status};
pub use exchange::{Answered, Call, Exchange};
pub use fallback::with_fallbacks;
pub use fault::{Fault, Location, Rule};
pub use input::{Checked, Input};
pub use multipart::{FilePart, Multipart, Part};
pub use refusal::{BoxError, Problem, Refusal};
pub use security::{Alternative, Requirement, Scheme, SchemeKind};
pub use server::{NotImplemented, Server};
pub use upload::Upload;

/// An operation of the document.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The `operationId`.
    pub id: &'static str,
    /// The method, in capitals.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// The credentials that it asks for: one of these, none if anyone may call.
    pub security: &'static [Alternative],
}

/// The id of one request, which stands in its answer and in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceId(String);

impl TraceId {
    /// An id made by the caller of this function; unique for as long as logs are kept.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
