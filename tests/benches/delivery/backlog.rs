//! What live events get beside a backlog of a million deliveries, all of them due, to an endpoint that
//! never answers.

use std::time::Duration;

use anyhow::Context as _;
use tokio_postgres::{Client, NoTls};

use crate::contender::{Contender, EventType};
use crate::measure::{deliver, percentile, steady_latencies};
use crate::sink::Sink;

/// Deliveries that are due.
const BACKLOG: i64 = 1_000_000;
/// Live events: as many as keep the server busy for some seconds.
const MESSAGES: usize = 20_000;
const STEADY_RATE: u32 = 120;
const STEADY_SECONDS: u32 = 10;

/// What live events get beside the backlog.
pub(crate) struct Live {
    /// Their rate, as a part of what it is without.
    pub(crate) share: f64,
    /// From creation to receipt, in milliseconds.
    pub(crate) p99: f64,
}

/// Measures without the backlog, then with it, on one server and one database.
pub(crate) async fn measure(contender: &Contender, sink: &Sink) -> anyhow::Result<Live> {
    let running = contender.start(sink.address).await?;
    running
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let silent = sink.silent_url();
    running
        .create_endpoint(&silent, EventType::Transaction)
        .await?;
    let (_, alone) = deliver(&running, sink, MESSAGES, 1).await?;

    let url = running.database_url().context("a database server")?;
    let (database, connection) = tokio_postgres::connect(url, NoTls).await?;
    // What goes wrong with it is seen by the client.
    tokio::spawn(connection);
    let endpoint = database
        .query_one(ENDPOINT, &[&silent])
        .await?
        .try_get::<_, i64>(0)?;
    database.execute(FILL, &[&endpoint, &BACKLOG]).await?;
    attempted(&database, endpoint).await?;

    let (_, beside) = deliver(&running, sink, MESSAGES, 1).await?;
    let latencies = steady_latencies(&running, sink, STEADY_RATE, STEADY_SECONDS).await?;
    Ok(Live {
        share: beside / alone,
        p99: percentile(&latencies, 99),
    })
}

const ENDPOINT: &str = "SELECT endpoint_id FROM orderhook.endpoint WHERE url = $1";

/// As if they had been published a minute ago; through the API it would take minutes.
const FILL: &str = "
    WITH new_event AS (
        INSERT INTO orderhook.event (nonce, merchant_id, kind, event_type, body, created_at)
        SELECT number, p.merchant_id, 'card_event', 'card.transaction', '{}',
            (extract(epoch FROM now()) * 1000)::bigint - 60000
        FROM generate_series(1, $2::bigint) number
        JOIN orderhook.endpoint p ON p.endpoint_id = $1
        RETURNING event_id
    ), new_delivery AS (
        INSERT INTO orderhook.delivery (event_id, endpoint_id)
        SELECT event_id, $1 FROM new_event
        RETURNING delivery_id
    )
    INSERT INTO orderhook.queue (delivery_id, endpoint_id, due)
    SELECT delivery_id, $1, (extract(epoch FROM now()) * 1000)::bigint - 60000 FROM new_delivery";

const LEASED: &str =
    "SELECT FROM orderhook.queue WHERE endpoint_id = $1 AND lease IS NOT NULL LIMIT 1";

/// Waits until the server has begun with the backlog.
async fn attempted(database: &Client, endpoint: i64) -> anyhow::Result<()> {
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let begun = async {
        loop {
            looks.tick().await;
            if database.query_opt(LEASED, &[&endpoint]).await?.is_some() {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), begun)
        .await
        .context("the backlog is not attempted")?
}
