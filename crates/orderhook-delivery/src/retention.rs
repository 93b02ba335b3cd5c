//! Deletes what is older than it is kept.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orderhook_store::{Retention, StoreError, Swept, Upkeep};
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::clock::after;

/// For how long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Events, with their deliveries and attempts, once none of them is pending; by default 90 days.
    pub events: Duration,
    /// Keys of repeated calls; by default 7 days (`O6`).
    pub idempotency: Duration,
    /// How often it is looked; by default every 10 minutes.
    pub interval: Duration,
    /// How many rows go in one transaction, so that publishers never wait long; by default 1,000.
    pub chunk: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            events: Duration::from_hours(90 * 24),
            idempotency: Duration::from_hours(7 * 24),
            interval: Duration::from_mins(10),
            chunk: 1000,
        }
    }
}

/// Sweeps at every interval, until `stop`. A failure is logged, and the next sweep makes up for it.
pub async fn retain(
    store: Arc<dyn Upkeep>,
    clock: Arc<dyn Clock>,
    settings: RetentionSettings,
    stop: CancellationToken,
) {
    let forever = async {
        loop {
            match sweep(&*store, &settings, clock.now()).await {
                Ok(swept) if swept.is_empty() => {}
                Ok(swept) => tracing::info!(
                    swept.events,
                    swept.idempotency_keys,
                    swept.secrets,
                    "swept what was kept long enough"
                ),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed");
                }
            }
            clock
                .sleep_until(after(clock.now(), settings.interval))
                .await;
        }
    };
    stop.run_until_cancelled(forever).await;
}

/// Deletes all that is too old at `now`, a chunk at a time; returns what it was.
///
/// # Errors
///
/// [`StoreError`] of the first chunk that fails; the chunks before it are gone.
pub async fn sweep(
    store: &dyn Upkeep,
    settings: &RetentionSettings,
    now: Timestamp,
) -> Result<Swept, StoreError> {
    let retention = Retention {
        events_before: before(now, settings.events),
        idempotency_before: before(now, settings.idempotency),
    };
    let mut total = Swept::default();
    loop {
        let swept = store.sweep(retention, settings.chunk, now).await?;
        if swept.is_empty() {
            return Ok(total);
        }
        total.events += swept.events;
        total.idempotency_keys += swept.idempotency_keys;
        total.secrets += swept.secrets;
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}
