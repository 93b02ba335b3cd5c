//! What is SQLite's own: the file.

use std::fs;
use std::path::{Path, PathBuf};

use orderhook_store::sqlite::{Sqlite, SqliteOptions};
use orderhook_store::{
    DeliveryFilter, DeliveryState, Key, Keyring, Next, Retention, StoreError, Upkeep, Wanted,
};
use orderhook_types::Secret;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::database::options;
use crate::harness::{Harness, ann, at, card_load, everything, key, order};

/// Changes a database behind the store's back.
fn tamper(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("opens");
    connection.execute_batch(sql).expect("is valid");
}

async fn open_error(options: SqliteOptions) -> StoreError {
    Sqlite::open(options).await.expect_err("must not open")
}

fn new_path() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("orderhook.db");
    (folder, path)
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = new_path();
    let store = Sqlite::open(options(&path)).await.expect("opens");
    let known = store.schema_version();
    store.close().await;
    tamper(&path, "PRAGMA user_version = 99");
    let error = open_error(options(&path)).await;
    let StoreError::SchemaTooNew { found, known: told } = error else {
        panic!("{error:?}")
    };
    assert_eq!((found, told), (99, known));
}

#[tokio::test]
async fn nothing_is_made_or_migrated_unasked() {
    let (_folder, path) = new_path();
    let unasked = || SqliteOptions {
        migrate: false,
        ..options(&path)
    };
    let error = open_error(unasked()).await;
    assert!(
        matches!(error, StoreError::SchemaTooOld { found: 0, .. }),
        "{error:?}"
    );
    assert!(!path.exists());
    let store = Sqlite::open(options(&path)).await.expect("opens");
    store.close().await;
    Sqlite::open(unasked()).await.expect("opens");
}

#[tokio::test]
async fn another_programs_file_is_refused_and_left_alone() {
    let (_folder, path) = new_path();
    tamper(&path, "CREATE TABLE theirs (id INTEGER)");
    let error = open_error(options(&path)).await;
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
    let mode = Connection::open(&path)
        .and_then(|theirs| theirs.pragma_query_value(None, "journal_mode", |row| row.get(0)));
    assert_eq!(mode, Ok("delete".to_owned()));

    let (_folder, path) = new_path();
    fs::write(
        &path,
        "no database at all, and longer than the header of one\n".repeat(20),
    )
    .expect("writes");
    let error = open_error(options(&path)).await;
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
}

#[tokio::test]
async fn one_process_serves_and_commands_come_beside() {
    let (_folder, path) = new_path();
    let serve = || SqliteOptions {
        exclusive: true,
        ..options(&path)
    };
    let server = Sqlite::open(serve()).await.expect("opens");
    let error = open_error(serve()).await;
    assert!(matches!(error, StoreError::InUse(_)), "{error:?}");
    let command = Sqlite::open(options(&path)).await.expect("opens");
    command.check().await.expect("may write");
    server.close().await;
    Sqlite::open(serve()).await.expect("opens");
}

#[tokio::test]
async fn what_a_command_changes_counts_for_the_server_at_once() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    let published = harness.publish(merchant_id, card_load(), at(0)).await;
    assert_eq!(published.deliveries, 1);
    let sql = format!("DELETE FROM subscription WHERE webhook_id = {webhook}");
    tamper(&harness.database.path(), &sql);
    let published = harness.publish(merchant_id, card_load(), at(0)).await;
    assert_eq!(published.deliveries, 0);
}

#[tokio::test]
async fn another_key_of_the_same_id_is_refused() {
    let harness = Harness::open().await;
    harness.merchant().await;
    harness.store.close().await;
    let error = open_error(SqliteOptions {
        keyring: Keyring::new([Key::new(1, &[9; 32])]).expect("one key"),
        ..options(&harness.database.path())
    })
    .await;
    assert!(
        matches!(error, StoreError::Sealed { key_id: 1, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_secret_that_was_tampered_with_stops_its_endpoint_and_no_other() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let damaged = harness.webhook(merchant_id).await.webhook_id;
    let sound = harness.webhook(merchant_id).await.webhook_id;
    let sql =
        format!("UPDATE signing_secret SET sealed = x'00000001' WHERE webhook_id = {damaged}");
    tamper(&harness.database.path(), &sql);
    harness.hungry();
    let published = harness.publish(merchant_id, card_load(), at(0)).await;
    assert_eq!(published.deliveries, 2);
    let claims = harness.told().await.claims;
    assert_eq!((claims.len(), claims[0].endpoint_id), (1, sound));
    assert!(harness.claim(damaged, at(1)).await.is_empty());
    assert!(harness.finish(&claims[0], Next::Acknowledged, at(1)).await);
}

#[tokio::test]
async fn a_row_that_cant_be_read_stops_its_endpoint_and_no_other() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let damaged = harness.webhook(merchant_id).await.webhook_id;
    let sound = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let sql =
        format!("UPDATE endpoint SET url = CAST(x'ff' AS TEXT) WHERE endpoint_id = {damaged}");
    tamper(&harness.database.path(), &sql);
    let wanted = [damaged, sound].map(|endpoint_id| Wanted {
        endpoint_id,
        count: 9,
    });
    let claims = harness.store.claim(&wanted, at(0), at(30)).await;
    let claims = claims.expect("claims");
    assert_eq!((claims.len(), claims[0].endpoint_id), (1, sound));
}

#[tokio::test]
async fn a_push_that_cant_be_read_spoils_not_the_end_of_the_one_before() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    for body in ["first", "second"] {
        harness.publish(merchant_id, order("A", body), at(0)).await;
    }
    let shop = harness.deliveries(DeliveryFilter::default()).await[0].endpoint_id;
    let first = harness.claim(shop, at(0)).await.remove(0);
    tamper(
        &harness.database.path(),
        "UPDATE delivery SET url = CAST(x'ff' AS TEXT) WHERE delivery_id = 2",
    );
    harness.hungry();
    assert!(harness.finish(&first, Next::Acknowledged, at(1)).await);
    assert!(harness.told().await.claims.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_check_sees_that_the_file_is_another() {
    let harness = Harness::open().await;
    harness.store.check().await.expect("works");
    let aside = harness.database.path().with_extension("aside");
    fs::rename(harness.database.path(), &aside).expect("moves");
    let missing = harness.store.check().await;
    assert!(
        matches!(missing, Err(StoreError::Unavailable(_))),
        "{missing:?}"
    );
    fs::copy(&aside, harness.database.path()).expect("copies");
    let replaced = harness.store.check().await;
    assert!(
        matches!(replaced, Err(StoreError::Unavailable(_))),
        "{replaced:?}"
    );
    fs::rename(&aside, harness.database.path()).expect("moves");
    harness.store.check().await.expect("works again");
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_is_finished_by_a_sweep() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    harness.publish(merchant_id, card_load(), at(0)).await;
    tamper(
        &harness.database.path(),
        "UPDATE endpoint SET deleted_at = 1",
    );
    let nothing_old = Retention {
        events_before: at(0),
        idempotency_before: at(0),
    };
    let swept = harness.store.sweep(nothing_old, 10, at(5)).await;
    assert!(swept.expect("sweeps").is_empty());
    let delivery = harness
        .deliveries(DeliveryFilter::default())
        .await
        .remove(0);
    assert_eq!(delivery.state, DeliveryState::Cancelled);
    assert_eq!(delivery.finished_at, Some(at(5)));
}

#[tokio::test]
async fn no_secret_and_no_token_stands_in_the_files() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    let token = Secret::from("token-of-ann");
    let idempotency = Some(key("createToken", "k", 1));
    let created = harness
        .store
        .create_token(merchant_id, &ann(), &token, idempotency, at(0))
        .await;
    created.expect("creates");
    let mut seen = String::new();
    for file in fs::read_dir(harness.database.path().parent().expect("a folder")).expect("a folder")
    {
        let bytes = fs::read(file.expect("a file").path()).expect("readable");
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(
        seen.contains("receiver.example"),
        "the files are those of the store"
    );
    for secret in ["merchant-secret", "webhook-secret", "token-of-ann"] {
        assert!(!seen.contains(secret), "{secret}");
    }
    let merchants = harness.store.merchants(everything()).await.expect("lists");
    assert_eq!(merchants.items.len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let harness = Harness::open().await;
    let mode = fs::metadata(harness.database.path())
        .expect("exists")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
