//! The store under 32 calls at a time, for the tests of power loss: prints the number of each event
//! once it is acknowledged, then waits to be killed.
//!
//! ```text
//! faults_writer DIRECTORY full|normal EVENTS
//! ```

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{bail, ensure};
use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{
    Access as _, BoxError, Key, Keyring, MerchantId, NewEvent, NewPush, Once, Operator,
    Publishing as _, Randomness, Webhooks as _,
};
use orderhook_types::Secret;

const CALLERS: usize = 32;
/// The store's own checkpoints are too rare for a short run.
const EVENTS_A_CHECKPOINT: u64 = 250;
const EVENT_TYPE: &str = "card.load";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What it makes is never sent anywhere.
struct NotRandom;

impl Randomness for NotRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        bytes.fill(7);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, synchronous, events] = arguments.as_slice() else {
        bail!("faults_writer DIRECTORY full|normal EVENTS");
    };
    let database = Path::new(directory).join("orderhook.db");
    let events: u64 = events.parse()?;
    let store = Sqlite::open(SqliteOptions {
        path: database.clone(),
        keyring: Keyring::new([Key::new(1, &[1; Key::BYTES])])?,
        randomness: Arc::new(NotRandom),
        synchronous: match synchronous.as_str() {
            "full" => Synchronous::Full,
            "normal" => Synchronous::Normal,
            other => bail!("{other} is neither full nor normal"),
        },
        migrate: true,
        exclusive: true,
    });
    let store = store.await?;
    let merchant = subscribed_merchant(&store).await?;

    let next = AtomicU64::new(1);
    let callers = (0..CALLERS).map(async |_| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > events {
                return anyhow::Ok(());
            }
            let published = store
                .publish(merchant, vec![event(number)], None, NOW)
                .await?;
            ensure!(published.is_some(), "the merchant is gone");
            writeln!(std::io::stdout(), "{number}")?;
            if number.is_multiple_of(EVENTS_A_CHECKPOINT) {
                checkpoint(&database)?;
            }
        }
    });
    try_join_all(callers).await?;
    // Closing would write what a crash does not.
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A merchant whose webhook gets every event.
async fn subscribed_merchant(store: &Sqlite) -> anyhow::Result<MerchantId> {
    let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let created = store.create_merchant("shop", &secret, None, NOW).await?;
    let Once::Done(merchant) = created else {
        bail!("there is a merchant already");
    };
    let id = merchant.merchant_id;
    let by = Operator {
        id: 1,
        name: "Ada".to_owned(),
    };
    let url = Some("https://merchant.example/cards");
    let created = store.create_webhook(id, "cards", url, &secret, &by, None, NOW);
    let Some(Once::Done(webhook)) = created.await? else {
        bail!("the webhook was not made");
    };
    let subscribed = store.subscribe(id, webhook.webhook_id, EVENT_TYPE, &by, NOW);
    ensure!(subscribed.await?.is_some(), "the webhook is gone");
    Ok(id)
}

fn event(number: u64) -> NewEvent {
    let note = "x".repeat(500);
    let body = format!(r#"{{"type":"{EVENT_TYPE}","data":{{"number":{number},"note":"{note}"}}}}"#);
    NewEvent {
        push: NewPush::CardEvent {
            event_type: EVENT_TYPE.to_owned(),
        },
        body: Bytes::from(body),
        nonce: number,
    }
}

/// Moves what the log holds into the database, so that the log begins anew.
fn checkpoint(database: &Path) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(database)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}
