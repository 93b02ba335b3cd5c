//! What the generated handlers lean on: reading a request, checking it, answering.
//!
//! Nothing here knows an operation; nothing generated knows how a body is read.

mod exchange;
mod fallback;
mod input;
mod json;
mod refusal;
pub(crate) mod shape;

use std::fmt;

pub(crate) use exchange::Exchange;
pub use exchange::{Answered, Call};
pub use fallback::with_fallbacks;
pub(crate) use input::Input;
pub use refusal::{BoxError, Fault, Location, Problem, Refusal, Rule};

/// An operation of the document.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The `operationId`.
    pub id: &'static str,
    /// The method, in capitals.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
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
