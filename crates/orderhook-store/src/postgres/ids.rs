//! Ids of rows that are written many at a time.
//!
//! They are drawn before the rows are written, so that one statement can write rows that refer to each
//! other and nothing has to be read back. A process draws a few more than it needs just now; what is
//! left over is thrown away after a moment, so that the order of ids stays about the order of time.

use std::sync::{Mutex, PoisonError};

use deadpool_postgres::ClientWrapper;
use jiff::{SignedDuration, Timestamp};

use crate::StoreError;

/// How many are drawn at least.
const DRAWN_AT_ONCE: usize = 256;
/// After how long what is left over is thrown away.
const STALE_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Drawn and not used yet.
#[derive(Default)]
pub(super) struct Ids {
    events: Drawn,
    deliveries: Drawn,
}

impl Ids {
    pub(super) async fn events(
        &self,
        client: &ClientWrapper,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let sequence = "event_event_id_seq";
        self.events.take(client, sequence, count, now).await
    }

    pub(super) async fn deliveries(
        &self,
        client: &ClientWrapper,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let sequence = "delivery_delivery_id_seq";
        self.deliveries.take(client, sequence, count, now).await
    }
}

#[derive(Default)]
struct Drawn(Mutex<LeftOver>);

#[derive(Default)]
struct LeftOver {
    /// The lowest last.
    ids: Vec<i64>,
    drawn_at: Timestamp,
}

impl Drawn {
    async fn take(
        &self,
        client: &ClientWrapper,
        sequence: &str,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        if let Some(ids) = self.take_left_over(count, now) {
            return Ok(ids);
        }
        let drawn = draw(client, sequence, count.max(DRAWN_AT_ONCE)).await?;
        let (ids, more) = drawn.split_at(count);
        let mut left_over = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left_over.ids = more.iter().rev().copied().collect();
        left_over.drawn_at = now;
        Ok(ids.to_vec())
    }

    fn take_left_over(&self, count: usize, now: Timestamp) -> Option<Vec<i64>> {
        let mut left_over = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.duration_since(left_over.drawn_at);
        let stale = age.is_negative() || age >= STALE_AFTER;
        if stale || left_over.ids.len() < count {
            return None;
        }
        let first = left_over.ids.len() - count;
        let mut ids = left_over.ids.split_off(first);
        ids.reverse();
        Some(ids)
    }
}

async fn draw(
    client: &ClientWrapper,
    sequence: &str,
    count: usize,
) -> Result<Vec<i64>, StoreError> {
    let statement = client
        .prepare_cached(
            "-- draw
            SELECT nextval($1::text::regclass) FROM generate_series(1, $2::bigint)",
        )
        .await?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&sequence, &count]).await?;
    let ids: Result<Vec<i64>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(ids?)
}
