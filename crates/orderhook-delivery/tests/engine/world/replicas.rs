//! One database for several engines, as several processes have it: each holds some of the shards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_store::sqlite::Sqlite;
use orderhook_store::{
    Claim, EndpointId, Finished, Held, Queue, Released, Shards, StoreError, Wanted,
};

use super::queue::fail_if;

/// Who holds what.
#[derive(Default)]
struct Table {
    /// Until when each replica's hold lasts.
    holds: BTreeMap<usize, Timestamp>,
    holders: BTreeMap<u32, usize>,
    /// What each replica was told to leave.
    leaving: BTreeMap<usize, Shards>,
}

impl Table {
    fn held_by(&self, replica: usize) -> Shards {
        let held = self.holders.iter();
        held.filter_map(|(shard, holder)| (*holder == replica).then_some(*shard))
            .collect()
    }

    /// The shards go round the replicas that live; one that is another's is let go only after its
    /// holder was told to leave it, and when it is not busy.
    fn hold(&mut self, replica: usize, busy: Shards, until: Timestamp, now: Timestamp) -> Held {
        self.holds.retain(|_, until| *until > now);
        self.holds.insert(replica, until);
        let live: Vec<usize> = self.holds.keys().copied().collect();
        self.holders.retain(|_, holder| live.contains(holder));
        let is_ours = |shard: u32| live[shard as usize % live.len()] == replica;

        let told = self.leaving.remove(&replica).unwrap_or_default();
        for shard in told.without(busy).iter().filter(|shard| !is_ours(*shard)) {
            self.holders.remove(&shard);
        }
        let held = self.held_by(replica);
        let leaving = held.iter().filter(|shard| !is_ours(*shard)).collect();
        self.leaving.insert(replica, leaving);
        for shard in (0..Shards::COUNT).filter(|shard| is_ours(*shard)) {
            self.holders.entry(shard).or_insert(replica);
        }
        Held {
            shards: self.held_by(replica),
            until: Some(until),
            leaving,
        }
    }

    fn let_go(&mut self, replica: usize) {
        self.holds.remove(&replica);
        self.holders.retain(|_, holder| *holder != replica);
    }
}

/// The database of all replicas.
pub(crate) struct Shared {
    store: Arc<Sqlite>,
    table: Mutex<Table>,
    replicas: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(store: &Arc<Sqlite>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            table: Mutex::default(),
            replicas: AtomicUsize::new(0),
        })
    }

    /// One more process on it.
    pub(crate) fn replica(self: &Arc<Self>) -> Arc<Replica> {
        Arc::new(Replica {
            shared: Arc::clone(self),
            number: self.replicas.fetch_add(1, Ordering::SeqCst),
            hold_fails: AtomicBool::new(false),
            hold_panics: AtomicBool::new(false),
            let_go_fails: AtomicBool::new(false),
            ready_fails: AtomicBool::new(false),
            finish_fails: AtomicBool::new(false),
            released: AtomicUsize::new(0),
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("not poisoned")
    }
}

/// The database, as one process sees it.
pub(crate) struct Replica {
    shared: Arc<Shared>,
    number: usize,
    pub(crate) hold_fails: AtomicBool,
    pub(crate) hold_panics: AtomicBool,
    pub(crate) let_go_fails: AtomicBool,
    pub(crate) ready_fails: AtomicBool,
    pub(crate) finish_fails: AtomicBool,
    /// How many leases were given back.
    pub(crate) released: AtomicUsize,
}

impl Replica {
    /// What it holds in the database, whether or not its engine knows.
    pub(crate) fn held(&self) -> Shards {
        self.shared.table().held_by(self.number)
    }
}

#[async_trait]
impl Queue for Replica {
    async fn recover(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn hold(
        &self,
        busy: Shards,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Held, StoreError> {
        fail_if(&self.hold_fails)?;
        let panics = self.hold_panics.load(Ordering::SeqCst);
        assert!(!panics, "as the test told it to");
        let mut table = self.shared.table();
        Ok(table.hold(self.number, busy, now + lasts, now))
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        fail_if(&self.let_go_fails)?;
        self.shared.table().let_go(self.number);
        Ok(())
    }

    async fn ready(
        &self,
        now: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError> {
        fail_if(&self.ready_fails)?;
        let mut ready = self.shared.store.ready(now, after, limit).await?;
        ready.retain(|endpoint_id| self.held().contain(*endpoint_id));
        Ok(ready)
    }

    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut wanted = wanted.to_vec();
        wanted.retain(|one| self.held().contain(one.endpoint_id));
        self.shared.store.claim(&wanted, now, lease_until).await
    }

    async fn finish(&self, finished: Finished, now: Timestamp) -> Result<bool, StoreError> {
        fail_if(&self.finish_fails)?;
        self.shared.store.finish(finished, now).await
    }

    async fn release(&self, leases: Vec<Released>, now: Timestamp) -> Result<(), StoreError> {
        let count = leases.len();
        self.shared.store.release(leases, now).await?;
        self.released.fetch_add(count, Ordering::SeqCst);
        Ok(())
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.shared.store.next_due(now).await
    }
}
