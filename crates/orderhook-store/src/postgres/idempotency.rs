//! Calls that may be repeated: the key is looked up and written in the transaction of the call.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::Core;
use super::connection::Transaction;
use super::errors::is_duplicate;
use crate::millis::Millis;
use crate::vault::{Vault, answer_cell};
use crate::{Idempotency, MerchantId, Once, StoreError};

/// Whose keys are looked through: two merchants may use the same key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope {
    /// Keys of calls that concern no one merchant.
    Server,
    /// A merchant's.
    Merchant(MerchantId),
}

impl Scope {
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Server => 0,
            Self::Merchant(merchant_id) => merchant_id.0,
        }
    }
}

/// A key that was used before.
pub(super) struct Known {
    id: i64,
    request_sha256: Vec<u8>,
    sealed: Vec<u8>,
}

impl Known {
    /// The columns `idempotency_key_id`, `request_sha256` and `sealed` from the column `first` on.
    pub(super) fn read(row: &Row, first: usize) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.try_get(first)?,
            request_sha256: row.try_get(first + 1)?,
            sealed: row.try_get(first + 2)?,
        })
    }

    pub(super) fn answer<T: DeserializeOwned>(
        &self,
        vault: &Vault,
        idempotency: &Idempotency,
    ) -> Result<Once<T>, StoreError> {
        if self.request_sha256 != idempotency.request_sha256 {
            return Ok(Once::KeyUsed);
        }
        let cell = answer_cell(self.id);
        let json = vault.open(&self.sealed, cell)?;
        let answer = serde_json::from_slice(&json).map_err(|_| cell.corrupt())?;
        Ok(Once::Repeated(answer))
    }
}

/// The answer of a call, for the row with this id.
pub(super) fn seal_answer<T: Serialize>(
    vault: &Vault,
    id: i64,
    answer: &T,
) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(answer).map_err(|error| StoreError::Refused(error.into()))?;
    vault.seal(&json, answer_cell(id))
}

/// Draws the id of a new row.
pub(super) const DRAW_KEY_ID: &str = "SELECT nextval('idempotency_key_idempotency_key_id_seq')";

impl Core {
    /// Does `work` in a transaction, unless its key says that it was done.
    ///
    /// `work` may be run more than once, each time on a database as if never before.
    pub(super) async fn once<T, F>(
        &self,
        scope: Scope,
        idempotency: Option<&Idempotency>,
        now: Timestamp,
        work: impl Fn(Arc<Transaction>) -> F,
    ) -> Result<Once<T>, StoreError>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, StoreError>>,
    {
        let Some(idempotency) = idempotency else {
            return self.pool.transact(work).await.map(Once::Done);
        };
        let work = &work;
        let attempt = async |transaction: Arc<Transaction>| {
            if let Some(known) = find(&transaction, scope, idempotency).await? {
                return known.answer(&self.vault, idempotency);
            }
            let answer = work(Arc::clone(&transaction)).await?;
            remember(&transaction, &self.vault, scope, idempotency, &answer, now).await?;
            Ok(Once::Done(answer))
        };
        match self.pool.transact(attempt).await {
            // The same call came at the same time and was first: its answer is there now.
            Err(error) if is_duplicate(&error) => self.pool.transact(attempt).await,
            done => done,
        }
    }
}

async fn find(
    transaction: &Transaction,
    scope: Scope,
    idempotency: &Idempotency,
) -> Result<Option<Known>, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- find
            SELECT idempotency_key_id, request_sha256, sealed FROM idempotency_key
            WHERE scope = $1 AND operation = $2 AND key = $3",
        )
        .await?;
    let row = transaction
        .query_opt(
            &statement,
            &[&scope.id(), &idempotency.operation, &idempotency.key],
        )
        .await?;
    row.map(|row| Known::read(&row, 0)).transpose()
}

async fn remember<T: Serialize>(
    transaction: &Transaction,
    vault: &Vault,
    scope: Scope,
    idempotency: &Idempotency,
    answer: &T,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id: i64 = transaction.query_one(DRAW_KEY_ID, &[]).await?.try_get(0)?;
    let sealed = seal_answer(vault, id, answer)?;
    let statement = transaction
        .prepare_cached(
            "-- remember
            INSERT INTO idempotency_key
                (idempotency_key_id, scope, operation, key, request_sha256, sealed, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                &id,
                &scope.id(),
                &idempotency.operation,
                &idempotency.key,
                &idempotency.request_sha256.as_slice(),
                &sealed,
                &Millis::from(now),
            ],
        )
        .await?;
    Ok(())
}
