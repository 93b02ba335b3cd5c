//! Client of the Order Management API: a merchant's webhooks, and the events they are subscribed
//! to.
//!
//! The module [`operator`] has the same for the people who run our server.
//!
//! The calls and their builders are generated from the documents under `spec/`. Written by hand
//! beside them is what a spec can't say:
//!
//! - [`Client`] knows the base URL and the access token, and [`ClientBuilder`] the rest;
//! - a call is retried within its deadline where that is safe, see [`RetryPolicy`];
//! - creating and publishing carry an `Idempotency-Key`, new for each call and the same in each of
//!   its attempts;
//! - lists follow the cursor from page to page, such as
//!   [`ListWebhooks::stream`](builder::ListWebhooks::stream);
//! - [`ErrorExt`] says which field broke which rule, and under which `trace_id` the server logged
//!   it.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use orderhook_client::types::{EventType, WebhookUrl};
//! use orderhook_client::{Client, ErrorExt};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("https://orders.example", "my-access-token")?;
//!
//! let url: WebhookUrl = "https://merchant.example/hooks".parse()?;
//! let created = client
//!     .create_webhook()
//!     .body_map(|body| body.webhook_name("order-events").webhook_url(url))
//!     .send()
//!     .await?;
//! let webhook = &created.data[0];
//!
//! let subscribed = client
//!     .subscribe_event()
//!     .webhook_id(webhook.webhook_id)
//!     .body_map(|body| body.event_type(EventType::CardLoad))
//!     .send()
//!     .await;
//! if let Err(error) = subscribed {
//!     for fault in error.faults() {
//!         eprintln!("{} {}: {}", fault.field, fault.rule, fault.message);
//!     }
//!     eprintln!("trace id {:?}", error.trace_id());
//! }
//!
//! let mut webhooks = client.list_webhooks().limit(100).stream();
//! while let Some(webhook) = webhooks.try_next().await? {
//!     println!("{} {:?}", webhook.webhook_name, webhook.event_type);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! It receives no pushes; `orderhook-webhook` does. It follows no redirect, because that would
//! carry the token to wherever an answer points. It caches nothing and limits no rate. It needs
//! a Tokio runtime, and starts no task of its own.
//!
//! # Errors
//!
//! [`Error`] is progenitor's. Of its variants,
//!
//! - [`InvalidRequest`](Error::InvalidRequest) means that nothing was sent, because a parameter is
//!   missing or a member breaks a rule, such as a `webhook_name` of 21 characters. It has a text
//!   and nothing else: no status, no [`faults`](ErrorExt::faults);
//! - [`ErrorResponse`](Error::ErrorResponse) is a refusal in the documented envelope;
//! - [`UnexpectedResponse`](Error::UnexpectedResponse) is an answer of an undocumented status, or
//!   a refusal without the envelope, such as the page of a load balancer. Its status counts for
//!   all questions of [`ErrorExt`], and its body can still be read;
//! - [`InvalidResponsePayload`](Error::InvalidResponsePayload) is a success that can't be read. The
//!   body is left out, because it may hold a `sign_secret`;
//! - [`Custom`](Error::Custom) is an answer larger than 8 MiB, which is read no further.
//!
//! # Features
//!
//! `rustls`, on by default, speaks https. Without it the crate speaks plain http, unless
//! [`ClientBuilder::http_client`] brings a TLS of its own.

mod client;
mod client_builder;
mod clock;
mod error;
/// What `cargo xtask gen` writes from `spec/`; it leans on the [`transport`] beside it.
#[rustfmt::skip]
#[expect(missing_docs, unreachable_pub, unused_imports, clippy::all, reason = "progenitor writes it")]
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "progenitor writes it")]
#[expect(clippy::unwrap_used, clippy::uninlined_format_args, reason = "progenitor writes it")]
mod generated {
    pub(crate) mod operator;
    pub(crate) mod order_management;
}
pub mod operator;
mod pages;
mod response;
mod retry;
mod transport;

pub use client::Client;
pub use client_builder::{BuildError, ClientBuilder};
pub use clock::{Clock, SystemClock};
pub use error::ErrorExt;
/// The six operations as they are generated; [`Client`] dereferences to it.
pub use generated::order_management::Client as Operations;
pub use generated::order_management::{Error, ResponseValue, builder, types};
/// The HTTP client in the version that [`ClientBuilder::http_client`] takes.
pub use reqwest;
pub use retry::RetryPolicy;
