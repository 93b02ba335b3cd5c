//! From an OpenAPI 3.0 document to Rust: models, client, server traits, webhook receivers.
//!
//! One module a stage: [`document`] reads, [`lint`] judges, [`models`], [`client`], [`server`] and
//! [`pushes`] write Rust, [`openapi31`] derives, [`output`] compares and writes files.
//!
//! The crate works on any document and knows nothing of orders; what is particular to
//! Orderhook (which folders, which hand-written types) is passed in by `xtask`.
//! A mistake in the document becomes an [`Error`] or a [`lint::Finding`] that names the
//! line of the YAML at fault, never a panic.

mod api;
pub mod client;
pub mod document;
mod guarded;
pub mod lint;
pub mod models;
mod names;
pub mod openapi31;
pub mod output;
pub mod pushes;
pub mod server;
mod sound;

pub use document::{Document, Error, Place};
