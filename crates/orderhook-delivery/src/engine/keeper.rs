//! The task that keeps hold of this process's share of the endpoints.
//!
//! A shard changes hands in three steps, so that two processes never deliver to one endpoint: the
//! store names it as leaving, the dispatcher begins nothing there any more, and the first call that
//! does not say that it is busy lets it go. A process that can't renew its hold begins nothing once
//! it is over, which is before the store gives its shards to others.

use std::sync::Arc;

use jiff::Timestamp;
use orderhook_store::StoreError;

use super::Engine;
use crate::clock::after;

/// Renews the hold until the engine lets go. A call of the store is never left half-way: it would
/// take hold again.
pub(super) async fn run(engine: Arc<Engine>, mut renew_at: Timestamp) {
    loop {
        tokio::select! {
            biased; // a hold that is let go is not taken again
            () = engine.let_go.cancelled() => return,
            () = engine.clock.sleep_until(renew_at) => {}
        }
        renew_at = match renew(&engine).await {
            Ok(Some(at)) => at,
            Ok(None) => return,
            Err(error) => {
                engine.report(&engine.throttles.holding, &error, "hold can't be renewed");
                let pause = engine.jittered(engine.settings.poll);
                after(engine.clock.now(), pause)
            }
        };
    }
}

/// Takes or renews the hold. Returns when to do so next; `None` where nobody else could take it.
pub(super) async fn renew(engine: &Arc<Engine>) -> Result<Option<Timestamp>, StoreError> {
    let (busy, now) = engine.change(|dispatcher, now| {
        dispatcher.pass_time(now);
        (dispatcher.busy(), now)
    });
    let settings = &engine.settings;
    let held = engine.store.hold(busy, settings.hold, now).await?;
    if engine.change(|dispatcher, now| dispatcher.hold(held, now)) {
        let (shards, leaving) = (held.shards.count(), held.leaving.count());
        tracing::info!(shards, leaving, "endpoints are dealt out anew");
    }
    if held.until.is_none() {
        return Ok(None);
    }
    let pause = if held.leaving.is_empty() {
        settings.hold_renewal()
    } else {
        // Who takes over waits for it.
        settings.hold_renewal().min(settings.poll)
    };
    Ok(Some(after(engine.clock.now(), engine.jittered(pause))))
}

/// Stops renewing, and lets others take over at once instead of when the hold is over.
pub(super) async fn let_go(engine: &Engine) {
    engine.let_go.cancel();
    engine.keeper.close();
    engine.keeper.wait().await;
    if let Err(error) = engine.store.let_go().await {
        let throttle = &engine.throttles.holding;
        engine.report(throttle, &error, "hold could not be let go before it ends");
    }
}
