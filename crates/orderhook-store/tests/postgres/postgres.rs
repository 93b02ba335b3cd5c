//! What is PostgreSQL's own: the schema, the connection, the rows.

use orderhook_store::postgres::{Postgres, PostgresOptions};
use orderhook_store::{
    DeliveryFilter, DeliveryState, Key, Keyring, Next, Retention, StoreError, Upkeep,
};
use orderhook_types::Secret;
use tokio::task::JoinSet;

use crate::database::Database;
use crate::harness::{Harness, ann, at, card_load, everything, key};

async fn open(database: &Database) -> Postgres {
    Postgres::open(database.options()).await.expect("opens")
}

async fn open_error(options: PostgresOptions) -> StoreError {
    Postgres::open(options).await.expect_err("must not open")
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Database::create();
    let store = open(&database).await;
    let known = store.schema_version();
    store.close().await;
    database
        .tamper("UPDATE orderhook.schema_version SET version = 99")
        .await;
    let error = open_error(database.options()).await;
    let StoreError::SchemaTooNew { found, known: told } = error else {
        panic!("{error:?}")
    };
    assert_eq!((found, told), (99, known));
}

#[tokio::test]
async fn nothing_is_made_or_migrated_unasked() {
    let database = Database::create();
    let unasked = || PostgresOptions {
        migrate: false,
        ..database.options()
    };
    for _ in 0..2 {
        let error = open_error(unasked()).await;
        assert!(
            matches!(error, StoreError::SchemaTooOld { found: 0, .. }),
            "{error:?}"
        );
    }
    open(&database).await.close().await;
    Postgres::open(unasked()).await.expect("opens");
}

/// Autovacuum, which would do so too, is off for the table.
#[tokio::test]
async fn a_table_that_outgrew_its_count_is_counted() {
    let database = Database::create();
    open(&database).await.close().await;
    database
        .tamper(
            "ALTER TABLE orderhook.event SET (autovacuum_enabled = false);
            ANALYZE orderhook.event;
            INSERT INTO orderhook.event (nonce, merchant_id, kind, event_type, body, created_at)
                SELECT n, 1, 'card_event', 'card.load', '{}', n FROM generate_series(1, 5000) n",
        )
        .await;
    let store = open(&database).await;
    let counted = "SELECT reltuples = 5000 FROM pg_class WHERE oid = 'orderhook.event'::regclass";
    database.until(counted).await;
    store.close().await;
}

#[tokio::test]
async fn another_programs_schema_is_refused_and_left_alone() {
    let database = Database::create();
    database
        .tamper("CREATE SCHEMA orderhook; CREATE TABLE orderhook.theirs (id INTEGER)")
        .await;
    let error = open_error(database.options()).await;
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
    database.tamper("DROP TABLE orderhook.theirs").await;
    database.tamper("DROP SCHEMA orderhook").await;
}

#[tokio::test]
async fn a_schema_made_for_us_and_tables_beside_it_are_no_obstacle() {
    let database = Database::create();
    database
        .tamper("CREATE SCHEMA orderhook; CREATE TABLE theirs (id INTEGER)")
        .await;
    open(&database).await.check().await.expect("works");
}

#[tokio::test]
async fn many_processes_may_make_the_schema_at_once() {
    let database = Database::create();
    let mut stores = JoinSet::new();
    for _ in 0..8 {
        stores.spawn(Postgres::open(database.options()));
    }
    while let Some(store) = stores.join_next().await {
        let store = store.expect("no panic").expect("opens");
        store.check().await.expect("works");
        store.close().await;
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_told_from_one_that_makes_no_sense() {
    let database = Database::create();
    let open = async |url: &str| {
        let url = Secret::from(url);
        open_error(PostgresOptions {
            url,
            ..database.options()
        })
        .await
    };
    let nowhere = open("postgres://someone:password-of-someone@127.0.0.1:1/nowhere").await;
    assert!(matches!(nowhere, StoreError::Unavailable(_)), "{nowhere:?}");
    for senseless in ["", "orderhook.db", "postgres://host/db?no_such_parameter=1"] {
        let refused = open(senseless).await;
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn the_password_is_shown_to_no_log() {
    let database = Database::create();
    let options = database.options();
    let store = open(&database).await;
    let shown = format!("{options:?} {store:?}");
    assert!(!shown.contains("postgres://"), "{shown}");
    let error = open_error(PostgresOptions {
        url: Secret::from("postgres://someone:password-of-someone@127.0.0.1:1/nowhere"),
        ..options
    })
    .await;
    assert!(!format!("{error:?}").contains("password-of-someone"));
}

#[tokio::test]
async fn another_key_of_the_same_id_is_refused() {
    let harness = Harness::open().await;
    harness.merchant().await;
    harness.store.close().await;
    let error = open_error(PostgresOptions {
        keyring: Keyring::new([Key::new(1, &[9; 32])]).expect("one key"),
        ..harness.database.options()
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
    let sql = format!(
        "UPDATE orderhook.signing_secret SET sealed = '\\x00000001' WHERE webhook_id = {damaged}"
    );
    harness.database.tamper(&sql).await;
    harness.hungry();
    let published = harness.publish(merchant_id, card_load(), at(0)).await;
    assert_eq!(published.deliveries, 2);
    let claims = harness.told().await.claims;
    assert_eq!((claims.len(), claims[0].endpoint_id), (1, sound));
    assert!(harness.claim(damaged, at(1)).await.is_empty());
    assert!(harness.finish(&claims[0], Next::Acknowledged, at(1)).await);
}

#[tokio::test]
async fn a_check_sees_that_the_schema_is_gone() {
    let harness = Harness::open().await;
    harness.store.check().await.expect("works");
    let aside = "ALTER SCHEMA orderhook RENAME TO aside";
    harness.database.tamper(aside).await;
    harness.store.check().await.expect_err("is gone");
    let back = "ALTER SCHEMA aside RENAME TO orderhook";
    harness.database.tamper(back).await;
    harness.store.check().await.expect("works again");
}

#[tokio::test]
async fn a_connection_that_broke_is_replaced() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'orderhook' AND datname = current_database()";
    harness.database.tamper(cut).await;
    // Each of those that lay ready may have to be tried once.
    let mut tries = 0;
    let merchant = loop {
        match harness.store.merchant(merchant_id).await {
            Ok(merchant) => break merchant,
            Err(error) => assert!(error.is_temporary(), "{error:?}"),
        }
        tries += 1;
        assert!(tries < 20, "no connection is good");
    };
    assert!(merchant.is_some());
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_is_finished_by_a_sweep() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let deleted = "UPDATE orderhook.endpoint SET deleted_at = 1";
    harness.database.tamper(deleted).await;
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
async fn no_secret_and_no_token_stands_in_the_tables() {
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
    harness.publish(merchant_id, card_load(), at(0)).await;
    let dump = harness.database.dump().await;
    for seen in ["receiver.example", "Ann", r#"{""card"":1}"#] {
        assert!(dump.contains(seen), "{seen} is in the tables");
    }
    for secret in ["merchant-secret", "webhook-secret", "token-of-ann"] {
        assert!(!dump.contains(secret), "{secret}");
    }
    let merchants = harness.store.merchants(everything()).await.expect("lists");
    assert_eq!(merchants.items.len(), 1);
}
