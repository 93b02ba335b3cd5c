//! The shards that this process holds.
//!
//! A process is alive as long as its row in `replica` has not expired, by the database's clock: the
//! clocks of the machines may differ. It holds a shard while it is its holder in `shard`; who finds a
//! holder that has expired takes the shard over. What the old holder had leased stays leased until
//! the leases end, so that an attempt which it still makes is not made twice at the same time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::connection::{Pool, Transaction};
use jiff::Timestamp;

use crate::{Held, Shards, StoreError};

/// Held by the process that looks at who holds what: "OrdShrd".
const DEALING: i64 = i64::from_be_bytes(*b"\0OrdShrd");

/// What this process holds, as far as it knows.
pub(super) struct Holding {
    replica_id: i64,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// What is delivered to.
    shards: Shards,
    /// What the engine was told to leave; it may be let go when nothing is under way there any more.
    leaving: Shards,
}

impl Holding {
    pub(super) fn new(replica_id: i64) -> Self {
        Self {
            replica_id,
            state: Mutex::default(),
        }
    }

    pub(super) fn replica_id(&self) -> i64 {
        self.replica_id
    }

    pub(super) fn shards(&self) -> Shards {
        self.state().shards
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Their numbers, as a parameter.
    pub(super) fn numbers(&self) -> Vec<i32> {
        self.shards().iter().map(u32::cast_signed).collect()
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Stays alive for as long as `lasts`, and takes or lets go shards until its share is right.
    pub(super) async fn renew(
        &self,
        pool: &Pool,
        busy: Shards,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Held, StoreError> {
        // What the engine was not told to leave it may begin with at this moment.
        let idle = self.state().leaving.without(busy);
        let dealt = pool
            .transact(async |transaction| deal(&transaction, self.replica_id, idle, lasts).await)
            .await?;
        let shards = dealt.mine.without(dealt.leaving);
        self.set(State {
            shards,
            leaving: dealt.leaving,
        });
        Ok(Held {
            shards,
            until: Some(now.checked_add(lasts).unwrap_or(now)),
            leaving: dealt.leaving,
        })
    }

    /// Lets go of everything: the others need not wait until it expires.
    pub(super) async fn let_go(&self, pool: &Pool) -> Result<(), StoreError> {
        self.set(State::default());
        pool.transact(async |transaction| {
            lock(&transaction).await?;
            let free = "UPDATE shard SET holder = NULL WHERE holder = $1";
            transaction.execute(free, &[&self.replica_id]).await?;
            let leave = "DELETE FROM replica WHERE replica_id = $1";
            transaction.execute(leave, &[&self.replica_id]).await?;
            Ok(())
        })
        .await
    }
}

struct Dealt {
    mine: Shards,
    /// Those of `mine` that are more than our share.
    leaving: Shards,
}

async fn deal(
    transaction: &Transaction,
    replica_id: i64,
    idle: Shards,
    lasts: Duration,
) -> Result<Dealt, StoreError> {
    lock(transaction).await?;
    let alive = stay_alive(transaction, replica_id, lasts).await?;
    let share = Shards::COUNT.div_ceil(alive.max(1));
    let mut mine = read_held(transaction, replica_id).await?;
    if mine.count() <= share {
        let more = take(transaction, replica_id, share - mine.count()).await?;
        more.iter().for_each(|shard| mine.insert(shard));
        return Ok(Dealt {
            mine,
            leaving: Shards::NONE,
        });
    }
    let surplus: Shards = mine.iter().skip(share as usize).collect();
    let idle = surplus.without(surplus.without(idle));
    free(transaction, replica_id, idle).await?;
    Ok(Dealt {
        mine: mine.without(idle),
        leaving: surplus.without(idle),
    })
}

async fn lock(transaction: &Transaction) -> Result<(), StoreError> {
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute(lock, &[&DEALING]).await?;
    Ok(())
}

/// How many processes are alive, this one included.
async fn stay_alive(
    transaction: &Transaction,
    replica_id: i64,
    lasts: Duration,
) -> Result<u32, StoreError> {
    transaction
        .execute(
            "-- stay_alive
            INSERT INTO replica (replica_id, expires_at)
            VALUES ($1, clock_timestamp() + $2 * interval '1 second')
            ON CONFLICT (replica_id) DO UPDATE SET expires_at = excluded.expires_at",
            &[&replica_id, &lasts.as_secs_f64()],
        )
        .await?;
    // Long enough after the end that whoever looks for a reason still finds it.
    let forget = "DELETE FROM replica WHERE expires_at < clock_timestamp() - interval '1 day'";
    transaction.execute(forget, &[]).await?;
    let count = "SELECT count(*) FROM replica WHERE expires_at > clock_timestamp()";
    let alive: i64 = transaction.query_one(count, &[]).await?.try_get(0)?;
    Ok(u32::try_from(alive).unwrap_or(Shards::COUNT))
}

async fn read_held(transaction: &Transaction, replica_id: i64) -> Result<Shards, StoreError> {
    let held = "SELECT shard_id FROM shard WHERE holder = $1";
    read_shards(transaction.query(held, &[&replica_id]).await?)
}

/// Takes shards of which nobody who is alive is the holder, at most so many. Which of them come first
/// differs from process to process, so that endpoints with neighbouring ids come to different ones.
async fn take(
    transaction: &Transaction,
    replica_id: i64,
    count: u32,
) -> Result<Shards, StoreError> {
    let taken = transaction
        .query(
            "-- take
            UPDATE shard SET holder = $1 WHERE shard_id IN (
                SELECT s.shard_id FROM shard s
                LEFT JOIN replica r ON r.replica_id = s.holder
                WHERE r.replica_id IS NULL OR r.expires_at <= clock_timestamp()
                ORDER BY hashint8extended(s.shard_id, $1) LIMIT $2
            ) RETURNING shard_id",
            &[&replica_id, &i64::from(count)],
        )
        .await?;
    read_shards(taken)
}

async fn free(
    transaction: &Transaction,
    replica_id: i64,
    shards: Shards,
) -> Result<(), StoreError> {
    let numbers: Vec<i32> = shards.iter().map(u32::cast_signed).collect();
    let free = "UPDATE shard SET holder = NULL WHERE holder = $1 AND shard_id = ANY ($2)";
    transaction.execute(free, &[&replica_id, &numbers]).await?;
    Ok(())
}

fn read_shards(rows: Vec<tokio_postgres::Row>) -> Result<Shards, StoreError> {
    let shards: Result<Shards, tokio_postgres::Error> = rows
        .iter()
        .map(|row| row.try_get(0).map(i32::cast_unsigned))
        .collect();
    Ok(shards?)
}
