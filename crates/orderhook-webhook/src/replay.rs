//! A receiver's memory of the messages it has handled.
//!
//! Delivery is at least once: a message comes again when its acknowledgement was lost, was late,
//! or when someone replays it, and every time it carries the same id and a fresh, valid
//! signature. The tolerance of [`crate::Verifier`] stops captured messages after minutes; it does
//! not recognise a retry, which may come days later. That is what a [`ReplayStore`] is for:
//!
//! 1. [`claim`](ReplayStore::claim) the id of a verified message.
//! 2. [`Claim::New`]: call the handler. [`Claim::Done`]: acknowledge, do not call it.
//!    [`Claim::InProgress`]: do not acknowledge, so that the platform asks again.
//! 3. [`complete`](ReplayStore::complete) when the handler succeeded, before acknowledging;
//!    [`release`](ReplayStore::release) when it failed, so that the retry is handled.
//!
//! A store makes duplicates rare, not impossible: the process can die between the handler's
//! effect and `complete`. A handler whose effect must happen once writes it in one transaction
//! with the id.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::expiring_map::ExpiringMap;
use crate::message_id::MessageId;

/// What [`ReplayStore::claim`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has handled the message, and the caller now may: the claim is the caller's.
    New,
    /// The message was handled; acknowledge it without calling the handler.
    Done,
    /// Another call is handling it at this moment, or died less than a lease ago.
    InProgress,
}

/// Remembers which messages were handled, for as long as their retries may come.
///
/// Implementations over a database keep ids for longer than the platform's whole retry schedule
/// (about 75 hours), and let a claim that was neither completed nor released lapse, because its
/// holder may have died.
///
/// A claim belongs to its message and not to the call that made it: a [`release`](Self::release)
/// that comes after the lease can free the claim of another call, and the message is then handled
/// twice. So the lease must exceed the slowest handler.
///
/// Receivers share a store as an [`Arc`] of it, such as those of two routes.
pub trait ReplayStore: Send + Sync {
    /// Why the store could not answer.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Claims a message for handling; of several calls at the same time, one gets [`Claim::New`].
    ///
    /// On an error the message must not be acknowledged: nobody knows whether it was handled.
    fn claim(
        &self,
        id: &MessageId,
        now: SystemTime,
    ) -> impl Future<Output = Result<Claim, Self::Error>> + Send;

    /// Records that the handler succeeded, whether or not the claim still stands.
    ///
    /// On an error the message was handled all the same and may be acknowledged; should a retry
    /// come, it is handled again.
    fn complete(
        &self,
        id: &MessageId,
        now: SystemTime,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Gives a claim back because the handler failed; a message that is done stays done.
    fn release(&self, id: &MessageId) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

impl<S: ReplayStore> ReplayStore for Arc<S> {
    type Error = S::Error;

    async fn claim(&self, id: &MessageId, now: SystemTime) -> Result<Claim, S::Error> {
        S::claim(self, id, now).await
    }

    async fn complete(&self, id: &MessageId, now: SystemTime) -> Result<(), S::Error> {
        S::complete(self, id, now).await
    }

    async fn release(&self, id: &MessageId) -> Result<(), S::Error> {
        S::release(self, id).await
    }
}

/// The default store: one process, lost when it ends, bounded.
///
/// Full, it forgets the completed message that would be forgotten next; if every place is taken
/// by a message in progress it answers [`Claim::InProgress`], and the platform asks again.
/// Several processes behind one address need a store that they share.
#[derive(Debug)]
pub struct InMemoryReplayStore {
    messages: Mutex<ExpiringMap<MessageId, State>>,
    capacity: usize,
    lease: Duration,
    retention: Duration,
}

/// Keeps `now` plus a configured time within what [`SystemTime`] can hold.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InProgress,
    Done,
}

impl InMemoryReplayStore {
    /// How many messages are remembered at most; about 20 MB with ids of usual length.
    pub const DEFAULT_CAPACITY: usize = 100_000;
    /// How long a claim stands. The platform waits 15 s for an answer, so a handler that still
    /// runs after a minute is not expected to.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(60);
    /// How long a completed message is remembered. The retry schedule takes about 75 hours with
    /// up to 20 % of jitter on top, which is less than four days.
    pub const DEFAULT_RETENTION: Duration = Duration::from_secs(4 * 24 * 60 * 60);

    /// An empty store with the defaults above.
    #[must_use]
    pub fn new() -> Self {
        Self {
            messages: Mutex::new(ExpiringMap::new()),
            capacity: Self::DEFAULT_CAPACITY,
            lease: Self::DEFAULT_LEASE,
            retention: Self::DEFAULT_RETENTION,
        }
    }

    /// How many messages to remember at most; 0 counts as 1.
    #[must_use]
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages.max(1);
        self
    }

    /// How long a claim stands, at most a year; longer than the slowest handler takes, else two
    /// run at once.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.min(LONGEST);
        self
    }

    /// How long to remember a completed message, at most a year; longer than the platform's
    /// retry schedule.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention.min(LONGEST);
        self
    }

    fn lock(&self) -> MutexGuard<'_, ExpiringMap<MessageId, State>> {
        // Nothing panics while the lock is held, so a poisoned map is a whole one.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more message fits, after forgetting a completed one if that is needed.
    fn make_room(&self, messages: &mut ExpiringMap<MessageId, State>) -> bool {
        if messages.len() < self.capacity {
            return true;
        }
        let oldest_done = messages.first_to_expire(|state| *state == State::Done);
        if let Some(id) = &oldest_done {
            messages.remove(id);
        }
        oldest_done.is_some()
    }
}

impl Default for InMemoryReplayStore {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplayStore for InMemoryReplayStore {
    type Error = Infallible;

    async fn claim(&self, id: &MessageId, now: SystemTime) -> Result<Claim, Infallible> {
        let mut messages = self.lock();
        messages.remove_expired(now);
        let claim = match messages.get(id).copied() {
            Some(State::Done) => Claim::Done,
            Some(State::InProgress) => Claim::InProgress,
            None if self.make_room(&mut messages) => {
                messages.insert(id.clone(), now + self.lease, State::InProgress);
                Claim::New
            }
            None => Claim::InProgress,
        };
        Ok(claim)
    }

    async fn complete(&self, id: &MessageId, now: SystemTime) -> Result<(), Infallible> {
        let mut messages = self.lock();
        messages.remove_expired(now);
        // A claim that lapsed may have lost its place; what cannot be kept is handled again.
        if messages.get(id).is_some() || self.make_room(&mut messages) {
            messages.insert(id.clone(), now + self.retention, State::Done);
        }
        Ok(())
    }

    async fn release(&self, id: &MessageId) -> Result<(), Infallible> {
        let mut messages = self.lock();
        if messages.get(id) == Some(&State::InProgress) {
            messages.remove(id);
        }
        Ok(())
    }
}
