//! Both ends of an order push: sign and send, or verify, parse and acknowledge.
//!
//! | who | does what | with |
//! |---|---|---|
//! | sender | makes the request of a push, and signs each attempt | [`order_status_change`], [`card_event`], [`PushRequest::attempt`] |
//! | sender | reads the answer | [`acknowledge::acknowledges`] |
//! | receiver | says what to do with each push | [`PushReceiver`] |
//! | receiver | does all of the below around it | [`Receiver`], as a route with the feature `axum` |
//! | receiver | proves that a body is authentic | [`Verifier`], whose result is [`Verified`] |
//! | receiver | recognises a message it has handled | [`replay::ReplayStore`] |
//! | receiver of an OSL-style platform | checks a header that does not cover the body | `osl`, behind the feature of that name |
//!
//! Pushes are delivered **at least once**. The same message comes again whenever its
//! acknowledgement was lost or late, with the same [`MessageId`] and a fresh, valid signature. A
//! signature therefore says who sent a message, never that it is new; [`replay`] says how a
//! receiver tells the two apart.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//!
//! use http::HeaderMap;
//! use orderhook_webhook::{MessageId, Signer, SigningSecret, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret: SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()?;
//! let body = br#"{"type":"order_status_change","data":{}}"#;
//!
//! let mut headers = HeaderMap::new();
//! Signer::new([secret.clone()])?
//!     .sign(&MessageId::new("msg_1")?, 1_614_265_330, body)
//!     .insert_into(&mut headers);
//!
//! let now = UNIX_EPOCH + Duration::from_secs(1_614_265_331);
//! let verified = Verifier::new([secret])?.verify(&headers, body, now)?;
//! assert_eq!(verified.body(), body);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! It opens no connection, reads no clock, starts no task and knows no framework: requests and
//! answers are `http` types and bytes, and the time is an argument. It does not retry; the
//! schedule is the sender's. It does not make a handler exactly-once; only the handler's own
//! transaction can.

pub mod acknowledge;
#[cfg(feature = "axum")]
pub mod axum;
mod delivery;
mod expiring_map;
/// What `cargo xtask gen` writes from `spec/`; it leans on [`Delivery`] and [`PushRequest`].
#[rustfmt::skip]
#[expect(clippy::all, reason = "generated code is read by the compiler first")]
mod generated {
    pub(crate) mod pushes;
}
mod headers;
mod message_id;
#[cfg(feature = "osl")]
pub mod osl;
mod push;
mod receiver;
pub mod replay;
mod request;
mod secret;
mod sign;
mod tolerance;
mod verify;

pub use delivery::Delivery;
pub use generated::pushes::{Push, PushReceiver};
pub use headers::HeaderError;
pub use message_id::{InvalidMessageId, MessageId};
pub use push::{card_event, order_status_change};
pub use receiver::{Answer, Outcome, Receiver};
pub use request::PushRequest;
pub use secret::{SecretError, SigningSecret};
pub use sign::{SignatureHeaders, Signer, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
pub use tolerance::{ClockError, DEFAULT_TOLERANCE};
pub use verify::{MAX_SIGNATURE_PARTS, Verified, Verifier, VerifyError};
