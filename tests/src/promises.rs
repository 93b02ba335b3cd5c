//! What must not compile. Each promise has two programs that differ in one place: the first
//! compiles, so that the second can only be refused for that place. The codes are for the reader:
//! only a nightly compiler checks them.
//!
//! # An operation answers with documented statuses and no others
//!
//! ```
//! use orderhook_api::{runtime::Problem, webhooks::ListWebhooksError};
//! fn refuse(problem: Problem) -> ListWebhooksError { ListWebhooksError::BadRequest(problem) }
//! ```
//! ```compile_fail,E0599
//! use orderhook_api::{runtime::Problem, webhooks::ListWebhooksError};
//! fn refuse(problem: Problem) -> ListWebhooksError { ListWebhooksError::Conflict(problem) }
//! ```
//!
//! # An operation that is new in the spec is an error in every implementation
//!
//! The stub is what the generator writes for all of them; leaving one out is what a new operation
//! does to an implementation that is older.
//!
//! ```
//! # use orderhook_api::{Server, events::*, runtime::*};
//! # use orderhook_types::*;
//! # struct Shop;
//! # impl Server for Shop {
//! #     type Principal = ();
//! #     async fn authenticate(&self, _: &axum::http::request::Parts, _: &'static Operation) -> Result<(), Refusal> { Ok(()) }
//! #     fn trace_id(&self, _: &axum::extract::Request) -> TraceId { TraceId::new("") }
//! #     fn reject(&self, id: &TraceId, refusal: &Refusal) -> axum::response::Response { orderhook_api::refuse(id, refusal) }
//! # }
//! impl EventsApi for Shop {
//!     async fn list_events(&self, _: Call<()>, _: ListEventsQuery) -> Result<EventListResponse, ListEventsError> { panic!() }
//!     async fn subscribe_event(&self, _: Call<()>, _: SubscribeEventPath, _: SubscribeEventRequest) -> Result<SubscriptionResponse, SubscribeEventError> { panic!() }
//!     async fn unsubscribe_event(&self, _: Call<()>, _: UnsubscribeEventPath) -> Result<SubscriptionResponse, UnsubscribeEventError> { panic!() }
//! }
//! ```
//! ```compile_fail,E0046
//! # use orderhook_api::{Server, events::*, runtime::*};
//! # use orderhook_types::*;
//! # struct Shop;
//! # impl Server for Shop {
//! #     type Principal = ();
//! #     async fn authenticate(&self, _: &axum::http::request::Parts, _: &'static Operation) -> Result<(), Refusal> { Ok(()) }
//! #     fn trace_id(&self, _: &axum::extract::Request) -> TraceId { TraceId::new("") }
//! #     fn reject(&self, id: &TraceId, refusal: &Refusal) -> axum::response::Response { orderhook_api::refuse(id, refusal) }
//! # }
//! impl EventsApi for Shop {
//!     async fn list_events(&self, _: Call<()>, _: ListEventsQuery) -> Result<EventListResponse, ListEventsError> { panic!() }
//!     async fn subscribe_event(&self, _: Call<()>, _: SubscribeEventPath, _: SubscribeEventRequest) -> Result<SubscriptionResponse, SubscribeEventError> { panic!() }
//! }
//! ```
//!
//! # Only a verifier makes a verified body
//!
//! What can't be named can't be filled in either.
//!
//! ```
//! fn body<'a>(push: &orderhook_webhook::Verified<'a>) -> &'a [u8] { push.body() }
//! ```
//! ```compile_fail,E0616
//! fn body<'a>(push: &orderhook_webhook::Verified<'a>) -> &'a [u8] { push.body }
//! ```
//!
//! # Authentic headers say nothing about a body
//!
//! ```
//! use orderhook_webhook::Verified;
//! fn handle(_: &Verified<'_>) {}
//! fn receive(push: &Verified<'_>) { handle(push) }
//! ```
//! ```compile_fail,E0308
//! use orderhook_webhook::{Verified, osl::HeadersAuthentic};
//! fn handle(_: &Verified<'_>) {}
//! fn receive(push: &HeadersAuthentic) { handle(push) }
//! ```
//!
//! # A secret is shown by `reveal` and by nothing else
//!
//! ```
//! fn show(secret: &orderhook_types::Secret) -> String { format!("{}", secret.reveal()) }
//! ```
//! ```compile_fail,E0277
//! fn show(secret: &orderhook_types::Secret) -> String { format!("{}", secret) }
//! ```
