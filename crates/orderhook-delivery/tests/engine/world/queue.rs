//! A queue that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_store::sqlite::Sqlite;
use orderhook_store::{
    Claim, EndpointId, Finished, Held, Queue, Released, Shards, StoreError, Wanted,
};

pub(crate) struct FaultyQueue {
    store: Arc<Sqlite>,
    pub(crate) ready_fails: AtomicBool,
    pub(crate) finish_fails: AtomicBool,
    /// As no later call would change.
    pub(crate) finish_is_refused: AtomicBool,
    pub(crate) claim_fails: AtomicBool,
    pub(crate) claim_panics: AtomicBool,
    pub(crate) claimed: AtomicUsize,
}

impl FaultyQueue {
    pub(crate) fn new(store: Arc<Sqlite>) -> Self {
        Self {
            store,
            ready_fails: AtomicBool::new(false),
            finish_fails: AtomicBool::new(false),
            finish_is_refused: AtomicBool::new(false),
            claim_fails: AtomicBool::new(false),
            claim_panics: AtomicBool::new(false),
            claimed: AtomicUsize::new(0),
        }
    }
}

pub(super) fn fail_if(fails: &AtomicBool) -> Result<(), StoreError> {
    if fails.load(Ordering::SeqCst) {
        return Err(StoreError::Unavailable("as the test told it to".into()));
    }
    Ok(())
}

#[async_trait]
impl Queue for FaultyQueue {
    async fn recover(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.store.recover(now).await
    }

    async fn hold(
        &self,
        busy: Shards,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Held, StoreError> {
        self.store.hold(busy, lasts, now).await
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        self.store.let_go().await
    }

    async fn ready(
        &self,
        now: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError> {
        fail_if(&self.ready_fails)?;
        self.store.ready(now, after, limit).await
    }

    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        fail_if(&self.claim_fails)?;
        assert!(
            !self.claim_panics.load(Ordering::SeqCst),
            "as the test told it to"
        );
        let claims = self.store.claim(wanted, now, lease_until).await?;
        self.claimed.fetch_add(claims.len(), Ordering::SeqCst);
        Ok(claims)
    }

    async fn finish(&self, finished: Finished, now: Timestamp) -> Result<bool, StoreError> {
        fail_if(&self.finish_fails)?;
        if self.finish_is_refused.load(Ordering::SeqCst) {
            return Err(StoreError::Refused("as the test told it to".into()));
        }
        self.store.finish(finished, now).await
    }

    async fn release(&self, leases: Vec<Released>, now: Timestamp) -> Result<(), StoreError> {
        self.store.release(leases, now).await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(now).await
    }
}
