//! Calls that may be repeated: the key is looked up and written in the transaction of the call.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::batch::Batch;
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

/// Does `work` unless its key says that it was done.
pub(super) fn once<T: Serialize + DeserializeOwned>(
    batch: &mut Batch<'_>,
    scope: Scope,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
    work: impl FnOnce(&mut Batch<'_>) -> Result<T, StoreError>,
) -> Result<Once<T>, StoreError> {
    let Some(idempotency) = idempotency else {
        return work(batch).map(Once::Done);
    };
    let scope = match scope {
        Scope::Server => 0,
        Scope::Merchant(merchant_id) => merchant_id.0,
    };
    if let Some(known) = find(batch.connection, scope, idempotency)? {
        return known.answer(batch.vault, idempotency);
    }
    let answer = work(batch)?;
    remember(batch, scope, idempotency, &answer, now)?;
    Ok(Once::Done(answer))
}

struct Known {
    id: i64,
    request_sha256: [u8; 32],
    sealed: Vec<u8>,
}

impl Known {
    fn answer<T: DeserializeOwned>(
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

fn find(
    connection: &Connection,
    scope: i64,
    idempotency: &Idempotency,
) -> Result<Option<Known>, StoreError> {
    let known = connection
        .prepare_cached(
            "-- find
            SELECT idempotency_key_id, request_sha256, sealed FROM idempotency_key
            WHERE scope = ?1 AND operation = ?2 AND key = ?3",
        )?
        .query_row((scope, idempotency.operation, &idempotency.key), |row| {
            Ok(Known {
                id: row.get(0)?,
                request_sha256: row.get(1)?,
                sealed: row.get(2)?,
            })
        })
        .optional()?;
    Ok(known)
}

fn remember<T: Serialize>(
    batch: &Batch<'_>,
    scope: i64,
    idempotency: &Idempotency,
    answer: &T,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = batch
        .connection
        .prepare_cached(
            "-- remember
            INSERT INTO idempotency_key (scope, operation, key, request_sha256, sealed, created_at)
            VALUES (?1, ?2, ?3, ?4, x'', ?5)",
        )?
        .insert((
            scope,
            idempotency.operation,
            &idempotency.key,
            idempotency.request_sha256,
            Millis::from(now),
        ))?;
    let cell = answer_cell(id);
    let json = serde_json::to_vec(answer).map_err(|error| StoreError::Refused(error.into()))?;
    let sealed = batch.vault.seal(&json, cell)?;
    batch
        .connection
        .prepare_cached(
            "-- remember
            UPDATE idempotency_key SET sealed = ?2 WHERE idempotency_key_id = ?1",
        )?
        .execute((id, sealed))?;
    Ok(())
}
