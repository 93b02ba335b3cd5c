//! Where merchants, webhooks, events and deliveries are kept.
//!
//! The traits are cut by use, one for each kind of consumer: [`Access`] lets callers in,
//! [`Webhooks`] is behind the merchant API, [`Publishing`] takes events in, [`Queue`] hands
//! deliveries to the engine, and [`Endpoints`], [`History`], [`Replays`] and [`Upkeep`] are the
//! operator's. [`Store`] is all of them. Two databases are behind them: [`sqlite`], embedded, for one
//! process, and [`postgres`], for any number of them.
//! [`copy()`](copy::copy) moves a whole database into another one.
//!
//! Four rules hold for every method:
//!
//! - it is done wholly or not at all, and what it returns is durable: it survives `kill -9` and the
//!   loss of power;
//! - what is not there is `None`, or `false` where there is nothing else to tell, never an error;
//! - time and randomness are arguments, and so is every policy, such as when to retry;
//! - signing secrets are encrypted at rest, and tokens are stored as hashes.
//!
//! # What it does not do
//!
//! It makes no requests and knows no HTTP; it decides neither when a delivery is retried nor what an
//! acknowledgement is.
//!
//! # How to add a method
//!
//! Write it into the trait of its consumer, with its SQL in the files of the same name under `sqlite/`
//! and `postgres/`, and a case in `tests/it`, which runs on both.

mod access;
mod callers;
pub mod copy;
mod endpoints;
mod error;
mod handover;
mod history;
mod idempotency;
mod ids;
mod keyring;
mod millis;
mod names;
mod page;
pub mod postgres;
mod publishing;
mod queue;
mod replays;
mod shards;
pub mod sqlite;
mod upkeep;
mod vault;
mod webhooks;

pub use access::{Access, Caller, Merchant, Operator, OperatorToken, Token, TokenHash};
pub use endpoints::{
    Endpoint, EndpointFilter, EndpointKind, EndpointState, Endpoints, SecretOwner,
};
pub use error::{BoxError, StoreError};
pub use history::{
    AttemptOutcome, AttemptRecord, Delivery, DeliveryFilter, DeliveryState, Event, EventFilter,
    EventKind, History, MAX_ANSWER_KEPT,
};
pub use idempotency::{Idempotency, Once};
pub use ids::{DeliveryId, EndpointId, EventId, MerchantId, MessageId, TokenId};
pub use keyring::{Key, Keyring, KeyringError, Randomness};
pub use page::{Page, PageRequest};
pub use publishing::{NewEvent, NewPush, PublishedEvent, Publishing};
pub use queue::{
    Appetite, Claim, Dispatch, EndpointNews, Finished, Lease, Next, Queue, Released, Wanted,
};
pub use replays::{ReplayCounts, ReplayFilter, Replayed, Replays};
pub use shards::{Held, Shards};
pub use upkeep::{Retention, Stats, Swept, Upkeep};
pub use webhooks::{WebhookFilter, WebhookRecord, Webhooks};

/// Everything that a store does.
pub trait Store:
    Access + Endpoints + History + Publishing + Queue + Replays + Upkeep + Webhooks
{
}

impl<T> Store for T where
    T: Access + Endpoints + History + Publishing + Queue + Replays + Upkeep + Webhooks
{
}
