//! The data of the Order Management API and of the pushes it sends: what a merchant, a platform
//! and a receiver all mean by "webhook", "event" and "order".
//!
//! The hand-written types carry what a schema can't say:
//!
//! - open enums, generated as enums with an `Unknown` variant, so that a value the platform adds
//!   tomorrow is kept and written back exactly, instead of failing the whole payload;
//! - [`DecimalText`], money as the exact text of the wire, with the exact number on demand;
//! - [`Secret`], a text that no `Debug` output and no error shows;
//! - [`OperatorIdNumber`] and [`OperatorIdText`], the two forms of one id, each readable as the
//!   other;
//! - [`Patch`], a member of a request that may be absent, null or a value.
//!
//! # What it does not do
//!
//! It has no clock, no network and no signatures. Answers and pushes are read leniently: lengths
//! and patterns hold for requests only. It never computes with money, and it does not wipe secrets
//! from memory.
//!
//! # Features
//!
//! `decimal`, on by default, gives the exact number of a [`DecimalText`]. Off by default: `schemars`
//! gives every type a JSON Schema, `utoipa` an OpenAPI schema.

#[cfg(feature = "decimal")]
mod decimal;
mod decimal_text;
/// What `cargo xtask gen` writes from `spec/`; it leans on the hand-written types beside it.
#[rustfmt::skip]
#[expect(missing_docs, clippy::all, reason = "typify writes it")]
mod generated {
    pub(crate) mod models;
    pub(crate) mod open_enums;
}
mod open_enum;
mod operator_id;
mod patch;
mod schema;
mod secret;

/// The exact decimal number that [`DecimalText::decimal`] returns.
#[cfg(feature = "decimal")]
pub use bigdecimal::BigDecimal;
#[cfg(feature = "decimal")]
pub use decimal::DecimalError;
pub use decimal_text::DecimalText;
pub use generated::models::*;
pub use generated::open_enums::*;
pub use operator_id::{OperatorIdError, OperatorIdNumber, OperatorIdText};
pub use patch::Patch;
pub use secret::Secret;
