//! Copies from SQLite to PostgreSQL and back.

mod databases;
mod filled;

use orderhook_store::copy::{CopyError, Database};
use orderhook_store::{Store, StoreError, Upkeep as _};

use databases::{OneDatabase, OneFile, copy_all, copy_some};
use filled::{Filled, fill, goes_on};

/// More events than one batch takes.
const MANY: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12000)
    INSERT INTO event (nonce, merchant_id, kind, event_type, body, created_at)
    SELECT -n, 1, 'card_event', 'card.load', randomblob(n % 50), n FROM n";

/// What copying does to leases, and nothing else.
const END_LEASES: &str = "
    UPDATE queue SET lease = NULL, due = (
        SELECT e.created_at FROM delivery d JOIN event e USING (event_id)
        WHERE d.delivery_id = queue.delivery_id
    ) WHERE lease IS NOT NULL";

async fn filled_file() -> (OneFile, Filled) {
    let file = OneFile::create();
    let store = file.open().await.expect("opens");
    let filled = fill(&store).await;
    store.close().await;
    (file, filled)
}

async fn goes_on_in(store: Result<impl Store, StoreError>, filled: &Filled) {
    let store = store.expect("opens");
    goes_on(&store, filled).await;
    store.let_go().await.expect("lets go");
    store.close().await;
}

#[tokio::test]
async fn what_comes_back_is_what_was_sent_and_every_copy_goes_on() {
    let (file, filled) = filled_file().await;
    let (postgres, back) = (OneDatabase::create(), OneFile::create());
    let there = copy_all(&file.place(), &postgres.place())
        .await
        .expect("copies");
    let again = copy_all(&postgres.place(), &back.place())
        .await
        .expect("copies");
    assert_eq!(there, again);
    let empty: Vec<&str> = there
        .iter()
        .filter(|table| table.rows == 0)
        .map(|table| table.table)
        .collect();
    assert_eq!(empty, [""; 0], "a table that nothing was tried with");

    file.execute(END_LEASES);
    assert_eq!(file.dump(), back.dump());
    goes_on_in(back.open().await, &filled).await;
    goes_on_in(postgres.open().await, &filled).await;
}

/// Each run gives up after a few batches more than the one before.
#[tokio::test]
async fn an_interrupted_copy_goes_on_where_it_was() {
    let (file, _) = filled_file().await;
    file.execute(MANY);
    let (postgres, back) = (OneDatabase::create(), OneFile::create());
    let mut interrupted = 0;
    let mut batches = COUNTED;
    while !is_copied(&file.place(), &postgres.place(), batches).await {
        assert!(batches == COUNTED || is_unfinished(postgres.open().await));
        batches += 3;
        interrupted += 1;
    }
    batches = COUNTED;
    while !is_copied(&postgres.place(), &back.place(), batches).await {
        assert!(batches == COUNTED || is_unfinished(back.open().await));
        batches += 3;
        interrupted += 1;
    }
    assert!(interrupted > 8, "{interrupted}");
    file.execute(END_LEASES);
    assert_eq!(file.dump(), back.dump());
}

/// Twelve tables, the longest of them in three batches.
const COUNTED: usize = 14;

async fn is_copied(from: &Database, to: &Database, batches: usize) -> bool {
    let copied = copy_some(from, to, batches).await;
    copied.expect("copies").is_some()
}

fn is_unfinished(opened: Result<impl Store, StoreError>) -> bool {
    matches!(opened, Err(StoreError::Unfinished))
}

#[tokio::test]
async fn a_copy_goes_on_from_no_other_source_nor_is_it_one() {
    let (postgres, back) = (OneDatabase::create(), OneFile::create());
    for to in [postgres.place(), back.place()] {
        let (file, _) = filled_file().await;
        assert!(!is_copied(&file.place(), &to, COUNTED + 3).await);
        let refused = copy_all(&to, &OneFile::create().place()).await;
        let error = refused.expect_err("is half a copy");
        assert!(matches!(error, CopyError::Source(StoreError::Unfinished)));

        file.execute("UPDATE merchant SET name = 'Acme' WHERE merchant_id = 1");
        let refused = copy_all(&file.place(), &to).await;
        let error = refused.expect_err("is not what it was");
        assert!(matches!(error, CopyError::OtherSource), "{error:?}");
    }
}

#[tokio::test]
async fn a_copy_that_differs_stays_unfinished() {
    let (file, _) = filled_file().await;
    let (postgres, back) = (OneDatabase::create(), OneFile::create());
    // To the end of what is copied, and some of what is verified.
    let batches = COUNTED + 12 + 3;
    let spoil = "UPDATE attempt SET reason = 'another' WHERE attempt = 1";
    assert!(!is_copied(&file.place(), &postgres.place(), batches).await);
    postgres
        .execute(&format!("SET search_path = orderhook; {spoil}"))
        .await;
    assert!(!is_copied(&file.place(), &back.place(), batches).await);
    back.execute(spoil);
    for to in [postgres.place(), back.place()] {
        let error = copy_all(&file.place(), &to).await.expect_err("differs");
        assert!(
            matches!(
                error,
                CopyError::Differs {
                    table: "attempt",
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert!(is_unfinished(postgres.open().await));
    assert!(is_unfinished(back.open().await));
}

#[tokio::test]
async fn a_target_with_data_of_its_own_is_refused() {
    let (file, _) = filled_file().await;
    let (full, _) = filled_file().await;
    let postgres = OneDatabase::create();
    copy_all(&full.place(), &postgres.place())
        .await
        .expect("copies");
    for to in [postgres.place(), full.place()] {
        let error = copy_all(&file.place(), &to).await.expect_err("is full");
        assert!(
            matches!(error, CopyError::NotEmpty("merchant")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_database_in_use_is_refused_at_either_end() {
    let (file, back) = (OneFile::create(), OneFile::create());
    let (postgres, other) = (OneDatabase::create(), OneDatabase::create());
    let (free, _) = filled_file().await;
    let (open_file, open_postgres) = (file.open().await, postgres.open().await);
    let check = async |from: Database, to: Database, is_source: bool| {
        let error = copy_all(&from, &to).await.expect_err("is in use");
        match error {
            CopyError::Source(StoreError::InUse(_)) => assert!(is_source, "{from:?}"),
            CopyError::Target(StoreError::InUse(_)) => assert!(!is_source, "{to:?}"),
            other => panic!("{other:?}"),
        }
    };
    check(file.place(), other.place(), true).await;
    check(postgres.place(), back.place(), true).await;
    check(free.place(), file.place(), false).await;
    check(free.place(), postgres.place(), false).await;
    open_file.expect("opens").close().await;
    open_postgres.expect("opens").close().await;
    check(file.place(), file.place(), false).await;
    check(postgres.place(), postgres.place(), false).await;

    // A server that was killed or cut off a moment ago.
    let replica = "INSERT INTO orderhook.replica VALUES (1, now() + interval '1 hour')";
    postgres.execute(replica).await;
    check(postgres.place(), back.place(), true).await;
    check(free.place(), postgres.place(), false).await;
}

#[tokio::test]
async fn a_source_that_is_not_there_is_not_made() {
    let (file, back) = (OneFile::create(), OneFile::create());
    let postgres = OneDatabase::create();
    let error = copy_all(&file.place(), &back.place())
        .await
        .expect_err("fails");
    assert!(matches!(
        error,
        CopyError::Source(StoreError::Unavailable(_))
    ));
    let error = copy_all(&postgres.place(), &back.place())
        .await
        .expect_err("fails");
    let CopyError::Source(StoreError::SchemaTooOld { found: 0, .. }) = error else {
        panic!("{error:?}");
    };
    for file in [file, back] {
        let path = file.path();
        let folder = path.parent().expect("is in one");
        assert_eq!(
            folder.read_dir().expect("reads").count(),
            0,
            "something was made"
        );
    }
}
