//! Secrets in rows: sealed on the way in, opened on the way out.

use jiff::Timestamp;
use orderhook_types::Secret;
use rusqlite::{Connection, OptionalExtension};

use crate::StoreError;
use crate::millis::Millis;
use crate::vault::{LiveSecrets, Signer, Vault, secret_cell};

/// The condition that selects a signer's rows by an index; its parameter is [`Signer::id`].
const fn condition(signer: Signer) -> &'static str {
    match signer.webhook_id {
        Some(_) => "webhook_id = ?1",
        None => "merchant_id = ?1 AND webhook_id IS NULL",
    }
}

pub(super) fn insert_secret(
    connection: &Connection,
    vault: &Vault,
    signer: Signer,
    sign_secret: &Secret,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Sealed in two steps: a value is bound to its row's id, which the first one gives.
    let secret_id = connection
        .prepare_cached(
            "-- insert_secret
            INSERT INTO signing_secret (merchant_id, webhook_id, sealed, created_at)
            VALUES (?1, ?2, x'', ?3)",
        )?
        .insert((signer.merchant_id, signer.webhook_id, Millis::from(now)))?;
    let sealed = vault.seal(sign_secret.reveal().as_bytes(), secret_cell(secret_id))?;
    connection
        .prepare_cached(
            "-- insert_secret
            UPDATE signing_secret SET sealed = ?2 WHERE secret_id = ?1",
        )?
        .execute((secret_id, sealed))?;
    Ok(())
}

/// Lets the secrets that there are live until `until`, unless they expire before.
pub(super) fn expire_secrets(
    connection: &Connection,
    signer: Signer,
    until: Timestamp,
) -> Result<(), StoreError> {
    let condition = condition(signer);
    connection
        .prepare_cached(&format!(
            "-- expire_secrets
            UPDATE signing_secret SET expires_at = min(coalesce(expires_at, ?2), ?2)
            WHERE {condition}"
        ))?
        .execute((signer.id(), Millis::from(until)))?;
    Ok(())
}

/// The secret that the owner is shown.
pub(super) fn newest_secret(
    connection: &Connection,
    vault: &Vault,
    signer: Signer,
) -> Result<Secret, StoreError> {
    let condition = condition(signer);
    let newest: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(&format!(
            "-- newest_secret
            SELECT secret_id, sealed FROM signing_secret
            WHERE {condition} AND expires_at IS NULL ORDER BY secret_id DESC LIMIT 1"
        ))?
        .query_row([signer.id()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // Each owner is created together with its first secret, and the newest never expires.
    let (secret_id, sealed) = newest.ok_or_else(|| secret_cell(0).corrupt())?;
    vault.open_secret(secret_id, &sealed)
}

pub(super) fn live_secrets(
    connection: &Connection,
    vault: &Vault,
    signer: Signer,
    now: Timestamp,
) -> Result<LiveSecrets, StoreError> {
    let condition = condition(signer);
    let mut statement = connection.prepare_cached(&format!(
        "-- live_secrets
        SELECT secret_id, sealed, expires_at FROM signing_secret
        WHERE {condition} AND (expires_at IS NULL OR expires_at > ?2) ORDER BY secret_id DESC"
    ))?;
    let mut rows = statement.query((signer.id(), Millis::from(now)))?;
    let mut secrets = Vec::new();
    let mut until = None;
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get(1)?;
        secrets.push(vault.open_secret(row.get(0)?, &sealed)?);
        let expires_at: Option<Millis> = row.get(2)?;
        until = [until, expires_at].into_iter().flatten().min();
    }
    Ok(LiveSecrets {
        secrets: secrets.into(),
        until,
    })
}

/// Refuses a keyring that lacks the key of a signing secret, before anything depends on it.
pub(super) fn check_keys(connection: &Connection, vault: &Vault) -> Result<(), StoreError> {
    let mut statement = connection.prepare(
        "-- check_keys
        SELECT max(secret_id), sealed FROM signing_secret GROUP BY substr(sealed, 1, 4)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get(1)?;
        vault.open_secret(row.get(0)?, &sealed)?;
    }
    Ok(())
}
