//! What a world is made of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orderhook_delivery::{
    AttemptSeen, BreakerState, EngineHandle, EngineSettings, LostAttempt, Observer, Random,
};
use orderhook_store::sqlite::Sqlite;
use orderhook_store::{BoxError, DeliveryId, EndpointId, Queue, Randomness, StoreError};
use tokio::sync::mpsc;

use super::{ManualClock, Receivers};

/// What the engine told.
#[derive(Debug)]
pub(super) enum Seen {
    Attempted(AttemptSeen),
    Recorded(DeliveryId, bool),
    Breaker(BreakerState),
    StoreFailed,
    Lost(LostAttempt),
}

struct Telling(mpsc::UnboundedSender<Seen>);

impl Observer for Telling {
    fn attempted(&self, attempt: &AttemptSeen) {
        let _ = self.0.send(Seen::Attempted(*attempt));
    }

    fn recorded(&self, delivery_id: DeliveryId, held: bool) {
        let _ = self.0.send(Seen::Recorded(delivery_id, held));
    }

    fn attempt_lost(&self, _: DeliveryId, why: LostAttempt) {
        let _ = self.0.send(Seen::Lost(why));
    }

    fn breaker_changed(&self, _: EndpointId, state: BreakerState) {
        let _ = self.0.send(Seen::Breaker(state));
    }

    fn store_failed(&self, _: &StoreError) {
        let _ = self.0.send(Seen::StoreFailed);
    }
}

/// One number for ever, so that jitter is known.
pub(crate) struct Fixed(pub(crate) u64);

impl Random for Fixed {
    fn number(&self) -> u64 {
        self.0
    }
}

pub(super) struct Counting(pub(super) AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes();
        bytes.fill(0);
        for (place, byte) in bytes.iter_mut().zip(number) {
            *place = byte;
        }
        Ok(())
    }
}

/// What an engine is made of.
pub(super) struct Parts {
    pub(super) receivers: Arc<Receivers>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) random: u64,
    pub(super) settings: EngineSettings,
    pub(super) tell: mpsc::UnboundedSender<Seen>,
}

impl Parts {
    /// Starts an engine, and has what is published handed over to it.
    pub(super) async fn start(&self, queue: Arc<dyn Queue>, store: &Sqlite) -> EngineHandle {
        let engine = EngineHandle::start(
            queue,
            Arc::clone(&self.receivers) as _,
            Arc::clone(&self.clock) as _,
            Arc::new(Fixed(self.random)),
            self.settings.clone(),
            Arc::new(Telling(self.tell.clone())),
        );
        let engine = engine.await.expect("starts");
        store.dispatch_to(engine.dispatch());
        engine
    }
}
