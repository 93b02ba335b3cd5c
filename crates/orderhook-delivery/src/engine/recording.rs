//! What an attempt has come to, on its way into the store.

use std::sync::Arc;
use std::time::Duration;

use orderhook_store::{Finished, Next};

use super::Engine;
use super::observer::LostAttempt;
use crate::clock::after;

/// How long a result waits before the store is asked again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Records an attempt, again and again until the store takes it: an attempt that was made and is not
/// recorded is made twice. Meanwhile no other begins and nothing is claimed, so that the results
/// that wait stay few; nor does anyone take over the delivery while its endpoint is ours, and its
/// token still holds when its lease is over.
///
/// # Errors
///
/// [`LostAttempt::Unrecorded`] when the lease is over and the store refuses this one result, which
/// is no reason to hold up the others.
pub(super) async fn record(engine: &Arc<Engine>, finished: Finished) -> Result<(), LostAttempt> {
    let Finished {
        delivery_id,
        lease,
        next,
        ..
    } = finished;
    let mut pause = FIRST_PAUSE;
    loop {
        let now = engine.clock.now();
        let error = match engine.store.finish(finished.clone(), now).await {
            Ok(held) => {
                engine.observer.recorded(delivery_id, held);
                schedule_look(engine, held, next);
                return Ok(());
            }
            Err(error) => error,
        };
        let throttle = &engine.throttles.recording;
        engine.report(throttle, &error, "attempts are not recorded yet");
        let now = engine.clock.now();
        if error.is_temporary() {
            engine.change(|dispatcher, _| dispatcher.recording_fails(lease));
        } else if now >= lease.until {
            tracing::error!(
                delivery.id = delivery_id.0,
                "attempt could not be recorded before its lease ended; it will be made again"
            );
            return Err(LostAttempt::Unrecorded);
        }
        engine.clock.sleep_until(after(now, pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The queue is looked at when the delivery is due again.
fn schedule_look(engine: &Arc<Engine>, held: bool, next: Next) {
    if let Next::Retry { due } = next
        && held
    {
        engine.change(|dispatcher, _| dispatcher.scan_by(due));
    }
}
