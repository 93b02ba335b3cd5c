//! Secrets in rows: sealed on the way in, opened on the way out.

use super::connection::Transaction;
use jiff::Timestamp;
use orderhook_types::Secret;
use tokio_postgres::Row;

use super::connection::Pool;
use crate::StoreError;
use crate::millis::Millis;
use crate::vault::{LiveSecrets, Signer, Vault, secret_cell};

/// A row of `signing_secret`.
pub(super) struct SecretRow {
    secret_id: i64,
    sealed: Vec<u8>,
    expires_at: Option<Millis>,
}

impl SecretRow {
    /// The columns `secret_id`, `sealed` and `expires_at` from the column `first` on; `None` where an
    /// outer join has found none.
    pub(super) fn read(row: &Row, first: usize) -> Result<Option<Self>, StoreError> {
        let Some(secret_id) = row.try_get(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            secret_id,
            sealed: row.try_get(first + 1)?,
            expires_at: row.try_get(first + 2)?,
        }))
    }

    /// Opens the secrets of a signer, the newest first.
    pub(super) fn open_all(rows: &[Self], vault: &Vault) -> Result<LiveSecrets, StoreError> {
        let opened = rows
            .iter()
            .map(|row| vault.open_secret(row.secret_id, &row.sealed));
        Ok(LiveSecrets {
            secrets: opened.collect::<Result<_, _>>()?,
            until: rows.iter().filter_map(|row| row.expires_at).min(),
        })
    }
}

/// The newest secret of each owner, for a `SELECT`: a lateral join `n` with `secret_id` and `sealed`.
/// The condition says whose it is.
pub(super) fn join_newest(condition: &str) -> String {
    format!(
        "LEFT JOIN LATERAL (
            SELECT s.secret_id, s.sealed FROM signing_secret s
            WHERE {condition} AND s.expires_at IS NULL ORDER BY s.secret_id DESC LIMIT 1
        ) n ON true"
    )
}

/// The secret that the owner is shown, from [`join_newest`]'s columns, which begin at `first`.
pub(super) fn read_newest(row: &Row, first: usize, vault: &Vault) -> Result<Secret, StoreError> {
    // Each owner is created together with its first secret, and the newest never expires.
    let secret_id: Option<i64> = row.try_get(first)?;
    let secret_id = secret_id.ok_or_else(|| secret_cell(0).corrupt())?;
    vault.open_secret(secret_id, row.try_get(first + 1)?)
}

pub(super) async fn insert_secret(
    transaction: &Transaction,
    vault: &Vault,
    signer: Signer,
    sign_secret: &Secret,
    now: Timestamp,
) -> Result<(), StoreError> {
    // A value is bound to its row's id, which has to be known before.
    let draw = "SELECT nextval('signing_secret_secret_id_seq')";
    let secret_id: i64 = transaction.query_one(draw, &[]).await?.try_get(0)?;
    let sealed = vault.seal(sign_secret.reveal().as_bytes(), secret_cell(secret_id))?;
    let statement = transaction
        .prepare_cached(
            "-- insert_secret
            INSERT INTO signing_secret (secret_id, merchant_id, webhook_id, sealed, created_at)
            VALUES ($1, $2, $3, $4, $5)",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                &secret_id,
                &signer.merchant_id,
                &signer.webhook_id,
                &sealed,
                &Millis::from(now),
            ],
        )
        .await?;
    Ok(())
}

/// Lets the secrets that there are live until `until`, unless they expire before.
pub(super) async fn expire_secrets(
    transaction: &Transaction,
    signer: Signer,
    until: Timestamp,
) -> Result<(), StoreError> {
    let condition = match signer.webhook_id {
        Some(_) => "webhook_id = $1",
        None => "merchant_id = $1 AND webhook_id IS NULL",
    };
    let statement = transaction
        .prepare_cached(&format!(
            "-- expire_secrets
            UPDATE signing_secret SET expires_at = least(expires_at, $2) WHERE {condition}"
        ))
        .await?;
    transaction
        .execute(&statement, &[&signer.id(), &Millis::from(until)])
        .await?;
    Ok(())
}

/// Refuses a keyring that lacks the key of a signing secret, before anything depends on it.
pub(super) async fn check_keys(pool: &Pool, vault: &Vault) -> Result<(), StoreError> {
    pool.run(async |connection| {
        let rows = connection
            .query(
                "-- check_keys
                SELECT DISTINCT ON (substr(sealed, 1, 4)) secret_id, sealed
                FROM signing_secret ORDER BY substr(sealed, 1, 4), secret_id DESC",
                &[],
            )
            .await?;
        for row in &rows {
            vault.open_secret(row.try_get(0)?, row.try_get(1)?)?;
        }
        Ok(())
    })
    .await
}
