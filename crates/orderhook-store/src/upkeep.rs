//! What keeps a store in order, and what tells that it is.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::StoreError;

/// The state of the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Deliveries that are queued or being attempted.
    pub pending: u64,
    /// Those of active endpoints that are due.
    pub due: u64,
    /// Since when the longest due of them has been.
    pub oldest_due: Option<Timestamp>,
    /// When the oldest pending delivery was queued.
    pub oldest_pending: Option<Timestamp>,
    /// Active endpoints.
    pub endpoints_active: u64,
    /// Paused ones.
    pub endpoints_paused: u64,
    /// Disabled ones.
    pub endpoints_disabled: u64,
}

/// Until when things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events from before go, with their deliveries and attempts, unless one is still pending.
    pub events_before: Timestamp,
    /// Keys of repeated calls from before go.
    pub idempotency_before: Timestamp,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Events.
    pub events: u64,
    /// Keys of repeated calls.
    pub idempotency_keys: u64,
    /// Secrets whose overlap is over.
    pub secrets: u64,
}

impl Swept {
    /// Whether there was nothing to delete.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Used by the server's own tasks, and by commands.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// The name of the database: `sqlite` or `postgres`.
    fn database(&self) -> &'static str;

    /// The version of the schema.
    fn schema_version(&self) -> u32;

    /// Whether reads and writes would be taken just now, tried by one of each; fails as well if the
    /// database that is open is no longer the one that would be opened, because its file was moved,
    /// deleted or replaced.
    async fn check(&self) -> Result<(), StoreError>;

    /// The state of the whole.
    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError>;

    /// Deletes at most about `limit` rows of each kind, in one short transaction; to be called again
    /// until it finds nothing.
    async fn sweep(
        &self,
        retention: Retention,
        limit: u32,
        now: Timestamp,
    ) -> Result<Swept, StoreError>;

    /// Encrypts with the keyring's newest key whatever is encrypted with another; returns how many
    /// values. It can be interrupted and run again, and may run beside a server that has both keys.
    async fn rekey(&self) -> Result<u64, StoreError>;

    /// Waits until all that was accepted is written, and closes the database.
    async fn close(&self);
}
