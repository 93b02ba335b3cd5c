//! What the database knows of how large its tables are.
//!
//! A plan is made for the size that a table was last counted to have, and kept until it is counted
//! again. Autovacuum does so after a minute at the earliest, and the queue fills in seconds: by a plan
//! for a few rows, each look at it would read all of it. So whatever has outgrown its count is
//! counted at once, by one process or another.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Pool, within};
use crate::StoreError;

/// How long it is between two looks.
const GAP: Duration = Duration::from_secs(1);
/// How long a count may take: it reads a sample of the table.
const COUNT_DEADLINE: Duration = Duration::from_secs(30);

/// Tables with more than twice the rows, or twice the pages, that they were counted to have.
const OUTGROWN: &str = "-- outgrown
    SELECT c.relname::text FROM pg_class c
    WHERE c.relnamespace = 'orderhook'::regnamespace AND c.relkind = 'r' AND (
        pg_stat_get_live_tuples(c.oid) > 2 * greatest(c.reltuples, 0) + 1000
        OR pg_relation_size(c.oid) > (2 * c.relpages + 16) * current_setting('block_size')::bigint
    )";

/// The task that looks.
pub(super) struct Counting {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Counting {
    pub(super) fn start(pool: Pool) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let until = stop.clone();
        tasks.spawn(async move { until.run_until_cancelled(count_all(pool)).await });
        tasks.close();
        Self { stop, tasks }
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn count_all(pool: Pool) {
    let mut looks = tokio::time::interval(GAP);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // Whoever needs the database says that it is not there; the next look is soon.
        if let Err(error) = count_outgrown(&pool).await {
            let cause: &(dyn std::error::Error + 'static) = &error;
            tracing::debug!(error = cause, "tables are not counted");
        }
    }
}

/// Counts what has outgrown its count, but for what another process is counting.
pub(super) async fn count_outgrown(pool: &Pool) -> Result<(), StoreError> {
    let outgrown: Vec<String> = pool
        .run(async |connection| {
            let statement = connection.prepare_cached(OUTGROWN).await?;
            let rows = connection.query(&statement, &[]).await?;
            let tables: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
            Ok(tables?)
        })
        .await?;
    for table in outgrown {
        tracing::debug!(table, "counted anew");
        within(COUNT_DEADLINE, async {
            let connection = pool.connection().await?;
            let count = format!("ANALYZE (SKIP_LOCKED) {table}");
            connection.batch_execute(&count).await?;
            connection.release();
            Ok(())
        })
        .await?;
    }
    Ok(())
}
