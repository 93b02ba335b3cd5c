//! The server side of the operator API of the reference server: `spec/operator.yaml`, which is ours.
//!
//! It works as the crate's root does for the Order Management API, with the same
//! [`Server`](crate::Server) and [`runtime`](crate::runtime): implement the traits of the tags, and
//! [`router`] makes an [`axum::Router`] of them. Both APIs take their callers from
//! [`Server::authenticate`](crate::Server::authenticate), so a server of both has two types that
//! implement `Server`, one for merchants' tokens and one for the operator's.

pub use crate::generated::operator::*;

/// The operator API as an OpenAPI 3.1 document in JSON.
pub const OPENAPI_3_1: &str = include_str!("generated/operator/openapi-3.1.json");
