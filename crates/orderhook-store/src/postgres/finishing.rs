//! Results of attempts: many of them, one statement.
//!
//! Each is recorded; the delivery leaves the queue or waits for its next attempt; its endpoint is noted
//! to fail or to work; and what waited for it, in its order's line, comes due, leased if the engine
//! wants it.

use std::error::Error;
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::Core;
use super::claims::{Claimed, release};
use super::connection::Connection;
use super::errors::is_conflict;
use super::finish_rows::{Columns, FINISH};
use super::lanes::Work;
use crate::handover::{Handover, News};
use crate::{EndpointId, EndpointKind, EndpointNews, Finished, StoreError};

/// How often a batch is written anew because others got in its way.
const TRIES: u32 = 5;

/// The lane of results.
pub(super) struct Finishing(pub(super) Arc<Core>);

pub(super) struct Call {
    pub(super) finished: Finished,
    pub(super) now: Timestamp,
}

impl Work for Finishing {
    type Call = Call;
    /// Whether the lease was held.
    type Answer = bool;

    fn weight(call: &Call) -> usize {
        call.finished.attempt.answer.len() + 512
    }

    async fn run(&self, calls: &[&Call]) -> Result<Vec<bool>, StoreError> {
        let mut tries = 1;
        loop {
            let connection = self.0.pool.connection().await?;
            match finish(&self.0, &connection, calls).await {
                Ok((held, news)) => {
                    connection.release();
                    self.0.tell(news);
                    return Ok(held);
                }
                Err(error) if tries < TRIES && is_conflict(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

async fn finish(
    core: &Core,
    connection: &Connection,
    calls: &[&Call],
) -> Result<(Vec<bool>, News), StoreError> {
    let now = calls.iter().map(|call| call.now).max().unwrap_or_default();
    let handover = Handover::new(core.engine.get());
    let columns = Columns::of(core, calls, &handover, now);
    let statement = connection.prepare_cached(FINISH).await?;
    let parameters = columns.parameters();
    let in_line = calls
        .iter()
        .any(|call| call.finished.endpoint_kind == EndpointKind::OrderCallback);
    let rows = if in_line {
        let lock = connection.prepare_cached(LOCK_LINES).await?;
        connection
            .query_locked((&lock, &[&columns.delivery_ids]), (&statement, &parameters))
            .await?
    } else {
        connection.query(&statement, &parameters).await?
    };
    // It is durable by now, and must not be told to have failed.
    let news = read_news(core, connection, &rows, &columns, now).await;
    let mut news = news.unwrap_or_else(|error| {
        let cause: &(dyn Error + 'static) = &error;
        tracing::error!(error = cause, "what came due waits until its lease ends");
        News::default()
    });
    let mut held = vec![false; calls.len()];
    for row in &rows {
        // A row without a place is one of those that came due.
        let Some(place) = row.try_get::<_, Option<i64>>(0)? else {
            continue;
        };
        let place = usize::try_from(place - 1).ok();
        if let Some(held) = place.and_then(|place| held.get_mut(place)) {
            *held = true;
        }
    }
    news.changed = calls
        .iter()
        .zip(&held)
        .filter(|(call, held)| {
            **held && matches!(call.finished.endpoint, EndpointNews::Disabled(_))
        })
        .map(|(call, _)| call.finished.endpoint_id)
        .collect();
    Ok((held, news))
}

/// What came due in the lines of orders.
async fn read_news(
    core: &Core,
    client: &ClientWrapper,
    rows: &[Row],
    columns: &Columns<'_>,
    now: Timestamp,
) -> Result<News, StoreError> {
    let mut news = News::default();
    let mut claimed = Claimed::default();
    for row in rows {
        let Some(endpoint_id) = row.try_get::<_, Option<EndpointId>>(1)? else {
            continue;
        };
        if row.try_get::<_, Option<i64>>(FIRST_CLAIMED)?.is_none() {
            news.left.insert(endpoint_id);
            continue;
        }
        let lease_until = columns.lease_until.timestamp();
        claimed
            .add(core, client, (row, FIRST_CLAIMED), (now, lease_until), now)
            .await?;
    }
    release(client, &claimed.unsignable, now).await?;
    news.claims = claimed.claims;
    Ok(news)
}

/// Where `claimed` begins in the rows of [`FINISH`].
const FIRST_CLAIMED: usize = 2;

/// In the order of the names, as publishers lock them.
pub(super) const LOCK_LINES: &str = "-- lock_lines
    SELECT pg_advisory_xact_lock(hashtextextended(o.order_key, 0)) FROM (
        SELECT order_key FROM queue
        WHERE delivery_id = ANY ($1) AND order_key IS NOT NULL
        ORDER BY order_key COLLATE \"C\"
    ) o";
