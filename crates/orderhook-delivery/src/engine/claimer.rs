//! The task that asks the store for deliveries: those that publishers did not hand over because
//! there was no room, those whose time has come, and those that anything else has left behind.
//!
//! The queue is the truth, and this task would deliver everything even if nothing else woke it.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use orderhook_store::{EndpointId, StoreError, Wanted};

use super::Engine;
use super::dispatcher::Dispatcher;
use crate::clock::after;

/// How many endpoints are read at a time.
const PAGE: u32 = 256;
/// How many looks in a row may panic before the claimer ends.
const MAX_PANICS: u32 = 3;

/// Works until the engine stops. A call of the store is never left half-way: it may lease.
///
/// A look that panics is made again, like one that fails. When looks go on to panic the claimer ends
/// by that: an engine that takes up nothing is better replaced than left to seem alive.
pub(super) async fn run(engine: Arc<Engine>) {
    let mut claimer = Claimer {
        engine: Arc::clone(&engine),
        cursor: None,
    };
    let mut panics = 0;
    while !engine.stop.is_cancelled() {
        let look = AssertUnwindSafe(claimer.look()).catch_unwind().await;
        let looked = match look {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                engine.report(&engine.throttles.looking, &error, "queue can't be read");
                false
            }
            Err(panic) => {
                panics += 1;
                tracing::error!(panics, "claimer panicked");
                if panics >= MAX_PANICS {
                    resume_unwind(panic);
                }
                engine.change(Dispatcher::forget_claims);
                false
            }
        };
        if !looked {
            engine.change(Dispatcher::scan_soon);
            claimer.pause().await;
            continue;
        }
        panics = 0;
        if let Some(until) = engine.change(Dispatcher::sleep) {
            tokio::select! {
                // What came since the look has left its permit there.
                () = engine.claimer.notified() => {}
                () = engine.clock.sleep_until(until) => {}
                () = engine.stop.cancelled() => {}
            }
        }
    }
}

struct Claimer {
    engine: Arc<Engine>,
    /// Where the next look at the queue goes on.
    cursor: Option<EndpointId>,
}

impl Claimer {
    /// Waits for a store that failed, whatever wakes the claimer in the meantime.
    async fn pause(&self) {
        let pause = self.engine.jittered(self.engine.settings.poll);
        let again = after(self.engine.clock.now(), pause);
        tokio::select! {
            () = self.engine.clock.sleep_until(again) => {}
            () = self.engine.stop.cancelled() => {}
        }
    }

    /// Does what there is to do, a claim at most; whether there is more is seen afterwards.
    async fn look(&mut self) -> Result<(), StoreError> {
        let scan = self.engine.change(|dispatcher, now| {
            dispatcher.pass_time(now);
            dispatcher.take_scan(now)
        });
        if scan {
            self.scan().await?;
        }
        let wanted = self.engine.change(Dispatcher::take_wanted);
        if wanted.is_empty() {
            return Ok(());
        }
        self.claim(wanted).await
    }

    /// Finds endpoints with something due, and says when to look again.
    ///
    /// What comes due while a look is cut short comes due behind the cursor too, so only a look that
    /// began at the start may rely on the time of the next delivery.
    async fn scan(&mut self) -> Result<(), StoreError> {
        let engine = &self.engine;
        let now = engine.clock.now();
        let mut from_start = self.cursor.is_none();
        loop {
            if self.cursor.is_none() {
                engine.change(|dispatcher, _| dispatcher.begin_survey());
            }
            let endpoints = engine.store.ready(now, self.cursor, PAGE).await?;
            let is_last_page = endpoints.len() < PAGE as usize;
            self.cursor = endpoints.last().copied().filter(|_| !is_last_page);
            let has_enough = engine.change(|dispatcher, now| {
                for endpoint_id in endpoints {
                    dispatcher.found_ready(endpoint_id, now);
                }
                if is_last_page {
                    dispatcher.saw_the_end();
                }
                dispatcher.has_enough()
            });
            if is_last_page && from_start {
                break;
            }
            from_start |= is_last_page;
            if has_enough {
                engine.change(Dispatcher::scan_by);
                return Ok(());
            }
        }
        let next_due = engine.store.next_due(now).await?;
        let idle = after(now, engine.jittered(engine.settings.idle_poll));
        let at = next_due.map_or(idle, |due: Timestamp| due.min(idle));
        engine.change(|dispatcher, _| dispatcher.scan_by(at));
        Ok(())
    }

    async fn claim(&self, wanted: Vec<Wanted>) -> Result<(), StoreError> {
        let engine = &self.engine;
        let now = engine.clock.now();
        let lease_until = after(now, engine.settings.lease);
        let claims = engine.store.claim(&wanted, now, lease_until).await;
        let (claims, result) = match claims {
            Ok(claims) => (Some(claims), Ok(())),
            Err(error) => (None, Err(error)),
        };
        engine.change(|dispatcher, now| dispatcher.claimed(&wanted, claims, now));
        result
    }
}
