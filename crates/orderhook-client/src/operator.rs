//! Client of the operator API of the reference server: `spec/operator.yaml`, which is ours.
//!
//! It differs from the client in the crate's root in its operations alone: token, retries, streams
//! and errors are the same, and so are the types of the models, [`types`](crate::types).
//! Creating and publishing carry an `Idempotency-Key`, so that they can be retried.
//!
//! ```no_run
//! use orderhook_client::operator::Client;
//! use orderhook_client::types::{DeliveryState, EventType};
//! use serde_json::json;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://localhost:8081", "the-operators-token")?;
//!
//! let data = json!({"card_id": "C-9001", "amount": "50.00", "currency": "EUR"});
//! let data = data.as_object().cloned().unwrap_or_default();
//! let published = client
//!     .publish_card_event()
//!     .merchant_id(2)
//!     .body_map(|body| body.event_type(EventType::CardLoad).data(data))
//!     .send()
//!     .await?;
//! println!("{} deliveries", published.data.deliveries);
//!
//! let failed = client.list_deliveries().state(DeliveryState::Failed);
//! println!("{} of them on the first page", failed.send().await?.data.data.len());
//! # Ok(())
//! # }
//! ```

use crate::client::client;
/// The operations as they are generated; [`Client`] dereferences to it.
pub use crate::generated::operator::Client as Operations;
pub use crate::generated::operator::builder;

client! {
    /// A client of the operator API, with a base URL and the operator's access token.
    ///
    /// The calls are the methods of [`Operations`]: `client.list_merchants().limit(20).send().await`.
    /// A clone is cheap and shares the connections. `Debug` never shows the token.
    ///
    /// Dropping the future of a call ends the call; whether the server has carried it out is then as
    /// unknown as after a timeout.
    Operations
}
