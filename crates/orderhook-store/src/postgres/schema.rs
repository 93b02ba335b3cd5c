//! The schema: made, migrated, recognised.

use std::time::Duration;

use tokio_postgres::{Client, Transaction};

use super::address::Address;
use super::connection::{DEADLINE, within};
use crate::StoreError;

const STEPS: &[&str] = &[include_str!("migrations/1_first.sql")];

/// The version that this program writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of migrations")]
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Held by the process that migrates: "OrdHook" and a number.
const MIGRATING: i64 = i64::from_be_bytes(*b"\0OrdHook");
/// How long a migration may take, and how long the other processes wait for it.
const MIGRATION_DEADLINE: Duration = Duration::from_hours(1);

/// Sees to it that the database has our schema, and is no copy that is not finished.
///
/// On a connection of its own, because a migration takes as long as it takes.
pub(super) async fn prepare(address: &Address, migrate: bool) -> Result<(), StoreError> {
    let mut config = address.config.clone();
    let options = config.get_options().unwrap_or_default();
    config.options(format!(
        "{options} -c statement_timeout=0 -c lock_timeout=0"
    ));
    // On the heap: making a connection takes a large future.
    let connecting = Box::pin(async { Ok(config.connect(address.tls.clone()).await?) });
    let (mut client, connection) = within(DEADLINE, connecting).await?;
    let driver = tokio::spawn(connection);
    let prepared = within(MIGRATION_DEADLINE, async {
        bring_up_to_date(&mut client, migrate).await?;
        check_finished(&client).await
    })
    .await;
    drop(client);
    // It ends with the client; what it has to say has been said to the client.
    let _ = driver.await;
    prepared
}

pub(super) async fn check_finished(client: &Client) -> Result<(), StoreError> {
    if is_unfinished(client).await? {
        return Err(StoreError::Unfinished);
    }
    Ok(())
}

/// Whether it is a copy that is not finished.
pub(super) async fn is_unfinished(client: &Client) -> Result<bool, StoreError> {
    let marker = "SELECT to_regclass('orderhook.copying') IS NOT NULL";
    Ok(client.query_one(marker, &[]).await?.try_get(0)?)
}

pub(super) async fn bring_up_to_date(client: &mut Client, migrate: bool) -> Result<(), StoreError> {
    let found = recognise(client).await?;
    if is_usable(found, migrate)? {
        return Ok(());
    }
    // One process migrates; the others wait here, and then find it done.
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute(lock, &[&MIGRATING]).await?;
    let found = recognise(transaction.client()).await?;
    if !is_usable(found, migrate)? {
        migrate_from(&transaction, found).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The version of our schema, 0 where there is none.
///
/// # Errors
/// [`StoreError::Foreign`] if the schema `orderhook` is another program's.
async fn recognise(client: &Client) -> Result<u32, StoreError> {
    let row = client
        .query_one(
            "-- recognise
            SELECT to_regclass('orderhook.schema_version') IS NOT NULL,
                EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('orderhook'))",
            &[],
        )
        .await?;
    match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => read_version(client).await,
        (false, true) => Err(StoreError::Foreign(
            "its schema `orderhook` has tables of another program".into(),
        )),
        (false, false) => Ok(0),
    }
}

pub(super) async fn read_version(client: &Client) -> Result<u32, StoreError> {
    let row = client
        .query_one("SELECT version FROM orderhook.schema_version", &[])
        .await?;
    let version: i32 = row.try_get(0)?;
    Ok(version.cast_unsigned())
}

fn is_usable(found: u32, migrate: bool) -> Result<bool, StoreError> {
    let known = VERSION;
    if found > known {
        return Err(StoreError::SchemaTooNew { found, known });
    }
    if found < known && !migrate {
        return Err(StoreError::SchemaTooOld { found, known });
    }
    Ok(found == known)
}

async fn migrate_from(transaction: &Transaction<'_>, found: u32) -> Result<(), StoreError> {
    if found == 0 {
        transaction
            .batch_execute(
                "CREATE SCHEMA IF NOT EXISTS orderhook;
                CREATE TABLE schema_version (version INTEGER NOT NULL);
                INSERT INTO schema_version VALUES (0);",
            )
            .await?;
    }
    let steps = STEPS.iter().zip(1_i32..).skip(found as usize);
    for (step, version) in steps {
        tracing::info!(version, "migrating the database");
        transaction.batch_execute(step).await?;
        let note = "UPDATE schema_version SET version = $1";
        transaction.execute(note, &[&version]).await?;
    }
    Ok(())
}
