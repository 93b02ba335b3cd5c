//! Merchants, and the people who act for them, as several traits need them.

use jiff::Timestamp;
use orderhook_types::Secret;
use tokio_postgres::Row;

use super::Core;
use super::connection::Transaction;
use super::secrets::{insert_secret, join_newest, read_newest};
use crate::millis::Millis;
use crate::vault::{Signer, Vault};
use crate::{Merchant, MerchantId, Operator, StoreError};

impl Core {
    /// Whether there is such a merchant; one is never deleted.
    pub(super) async fn has_merchant(&self, merchant_id: MerchantId) -> Result<bool, StoreError> {
        self.pool
            .run(async |connection| {
                let exists = self.routes.knows_merchant(&connection, merchant_id).await?;
                Ok(exists)
            })
            .await
    }
}

/// The routes stay as they are: there are none to a merchant that nobody knows.
pub(super) async fn insert_merchant(
    transaction: &Transaction,
    vault: &Vault,
    name: &str,
    sign_secret: &Secret,
    now: Timestamp,
) -> Result<Merchant, StoreError> {
    let created_at = Millis::from(now);
    let statement = transaction
        .prepare_cached(
            "-- insert_merchant
            INSERT INTO merchant (name, created_at) VALUES ($1, $2) RETURNING merchant_id",
        )
        .await?;
    let row = transaction
        .query_one(&statement, &[&name, &created_at])
        .await?;
    let merchant_id = row.try_get(0)?;
    let signer = Signer {
        merchant_id,
        webhook_id: None,
    };
    insert_secret(transaction, vault, signer, sign_secret, now).await?;
    Ok(Merchant {
        merchant_id,
        name: name.to_owned(),
        created_at: created_at.timestamp(),
        sign_secret: sign_secret.clone(),
    })
}

/// A `SELECT` of the columns that [`read_merchant`] reads, under the name of a call.
pub(super) fn select_merchant(name: &str) -> String {
    let newest = join_newest("s.merchant_id = m.merchant_id AND s.webhook_id IS NULL");
    format!(
        "{name}
        SELECT m.merchant_id, m.name, m.created_at, n.secret_id, n.sealed
        FROM merchant m {newest} WHERE true"
    )
}

pub(super) fn read_merchant(row: &Row, vault: &Vault) -> Result<Merchant, StoreError> {
    Ok(Merchant {
        merchant_id: row.try_get(0)?,
        name: row.try_get(1)?,
        created_at: row.try_get::<_, Millis>(2)?.timestamp(),
        sign_secret: read_newest(row, 3, vault)?,
    })
}

/// The columns of an id and a name, from the column `first` on.
pub(super) fn read_operator(row: &Row, first: usize) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: row.try_get(first)?,
        name: row.try_get(first + 1)?,
    })
}
