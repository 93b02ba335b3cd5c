//! In which order the claimer looks at the queue.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_delivery::{Clock as _, EngineHandle};
use orderhook_store::{
    Claim, EndpointId, Finished, Held, Queue, Released, Shards, StoreError, Wanted,
};

use crate::world::{Fixed, ManualClock, Receivers, quiet};

/// A queue that says that something is due, and gives nothing.
#[derive(Default)]
struct Due {
    ready: Mutex<Vec<i64>>,
    /// Behind which endpoint each look began.
    looks: Mutex<Vec<Option<i64>>>,
}

#[async_trait]
impl Queue for Due {
    async fn recover(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn hold(&self, _: Shards, _: Duration, _: Timestamp) -> Result<Held, StoreError> {
        Ok(Held {
            shards: Shards::ALL,
            until: None,
            leaving: Shards::NONE,
        })
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn ready(
        &self,
        _: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError> {
        let after = after.map(|after| after.0);
        self.looks.lock().expect("not poisoned").push(after);
        let ready = self.ready.lock().expect("not poisoned");
        let page = ready.iter().filter(|id| Some(**id) > after);
        Ok(page.take(limit as usize).copied().map(EndpointId).collect())
    }

    async fn claim(
        &self,
        _: &[Wanted],
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        Ok(Vec::new())
    }

    async fn finish(&self, _: Finished, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn release(&self, _: Vec<Released>, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn next_due(&self, _: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_look_that_was_cut_short_goes_on_and_then_begins_anew() {
    let queue = Arc::new(Due::default());
    *queue.ready.lock().expect("not poisoned") = (1..=600).collect();
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let (receivers, _pushes) = Receivers::new();
    let engine = EngineHandle::start(
        Arc::clone(&queue) as _,
        receivers,
        Arc::clone(&clock) as _,
        Arc::new(Fixed(0)),
        quiet(),
        Arc::new(()),
    );
    let _engine = engine.await.expect("starts");
    let again = clock.now() + quiet().poll;
    clock.sleeper_until(again).await;

    // One that comes due behind the cursor is not left until the next idle look.
    *queue.ready.lock().expect("not poisoned") = [7].into_iter().chain(513..=600).collect();
    clock.turn_to(again);
    clock.sleeper_until(again + quiet().idle_poll).await;
    let looks = queue.looks.lock().expect("not poisoned").clone();
    assert_eq!(looks, [None, Some(256), Some(512), None]);
}

#[tokio::test]
async fn a_queue_with_nothing_due_is_looked_at_once_in_an_idle_poll() {
    let queue = Arc::new(Due::default());
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let (receivers, _pushes) = Receivers::new();
    let mut settings = quiet();
    settings.idle_poll = Duration::from_secs(5);
    let engine = EngineHandle::start(
        Arc::clone(&queue) as _,
        receivers,
        Arc::clone(&clock) as _,
        Arc::new(Fixed(0)),
        settings,
        Arc::new(()),
    );
    let _engine = engine.await.expect("starts");
    for _ in 0..3 {
        let next = clock.now() + Duration::from_secs(5);
        clock.sleeper_until(next).await;
        clock.turn_to(next);
    }
    let looks = queue.looks.lock().expect("not poisoned").len();
    assert_eq!(looks, 3);
}
