//! What lies in the database that the replicas share.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asks the database.
pub(crate) struct Rows {
    url: String,
    /// From the last question; it may be broken by now.
    connection: Mutex<Option<Client>>,
}

impl Rows {
    pub(crate) fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connection: Mutex::default(),
        }
    }

    /// The names of all events, and how many there are of each.
    pub(crate) async fn events(&self) -> BTreeMap<String, i64> {
        let events = "
            SELECT coalesce(data ->> 'name', data ->> 'merchantOrderId'), count(*)
            FROM orderhook.event
            CROSS JOIN LATERAL (SELECT convert_from(body, 'UTF8')::json -> 'data' AS data) body
            GROUP BY 1";
        let rows = self.ask(events, &[]).await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// How many deliveries were acknowledged.
    pub(crate) async fn acknowledged(&self) -> i64 {
        let acknowledged = "SELECT count(*) FROM orderhook.delivery WHERE state = 'acknowledged'";
        self.ask(acknowledged, &[]).await[0].get(0)
    }

    /// How many shards each replica holds.
    pub(crate) async fn shares(&self) -> BTreeMap<i64, i64> {
        let shares = "
            SELECT holder, count(*) FROM orderhook.shard WHERE holder IS NOT NULL GROUP BY 1";
        let rows = self.ask(shares, &[]).await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// The names of the events that are leased from the shards of a replica.
    pub(crate) async fn leased_by(&self, replica_id: i64) -> HashSet<String> {
        let leased = "
            SELECT coalesce(data ->> 'name', data ->> 'merchantOrderId')
            FROM orderhook.queue q
            JOIN orderhook.shard s ON s.shard_id = q.endpoint_id % 64 AND s.holder = $1
            JOIN orderhook.delivery d USING (delivery_id)
            JOIN orderhook.event e USING (event_id)
            CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::json -> 'data' AS data) body
            WHERE q.lease IS NOT NULL";
        let rows = self.ask(leased, &[&replica_id]).await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until the shards are dealt out to so many replicas in equal shares, but no longer than
    /// `patience`; returns who they are.
    pub(crate) async fn dealt_to(&self, replicas: i64, patience: Duration) -> BTreeSet<i64> {
        let share = 64 / replicas;
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut shares = BTreeMap::new();
        let dealt = async {
            loop {
                looks.tick().await;
                shares = self.shares().await;
                let all: i64 = shares.values().sum();
                let is_fair = shares
                    .values()
                    .all(|count| (share - 2..=share + 1).contains(count));
                if all == 64 && is_fair {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(patience, dealt).await.is_ok();
        assert!(in_time, "not dealt out to {replicas} replicas: {shares:?}");
        shares.into_keys().collect()
    }

    /// Waits until no delivery is pending, but no longer than `patience`.
    pub(crate) async fn nothing_pending(&self, patience: Duration) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let finished = async {
            let pending = "SELECT FROM orderhook.queue LIMIT 1";
            while !self.ask(pending, &[]).await.is_empty() {
                looks.tick().await;
            }
        };
        let in_time = tokio::time::timeout(patience, finished).await;
        in_time.expect("each delivery is finished");
    }

    async fn ask(&self, question: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        let mut connection = self.connection.lock().await;
        let database = match connection.take() {
            Some(database) if !database.is_closed() => database,
            _ => connect(&self.url).await,
        };
        let rows = database.query(question, parameters).await;
        *connection = Some(database);
        rows.expect("rows")
    }
}

async fn connect(url: &str) -> Client {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (database, connection) = connected.expect("the database takes connections");
    tokio::spawn(connection);
    database
}
