//! What generated clients of `orderhook-codegen` lean on for operations that progenitor can't
//! express.
//!
//! A client needs this crate only where its document has such operations. [`Content`] is for whoever
//! calls them; everything else is the generated code's side and may change with it: generate again
//! when you take a new version of this crate.
//!
//! Parameters, forms and parts are written as `orderhook-runtime` reads them. It knows no document,
//! opens no connection and reads no clock.

#![expect(
    clippy::result_large_err,
    reason = "it is the error of generated clients, which progenitor-client defines"
)]

mod answer;
mod body;
mod call;
mod style;
mod text;

pub use answer::{form, header, media, media_type, required, text};
pub use body::{Content, Parts, encode_form};
pub use call::Call;
pub use style::Style;
