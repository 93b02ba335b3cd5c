//! The server side of the Order Management API, and of the operator API of our server
//! ([`operator`]): one trait a tag, generated from the spec, and the axum glue in front of it.
//!
//! Implement [`Server`] (who calls, how a request is called in the log, and that refusals are
//! written by [`refuse`]) and the traits of the tags, [`webhooks::WebhooksApi`] and
//! [`events::EventsApi`]; [`router`] makes an [`axum::Router`] of them. Before a method of yours
//! runs, the caller is known and the whole request is checked; every refusal has the documented
//! envelope, a trace id that the log has too, and all faults at once.
//! The folder `examples/in_memory` of this crate is a complete implementation, made to be read.
//!
//! What is generated and what is not: `src/generated` holds the traits, their inputs and errors,
//! the handlers and the tables of what a request may hold; the crate `orderhook-runtime`, which
//! is here as [`runtime`], reads, checks and answers for all of them. To add an operation, add it to its document under `spec/` and run `cargo xtask gen`; the compiler then names every implementation that lacks it.
//!
//! # What it does not do
//!
//! It knows no storage and makes no requests; it does not read the clock or make ids; it does not
//! listen, and has no TLS. Panics of an implementation become a 500, for which unwinding must be on.
//!
//! # Features
//!
//! `utoipa` (off by default) adds the document as the code sees it, for comparison with the spec.

mod envelope;
/// What `cargo xtask gen` writes from `spec/`.
#[rustfmt::skip]
mod generated {
    pub(crate) mod operator;
    pub(crate) mod order_management;
}
pub mod operator;
mod server;

pub use envelope::{Envelope, EnvelopedCall, refuse};
pub use generated::order_management::*;
pub use orderhook_runtime as runtime;
pub use orderhook_runtime::{NotImplemented, Server};
pub use server::access_token;

/// The spec as an OpenAPI 3.1 document in JSON, with the pushes under `webhooks`.
pub const OPENAPI_3_1: &str = include_str!("generated/order_management/openapi-3.1.json");
