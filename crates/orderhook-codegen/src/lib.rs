//! From an OpenAPI 3.0 document to Rust: models, client, server traits, webhook receivers.
//!
//! One module a stage: [`document`] reads, [`lint`] judges, [`models`], [`client`], [`server`] and
//! [`pushes`] write Rust, [`round_trip`] writes tests of what came out, [`openapi31`] derives,
//! [`output`] compares and writes files.
//!
//! [`Generator`] puts them together for one document and any crate, and is what to begin with; the
//! command `cargo orderhook-gen` is nothing more. The packages in the folder `examples` of this crate
//! show both.
//!
//! The crate works on any document and knows nothing of orders; what is particular to
//! Orderhook (which folders, which hand-written types) is passed in by `xtask`, which calls the
//! stages themselves: our models, client and servers are several crates, with a small hand-written
//! half in each that the documentation of the stage names.
//!
//! A mistake in the document becomes an [`Error`] or a [`lint::Finding`] that names the
//! line of the YAML at fault, never a panic.

mod api;
pub mod client;
pub mod document;
mod endless;
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
pub mod round_trip;
pub mod server;
mod sound;

pub use document::{Document, Error, Place};
pub use generator::{Generated, Generator, Refusals};
