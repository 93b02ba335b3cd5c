//! From an OpenAPI 3.0 document to Rust: models, client, server traits, webhook receivers.
//!
//! One module a stage: [`document`] reads, [`lint`] judges, [`models`], [`client`], [`server`] and
//! [`pushes`] write Rust, [`openapi31`] derives, [`output`] compares and writes files.
//!
//! The crate works on any document and knows nothing of orders; what is particular to
//! Orderhook (which folders, which hand-written types) is passed in by `xtask`.
//! Models stand on their own but for an `open_enum!` macro and a `Patch` type; client, server traits
//! and pushes lean on a small hand-written half of the crate that they are generated into, which
//! each module's documentation names. The Orderhook crates are the examples to go by.
//!
//! A mistake in the document becomes an [`Error`] or a [`lint::Finding`] that names the
//! line of the YAML at fault, never a panic.

mod api;
pub mod client;
pub mod document;
pub mod generator;
mod guarded;
pub mod lint;
pub mod models;
mod names;
pub mod openapi31;
mod operation;
pub mod output;
pub mod pushes;
mod relative;
pub mod server;
mod sound;

pub use document::{Document, Error, Place};
pub use generator::{Generated, Generator, Refusals};
